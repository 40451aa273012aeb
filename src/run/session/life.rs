//! Whether the endpoint still lives, and who ended it.
//!
//! An endpoint that refuses connections after it has answered is asked once more; if nobody listens then, it is over,
//! and the requests that it cut off since its last answer are the suspects. One that gives no answer to many cases in
//! a row is asked as well, as some operations wait for long: it is over if it has none to a plain question either.

use std::collections::VecDeque;

use crate::{
    judge::transcript::Transcript,
    run::event::TargetDied,
    suite::{Case, CaseId},
    wire::TransportError,
};

/// So many cases in a row without any answer raise the question whether the endpoint has hung up.
const DEAD_AFTER: usize = 8;

/// So many suspects are kept; no more requests than that are on their way at once, as a rule.
const SUSPECTS: usize = 32;

/// What is known of the endpoint's life.
#[derive(Debug, Default)]
pub(super) struct Life {
    has_answered: bool,
    silent: usize,
    in_doubt: bool,
    /// Cases that were cut off, or never answered, since the last answer.
    cut_off: VecDeque<CaseId>,
    died: Option<String>,
}

impl Life {
    /// Enters what a case met.
    pub(super) fn enter(&mut self, case: &Case, transcript: &Transcript) {
        let outcomes = || transcript.exchanges.iter().map(|exchange| exchange.outcome.as_ref());
        let failed = |wanted: fn(&TransportError) -> bool| outcomes().any(|outcome| outcome.is_err_and(wanted));
        let unanswered = |error: &TransportError| {
            matches!(error, TransportError::Closed | TransportError::Reset | TransportError::Timeout(_))
        };
        if failed(unanswered) {
            self.cut_off.push_back(case.id.clone());
            self.cut_off.drain(..self.cut_off.len().saturating_sub(SUSPECTS));
        } else if outcomes().any(|outcome| outcome.is_ok()) {
            self.has_answered = true;
            self.cut_off.clear();
        }
        self.in_doubt |= self.has_answered && failed(|error| *error == TransportError::Refused);
        let silent = !transcript.exchanges.is_empty() && outcomes().all(|outcome| outcome.is_err());
        self.silent = if silent { self.silent + 1 } else { 0 };
    }

    /// Whether it has answered at all.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// A question outside of the cases got no answer: whoever looks must get one.
    pub(super) fn doubt(&mut self) {
        self.silent = self.silent.max(DEAD_AFTER);
    }

    /// Whether somebody must look whether the endpoint still listens.
    pub(super) fn is_in_doubt(&self) -> bool {
        (self.in_doubt || self.is_mute()) && self.died.is_none()
    }

    /// Whether it has answered nothing for long.
    pub(super) fn is_mute(&self) -> bool {
        self.silent >= DEAD_AFTER
    }

    /// Whether the last cases were cut off: nobody has been answered since.
    pub(super) fn is_cut_off(&self) -> bool {
        !self.cut_off.is_empty() && self.died.is_none()
    }

    /// Settles the doubt. The death, where it is one; a restarted endpoint lives on.
    pub(super) fn settle(&mut self, gone: bool, restarted: bool) -> Option<TargetDied> {
        self.in_doubt = false;
        let mute = self.is_mute();
        self.silent = 0;
        if !gone {
            return None;
        }
        let suspects: Vec<CaseId> = self.cut_off.drain(..).collect();
        let after = match suspects.as_slice() {
            [] => String::new(),
            [one] => format!(" since {one}"),
            [first, .., last] => format!(" since one of {first} … {last}"),
        };
        let what = if mute { "it gives no answer" } else { "nobody listens" };
        let died = TargetDied { suspects, restarted, reason: format!("the endpoint is gone: {what}{after}") };
        self.mourn(&died);
        Some(died)
    }

    /// Takes note of a death that was seen, now or when the run was recorded.
    pub(super) fn mourn(&mut self, died: &TargetDied) {
        self.died = (!died.restarted).then(|| died.reason.clone());
    }

    /// Why no further case is worth running, if none is.
    pub(super) fn over(&self) -> Option<String> {
        self.died.clone()
    }

    /// Whether no further case is worth running.
    pub(super) fn is_over(&self) -> bool {
        self.died.is_some()
    }
}
