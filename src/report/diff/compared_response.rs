//! Compares two responses to the same request.

use serde_json::Value;

use super::{
    body_comparer::{ABSENT, Comparer, FoundChange},
    identities::{Identities, nameless},
    response_change::{ChangeKind, DiffLocation},
    volatile::settled_prose,
};
use crate::wire::{error_name, protocol::ErrorLocation};

/// A response in an observation.
#[derive(Debug, Clone, Copy)]
enum Got<'o> {
    /// The different responses to concurrent requests.
    AnyOf(&'o [Value]),
    /// No response, with the reason.
    Nothing(&'o str),
    /// One.
    Response(ComparedResponse<'o>),
    /// A value that cannot be compared.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct ComparedResponse<'o> {
    status: u64,
    headers: &'o Value,
    body: &'o Value,
}

impl<'o> Got<'o> {
    fn of(value: &'o Value) -> Self {
        if let Some(responses) = value["any of"].as_array() {
            return Self::AnyOf(responses);
        }
        match (value["no answer"].as_str(), value["status"].as_u64()) {
            (Some(why), _) => Self::Nothing(why),
            (None, Some(status)) => {
                Self::Response(ComparedResponse { status, headers: &value["headers"], body: &value["body"] })
            }
            (None, None) => Self::Other,
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::Nothing(why) => format!("no response ({why})"),
            Self::Response(response) => response.in_words(),
            Self::AnyOf(_) | Self::Other => "several responses".to_owned(),
        }
    }
}

impl<'o> ComparedResponse<'o> {
    fn is_rejection(self) -> bool {
        self.status >= 400
    }

    /// The name of the error, in any location.
    fn error(self) -> &'o str {
        let at = |location| match location {
            ErrorLocation::Header(name) => self.headers.get(name),
            ErrorLocation::Body(pointer) => self.body.pointer(pointer),
        };
        let spelled = ErrorLocation::JSON
            .into_iter()
            .chain([ErrorLocation::XML_CODE])
            .find_map(|location| at(location)?.as_str())
            .map(error_name);
        spelled.filter(|name| !name.is_empty()).unwrap_or("an unnamed error")
    }

    fn in_words(self) -> String {
        if self.is_rejection() {
            format!("{} ({})", self.error(), self.status)
        } else {
            format!("a success ({})", self.status)
        }
    }
}

/// The differences between two responses to the same request.
pub(super) fn compare(identities: &mut Identities, a: &Value, b: &Value) -> Vec<FoundChange> {
    match (Got::of(a), Got::of(b)) {
        (Got::Response(a), Got::Response(b)) => responses(identities, a, b),
        (Got::AnyOf(a), Got::AnyOf(b)) => crowds(identities, a, b),
        (Got::Nothing(a), Got::Nothing(b)) if a == b => Vec::new(),
        (Got::Other, _) | (_, Got::Other) => Vec::new(),
        (a, b) => vec![whole(ChangeKind::Response, a.in_words(), b.in_words())],
    }
}

fn whole(kind: ChangeKind, before: String, after: String) -> FoundChange {
    FoundChange { location: DiffLocation::Response, kind, before, after }
}

fn responses(identities: &mut Identities, a: ComparedResponse<'_>, b: ComparedResponse<'_>) -> Vec<FoundChange> {
    if a.is_rejection() != b.is_rejection() {
        return vec![whole(ChangeKind::Outcome, a.in_words(), b.in_words())];
    }
    let mut found = Vec::new();
    if a.status != b.status {
        found.push(whole(ChangeKind::Status, a.status.to_string(), b.status.to_string()));
    }
    if a.is_rejection() && a.error() != b.error() {
        // A different error has different members.
        found.push(whole(ChangeKind::Error, a.error().to_owned(), b.error().to_owned()));
        return found;
    }
    headers(a.headers, b.headers, &mut found);
    let mut comparer = Comparer { identities, found };
    match (prose(a.body), prose(b.body)) {
        (Some(a), Some(b)) if settled_prose(a) == settled_prose(b) => {}
        (Some(a), Some(b)) => comparer.value("", &Value::from(settled_prose(a)), &Value::from(settled_prose(b))),
        (None, None) => comparer.value("", a.body, b.body),
        (a, b) => {
            let in_words = |text: Option<&str>| if text.is_some() { "text" } else { "JSON" }.to_owned();
            let location = DiffLocation::Body(String::new());
            comparer.found.push(FoundChange {
                location,
                kind: ChangeKind::Type,
                before: in_words(a),
                after: in_words(b),
            });
        }
    }
    comparer.found
}

/// A body that is not JSON.
fn prose(body: &Value) -> Option<&str> {
    let members = body.as_object().filter(|members| members.len() == 1)?;
    members.get("text")?.as_str()
}

fn headers(a: &Value, b: &Value, found: &mut Vec<FoundChange>) {
    let names = [a, b].into_iter().filter_map(Value::as_object).flat_map(|headers| headers.keys());
    let mut names: Vec<&String> = names.collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let in_words = |headers: &Value| headers[name].as_str().map_or_else(|| ABSENT.to_owned(), nameless);
        let (before, after) = (in_words(a), in_words(b));
        if before != after {
            found.push(FoundChange {
                location: DiffLocation::Header(name.clone()),
                kind: ChangeKind::Header,
                before,
                after,
            });
        }
    }
}

/// Compares the responses to concurrent requests. Responses of the same kind are paired; their number is random.
fn crowds(identities: &mut Identities, a: &[Value], b: &[Value]) -> Vec<FoundChange> {
    let mut rest: Vec<&Value> = b.iter().collect();
    let mut found = Vec::new();
    let mut alone = Vec::new();
    for response in a {
        match rest.iter().position(|other| Got::of(other).in_words() == Got::of(response).in_words()) {
            Some(at) => found.extend(compare(identities, response, rest.remove(at))),
            None => alone.push(response),
        }
    }
    let in_words = |responses: &[&Value]| {
        let in_words: Vec<String> = responses.iter().map(|response| Got::of(response).in_words()).collect();
        if in_words.is_empty() { ABSENT.to_owned() } else { in_words.join(", ") }
    };
    let known = |responses: &[Value], response: &Value| {
        responses.iter().any(|one| Got::of(one).in_words() == Got::of(response).in_words())
    };
    alone.retain(|response| !known(b, response));
    rest.retain(|response| !known(a, response));
    if !alone.is_empty() || !rest.is_empty() {
        found.push(whole(ChangeKind::Response, in_words(&alone), in_words(&rest)));
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn in_words(a: &Value, b: &Value) -> Vec<String> {
        let found = compare(&mut Identities::default(), a, b).into_iter();
        found
            .map(|FoundChange { location, kind, before, after }| format!("{kind} {location}: {before} -> {after}"))
            .collect()
    }

    fn ok(body: Value) -> Value {
        let headers = json!({"content-type": "a"});
        Value::from_iter([("status", Value::from(200)), ("headers", headers), ("body", body)])
    }

    fn rejected(status: u16, name: &str) -> Value {
        json!({"status": status, "headers": {}, "body": {"__type": name, "message": "<message>"}})
    }

    #[rstest]
    #[case::equal(ok(json!({"a": 1})), ok(json!({"a": 1})), &[])]
    #[case::outcome(ok(json!({})), rejected(400, "ns#E"), &["outcome : a success (200) -> E (400)"])]
    #[case::error(rejected(400, "E"), rejected(400, "F"), &["error : E -> F"])]
    #[case::error_and_status(rejected(400, "E"), rejected(500, "F"), &["status : 400 -> 500", "error : E -> F"])]
    #[case::status(rejected(400, "E"), rejected(404, "E"), &["status : 400 -> 404"])]
    #[case::spelling(rejected(400, "E"), rejected(400, "ns#E"), &[r#"value /__type: "E" -> "ns#E""#])]
    #[case::xml(
        json!({"status": 400, "headers": {}, "body": {"Code": "E"}}),
        json!({"status": 400, "headers": {}, "body": {"Code": "F"}}),
        &["error : E -> F"]
    )]
    #[case::unnamed(rejected(400, "E"), json!({"status": 400, "headers": {}, "body": {}}), &["error : E -> an unnamed error"])]
    #[case::no_response(ok(json!({})), json!({"no answer": "closed"}), &["response : a success (200) -> no response (closed)"])]
    #[case::neither(json!({"no answer": "closed"}), json!({"no answer": "closed"}), &[])]
    #[case::otherwise(json!({"no answer": "timeout"}), json!({"no answer": "closed"}), &["response : no response (timeout) -> no response (closed)"])]
    #[case::chance(json!("<depends on time>"), ok(json!({})), &[])]
    #[case::text(ok(json!({"text": "x"})), ok(json!({"a": 1})), &["type the body: text -> JSON"])]
    #[case::pages(ok(json!({"text": "at 2026-11-22 08:54:17"})), ok(json!({"text": "at 2026-11-22 08:54:18"})), &[])]
    #[case::other_pages(ok(json!({"text": "x"})), ok(json!({"text": "y"})), &[r#"value the body: "x" -> "y""#])]
    fn outer_differences_are_compared_before_inner_ones(#[case] a: Value, #[case] b: Value, #[case] expected: &[&str]) {
        assert_eq!(in_words(&a, &b), expected);
    }

    #[test]
    fn a_header_that_differs_is_reported_by_its_name() {
        let with = |headers: Value| json!({"status": 200, "headers": headers, "body": {}});
        let in_words = in_words(&with(json!({"content-type": "a", "x": "y"})), &with(json!({"content-type": "b"})));
        assert_eq!(in_words, ["header content-type: a -> b", "header x: y -> absent"]);
    }

    #[test]
    fn concurrent_responses_are_compared_by_kind() {
        let crowd = |responses: &[Value]| json!({ "any of": responses });
        let (won, lost) = (ok(json!({"a": 1})), rejected(400, "E"));
        assert_eq!(in_words(&crowd(&[won.clone(), lost.clone()]), &crowd(&[lost.clone(), won.clone()])), [""; 0]);
        assert_eq!(
            in_words(&crowd(&[won.clone(), lost.clone()]), &crowd(&[ok(json!({"a": 2})), rejected(400, "F")])),
            ["value /a: 1 -> 2", "response : E (400) -> F (400)"]
        );
        assert_eq!(
            in_words(&crowd(std::slice::from_ref(&won)), &crowd(&[won.clone(), lost])),
            ["response : absent -> E (400)"]
        );
    }
}
