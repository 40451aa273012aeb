//! The presence check of an operation, and the states that its cases share.

use std::time::SystemTime;

use super::{
    Collector, Session, interrupted,
    presences::{PresenceEvidence, evidence},
    release,
};
use crate::{
    judge::{
        check::{
            implementation::{NormalizedResponse, PresenceDecision, PresenceProof, PresenceSubject, presence},
            subresource::presence_by_subresource,
        },
        redaction::redact,
        transcript::{Exchange, PresenceResponses, SubresourceComparison, Transcript},
    },
    run::{event::PresenceChecked, execute::PreparedStates},
    suite::{CaseId, Opening, Plan},
    wire::Response,
};

/// The presence check of an operation, and the states that its cases share.
struct OpenedOperation<'s> {
    presence: Option<PresenceDecision>,
    /// The responses to an operation and to a subresource that do not exist.
    unknown: Vec<NormalizedResponse>,
    /// The response to a subresource that does not exist.
    unknown_subresource: Option<Response>,
    questions: Vec<Exchange>,
    prepared: Option<PreparedStates<'s>>,
    /// What the requests of the states showed.
    shown: Vec<PresenceEvidence>,
}

impl OpenedOperation<'_> {
    /// The result with its transcript; `None` where no presence check was made.
    fn checked(&self, session: &Session, opening: &Opening) -> Option<(PresenceChecked, Transcript)> {
        let mut transcript = Transcript {
            region: session.target.region.clone(),
            begun: SystemTime::now(),
            ..Transcript::new(CaseId(format!("{}.{}", opening.service, opening.operation)), session.options.seed)
        };
        transcript.exchanges.clone_from(&self.questions);
        let mut unavailable = None;
        if let Some(prepared) = &self.prepared {
            transcript.exchanges.extend_from_slice(&prepared.transcript().exchanges);
            transcript.variables.clone_from(&prepared.variables);
            unavailable = Some(prepared.problems.join("; ")).filter(|problems| !problems.is_empty());
        }
        let pseudonyms = redact(&session.suite, &mut transcript, session.options.sensitive);
        let decision = self.presence.as_ref()?;
        let checked = PresenceChecked {
            service: opening.service.clone(),
            operation: opening.operation.clone(),
            presence: decision.into(),
            reason: pseudonyms.in_text(&decision.reason()),
            unavailable: unavailable.map(|unavailable| pseudonyms.in_text(&unavailable)),
        };
        Some((checked, transcript))
    }
}

impl Session {
    /// Checks the presence of an operation, and establishes the states that its cases share.
    pub(super) async fn open<'s>(
        &'s self,
        opening: &Opening,
        plan: &mut dyn Plan,
        collector: &mut Collector<'_>,
    ) -> Option<PreparedStates<'s>> {
        if *self.interrupt.borrow() || collector.life.is_over() {
            return None;
        }
        let mut opened = self.opened(opening, plan).await?;
        let is_unreachable = matches!(opened.presence, Some(PresenceDecision::Unreachable(_)));
        let is_silent = is_unreachable && self.breaker.suspect();
        self.heed_breaker(collector).await;
        if collector.life.is_over() {
            return opened.prepared;
        }
        if is_silent {
            // The endpoint responds to other requests, and may have left out only this one.
            opened = self.opened(opening, plan).await?;
        }
        if matches!(opened.presence, Some(PresenceDecision::Unreachable(_))) && collector.life.has_answered() {
            // The last case may have crashed it. A restarted endpoint gets a new check.
            collector.life.doubt();
            self.look_after(collector).await;
            if !collector.life.is_over() {
                opened = self.opened(opening, plan).await?;
            }
        }
        if let Some((checked, transcript)) = opened.checked(self, opening) {
            let refutable = opened.presence.as_ref().is_some_and(PresenceDecision::is_refutable);
            collector.opened(checked, transcript, opened.unknown, refutable);
        }
        collector.see(opened.shown);
        opened.prepared
    }

    /// The presence of an operation, and the states that its cases share; `None` after an interruption.
    async fn opened<'s>(&'s self, opening: &Opening, plan: &mut dyn Plan) -> Option<OpenedOperation<'s>> {
        let mut interrupt = self.interrupt.clone();
        let work = async {
            let mut opened = OpenedOperation {
                presence: None,
                unknown: Vec::new(),
                unknown_subresource: None,
                questions: Vec::new(),
                prepared: None,
                shown: Vec::new(),
            };
            self.check_subresource(opening, plan, &mut opened).await;
            if opened.presence.is_none() {
                self.check_presence(opening, &mut opened).await;
            }
            if opened.presence.as_ref().is_some_and(PresenceDecision::lets_no_case_run) {
                release(opened.prepared.take()).await;
            } else if opened.prepared.is_none() {
                self.prepare(opening, &mut opened).await;
            }
            opened
        };
        tokio::select! {
            opened = work => Some(opened),
            () = interrupted(&mut interrupt) => None,
        }
    }

    /// Establishes the states that the cases of an operation share.
    async fn prepare<'s>(&'s self, opening: &Opening, opened: &mut OpenedOperation<'s>) {
        if !opening.given.is_empty() {
            let prepared = self.executor().prepare(&opening.service, &opening.operation, &opening.given).await;
            opened.shown = evidence(&self.suite, &prepared.transcript().exchanges);
            opened.prepared = Some(prepared);
        }
    }

    /// Checks the presence of an operation that a subresource distinguishes from others, if its states let it succeed.
    async fn check_subresource<'s>(&'s self, opening: &Opening, plan: &mut dyn Plan, opened: &mut OpenedOperation<'s>) {
        let subject = PresenceSubject::find(&self.suite, &opening.service, &opening.operation);
        let Some((service, subject)) = self.suite.service(&opening.service).zip(subject) else { return };
        if self.options.presence.assumes(&opening.operation) || !subject.has_subresource() {
            return;
        }
        self.prepare(opening, opened).await;
        plan.opened(opened.prepared.as_ref().map(|prepared| prepared.variables.clone()).unwrap_or_default());
        let Some(sample) = plan.sample() else { return };
        let executor = self.executor();
        let compared = executor.compare_subresource(service, subject.operation, &sample, &mut opened.questions);
        let Some(responses) = compared.await else { return };
        opened.presence = presence_by_subresource(subject, &responses);
        if let SubresourceComparison::Unknown(unknown) = &responses.compared {
            opened.unknown_subresource = Some(unknown.clone());
        }
        if let (Some(fallback), Some(response)) = (&responses.fallback, &opened.unknown_subresource) {
            executor.remove_fallback(opening, fallback, &sample, response).await;
        }
        let changes =
            opened.questions.iter().any(|exchange| !["GET", "HEAD"].contains(&exchange.request.method.as_str()));
        if changes && let Some(prepared) = opened.prepared.take() {
            opened.prepared = Some(prepared.renew().await);
        }
    }

    /// New states in place of those that a case spoiled. `is_over`: the endpoint crashed for good.
    pub(super) async fn renewed<'s>(
        &'s self,
        prepared: Option<PreparedStates<'s>>,
        is_over: bool,
    ) -> Option<PreparedStates<'s>> {
        let prepared = prepared?;
        if *self.interrupt.borrow() || is_over {
            return Some(prepared);
        }
        let mut interrupt = self.interrupt.clone();
        tokio::select! {
            renewed = prepared.renew() => Some(renewed),
            () = interrupted(&mut interrupt) => None,
        }
    }

    /// Checks the presence of an operation that the model has.
    async fn check_presence(&self, opening: &Opening, opened: &mut OpenedOperation<'_>) {
        let subject = PresenceSubject::find(&self.suite, &opening.service, &opening.operation);
        let Some((service, subject)) = self.suite.service(&opening.service).zip(subject) else { return };
        if self.options.presence.assumes(&opening.operation) {
            opened.presence = Some(PresenceDecision::Implemented(PresenceProof::Assumed));
            return;
        }
        let sample = opening.sample.as_ref();
        let executor = self.executor();
        let checked = executor.check_presence(service, subject.operation, sample, &mut opened.questions).await;
        let responses = PresenceResponses { unknown_subresource: opened.unknown_subresource.take(), ..checked };
        opened.unknown = subject.unknown_of(&responses);
        opened.presence = Some(presence(subject, &responses));
        self.executor().remove_samples(opening, &responses).await;
    }
}
