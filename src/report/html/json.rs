//! A JSON text with its lines broken and indented, and places in it marked. Every token stays as it was sent. Pure.

use serde_json::Value;

use super::marked::{Mark, Marked};
use crate::pointer;

/// What indents a level.
const INDENT: &str = "  ";

/// A JSON text over several lines, with the marks at their pointers; `None`, where it is no JSON, or nested too deep.
///
/// A place that is not there marks what should hold it. A list or an object is marked where it begins.
pub(super) fn laid_out(text: &str, marks: &[(String, Mark)]) -> Option<Marked> {
    // The limit of depth of this reader keeps the recursion below from being deep.
    let value: Value = serde_json::from_str(text).ok()?;
    let marks = marks.iter().map(|(pointer, mark)| (nearest(&value, pointer).to_owned(), mark.clone()));
    let mut layout = Layout { rest: text, out: Marked::default(), marks: marks.collect() };
    layout.value("", "", 0);
    Some(layout.out)
}

/// The longest part of a pointer that leads somewhere.
fn nearest<'a>(value: &Value, pointer: &'a str) -> &'a str {
    let mut pointer = pointer;
    while !pointer.is_empty() && value.pointer(pointer).is_none() {
        pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    pointer
}

struct Layout<'a> {
    rest: &'a str,
    out: Marked,
    marks: Vec<(String, Mark)>,
}

impl<'a> Layout<'a> {
    /// Writes the value that comes next; `lead` stands before it on its line.
    fn value(&mut self, place: &str, lead: &str, depth: usize) {
        match self.peek() {
            Some('{') => self.inside(place, lead, depth, '}'),
            Some('[') => self.inside(place, lead, depth, ']'),
            _ => {
                let token = self.token();
                self.put(place, &format!("{lead}{token}"));
            }
        }
    }

    fn inside(&mut self, place: &str, lead: &str, depth: usize, end: char) {
        let open = self.take(1);
        if self.peek() == Some(end) {
            let close = self.take(1);
            return self.put(place, &format!("{lead}{open}{close}"));
        }
        self.put(place, &format!("{lead}{open}"));
        let mut index = 0;
        loop {
            self.out.push(&format!("\n{}", INDENT.repeat(depth + 1)));
            let (name, lead) = if end == '}' { self.name() } else { (index.to_string(), String::new()) };
            self.value(&pointer::child(place, &name), &lead, depth + 1);
            index += 1;
            if self.peek() != Some(',') {
                break;
            }
            let comma = self.take(1);
            self.out.push(comma);
        }
        self.peek();
        let close = self.take(1);
        self.out.push(&format!("\n{}{close}", INDENT.repeat(depth)));
    }

    /// A member's name, and how it stands before the value.
    fn name(&mut self) -> (String, String) {
        self.peek();
        let token = self.token();
        self.peek();
        self.take(1);
        (serde_json::from_str(token).unwrap_or_else(|_| token.to_owned()), format!("{token}: "))
    }

    fn put(&mut self, place: &str, text: &str) {
        match self.marks.iter().find(|(marked, _)| marked == place) {
            Some((_, mark)) => self.out.mark(text, mark.clone()),
            None => self.out.push(text),
        }
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.chars().next()
    }

    /// A text, a number or a word.
    fn token(&mut self) -> &'a str {
        let end = match self.rest.strip_prefix('"') {
            Some(inner) => 1 + end_of_text(inner),
            None => self.rest.find([',', '}', ']', ' ', '\t', '\n', '\r']).unwrap_or(self.rest.len()),
        };
        self.take(end)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

/// Where a JSON text ends, its last quote included.
fn end_of_text(inner: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    inner.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::report::testing::deviation;

    fn marked(text: &str, pointers: &[&str]) -> Option<String> {
        let mark = Mark::of(&deviation("x").report.findings[0]);
        let marks: Vec<(String, Mark)> = pointers.iter().map(|pointer| ((*pointer).to_owned(), mark.clone())).collect();
        Some(laid_out(text, &marks)?.told())
    }

    #[rstest]
    #[case::scalar(r#"{"a":1,"b":[]}"#, &["/a"], "{\n  «\"a\": 1»,\n  \"b\": []\n}")]
    #[case::item("[1, {\"x\" : null}]", &["/1/x"], "[\n  1,\n  {\n    «\"x\": null»\n  }\n]")]
    #[case::container(r#"{"a":{"b":1}}"#, &["/a"], "{\n  «\"a\": {»\n    \"b\": 1\n  }\n}")]
    #[case::missing(r#"{"a":{"b":1}}"#, &["/a/c/d"], "{\n  «\"a\": {»\n    \"b\": 1\n  }\n}")]
    #[case::whole("7", &[""], "«7»")]
    #[case::escaped_name(r#"{"a/\u0062":"\"}"}"#, &["/a~1b"], "{\n  «\"a/\\u0062\": \"\\\"}\"»\n}")]
    fn a_place_is_marked_where_it_stands(#[case] text: &str, #[case] pointers: &[&str], #[case] shown: &str) {
        assert_eq!(marked(text, pointers).unwrap(), shown);
    }

    #[rstest]
    #[case::doubled_name(r#"{"a":1,"a":2}"#, "{\n  \"a\": 1,\n  \"a\": 2\n}")]
    #[case::number("1.0E+2", "1.0E+2")]
    #[case::spelling(r#""\u00e9\/""#, r#""\u00e9\/""#)]
    fn a_token_stays_as_it_was_sent(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(marked(text, &[]).unwrap(), shown);
    }

    #[rstest]
    #[case("<html>")]
    #[case("{\"a\":}")]
    #[case("")]
    #[case("{} {}")]
    fn what_is_no_json_is_not_laid_out(#[case] text: &str) {
        assert_eq!(marked(text, &[]), None);
    }

    #[test]
    fn what_is_too_deep_is_not_laid_out() {
        assert_eq!(marked(&"[".repeat(5_000), &[]), None);
        assert_eq!(marked(&format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)), &[]), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            "[a-z\"\\\\,:{}]{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"/~ ]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_laid_out_says_the_same(value in value()) {
            let shown = marked(&value.to_string(), &[]).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }
}
