//! The clock of the services, which tests can hold, step and speed up.
//!
//! The clock never runs backwards. The age of signatures depends on the real time instead.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// The highest speed of a clock: about a month in 1.5 seconds.
const TOP_SPEED: f64 = 2_000_000.0;

/// A clock. Clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Motion>>);

#[derive(Debug)]
struct Motion {
    base: f64,
    since: Instant,
    speed: f64,
    held: bool,
}

impl Motion {
    fn now(&self) -> f64 {
        if self.held { self.base } else { self.base + self.since.elapsed().as_secs_f64() * self.speed }
    }

    /// Starts counting from the present.
    fn rebase(&mut self) {
        self.base = self.now();
        self.since = Instant::now();
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock that starts at the real time and runs with it.
    #[must_use]
    pub fn new() -> Self {
        Self::starting(real_now(), false)
    }

    /// A held clock at `now`, in epoch seconds.
    #[must_use]
    pub fn held_at(now: f64) -> Self {
        Self::starting(now, true)
    }

    fn starting(base: f64, held: bool) -> Self {
        Self(Arc::new(Mutex::new(Motion { base, since: Instant::now(), speed: 1.0, held })))
    }

    /// The current time in epoch seconds.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.motion().now()
    }

    /// Holds the clock until [`Clock::resume`].
    pub fn hold(&self) {
        let mut motion = self.motion();
        motion.rebase();
        motion.held = true;
    }

    /// Resumes a held clock.
    pub fn resume(&self) {
        let mut motion = self.motion();
        motion.rebase();
        motion.held = false;
    }

    /// Advances the clock, held or not.
    pub fn step(&self, ahead: Duration) {
        self.motion().base += ahead.as_secs_f64();
    }

    /// Sets the speed relative to the real time, between 0 and 2,000,000. NaN changes nothing.
    pub fn speed(&self, factor: f64) {
        if !factor.is_nan() {
            let mut motion = self.motion();
            motion.rebase();
            motion.speed = factor.clamp(0.0, TOP_SPEED);
        }
    }

    fn motion(&self) -> MutexGuard<'_, Motion> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The real time, in epoch seconds.
#[must_use]
pub fn real_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    #[test]
    fn a_held_clock_moves_only_by_steps() {
        let clock = Clock::held_at(100.0);
        let same = clock.clone();
        same.step(Duration::from_millis(1500));
        std::thread::sleep(Duration::from_millis(2));
        assert!(near(clock.now(), 101.5), "{}", clock.now());
    }

    #[test]
    fn a_resumed_clock_continues_from_the_held_time() {
        let clock = Clock::held_at(100.0);
        clock.resume();
        std::thread::sleep(Duration::from_millis(2));
        let now = clock.now();
        assert!(now > 100.0 && now < 160.0, "{now}");
        clock.hold();
        assert!(near(clock.now(), clock.now()) && clock.now() >= now);
    }

    #[test]
    fn a_fast_clock_runs_ahead_of_real_time_and_never_backwards() {
        let clock = Clock::held_at(0.0);
        clock.resume();
        clock.speed(100_000.0);
        std::thread::sleep(Duration::from_millis(5));
        let now = clock.now();
        assert!(now > 400.0, "{now}");
        clock.speed(-1.0);
        clock.speed(f64::NAN);
        let stopped = clock.now();
        assert!(stopped >= now && near(stopped, clock.now()));
    }
}
