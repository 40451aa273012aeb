//! The time limit of a case, which changes in progress extend.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, timeout_at};

/// The time for which a case waited for changes in progress, beyond the `within` of its polls.
#[derive(Debug, Clone, Default)]
pub(super) struct Overtime(Arc<AtomicU64>);

impl Overtime {
    pub(super) fn add(&self, waited: Duration) {
        self.0.fetch_add(u64::try_from(waited.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn total(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }

    /// Does the work within `limit`, which does not count the overtime during the work. `None`: it took longer.
    pub(super) async fn exempt<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let (begun, before) = (Instant::now(), self.total());
        let mut extended = Duration::ZERO;
        loop {
            if let Ok(done) = timeout_at(begun + limit + extended, &mut work).await {
                return Some(done);
            }
            let overtime = self.total().saturating_sub(before);
            if overtime == extended {
                return None;
            }
            extended = overtime;
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tokio::time::sleep;

    use super::*;

    #[rstest]
    #[case::in_time(9, 0, true)]
    #[case::too_late(11, 0, false)]
    #[case::in_overtime(29, 20, true)]
    #[case::too_late_even_so(31, 20, false)]
    #[tokio::test(start_paused = true)]
    async fn overtime_extends_the_limit(#[case] seconds: u64, #[case] waiting: u64, #[case] is_done: bool) {
        let overtime = Overtime::default();
        // That of earlier work does not count.
        overtime.add(Duration::from_secs(100));
        let work = async {
            for second in 0..seconds {
                if second < waiting {
                    overtime.add(Duration::from_secs(1));
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        assert_eq!(overtime.exempt(Duration::from_secs(10), work).await.is_some(), is_done);
    }
}
