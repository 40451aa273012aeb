//! Panics of code that is not ours: an endpoint of the process, a function of a test.
//!
//! Such a panic ends one exchange or one start, and never the run.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;

/// What a future comes to, or the words with which it panicked. Whatever it had in hand is not looked at again.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| words(&*panic).to_owned())
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_by_its_words() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        assert_eq!(caught(async { panic!("plain") }).await, Err::<(), _>("plain".to_owned()));
        let number = 7;
        assert_eq!(caught(async { panic!("with {number}") }).await, Err::<(), _>("with 7".to_owned()));
        assert_eq!(caught(async { std::panic::panic_any(7) }).await, Err::<(), _>("without a word".to_owned()));
    }
}
