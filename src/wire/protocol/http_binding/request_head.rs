//! Inputs in requests: method, path, query and headers; and the host that some operations have.

use serde_json::{Map, Value};

use super::{
    BindingError, HttpBinding,
    bucket_host::called_path,
    query_pairs::QueryPairs,
    uri_pattern::{LabelValues, UriPattern},
};
use crate::{
    model::{Contract, Member, MemberBinding, Operation, PayloadSide, ShapeKind},
    wire::{
        Headers, Request,
        protocol::{BodyProblem, TimestampLocation},
    },
};

/// The method and the URI of an operation.
pub(super) fn http_trait(operation: &Operation) -> Option<(&str, UriPattern<'_>)> {
    let http = operation.traits.get("smithy.api#http")?;
    Some((http.get("method")?.as_str()?, UriPattern::parse(http.get("uri")?.as_str()?)))
}

impl HttpBinding<'_> {
    /// A request without a body, with the members of an input that are not in the body.
    ///
    /// # Errors
    /// The head of a request cannot carry the input.
    pub(in crate::wire::protocol) fn request(
        self,
        operation: &Operation,
        input: &Map<String, Value>,
    ) -> Result<Request, BindingError> {
        let (method, pattern) = http_trait(operation).ok_or(BindingError::NoHttp)?;
        let members = self.contract.members(&operation.input);
        let path = pattern.path(|label| self.label(members, label, input))?;
        let mut headers: Headers = [("accept-encoding", "identity")].into_iter().collect();
        self.write_headers(&operation.input, PayloadSide::Input, input, &mut headers)?;
        let query = self.query(members, &pattern, input)?;
        Ok(Request {
            method: method.to_owned(),
            target: [path, query].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("?"),
            headers,
            ..Request::default()
        })
    }

    fn label(self, members: &[Member], label: &str, input: &Map<String, Value>) -> Result<String, BindingError> {
        let missing = || BindingError::NoLabel(label.to_owned());
        let member = members.iter().find(|member| member.name == label).ok_or_else(missing)?;
        let value = input.get(label).filter(|value| !value.is_null()).ok_or_else(missing)?;
        let text = self.scalars(TimestampLocation::Uri).write(member, value).into_owned();
        if text.is_empty() { Err(BindingError::EmptyLabel(label.to_owned())) } else { Ok(text) }
    }

    /// Constants first, then members that name their parameter, then maps of parameters that are not there yet.
    fn query(
        self,
        members: &[Member],
        pattern: &UriPattern<'_>,
        input: &Map<String, Value>,
    ) -> Result<String, BindingError> {
        let mut pairs = QueryPairs::default();
        let given = |member: &Member| input.get(&member.name).filter(|value| !value.is_null());
        for member in members {
            if let (MemberBinding::Query(name), Some(value)) = (member.binding(PayloadSide::Input), given(member)) {
                self.push_values(member, name, value, &mut pairs);
            }
        }
        for member in members {
            if let (MemberBinding::QueryParams, Some(value)) = (member.binding(PayloadSide::Input), given(member)) {
                self.push_params(member, pattern, value, &mut pairs)?;
            }
        }
        let parts = [pattern.constant_query(), pairs.encoded()];
        Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&"))
    }

    fn push_values(self, member: &Member, name: &str, value: &Value, pairs: &mut QueryPairs) {
        let scalars = self.scalars(TimestampLocation::Uri);
        match (self.kind(member), value) {
            (Some(ShapeKind::List(item)), Value::Array(items)) => {
                let items = items.iter().filter(|item| !item.is_null());
                items.for_each(|value| pairs.push(name, scalars.write(item, value)));
            }
            _ => pairs.push(name, scalars.write(member, value)),
        }
    }

    fn push_params(
        self,
        member: &Member,
        pattern: &UriPattern<'_>,
        value: &Value,
        pairs: &mut QueryPairs,
    ) -> Result<(), BindingError> {
        let entries = value.as_object().ok_or_else(|| BindingError::NotAMap(member.name.clone()))?;
        let Some(ShapeKind::Map { value: item, .. }) = self.kind(member) else { return Ok(()) };
        let named = pairs.clone();
        let free = |name: &str| !named.contains(name) && !pattern.has_constant(name);
        for (name, value) in entries.iter().filter(|(name, value)| free(name) && !value.is_null()) {
            self.push_values(item, name, value, pairs);
        }
        Ok(())
    }

    /// The members of an input that are not in the body of a request.
    pub(in crate::wire::protocol) fn read_request(
        self,
        operation: &Operation,
        request: &Request,
        problems: &mut Vec<BodyProblem>,
    ) -> Map<String, Value> {
        let mut found = self.read_headers(&operation.input, PayloadSide::Input, &request.headers, problems);
        let path = called_path(self.contract, request);
        let labels = http_trait(operation).and_then(|(_, pattern)| pattern.matched(&path));
        let labels = labels.unwrap_or_default();
        let query = QueryPairs::of_target(&request.target);
        for member in self.contract.members(&operation.input) {
            let value = match member.binding(PayloadSide::Input) {
                MemberBinding::Label => self.label_value(member, &labels),
                MemberBinding::Query(name) => self.query_value(member, name, &query),
                MemberBinding::QueryParams => self.params_value(member, &query),
                _ => None,
            };
            found.extend(value.map(|value| (member.name.clone(), value)));
        }
        found
    }

    fn label_value(self, member: &Member, labels: &LabelValues<'_>) -> Option<Value> {
        let (_, text) = labels.iter().find(|(name, _)| *name == member.name)?;
        Some(self.scalars(TimestampLocation::Uri).read(member, text))
    }

    fn query_value(self, member: &Member, name: &str, query: &QueryPairs) -> Option<Value> {
        let scalars = self.scalars(TimestampLocation::Uri);
        let first = query.all(name).next()?;
        Some(match self.kind(member) {
            Some(ShapeKind::List(item)) => query.all(name).map(|text| scalars.read(item, text)).collect(),
            _ => scalars.read(member, first),
        })
    }

    /// All parameters, those that other members name included.
    fn params_value(self, member: &Member, query: &QueryPairs) -> Option<Value> {
        let Some(ShapeKind::Map { value: item, .. }) = self.kind(member) else { return None };
        let names = query.iter().map(|(name, _)| name);
        let found: Map<String, Value> =
            names.filter_map(|name| Some((name.to_owned(), self.query_value(item, name, query)?))).collect();
        (!found.is_empty()).then_some(Value::Object(found))
    }
}

/// The text before the host of an endpoint that an operation needs, with the labels of its input; `None` if it needs
/// none, or if the input gives no value for a label.
#[must_use]
pub fn host_prefix(contract: &Contract, operation: &Operation, input: &Value) -> Option<String> {
    let mut prefix = operation.traits.get("smithy.api#endpoint")?.get("hostPrefix")?.as_str()?.to_owned();
    for member in contract.members(&operation.input) {
        let label = format!("{{{}}}", member.name);
        if prefix.contains(&label) {
            prefix = prefix.replace(&label, input.get(&member.name)?.as_str().filter(|text| !text.is_empty())?);
        }
    }
    Some(prefix).filter(|prefix| !prefix.contains('{'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::{
        model::{TimestampFormat, read},
        wire::protocol::http_binding::route,
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Put"},{"target":"x#Any"},{"target":"x#Rpc"}]},
        "x#Put":{"type":"operation","input":{"target":"x#In"},"traits":{
            "smithy.api#http":{"method":"PUT","uri":"/a/{id}/{key+}?on&mode=x"},
            "smithy.api#endpoint":{"hostPrefix":"{id}.data."}}},
        "x#Any":{"type":"operation","traits":{"smithy.api#http":{"method":"PUT","uri":"/{all+}"}}},
        "x#Rpc":{"type":"operation"},
        "x#In":{"type":"structure","members":{
            "id":{"target":"smithy.api#String","traits":{"smithy.api#httpLabel":{}}},
            "key":{"target":"smithy.api#String","traits":{"smithy.api#httpLabel":{}}},
            "size":{"target":"smithy.api#Integer","traits":{"smithy.api#httpQuery":"size"}},
            "at":{"target":"smithy.api#Timestamp","traits":{"smithy.api#httpQuery":"at"}},
            "tags":{"target":"x#Texts","traits":{"smithy.api#httpQuery":"tag"}},
            "more":{"target":"x#Params","traits":{"smithy.api#httpQueryParams":{}}},
            "date":{"target":"smithy.api#Timestamp","traits":{"smithy.api#httpHeader":"X-Date"}},
            "dates":{"target":"x#Dates","traits":{"smithy.api#httpHeader":"X-Dates"}},
            "texts":{"target":"x#Texts","traits":{"smithy.api#httpHeader":"X-Texts"}},
            "json":{"target":"x#Json","traits":{"smithy.api#httpHeader":"X-Json"}},
            "meta":{"target":"x#Meta","traits":{"smithy.api#httpPrefixHeaders":"x-meta-"}},
            "one":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-meta-one"}},
            "body":{"target":"smithy.api#String"}}},
        "x#Texts":{"type":"list","member":{"target":"smithy.api#String"}},
        "x#Dates":{"type":"list","member":{"target":"smithy.api#Timestamp"}},
        "x#Json":{"type":"string","traits":{"smithy.api#mediaType":"application/json"}},
        "x#Meta":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"smithy.api#String"}},
        "x#Params":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#Texts"}}}}"#;

    fn format(location: TimestampLocation) -> TimestampFormat {
        match location {
            TimestampLocation::Body => TimestampFormat::EpochSeconds,
            TimestampLocation::Header => TimestampFormat::HttpDate,
            TimestampLocation::Uri => TimestampFormat::DateTime,
        }
    }

    fn contract() -> Contract {
        read("m", MODEL).unwrap()
    }

    fn build(input: &Value) -> Result<Request, BindingError> {
        let contract = contract();
        let operation = contract.operation("Put").unwrap();
        HttpBinding::new(&contract, format).request(operation, input.as_object().unwrap())
    }

    fn read_back(request: &Request) -> (Value, Vec<BodyProblem>) {
        let (contract, mut problems) = (contract(), Vec::new());
        let operation = route(&contract, request).unwrap();
        assert_eq!(operation.name, "Put");
        let found = HttpBinding::new(&contract, format).read_request(operation, request, &mut problems);
        (Value::Object(found), problems)
    }

    #[test]
    fn each_member_is_at_its_place() {
        let request = build(&json!({
            "id": "a/b", "key": "c/d e", "size": 5, "at": 1, "tags": ["x", "y&z"], "more": {"tag": ["lost"], "q": ["1", "2"], "on": ["lost"]},
            "date": 0, "dates": [1, 2], "texts": ["a", "b,c", ""], "json": "{\"a\": 1}", "meta": {"one": "lost", "two": "2"}, "one": "1",
            "body": "not here", "unknown": 1
        }))
        .unwrap();
        assert_eq!(request.method, "PUT");
        assert_eq!(
            request.target,
            "/a/a%2Fb/c/d%20e?on&mode=x&size=5&at=1970-01-01T00%3A00%3A01Z&tag=x&tag=y%26z&q=1&q=2"
        );
        let headers: Vec<(&str, &str)> = request.headers.iter().skip(1).collect();
        let date = "Thu, 01 Jan 1970 00:00:0";
        let expected = [
            ("X-Date", format!("{date}0 GMT")),
            ("X-Dates", format!("{date}1 GMT, {date}2 GMT")),
            ("X-Texts", r#"a, "b,c", """#.to_owned()),
            ("X-Json", "eyJhIjogMX0=".to_owned()),
            ("x-meta-one", "1".to_owned()),
            ("x-meta-two", "2".to_owned()),
        ];
        assert_eq!(headers, expected.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>());
    }

    #[rstest]
    #[case::no_label(json!({"id": "a"}), "the path needs a value for key")]
    #[case::null_label(json!({"id": null, "key": "k"}), "the path needs a value for id")]
    #[case::empty_label(json!({"id": "", "key": "k"}), "the path cannot hold an empty id")]
    #[case::line_feed(json!({"id": "a", "key": "k", "one": "a\r\nb: c"}), "the header x-meta-one cannot hold control")]
    #[case::space(json!({"id": "a", "key": "k", "one": " a"}), "the header x-meta-one cannot hold control")]
    #[case::header_name(json!({"id": "a", "key": "k", "meta": {"a b": ""}}), "\"x-meta-a b\" is not the name of a header")]
    #[case::no_map(json!({"id": "a", "key": "k", "meta": "m"}), "only a map of meta can be sent")]
    #[case::no_params(json!({"id": "a", "key": "k", "more": [1]}), "only a map of more can be sent")]
    fn what_a_head_cannot_carry_is_an_error(#[case] input: Value, #[case] expected: &str) {
        let error = build(&input).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_value_of_another_type_is_sent_as_its_text() {
        let request = build(
            &json!({"id": 5, "key": true, "size": "many", "at": "soon", "tags": "t", "texts": {"a": 1}, "dates": [null, "x"]}),
        );
        let request = request.unwrap();
        assert_eq!(request.target, "/a/5/true?on&mode=x&size=many&at=soon&tag=t");
        assert_eq!((request.headers.get("x-texts"), request.headers.get("x-dates")), (Some(r#"{"a":1}"#), Some("x")));
        let (found, _) = read_back(&request);
        assert_eq!((&found["size"], &found["at"], &found["tags"]), (&json!("many"), &json!("soon"), &json!(["t"])));
    }

    #[test]
    fn dot_segments_stay() {
        let request = build(&json!({"id": "a", "key": "x/../y"})).unwrap();
        assert_eq!(request.target, "/a/a/x/../y?on&mode=x");
    }

    #[test]
    fn a_server_reads_all_parameters_into_a_map_and_finds_broken_lists() {
        let mut request = build(&json!({"id": "a", "key": "k", "size": 1, "more": {"q": ["2"]}})).unwrap();
        request.headers.push("x-texts", "\"open");
        request.headers.push("X-META-Key", "v");
        let (found, problems) = read_back(&request);
        assert_eq!(found["more"], json!({"on": [""], "mode": ["x"], "size": ["1"], "q": ["2"]}));
        assert_eq!(found["meta"], json!({"Key": "v"}));
        assert_eq!(problems[0].to_string(), "a header x-texts that is not a list: a quoted item has no end");
    }

    #[test]
    fn a_host_prefix_needs_its_labels() {
        let contract = contract();
        let prefix = |name: &str, input: Value| host_prefix(&contract, contract.operation(name).unwrap(), &input);
        assert_eq!(prefix("Put", json!({"id": "acct"})).as_deref(), Some("acct.data."));
        assert_eq!(
            (prefix("Put", json!({})), prefix("Put", json!({"id": ""})), prefix("Rpc", json!({}))),
            (None, None, None)
        );
    }

    #[test]
    fn an_operation_without_a_uri_cannot_be_called() {
        let contract = contract();
        let binding = HttpBinding::new(&contract, format);
        assert_eq!(binding.request(contract.operation("Rpc").unwrap(), &Map::new()), Err(BindingError::NoHttp));
    }

    proptest! {
        #[test]
        fn an_input_is_read_as_it_was_written(
            id in ".{1,8}", key in ".{1,8}", size in any::<i32>(), seconds in 0..253_402_300_799_i64,
            tags in prop::collection::vec(".{0,5}", 1..4), texts in prop::collection::vec("[ -~]{0,5}", 0..4),
            dates in prop::collection::vec(0..253_402_300_799_i64, 1..3), text in ".{0,8}",
            meta in prop::collection::btree_map("[a-z]{1,4}x", "[!-~]{0,5}", 1..3),
        ) {
            let input = json!({"id": id, "key": key, "size": size, "at": seconds, "tags": tags, "texts": texts,
                "date": seconds, "dates": dates, "json": text, "meta": meta});
            let (mut found, problems) = read_back(&build(&input).unwrap());
            found.as_object_mut().unwrap().remove("more");
            prop_assert_eq!((found, problems), (input, Vec::new()));
        }

        #[test]
        fn any_request_is_read_without_a_panic(target in "/a/[ -~]{0,30}", header in ".{0,20}") {
            let contract = contract();
            let headers = ["x-date", "x-dates", "x-texts", "x-json", "x-meta-é"].map(|name| (name, header.clone()));
            let request = Request { method: "PUT".to_owned(), target, headers: headers.into_iter().collect(), ..Request::default() };
            let operation = contract.operation("Put").unwrap();
            HttpBinding::new(&contract, format).read_request(operation, &request, &mut Vec::new());
        }
    }
}
