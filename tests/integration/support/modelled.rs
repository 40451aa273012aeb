//! An endpoint made from a model alone: it rejects invalid inputs, and responds with the least valid output.
//! Or it does so but for one fault.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use wireproof::internals::{
    model::{
        self, Bounds, Contract, LengthUnit, Member, NumberKind, Operation, PayloadSide, Schemas, ShapeConstraint,
        ShapeId, ShapeKind, ShapeRule, TimestampFormat, Traits, Violation,
    },
    reference::Identity,
    suite::ServiceFixtures,
    wire::{Request, Response, json, signing_date::amz_date, sigv4},
};

/// The one thing that an endpoint does wrongly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// No fault.
    None,
    /// It does not look at what this family of probes is about.
    Lacks(&'static str),
    /// It takes a newline at the end of a text for none, as `$` does in Python.
    DollarNewline,
    /// It takes the digits of every script for digits.
    ForeignDigits,
    /// It does not look at signatures.
    Unsigned,
    /// Its outputs hold a number where a text is due.
    BrokenOutput,
    /// It rejects valid inputs that have this member.
    Rejects(&'static str),
    /// It fails instead of rejecting.
    Fails,
}

/// An endpoint made from a model.
pub(crate) struct Modelled {
    service: ServiceFixtures,
    /// The schemas that validate inputs.
    inputs: Schemas,
    fault: Fault,
    responses: AtomicU64,
}

/// An error's name, and what is said with it.
struct ModelledRejection(&'static str, String);

impl Modelled {
    pub(crate) fn new(service: &ServiceFixtures, fault: Fault) -> Self {
        Self::validating(service, service.contract(), fault)
    }

    /// An endpoint that validates by another model than that of its responses.
    pub(crate) fn validating(service: &ServiceFixtures, inputs: &Arc<Contract>, fault: Fault) -> Self {
        let inputs = Schemas::new(Arc::clone(inputs), service.protocol.body_rules());
        Self { service: service.clone(), inputs, fault, responses: AtomicU64::new(0) }
    }

    pub(crate) fn handle(&self, request: &Request) -> Response {
        match self.operation(request).and_then(|operation| self.accept(request, operation).map(|()| operation)) {
            Ok(operation) => self.respond(200, &self.output(operation)),
            Err(_) if self.fault == Fault::Fails => self.respond(500, &json!({"__type": "InternalFailure"})),
            Err(ModelledRejection(name, message)) => self.respond(400, &json!({"__type": name, "message": message})),
        }
    }

    fn respond(&self, status: u16, body: &Value) -> Response {
        let body = Bytes::from(body.to_string());
        let id = format!("00000000-0000-4000-8000-{:012}", self.responses.fetch_add(1, Ordering::Relaxed));
        let length = body.len().to_string();
        let kind = self.service.protocol.content_type();
        let headers = [("content-type", kind), ("content-length", &length), ("x-amzn-requestid", &id)];
        Response { status, headers: headers.into_iter().collect(), body, ..Response::default() }
    }

    fn operation(&self, request: &Request) -> Result<&Operation, ModelledRejection> {
        if self.fault != Fault::Unsigned {
            self.authenticate(request)?;
        }
        let target = request.headers.get("x-amz-target").and_then(|target| target.split_once('.'));
        let contract = self.service.contract();
        let named = target.filter(|(service, _)| *service == contract.service().id.name());
        let operation = named.and_then(|(_, name)| contract.operation(name));
        operation.ok_or_else(|| ModelledRejection("UnknownOperationException", "no such operation".to_owned()))
    }

    fn authenticate(&self, request: &Request) -> Result<(), ModelledRejection> {
        let reject = |name, message: &str| Err(ModelledRejection(name, message.to_owned()));
        let Some(authorization) = request.headers.get("authorization") else {
            return reject("MissingAuthenticationTokenException", "no authorization");
        };
        let part = |name: &str| authorization.split([' ', ',']).find_map(|part| part.strip_prefix(name));
        let (Some(credential), Some(signed), Some(signature), Some(date)) =
            (part("Credential="), part("SignedHeaders="), part("Signature="), request.headers.get("x-amz-date"))
        else {
            return reject("IncompleteSignatureException", "no signature of version 4");
        };
        let (key, scope) = credential.split_once('/').unwrap_or_default();
        let identity = Identity::test();
        if key != identity.credentials().access_key_id {
            return reject("UnrecognizedClientException", "nobody has this key");
        }
        let now = |seconds| amz_date(OffsetDateTime::now_utc().unix_timestamp() + seconds);
        if !(now(-900)..=now(900)).contains(&date.to_owned()) {
            return reject("RequestExpired", "the date is too far from now");
        }
        let name = &self.service.contract().service().signing_name;
        let right = format!("{}/us-east-1/{name}/aws4_request", &date[..8]);
        let names: Vec<&str> = signed.split(';').collect();
        let secret = &identity.credentials().secret_access_key;
        if scope == right && signature == sigv4::signature(request, &names, secret, scope, date) {
            return Ok(());
        }
        reject("InvalidSignatureException", "the signature is another one")
    }

    fn accept(&self, request: &Request, operation: &Operation) -> Result<(), ModelledRejection> {
        let unread = |message: String| Err(ModelledRejection("SerializationException", message));
        if request.method != "POST" {
            return unread(format!("the method {}", request.method));
        }
        let kind = request.headers.get("content-type").unwrap_or_default();
        if !kind.starts_with("application/") {
            return unread(format!("the content type {kind:?}"));
        }
        let document = json::read(&request.body);
        if let Some(problem) = document.problems.iter().find(|problem| problem.is_forbidden()) {
            return unread(problem.to_string());
        }
        let Some(input) = document.value.filter(Value::is_object) else {
            return unread("an object is due".to_owned());
        };
        self.validate(operation, &input)?;
        match self.fault {
            Fault::Rejects(member) if input.get(member).is_some() => {
                Err(ModelledRejection("ValidationException", format!("nobody may say {member} today")))
            }
            _ => Ok(()),
        }
    }

    fn validate(&self, operation: &Operation, input: &Value) -> Result<(), ModelledRejection> {
        let input = match self.fault {
            Fault::DollarNewline => map_texts(input, &|text| text.strip_suffix('\n').unwrap_or(text).to_owned()),
            Fault::ForeignDigits => map_texts(input, &|text| text.chars().map(ascii_digit).collect()),
            _ => input.clone(),
        };
        let input = self.inputs.contract().without_null_members(&operation.input, &input);
        let violations = self.inputs.violations(&operation.input, PayloadSide::Input, &input).unwrap();
        let counted = || violations.iter().filter(|violation| self.counts(violation, &input));
        let is_unread = |violation: &&Violation| {
            matches!(violation.rule, ShapeRule::Type | ShapeRule::Timestamp | ShapeRule::Blob | ShapeRule::Null)
        };
        let name = if counted().any(|violation| is_unread(&violation)) {
            "SerializationException"
        } else {
            "ValidationException"
        };
        let first = counted().find(is_unread).or_else(|| counted().next());
        first.map_or(Ok(()), |violation| {
            Err(ModelledRejection(name, format!("{} must be {}", violation.pointer, violation.expected)))
        })
    }

    fn counts(&self, violation: &Violation, input: &Value) -> bool {
        if matches!(violation.rule, ShapeRule::UnknownMember | ShapeRule::PatternUndecided) {
            return false;
        }
        let Fault::Lacks(family) = self.fault else { return true };
        // Even without ranges it knows the limits of a number type and the format of a timestamp.
        let value = input.pointer(&violation.pointer);
        let is_huge = value.and_then(Value::as_f64).is_some_and(|number| number.abs() >= 2_147_483_648.0);
        let is_text = value.is_some_and(Value::is_string);
        match family_of(violation) {
            "range" if family == "range" => is_huge,
            "timestamp" if family == "timestamp" => !is_text,
            own => own != family,
        }
    }

    fn output(&self, operation: &Operation) -> Value {
        let contract = self.service.contract();
        let mut output = least(contract, &operation.output, None);
        let texts = contract.members(&operation.output).iter();
        let mut texts = texts.filter(|member| {
            matches!(
                contract.shape(&member.target).map(|shape| &shape.kind),
                Some(ShapeKind::String | ShapeKind::Enum(_))
            )
        });
        if let Some(member) = texts.next().filter(|_| self.fault == Fault::BrokenOutput) {
            output[&member.name] = json!(7);
        }
        output
    }
}

/// The family of probes that is about what a value breaks.
pub(crate) fn family_of(violation: &Violation) -> &'static str {
    match violation.rule {
        ShapeRule::Null => "null",
        _ => family_of_constraint(&violation.expected),
    }
}

fn family_of_constraint(constraint: &ShapeConstraint) -> &'static str {
    match constraint {
        ShapeConstraint::Keys(inner) => family_of_constraint(inner),
        ShapeConstraint::Required { .. } => "required",
        ShapeConstraint::Timestamp(_) => "timestamp",
        ShapeConstraint::Base64 => "blob",
        ShapeConstraint::UniqueItems => "unique",
        ShapeConstraint::Union => "union",
        ShapeConstraint::Pattern { .. } => "pattern",
        ShapeConstraint::Enum { .. } => "enum",
        ShapeConstraint::Length { unit: LengthUnit::Items, .. } => "items",
        ShapeConstraint::Length { unit: LengthUnit::Entries, .. } => "entries",
        ShapeConstraint::Length { .. } => "length",
        ShapeConstraint::Range(_) => "range",
        _ => "type",
    }
}

fn ascii_digit(c: char) -> char {
    ('\u{660}'..='\u{669}').contains(&c).then(|| char::from_digit(c as u32 - 0x660, 10)).flatten().unwrap_or(c)
}

fn map_texts(value: &Value, map: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => map(text).into(),
        Value::Array(items) => items.iter().map(|item| map_texts(item, map)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (map(name), map_texts(value, map))).collect(),
        other => other.clone(),
    }
}

/// The least valid value of a shape; patterns are ignored.
fn least(contract: &Contract, id: &ShapeId, member: Option<&Traits>) -> Value {
    let shape = contract.shape(id).unwrap();
    let inner = |member: &Member| least(contract, &member.target, Some(&member.traits));
    let length = member.and_then(Traits::length).or_else(|| shape.traits.length());
    let Bounds { min, max } = length.unwrap_or(Bounds { min: None, max: None });
    let count = usize::try_from(min.unwrap_or(0)).unwrap();
    match &shape.kind {
        ShapeKind::Structure(members) => {
            let required = members.iter().filter(|member| member.traits.required());
            required.map(|member| (member.name.clone(), inner(member))).collect::<Map<_, _>>().into()
        }
        ShapeKind::Union(members) => json!({members[0].name.as_str(): inner(&members[0])}),
        ShapeKind::List(item) => (0..count).map(|_| inner(item)).collect(),
        ShapeKind::Map { value, .. } => {
            (0..count).map(|index| (format!("key-{index}"), inner(value))).collect::<Map<_, _>>().into()
        }
        ShapeKind::String => {
            let length = count.max(usize::try_from(max.unwrap_or(9)).unwrap().min(9));
            "wireproof".chars().cycle().take(length).collect::<String>().into()
        }
        ShapeKind::Enum(values) => values[0].value.clone().into(),
        ShapeKind::IntEnum(values) => values[0].into(),
        ShapeKind::Boolean => false.into(),
        ShapeKind::Number(kind) => number(*kind, member.and_then(Traits::range).or_else(|| shape.traits.range())),
        ShapeKind::Blob => "d2lyZXByb29m".into(),
        ShapeKind::Timestamp => {
            match member.and_then(Traits::timestamp_format).or_else(|| shape.traits.timestamp_format()) {
                Some(TimestampFormat::DateTime) => "2026-01-01T00:00:00Z".into(),
                Some(TimestampFormat::HttpDate) => "Thu, 01 Jan 2026 00:00:00 GMT".into(),
                Some(TimestampFormat::EpochSeconds) | None => 1_767_225_600.into(),
            }
        }
        ShapeKind::Document => json!({}),
    }
}

fn number(kind: NumberKind, range: Option<Bounds<f64>>) -> Value {
    let Bounds { min, max } = range.unwrap_or(Bounds { min: None, max: None });
    let value = 1.0_f64.max(min.unwrap_or(f64::MIN)).min(max.unwrap_or(f64::MAX));
    if matches!(kind, NumberKind::Float | NumberKind::Double) {
        value.into()
    } else {
        format!("{value:.0}").parse::<i64>().unwrap().into()
    }
}

/// A model whose texts and numbers may be one less than this one's, and whose lists one item shorter.
pub(crate) fn one_too_early(model: &str) -> Arc<Contract> {
    let mut model: Value = serde_json::from_str(model).unwrap();
    lower_maxima(&mut model);
    Arc::new(model::read("early.json", &model.to_string()).unwrap())
}

fn lower_maxima(value: &mut Value) {
    let Some(members) = value.as_object_mut() else { return };
    for (name, value) in members {
        let min = value["min"].as_i64().unwrap_or(0);
        match value["max"].as_i64() {
            Some(max) if name.ends_with("#length") || name.ends_with("#range") => {
                value["max"] = json!(if max > min + 1 { max - 1 } else { max });
            }
            _ => lower_maxima(value),
        }
    }
}
