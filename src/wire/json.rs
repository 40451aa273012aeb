//! Strict JSON (RFC 8259): a value, and every problem that a tolerant parser hides.
//!
//! `serde_json` decides what is JSON: it skips a text by the grammar alone, at any depth and without numbers. The value
//! is then built from the valid text, with each number as it is written. What RFC 8259 allows and no value here can
//! hold is a [`JsonLimit`] instead of a problem.

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, map::Entry};
use thiserror::Error;

use crate::model::{
    exact_number::{KEPT_NUMBER, number, rounded},
    pointer::child,
};

/// The deepest nesting of which a value is built.
pub const DEEPEST: usize = 256;

/// The number of duplicate members that are named.
const MOST_DUPLICATES: usize = 100;

/// The maximum number of values in a text of which a value is built.
pub const MOST_VALUES: usize = 1 << 16;

/// A body read as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonDocument {
    /// The value, if the text has one.
    pub value: Option<Value>,
    /// The problems of the text.
    pub problems: Vec<JsonProblem>,
    /// The reason why a valid text has no value here.
    pub limit: Option<JsonLimit>,
}

/// A property of valid JSON that this program does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonLimit {
    /// Nested too deeply.
    #[error("JSON with more than {DEEPEST} levels of nesting")]
    Depth,
    /// Too many values.
    #[error("JSON with more than {MOST_VALUES} values")]
    Values,
    /// An escaped surrogate that is not one of a pair.
    #[error("a JSON string with an escaped surrogate that is not one of a pair")]
    LoneSurrogate,
    /// A member whose name stands for numbers in values.
    #[error("a JSON member named {KEPT_NUMBER:?}")]
    ReservedName,
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

/// Reads `bytes` strictly.
#[must_use]
pub fn read(bytes: &[u8]) -> JsonDocument {
    let none = |problem| JsonDocument { value: None, problems: vec![problem], limit: None };
    if bytes.is_empty() {
        return none(JsonProblem::Empty);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(text),
        Err(error) => none(JsonProblem::NotUtf8(error.valid_up_to())),
    }
}

fn read_text(text: &str) -> JsonDocument {
    let mut problems = Vec::new();
    let text = text.strip_prefix('\u{feff}').map_or(text, |rest| {
        problems.push(JsonProblem::ByteOrderMark);
        rest
    });
    let mut stream = serde_json::Deserializer::from_str(text);
    if let Err(error) = IgnoredAny::deserialize(&mut stream) {
        problems.push(JsonProblem::Malformed(reason(text, &error)));
        return JsonDocument { value: None, problems, limit: None };
    }
    let mut builder = ValueBuilder { text, at: 0, values: 0, duplicates: Vec::new() };
    let built = builder.value(JsonContainer::Root, 0);
    problems.extend(builder.duplicates.into_iter().map(JsonProblem::DuplicateMember));
    if let Err(error) = stream.end() {
        problems.push(JsonProblem::TrailingBytes(offset(text, error.line(), error.column())));
    }
    JsonDocument { limit: built.as_ref().err().copied(), value: built.ok(), problems }
}

/// The value of a text that is JSON and nothing else.
#[must_use]
pub fn value(bytes: &[u8]) -> Option<Value> {
    let document = read(bytes);
    document.value.filter(|_| !document.problems.iter().any(JsonProblem::is_forbidden))
}

/// The words for an error of the grammar: those of the parser of values, unless it stopped before it for a limit of its
/// own.
fn reason(text: &str, error: &serde_json::Error) -> String {
    let of_value = serde_json::from_str::<Value>(text).err();
    let at = |error: &serde_json::Error| (error.line(), error.column());
    of_value.filter(|other| at(other) >= at(error)).map_or_else(|| error.to_string(), |other| other.to_string())
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

/// The location of a value in a document. Hardly any document has a problem, so hardly any pointer is ever built.
#[derive(Clone, Copy)]
pub(super) enum JsonContainer<'p> {
    Root,
    Member(&'p JsonContainer<'p>, &'p str),
    Item(&'p JsonContainer<'p>, usize),
}

impl JsonContainer<'_> {
    pub(super) fn pointer(self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => child(&parent.pointer(), name),
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// Builds the value of a text that is JSON, and collects duplicate members.
struct ValueBuilder<'t> {
    text: &'t str,
    at: usize,
    values: usize,
    duplicates: Vec<String>,
}

impl<'t> ValueBuilder<'t> {
    fn value(&mut self, at: JsonContainer<'_>, depth: usize) -> Result<Value, JsonLimit> {
        if depth > DEEPEST {
            return Err(JsonLimit::Depth);
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(JsonLimit::Values);
        }
        match self.next() {
            Some(b'{') => self.object(at, depth),
            Some(b'[') => self.array(at, depth),
            Some(b'"') => self.string().map(Value::String),
            _ => Ok(match self.token() {
                "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                // Nothing compares a whole body that is a number.
                text if depth == 0 => rounded(&number(text)).into_owned(),
                text => number(text),
            }),
        }
    }

    fn object(&mut self, at: JsonContainer<'_>, depth: usize) -> Result<Value, JsonLimit> {
        let mut members = Map::new();
        while self.enters(b'}') {
            let name = self.string()?;
            if name == KEPT_NUMBER {
                return Err(JsonLimit::ReservedName);
            }
            self.enters(b'}');
            let value = self.value(JsonContainer::Member(&at, &name), depth + 1)?;
            match members.entry(name) {
                Entry::Vacant(member) => drop(member.insert(value)),
                Entry::Occupied(mut member) => {
                    if self.duplicates.len() < MOST_DUPLICATES {
                        self.duplicates.push(JsonContainer::Member(&at, member.key()).pointer());
                    }
                    member.insert(value);
                }
            }
        }
        Ok(Value::Object(members))
    }

    fn array(&mut self, at: JsonContainer<'_>, depth: usize) -> Result<Value, JsonLimit> {
        let mut items = Vec::new();
        while self.enters(b']') {
            items.push(self.value(JsonContainer::Item(&at, items.len()), depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    /// Moves past a bracket, comma or colon; `false` after the bracket `end`.
    fn enters(&mut self, end: u8) -> bool {
        if matches!(self.next(), Some(b'{' | b'[' | b',' | b':')) {
            self.at += 1;
        }
        let ends = self.next() == Some(end);
        self.at += usize::from(ends);
        !ends
    }

    /// The next byte that is not white space.
    fn next(&mut self) -> Option<u8> {
        let rest = self.text.get(self.at..)?;
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.text.as_bytes().get(self.at).copied()
    }

    fn string(&mut self) -> Result<String, JsonLimit> {
        let start = self.at;
        let mut escaped = false;
        let inner = self.text.as_bytes().iter().skip(start + 1);
        let length = inner.take_while(|byte| {
            let ends = **byte == b'"' && !escaped;
            escaped = **byte == b'\\' && !escaped;
            !ends
        });
        self.at += length.count() + 2;
        let token = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(token).map_err(|_| JsonLimit::LoneSurrogate)
    }

    /// A number, or the name of a value.
    fn token(&mut self) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::JsonText;

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
    #[case::control_character(b"\"\x01\"", None, &["text that is not JSON (control character (\\u0000-\\u001F) found while parsing a string at line 1 column 2)"])]
    #[case::leading_zero(b"[01]", None, &["text that is not JSON (invalid number at line 1 column 3)"])]
    fn a_body_gives_its_value_and_its_problems(
        #[case] body: &[u8],
        #[case] value: Option<Value>,
        #[case] problems: &[&str],
    ) {
        let document = read(body);
        assert_eq!(document.value, value);
        assert_eq!(document.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), problems);
    }

    #[rstest]
    #[case::empty_array("[]")]
    #[case::empty_object("{ }")]
    #[case::spaces(" [ 1 , { \"a\" : [ ] } ]\n")]
    #[case::integer_beyond_64_bits("[9223372036854775808]")]
    #[case::float_beyond_a_double(r#"{"a":1e400}"#)]
    #[case::digits("[0.1000000000000000055511151231257827,-0,1e3,1.0,1E+2]")]
    #[case::escapes(r#"["\"\\\/\u00e9\ud83d\ude00,]}"]"#)]
    fn a_value_is_written_as_it_was_read(#[case] text: &str) {
        let document = read(text.as_bytes());
        assert_eq!((&document.problems[..], document.limit), (&[][..], None));
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let escaped = text.contains('\\');
        let written = JsonText(&document.value.unwrap()).to_string();
        assert_eq!(written, if escaped { r#"["\"\\/é😀,]}"]"#.to_owned() } else { plain });
    }

    #[rstest]
    #[case::levels(&"[".repeat(DEEPEST), None)]
    #[case::more_levels(&"[".repeat(DEEPEST + 2), Some(JsonLimit::Depth))]
    #[case::many_levels(&"[".repeat(100_000), Some(JsonLimit::Depth))]
    #[case::surrogate(r#"["\ud800""#, Some(JsonLimit::LoneSurrogate))]
    #[case::surrogate_in_a_name(r#"[{"\udfffx":1}"#, Some(JsonLimit::LoneSurrogate))]
    #[case::pair(r#"["\ud83d\ude00""#, None)]
    #[case::reserved(r#"[{"\u0000number":"1"}"#, Some(JsonLimit::ReservedName))]
    fn what_no_value_can_hold_is_a_limit_and_no_problem(#[case] opened: &str, #[case] limit: Option<JsonLimit>) {
        let levels = opened.bytes().filter(|byte| *byte == b'[').count();
        let document = read(format!("{opened}{}", "]".repeat(levels)).as_bytes());
        assert_eq!((&document.problems[..], document.limit), (&[][..], limit));
        assert_eq!(document.value.is_none(), limit.is_some());
    }

    #[rstest]
    #[case::at_the_limit(MOST_VALUES - 1, None)]
    #[case::over(MOST_VALUES, Some(JsonLimit::Values))]
    fn the_number_of_values_is_limited(#[case] items: usize, #[case] limit: Option<JsonLimit>) {
        let document = read(format!("[{}1]", "1,".repeat(items - 1)).as_bytes());
        assert_eq!((&document.problems[..], document.limit), (&[][..], limit));
    }

    #[rstest]
    #[case::two_hundred(200)]
    #[case::many(100_000)]
    fn unclosed_nesting_is_malformed_at_any_depth(#[case] levels: usize) {
        let document = read("[".repeat(levels).as_bytes());
        let expected = format!("EOF while parsing a list at line 1 column {levels}");
        assert_eq!(document.problems, [JsonProblem::Malformed(expected)]);
    }

    #[rstest]
    #[case(b"[1]", true)]
    #[case(br#"{"a":1,"a":2}"#, true)]
    #[case(b"[1] x", false)]
    #[case(b"", false)]
    fn a_text_with_more_than_a_value_has_none(#[case] text: &[u8], #[case] expected: bool) {
        assert_eq!(value(text).is_some(), expected);
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
            prop_assert!(document.value.is_some() || document.limit.is_some() || !document.problems.is_empty());
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
