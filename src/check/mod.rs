//! Judging: pure functions from a transcript to findings. They say why, not whether.
//!
//! One file a kind of requirement, all of one shape: a [`Check`] with its code, what it wants, why, and a
//! function. A check looks at one answer, at one step with all its exchanges, or at a whole case. The
//! verdict is computed from what they give, never stored beside it.

mod content_encoding;
mod content_length;
mod content_type;
mod control;
mod declared_error;
mod error_identity;
mod error_shape;
mod error_status;
mod expected_body;
pub mod implementation;
mod json;
mod outcome;
mod repetition;
pub mod request_id;
mod response_shape;
mod side_effect;
mod snapshot;
mod status;
mod subject;

use std::collections::BTreeSet;

use crate::{
    code::Code,
    observe::Observation,
    scenario::{Case, Suite},
    transcript::{End, Role, Transcript},
    verdict::{Finding, Severity, Verdict},
};

pub use subject::{AnswerSubject, CaseSubject, StepSubject};

/// One kind of requirement.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its stable code.
    pub code: Code,
    /// What it wants, in one line.
    pub wants: &'static str,
    /// Why that matters, and where it is documented.
    pub why: &'static str,
    /// What it looks at.
    pub look: Look,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub enum Look {
    /// Every answer of a scenario's steps.
    Answer(fn(&AnswerSubject<'_>) -> Checked),
    /// A step with all its exchanges.
    Step(fn(&StepSubject<'_>) -> Checked),
    /// A whole case.
    Case(fn(&CaseSubject<'_>) -> Checked),
    /// The run as a whole; the session asks for it.
    Run,
}

/// What one check came to on one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Whether there was anything to evaluate.
    pub evaluated: bool,
    /// Statements that it has judged, whether they held or not.
    pub cites: Vec<String>,
    /// What it found.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// There was nothing to evaluate.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// It was evaluated, with these statements and findings.
    #[must_use]
    pub fn with(cites: Vec<String>, findings: Vec<Finding>) -> Self {
        Self { evaluated: true, cites, findings }
    }
}

/// Every check, in the order in which they run and are explained.
pub const CHECKS: &[Check] = &[
    implementation::CHECK,
    outcome::CHECK,
    status::CHECK,
    error_identity::CHECK,
    declared_error::CHECK,
    error_status::CHECK,
    error_shape::CHECK,
    content_type::CHECK,
    content_encoding::CHECK,
    content_length::CHECK,
    request_id::CHECK,
    json::CHECK,
    response_shape::CHECK,
    expected_body::CHECK,
    repetition::EVENTUALLY,
    repetition::CONSISTENTLY,
    control::CHECK,
    side_effect::CHECK,
    snapshot::CHECK,
];

/// What a case came to, before the run as a whole has been asked.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What the checks found, in the order of the steps and checks.
    pub findings: Vec<Finding>,
    /// How many checks were evaluated.
    pub checks: usize,
    /// Steps whose own expectation was evaluated.
    pub expectations: usize,
    /// Statements that checks judged on its answers.
    pub judged: BTreeSet<String>,
    /// Which alternative of a step held, where there were several.
    pub alternatives: Vec<String>,
    /// Why it could not be judged, if it could not.
    obstacle: Option<(Verdict, String)>,
}

impl Judgement {
    /// The verdict, and the reason where it is not plain from the findings.
    #[must_use]
    pub fn verdict(&self) -> (Verdict, String) {
        let worst = self.findings.iter().find(|finding| finding.severity == Severity::Error);
        match (&self.obstacle, worst) {
            (Some((verdict @ (Verdict::NotImplemented | Verdict::NotApplicable), reason)), _) => {
                (*verdict, reason.clone())
            }
            (_, Some(finding)) => (Verdict::Deviates, format!("expected {}, got {}", finding.expected, finding.actual)),
            (Some((verdict, reason)), None) => (*verdict, reason.clone()),
            (None, None) if self.expectations == 0 => (Verdict::Inconclusive, "nothing was evaluated".to_owned()),
            (None, None) => (Verdict::Conforms, String::new()),
        }
    }

    /// The judgement of a case whose operation is absent.
    #[must_use]
    pub fn absent(reason: String) -> Self {
        Self::obstructed(Verdict::NotImplemented, reason)
    }

    /// The judgement of a case that could not be run.
    #[must_use]
    pub fn inconclusive(reason: String) -> Self {
        Self::obstructed(Verdict::Inconclusive, reason)
    }

    fn obstructed(verdict: Verdict, reason: String) -> Self {
        Self {
            findings: Vec::new(),
            checks: 0,
            expectations: 0,
            judged: BTreeSet::new(),
            alternatives: Vec::new(),
            obstacle: Some((verdict, reason)),
        }
    }
}

/// Judges one case by its transcript. `golden` is the recorded observation, where there is one.
#[must_use]
pub fn judge(
    suite: &Suite,
    case: &Case,
    transcript: &Transcript,
    observation: &Observation,
    golden: Option<&str>,
) -> Judgement {
    let mut judgement = Judgement {
        findings: Vec::new(),
        checks: 0,
        expectations: 0,
        judged: BTreeSet::new(),
        alternatives: Vec::new(),
        obstacle: obstacle(transcript),
    };
    let subject = CaseSubject { suite, case, transcript, observation, golden };
    for step in subject.steps() {
        judgement.step(&step);
    }
    for check in CHECKS {
        if let Look::Case(look) = check.look {
            judgement.enter(look(&subject));
        }
    }
    judgement
}

impl Judgement {
    fn step(&mut self, step: &StepSubject<'_>) {
        self.obstacle = self.obstacle.take().or_else(|| step.obstacle());
        for check in CHECKS {
            match check.look {
                Look::Answer(look) => {
                    let answers: Vec<AnswerSubject<'_>> = step.answers().collect();
                    for answer in answers.iter().filter(|answer| answer.exchange.role != Role::Teardown) {
                        self.enter(look(answer));
                    }
                }
                Look::Step(look) => {
                    let checked = look(step);
                    self.expectations += usize::from(checked.evaluated && check.code == Code::Outcome);
                    self.enter(checked);
                }
                Look::Case(_) | Look::Run => {}
            }
        }
        self.alternatives.extend(step.alternative_held());
    }

    fn enter(&mut self, checked: Checked) {
        self.checks += usize::from(checked.evaluated);
        self.judged.extend(checked.cites);
        for finding in checked.findings {
            // A poll or a crowd shows the same deviation many times; once is enough to know it.
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }
}

/// Why a transcript cannot be judged to the end.
fn obstacle(transcript: &Transcript) -> Option<(Verdict, String)> {
    match &transcript.end {
        End::Complete | End::Stopped => None,
        End::Blocked(reason) => Some((Verdict::Blocked, reason.clone())),
        End::TimedOut(limit) => Some((Verdict::Inconclusive, format!("the case took longer than {limit:?}"))),
        End::NotApplicable(reason) => Some((Verdict::NotApplicable, reason.clone())),
        End::Interrupted => Some((Verdict::Inconclusive, "the run was interrupted".to_owned())),
    }
}
