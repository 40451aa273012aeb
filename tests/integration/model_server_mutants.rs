//! Mutants of the model server: one constraint at one site, one member, one header, one status or one name. With one
//! fault, probes of its site deviate, and no others. The model has every constraint in every part of a request.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Map, Value, json};
use wireproof::internals::{
    judge::verdict::Verdict,
    probe::{self, ProbeFamily},
    reference::{ConstraintSite, ModelFault, SpoiltError, SpoiltOutput},
    run::judged_case::JudgedCase,
};

use crate::{
    model_server::{Subject, everything},
    support::{self, corpus::say},
};

/// The parts of a request that carry members, each with an operation of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Label,
    Query,
    Header,
    Body,
    Payload,
}

const REST: [Part; 5] = [Part::Label, Part::Query, Part::Header, Part::Body, Part::Payload];

/// The members with scalars, each with one constraint. Every part of a request can carry them.
const SCALARS: [(&str, &str); 5] =
    [("Text", "x#Text"), ("Pat", "x#Pat"), ("Kind", "x#Kind"), ("Count", "x#Count"), ("Ratio", "x#Ratio")];

/// The members with lists, which a path cannot carry.
const LISTS: [(&str, &str); 2] = [("Items", "x#Items"), ("Unique", "x#Unique")];

/// The members that only a body carries.
const NESTED: [(&str, &str); 5] =
    [("Labels", "x#Labels"), ("Inner", "x#Inner"), ("Inners", "x#Inners"), ("Choice", "x#Choice"), ("Data", "x#Data")];

impl Part {
    fn name(self) -> String {
        format!("{self:?}")
    }

    fn has(self, member: &str) -> bool {
        let is_list = LISTS.iter().any(|(name, _)| *name == member);
        let is_nested = NESTED.iter().any(|(name, _)| *name == member);
        match self {
            Self::Label => !is_list && !is_nested,
            Self::Query | Self::Header => !is_nested,
            Self::Body | Self::Payload => true,
        }
    }

    fn binding(self, member: &str) -> Map<String, Value> {
        let (name, value) = match self {
            Self::Label => ("smithy.api#httpLabel", json!({})),
            Self::Query => ("smithy.api#httpQuery", json!(member)),
            Self::Header => ("smithy.api#httpHeader", json!(format!("x-{}", member.to_lowercase()))),
            Self::Body | Self::Payload => return Map::new(),
        };
        [(name.to_owned(), value)].into_iter().collect()
    }

    fn uri(self) -> String {
        match self {
            Self::Label => format!("/label/{}", SCALARS.map(|(name, _)| format!("{{{name}}}")).join("/")),
            other => format!("/{}", other.name().to_lowercase()),
        }
    }

    /// The shapes of the operation whose input has the members here.
    fn shapes(self) -> Map<String, Value> {
        let name = self.name();
        let all = SCALARS.into_iter().chain(LISTS).chain(NESTED);
        let members = all.filter(|(member, _)| self.has(member)).map(|(member, target)| {
            let mut traits = self.binding(member);
            if self == Self::Label {
                traits.insert("smithy.api#required".to_owned(), json!({}));
            }
            (member.to_owned(), json!({"target": target, "traits": traits}))
        });
        let mut members: Map<String, Value> = members.collect();
        let mut required = self.binding("Required");
        if self != Self::Label {
            required.insert("smithy.api#required".to_owned(), json!({}));
            members.insert("Required".to_owned(), json!({"target": "smithy.api#String", "traits": required}));
        }
        let structure = json!({"type": "structure", "members": members});
        let mut shapes = Map::new();
        if self == Self::Payload {
            let traits = json!({"smithy.api#httpPayload": {}, "smithy.api#required": {}});
            let payload = json!({"Document": {"target": "x#PayloadDocument", "traits": traits}});
            shapes.insert("x#PayloadDocument".to_owned(), structure);
            shapes.insert("x#PayloadInput".to_owned(), json!({"type": "structure", "members": payload}));
        } else {
            shapes.insert(format!("x#{name}Input"), structure);
        }
        shapes.insert(
            format!("x#{name}"),
            json!({
                "type": "operation",
                "input": {"target": format!("x#{name}Input")},
                "output": {"target": "x#Output"},
                "traits": {"smithy.api#http": {"method": "POST", "uri": self.uri(), "code": 200}},
            }),
        );
        shapes
    }
}

fn model(protocol: &str, parts: &[Part]) -> String {
    let namespace = if protocol.starts_with("rpcv2") { "smithy.protocols" } else { "aws.protocols" };
    let operations: Vec<Value> = parts.iter().map(|part| json!({"target": format!("x#{}", part.name())})).collect();
    let length = |min: u64, max: u64| json!({"smithy.api#length": {"min": min, "max": max}});
    let value = |text: &str| json!({"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": text}});
    let required = json!({"smithy.api#required": {}});
    let mut shapes = json!({
        "x#Every": {"type": "service", "version": "2026-01-01", "operations": operations, "traits": {
            "aws.auth#sigv4": {"name": "every"}, format!("{namespace}#{protocol}"): {}, "smithy.api#xmlNamespace": {"uri": "http://every/"}}},
        "x#Text": {"type": "string", "traits": length(3, 5)},
        "x#Pat": {"type": "string", "traits": {"smithy.api#pattern": "^[a-c]+$"}},
        "x#Kind": {"type": "enum", "members": {"ONE": value("ONE"), "TWO": value("TWO")}},
        "x#Count": {"type": "integer", "traits": {"smithy.api#range": {"min": 2, "max": 9}}},
        "x#Ratio": {"type": "double", "traits": {"smithy.api#range": {"min": 1.5, "max": 2.5}}},
        "x#Items": {"type": "list", "member": {"target": "x#Text"}, "traits": length(2, 3)},
        "x#Unique": {"type": "list", "member": {"target": "x#Pat"}, "traits": {"smithy.api#uniqueItems": {}}},
        "x#Labels": {"type": "map", "key": {"target": "x#Text"}, "value": {"target": "x#Pat"}, "traits": length(2, 3)},
        "x#Inner": {"type": "structure", "members": {
            "Name": {"target": "x#Text", "traits": required}, "Count": {"target": "x#Count"}, "Note": {"target": "smithy.api#String", "traits": required}}},
        "x#Inners": {"type": "list", "member": {"target": "x#Inner"}},
        "x#Choice": {"type": "union", "members": {"text": {"target": "x#Text"}, "count": {"target": "x#Count"}}},
        "x#Data": {"type": "blob", "traits": length(2, 4)},
        "x#Output": {"type": "structure", "members": {
            "Tag": {"target": "x#Text", "traits": {"smithy.api#required": {}, "smithy.api#httpHeader": "x-tag"}},
            "Id": {"target": "x#Text", "traits": required}, "Inner": {"target": "x#Inner", "traits": required},
            "Items": {"target": "x#Items", "traits": required}}},
    });
    if let Some(all) = shapes.as_object_mut() {
        for part in parts {
            all.extend(part.shapes());
        }
        if protocol == "ec2Query" {
            // EC2 has no maps.
            all.remove("x#Labels");
            all["x#BodyInput"]["members"].as_object_mut().unwrap().remove("Labels");
        }
    }
    json!({"smithy": "2.0", "shapes": shapes}).to_string()
}

fn subject(protocol: &str) -> (Subject, Vec<Part>) {
    let parts = if protocol.starts_with("rest") { REST.to_vec() } else { vec![Part::Body] };
    (Subject::of("every", &model(protocol, &parts), protocol), parts)
}

/// The probes of constraints, of one operation or of all.
fn of_constraints(operation: Option<&str>) -> probe::ProbeOptions {
    let families = ProbeFamily::ALL.into_iter().filter(|family| family.is_constraint()).collect();
    let operations = operation.map(str::to_owned).into_iter().collect();
    probe::ProbeOptions { families, operations, every_control: false, ..everything() }
}

/// The sites with a probe that the endpoint must reject.
fn sites(cases: &[JudgedCase]) -> BTreeSet<ConstraintSite> {
    let site = |case: &JudgedCase| {
        let aim = case.case.scenario.probe.as_ref().filter(|aim| !aim.valid)?;
        let family = ProbeFamily::named(aim.family.as_deref()?)?;
        let operation = case.case.scenario.operation.clone();
        Some(ConstraintSite { operation, location: aim.location.clone()?, family })
    };
    cases.iter().filter_map(site).collect()
}

fn deviating(cases: &[JudgedCase]) -> Vec<&JudgedCase> {
    cases.iter().filter(|case| case.report.verdict != Verdict::Conforms).collect()
}

fn shown(cases: &[&JudgedCase]) -> String {
    cases.iter().take(4).map(|case| support::describe(case)).collect::<Vec<_>>().join("\n")
}

/// A fault that no request shows. The reader of a REST protocol rejects a union without exactly one member, whatever the
/// constraints are, and an absent payload of restJson1 is read as an empty one.
fn is_equivalent(protocol: &str, site: &ConstraintSite) -> bool {
    let is_union = protocol.starts_with("rest") && site.family.name() == "union";
    is_union || (protocol == "restJson1" && site.location == "Document" && site.family.name() == "required")
}

/// Returns whether a probe may deviate because of the fault: it is of the site, or it leaves out the payload that has the
/// required member.
fn is_of(site: &ConstraintSite, case: &JudgedCase) -> bool {
    let payload = format!("every.{}/Document/required/", site.operation);
    let is_in_payload = site.location.starts_with("Document/") && site.family.name() == "required";
    let id = &case.report.id.0;
    id.starts_with(&head(site)) || (is_in_payload && id.starts_with(&payload))
}

/// The start of the ids of the probes of a site.
fn head(site: &ConstraintSite) -> String {
    format!("every.{}/{}/{}/", site.operation, site.location, site.family)
}

#[rstest]
#[case("awsJson1_1")]
#[case("restJson1")]
#[case("restXml")]
#[case("awsQuery")]
#[case("ec2Query")]
#[case("rpcv2Cbor")]
fn every_constraint_that_is_switched_off_is_detected_by_probes_of_its_site_alone(#[case] protocol: &str) {
    let (subject, _) = subject(protocol);
    let cases = subject.run(everything(), None);
    assert!(deviating(&cases).is_empty(), "{protocol}\n{}", shown(&deviating(&cases)));
    let mut wrong = Vec::new();
    let sites = sites(&subject.run(of_constraints(None), None));
    // Without optimization, some of them have to do.
    let every = if cfg!(debug_assertions) { 5 } else { 1 };
    for site in sites.iter().step_by(every) {
        let cases = subject.run(of_constraints(Some(&site.operation)), Some(ModelFault::Unchecked(site.clone())));
        let found = deviating(&cases);
        let exact = found.iter().all(|case| is_of(site, case));
        if found.is_empty() != is_equivalent(protocol, site) || !exact {
            wrong.push(format!("{}: {}", head(site), shown(&found)));
        }
    }
    say(&format!(
        "mutants of constraints in {protocol}: {} of {}",
        sites.len().div_ceil(every) - wrong.len(),
        sites.len().div_ceil(every)
    ))
    .unwrap();
    assert!(wrong.is_empty(), "{protocol}: {} of {}\n{}", wrong.len(), sites.len(), wrong.join("\n"));
}

#[rstest]
#[case("awsJson1_1")]
#[case("restJson1")]
#[case("restXml")]
#[case("awsQuery")]
#[case("ec2Query")]
#[case("rpcv2Cbor")]
fn every_spoilt_output_and_error_is_detected_by_the_probes_that_get_it(#[case] protocol: &str) {
    let (subject, parts) = subject(protocol);
    let outputs = ["Tag", "Id", "Inner", "Items"].map(|name| SpoiltOutput::Missing(name.to_owned()));
    let outputs = outputs.into_iter().chain([SpoiltOutput::Status, SpoiltOutput::ContentType]);
    let mut faults: Vec<(Part, ModelFault)> = Vec::new();
    for part in parts {
        faults.extend(outputs.clone().map(|fault| (part, ModelFault::Output(part.name(), fault))));
        let errors = [SpoiltError::Name, SpoiltError::Status];
        faults.extend(errors.map(|fault| (part, ModelFault::Error(part.name(), fault))));
    }
    let mut wrong = Vec::new();
    // Three and the number of faults of a part have no common divisor: each kind of fault occurs.
    let every = if cfg!(debug_assertions) { 3 } else { 1 };
    for (part, fault) in faults.iter().step_by(every) {
        let cases = subject.run(of_constraints(Some(&part.name())), Some(fault.clone()));
        let found = deviating(&cases);
        if matches!(fault, ModelFault::Output(_, SpoiltOutput::ContentType)) {
            let is_noted = |case: &JudgedCase| case.report.findings.iter().any(|one| one.code.name() == "content-type");
            if !cases.iter().any(is_noted) || !found.is_empty() {
                wrong.push(format!("{fault:?}: {}", shown(&found)));
            }
            continue;
        }
        let of_errors = matches!(fault, ModelFault::Error(..));
        let is_of_fault = |case: &&JudgedCase| case.case.scenario.steps[0].expect.is_rejection() == of_errors;
        let blocked = |case: &&JudgedCase| case.report.verdict == Verdict::Blocked;
        if !found.iter().any(is_of_fault) || !found.iter().all(|case| is_of_fault(case) || blocked(case)) {
            wrong.push(format!("{fault:?}: {}", shown(&found)));
        }
    }
    say(&format!(
        "mutants of responses in {protocol}: {} of {}",
        faults.len().div_ceil(every) - wrong.len(),
        faults.len()
    ))
    .unwrap();
    assert!(wrong.is_empty(), "{protocol}: {} of {}\n{}", wrong.len(), faults.len(), wrong.join("\n"));
}
