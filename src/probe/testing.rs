//! A small service for the tests of this folder.

use std::sync::Arc;

use super::{ProbeOptions, Probes, input::Inputs};
use crate::{
    model::Operation,
    suite::{FixtureFiles, Fixtures, source::Source},
};

/// A service `s` with the operation `Put`, whose input structure is `x#In`; `shapes` defines it and what it reaches.
pub(super) fn suite(shapes: &str, states: &str) -> Fixtures {
    let model = format!(
        r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Put"}}],
                "traits":{{"aws.auth#sigv4":{{"name":"s"}},"aws.protocols#awsJson1_1":{{}}}}}},
            "x#Put":{{"type":"operation","input":{{"target":"x#In"}}}},{shapes}}}}}"#
    );
    let mut texts = vec![("s/model.json".to_owned(), model)];
    texts.extend((!states.is_empty()).then(|| ("s/states.yaml".to_owned(), states.to_owned())));
    Fixtures::read(&FixtureFiles::from_texts(texts)).unwrap()
}

/// Builds inputs of that service.
pub(super) fn inputs(shapes: &str) -> Inputs {
    let suite = suite(shapes, "");
    Inputs::new(suite.service("s").unwrap())
}

/// Its one operation.
pub(super) fn put(inputs: &Inputs) -> Operation {
    inputs.contract().operation("Put").unwrap().clone()
}

/// Its probes.
pub(super) fn probes(shapes: &str, options: ProbeOptions) -> Probes {
    let suite = suite(shapes, "");
    Probes::new(suite.service("s").unwrap(), &Arc::new(Source::none("s")), options)
}

/// A model with every kind of shape.
pub(super) const SHAPES: &str = r#"
    "x#In":{"type":"structure","members":{
        "name":{"target":"x#Name","traits":{"smithy.api#required":{}}},
        "tags":{"target":"x#Tags"},
        "choice":{"target":"x#Choice"},
        "tree":{"target":"x#Tree"},
        "by":{"target":"x#ByName"}}},
    "x#Name":{"type":"string","traits":{"smithy.api#length":{"min":3,"max":8},"smithy.api#pattern":"^[a-z]+$"}},
    "x#Tags":{"type":"list","member":{"target":"x#Tag"},"traits":{"smithy.api#length":{"min":2,"max":4}}},
    "x#Tag":{"type":"structure","members":{"key":{"target":"x#Name","traits":{"smithy.api#required":{}}}}},
    "x#Choice":{"type":"union","members":{"a":{"target":"smithy.api#String"},"b":{"target":"smithy.api#Integer"}}},
    "x#Tree":{"type":"structure","members":{"left":{"target":"x#Tree"},"leaf":{"target":"smithy.api#Boolean"}}},
    "x#ByName":{"type":"map","key":{"target":"x#Name"},"value":{"target":"smithy.api#Integer"}}"#;
