//! Cases that wait for the end of the run before their last calls.

use tokio::sync::{mpsc, oneshot};

/// Lets a waiting case go on, or says why it cannot. If it is dropped, the run was interrupted.
pub type LateTurn = oneshot::Sender<Result<(), String>>;

/// Where cases wait for their turn.
#[derive(Debug, Clone)]
pub struct LateCalls(mpsc::UnboundedSender<LateTurn>);

impl LateCalls {
    /// A place to wait, and the turns of those that wait there.
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<LateTurn>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Waits for the end of the run. `None`: it was interrupted.
    pub(super) async fn turn(&self) -> Option<Result<(), String>> {
        let (turn, mine) = oneshot::channel();
        self.0.send(turn).ok()?;
        mine.await.ok()
    }
}
