//! Helpers for tests of fixtures: a small service, and reading a few files.

use std::sync::LazyLock;

use super::{FixtureFiles, Fixtures, Scenario};

/// The bundled fixtures, read once.
pub(crate) static BUNDLED: LazyLock<Fixtures> = LazyLock::new(|| Fixtures::bundled().unwrap());

/// A service with two operations.
pub(super) const MODEL: &str = r#"{"smithy":"2.0","shapes":{
    "x#Works_1":{"type":"service","version":"1","operations":[{"target":"x#MakeThing"},{"target":"x#GetThing"}],
        "traits":{"aws.protocols#awsJson1_0":{},"aws.api#service":{"sdkId":"Works"},"aws.auth#sigv4":{"name":"works"}}},
    "x#MakeThing":{"type":"operation","input":{"target":"x#MakeInput"},"output":{"target":"x#Thing"},"errors":[{"target":"x#TakenException"}]},
    "x#GetThing":{"type":"operation","input":{"target":"x#GetInput"},"output":{"target":"x#Thing"},"errors":[{"target":"x#GoneException"}]},
    "x#MakeInput":{"type":"structure","members":{
        "name":{"target":"x#Name","traits":{"smithy.api#required":{},"wireproof#requirements":["W-1"]}},
        "size":{"target":"smithy.api#Integer"}}},
    "x#GetInput":{"type":"structure","members":{"name":{"target":"x#Name"}}},
    "x#Thing":{"type":"structure","members":{"id":{"target":"smithy.api#String"},"inner":{"target":"x#Inner"}}},
    "x#Inner":{"type":"structure","members":{"state":{"target":"smithy.api#String"}}},
    "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":1,"max":5}}},
    "x#TakenException":{"type":"structure","members":{"message":{"target":"smithy.api#String"}},"traits":{"smithy.api#error":"client"}},
    "x#GoneException":{"type":"structure","members":{"message":{"target":"smithy.api#String"}},"traits":{"smithy.api#error":"client"}}}}"#;

pub(super) const REQUIREMENTS: &str = "service: works
documents: { page: { title: t, url: 'https://example.com/' } }
requirements:
  - { id: W-1, says: s, document: page, section: x, kind: behaviour, evidence: documented, edition: e }
";

pub(super) const STATES: &str = "states:
  a thing:
    says: A thing exists.
    params: { name: a }
    steps: [{ call: MakeThing, input: { name: '${params.name}' } }]
    yields: { name: '${params.name}' }
";

/// Reads the small service, with these files added or changed.
pub(super) fn read(more: &[(&str, &str)]) -> Result<Fixtures, Vec<String>> {
    let own = [("works/model.json", MODEL), ("works/requirements.yaml", REQUIREMENTS), ("works/states.yaml", STATES)];
    let texts = own.iter().chain(more).map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Fixtures::read(&FixtureFiles::from_texts(texts))
        .map_err(|error| error.0.iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect())
}

/// A scenario of `MakeThing` with these lines after its first three.
pub(super) fn text(rest: &str) -> String {
    format!("title: t\ncites: [W-1]\nevidence: documented\n{rest}\n")
}

/// Reads a scenario of `MakeThing` with these lines after its first three.
pub(super) fn scenario(rest: &str) -> Result<Scenario, String> {
    let suite = read(&[("works/make-thing/x.yaml", &text(rest))]).map_err(|problems| problems.join("; "))?;
    Ok(suite.scenarios().next().unwrap().as_ref().clone())
}
