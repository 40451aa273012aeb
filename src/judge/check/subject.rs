//! What checks look at: an answer, a step, a case, each with all that is needed to judge it.

use serde_json::Value;

use crate::{
    judge::{
        transcript::{Exchange, Role, Transcript},
        verdict::{Finding, FindingRole, Verdict, severity},
    },
    model::{Operation, PayloadSide, ShapeId, ShapeRule, Violations},
    suite::{
        Alternative, Bindings, Case, Fixtures, Repeat, ServiceFixtures, Step,
        code::Code,
        requirement::{Evidence, Requirement},
    },
    wire::{ParsedResponse, Response, TransportError, json::holds_null},
};

use super::implementation;

/// A whole case.
#[derive(Clone, Copy)]
pub struct CaseSubject<'a> {
    /// The fixtures.
    pub suite: &'a Fixtures,
    /// The case.
    pub case: &'a Case,
    /// What it did.
    pub transcript: &'a Transcript,
    /// The recorded observation.
    pub snapshot: Option<&'a str>,
}

/// A step that was made, with all its exchanges.
pub struct StepSubject<'a> {
    /// The case.
    pub case: CaseSubject<'a>,
    /// The step.
    pub step: &'a Step,
    /// Its number, from 1.
    pub number: usize,
    /// The service that it calls.
    pub service: &'a ServiceFixtures,
    /// The variables that it was made with.
    pub bindings: Bindings,
    /// Its exchanges, each with the answer as the protocol reads it.
    pub exchanges: Vec<(&'a Exchange, Option<ParsedResponse>)>,
}

/// One answer.
#[derive(Clone, Copy)]
pub struct ResponseSubject<'a> {
    /// The step that it belongs to.
    pub step: &'a StepSubject<'a>,
    /// The service that answered.
    pub service: &'a ServiceFixtures,
    /// The operation that was called.
    pub operation: &'a Operation,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The response.
    pub response: &'a Response,
    /// The response as the protocol reads it.
    pub answer: &'a ParsedResponse,
}

/// The ground that a check stands on.
#[derive(Debug, Clone)]
pub struct Ground<'a> {
    /// The best evidence of the requirements.
    pub evidence: Evidence,
    /// The requirements.
    pub cites: Vec<&'a str>,
}

impl<'a> Ground<'a> {
    /// The ground that requirements give; `otherwise` where there is none.
    pub fn of(requirements: impl Iterator<Item = &'a Requirement>, otherwise: Evidence) -> Self {
        let mut best = None;
        let requirements = requirements.inspect(|requirement| {
            best = Some(best.map_or(requirement.evidence, |best: Evidence| best.min(requirement.evidence)));
        });
        let cites = requirements.map(|requirement| &*requirement.id).collect();
        Self { evidence: best.unwrap_or(otherwise), cites }
    }

    /// A finding on this ground.
    #[must_use]
    pub fn finding(
        &self,
        code: Code,
        rule: Option<ShapeRule>,
        step: usize,
        at: &str,
        expected: String,
        actual: String,
    ) -> Finding {
        Finding {
            code,
            rule: rule.map(|rule| rule.name().to_owned()),
            severity: severity(code, rule, self.evidence),
            evidence: self.evidence,
            step,
            role: FindingRole::Step,
            pointer: at.to_owned(),
            expected,
            actual,
            cites: self.cites.iter().map(|id| (*id).to_owned()).collect(),
        }
    }
}

impl<'a> CaseSubject<'a> {
    /// The steps that were made at all.
    pub fn steps(self) -> impl Iterator<Item = StepSubject<'a>> {
        let steps = self.case.scenario.steps.iter().enumerate();
        steps.filter_map(move |(index, step)| {
            let number = index + 1;
            let service = self.suite.service(&step.call.service)?;
            let exchanges: Vec<(&Exchange, Option<ParsedResponse>)> = self
                .transcript
                .of_step(number)
                .map(|exchange| {
                    let protocol = self.suite.service(&exchange.service)?.protocol;
                    Some((exchange, exchange.outcome.as_ref().ok().map(|response| protocol.answer(response))))
                })
                .collect::<Option<_>>()?;
            let made = exchanges.iter().any(|(exchange, _)| exchange.role == Role::Main);
            made.then(|| StepSubject {
                case: self,
                step,
                number,
                service,
                bindings: self.transcript.bindings_at(self.case, number, service.protocol),
                exchanges,
            })
        })
    }
}

impl<'a> StepSubject<'a> {
    /// The step's own exchanges, each with its answer.
    pub fn main(
        &self,
    ) -> impl Iterator<Item = (&'a Exchange, Result<(&'a Response, &ParsedResponse), &'a TransportError>)> {
        self.of_role(Role::Main)
    }

    /// The exchanges of a role, each with its answer.
    pub fn of_role(
        &self,
        role: Role,
    ) -> impl Iterator<Item = (&'a Exchange, Result<(&'a Response, &ParsedResponse), &'a TransportError>)> {
        self.exchanges.iter().filter(move |(exchange, _)| exchange.role == role).filter_map(|(exchange, answer)| {
            let outcome = match (&exchange.outcome, answer) {
                (Ok(response), Some(answer)) => Ok((response, answer)),
                (Err(error), _) => Err(error),
                (Ok(_), None) => return None,
            };
            Some((*exchange, outcome))
        })
    }

    /// Every answer that came.
    pub fn answers(&'a self) -> impl Iterator<Item = ResponseSubject<'a>> {
        self.exchanges.iter().filter_map(move |(exchange, answer)| {
            let service = self.case.suite.service(&exchange.service)?;
            Some(ResponseSubject {
                step: self,
                service,
                operation: service.contract().operation(&exchange.operation)?,
                exchange,
                response: exchange.outcome.as_ref().ok()?,
                answer: answer.as_ref()?,
            })
        })
    }

    /// The ground of what the scenario itself expects.
    #[must_use]
    pub fn ground(&self) -> Ground<'a> {
        let scenario = &self.case.case.scenario;
        Ground { evidence: scenario.evidence, cites: scenario.cites.iter().map(String::as_str).collect() }
    }

    /// Whether the step polls: then only its last answer counts, the earlier ones were too early.
    #[must_use]
    pub fn is_poll(&self) -> bool {
        matches!(self.step.repeat, Repeat::Eventually { .. })
    }

    /// Answers of the step itself that no alternative of its expectation fits in every detail.
    pub fn unexpected(&self) -> impl Iterator<Item = (&'a Response, &ParsedResponse)> {
        let earlier = if self.is_poll() { self.main().count().saturating_sub(1) } else { 0 };
        self.main().skip(earlier).filter_map(|(_, outcome)| {
            let held = self.step.expect.held(outcome, &self.bindings).is_some();
            outcome.ok().filter(|_| !held)
        })
    }

    /// Alternatives of the same kind as an answer: a success for a success, a refusal for a refusal.
    pub fn alternatives_like(&self, answer: &ParsedResponse) -> impl Iterator<Item = &'a Alternative> {
        self.step.expect.alternatives.iter().filter(move |alternative| alternative.is_kind_of(answer))
    }

    /// Which of several alternatives held, in words.
    #[must_use]
    pub fn alternative_held(&self) -> Option<String> {
        let alternatives = &self.step.expect.alternatives;
        let (_, outcome) = self.main().last()?;
        let held = self.step.expect.held(outcome, &self.bindings)?;
        (alternatives.len() > 1).then(|| format!("step {}: {}", self.number, alternatives[held].describe()))
    }

    /// What keeps this step from being judged in full: no answer, an operation beside the one under test that the
    /// endpoint does not have, or a guard that sees nothing.
    #[must_use]
    pub fn obstacle(&self) -> Option<(Verdict, String)> {
        self.unanswered().or_else(|| self.absent_neighbour()).or_else(|| self.blind_guard())
    }

    /// An exchange that got no answer where one is needed. A poll needs only its last one.
    fn unanswered(&self) -> Option<(Verdict, String)> {
        let last = self.main().last().map(|(exchange, _)| exchange);
        let counts = |exchange: &Exchange| {
            exchange.role != Role::Main || !self.is_poll() || last.is_some_and(|last| std::ptr::eq(last, exchange))
        };
        self.exchanges.iter().filter(|(exchange, _)| counts(exchange)).find_map(|(exchange, _)| {
            let error = exchange.outcome.as_ref().err()?;
            let expected = exchange.role == Role::Main && self.step.expect.held(Err(error), &self.bindings).is_some();
            (!expected).then(|| (Verdict::Inconclusive, format!("{}: {error}", exchange.operation)))
        })
    }

    fn absent_neighbour(&self) -> Option<(Verdict, String)> {
        let absent = self.exchanges.iter().find(|(exchange, answer)| self.is_absent(exchange, answer.as_ref()));
        absent.map(|(exchange, _)| (Verdict::Blocked, format!("{} is not implemented", exchange.operation)))
    }

    /// Whether the exchange says that an operation beside the one under test is not there: nothing is judged by it.
    #[must_use]
    pub fn is_absent(&self, exchange: &Exchange, answer: Option<&ParsedResponse>) -> bool {
        let received = exchange.outcome.as_ref().ok().zip(answer);
        exchange.operation != self.case.case.scenario.operation
            && received.is_some_and(|(response, answer)| implementation::plainly_absent(response, answer).is_some())
    }

    /// Whether the step's own call is to an operation beside the one under test that is not there.
    #[must_use]
    pub fn calls_what_is_absent(&self) -> bool {
        self.main().any(|(exchange, outcome)| self.is_absent(exchange, outcome.ok().map(|(_, answer)| answer)))
    }

    fn blind_guard(&self) -> Option<(Verdict, String)> {
        let blind = self.exchanges.iter().find(|(exchange, answer)| {
            matches!(exchange.role, Role::Before(_)) && answer.as_ref().is_some_and(|answer| answer.refusal.is_some())
        });
        let reason = |operation: &str| format!("{operation} was refused before the step: nothing can be compared");
        blind.map(|(exchange, _)| (Verdict::Blocked, reason(&exchange.operation)))
    }
}

impl<'a> ResponseSubject<'a> {
    /// The ground of a check that judges every answer: the requirements that name it, else the protocol's or
    /// the model's word.
    #[must_use]
    pub fn ground(&self, code: Code, otherwise: Evidence) -> Ground<'a> {
        Ground::of(self.service.requirements.judged_by(code, &self.operation.name), otherwise)
    }

    /// The ground of requirement ids that the model cites, as far as they bind this operation.
    #[must_use]
    pub fn ground_of<'s>(&self, ids: impl Iterator<Item = &'s str>) -> Ground<'a> {
        let binds = |requirement: &&Requirement| {
            requirement.operation.as_deref().is_none_or(|bound| bound == self.operation.name)
        };
        let requirements = ids.filter_map(|id| self.service.requirements.get(id)).filter(binds);
        Ground::of(requirements, Evidence::Modelled)
    }

    /// What a body breaks of a shape. A null member is an absent one in the AWS JSON protocols: where the shape
    /// requires it, it is missing.
    #[must_use]
    pub fn violations(&self, shape: &ShapeId, body: &Value) -> Violations {
        let schemas = &self.service.schemas;
        // A schema that does not compile is a defect of the model, which loading it has refused.
        let violations = |body: &Value| schemas.violations(shape, PayloadSide::Output, body).unwrap_or_default();
        let mut found = violations(body);
        if !holds_null(body) {
            return found;
        }
        let without_nulls = schemas.contract().without_null_members(shape, body);
        if without_nulls != *body {
            let missing =
                violations(&without_nulls).into_iter().filter(|violation| violation.rule == ShapeRule::Required);
            let missing: Violations = missing.filter(|violation| !found.contains(violation)).collect();
            let is_missing = |pointer: &str| missing.iter().any(|violation| violation.pointer == pointer);
            found.retain(|violation| violation.rule != ShapeRule::Null || !is_missing(&violation.pointer));
            found.extend(missing);
        }
        found
    }

    /// Whether the request says of itself that it is of this service and its protocol. One that was changed on
    /// purpose may not: then nobody can say in which protocol it must be answered.
    #[must_use]
    pub fn names_its_protocol(&self) -> bool {
        let header = |name: &str| self.exchange.request.headers.get(name).unwrap_or_default();
        let service = self.service.contract().service().id.name();
        let essence = header("content-type").split(';').next().unwrap_or_default().trim();
        let own_target = header("x-amz-target").rsplit_once('.').is_some_and(|(prefix, _)| prefix == service);
        let is_post = self.exchange.request.method == "POST";
        is_post && essence.eq_ignore_ascii_case(self.service.protocol.content_type()) && own_target
    }

    /// The number of the step.
    #[must_use]
    pub fn number(&self) -> usize {
        self.step.number
    }

    /// Whether the answer is the step's own, rather than a guard's or a control's.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.exchange.role == Role::Main
    }
}

#[cfg(test)]
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method of one lifetime is not one of every lifetime"
)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::judge::check::testing::*;

    const INPUT: &str = "input: { deploymentId: d-ABCDEF123 }";

    fn on_answer<R>(trial: &Trial, look: impl FnOnce(&ResponseSubject<'_>) -> R) -> R {
        trial.on_step(|step| look(&step.answers().next().unwrap()))
    }

    /// The evidence of a ground, and what it cites.
    fn told(ground: &Ground<'_>) -> (Evidence, String) {
        (ground.evidence, ground.cites.join(" "))
    }

    fn unknown() -> Value {
        json!({"__type": "UnknownOperationException", "message": "m"})
    }

    #[test]
    fn the_ground_is_the_best_evidence_of_its_requirements() {
        let trial = Trial::stop(STOP);
        let requirements = &trial.suite.service("codedeploy").unwrap().requirements;
        let mut of = [requirements.get("SD-12").unwrap().clone(), requirements.get("SD-14").unwrap().clone()];
        of[0].evidence = Evidence::Recorded;
        of[1].evidence = Evidence::Linked;
        let ground = Ground::of(of.iter(), Evidence::Documented);
        assert_eq!((ground.evidence, ground.cites), (Evidence::Linked, vec!["SD-12", "SD-14"]));
        let none = Ground::of(std::iter::empty(), Evidence::Modelled);
        assert_eq!((none.evidence, none.cites.len()), (Evidence::Modelled, 0));
    }

    #[test]
    fn the_steps_that_were_made_keep_their_numbers() {
        let steps = format!("{STOP}\n{STOP}\n{STOP}");
        let trial = Trial::stop(&steps).answers(2, 200, &stopping()).with(3, Role::Control, 200, b"{}", |_| {});
        let (suite, case, transcript) = (&trial.suite, &trial.case, &trial.transcript);
        let subject = CaseSubject { suite, case, transcript, snapshot: None };
        assert_eq!(subject.steps().map(|step| step.number).collect::<Vec<_>>(), [2]);
        assert_eq!(on_answer(&trial, |answer| (answer.number(), answer.is_main())), (2, true));
    }

    #[test]
    fn exchanges_are_told_apart_by_their_role() {
        let trial = Trial::stop(STOP).with(1, Role::Control, 200, b"{}", |_| {}).answers(1, 200, &stopping());
        let trial = trial.gets(1, Role::Main, Err(TransportError::Reset));
        let outcomes = |role| trial.on_step(|step| step.of_role(role).map(|(_, got)| got.is_ok()).collect::<Vec<_>>());
        assert_eq!(
            (outcomes(Role::Main), outcomes(Role::Control), outcomes(Role::Setup)),
            (vec![true, false], vec![true], vec![])
        );
        let roles = trial.on_step(|step| step.answers().map(|answer| answer.is_main()).collect::<Vec<_>>());
        assert_eq!(roles, [false, true]);
    }

    #[rstest]
    #[case::poll(", eventually: { within: 1s, every: 1s } }", 1)]
    #[case::crowd(", concurrently: 3 }", 2)]
    fn of_a_poll_only_the_last_answer_may_be_unexpected(#[case] form: &str, #[case] count: usize) {
        let trial = Trial::stop(&format!("- {{ call: StopDeployment, {INPUT}{form}"));
        let trial = trial.answers(1, 400, &does_not_exist()).answers(1, 200, &stopping()).answers(1, 201, &stopping());
        assert_eq!(trial.on_step(|step| step.unexpected().count()), count);
        assert_eq!(trial.on_step(|step| step.is_poll()), count == 1);
    }

    #[test]
    fn an_alternative_is_named_only_if_it_held_and_there_were_others() {
        let either = format!(
            "- {{ call: StopDeployment, {INPUT}, expect: {{ any_of: [{{ status: 202 }}, {{ closed: true }}] }} }}"
        );
        let held = |trial: &Trial| trial.on_step(|step| step.alternative_held());
        assert_eq!(
            held(&Trial::stop(&either).answers(1, 202, &stopping())).as_deref(),
            Some("step 1: a success (202)")
        );
        let closed = Trial::stop(&either).gets(1, Role::Main, Err(TransportError::Closed));
        assert_eq!(held(&closed).as_deref(), Some("step 1: a closed connection"));
        assert_eq!(held(&Trial::stop(&either).answers(1, 200, &stopping())), None);
        assert_eq!(held(&Trial::stop(STOP).answers(1, 200, &stopping())), None);
    }

    #[test]
    fn a_poll_needs_an_answer_in_the_end_alone() {
        let poll =
            || Trial::stop(&format!("- {{ call: StopDeployment, {INPUT}, eventually: {{ within: 1s, every: 1s }} }}"));
        let obstacle = |trial: &Trial| trial.on_step(|step| step.obstacle());
        let early = poll().gets(1, Role::Main, Err(TransportError::Reset)).answers(1, 200, &stopping());
        assert_eq!(obstacle(&early), None);
        let late = poll().answers(1, 200, &stopping()).gets(1, Role::Main, Err(TransportError::Reset));
        let reason = "StopDeployment: the peer reset the connection".to_owned();
        assert_eq!(obstacle(&late), Some((Verdict::Inconclusive, reason)));
    }

    #[test]
    fn a_control_that_closes_is_no_answer_even_where_the_step_may_close() {
        let steps = format!(
            "- {{ call: StopDeployment, {INPUT}, expect: {{ closed: true }}, control: {{ deploymentId: d-ABCDEF124 }} }}"
        );
        let closes = |trial: Trial, role| trial.gets(1, role, Err(TransportError::Closed));
        let trial = closes(Trial::stop(&steps), Role::Main);
        assert_eq!(trial.on_step(|step| step.obstacle()), None);
        let trial = closes(trial, Role::Control);
        assert_eq!(trial.on_step(|step| step.obstacle()).map(|(verdict, _)| verdict), Some(Verdict::Inconclusive));
    }

    #[test]
    fn only_an_operation_beside_the_one_under_test_can_be_an_absent_neighbour() {
        let own = Trial::stop(STOP).answers(1, 400, &unknown());
        assert_eq!(own.on_step(|step| (step.obstacle(), step.calls_what_is_absent())), (None, false));
        let other = Trial::stop(&format!("- {{ call: GetDeployment, {INPUT} }}\n{STOP}"));
        let absent = other.answers(1, 400, &unknown());
        let reason = "GetDeployment is not implemented".to_owned();
        let expected = (Some((Verdict::Blocked, reason)), true);
        assert_eq!(absent.on_step(|step| (step.obstacle(), step.calls_what_is_absent())), expected);
    }

    fn guarded(before: (u16, &Value), after: (u16, &Value)) -> Trial {
        let guard = format!("unchanged: [{{ call: GetDeployment, {INPUT} }}]");
        let steps = UNKNOWN.replace(" } }", &format!(" }}, {guard} }}"));
        let add = |trial: Trial, role, (status, body): (u16, &Value)| {
            trial.with(1, role, status, body.to_string().as_bytes(), |_| {})
        };
        let trial = add(Trial::stop(&steps), Role::Before(0), before).answers(1, 200, &stopping());
        add(trial, Role::After(0), after)
    }

    #[test]
    fn a_guard_that_is_absent_or_blind_blocks_and_the_step_is_judged_all_the_same() {
        let (seen, refused) = (json!({"deploymentInfo": {}}), does_not_exist());
        let absent = guarded((400, &unknown()), (400, &unknown()));
        let reason = "GetDeployment is not implemented".to_owned();
        let expected = (Some((Verdict::Blocked, reason)), false);
        assert_eq!(absent.on_step(|step| (step.obstacle(), step.calls_what_is_absent())), expected);
        assert_eq!(absent.findings(), ["error outcome"]);
        let blind = guarded((400, &refused), (400, &refused));
        let reason = "GetDeployment was refused before the step: nothing can be compared".to_owned();
        assert_eq!(blind.on_step(|step| step.obstacle()), Some((Verdict::Blocked, reason)));
        assert_eq!(guarded((200, &seen), (400, &refused)).on_step(|step| step.obstacle()), None);
    }

    #[rstest]
    #[case::own("application/x-amz-json-1.1", "CodeDeploy_20141006.StopDeployment", true)]
    #[case::in_other_letters("Application/X-AMZ-JSON-1.1 ; a=b", "CodeDeploy_20141006.Other", true)]
    #[case::another_version("application/x-amz-json-1.0", "CodeDeploy_20141006.StopDeployment", false)]
    #[case::another_service("application/x-amz-json-1.1", "Other.StopDeployment", false)]
    #[case::nothing("", "", false)]
    fn a_request_names_its_protocol_by_type_and_target(
        #[case] kind: &str,
        #[case] target: &str,
        #[case] names_it: bool,
    ) {
        let trial = Trial::stop(STOP).answers(1, 200, &stopping()).asked(|request| {
            request.headers.set("content-type", kind);
            request.headers.set("x-amz-target", target);
        });
        assert_eq!(on_answer(&trial, |answer| answer.names_its_protocol()), names_it);
    }

    #[test]
    fn a_null_is_a_missing_member_where_it_is_required_and_a_null_elsewhere() {
        let mut body = cancelling();
        body["pipeline"]["arn"] = Value::Null;
        body["pipeline"]["spec"] = Value::Null;
        let mut findings = Trial::cancel(CANCEL).answers(1, 200, &body).findings();
        findings.sort();
        assert_eq!(
            findings,
            ["error response-shape/required /pipeline/arn", "note response-shape/null /pipeline/spec"]
        );
    }

    #[test]
    fn a_requirement_of_another_operation_is_no_ground() {
        let trial = Trial::stop(STOP).answers(1, 200, &stopping());
        let one = on_answer(&trial, |answer| told(&answer.ground_of(["SD-12", "SD-00"].into_iter())));
        assert_eq!(one.1, "SD-12");
        let mut other = Trial::stop(&format!("- {{ call: GetDeployment, {INPUT} }}\n{STOP}"));
        other = other.answers(1, 200, &json!({"deploymentInfo": {}}));
        let bound = on_answer(&other, |answer| told(&answer.ground_of(["SD-12"].into_iter())));
        assert_eq!(bound, (Evidence::Modelled, String::new()));
        let ground = |trial| on_answer(trial, |answer| told(&answer.ground(Code::RequestId, Evidence::Protocol)));
        assert_eq!(ground(&trial), (Evidence::Documented, "SD-40".to_owned()));
        assert_eq!(ground(&other), (Evidence::Protocol, String::new()));
    }
}
