//! Splits a JSON text into lines with one value each, and the pointer of that value. Only the white space between
//! tokens changes: numbers, escapes and duplicate members are shown as they were sent.

use serde::de::IgnoredAny;

use crate::model::pointer;

/// Deeper texts are not split.
const DEEPEST: usize = 64;

/// A line of a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayoutRow {
    /// The pointer of the value that starts here; `None` for a line that only closes one.
    pub(super) pointer: Option<String>,
    /// The indented line.
    pub(super) text: String,
}

/// The lines of a text, if it is JSON and not too deep.
pub(super) fn rows(text: &str) -> Option<Vec<LayoutRow>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let tokens: Vec<&str> = Tokens { rest: text }.collect();
    let mut layout = WireLayout::default();
    for (index, token) in tokens.iter().enumerate() {
        layout.take(token, tokens.get(index + 1).copied().unwrap_or_default());
        if layout.open.len() > DEEPEST {
            return None;
        }
    }
    layout.flush();
    Some(layout.rows)
}

/// An open object or array.
#[derive(Debug)]
struct OpenRow {
    is_object: bool,
    /// The number of items so far, of an array.
    items: usize,
    /// The length of its pointer.
    pointer: usize,
}

#[derive(Debug, Default)]
struct WireLayout {
    rows: Vec<LayoutRow>,
    open: Vec<OpenRow>,
    /// The pointer of the next value.
    pointer: String,
    /// The current line, and the pointer of the value that starts in it.
    line: String,
    began: Option<String>,
    /// True if the last token was a colon, so that the next one is a value.
    is_value: bool,
}

impl WireLayout {
    fn take(&mut self, token: &str, next: &str) {
        match token {
            "{" | "[" if matches!(next, "}" | "]") => self.value(token),
            "{" | "[" => {
                self.value(token);
                self.flush();
                self.open.push(OpenRow { is_object: token == "{", items: 0, pointer: self.pointer.len() });
            }
            "}" | "]" if self.line.ends_with(['{', '[']) => self.line.push_str(token),
            "}" | "]" => {
                self.flush();
                self.open.pop();
                self.line = format!("{}{token}", self.indent());
            }
            "," => {
                self.line.push(',');
                self.flush();
            }
            ":" => {
                self.line.push_str(": ");
                self.is_value = true;
            }
            key if !self.is_value && self.open.last().is_some_and(|open| open.is_object) => self.key(key),
            scalar => self.value(scalar),
        }
    }

    fn key(&mut self, raw: &str) {
        let key: String = serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned());
        self.point_to(&pointer::escape(&key));
        self.line = format!("{}{raw}", self.indent());
    }

    /// Adds the start of a value, or a whole scalar.
    fn value(&mut self, token: &str) {
        if let Some(open) = self.open.last_mut().filter(|open| !open.is_object) {
            let item = open.items.to_string();
            open.items += 1;
            self.point_to(&item);
            self.line = self.indent();
        }
        self.is_value = false;
        self.began = Some(self.pointer.clone());
        self.line.push_str(token);
    }

    fn point_to(&mut self, token: &str) {
        let above = self.open.last().map_or(0, |open| open.pointer);
        self.pointer.truncate(above);
        self.pointer.push('/');
        self.pointer.push_str(token);
    }

    fn indent(&self) -> String {
        "  ".repeat(self.open.len())
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.line);
        if !text.is_empty() {
            self.rows.push(LayoutRow { pointer: self.began.take(), text });
        }
    }
}

/// The tokens of a valid JSON text.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let length = match rest.chars().next()? {
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            '"' => end_of_string(rest),
            _ => rest.find(|c: char| c.is_ascii_whitespace() || "{}[],:".contains(c)).unwrap_or(rest.len()),
        };
        let (token, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(token)
    }
}

/// The end of the string at the start of the text.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    fn shown(text: &str) -> String {
        let rows = rows(text).unwrap();
        let line = |row: &LayoutRow| format!("{:<12}|{}", row.pointer.as_deref().unwrap_or("-"), row.text);
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_value_has_a_line_with_its_pointer() {
        insta::assert_snapshot!(shown(r#"{"a":{"b":[1e3,{"c":null},[]],"d/~":"x,\"}"},"a":1.0, "e":{}}"#), @r#"
                    |{
        /a          |  "a": {
        /a/b        |    "b": [
        /a/b/0      |      1e3,
        /a/b/1      |      {
        /a/b/1/c    |        "c": null
        -           |      },
        /a/b/2      |      []
        -           |    ],
        /a/d~1~0    |    "d/~": "x,\"}"
        -           |  },
        /a          |  "a": 1.0,
        /e          |  "e": {}
        -           |}
        "#);
    }

    #[test]
    fn a_scalar_is_one_line_and_invalid_json_has_none() {
        assert_eq!(shown(" \"x\" "), "            |\"x\"");
        for text in ["", "{", "<html>", "{} {}", &"[".repeat(200), &format!("{}{}", "[".repeat(200), "]".repeat(200))] {
            assert_eq!(rows(text), None, "{text}");
        }
    }

    #[rstest]
    #[case::doubled_name(r#"{"a":1,"a":2}"#, "{\n  \"a\": 1,\n  \"a\": 2\n}")]
    #[case::number("1.0E+2", "1.0E+2")]
    #[case::spelling(r#""\u00e9\/""#, r#""\u00e9\/""#)]
    fn a_token_stays_as_it_was_sent(#[case] text: &str, #[case] shown: &str) {
        let rows = rows(text).unwrap();
        assert_eq!(rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>().join("\n"), shown);
    }

    #[test]
    fn deep_values_do_not_overflow_the_stack() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(rows(&deep), None);
        let deepest = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert_eq!(rows(&deepest).map(|rows| rows.len()), Some(2 * DEEPEST - 1));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![any::<i64>().prop_map(Value::from), any::<String>().prop_map(Value::from), Just(Value::Null)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-c/~\" ]{0,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_lines_are_the_text_and_the_pointers_point(value in json()) {
            let rows = rows(&value.to_string()).unwrap();
            let text = rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>().join("\n");
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value.clone());
            for row in &rows {
                if let Some(pointer) = &row.pointer {
                    let Some(there) = value.pointer(pointer) else { panic!("{pointer} in {value}") };
                    let scalar = serde_json::to_string(there).unwrap();
                    let is_nested = there.as_array().is_some_and(|items| !items.is_empty())
                        || there.as_object().is_some_and(|members| !members.is_empty());
                    prop_assert!(is_nested || row.text.trim_end_matches(',').ends_with(scalar.trim_end_matches(',')));
                }
            }
        }
    }
}
