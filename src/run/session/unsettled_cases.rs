//! Cases that conform, unless bytes follow their responses on a kept connection.
//!
//! The transport knows that only when the next request is about to be sent on the connection. Until then, the report of
//! the case waits. There are no more such cases than idle connections.

use super::Finished;
use crate::{
    judge::{
        check::{self, CaseJudgement},
        snapshots::Snapshots,
        transcript::CaseEnd,
        verdict::Verdict,
    },
    run::transport::late_bytes::Aftertaste,
    suite::Fixtures,
};

/// The reason why a case has no verdict although its own responses were fine.
const DOUBTFUL: &str =
    "the endpoint sends bytes after the end of responses, so it is uncertain which request they belong to";

#[derive(Default)]
pub(super) struct UnsettledCases(Vec<Finished>);

impl UnsettledCases {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps the case if it waits. Any other case is judged with all that is known.
    pub(super) fn hold(&mut self, finished: Finished, suite: &Fixtures, snapshots: &Snapshots) -> Option<Finished> {
        let is_unknown = finished.late.iter().any(|(_, late)| late.aftertaste() == Aftertaste::Unknown);
        if is_unknown && finished.judgement.verdict().0 == Verdict::Conforms {
            self.0.push(finished);
            return None;
        }
        Some(judged_again(finished, suite, snapshots))
    }

    /// Takes the cases that need not wait any longer; with `all`, every case.
    pub(super) fn settled(&mut self, suite: &Fixtures, snapshots: &Snapshots, all: bool) -> Vec<Finished> {
        let is_settled = |finished: &mut Finished| {
            all || finished.late.iter().all(|(_, late)| late.aftertaste() != Aftertaste::Unknown)
        };
        let settled = self.0.extract_if(.., is_settled);
        settled.map(|finished| judged_again(finished, suite, snapshots)).collect()
    }
}

/// Judges a case again if bytes followed one of its responses.
fn judged_again(mut finished: Finished, suite: &Fixtures, snapshots: &Snapshots) -> Finished {
    let (mut bytes, mut doubtful) = (0, false);
    for (index, late) in std::mem::take(&mut finished.late) {
        let exchange = finished.transcript.exchanges.get_mut(index);
        match (late.aftertaste(), exchange.map(|exchange| exchange.outcome.as_mut())) {
            (Aftertaste::Bytes(count), Some(Ok(response))) => {
                response.surplus += count;
                bytes += count;
            }
            (Aftertaste::Doubtful, _) => doubtful = true,
            _ => {}
        }
    }
    if doubtful && bytes == 0 && finished.transcript.end == CaseEnd::Complete {
        finished.transcript.end = CaseEnd::Abandoned(DOUBTFUL.to_owned());
    }
    if doubtful || bytes > 0 {
        let of_run = std::mem::take(&mut finished.judgement.findings);
        let Finished { case, transcript, .. } = &finished;
        finished.judgement = with_earlier(check::judge(suite, case, transcript, snapshots.get(&case.id)), of_run);
    }
    finished
}

/// Adds the findings that only the run as a whole has.
fn with_earlier(mut judgement: CaseJudgement, earlier: Vec<crate::judge::verdict::Finding>) -> CaseJudgement {
    let missing: Vec<_> = earlier.into_iter().filter(|finding| !judgement.findings.contains(finding)).collect();
    judgement.findings.extend(missing);
    judgement
}
