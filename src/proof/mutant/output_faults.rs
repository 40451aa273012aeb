//! Faults in a member of an output: one for each member that the reference returned and each way to alter it.

use serde_json::{Map, Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, ResponseRule, change_body},
    member_location::MemberLocation,
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    model::{Matched, Member, Pattern, Shape, ShapeKind},
    wire::Response,
};

/// A missing value violates the model, or a step that expects the value detects it.
const ABSENT: &[Code] =
    &[Code::RESPONSE_SHAPE, Code::EXPECTED_BODY, Code::EVENTUALLY, Code::CONSISTENTLY, Code::SIDE_EFFECT];
/// A violation of the model is detected by the check of the model.
const MISSHAPEN: &[Code] = &[Code::RESPONSE_SHAPE];

/// One way to alter a value.
type OutputFault = fn(&Value) -> Option<Value>;

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let of_members = seen.members.iter().flat_map(|location| of_member(subject, location));
    of_members.chain(of_body(subject, seen)).collect()
}

fn of_member(subject: &MutantSubject<'_>, location: &MemberLocation) -> Vec<Mutant> {
    let Some((member, shape)) = subject.member(location) else { return Vec::new() };
    let owner = |name: &str, says: &str, change: fn(&mut Map<String, Value>, &str)| {
        let at = location.clone();
        altered(subject, &format!("{location}/absent-{name}"), ABSENT, format!("{location} {says}"), move |body| {
            at.change_owner(body, &mut |owner, name| change(owner, name));
        })
    };
    let mut mutants = vec![
        owner("dropped", "is missing", |owner, name| drop(owner.shift_remove(name))),
        owner("null", "is null", |owner, name| drop(owner.insert(name.to_owned(), Value::Null))),
        owner("renamed", "has its name in a different case", |owner, name| {
            let value = owner.shift_remove(name).unwrap_or_default();
            owner.insert(flipped(name), value);
        }),
        spoiled(subject, location, "other-type", "has another JSON type", other_type),
    ];
    let of_shape: &[(&str, &str, OutputFault)] = match &shape.kind {
        ShapeKind::Enum(_) => &[
            ("out-of-enum", "has a value outside of its enum", |_| Some(json!("WIREPROOF_OTHER"))),
            ("enum-case", "has its value in a different case", |value| value.as_str().map(|text| json!(swapped(text)))),
        ],
        ShapeKind::Timestamp => &[
            ("timestamp-text", "is a string", |_| Some(json!("2026-01-02T03:04:05Z"))),
            ("timestamp-milliseconds", "is in milliseconds", |value| value.as_f64().map(|at| json!(at * 1000.0))),
        ],
        _ => &[],
    };
    mutants.extend(of_shape.iter().map(|(name, says, spoil)| spoiled(subject, location, name, says, *spoil)));
    mutants.extend(out_of_bounds(subject, location, member, shape));
    mutants.into_iter().map(|mutant| mutant.at(FaultScope::Member(location.clone()))).collect()
}

/// Values that violate the length, range or pattern of the model.
fn out_of_bounds(
    subject: &MutantSubject<'_>,
    location: &MemberLocation,
    member: &Member,
    shape: &Shape,
) -> Vec<Mutant> {
    let length = member.traits.length().or(shape.traits.length());
    let pattern = member.traits.pattern().or(shape.traits.pattern());
    let mut wrong: Vec<(&str, String, Value)> = Vec::new();
    if let (ShapeKind::String, Some(bounds)) = (&shape.kind, length) {
        let over = bounds.max.and_then(|max| usize::try_from(max).ok()).filter(|max| *max < 100_000);
        wrong
            .extend(over.map(|max| ("length-over", format!("has {} characters", max + 1), json!("a".repeat(max + 1)))));
        let matched =
            |text: &str| pattern.and_then(|p| Pattern::full(p).ok()).is_none_or(|p| p.matches(text) != Matched::No);
        let under = bounds.min.filter(|min| *min > 0 && matched(""));
        wrong.extend(under.map(|_| ("length-under", "is empty".to_owned(), json!(""))));
    }
    if let (ShapeKind::Number(_), Some(bounds)) = (&shape.kind, member.traits.range().or(shape.traits.range())) {
        wrong.extend(bounds.max.map(|max| ("range-over", "is above its maximum".to_owned(), json!(max + 1.0))));
        wrong.extend(bounds.min.map(|min| ("range-under", "is below its minimum".to_owned(), json!(min - 1.0))));
    }
    if let Some(text) = pattern.and_then(unmatched) {
        wrong.push(("pattern", format!("is {text:?}"), json!(text)));
    }
    let one = |(name, says, value): (&str, String, Value)| {
        let at = location.clone();
        altered(subject, &format!("{location}/{name}"), MISSHAPEN, format!("{location} {says}"), move |body| {
            at.change(body, &mut |given| *given = value.clone());
        })
    };
    wrong.into_iter().map(one).collect()
}

/// A string that does not match the pattern.
fn unmatched(pattern: &str) -> Option<String> {
    let pattern = Pattern::full(pattern).ok()?;
    let candidates = ["not a match!", "\u{1}", "é", "a\n", ""];
    candidates.into_iter().find(|text| pattern.matches(text) == Matched::No).map(str::to_owned)
}

fn of_body(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    if !seen.members.iter().any(MemberLocation::is_top) {
        return Vec::new();
    }
    let mut mutants = vec![
        altered(subject, "body/wrapped", ABSENT, "the output is wrapped in an extra member", |body| {
            *body = json!({ "Output": body });
        }),
        altered(subject, "body/empty", ABSENT, "the output is an empty object", |body| *body = json!({})),
        altered(subject, "body/list", MISSHAPEN_BODY, "the output is in a list", |body| *body = json!([body])),
    ];
    let mut top = seen.members.iter().filter(|location| location.is_top());
    if let (Some(only), None) = (top.next(), top.next()) {
        let name = only.name().unwrap_or_default().to_owned();
        mutants.push(altered(subject, "body/unwrapped", ABSENT, format!("{name} is not wrapped"), move |body| {
            *body = body[&name].take();
        }));
    }
    mutants.into_iter().map(|mutant| mutant.at(FaultScope::Success)).collect()
}

const MISSHAPEN_BODY: &[Code] = &[Code::RESPONSE_SHAPE, Code::BODY_FORMAT];

fn spoiled(
    subject: &MutantSubject<'_>,
    location: &MemberLocation,
    name: &str,
    says: &str,
    spoil: OutputFault,
) -> Mutant {
    let at = location.clone();
    altered(subject, &format!("{location}/{name}"), MISSHAPEN, format!("{location} {says}"), move |body| {
        at.change(body, &mut |value| {
            if let Some(other) = spoil(value) {
                *value = other;
            }
        });
    })
}

fn altered(
    subject: &MutantSubject<'_>,
    name: &str,
    kind: &'static [Code],
    says: impl Into<String>,
    change: impl Fn(&mut Value) + Clone + Send + Sync + 'static,
) -> Mutant {
    let target = subject.target();
    subject.mutant(MutantFamily::Output, name, kind, says, move || Altered {
        target: target.clone(),
        responses: ResponseRule::Successes,
        alter: {
            let change = change.clone();
            move |response: &mut Response| change_body(response, &change)
        },
    })
}

fn other_type(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => return None,
        Value::String(_) => json!(7),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Number(number) => json!(number.to_string()),
        Value::Array(_) => json!({"0": "item"}),
        Value::Object(_) => json!("object"),
    })
}

/// The name with a different case of its first letter.
fn flipped(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map_or_else(String::new, |first| format!("{}{}", swapped(first.encode_utf8(&mut [0; 4])), chars.as_str()))
}

fn swapped(text: &str) -> String {
    let swap = |c: char| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
    text.chars().map(swap).collect()
}
