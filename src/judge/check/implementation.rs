//! The presence check: decides whether an endpoint implements an operation.
//!
//! Four requests per operation: a valid one; the same to an operation and to a service that no endpoint has (the
//! [`Sentinels`]); and an empty input. A response that only this operation can have proves that it is implemented: a
//! success, an error that it declares, an error that names a member of its input. An endpoint that lacks the operation
//! responds to the first request as to the second or third. A status alone proves nothing: emulators were seen to
//! respond with 500 and HTML, 501, 400 and 404.
//!
//! A made-up input rarely suits an endpoint, so a negative result is not the end: the session runs some cases of
//! the operation, and [`proof`] looks at all their responses.

use serde_json::Value;
use thiserror::Error;

use super::{Check, CheckBasis, CheckScope, PointsAt, SeverityRow};
use crate::{
    judge::{code::Code, transcript::PresenceResponses, verdict::Severity::Note},
    model::{Contract, Operation, ShapeKind},
    suite::Fixtures,
    wire::{
        ParsedResponse, Protocol, RejectionClass, Request, Response, TransportError,
        protocol::{BodyProblem, Sentinels, error_name},
        xml::XmlProblem,
    },
};

impl Code {
    /// The endpoint implements the operation.
    pub const IMPLEMENTATION: Self = Self::new("implementation");
}

pub(super) const CHECK: Check = Check {
    code: Code::IMPLEMENTATION,
    wants: "a response that differs from those to an unknown operation and to an unknown service",
    why: "If an endpoint lacks an operation, findings about its details are noise, and rejecting everything must not \
          count as conforming. On real emulators, all 21 operations that were not implemented got the response of an \
          operation that does not exist.",
    label: ["", "impl"],
    severities: &[SeverityRow::new(Note, Note, "it decides the verdict itself, and makes no findings")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::StatusLine,
    from_recording: false,
    look: CheckScope::Run,
};

/// The result of a presence check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceDecision {
    /// The operation is implemented, or nothing shows that it is not.
    Implemented(PresenceProof),
    /// The operation is not implemented.
    NotImplemented(NotImplementedReason),
    /// Every input gets this server error, and an operation that does not exist gets another response.
    Crashes(u16),
    /// The endpoint sent no response.
    Unreachable(TransportError),
}

impl PresenceDecision {
    /// The evidence in words.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Implemented(proof) => proof.to_string(),
            Self::NotImplemented(reason) => reason.to_string(),
            Self::Crashes(status) => format!("every input gets a server error ({status}), unlike an unknown operation"),
            Self::Unreachable(error) => error.to_string(),
        }
    }

    /// No case of the operation runs.
    #[must_use]
    pub fn lets_no_case_run(&self) -> bool {
        match self {
            Self::NotImplemented(reason) => reason.is_stated(),
            Self::Unreachable(_) => true,
            Self::Implemented(_) | Self::Crashes(_) => false,
        }
    }

    /// A response to another input may refute the decision.
    #[must_use]
    pub fn is_refutable(&self) -> bool {
        matches!(self, Self::NotImplemented(reason) if !reason.is_stated())
    }
}

/// The evidence that an operation is implemented.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PresenceProof {
    /// A success.
    #[error("it responds with a success ({0})")]
    Success(u16),
    /// An error that the operation declares.
    #[error("it responds with {0}, which it declares")]
    DeclaredError(String),
    /// An error whose message names a member of the input.
    #[error("its error message names the member {0} of the input")]
    NamesMember(String),
    /// The response is not that of an unknown operation or service, and proves nothing else.
    #[error("its response is not that of an operation or service that does not exist")]
    OtherResponse,
    /// The user says so.
    #[error("assumed, as the options say")]
    Assumed,
}

/// The evidence that an operation is not implemented.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotImplementedReason {
    /// The status 501.
    #[error("the response has the status 501 Not Implemented")]
    Status,
    /// An error such as `UnknownOperationException`.
    #[error("the response names {0}")]
    UnknownOperation(String),
    /// An HTML page, with this status.
    #[error("the response is an HTML page with the status {0}")]
    HtmlPage(u16),
    /// The server error equals that of an operation that does not exist. The operation may crash on every input.
    #[error(
        "its server error ({0}) is that of an operation that does not exist: it is not implemented, or every input that \
         was tried crashes it"
    )]
    CrashLikeUnknownOperation(u16),
    /// The response equals that of an operation that does not exist.
    #[error("the response is that of an operation that does not exist")]
    LikeUnknownOperation,
    /// The response equals that of a service that does not exist.
    #[error("the response is that of a service that does not exist")]
    LikeUnknownService,
    /// The endpoint does not read the subresource that distinguishes the operation from others of its method and path.
    #[error("the response, or the effect, is that of the same request without its subresource")]
    SubresourceIgnored,
    /// Every input gets the same error, which the operation does not declare.
    #[error("every input gets the same error, which the operation does not declare")]
    OneUndeclaredError,
}

impl NotImplementedReason {
    /// The response states it, whatever the input. Other reasons are comparisons, and another input may refute them.
    #[must_use]
    fn is_stated(&self) -> bool {
        matches!(self, Self::Status | Self::UnknownOperation(_) | Self::SubresourceIgnored)
    }
}

/// An operation whose presence is in question.
#[derive(Debug, Clone, Copy)]
pub struct PresenceSubject<'a> {
    /// The contract.
    pub contract: &'a Contract,
    /// The operation.
    pub operation: &'a Operation,
    /// The protocol.
    pub protocol: &'a dyn Protocol,
}

/// Decides whether an operation is implemented.
#[must_use]
pub fn presence(subject: PresenceSubject<'_>, responses: &PresenceResponses) -> PresenceDecision {
    let sample = match &responses.sample {
        Ok(response) => response,
        Err(error) => return PresenceDecision::Unreachable(error.clone()),
    };
    if let Some(proof) = subject.proof_of(responses) {
        return PresenceDecision::Implemented(proof);
    }
    let parsed = subject.parse(sample);
    let page = match not_implemented(sample, &parsed) {
        Some(reason) if reason.is_stated() => return PresenceDecision::NotImplemented(reason),
        other => other,
    };
    let own = subject.normalized(sample);
    let like =
        |other: &Result<Response, TransportError>| other.as_ref().is_ok_and(|other| subject.normalized(other) == own);
    if like(&responses.unknown_operation) {
        let reason = if is_crash(sample.status) {
            NotImplementedReason::CrashLikeUnknownOperation(sample.status)
        } else {
            NotImplementedReason::LikeUnknownOperation
        };
        return PresenceDecision::NotImplemented(reason);
    }
    if responses.inputs().all(|response| is_crash(response.status)) {
        // An endpoint that knows only the path fails for every method that it does not have.
        if responses.unknown_method.as_ref().is_some_and(|unknown| subject.normalized(unknown) == own) {
            return PresenceDecision::NotImplemented(NotImplementedReason::CrashLikeUnknownOperation(sample.status));
        }
        return PresenceDecision::Crashes(sample.status);
    }
    // An endpoint that reads only the operation's name, or routes by the scope of the signature, responds for an unknown
    // service with the operation's own response. A success, or an error with a name, that an unknown operation does not
    // get is such a response, even if the operation does not declare the error.
    let is_named = parsed.rejection.as_ref().is_some_and(|identity| identity.name.is_some());
    let responds = is_named || (200..300).contains(&sample.status);
    if subject.own(sample).is_none() && !responds && like(&responses.unknown_service) {
        return PresenceDecision::NotImplemented(NotImplementedReason::LikeUnknownService);
    }
    if let Some(reason) = page {
        return PresenceDecision::NotImplemented(reason);
    }
    // An unknown operation that crashes the endpoint shows that it calls this one, which rejects.
    let unknown_crashes = responses.unknown_operation.as_ref().is_ok_and(|unknown| is_crash(unknown.status));
    let rejects = is_named && (400..500).contains(&sample.status);
    let is_one_error = subject.own(sample).is_none() && parsed.rejection.is_some() && like(&responses.empty_input);
    // An endpoint that says which operations are unknown shows by an error of the service that it knows this one.
    let unknown_is_stated = responses.unknown_operation.as_ref().is_ok_and(|unknown| {
        not_implemented(unknown, &subject.parse(unknown)).is_some_and(|reason| reason.is_stated())
    });
    let is_known = unknown_crashes || (unknown_is_stated && subject.is_of_service(&parsed));
    if is_one_error && !(is_known && rejects) {
        return PresenceDecision::NotImplemented(NotImplementedReason::OneUndeclaredError);
    }
    PresenceDecision::Implemented(PresenceProof::OtherResponse)
}

/// Returns the proof in a response that the operation is implemented. `unknown` are the responses to an operation and to a
/// subresource that do not exist: an endpoint with one response for everything proves nothing.
#[must_use]
pub fn proof(
    subject: PresenceSubject<'_>,
    response: &Response,
    unknown: &[NormalizedResponse],
) -> Option<PresenceProof> {
    subject.own(response).filter(|_| !unknown.contains(&subject.normalized(response)))
}

/// A response without the parts that differ between two responses of the same meaning: status, media type, text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalizedResponse(u16, String, String);

impl<'a> PresenceSubject<'a> {
    /// An operation of the fixtures, if its model has it.
    #[must_use]
    pub fn find(suite: &'a Fixtures, service: &str, operation: &str) -> Option<Self> {
        let service = suite.service(service)?;
        let operation = service.contract().operation(operation)?;
        Some(Self { contract: service.contract(), operation, protocol: service.protocol })
    }

    /// Returns true if a subresource distinguishes the operation from others of its method and path.
    #[must_use]
    pub fn has_subresource(&self) -> bool {
        self.protocol.has_subresource(self.operation)
    }

    fn parse(&self, response: &Response) -> ParsedResponse {
        self.protocol.parse_response(self.contract, Some(self.operation), response)
    }

    /// Returns true if a request names the operation as the protocol does.
    #[must_use]
    pub fn is_named_by(&self, request: &Request) -> bool {
        self.protocol.names(self.contract, self.operation, request)
    }

    /// An error that another operation of the service declares, unlike that of an unknown operation.
    fn is_of_service(&self, parsed: &ParsedResponse) -> bool {
        let declares =
            |name: &str| self.contract.operations().any(|operation| self.contract.error(operation, name).is_some());
        parsed.error().is_some_and(declares)
    }

    /// The responses to an operation and to a subresource that do not exist.
    #[must_use]
    pub fn unknown_of(&self, responses: &PresenceResponses) -> Vec<NormalizedResponse> {
        let unknown = responses.unknown_operation.as_ref().ok().into_iter().chain(&responses.unknown_subresource);
        unknown.map(|response| self.normalized(response)).collect()
    }

    /// The proof in the responses to two inputs.
    fn proof_of(&self, responses: &PresenceResponses) -> Option<PresenceProof> {
        let unknown = self.unknown_of(responses);
        let proof = |response: &Response| proof(*self, response, &unknown);
        // An endpoint may treat unknown names as this operation. Then two responses of its own prove it.
        let own: Vec<PresenceProof> = responses.inputs().filter_map(|response| self.own(response)).collect();
        let distinguishes = || match own.as_slice() {
            [first, .., last] if first != last => Some(first.clone()),
            _ => None,
        };
        // A response that only a comparison could refute needs the comparison.
        let compared = responses.unknown_operation.is_ok().then(|| responses.inputs().find_map(proof)).flatten();
        compared.or_else(distinguishes)
    }

    /// A response that only this operation can have. The status 501 states the opposite, whatever the body says.
    fn own(&self, response: &Response) -> Option<PresenceProof> {
        if response.status == NOT_IMPLEMENTED {
            return None;
        }
        let parsed = self.parse(response);
        let Some(identity) = &parsed.rejection else {
            // The output of another operation, to which an endpoint falls through, has another document element.
            let is_readable =
                !parsed.problems.iter().any(|problem| problem.is_forbidden() && !self.is_own_root(problem));
            let is_output = is_readable && parsed.value.as_ref().is_some_and(Value::is_object);
            return is_output.then_some(PresenceProof::Success(response.status));
        };
        let mut names = identity.sources.iter().map(|source| error_name(&source.spelled));
        if let Some(name) = names.find(|name| self.contract.error(self.operation, name).is_some()) {
            return Some(PresenceProof::DeclaredError(name.to_owned()));
        }
        let rejects = (400..500).contains(&response.status) && not_implemented(response, &parsed).is_none();
        let message = identity.message.as_deref().filter(|_| rejects)?;
        self.named_member(message).map(PresenceProof::NamesMember)
    }

    /// The document element has another name than the model gives it, and is named after the operation.
    fn is_own_root(&self, problem: &BodyProblem) -> bool {
        let BodyProblem::Xml(XmlProblem::WrongRoot { actual, .. }) = problem else { return false };
        actual.strip_prefix(self.operation.name.as_str()).is_some_and(|end| ROOT_ENDS.contains(&end))
    }

    /// The member of the input that a message names. Short names are words of many messages.
    fn named_member(&self, message: &str) -> Option<String> {
        let ShapeKind::Structure(members) = &self.contract.shape(&self.operation.input)?.kind else { return None };
        let mut words = message.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() >= SHORTEST_NAME);
        words.find(|word| members.iter().any(|member| member.name == **word)).map(str::to_owned)
    }

    /// A response without the parts that differ between two responses of the same meaning.
    #[must_use]
    pub fn normalized(&self, response: &Response) -> NormalizedResponse {
        let kind = response.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
        let text = Sentinels::mask_names(self.contract, self.operation, &String::from_utf8_lossy(&response.body));
        NormalizedResponse(response.status, kind, without_ids(&text))
    }
}

/// The endings that frameworks add to the name of an operation for the name of its output.
const ROOT_ENDS: [&str; 4] = ["", "Response", "Result", "Output"];

/// The length of the shortest name of a member that proves something in a message.
const SHORTEST_NAME: usize = 5;

/// HTTP's Not Implemented.
const NOT_IMPLEMENTED: u16 = 501;

/// The endpoint failed.
fn is_crash(status: u16) -> bool {
    status >= 500 && status != NOT_IMPLEMENTED
}

/// The evidence in a single response that the operation is not implemented.
#[must_use]
pub fn not_implemented(response: &Response, parsed: &ParsedResponse) -> Option<NotImplementedReason> {
    let identity = parsed.rejection.as_ref()?;
    if response.status == NOT_IMPLEMENTED {
        return Some(NotImplementedReason::Status);
    }
    if RejectionClass::UnknownOperation.holds(response.status, identity) {
        return Some(NotImplementedReason::UnknownOperation(parsed.error().unwrap_or_default().to_owned()));
    }
    is_html(response, parsed).then_some(NotImplementedReason::HtmlPage(response.status))
}

fn is_html(response: &Response, parsed: &ParsedResponse) -> bool {
    parsed.value.is_none()
        && !response.body.is_empty()
        && response.headers.get("content-type").is_some_and(|kind| kind.contains("html"))
}

/// Words with digits in them are ids or times.
fn without_ids(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '-') {
        let (body, end) = word.split_at(word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '-').len());
        let is_id = body.len() >= 6 && body.chars().any(|c| c.is_ascii_digit());
        out.push_str(if is_id { "<id>" } else { body });
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests;
