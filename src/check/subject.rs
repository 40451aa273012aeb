//! What checks look at: an answer, a step, a case, each with all that is needed to judge it.

use serde_json::Value;

use crate::{
    code::Code,
    contract::{Operation, Rule, ShapeId, Side, Violations},
    observe::Observation,
    scenario::{Alternative, Bindings, Case, Repeat, ServiceSuite, Step, Suite},
    statement::{Evidence, Statement},
    transcript::{Exchange, Role, Transcript},
    verdict::{Finding, FindingRole, Verdict, severity},
    wire::{Answer, Response, TransportError},
};

use super::implementation;

/// A whole case.
#[derive(Clone, Copy)]
pub struct CaseSubject<'a> {
    /// The fixtures.
    pub suite: &'a Suite,
    /// The case.
    pub case: &'a Case,
    /// What it did.
    pub transcript: &'a Transcript,
    /// The same, redacted.
    pub observation: &'a Observation,
    /// The recorded observation.
    pub golden: Option<&'a str>,
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
    pub service: &'a ServiceSuite,
    /// The variables that it was made with.
    pub bindings: Bindings,
    /// Its exchanges, each with the answer as the protocol reads it.
    pub exchanges: Vec<(&'a Exchange, Option<Answer>)>,
}

/// One answer.
#[derive(Clone, Copy)]
pub struct AnswerSubject<'a> {
    /// The step that it belongs to.
    pub step: &'a StepSubject<'a>,
    /// The service that answered.
    pub service: &'a ServiceSuite,
    /// The operation that was called.
    pub operation: &'a Operation,
    /// The exchange.
    pub exchange: &'a Exchange,
    /// The response.
    pub response: &'a Response,
    /// The response as the protocol reads it.
    pub answer: &'a Answer,
}

/// The ground that a check stands on.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The best evidence of the statements.
    pub evidence: Evidence,
    /// The statements.
    pub cites: Vec<String>,
}

impl Ground {
    /// The ground that statements give; `otherwise` where there is none.
    pub fn of<'s>(statements: impl Iterator<Item = &'s Statement>, otherwise: Evidence) -> Self {
        let statements: Vec<&Statement> = statements.collect();
        let evidence = statements.iter().map(|statement| statement.evidence).min().unwrap_or(otherwise);
        Self { evidence, cites: statements.into_iter().map(|statement| statement.id.clone()).collect() }
    }

    /// A finding on this ground.
    #[must_use]
    pub fn finding(
        &self,
        code: Code,
        rule: Option<Rule>,
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
            cites: self.cites.clone(),
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
            let exchanges: Vec<(&Exchange, Option<Answer>)> = self
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
    pub fn main(&self) -> impl Iterator<Item = (&'a Exchange, Result<(&'a Response, &Answer), &'a TransportError>)> {
        self.of_role(Role::Main)
    }

    /// The exchanges of a role, each with its answer.
    pub fn of_role(
        &self,
        role: Role,
    ) -> impl Iterator<Item = (&'a Exchange, Result<(&'a Response, &Answer), &'a TransportError>)> {
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
    pub fn answers(&'a self) -> impl Iterator<Item = AnswerSubject<'a>> {
        self.exchanges.iter().filter_map(move |(exchange, answer)| {
            let service = self.case.suite.service(&exchange.service)?;
            Some(AnswerSubject {
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
    pub fn ground(&self) -> Ground {
        let scenario = &self.case.case.scenario;
        Ground { evidence: scenario.evidence, cites: scenario.cites.clone() }
    }

    /// Whether the step polls: then only its last answer counts, the earlier ones were too early.
    #[must_use]
    pub fn is_poll(&self) -> bool {
        matches!(self.step.repeat, Repeat::Eventually { .. })
    }

    /// Answers of the step itself that no alternative of its expectation fits in every detail.
    pub fn unexpected(&self) -> impl Iterator<Item = (&'a Response, &Answer)> {
        let earlier = if self.is_poll() { self.main().count().saturating_sub(1) } else { 0 };
        self.main().skip(earlier).filter_map(|(_, outcome)| {
            let held = self.step.expect.held(outcome, &self.bindings).is_some();
            outcome.ok().filter(|_| !held)
        })
    }

    /// Alternatives of the same kind as an answer: a success for a success, a refusal for a refusal.
    pub fn alternatives_like(&self, answer: &Answer) -> impl Iterator<Item = &'a Alternative> {
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
    pub fn is_absent(&self, exchange: &Exchange, answer: Option<&Answer>) -> bool {
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

impl AnswerSubject<'_> {
    /// The ground of a check that judges every answer: the statements that name it, else the protocol's or
    /// the model's word.
    #[must_use]
    pub fn ground(&self, code: Code, otherwise: Evidence) -> Ground {
        Ground::of(self.service.statements.judged_by(code, &self.operation.name), otherwise)
    }

    /// The ground of statement ids that the model cites, as far as they bind this operation.
    #[must_use]
    pub fn ground_of(&self, ids: &[String]) -> Ground {
        let binds =
            |statement: &&Statement| statement.operation.as_deref().is_none_or(|bound| bound == self.operation.name);
        let statements = ids.iter().filter_map(|id| self.service.statements.get(id)).filter(binds);
        Ground::of(statements, Evidence::Modelled)
    }

    /// What a body breaks of a shape. A null member is an absent one in the AWS JSON protocols: where the shape
    /// requires it, it is missing.
    #[must_use]
    pub fn violations(&self, shape: &ShapeId, body: &Value) -> Violations {
        let schemas = &self.service.schemas;
        // A schema that does not compile is a defect of the model, which loading it has refused.
        let violations = |body: &Value| schemas.violations(shape, Side::Output, body).unwrap_or_default();
        let mut found = violations(body);
        let without_nulls = schemas.contract().without_null_members(shape, body);
        if without_nulls != *body {
            let missing = violations(&without_nulls).into_iter().filter(|violation| violation.rule == Rule::Required);
            let missing: Violations = missing.filter(|violation| !found.contains(violation)).collect();
            let is_missing = |pointer: &str| missing.iter().any(|violation| violation.pointer == pointer);
            found.retain(|violation| violation.rule != Rule::Null || !is_missing(&violation.pointer));
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
        let own_target = header("x-amz-target").split('.').next() == Some(service);
        essence.eq_ignore_ascii_case(self.service.protocol.content_type()) && own_target
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
