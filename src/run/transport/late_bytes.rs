//! Bytes that arrive on a kept connection after the end of a response, and the responses that left them.
//!
//! The transport sees them only when the next request is about to be sent, after it returned the response. So whoever
//! watches an exchange gets a handle, which says later whether the connection stayed quiet.

use std::{
    cell::RefCell,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

tokio::task_local! {
    static WATCHED: RefCell<Option<LateBytes>>;
}

/// What followed a response on its connection. The transport holds a clone of it until it knows.
#[derive(Debug, Clone, Default)]
pub struct LateBytes(Arc<AtomicU64>);

/// The state of a response that was received before other responses turned out to be followed by bytes.
const DOUBTFUL: u64 = u64::MAX;

/// What is known of the bytes after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftertaste {
    /// The transport has not looked yet.
    Unknown,
    /// No bytes followed.
    Clean,
    /// This number of bytes followed.
    Bytes(u64),
    /// No bytes followed, but they did after other responses at that time.
    Doubtful,
}

impl LateBytes {
    /// What is known so far.
    #[must_use]
    pub fn aftertaste(&self) -> Aftertaste {
        match self.0.load(Ordering::Acquire) {
            DOUBTFUL => Aftertaste::Doubtful,
            0 if Arc::strong_count(&self.0) > 1 => Aftertaste::Unknown,
            0 => Aftertaste::Clean,
            count => Aftertaste::Bytes(count),
        }
    }

    /// Enters the number of bytes that followed.
    pub(super) fn found(&self, count: u64) {
        self.0.store(count, Ordering::Release);
    }

    /// The response cannot be trusted, because of others.
    pub(super) fn doubt(&self) {
        let _ = self.0.compare_exchange(0, DOUBTFUL, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Runs an exchange. Also returns what will be known of the bytes after its response, if the connection is kept.
pub async fn watched<T>(exchange: impl Future<Output = T>) -> (T, Option<LateBytes>) {
    let work = async {
        let outcome = exchange.await;
        (outcome, WATCHED.with(|late| late.borrow_mut().take()))
    };
    WATCHED.scope(RefCell::new(None), work).await
}

/// Passes a handle to whoever watches this exchange. Returns `None` if nobody does.
pub(super) fn handle() -> Option<LateBytes> {
    let late = LateBytes::default();
    WATCHED.try_with(|watched| *watched.borrow_mut() = Some(late.clone())).ok().map(|()| late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_handle_is_clean_once_the_transport_lets_go_of_it() {
        let (kept, late) = watched(async { handle() }).await;
        let late = late.unwrap();
        assert_eq!(late.aftertaste(), Aftertaste::Unknown);
        drop(kept);
        assert_eq!(late.aftertaste(), Aftertaste::Clean);
        assert!(handle().is_none(), "nobody watches");
    }

    #[tokio::test]
    async fn bytes_outweigh_a_doubt() {
        let (kept, late) = watched(async { handle().unwrap() }).await;
        kept.doubt();
        assert_eq!(late.unwrap().aftertaste(), Aftertaste::Doubtful);
        let (kept, late) = watched(async { handle().unwrap() }).await;
        kept.found(3);
        kept.doubt();
        assert_eq!(late.unwrap().aftertaste(), Aftertaste::Bytes(3));
    }
}
