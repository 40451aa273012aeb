//! Cases that wait for the end of the run. They occupy no place among the cases that run at the same time.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::run::execute::LateTurn;

pub(super) struct ParkedCases {
    arriving: mpsc::UnboundedReceiver<LateTurn>,
    parked: VecDeque<LateTurn>,
    is_end: bool,
}

impl ParkedCases {
    pub(super) fn new(arriving: mpsc::UnboundedReceiver<LateTurn>) -> Self {
        Self { arriving, parked: VecDeque::new(), is_end: false }
    }

    pub(super) fn len(&self) -> usize {
        self.parked.len()
    }

    /// Waits until a case parks. Never ends without one.
    pub(super) async fn arrival(&mut self) {
        match self.arriving.recv().await {
            Some(turn) => self.parked.push_back(turn),
            None => std::future::pending().await,
        }
    }

    /// Resumes the case that parked first. The first one is resumed only when nothing else runs.
    pub(super) fn resume(&mut self, others_run: bool) -> bool {
        self.is_end |= !others_run;
        let turn = if self.is_end { self.parked.pop_front() } else { None };
        // A case that was aborted no longer waits.
        turn.map(|turn| turn.send(Ok(())).unwrap_or_default()).is_some()
    }

    /// Ends every parked case for this reason.
    pub(super) fn give_up(&mut self, reason: &str) {
        for turn in self.parked.drain(..) {
            turn.send(Err(reason.to_owned())).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn cases_are_resumed_in_order_once_nothing_else_runs() {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut parked = ParkedCases::new(receiver);
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let (turn, mine) = oneshot::channel();
            sender.send(turn).unwrap();
            parked.arrival().await;
            waiting.push(mine);
        }
        assert!(!parked.resume(true));
        assert!(parked.resume(false) && parked.resume(true));
        assert_eq!((waiting[0].try_recv(), waiting[1].try_recv(), parked.len()), (Ok(Ok(())), Ok(Ok(())), 1));
        parked.give_up("restarted");
        assert_eq!(waiting[2].try_recv(), Ok(Err("restarted".to_owned())));
        assert!(!parked.resume(false));
    }
}
