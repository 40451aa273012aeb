//! The judgement of a case: what its checks found, and what kept them from it.

use std::collections::BTreeSet;

use super::{CHECKS, CaseSubject, CheckScope, Checked, ResponseSubject, StepSubject, outcome, server_error};
use crate::{
    judge::{
        code::Code,
        obstacle::Obstacle,
        transcript::{CaseEnd, Role, Transcript},
        verdict::{Finding, FindingRole, Severity, Verdict},
    },
    suite::{Case, CaseStanding, Fixtures, requirement::Evidence},
};

/// The judgement of one case, without the checks of the run as a whole.
#[derive(Debug, Clone, Default)]
pub struct CaseJudgement {
    /// The findings, in the order of the steps and checks.
    pub findings: Vec<Finding>,
    /// The number of checks that were evaluated.
    pub checks: usize,
    /// The number of steps whose own expectation was evaluated.
    pub expectations: usize,
    /// The requirements that checks judged.
    pub judged: BTreeSet<String>,
    /// For each step with several alternatives, the one that held.
    pub alternatives: Vec<String>,
    /// The errors of the responses to its steps, each with its status, such as `ValidationException (400)`.
    pub errors: BTreeSet<String>,
    obstacle: Option<Obstacle>,
}

impl CaseJudgement {
    /// The judgement of a case that was not run, or in which the harness failed.
    #[must_use]
    pub fn obstructed(obstacle: Obstacle) -> Self {
        Self { obstacle: Some(obstacle), ..Self::default() }
    }

    /// The verdict, and its reason; empty if the case conforms.
    #[must_use]
    pub fn verdict(&self) -> (Verdict, String) {
        let because = |obstacle: &Obstacle| (obstacle.verdict(), obstacle.to_string());
        let worst = self.findings.iter().find(|finding| finding.severity == Severity::Error);
        match (&self.obstacle, worst) {
            (Some(obstacle), _) if obstacle.outweighs_findings() => because(obstacle),
            (_, Some(finding)) => (Verdict::Deviates, format!("expected {}, got {}", finding.expected, finding.actual)),
            (Some(obstacle), None) => because(obstacle),
            (None, None) if self.expectations == 0 => because(&Obstacle::NothingEvaluated),
            (None, None) => (Verdict::Conforms, String::new()),
        }
    }

    /// The harness itself failed.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        matches!(self.obstacle, Some(Obstacle::Internal(_)))
    }

    fn step(&mut self, step: &StepSubject<'_>) {
        self.obstacle = self.obstacle.take().or_else(|| step.obstacle());
        let is_judged = |response: &ResponseSubject<'_>| {
            response.parsed.limit.is_none() && !step.is_absent(response.exchange, Some(response.parsed))
        };
        let (crashes, responses): (Vec<_>, Vec<_>) =
            step.responses().filter(is_judged).partition(server_error::is_crash);
        let of_step = responses.iter().filter(|response| response.exchange.role == Role::Main);
        self.errors.extend(of_step.filter_map(error));
        for check in CHECKS {
            match check.look {
                CheckScope::Response(look) => {
                    // A crash says nothing about the response that it took the place of.
                    let crashes = crashes.iter().filter(|_| check.code == Code::SERVER_ERROR);
                    for response in responses.iter().chain(crashes) {
                        let mut checked = look(response);
                        checked.findings.iter_mut().for_each(|finding| finding.role = role(response.exchange.role));
                        self.enter(checked);
                    }
                }
                CheckScope::Step(_) if step.has_no_judgement() => {}
                CheckScope::Step(look) => {
                    let checked = look(step);
                    self.expectations += usize::from(checked.evaluated && check.code == Code::OUTCOME);
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
        for finding in checked.findings.into_iter().map(shortened) {
            // Polls and concurrent calls repeat a deviation with different values; one finding is enough.
            let known = |earlier: &Finding| Finding { actual: finding.actual.clone(), ..earlier.clone() } == finding;
            let severity = finding.severity;
            let is_full = self.findings.iter().filter(|earlier| earlier.severity == severity).count() >= MOST_FINDINGS;
            if !is_full && !self.findings.iter().any(known) {
                self.findings.push(finding);
            }
        }
    }
}

/// The error of a response with its status.
fn error(response: &ResponseSubject<'_>) -> Option<String> {
    let name: String = response.parsed.error()?.chars().take(LONGEST_NAME).collect();
    Some(format!("{name} ({})", response.response.status))
}

/// The maximum number of findings of one severity in a case. A response with more has one fault many times.
const MOST_FINDINGS: usize = 100;

/// The maximum length of the name of an error, in characters.
const LONGEST_NAME: usize = 200;

/// The maximum length of a text in a finding, in characters.
const LONGEST_TEXT: usize = 2000;

/// A finding without texts of any length from a response.
fn shortened(mut finding: Finding) -> Finding {
    for text in [&mut finding.pointer, &mut finding.expected, &mut finding.actual] {
        if let Some((end, _)) = text.char_indices().nth(LONGEST_TEXT) {
            text.truncate(end);
            text.push('…');
        }
    }
    finding
}

/// Judges one case by its transcript. `snapshot` is the recorded observation, if there is one.
#[must_use]
pub fn judge(suite: &Fixtures, case: &Case, transcript: &Transcript, snapshot: Option<&str>) -> CaseJudgement {
    let obstacle = obstacle(&transcript.end);
    if let Some(internal @ Obstacle::Internal(_)) = obstacle {
        return CaseJudgement::obstructed(internal);
    }
    let mut judgement = CaseJudgement { obstacle, ..CaseJudgement::default() };
    let subject = CaseSubject { suite, case, transcript, snapshot };
    for step in subject.steps() {
        judgement.step(&step);
    }
    judgement.obstacle = judgement.obstacle.take().or_else(|| rejected_control(&subject));
    judgement.obstacle = judgement.obstacle.take().or_else(|| unexplained(case, transcript, &judgement.findings));
    for check in CHECKS {
        if let CheckScope::Case(look) = check.look {
            judgement.enter(look(&subject));
        }
    }
    judgement
}

fn role(of: Role) -> FindingRole {
    match of {
        Role::EarlyControl | Role::Control => FindingRole::Control,
        Role::Before(_) | Role::After(_) => FindingRole::Guard,
        Role::Main | Role::Question | Role::Setup | Role::Teardown => FindingRole::Step,
    }
}

/// The obstacle that the end of the transcript states.
fn obstacle(end: &CaseEnd) -> Option<Obstacle> {
    match end {
        CaseEnd::Complete | CaseEnd::Stopped => None,
        CaseEnd::Internal(fault) => Some(Obstacle::Internal(fault.clone())),
        CaseEnd::Blocked(reason) => Some(Obstacle::Unprepared(reason.clone())),
        CaseEnd::TimedOut(limit) => Some(Obstacle::TimedOut(*limit)),
        CaseEnd::NotApplicable(reason) => Some(Obstacle::NotApplicable(reason.clone())),
        CaseEnd::Interrupted => Some(Obstacle::Interrupted),
        CaseEnd::Abandoned(reason) => Some(Obstacle::NotRun(reason.clone())),
    }
}

/// A control whose valid input was rejected. No case can rest on it, but it is not a deviation: a model does not state
/// everything that a service requires of an input.
fn rejected_control(subject: &CaseSubject<'_>) -> Option<Obstacle> {
    if subject.case.scenario.standing != CaseStanding::Control || subject.transcript.end != CaseEnd::Stopped {
        return None;
    }
    let step = subject.steps().last()?;
    let (_, outcome) = step.main().last()?;
    let (response, parsed) = outcome.ok()?;
    let message = parsed.rejection.as_ref().and_then(|identity| identity.message.as_deref()).unwrap_or_default();
    Some(Obstacle::ControlRejected {
        response: outcome::describe(response.status, parsed),
        message: message.chars().take(LONGEST_MESSAGE).collect(),
    })
}

/// The number of characters of an endpoint's message that a reason shows.
const LONGEST_MESSAGE: usize = 160;

/// A case that stopped at a step without a finding must not count as judged to its end.
fn unexplained(case: &Case, transcript: &Transcript, findings: &[Finding]) -> Option<Obstacle> {
    if transcript.end != CaseEnd::Stopped {
        return None;
    }
    let step = transcript.exchanges.iter().map(|exchange| exchange.step).max().unwrap_or_default();
    let of_step = || findings.iter().filter(|finding| finding.step == step);
    if of_step().any(|finding| finding.severity == Severity::Error) {
        return None;
    }
    let is_unstated = of_step().any(|finding| finding.evidence >= Evidence::Inferred);
    match (is_unstated, &case.scenario.standing) {
        (false, _) => Some(Obstacle::Unexplained(step)),
        (true, CaseStanding::Free) => Some(Obstacle::NotAsRecorded(step)),
        // A probe expects what no document states: a service may accept less than its model.
        (true, CaseStanding::Control | CaseStanding::Controlled(_) | CaseStanding::Prepared) => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{
        judge::check::testing::*,
        wire::TransportError::{self, Closed, Reset},
    };

    const THEN_READ: &str = "- { call: StopDeployment, input: { deploymentId: d-ABCDEF123 } }\n- { call: GetDeployment, input: { deploymentId: d-ABCDEF123 } }";

    #[test]
    fn nothing_evaluated_is_inconclusive_and_a_right_response_conforms() {
        assert_eq!(Trial::stop(STOP).verdict(), Verdict::Inconclusive);
        assert_eq!(Trial::stop(STOP).responds(1, 200, &stopping()).verdict(), Verdict::Conforms);
    }

    #[rstest]
    #[case::blocked(CaseEnd::Blocked("no state".to_owned()), Verdict::Blocked)]
    #[case::timed_out(CaseEnd::TimedOut(std::time::Duration::from_secs(1)), Verdict::Inconclusive)]
    #[case::not_applicable(CaseEnd::NotApplicable("one region".to_owned()), Verdict::NotApplicable)]
    #[case::interrupted(CaseEnd::Interrupted, Verdict::Inconclusive)]
    #[case::stopped_without_a_reason(CaseEnd::Stopped, Verdict::Inconclusive)]
    fn how_a_case_ended_decides_where_nothing_deviates(#[case] end: CaseEnd, #[case] verdict: Verdict) {
        assert_eq!(Trial::stop(STOP).responds(1, 200, &stopping()).ended(end).verdict(), verdict);
    }

    #[test]
    fn a_fault_of_the_harness_is_no_deviation_whatever_the_response() {
        let trial = Trial::stop(THEN_READ).responds(1, 400, &does_not_exist());
        let judgement = trial.ended(CaseEnd::Internal("the harness erred".to_owned())).judge();
        assert_eq!(judgement.verdict(), (Verdict::Inconclusive, "internal error: the harness erred".to_owned()));
        assert!(judgement.is_internal() && judgement.findings.is_empty());
    }

    #[test]
    fn deviations_before_a_case_was_blocked_are_kept() {
        let trial = Trial::stop(THEN_READ).responds(1, 400, &does_not_exist());
        assert_eq!(trial.ended(CaseEnd::Blocked("later".to_owned())).verdict(), Verdict::Deviates);
    }

    #[rstest]
    #[case::main(&[(Role::Main, Some(Reset))], Verdict::Inconclusive)]
    #[case::control(&[(Role::Main, None), (Role::Control, Some(Closed))], Verdict::Inconclusive)]
    #[case::crowd(&[(Role::Main, Some(Reset)), (Role::Main, None)], Verdict::Inconclusive)]
    fn a_missing_response_leaves_a_case_open(
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
    fn a_neighbor_that_is_not_implemented_blocks_and_is_no_deviation(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: &str,
    ) {
        let trial = Trial::stop(THEN_READ).responds(1, 200, &stopping());
        let trial = trial.with(2, Role::Main, status, body.as_bytes(), |response| {
            if !kind.is_empty() {
                response.headers.set("content-type", kind);
            }
        });
        let trial = trial.ended(CaseEnd::Stopped);
        assert_eq!((trial.findings(), trial.verdict()), (vec![], Verdict::Blocked));
    }

    #[rstest]
    #[case::deep_error(400, "[".repeat(1000) + &"]".repeat(1000), "JSON with more than 256 levels of nesting")]
    #[case::deepest(200, "[".repeat(100_000) + &"]".repeat(100_000), "JSON with more than 256 levels of nesting")]
    #[case::surrogate(200, r#"{"status":"\ud800"}"#.to_owned(), "an escaped surrogate that is not one of a pair")]
    fn valid_json_that_is_not_supported_is_inconclusive_without_findings(
        #[case] status: u16,
        #[case] body: String,
        #[case] reason: &str,
    ) {
        let trial = Trial::stop(STOP).with(1, Role::Main, status, body.as_bytes(), |_| {}).ended(CaseEnd::Stopped);
        let (verdict, actual) = trial.judge().verdict();
        assert!(trial.findings().is_empty() && actual.contains(reason), "{:?}: {actual}", trial.findings());
        assert_eq!(verdict, Verdict::Inconclusive);
    }

    #[rstest]
    #[case::nesting(&format!(r#"{{"status":"Pending","more":{}{}}}"#, "[".repeat(200), "]".repeat(200)))]
    #[case::beyond_a_double(r#"{"status":"Pending","more":1e400}"#)]
    fn valid_json_conforms(#[case] body: &str) {
        let trial = Trial::stop(STOP).with(1, Role::Main, 200, body.as_bytes(), |_| {});
        assert!(!trial.findings().iter().any(|finding| finding.contains("body-format")), "{:?}", trial.findings());
        assert_eq!(trial.verdict(), Verdict::Conforms);
    }

    #[test]
    fn an_operation_under_test_that_calls_itself_unknown_deviates() {
        let body = serde_json::json!({"__type": "UnknownOperationException", "message": "m"});
        assert_eq!(Trial::stop(STOP).responds(1, 400, &body).verdict(), Verdict::Deviates);
    }

    #[test]
    fn states_and_cleanups_are_not_judged() {
        let mut trial = Trial::stop(STOP).responds(1, 200, &stopping()).responds(1, 500, &serde_json::json!([]));
        let last = trial.transcript.exchanges.last_mut().unwrap();
        (last.step, last.role) = (0, Role::Teardown);
        assert_eq!((trial.findings(), trial.verdict()), (vec![], Verdict::Conforms));
    }

    #[test]
    fn evaluations_are_counted_once_per_check_and_step() {
        let trial = Trial::stop(THEN_READ).responds(1, 200, &stopping());
        let one = trial.judge();
        let two = trial.responds(2, 200, &serde_json::json!({"deploymentInfo": {}})).judge();
        assert_eq!((one.expectations, two.expectations), (1, 2));
        // Outcome, status, content type, coding and length, request id, JSON and the output's shape.
        assert_eq!((one.checks, two.checks), (8, 16));
        let expect = "expect: { body: { status: Pending } }";
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect} }}");
        let with_body = Trial::stop(&steps).responds(1, 200, &stopping()).judge();
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
            .filter(|finding| finding.code == Code::CONTENT_ENCODING)
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
    fn findings_are_limited_in_number_and_length() {
        let finding = |number: usize, severity| Finding {
            pointer: format!("/{number}{}", "x".repeat(5000)),
            severity,
            ..Trial::stop(STOP).responds(1, 400, &does_not_exist()).judge().findings.remove(0)
        };
        let notes = (0..2 * MOST_FINDINGS).map(|number| finding(number, Severity::Note));
        let findings = notes.chain([finding(0, Severity::Error)]).collect();
        let mut judgement = CaseJudgement::default();
        judgement.enter(Checked::with(Vec::new(), findings));
        assert_eq!((judgement.findings.len(), judgement.verdict().0), (MOST_FINDINGS + 1, Verdict::Deviates));
        assert!(judgement.findings.iter().all(|finding| finding.pointer.chars().count() == LONGEST_TEXT + 1));
    }

    #[test]
    fn a_case_that_stopped_without_an_error_is_open() {
        let stopped = |trial: Trial| trial.ended(CaseEnd::Stopped).judge().verdict();
        let recorded = Trial::recorded(STOP).responds(1, 400, &does_not_exist());
        let undocumented = "step 1 did not go as recorded from AWS, and no document says how it goes";
        assert_eq!(stopped(recorded), (Verdict::Inconclusive, undocumented.to_owned()));
        let earlier = Trial::recorded(THEN_READ).responds(1, 400, &does_not_exist());
        let earlier = earlier.responds(2, 200, &serde_json::json!({"deploymentInfo": {}}));
        let open = (Verdict::Inconclusive, "step 2 did not go as expected, and no check found out why".to_owned());
        assert_eq!(stopped(earlier), open);
        let noted = serde_json::json!({"status": "Pending", "statusMessage": null});
        assert_eq!(stopped(Trial::stop(STOP).responds(1, 200, &noted)).0, Verdict::Inconclusive);
    }

    #[test]
    fn a_verdict_gives_its_reason() {
        let reason = |trial: Trial| trial.judge().verdict().1;
        assert_eq!(reason(Trial::stop(STOP)), "nothing was evaluated");
        assert_eq!(reason(Trial::stop(STOP).responds(1, 200, &stopping())), "");
        let rejected = || Trial::stop(STOP).responds(1, 400, &does_not_exist());
        let deviates = "expected a success (200), got DeploymentDoesNotExistException (400)";
        assert_eq!(reason(rejected()), deviates);
        assert_eq!(reason(rejected().ended(CaseEnd::Blocked("x".to_owned()))), deviates);
        assert_eq!(reason(rejected().ended(CaseEnd::NotApplicable("one region".to_owned()))), "one region");
        let absent = Obstacle::NotImplemented { operation: "Op".to_owned(), reason: "a".to_owned() };
        let verdict = |obstacle| CaseJudgement::obstructed(obstacle).verdict();
        assert_eq!(verdict(absent), (Verdict::NotImplemented, "Op: a".to_owned()));
        assert_eq!(verdict(Obstacle::NotRun("b".to_owned())), (Verdict::Inconclusive, "b".to_owned()));
    }

    #[test]
    fn requirements_that_held_count_as_judged_and_the_alternative_that_held_is_named() {
        let expect = "expect: { any_of: [{ body: { status: Succeeded } }, { body: { status: Pending } }] }";
        let steps = format!("- {{ call: StopDeployment, input: {{ deploymentId: d-ABCDEF123 }}, {expect} }}");
        let judgement = Trial::stop(&steps).responds(1, 200, &stopping()).judge();
        assert_eq!(judgement.alternatives, ["step 1: a success (200) with the expected body"]);
        assert!(["SD-12", "SD-13", "SD-17"].iter().all(|id| judgement.judged.contains(*id)), "{:?}", judgement.judged);
        assert!(Trial::stop(STOP).responds(1, 200, &stopping()).judge().alternatives.is_empty());
    }

    #[test]
    fn one_deviation_of_two_steps_is_reported_twice() {
        let trial = Trial::stop(&format!("{STOP}\n{STOP}")).responds(1, 201, &stopping()).responds(2, 201, &stopping());
        let steps: Vec<usize> =
            trial.judge().findings.iter().filter(|f| f.code == Code::STATUS).map(|f| f.step).collect();
        assert_eq!(steps, [1, 2]);
    }
}
