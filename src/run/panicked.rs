//! Catches panics of user code: an endpoint in the process, a function of a test.
//!
//! Such a panic ends one exchange or one start. The run continues.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;

/// The output of a future, or its panic message. The state of the future is not used after a panic.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| message(&*panic).to_owned())
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_returned_as_its_message() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        assert_eq!(caught(async { panic!("plain") }).await, Err::<(), _>("plain".to_owned()));
        let number = 7;
        assert_eq!(caught(async { panic!("with {number}") }).await, Err::<(), _>("with 7".to_owned()));
        assert_eq!(caught(async { std::panic::panic_any(7) }).await, Err::<(), _>("without a message".to_owned()));
    }
}
