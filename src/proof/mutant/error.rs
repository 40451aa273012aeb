//! Faults in an error: one for each error that an operation under test was refused with and each way to spoil it.

use serde_json::{Value, json};

use super::{
    FaultSite, Mutant, MutantFamily, MutantSubject,
    behaviour::{Altered, ResponseRule, set_body},
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    wire::{Response, error_name},
};

const NAME: &[Code] = &[Code::ERROR_IDENTITY, Code::DECLARED_ERROR];
/// A name in another place than the body, or in two that differ, is seen by what looks at the body, too.
const PLACE: &[Code] = &[Code::ERROR_IDENTITY, Code::ERROR_SHAPE];
const STATUS: &[Code] = &[Code::ERROR_STATUS];
const SUCCESS: &[Code] = &[Code::OUTCOME, Code::STATUS, Code::ERROR_STATUS];
const MESSAGE: &[Code] = &[Code::ERROR_SHAPE];
const PAGE: &[Code] = &[Code::JSON, Code::CONTENT_TYPE, Code::ERROR_IDENTITY];

type ErrorFault = fn(&mut Response, &mut Value);

/// Ways to spoil any error: a name, the codes that may convict, what is done.
const SPOILS: &[(&str, &[Code], &str, ErrorFault)] = &[
    ("undeclared", NAME, "has a name that nobody declares", |_, body| {
        rename(body, |_| "WireproofException".to_owned());
    }),
    ("suffix-lost", NAME, "has lost the end of its name", |_, body| {
        rename(body, |name| name.trim_end_matches("Exception").to_owned());
    }),
    ("case-changed", NAME, "has the case of its name changed", |_, body| rename(body, str::to_lowercase)),
    ("namespace-lost", NAME, "is named without its namespace, or with one", |_, body| {
        let spelled = body["__type"].as_str().unwrap_or_default();
        let other =
            if spelled.contains('#') { error_name(spelled).to_owned() } else { format!("com.example#{spelled}") };
        body["__type"] = json!(other);
    }),
    ("type-missing", PLACE, "has no name", |_, body| remove(body, "__type")),
    ("type-in-header", PLACE, "has its name in the header only", |response, body| {
        let name = error_name(body["__type"].as_str().unwrap_or_default()).to_owned();
        response.headers.set("x-amzn-errortype", name);
        remove(body, "__type");
    }),
    ("header-disagrees", PLACE, "has another name in the header than in the body", |response, _| {
        response.headers.set("x-amzn-errortype", "WireproofException");
    }),
    ("status-200", SUCCESS, "has the status 200", |response, _| response.status = 200),
    ("message-missing", MESSAGE, "has no message", |_, body| remove(body, "message")),
    ("message-null", MESSAGE, "has a null message", |_, body| body["message"] = Value::Null),
    ("message-number", MESSAGE, "has a number as its message", |_, body| body["message"] = json!(7)),
];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    seen.refusals.iter().flat_map(|(error, status)| of_error(subject, error, *status)).collect()
}

fn of_error(subject: &MutantSubject<'_>, error: &str, status: u16) -> Vec<Mutant> {
    // A name without an end has none to lose.
    let spoils = SPOILS.iter().filter(|(name, ..)| *name != "suffix-lost" || error.ends_with("Exception"));
    let statuses = [404, 500].into_iter().filter(|other| *other != status).map(|other| {
        let says = format!("{error} has the status {other}");
        altered(subject, error, &format!("status-{other}"), STATUS, says, move |response| response.status = other)
    });
    let spoiled = spoils.map(|&(name, kind, says, spoil)| {
        altered(subject, error, name, kind, format!("{error} {says}"), move |response| in_body(response, spoil))
    });
    let declared = subject.operation.errors.iter().filter_map(|id| subject.contract.shape(id));
    let exchanged = declared.filter(|other| other.id.name() != error).map(|other| {
        let (name, status) = (other.id.name().to_owned(), other.error_status());
        let says = format!("{name} is given in place of {error}");
        altered(subject, error, &format!("as-{name}"), NAME, says, move |response| {
            response.status = status;
            in_body(response, |_, body| rename(body, |_| name.clone()));
        })
    });
    let pages = [
        altered(subject, error, "html", PAGE, format!("{error} is a page of HTML"), |response| {
            response.headers.set("content-type", "text/html");
            set_body(response, "<html><body><h1>400 Bad Request</h1></body></html>");
        }),
        altered(subject, error, "empty", PAGE, format!("{error} has an empty body"), |response| set_body(response, "")),
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
    let site = FaultSite::Error(error.clone());
    let mutant = subject.mutant(MutantFamily::Error, &format!("{error}/{name}"), kind, says, move || Altered {
        target: target.clone(),
        answers: ResponseRule::Error(error.clone()),
        alter: alter.clone(),
    });
    mutant.at(site)
}

/// Changes an answer and its body.
fn in_body(response: &mut Response, change: impl Fn(&mut Response, &mut Value)) {
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        change(response, &mut body);
        set_body(response, body.to_string());
    }
}

/// Gives the error another bare name, in the namespace that it has.
fn rename(body: &mut Value, name: impl Fn(&str) -> String) {
    let spelled = body["__type"].as_str().unwrap_or_default();
    let other = match spelled.rsplit_once('#') {
        Some((namespace, bare)) => format!("{namespace}#{}", name(bare)),
        None => name(spelled),
    };
    body["__type"] = json!(other);
}

fn remove(body: &mut Value, member: &str) {
    if let Some(members) = body.as_object_mut() {
        members.shift_remove(member);
    }
}
