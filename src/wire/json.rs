//! Strict JSON (RFC 8259): a value, and every problem that a tolerant parser hides.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};

use crate::model::pointer::child;

/// A body read as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonDocument {
    /// The value, if the text has one.
    pub value: Option<Value>,
    /// The problems of the text.
    pub problems: Vec<JsonProblem>,
}

/// A property of a text that strict JSON forbids, or that parsers disagree about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonProblem {
    /// No bytes.
    Empty,
    /// Bytes that are not UTF-8, with their offset.
    NotUtf8(usize),
    /// A byte order mark before the value.
    ByteOrderMark,
    /// Not JSON, with the parser's message.
    Malformed(String),
    /// Bytes after the value, with their offset.
    TrailingBytes(usize),
    /// A duplicate member, with its JSON pointer. The last one counts.
    DuplicateMember(String),
}

impl JsonProblem {
    /// Returns true if RFC 8259 forbids it. It only advises against duplicate members.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        !matches!(self, Self::DuplicateMember(_))
    }
}

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "an empty body"),
            Self::NotUtf8(at) => write!(f, "bytes that are not UTF-8, at offset {at}"),
            Self::ByteOrderMark => write!(f, "a byte order mark in front of the JSON"),
            Self::Malformed(reason) => write!(f, "text that is not JSON ({reason})"),
            Self::TrailingBytes(at) => write!(f, "something after the JSON value, at offset {at}"),
            Self::DuplicateMember(pointer) => write!(f, "the member {pointer} twice"),
        }
    }
}

/// Reads `bytes` strictly. Nesting deeper than 128 levels counts as malformed.
#[must_use]
pub fn read(bytes: &[u8]) -> JsonDocument {
    let mut problems = Vec::new();
    if bytes.is_empty() {
        return JsonDocument { value: None, problems: vec![JsonProblem::Empty] };
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return JsonDocument { value: None, problems: vec![JsonProblem::NotUtf8(error.valid_up_to())] },
    };
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => {
            problems.push(JsonProblem::ByteOrderMark);
            rest
        }
        None => text,
    };
    let mut duplicates = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text);
    let seed = Tree { at: JsonContainer::Root, duplicates: &mut duplicates };
    let value = match seed.deserialize(&mut stream) {
        Ok(value) => value,
        Err(error) => {
            problems.push(JsonProblem::Malformed(error.to_string()));
            return JsonDocument { value: None, problems };
        }
    };
    problems.extend(duplicates.into_iter().map(JsonProblem::DuplicateMember));
    if let Err(error) = stream.end() {
        problems.push(JsonProblem::TrailingBytes(offset(text, error.line(), error.column())));
    }
    JsonDocument { value: Some(value), problems }
}

/// Returns true if a value contains a null at any depth. Few do, and only those need a copy without it.
#[must_use]
pub fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(members) => members.values().any(holds_null),
        _ => false,
    }
}

fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before + column.saturating_sub(1)
}

/// Builds a [`Value`], and collects duplicate members.
struct Tree<'d> {
    at: JsonContainer<'d>,
    duplicates: &'d mut Vec<String>,
}

/// The location of a value. Hardly any text has a duplicate member, so hardly any pointer is ever built.
#[derive(Clone, Copy)]
enum JsonContainer<'p> {
    Root,
    Member(&'p JsonContainer<'p>, &'p str),
    Item(&'p JsonContainer<'p>, usize),
}

impl JsonContainer<'_> {
    fn pointer(self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => child(&parent.pointer(), name),
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let at = JsonContainer::Item(&self.at, items.len());
            match seq.next_element_seed(Tree { at, duplicates: &mut *self.duplicates })? {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let at = JsonContainer::Member(&self.at, &name);
            let value = map.next_value_seed(Tree { at, duplicates: &mut *self.duplicates })?;
            match members.entry(name) {
                Entry::Vacant(member) => drop(member.insert(value)),
                Entry::Occupied(mut member) => {
                    self.duplicates.push(JsonContainer::Member(&self.at, member.key()).pointer());
                    member.insert(value);
                }
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::fine(br#"{"a":[1,2.5,"x",null,true]}"#, Some(json!({"a": [1, 2.5, "x", null, true]})), &[])]
    #[case::empty(b"", None, &["an empty body"])]
    #[case::not_utf8(b"{\"a\":\"\xff\"}", None, &["bytes that are not UTF-8, at offset 6"])]
    #[case::bom(b"\xef\xbb\xbf{}", Some(json!({})), &["a byte order mark in front of the JSON"])]
    #[case::trailing(b"{} x", Some(json!({})), &["something after the JSON value, at offset 3"])]
    #[case::duplicate(br#"{"a":{"b":1,"b":2}}"#, Some(json!({"a": {"b": 2}})), &["the member /a/b twice"])]
    #[case::trailing_at_once(b"{}{}", Some(json!({})), &["something after the JSON value, at offset 2"])]
    #[case::trailing_on_another_line(b"{\n}\n\n ]", Some(json!({})), &["something after the JSON value, at offset 6"])]
    #[case::malformed(b"{", None, &["text that is not JSON (EOF while parsing an object at line 1 column 1)"])]
    #[case::duplicate_in_an_array(br#"[{},{"b":1,"b":2}]"#, Some(json!([{}, {"b": 2}])), &["the member /1/b twice"])]
    #[case::kinds(br#"[-1,false,"\u0041"]"#, Some(json!([-1, false, "A"])), &[])]
    #[case::exponent(b"1.7E9", Some(json!(1.7e9)), &[])]
    fn a_body_gives_its_value_and_its_problems(
        #[case] body: &[u8],
        #[case] value: Option<Value>,
        #[case] problems: &[&str],
    ) {
        let document = read(body);
        assert_eq!(document.value, value);
        assert_eq!(document.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), problems);
    }

    #[test]
    fn deep_nesting_is_malformed_and_does_not_overflow_the_stack() {
        let document = read("[".repeat(100_000).as_bytes());
        assert!(matches!(document.problems[..], [JsonProblem::Malformed(_)]));
    }

    #[test]
    fn a_duplicate_member_is_a_problem_that_is_not_forbidden() {
        assert!(read(br#"{"a":1,"a":1}"#).problems.iter().all(|problem| !problem.is_forbidden()));
        assert!(JsonProblem::ByteOrderMark.is_forbidden());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let document = read(&bytes);
            prop_assert!(document.value.is_some() || !document.problems.is_empty());
        }

        #[test]
        fn output_of_serde_json_has_no_problem(text in ".{0,20}", number in any::<i64>()) {
            let value = json!({"t": text, "n": [number]});
            let document = read(value.to_string().as_bytes());
            prop_assert_eq!(document.value, Some(value));
            prop_assert!(document.problems.is_empty());
        }
    }
}
