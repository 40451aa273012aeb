//! The files that botocore has for each model: examples, paginators and waiters. They become Smithy traits of the operations.

use serde_json::{Map, Value};

use super::{Contract, botocore, model_error::ModelError};

/// A file that botocore may have beside a `service-2.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Companion {
    /// Calls with their input and output.
    Examples,
    /// The operations that return their result in pages.
    Paginators,
    /// The operations that are polled until a resource has a state.
    Waiters,
}

impl Companion {
    /// Every companion.
    pub const ALL: [Self; 3] = [Self::Examples, Self::Paginators, Self::Waiters];

    /// The name of the file, without the `.gz` that may follow.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Examples => "examples-1.json",
            Self::Paginators => "paginators-1.json",
            Self::Waiters => "waiters-2.json",
        }
    }
}

const EXAMPLES: &str = "smithy.api#examples";
const PAGINATED: &str = "smithy.api#paginated";
const WAITABLE: &str = "smithy.waiters#waitable";

impl Contract {
    /// The same contract with the contents of a companion of its model as traits of the operations: `smithy.api#examples`,
    /// `smithy.api#paginated` or `smithy.waiters#waitable`. As in Smithy, their members have the names of the model
    /// ([`Member::own_name`](super::Member::own_name)). What is about an unknown operation is left out.
    ///
    /// # Errors
    /// Text that is not JSON, or not of the form of this companion.
    pub fn with_companion(self, companion: Companion, file: &str, text: &str) -> Result<Self, ModelError> {
        match companion {
            Companion::Examples => self.with_examples(file, text),
            Companion::Paginators => self.with_paginators(file, text),
            Companion::Waiters => self.with_waiters(file, text),
        }
    }

    fn with_examples(mut self, file: &str, text: &str) -> Result<Self, ModelError> {
        for (name, examples) in botocore::read_examples(file, text)? {
            if let Some(operation) = self.operations.get_mut(&name).filter(|_| !examples.is_empty()) {
                let examples = examples.iter().map(botocore::example).collect();
                operation.traits.0.insert(EXAMPLES.to_owned(), examples);
            }
        }
        Ok(self)
    }

    fn with_paginators(mut self, file: &str, text: &str) -> Result<Self, ModelError> {
        for (name, paginated) in botocore::read_paginators(file, text)? {
            if let Some(operation) = self.operations.get_mut(&name) {
                operation.traits.0.insert(PAGINATED.to_owned(), paginated);
            }
        }
        Ok(self)
    }

    fn with_waiters(mut self, file: &str, text: &str) -> Result<Self, ModelError> {
        for (name, waiter) in botocore::read_waiters(file, text)? {
            let waitable = self.operation(&waiter.operation).and_then(|operation| waiter.waitable(&self, operation));
            let operation = self.operations.get_mut(&waiter.operation);
            let Some((waitable, operation)) = waitable.zip(operation) else { continue };
            let all = operation.traits.0.entry(WAITABLE.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(all) = all.as_object_mut() {
                all.insert(name, waitable);
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    const MODEL: &str = r#"{"metadata":{"apiVersion":"2020-01-01","endpointPrefix":"toy","serviceFullName":"Toy",
        "serviceId":"Toy","protocol":"json","jsonVersion":"1.1","targetPrefix":"Toy"},
        "operations":{"List":{"name":"List"},"Get":{"name":"Get","errors":[{"shape":"Gone"},{"shape":"Old"}]}},
        "shapes":{"Gone":{"type":"structure","members":{},"exception":true,"error":{"httpStatusCode":404}},
            "Old":{"type":"structure","members":{},"exception":true,"error":{"code":"Toy.Old","httpStatusCode":410}}}}"#;

    fn trait_of(companion: Companion, text: &str, operation: &str, id: &str) -> Option<Value> {
        let contract = read("m", MODEL).unwrap().with_companion(companion, "c", text).unwrap();
        contract.operation(operation).unwrap().traits.get(id).cloned()
    }

    #[test]
    fn examples_belong_to_their_operation() {
        let text = r#"{"version":"1.0","examples":{"Get":[{"id":"one","input":{"Name":"a"},"output":{}}],"No":[{}]}}"#;
        let expected = json!([{"title": "one", "input": {"Name": "a"}, "output": {}}]);
        assert_eq!(trait_of(Companion::Examples, text, "Get", EXAMPLES), Some(expected));
    }

    #[rstest]
    #[case::plain(
        r#"{"input_token":"Marker","output_token":"NextMarker","limit_key":"Limit","result_key":"Keys"}"#,
        Some(json!({"inputToken": "Marker", "outputToken": "NextMarker", "items": "Keys", "pageSize": "Limit"}))
    )]
    #[case::nested(
        r#"{"input_token":"Marker","output_token":"Page.Next","result_key":["Page.Items","Page.Names"]}"#,
        Some(json!({"inputToken": "Marker", "outputToken": "Page.Next", "items": "Page.Items"}))
    )]
    #[case::several_tokens(r#"{"input_token":["A","B"],"output_token":["C","D"],"result_key":"Keys"}"#, None)]
    #[case::an_expression(r#"{"input_token":"A","output_token":"B || C[-1].D","result_key":"Keys"}"#, None)]
    fn a_paginator_is_a_trait_of_its_operation(#[case] paginator: &str, #[case] expected: Option<Value>) {
        let text = format!(r#"{{"pagination":{{"List":{paginator},"Unknown":{paginator}}}}}"#);
        assert_eq!(trait_of(Companion::Paginators, &text, "List", PAGINATED), expected);
    }

    #[rstest]
    #[case::path(
        r#"{"matcher":"path","argument":"Thing.State","expected":"ACTIVE","state":"success"}"#,
        json!({"output": {"path": "Thing.State", "expected": "ACTIVE", "comparator": "stringEquals"}})
    )]
    #[case::boolean(
        r#"{"matcher":"path","argument":"length(Things) == `0`","expected":true,"state":"success"}"#,
        json!({"output": {"path": "length(Things) == `0`", "expected": "true", "comparator": "booleanEquals"}})
    )]
    #[case::all(
        r#"{"matcher":"pathAll","argument":"Things[].State","expected":"UP","state":"success"}"#,
        json!({"output": {"path": "Things[].State", "expected": "UP", "comparator": "allStringEquals"}})
    )]
    #[case::any(
        r#"{"matcher":"pathAny","argument":"Things[].State","expected":"UP","state":"success"}"#,
        json!({"output": {"path": "Things[].State", "expected": "UP", "comparator": "anyStringEquals"}})
    )]
    #[case::error(r#"{"matcher":"error","expected":"Gone","state":"success"}"#, json!({"errorType": "Gone"}))]
    #[case::error_by_code(r#"{"matcher":"error","expected":"Toy.Old","state":"success"}"#, json!({"errorType": "Old"}))]
    #[case::no_error(r#"{"matcher":"error","expected":false,"state":"success"}"#, json!({"success": true}))]
    #[case::status(r#"{"matcher":"status","expected":200,"state":"success"}"#, json!({"success": true}))]
    #[case::status_of_an_error(r#"{"matcher":"status","expected":404,"state":"success"}"#, json!({"errorType": "Gone"}))]
    fn a_waiter_is_a_trait_of_the_operation_that_it_polls(#[case] acceptor: &str, #[case] matcher: Value) {
        let text = format!(
            r#"{{"waiters":{{"Ready":{{"operation":"Get","delay":2,"maxAttempts":3,"acceptors":[{acceptor}]}}}}}}"#
        );
        let expected = json!({"Ready": {"minDelay": 2, "acceptors": [{"state": "success", "matcher": matcher}]}});
        assert_eq!(trait_of(Companion::Waiters, &text, "Get", WAITABLE), Some(expected));
    }

    #[rstest]
    #[case::unknown_status(r#"{"matcher":"status","expected":301,"state":"success"}"#)]
    #[case::unknown_matcher(r#"{"matcher":"smell","expected":"sweet","state":"success"}"#)]
    #[case::never_successful(r#"{"matcher":"error","expected":"Gone","state":"retry"}"#)]
    #[case::without_an_argument(r#"{"matcher":"path","expected":"A","state":"success"}"#)]
    fn a_waiter_that_smithy_cannot_express_is_left_out(#[case] acceptor: &str) {
        let text = format!(r#"{{"waiters":{{"Ready":{{"operation":"Get","acceptors":[{acceptor}]}}}}}}"#);
        assert_eq!(trait_of(Companion::Waiters, &text, "Get", WAITABLE), None);
    }

    #[rstest]
    fn a_broken_companion_is_an_error_that_names_it(
        #[values(Companion::Examples, Companion::Paginators, Companion::Waiters)] companion: Companion,
        #[values("{", "[]", r#"{"examples":5,"pagination":5,"waiters":5}"#)] text: &str,
    ) {
        let error = read("m", MODEL).unwrap().with_companion(companion, "c.json", text).unwrap_err();
        assert!(error.to_string().starts_with("c.json"), "{error}");
    }
}
