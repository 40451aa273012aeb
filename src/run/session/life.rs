//! Detects that the endpoint crashed, and which cases may have crashed it.
//!
//! If a connection to an endpoint is refused after it has responded, the session connects once more. If nothing
//! listens, the endpoint has crashed, and the cases whose connection was cut since its last response are the suspects.
//! The session also checks after many cases without any response, because some operations wait for long: the endpoint
//! has crashed if it does not respond to a plain request either.

use std::collections::VecDeque;

use crate::{
    judge::transcript::Transcript,
    run::event::TargetDied,
    suite::{Case, CaseId},
    wire::TransportError,
};

/// After this many cases in a row without any response, the session checks whether the endpoint still responds.
const DEAD_AFTER: usize = 8;

/// The number of suspects that are kept. Usually fewer requests are under way at the same time.
const SUSPECTS: usize = 32;

/// The state of the endpoint, as far as cases show it.
#[derive(Debug, Default)]
pub(super) struct Life {
    has_answered: bool,
    silent: usize,
    in_doubt: bool,
    /// Cases whose connection was cut, or that got no response, since the last response.
    cut_off: VecDeque<CaseId>,
    died: Option<String>,
}

impl Life {
    /// Enters the exchanges of a case.
    pub(super) fn enter(&mut self, case: &Case, transcript: &Transcript) {
        let outcomes = || transcript.exchanges.iter().map(|exchange| exchange.outcome.as_ref());
        let failed = |wanted: fn(&TransportError) -> bool| outcomes().any(|outcome| outcome.is_err_and(wanted));
        let got_no_response = |error: &TransportError| {
            matches!(
                error,
                TransportError::Closed
                    | TransportError::Reset
                    | TransportError::Timeout(_)
                    | TransportError::Unfinished { .. }
            )
        };
        if failed(got_no_response) {
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

    /// Returns true if the endpoint has responded before.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// A request outside of cases got no response. The next check requires one.
    pub(super) fn doubt(&mut self) {
        self.silent = self.silent.max(DEAD_AFTER);
    }

    /// Returns true if the session must check whether the endpoint still listens.
    pub(super) fn is_in_doubt(&self) -> bool {
        (self.in_doubt || self.is_mute()) && self.died.is_none()
    }

    /// Returns true if many cases in a row got no response.
    pub(super) fn is_mute(&self) -> bool {
        self.silent >= DEAD_AFTER
    }

    /// Returns true if the connections of the last cases were cut, and no response came since.
    pub(super) fn is_cut_off(&self) -> bool {
        !self.cut_off.is_empty() && self.died.is_none()
    }

    /// Enters the result of a check. Returns the crash, if there was one.
    /// `silent` is the reason of the breaker.
    pub(super) fn settle(&mut self, gone: bool, restarted: bool, silent: Option<String>) -> Option<TargetDied> {
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
        let what = if mute { "it does not respond" } else { "nothing listens" };
        let reason = silent.unwrap_or_else(|| format!("the endpoint crashed: {what}{after}"));
        let died = TargetDied { suspects, restarted, reason };
        self.mourn(&died);
        Some(died)
    }

    /// Enters a crash of this run, or of a recorded one.
    pub(super) fn mourn(&mut self, died: &TargetDied) {
        self.died = (!died.restarted).then(|| died.reason.clone());
    }

    /// The reason why no further case can run.
    pub(super) fn over(&self) -> Option<String> {
        self.died.clone()
    }

    /// Returns true if no further case can run.
    pub(super) fn is_over(&self) -> bool {
        self.died.is_some()
    }
}
