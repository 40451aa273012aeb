//! What checks look at: an answer, a step, a case, each with all that is needed to judge it.

use crate::{
    code::Code,
    contract::{Operation, Rule},
    observe::Observation,
    scenario::{Alternative, Bindings, Case, Repeat, ServiceSuite, Step, Suite},
    statement::{Evidence, Statement},
    transcript::{Exchange, Role, Transcript},
    verdict::{Finding, Verdict, severity},
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

    /// What keeps this step from being judged: no answer, or an operation beside the one under test that
    /// the endpoint does not have.
    #[must_use]
    pub fn obstacle(&self) -> Option<(Verdict, String)> {
        let last = self.main().last();
        if let Some((exchange, Err(error))) = last {
            let expected = self.step.expect.held(Err(error), &self.bindings).is_some();
            return (!expected).then(|| (Verdict::Inconclusive, format!("{}: {error}", exchange.operation)));
        }
        let other = |exchange: &&(&Exchange, Option<Answer>)| exchange.0.operation != self.case.case.scenario.operation;
        let absent = self.exchanges.iter().filter(other).find(|(exchange, answer)| {
            let received = exchange.outcome.as_ref().ok().zip(answer.as_ref());
            received.is_some_and(|(response, answer)| implementation::plainly_absent(response, answer).is_some())
        });
        absent.map(|(exchange, _)| (Verdict::Blocked, format!("{} is not implemented", exchange.operation)))
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
