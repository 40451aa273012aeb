//! The time for which the polls of a run wait for changes in progress.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::suite::Call;

/// The patience of a run: no document says how long a change takes.
///
/// A wait that gets no end uses the patience up, so that an endpoint whose changes never end costs it a few times, and not
/// once in each case. From then on, new polls of the same operation wait as long as their scenarios say.
#[derive(Debug)]
pub struct Patience {
    limit: Duration,
    /// The services and operations whose polls used the patience up.
    used_up: Mutex<BTreeSet<(String, String)>>,
}

impl Patience {
    /// Waits up to `limit` for one change.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self { limit, used_up: Mutex::default() }
    }

    /// The time for a new poll, whose scenario gives it `within`.
    pub(super) fn limit(&self, call: &Call, within: Duration) -> Duration {
        let used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        let is_used_up = used_up.contains(&(call.service.clone(), call.operation.clone()));
        if is_used_up { within } else { within.max(self.limit) }
    }

    /// Returns whether a change had not ended after the whole time.
    pub(crate) fn is_used_up(&self) -> bool {
        !self.used_up.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Records that the change had not ended after the whole time.
    pub(super) fn use_up(&self, call: &Call) {
        let mut used_up = self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        used_up.insert((call.service.clone(), call.operation.clone()));
    }
}
