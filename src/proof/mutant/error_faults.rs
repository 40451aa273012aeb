//! Faults in an error: one for each error of an operation under test and each way to alter it.

use serde_json::{Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, ResponseRule, set_body},
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    wire::{Response, error_name, protocol::ErrorLocation},
};

/// A server error with a name that nothing allows is a crash.
const NAME: &[Code] = &[Code::ERROR_IDENTITY, Code::DECLARED_ERROR, Code::SERVER_ERROR];
/// A name outside of the body, or two different names, is also detected by the check of the body.
const PLACE: &[Code] = &[Code::ERROR_IDENTITY, Code::ERROR_SHAPE, Code::SERVER_ERROR];
const STATUS: &[Code] = &[Code::ERROR_STATUS, Code::SERVER_ERROR];
const SUCCESS: &[Code] = &[Code::OUTCOME, Code::STATUS, Code::ERROR_STATUS];
const MESSAGE: &[Code] = &[Code::ERROR_SHAPE];
const PAGE: &[Code] = &[Code::BODY_FORMAT, Code::CONTENT_TYPE, Code::ERROR_IDENTITY, Code::SERVER_ERROR];
const CRASH: &[Code] = &[Code::SERVER_ERROR];

type ErrorFault = fn(&mut Response, &mut Value, ErrorLocation);

/// Ways to alter any error: a name, the expected checks, the fault in words, and the change.
const SPOILS: &[(&str, &[Code], &str, ErrorFault)] = &[
    ("undeclared", NAME, "has an undeclared name", |response, body, at| {
        rename(response, body, at, |_| "WireproofException".to_owned());
    }),
    ("suffix-lost", NAME, "lacks the suffix of its name", |response, body, at| {
        rename(response, body, at, |name| name.trim_end_matches("Exception").to_owned());
    }),
    ("case-changed", NAME, "has its name in a different case", |response, body, at| {
        rename(response, body, at, str::to_lowercase);
    }),
    ("namespace-lost", NAME, "loses or gains a namespace", |response, body, at| {
        let spelled = at.read(response, Some(body)).unwrap_or_default();
        let other =
            if spelled.contains('#') { error_name(spelled).to_owned() } else { format!("com.example#{spelled}") };
        at.write(response, body, Some(&other));
    }),
    ("type-missing", PLACE, "has no name", |response, body, at| at.write(response, body, None)),
    ("type-in-header", PLACE, "has its name only in a header", |response, body, at| {
        let name = error_name(at.read(response, Some(body)).unwrap_or_default()).to_owned();
        at.write(response, body, None);
        ErrorLocation::HEADER.write(response, body, Some(&name));
    }),
    ("header-disagrees", PLACE, "has different names in header and body", |response, body, _| {
        ErrorLocation::HEADER.write(response, body, Some("WireproofException"));
    }),
    ("status-200", SUCCESS, "has the status 200", |response, _, _| response.status = 200),
    ("message-missing", MESSAGE, "has no message", |_, body, _| {
        if let Some(members) = body.as_object_mut() {
            members.shift_remove("message");
        }
    }),
    ("message-null", MESSAGE, "has a null message", |_, body, _| body["message"] = Value::Null),
    ("message-number", MESSAGE, "has a number as its message", |_, body, _| body["message"] = json!(7)),
];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let of_errors = seen.rejections.iter().flat_map(|(error, status)| of_error(subject, error, *status));
    of_errors.chain([crash_after_success(subject)]).collect()
}

/// The operation takes effect, but the response is a server error.
fn crash_after_success(subject: &MutantSubject<'_>) -> Mutant {
    let (target, says) = (subject.target(), "the endpoint crashes after the effect of a success");
    let mutant = subject.mutant(MutantFamily::Error, "success/crash", CRASH, says, move || Altered {
        target: target.clone(),
        responses: ResponseRule::Successes,
        alter: crash,
    });
    mutant.at(FaultScope::Success)
}

/// The page of a web framework whose handler failed.
fn crash(response: &mut Response) {
    response.status = 500;
    response.headers.set("content-type", "text/html");
    set_body(response, "<html><body><h1>Internal Server Error</h1></body></html>");
}

fn of_error(subject: &MutantSubject<'_>, error: &str, status: u16) -> Vec<Mutant> {
    // A name without a suffix cannot lose it.
    let spoils = SPOILS.iter().filter(|(name, ..)| *name != "suffix-lost" || error.ends_with("Exception"));
    let statuses = [404, 500].into_iter().filter(|other| *other != status).map(|other| {
        let says = format!("{error} has the status {other}");
        altered(subject, error, &format!("status-{other}"), STATUS, says, move |response| response.status = other)
    });
    let at = subject.protocol.error_location();
    let spoiled = spoils.map(|&(name, kind, says, spoil)| {
        altered(subject, error, name, kind, format!("{error} {says}"), move |response| {
            in_body(response, |response, body| spoil(response, body, at));
        })
    });
    let declared = subject.operation.errors.iter().filter_map(|id| subject.contract.shape(id));
    let exchanged = declared.filter(|other| other.id.name() != error).map(|other| {
        let (name, status) = (other.id.name().to_owned(), other.error_status());
        let says = format!("{name} is returned instead of {error}");
        altered(subject, error, &format!("as-{name}"), NAME, says, move |response| {
            response.status = status;
            in_body(response, |response, body| rename(response, body, at, |_| name.clone()));
        })
    });
    let pages = [
        altered(subject, error, "html", PAGE, format!("{error} is an HTML page"), |response| {
            response.headers.set("content-type", "text/html");
            set_body(response, "<html><body><h1>400 Bad Request</h1></body></html>");
        }),
        altered(subject, error, "empty", PAGE, format!("{error} has an empty body"), |response| set_body(response, "")),
        altered(subject, error, "crash", CRASH, format!("the endpoint crashes instead of {error}"), crash),
    ];
    spoiled.chain(statuses).chain(exchanged).chain(pages).collect()
}

fn altered(
    subject: &MutantSubject<'_>,
    error: &str,
    name: &str,
    kind: &'static [Code],
    says: String,
    alter: impl Fn(&mut Response) + Clone + Send + Sync + 'static,
) -> Mutant {
    let (target, error) = (subject.target(), error.to_owned());
    let scope = FaultScope::Error(error.clone());
    let mutant = subject.mutant(MutantFamily::Error, &format!("{error}/{name}"), kind, says, move || Altered {
        target: target.clone(),
        responses: ResponseRule::Error(error.clone()),
        alter: alter.clone(),
    });
    mutant.at(scope)
}

/// Changes a response and its body.
fn in_body(response: &mut Response, change: impl Fn(&mut Response, &mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(response, &mut body);
        set_body(response, body.to_string());
    }
}

/// Changes the bare name of the error and keeps its namespace.
fn rename(response: &mut Response, body: &mut Value, at: ErrorLocation, name: impl Fn(&str) -> String) {
    let spelled = at.read(response, Some(body)).unwrap_or_default();
    let other = match spelled.rsplit_once('#') {
        Some((namespace, bare)) => format!("{namespace}#{}", name(bare)),
        None => name(spelled),
    };
    at.write(response, body, Some(&other));
}
