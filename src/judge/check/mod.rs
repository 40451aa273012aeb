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
#[cfg(test)]
pub(crate) mod testing;

use std::collections::BTreeSet;

use crate::{
    judge::{
        transcript::{CaseEnd, Role, Transcript},
        verdict::{Finding, FindingRole, Severity, Verdict},
    },
    suite::{Case, CaseStanding, Fixtures, code::Code, requirement::Evidence},
};

pub use subject::{CaseSubject, ResponseSubject, StepSubject};

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
    pub look: CheckScope,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy)]
pub enum CheckScope {
    /// Every answer of a scenario's steps.
    Answer(for<'a> fn(&ResponseSubject<'a>) -> Checked<'a>),
    /// A step with all its exchanges.
    Step(for<'a> fn(&StepSubject<'a>) -> Checked<'a>),
    /// A whole case.
    Case(for<'a> fn(&CaseSubject<'a>) -> Checked<'a>),
    /// The run as a whole; the session asks for it.
    Run,
}

/// What one check came to on one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked<'a> {
    /// Whether there was anything to evaluate.
    pub evaluated: bool,
    /// Requirements that it has judged, whether they held or not.
    pub cites: Vec<&'a str>,
    /// What it found.
    pub findings: Vec<Finding>,
}

impl<'a> Checked<'a> {
    /// There was nothing to evaluate.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// It was evaluated, with these requirements and findings.
    #[must_use]
    pub fn with(cites: Vec<&'a str>, findings: Vec<Finding>) -> Self {
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
pub struct CaseJudgement {
    /// What the checks found, in the order of the steps and checks.
    pub findings: Vec<Finding>,
    /// How many checks were evaluated.
    pub checks: usize,
    /// Steps whose own expectation was evaluated.
    pub expectations: usize,
    /// Requirements that checks judged on its answers.
    pub judged: BTreeSet<String>,
    /// Which alternative of a step held, where there were several.
    pub alternatives: Vec<String>,
    /// Why it could not be judged, if it could not.
    obstacle: Option<(Verdict, String)>,
    /// Whether that is the harness's own fault.
    internal: bool,
}

impl CaseJudgement {
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

    /// The judgement of a case in which the harness itself was at fault: nothing else about it counts.
    #[must_use]
    pub fn internal(fault: &str) -> Self {
        Self { internal: true, ..Self::inconclusive(format!("internal error: {fault}")) }
    }

    /// Whether the harness itself was at fault.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.internal
    }

    /// The judgement of a case that could not be run.
    #[must_use]
    pub fn inconclusive(reason: String) -> Self {
        Self::obstructed(Verdict::Inconclusive, reason)
    }

    /// The judgement of a case that rests on something which cannot be had.
    #[must_use]
    pub fn blocked(reason: String) -> Self {
        Self::obstructed(Verdict::Blocked, reason)
    }

    fn obstructed(verdict: Verdict, reason: String) -> Self {
        Self {
            findings: Vec::new(),
            checks: 0,
            expectations: 0,
            judged: BTreeSet::new(),
            alternatives: Vec::new(),
            obstacle: Some((verdict, reason)),
            internal: false,
        }
    }
}

/// Judges one case by its transcript. `snapshot` is the recorded observation, where there is one.
#[must_use]
pub fn judge(suite: &Fixtures, case: &Case, transcript: &Transcript, snapshot: Option<&str>) -> CaseJudgement {
    if let CaseEnd::Internal(fault) = &transcript.end {
        return CaseJudgement::internal(fault);
    }
    let mut judgement = CaseJudgement {
        findings: Vec::new(),
        checks: 0,
        expectations: 0,
        judged: BTreeSet::new(),
        alternatives: Vec::new(),
        obstacle: obstacle(transcript),
        internal: false,
    };
    let subject = CaseSubject { suite, case, transcript, snapshot };
    for step in subject.steps() {
        judgement.step(&step);
    }
    judgement.obstacle = judgement.obstacle.take().or_else(|| refused_control(&subject));
    judgement.obstacle = judgement.obstacle.take().or_else(|| unexplained(transcript, &judgement.findings));
    for check in CHECKS {
        if let CheckScope::Case(look) = check.look {
            judgement.enter(look(&subject));
        }
    }
    judgement
}

impl CaseJudgement {
    fn step(&mut self, step: &StepSubject<'_>) {
        self.obstacle = self.obstacle.take().or_else(|| step.obstacle());
        let absent = |answer: &ResponseSubject<'_>| step.is_absent(answer.exchange, Some(answer.answer));
        let answers: Vec<_> = step.answers().filter(|answer| !absent(answer)).collect();
        for check in CHECKS {
            match check.look {
                CheckScope::Answer(look) => {
                    for answer in &answers {
                        let mut checked = look(answer);
                        checked.findings.iter_mut().for_each(|finding| finding.role = role(answer.exchange.role));
                        self.enter(checked);
                    }
                }
                CheckScope::Step(_) if step.calls_what_is_absent() => {}
                CheckScope::Step(look) => {
                    let checked = look(step);
                    self.expectations += usize::from(checked.evaluated && check.code == Code::Outcome);
                    self.enter(checked);
                }
                CheckScope::Case(_) | CheckScope::Run => {}
            }
        }
        self.alternatives.extend(step.alternative_held());
    }

    fn enter(&mut self, checked: Checked<'_>) {
        self.checks += usize::from(checked.evaluated);
        for id in checked.cites {
            if !self.judged.contains(id) {
                self.judged.insert(id.to_owned());
            }
        }
        for finding in checked.findings {
            // A poll or a crowd shows the same deviation many times, each with a value of its own; once is enough.
            let known = |earlier: &Finding| Finding { actual: finding.actual.clone(), ..earlier.clone() } == finding;
            if !self.findings.iter().any(known) {
                self.findings.push(finding);
            }
        }
    }
}

fn role(of: Role) -> FindingRole {
    match of {
        Role::Control => FindingRole::Control,
        Role::Before(_) | Role::After(_) => FindingRole::Guard,
        Role::Main | Role::Question | Role::Setup | Role::Teardown => FindingRole::Step,
    }
}

/// A control whose legal input is refused: nothing can rest on it, and nobody is convicted by it, for a model does not
/// say all that a service asks of an input.
fn refused_control(subject: &CaseSubject<'_>) -> Option<(Verdict, String)> {
    if subject.case.scenario.standing != CaseStanding::Control || subject.transcript.end != CaseEnd::Stopped {
        return None;
    }
    let step = subject.steps().last()?;
    let (_, outcome) = step.main().last()?;
    let (response, answer) = outcome.ok()?;
    let message = answer.refusal.as_ref().and_then(|identity| identity.message.as_deref()).unwrap_or_default();
    let message: String = message.chars().take(LONGEST_MESSAGE).collect();
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    Some((
        Verdict::Blocked,
        format!("a legal input is refused by {}{said}", outcome::describe(response.status, answer)),
    ))
}

/// So much of an endpoint's message is shown in a reason.
const LONGEST_MESSAGE: usize = 160;

/// A case that stopped at a step where no check found anything: it must not pass for one that was judged to its end.
fn unexplained(transcript: &Transcript, findings: &[Finding]) -> Option<(Verdict, String)> {
    if transcript.end != CaseEnd::Stopped {
        return None;
    }
    let step = transcript.exchanges.iter().map(|exchange| exchange.step).max().unwrap_or_default();
    let says_why = |finding: &Finding| {
        finding.step == step && (finding.severity == Severity::Error || finding.evidence == Evidence::Recorded)
    };
    let reason = || format!("step {step} did not go as expected, and no check says why");
    (!findings.iter().any(says_why)).then(|| (Verdict::Inconclusive, reason()))
}

/// Why a transcript cannot be judged to the end. A fault of the harness is told apart before.
fn obstacle(transcript: &Transcript) -> Option<(Verdict, String)> {
    match &transcript.end {
        CaseEnd::Complete | CaseEnd::Stopped | CaseEnd::Internal(_) => None,
        CaseEnd::Blocked(reason) => Some((Verdict::Blocked, reason.clone())),
        CaseEnd::TimedOut(limit) => Some((Verdict::Inconclusive, format!("the case took longer than {limit:?}"))),
        CaseEnd::NotApplicable(reason) => Some((Verdict::NotApplicable, reason.clone())),
        CaseEnd::Interrupted => Some((Verdict::Inconclusive, "the run was interrupted".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::json;

    use super::{testing::*, *};
    use crate::{
        judge::transcript::PresenceResponses,
        wire::{
            Response,
            TransportError::{self, Closed, Reset},
        },
    };

    const THEN_READ: &str = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 } }\n- { call: GetDeployment, input: { deploymentId: d-ABCDEF123 } }";

    #[test]
    fn every_code_has_one_check_in_the_order_of_the_codes() {
        assert_eq!(CHECKS.iter().map(|check| check.code).collect::<Vec<_>>(), Code::ALL);
    }

    /// A stop that succeeds, with more in its step.
    fn stopping_with(more: &str) -> Trial {
        Trial::stop(&STOP.replace(" } }", &format!(" }}, {more} }}"))).answers(1, 200, &stopping())
    }

    fn stopping_under(name: &str, value: &str) -> Trial {
        let body = stopping().to_string();
        Trial::stop(STOP).with(1, Role::Main, 200, body.as_bytes(), |response| response.headers.set(name, value))
    }

    fn refusing(status: u16, name: &str) -> Trial {
        Trial::stop(UNKNOWN).answers(1, status, &json!({"__type": name, "message": "m"}))
    }

    /// An error that a stop declares, and that [`UNKNOWN`] does not expect.
    const ANY: &str = "InvalidDeploymentIdException";

    fn refusing_its_control() -> Trial {
        let body = does_not_exist().to_string();
        let steps = UNKNOWN.replace(" } }", " }, control: { deploymentId: d-ABCDEF124 } }");
        Trial::stop(&steps).answers(1, 400, &does_not_exist()).with(1, Role::Control, 400, body.as_bytes(), |_| {})
    }

    fn changing_what_is_watched() -> Trial {
        let is = |status: &str| json!({"deploymentInfo": {"status": status}}).to_string();
        stopping_with("unchanged: [{ call: GetDeployment, input: { deploymentId: d-ABCDEF123 } }]")
            .with(1, Role::Before(0), 200, is("Created").as_bytes(), |_| {})
            .with(1, Role::After(0), 200, is("Stopped").as_bytes(), |_| {})
    }

    /// What breaks the rule that the code is for, in a case.
    fn broken(code: Code) -> Option<Trial> {
        Some(match code {
            // It is asked before any case.
            Code::Implementation => return None,
            Code::Outcome => Trial::stop(STOP).answers(1, 400, &does_not_exist()),
            Code::Status => Trial::stop(STOP).answers(1, 201, &stopping()),
            Code::ErrorIdentity => refusing(400, ANY),
            Code::DeclaredError => refusing(400, "ApplicationDoesNotExistException"),
            Code::ErrorStatus => refusing(404, "DeploymentDoesNotExistException"),
            Code::ErrorShape => Trial::stop(UNKNOWN).answers(1, 400, &json!({"__type": ANY, "message": 5})),
            Code::ContentType => stopping_under("content-type", "text/plain"),
            Code::ContentEncoding => stopping_under("content-encoding", "gzip"),
            Code::ContentLength => stopping_under("content-length", "1"),
            Code::RequestId => stopping_under("x-amzn-requestid", ""),
            Code::Json => Trial::stop(STOP).with(1, Role::Main, 200, b"{", |_| {}),
            Code::ResponseShape => Trial::stop(STOP).answers(1, 200, &json!({"status": "Odd"})),
            Code::ExpectedBody => stopping_with("expect: { body: { status: Failed } }"),
            Code::Eventually => {
                stopping_with("expect: { body: { status: Failed } }, eventually: { within: 1ms, every: 1ms }")
            }
            Code::Consistently => {
                stopping_with("expect: { body: { status: Failed } }, consistently: { for: 1ms, every: 1ms }")
            }
            Code::Control => refusing_its_control(),
            Code::SideEffect => changing_what_is_watched(),
            Code::Snapshot => Trial::stop(STOP).answers(1, 200, &stopping()).snapshot("{}"),
        })
    }

    fn fired_by_what_breaks(code: Code) -> Vec<Code> {
        let of_case = |trial: Trial| trial.judge().findings.iter().map(|finding| finding.code).collect();
        broken(code).map_or_else(fired_by_an_absent_operation, of_case)
    }

    fn fired_by_an_absent_operation() -> Vec<Code> {
        let answer = || Ok(Response { status: 501, body: bytes::Bytes::from_static(b"{}"), ..Response::default() });
        let survey = PresenceResponses {
            sample: answer(),
            unknown_operation: answer(),
            unknown_service: answer(),
            empty_input: answer(),
        };
        let trial = Trial::stop(STOP);
        let service = trial.suite.service("codedeploy").unwrap();
        let operation = service.contract().operation("StopDeployment").unwrap();
        match implementation::presence(service.contract(), operation, service.protocol, &survey) {
            implementation::PresenceDecision::Absent(_) => vec![Code::Implementation],
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_code_fires_at_what_breaks_its_rule() {
        let silent: Vec<Code> =
            Code::ALL.into_iter().filter(|code| !fired_by_what_breaks(*code).contains(code)).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }

    #[test]
    fn nothing_evaluated_is_inconclusive_and_a_right_answer_conforms() {
        assert_eq!(Trial::stop(STOP).verdict(), Verdict::Inconclusive);
        assert_eq!(Trial::stop(STOP).answers(1, 200, &stopping()).verdict(), Verdict::Conforms);
    }

    #[rstest]
    #[case::blocked(CaseEnd::Blocked("no state".to_owned()), Verdict::Blocked)]
    #[case::timed_out(CaseEnd::TimedOut(std::time::Duration::from_secs(1)), Verdict::Inconclusive)]
    #[case::not_applicable(CaseEnd::NotApplicable("one region".to_owned()), Verdict::NotApplicable)]
    #[case::interrupted(CaseEnd::Interrupted, Verdict::Inconclusive)]
    #[case::stopped_without_a_reason(CaseEnd::Stopped, Verdict::Inconclusive)]
    fn how_a_case_ended_decides_where_nothing_deviates(#[case] end: CaseEnd, #[case] verdict: Verdict) {
        assert_eq!(Trial::stop(STOP).answers(1, 200, &stopping()).ended(end).verdict(), verdict);
    }

    #[test]
    fn a_fault_of_the_harness_convicts_nobody_whatever_was_answered() {
        let trial = Trial::stop(THEN_READ).answers(1, 400, &does_not_exist());
        let judgement = trial.ended(CaseEnd::Internal("the harness erred".to_owned())).judge();
        assert_eq!(judgement.verdict(), (Verdict::Inconclusive, "internal error: the harness erred".to_owned()));
        assert!(judgement.is_internal() && judgement.findings.is_empty());
    }

    #[test]
    fn what_deviated_before_a_case_was_blocked_is_not_lost() {
        let trial = Trial::stop(THEN_READ).answers(1, 400, &does_not_exist());
        assert_eq!(trial.ended(CaseEnd::Blocked("later".to_owned())).verdict(), Verdict::Deviates);
    }

    #[rstest]
    #[case::main(&[(Role::Main, Some(Reset))], Verdict::Inconclusive)]
    #[case::control(&[(Role::Main, None), (Role::Control, Some(Closed))], Verdict::Inconclusive)]
    #[case::crowd(&[(Role::Main, Some(Reset)), (Role::Main, None)], Verdict::Inconclusive)]
    fn a_missing_answer_leaves_a_case_open(
        #[case] outcomes: &[(Role, Option<TransportError>)],
        #[case] verdict: Verdict,
    ) {
        let steps = UNKNOWN.replace(" } }", " }, concurrently: 2, control: { deploymentId: d-ABCDEF124 } }");
        let trial = outcomes.iter().fold(Trial::stop(&steps), |trial, (role, error)| match error {
            Some(error) => trial.gets(1, *role, Err(error.clone())),
            None => trial.with(1, *role, 400, does_not_exist().to_string().as_bytes(), |_| {}),
        });
        assert_eq!(trial.verdict(), verdict);
    }

    #[test]
    fn a_closed_connection_conforms_where_it_is_expected() {
        let steps = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 }, expect: { closed: true } }";
        assert_eq!(Trial::stop(steps).gets(1, Role::Main, Err(Closed)).verdict(), Verdict::Conforms);
    }

    #[rstest]
    #[case::by_name(400, r#"{"__type":"UnknownOperationException","message":"m"}"#, "")]
    #[case::by_status(501, r#"{"message":"m"}"#, "")]
    #[case::by_a_page(500, "<html>", "text/html")]
    fn a_neighbour_that_is_not_implemented_blocks_and_convicts_nobody(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: &str,
    ) {
        let trial = Trial::stop(THEN_READ).answers(1, 200, &stopping());
        let trial = trial.with(2, Role::Main, status, body.as_bytes(), |response| {
            if !kind.is_empty() {
                response.headers.set("content-type", kind);
            }
        });
        let trial = trial.ended(CaseEnd::Stopped);
        assert_eq!((trial.findings(), trial.verdict()), (vec![], Verdict::Blocked));
    }

    #[test]
    fn the_operation_under_test_is_convicted_of_calling_itself_unknown() {
        let body = serde_json::json!({"__type": "UnknownOperationException", "message": "m"});
        assert_eq!(Trial::stop(STOP).answers(1, 400, &body).verdict(), Verdict::Deviates);
    }

    #[test]
    fn states_and_cleanups_are_not_judged() {
        let mut trial = Trial::stop(STOP).answers(1, 200, &stopping()).answers(1, 500, &serde_json::json!([]));
        let last = trial.transcript.exchanges.last_mut().unwrap();
        (last.step, last.role) = (0, Role::Teardown);
        assert_eq!((trial.findings(), trial.verdict()), (vec![], Verdict::Conforms));
    }

    #[test]
    fn what_was_evaluated_is_counted_once_a_check_and_a_step() {
        let trial = Trial::stop(THEN_READ).answers(1, 200, &stopping());
        let one = trial.judge();
        let two = trial.answers(2, 200, &serde_json::json!({"deploymentInfo": {}})).judge();
        assert_eq!((one.expectations, two.expectations), (1, 2));
        // Outcome, status, content type, coding and length, request id, JSON and the output's shape.
        assert_eq!((one.checks, two.checks), (8, 16));
        let expect = "expect: { body: { status: Pending } }";
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect} }}");
        let with_body = Trial::stop(&steps).answers(1, 200, &stopping()).judge();
        assert_eq!((with_body.expectations, with_body.checks), (1, 9));
    }

    #[test]
    fn a_finding_says_which_of_the_steps_calls_it_is_about() {
        let steps = UNKNOWN.replace(
            " } }",
            " }, control: { deploymentId: d-ABCDEF124 }, unchanged: [{ call: GetDeployment, input: { deploymentId: d-ABCDEF123 } }] }",
        );
        let roles = [Role::Before(0), Role::Main, Role::Control, Role::After(0)];
        let trial = roles.iter().enumerate().fold(Trial::stop(&steps), |trial, (index, role)| {
            let coding = ["a", "b", "c", "d"][index];
            let (status, body) = match role {
                Role::Before(_) | Role::After(_) => (200, serde_json::json!({"deploymentInfo": {}})),
                _ => (400, does_not_exist()),
            };
            trial.with(1, *role, status, body.to_string().as_bytes(), |r| r.headers.push("content-encoding", coding))
        });
        let found = trial.judge().findings;
        let roles: Vec<(FindingRole, &str)> = found
            .iter()
            .filter(|finding| finding.code == Code::ContentEncoding)
            .map(|finding| (finding.role, finding.actual.as_str()))
            .collect();
        let expected = [
            (FindingRole::Guard, "content-encoding: a"),
            (FindingRole::Step, "content-encoding: b"),
            (FindingRole::Control, "content-encoding: c"),
        ];
        assert_eq!(roles, expected);
    }

    #[test]
    fn a_case_that_stopped_for_a_reason_that_only_noted_is_judged_and_any_other_is_open() {
        let stopped = |trial: Trial| trial.ended(CaseEnd::Stopped).judge().verdict();
        let recorded = Trial::recorded(STOP).answers(1, 400, &does_not_exist());
        assert_eq!(stopped(recorded).0, Verdict::Conforms);
        let earlier = Trial::recorded(THEN_READ).answers(1, 400, &does_not_exist());
        let earlier = earlier.answers(2, 200, &serde_json::json!({"deploymentInfo": {}}));
        let open = (Verdict::Inconclusive, "step 2 did not go as expected, and no check says why".to_owned());
        assert_eq!(stopped(earlier), open);
        let noted = serde_json::json!({"status": "Pending", "statusMessage": null});
        assert_eq!(stopped(Trial::stop(STOP).answers(1, 200, &noted)).0, Verdict::Inconclusive);
    }

    #[test]
    fn a_verdict_gives_its_reason() {
        let reason = |trial: Trial| trial.judge().verdict().1;
        assert_eq!(reason(Trial::stop(STOP)), "nothing was evaluated");
        assert_eq!(reason(Trial::stop(STOP).answers(1, 200, &stopping())), "");
        let refused = || Trial::stop(STOP).answers(1, 400, &does_not_exist());
        let deviates = "expected a success (200), got DeploymentDoesNotExistException (400)";
        assert_eq!(reason(refused()), deviates);
        assert_eq!(reason(refused().ended(CaseEnd::Blocked("x".to_owned()))), deviates);
        assert_eq!(reason(refused().ended(CaseEnd::NotApplicable("one region".to_owned()))), "one region");
        assert_eq!(CaseJudgement::absent("a".to_owned()).verdict(), (Verdict::NotImplemented, "a".to_owned()));
        assert_eq!(CaseJudgement::inconclusive("b".to_owned()).verdict(), (Verdict::Inconclusive, "b".to_owned()));
    }

    #[test]
    fn requirements_that_held_count_as_judged_and_the_alternative_that_held_is_named() {
        let expect = "expect: { any_of: [{ body: { status: Succeeded } }, { body: { status: Pending } }] }";
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect} }}");
        let judgement = Trial::stop(&steps).answers(1, 200, &stopping()).judge();
        assert_eq!(judgement.alternatives, ["step 1: a success (200) with the expected body"]);
        assert!(["SD-12", "SD-13", "SD-17"].iter().all(|id| judgement.judged.contains(*id)), "{:?}", judgement.judged);
        assert!(Trial::stop(STOP).answers(1, 200, &stopping()).judge().alternatives.is_empty());
    }

    #[test]
    fn one_deviation_of_two_steps_is_told_twice_and_of_two_polls_once() {
        let trial = Trial::stop(&format!("{STOP}\n{STOP}")).answers(1, 201, &stopping()).answers(2, 201, &stopping());
        let steps: Vec<usize> =
            trial.judge().findings.iter().filter(|f| f.code == Code::Status).map(|f| f.step).collect();
        assert_eq!(steps, [1, 2]);
    }
}
