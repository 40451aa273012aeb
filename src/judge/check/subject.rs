//! The subjects of checks: a response, a step, a case, each with everything that is needed to judge it.

mod step_obstacle;

use serde_json::Value;

use super::{Check, CheckBasis};
use crate::{
    judge::{
        transcript::{Exchange, Role, Transcript},
        verdict::{Finding, FindingRole},
    },
    model::{Operation, PayloadSide, ShapeId, ShapeRule, Violations},
    suite::{
        Alternative, Bindings, Case, Fixtures, Repeat, ServiceFixtures, Step,
        requirement::{Evidence, Requirement},
    },
    wire::{ParsedResponse, Response, TransportError, json::holds_null},
};

/// A whole case.
#[derive(Clone, Copy)]
pub struct CaseSubject<'a> {
    /// The fixtures.
    pub suite: &'a Fixtures,
    /// The case.
    pub case: &'a Case,
    /// Its transcript.
    pub transcript: &'a Transcript,
    /// The recorded observation.
    pub snapshot: Option<&'a str>,
}

/// A step that was sent, with all its exchanges.
pub struct StepSubject<'a> {
    /// The case.
    pub case: CaseSubject<'a>,
    /// The step.
    pub step: &'a Step,
    /// Its number, from 1.
    pub number: usize,
    /// The service that it calls.
    pub service: &'a ServiceFixtures,
    /// The variables at the time of sending.
    pub bindings: Bindings,
    /// Its exchanges, each with the response as the protocol reads it.
    pub exchanges: Vec<(&'a Exchange, Option<ParsedResponse>)>,
}

/// One response.
#[derive(Clone, Copy)]
pub struct ResponseSubject<'a> {
    /// The step that it belongs to.
    pub step: &'a StepSubject<'a>,
    /// The service that responded.
    pub service: &'a ServiceFixtures,
    /// The operation that was called.
    pub operation: &'a Operation,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The response.
    pub response: &'a Response,
    /// The response as the protocol reads it.
    pub parsed: &'a ParsedResponse,
}

/// The requirements that a finding rests on, with their evidence.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    /// The best evidence of the requirements.
    pub evidence: Evidence,
    /// The requirements.
    pub cites: Vec<&'a str>,
}

impl<'a> Basis<'a> {
    /// The basis of these requirements; without any, the evidence `otherwise`.
    pub fn of(requirements: impl Iterator<Item = &'a Requirement>, otherwise: Evidence) -> Self {
        let mut best = None;
        let requirements = requirements.inspect(|requirement| {
            best = Some(best.map_or(requirement.evidence, |best: Evidence| best.min(requirement.evidence)));
        });
        let cites = requirements.map(|requirement| &*requirement.id).collect();
        Self { evidence: best.unwrap_or(otherwise), cites }
    }

    /// The basis of a recorded observation.
    #[must_use]
    pub fn recorded() -> Self {
        Self { evidence: Evidence::Recorded, cites: Vec::new() }
    }

    /// A finding of `check` at a JSON pointer into the body; an empty pointer means the whole response.
    #[must_use]
    pub fn finding(
        &self,
        check: &Check,
        step: usize,
        pointer: &str,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Finding {
        Finding {
            code: check.code,
            rule: None,
            severity: check.severity(None, self.evidence),
            evidence: self.evidence,
            step,
            role: FindingRole::Step,
            pointer: pointer.to_owned(),
            expected: expected.into(),
            actual: actual.into(),
            cites: self.cites.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    /// The same for one rule of a check with several.
    #[must_use]
    pub fn finding_of(
        &self,
        check: &Check,
        rule: ShapeRule,
        step: usize,
        pointer: &str,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Finding {
        let severity = check.severity(Some(rule), self.evidence);
        let finding = self.finding(check, step, pointer, expected, actual);
        Finding { rule: Some(rule.name().to_owned()), severity, ..finding }
    }
}

impl<'a> CaseSubject<'a> {
    /// The steps that were sent.
    pub fn steps(self) -> impl Iterator<Item = StepSubject<'a>> {
        let steps = self.case.scenario.steps.iter().enumerate();
        steps.filter_map(move |(index, step)| {
            let number = index + 1;
            let service = self.suite.service(&step.call.service)?;
            let exchanges: Vec<(&Exchange, Option<ParsedResponse>)> = self
                .transcript
                .of_step(number)
                .map(|exchange| {
                    let service = self.suite.service(&exchange.service)?;
                    let parse = |response| service.parse_response(&exchange.operation, response);
                    Some((exchange, exchange.outcome.as_ref().ok().map(parse)))
                })
                .collect::<Option<_>>()?;
            let was_sent = exchanges.iter().any(|(exchange, _)| exchange.role == Role::Main);
            was_sent.then(|| StepSubject {
                case: self,
                step,
                number,
                service,
                bindings: self.transcript.bindings_at(self.case, number, service),
                exchanges,
            })
        })
    }
}

impl<'a> StepSubject<'a> {
    /// The step's own exchanges, each with its response.
    pub fn main(
        &self,
    ) -> impl Iterator<Item = (&'a Exchange, Result<(&'a Response, &ParsedResponse), &'a TransportError>)> {
        self.of_role(Role::Main)
    }

    /// The exchanges of a role, each with its response.
    pub fn of_role(
        &self,
        role: Role,
    ) -> impl Iterator<Item = (&'a Exchange, Result<(&'a Response, &ParsedResponse), &'a TransportError>)> {
        self.exchanges.iter().filter(move |(exchange, _)| exchange.role == role).filter_map(|(exchange, parsed)| {
            let outcome = match (&exchange.outcome, parsed) {
                (Ok(response), Some(parsed)) => Ok((response, parsed)),
                (Err(error), _) => Err(error),
                (Ok(_), None) => return None,
            };
            Some((*exchange, outcome))
        })
    }

    /// Every response of the service.
    pub fn responses(&'a self) -> impl Iterator<Item = ResponseSubject<'a>> {
        self.exchanges.iter().filter_map(move |(exchange, parsed)| {
            let service = self.case.suite.service(&exchange.service)?;
            Some(ResponseSubject {
                step: self,
                service,
                operation: service.contract().operation(&exchange.operation)?,
                exchange,
                response: exchange.outcome.as_ref().ok()?,
                parsed: parsed.as_ref()?,
            })
            .filter(|response| !response.is_of_a_router())
        })
    }

    /// The basis of what the scenario itself expects.
    #[must_use]
    pub fn basis(&self) -> Basis<'a> {
        let scenario = &self.case.case.scenario;
        Basis { evidence: scenario.evidence, cites: scenario.cites.iter().map(String::as_str).collect() }
    }

    /// The step polls, so only its last response counts.
    #[must_use]
    pub fn is_poll(&self) -> bool {
        matches!(self.step.repeat, Repeat::Eventually { .. })
    }

    /// The step's own responses that fit no alternative of its expectation.
    pub fn unexpected(&self) -> impl Iterator<Item = (&'a Response, &ParsedResponse)> {
        let earlier = if self.is_poll() { self.main().count().saturating_sub(1) } else { 0 };
        self.main().skip(earlier).filter_map(|(_, outcome)| {
            let held = self.step.expect.held(outcome, &self.bindings).is_some();
            outcome.ok().filter(|_| !held)
        })
    }

    /// The alternatives of the same kind as the response: success or error.
    pub fn alternatives_like(&self, parsed: &ParsedResponse) -> impl Iterator<Item = &'a Alternative> {
        self.step.expect.alternatives.iter().filter(move |alternative| alternative.is_kind_of(parsed))
    }

    /// The description of the alternative that held, if there were several.
    #[must_use]
    pub fn alternative_held(&self) -> Option<String> {
        let alternatives = &self.step.expect.alternatives;
        let (_, outcome) = self.main().last()?;
        let held = self.step.expect.held(outcome, &self.bindings)?;
        (alternatives.len() > 1).then(|| format!("step {}: {}", self.number, alternatives[held].describe()))
    }
}

impl<'a> ResponseSubject<'a> {
    /// A router rejected another method, path or media type before the service saw the request. No document describes this response.
    fn is_of_a_router(&self) -> bool {
        let changes = self.step.step.call.raw.as_ref().filter(|_| self.exchange.role == Role::Main);
        let (Some(changes), Some(identity)) = (changes, self.parsed.rejection.as_ref()) else { return false };
        let is_unnamed = !identity.is_named();
        match self.response.status {
            404 | 405 => changes.leads_elsewhere() && is_unnamed,
            415 => {
                let is_of_media_type = identity.name.as_deref() == Some("UnsupportedMediaTypeException");
                changes.has_another_media_type() && (is_unnamed || is_of_media_type)
            }
            _ => false,
        }
    }

    /// The basis of a check's findings on this response.
    #[must_use]
    pub fn basis(&self, check: &Check) -> Basis<'a> {
        match check.basis {
            CheckBasis::Scenario => self.step.basis(),
            CheckBasis::Requirements { otherwise } => self.basis_or(check, otherwise),
            CheckBasis::Snapshot => Basis::recorded(),
        }
    }

    /// The basis of the requirements that name the check; without any, the evidence `otherwise`.
    #[must_use]
    pub fn basis_or(&self, check: &Check, otherwise: Evidence) -> Basis<'a> {
        Basis::of(self.service.requirements.judged_by(check.code.name(), &self.operation.name), otherwise)
    }

    /// The basis of requirement IDs that the model cites, as far as they bind this operation.
    #[must_use]
    pub fn basis_of<'s>(&self, ids: impl Iterator<Item = &'s str>) -> Basis<'a> {
        let binds = |requirement: &&Requirement| {
            requirement.operation.as_deref().is_none_or(|bound| bound == self.operation.name)
        };
        let requirements = ids.filter_map(|id| self.service.requirements.get(id)).filter(binds);
        Basis::of(requirements, Evidence::Modelled)
    }

    /// The rules of a shape that a body violates. The AWS JSON protocols treat a null member as absent: if the shape
    /// requires it, it is missing.
    #[must_use]
    pub fn violations(&self, shape: &ShapeId, body: &Value) -> Violations {
        let schemas = &self.service.schemas;
        // Loading a model rejects schemas that do not compile.
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

    /// The request names this service and its protocol. Otherwise, as in a request that was changed on purpose, the
    /// protocol of the response is undefined.
    #[must_use]
    pub fn names_its_protocol(&self) -> bool {
        self.service.protocol.is_claimed(self.service.contract(), &self.exchange.request)
    }

    /// The number of the step.
    #[must_use]
    pub fn number(&self) -> usize {
        self.step.number
    }

    /// The response is to the step's own call, not to a guard or a control.
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
    use crate::judge::check::{request_id, testing::*};

    const INPUT: &str = "input: { deploymentId: d-ABCDEF123 }";

    fn on_response<R>(trial: &Trial, look: impl FnOnce(&ResponseSubject<'_>) -> R) -> R {
        trial.on_step(|step| look(&step.responses().next().unwrap()))
    }

    /// The evidence of a basis, and the requirements that it cites.
    fn cited(basis: &Basis<'_>) -> (Evidence, String) {
        (basis.evidence, basis.cites.join(" "))
    }

    #[test]
    fn the_basis_is_the_best_evidence_of_its_requirements() {
        let trial = Trial::stop(STOP);
        let requirements = &trial.suite.service("codedeploy").unwrap().requirements;
        let mut of = [requirements.get("SD-12").unwrap().clone(), requirements.get("SD-14").unwrap().clone()];
        of[0].evidence = Evidence::Recorded;
        of[1].evidence = Evidence::Linked;
        let basis = Basis::of(of.iter(), Evidence::Documented);
        assert_eq!((basis.evidence, basis.cites), (Evidence::Linked, vec!["SD-12", "SD-14"]));
        let none = Basis::of(std::iter::empty(), Evidence::Modelled);
        assert_eq!((none.evidence, none.cites.len()), (Evidence::Modelled, 0));
    }

    #[test]
    fn the_steps_that_were_made_keep_their_numbers() {
        let steps = format!("{STOP}\n{STOP}\n{STOP}");
        let trial = Trial::stop(&steps).responds(2, 200, &stopping()).with(3, Role::Control, 200, b"{}", |_| {});
        let (suite, case, transcript) = (&trial.suite, &trial.case, &trial.transcript);
        let subject = CaseSubject { suite, case, transcript, snapshot: None };
        assert_eq!(subject.steps().map(|step| step.number).collect::<Vec<_>>(), [2]);
        assert_eq!(on_response(&trial, |response| (response.number(), response.is_main())), (2, true));
    }

    #[test]
    fn exchanges_are_distinguished_by_their_role() {
        let trial = Trial::stop(STOP).with(1, Role::Control, 200, b"{}", |_| {}).responds(1, 200, &stopping());
        let trial = trial.gets(1, Role::Main, Err(TransportError::Reset));
        let outcomes = |role| trial.on_step(|step| step.of_role(role).map(|(_, got)| got.is_ok()).collect::<Vec<_>>());
        assert_eq!(
            (outcomes(Role::Main), outcomes(Role::Control), outcomes(Role::Setup)),
            (vec![true, false], vec![true], vec![])
        );
        let roles = trial.on_step(|step| step.responses().map(|response| response.is_main()).collect::<Vec<_>>());
        assert_eq!(roles, [false, true]);
    }

    #[rstest]
    #[case::poll(", eventually: { within: 1s, every: 1s } }", 1)]
    #[case::crowd(", concurrently: 3 }", 2)]
    fn of_a_poll_only_the_last_response_may_be_unexpected(#[case] form: &str, #[case] count: usize) {
        let trial = Trial::stop(&format!("- {{ call: StopDeployment, {INPUT}{form}"));
        let trial =
            trial.responds(1, 400, &does_not_exist()).responds(1, 200, &stopping()).responds(1, 201, &stopping());
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
            held(&Trial::stop(&either).responds(1, 202, &stopping())).as_deref(),
            Some("step 1: a success (202)")
        );
        let closed = Trial::stop(&either).gets(1, Role::Main, Err(TransportError::Closed));
        assert_eq!(held(&closed).as_deref(), Some("step 1: a closed connection"));
        assert_eq!(held(&Trial::stop(&either).responds(1, 200, &stopping())), None);
        assert_eq!(held(&Trial::stop(STOP).responds(1, 200, &stopping())), None);
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
        let trial = Trial::stop(STOP).responds(1, 200, &stopping()).sent(|request| {
            request.headers.set("content-type", kind);
            request.headers.set("x-amz-target", target);
        });
        assert_eq!(on_response(&trial, |response| response.names_its_protocol()), names_it);
    }

    #[test]
    fn a_null_is_a_missing_member_where_it_is_required_and_a_null_elsewhere() {
        let mut body = cancelling();
        body["pipeline"]["arn"] = Value::Null;
        body["pipeline"]["spec"] = Value::Null;
        let mut findings = Trial::cancel(CANCEL).responds(1, 200, &body).findings();
        findings.sort();
        assert_eq!(
            findings,
            ["error response-shape/required /pipeline/arn", "note response-shape/null /pipeline/spec"]
        );
    }

    #[test]
    fn a_requirement_of_another_operation_does_not_count() {
        let trial = Trial::stop(STOP).responds(1, 200, &stopping());
        let one = on_response(&trial, |response| cited(&response.basis_of(["SD-12", "SD-00"].into_iter())));
        assert_eq!(one.1, "SD-12");
        let mut other = Trial::stop(&format!("- {{ call: GetDeployment, {INPUT} }}\n{STOP}"));
        other = other.responds(1, 200, &json!({"deploymentInfo": {}}));
        let bound = on_response(&other, |response| cited(&response.basis_of(["SD-12"].into_iter())));
        assert_eq!(bound, (Evidence::Modelled, String::new()));
        let basis = |trial| on_response(trial, |response| cited(&response.basis(&request_id::CHECK)));
        assert_eq!(basis(&trial), (Evidence::Documented, "SD-40".to_owned()));
        assert_eq!(basis(&other), (Evidence::Protocol, String::new()));
    }
}
