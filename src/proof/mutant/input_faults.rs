//! Faults in reading an input: constraints that are not enforced, that are enforced too early, or that apply to a
//! different value than the one that was sent.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, ResponseRule, set_body},
    known_resources::{KnownResources, key_member},
    misread_input::{InputReading, misreading, on_text},
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    model::{Contract, Member, PayloadSide, Schemas, ShapeKind, ShapeRule},
    wire::Response,
};

/// An invalid input is accepted, or rejected for a different reason.
const LOOSE: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::SIDE_EFFECT];
/// A valid input is rejected: the request of a step or its control.
const STRICT: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::CONTROL];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let contract = subject.contract;
    let mut mutants: Vec<Mutant> = seen.rejections.keys().map(|error| not_enforced(subject, seen, error)).collect();
    let Some(key) = key_member(contract, subject.operation) else { return mutants };
    for member in contract.members(&subject.operation.input) {
        let is_key = member.name == key;
        mutants.extend(of_rules(subject, &key, member));
        mutants.extend(if is_key { of_text(subject, &key, seen) } else { of_other(subject, &key, member) });
        mutants.extend(coerced(subject, &key, member));
    }
    mutants.extend(of_whole(subject, &key));
    mutants
}

/// A request is accepted instead of rejected with an error.
fn not_enforced(subject: &MutantSubject<'_>, seen: &SeenMembers, error: &str) -> Mutant {
    let (target, name) = (subject.target(), error.to_owned());
    let output = seen.output.clone().unwrap_or_else(|| json!({}));
    let says = format!("{error} is not enforced: the request succeeds");
    let mutant = subject.mutant(MutantFamily::Input, &format!("{error}/not-enforced"), LOOSE, says, move || {
        let output = output.to_string();
        Altered {
            target: target.clone(),
            responses: ResponseRule::Error(name.clone()),
            alter: move |response: &mut Response| {
                response.status = 200;
                set_body(response, output.clone());
            },
        }
    });
    mutant.at(FaultScope::Error(error.to_owned()))
}

/// Each rule of the model for a member is not enforced: a value that violates it counts as a valid value that names
/// nothing.
fn of_rules(subject: &MutantSubject<'_>, key: &str, member: &Member) -> Vec<Mutant> {
    let schemas = Arc::new(Schemas::new(Arc::clone(subject.contract), subject.protocol.body_rules()));
    let rules = rules(subject.contract, member);
    let one = |rule: ShapeRule| {
        let (schemas, input, name) = (Arc::clone(&schemas), subject.operation.input.clone(), member.name.clone());
        let is_key = member.name == key;
        let reading: InputReading = Arc::new(move |given, known| {
            let given_value = Value::Object(given.clone());
            let violations = schemas.violations(&input, PayloadSide::Input, &given_value).ok()?;
            let pointer = format!("/{name}");
            let broken = |rule: ShapeRule| {
                violations.iter().any(|violation| violation.rule == rule && violation.pointer == pointer)
            };
            let others =
                violations.iter().any(|violation| violation.rule != rule && violation.rule != ShapeRule::UnknownMember);
            if !broken(rule) || others {
                return None;
            }
            let mut read = given.clone();
            if is_key {
                read.insert(name.clone(), json!(known.neighbour()));
            } else {
                read.shift_remove(&name);
            }
            Some(read)
        });
        let says = format!("the rule {} of {} is not enforced", rule.name(), member.name);
        read(subject, key, &format!("{}/{}/not-enforced", member.name, rule.name()), LOOSE, says, reading)
    };
    rules.into_iter().map(one).collect()
}

/// The rules of the model for a member.
fn rules(contract: &Contract, member: &Member) -> Vec<ShapeRule> {
    let shape = contract.shape(&member.target);
    let of =
        |has: fn(&crate::model::Traits) -> bool| has(&member.traits) || shape.is_some_and(|shape| has(&shape.traits));
    let mut rules = vec![ShapeRule::Type];
    rules.extend(member.traits.required().then_some(ShapeRule::Required));
    rules.extend(of(|traits| traits.length().is_some_and(|bounds| bounds.max.is_some())).then_some(ShapeRule::Length));
    rules.extend(
        of(|traits| traits.length().is_some_and(|bounds| bounds.min.is_some_and(|min| min > 0)))
            .then_some(ShapeRule::Empty),
    );
    rules.extend(of(|traits| traits.pattern().is_some()).then_some(ShapeRule::Pattern));
    rules.extend(of(|traits| traits.range().is_some()).then_some(ShapeRule::Range));
    rules
}

/// Faults in reading the string that names a resource.
fn of_text(subject: &MutantSubject<'_>, key: &str, seen: &SeenMembers) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    let mut add = |name: String, kind, says: String, reading: fn(&str, &KnownResources) -> Option<String>| {
        let member = key.to_owned();
        mutants.push(read(subject, key, &format!("{key}/{name}"), kind, says, on_text(&member, reading)));
    };
    add("trimmed".to_owned(), LOOSE, format!("{key} is trimmed"), |text, _| {
        let trimmed = text.trim();
        (trimmed != text && !trimmed.is_empty()).then(|| trimmed.to_owned())
    });
    let folded =
        |text: &String| seen.accepted_strings.iter().any(|known| text != known && text.eq_ignore_ascii_case(known));
    if seen.rejected_strings.iter().any(folded) {
        add("case-folded".to_owned(), LOOSE, format!("{key} is case-insensitive"), |text, known| {
            let folded = known.find_folded(text)?;
            (folded.name != text).then(|| folded.name.clone())
        });
    }
    mutants.extend(seen.rejected_characters.iter().map(|&c| character_accepted(subject, key, c)));
    mutants.extend(narrowed(subject, key, seen));
    mutants.extend(too_early(subject, key));
    mutants
}

/// One invalid character is accepted.
fn character_accepted(subject: &MutantSubject<'_>, key: &str, character: char) -> Mutant {
    let reading = on_text(key, move |text, known| {
        let odd = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
        let alone = text.contains(character) && text.chars().all(|c| c == character || !odd(c));
        alone.then(|| known.neighbour())
    });
    let name = format!("{key}/accepts-U+{:04X}", u32::from(character));
    let says = format!("U+{:04X} is accepted in {key}", u32::from(character));
    read(subject, key, &name, LOOSE, says, reading)
}

/// A class of valid characters is rejected.
fn narrowed(subject: &MutantSubject<'_>, key: &str, seen: &SeenMembers) -> Vec<Mutant> {
    let sorts: BTreeMap<&str, fn(char) -> bool> = [
        ("digits", (|c| c.is_ascii_digit()) as fn(char) -> bool),
        ("upper-case", |c| c.is_ascii_uppercase()),
        ("lower-case", |c| c.is_ascii_lowercase()),
        ("hyphens", |c| c == '-'),
        ("underscores", |c| c == '_'),
    ]
    .into();
    let accepted = sorts.into_iter().filter(|(_, is)| seen.accepted_characters.iter().any(|c| is(*c)));
    accepted
        .map(|(name, is)| {
            let reading = on_text(key, move |text, _| text.chars().skip(2).any(is).then(|| "!".to_owned()));
            let id = format!("{key}/refuses-{name}");
            read(subject, key, &id, STRICT, format!("{name} are rejected in {key}"), reading)
        })
        .collect()
}

/// A length limit is off by one.
fn too_early(subject: &MutantSubject<'_>, key: &str) -> Vec<Mutant> {
    let contract = subject.contract;
    let member = contract.members(&subject.operation.input).iter().find(|member| member.name == key);
    let length = member.and_then(|member| {
        member.traits.length().or_else(|| contract.shape(&member.target).and_then(|shape| shape.traits.length()))
    });
    let bounds = length.map(|bounds| [("max", bounds.max), ("min", bounds.min.filter(|min| *min > 0))]);
    bounds
        .into_iter()
        .flatten()
        .filter_map(|(which, bound)| Some((which, usize::try_from(bound?).ok()?)))
        .map(|(which, bound)| {
            let reading = on_text(key, move |text, _| (text.chars().count() == bound).then(|| "!".to_owned()));
            let says = format!("{key} with {bound} characters is rejected, although it is valid");
            read(subject, key, &format!("{key}/{which}-too-early"), STRICT, says, reading)
        })
        .collect()
}

/// An optional member is required.
fn of_other(subject: &MutantSubject<'_>, key: &str, member: &Member) -> Vec<Mutant> {
    if member.traits.required() {
        return Vec::new();
    }
    let (name, key_name) = (member.name.clone(), key.to_owned());
    let reading: InputReading = Arc::new(move |given, _| {
        let mut read = given.clone();
        (!given.contains_key(&name)).then(|| {
            read.shift_remove(&key_name);
            read
        })
    });
    let says = format!("{} is required", member.name);
    vec![read(subject, key, &format!("{}/required", member.name), STRICT, says, reading)]
}

/// Converts a value to another JSON type, if possible.
type Coerce = fn(&Value) -> Option<Value>;

/// A value of the wrong JSON type is converted instead of rejected.
fn coerced(subject: &MutantSubject<'_>, key: &str, member: &Member) -> Vec<Mutant> {
    let shape = subject.contract.shape(&member.target);
    let ways: &[(&str, Coerce)] = match shape.map(|shape| &shape.kind) {
        Some(ShapeKind::Boolean) => &[
            ("text", |value| value.as_str().map(|text| json!(matches!(text, "true" | "yes")))),
            ("number", |value| value.as_i64().map(|number| json!(number != 0))),
            ("list", |value| value.as_array().map(|items| json!(!items.is_empty()))),
            ("object", |value| value.as_object().map(|members| json!(!members.is_empty()))),
        ],
        Some(ShapeKind::String) => &[
            ("number", |value| value.as_f64().map(|_| json!(value.to_string()))),
            ("flag", |value| value.as_bool().map(|flag| json!(flag.to_string()))),
            ("list", |value| value.as_array()?.first().filter(|item| item.is_string()).cloned()),
            ("object", |value| value.as_object()?.values().find(|item| item.is_string()).cloned()),
        ],
        _ => &[],
    };
    ways.iter()
        .map(|&(from, coerce)| {
            let name = member.name.clone();
            let reading: InputReading = Arc::new(move |given, _| {
                let value = coerce(given.get(&name)?)?;
                let mut read = given.clone();
                read.insert(name.clone(), value);
                Some(read)
            });
            let says = format!("{} is converted from a {from}", member.name);
            read(subject, key, &format!("{}/coerced-{from}", member.name), LOOSE, says, reading)
        })
        .collect()
}

/// Faults in reading the whole input.
fn of_whole(subject: &MutantSubject<'_>, key: &str) -> Vec<Mutant> {
    let wrong_type = |given: &Map<String, Value>, key: &str| {
        let mut read = given.clone();
        read.insert(key.to_owned(), json!([{}]));
        read
    };
    let members: Vec<String> =
        subject.contract.members(&subject.operation.input).iter().map(|member| member.name.clone()).collect();
    let (of_null, of_unknown, of_case) = (key.to_owned(), key.to_owned(), members.clone());
    let readings: [(&str, &'static [Code], &str, InputReading); 3] = [
        (
            "null-is-a-value",
            STRICT,
            "a null member does not count as absent",
            Arc::new(move |given, _| given.values().any(Value::is_null).then(|| wrong_type(given, &of_null))),
        ),
        (
            "unknown-member-refused",
            STRICT,
            "an unknown member is rejected",
            Arc::new(move |given, _| {
                given.keys().any(|name| !members.contains(name)).then(|| wrong_type(given, &of_unknown))
            }),
        ),
        (
            "names-case-folded",
            LOOSE,
            "the names of members are case-insensitive",
            Arc::new(move |given, _| {
                let known = |name: &str| of_case.iter().find(|member| member.eq_ignore_ascii_case(name));
                let misspelt = given.keys().any(|name| known(name).is_some_and(|member| member != name));
                misspelt.then(|| {
                    given.iter().map(|(name, value)| (known(name).unwrap_or(name).clone(), value.clone())).collect()
                })
            }),
        ),
    ];
    readings.into_iter().map(|(name, kind, says, reading)| read(subject, key, name, kind, says, reading)).collect()
}

fn read(
    subject: &MutantSubject<'_>,
    key: &str,
    name: &str,
    kind: &'static [Code],
    says: impl Into<String>,
    reading: InputReading,
) -> Mutant {
    misreading(subject, MutantFamily::Input, key, name, kind, says, reading)
}
