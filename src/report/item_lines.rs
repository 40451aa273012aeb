//! A layout of JSON for large documents: the members of the document and the items of its arrays have a line each.

use std::io::{self, Write};

use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// The depth from which a value stays on one line.
const DEEP: usize = 2;

/// Indents the outer levels of a document.
pub(super) struct ItemLines {
    depth: usize,
    outer: PrettyFormatter<'static>,
    inner: CompactFormatter,
}

impl ItemLines {
    pub(super) fn new() -> Self {
        Self { depth: 0, outer: PrettyFormatter::new(), inner: CompactFormatter }
    }

    /// Calls the formatter of a value's depth.
    fn at<W: ?Sized>(
        &mut self,
        writer: &mut W,
        depth: usize,
        outer: impl FnOnce(&mut PrettyFormatter<'static>, &mut W) -> io::Result<()>,
        inner: impl FnOnce(&mut CompactFormatter, &mut W) -> io::Result<()>,
    ) -> io::Result<()> {
        if depth < DEEP { outer(&mut self.outer, writer) } else { inner(&mut self.inner, writer) }
    }
}

impl Formatter for ItemLines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.at(writer, self.depth - 1, Formatter::begin_array, Formatter::begin_array)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.at(writer, self.depth, Formatter::end_array, Formatter::end_array)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.at(writer, self.depth - 1, |f, w| f.begin_array_value(w, first), |f, w| f.begin_array_value(w, first))
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.at(writer, self.depth - 1, Formatter::end_array_value, Formatter::end_array_value)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        self.at(writer, self.depth - 1, Formatter::begin_object, Formatter::begin_object)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.at(writer, self.depth, Formatter::end_object, Formatter::end_object)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.at(writer, self.depth - 1, |f, w| f.begin_object_key(w, first), |f, w| f.begin_object_key(w, first))
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.at(writer, self.depth - 1, Formatter::begin_object_value, Formatter::begin_object_value)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.at(writer, self.depth - 1, Formatter::end_object_value, Formatter::end_object_value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize as _;
    use serde_json::{Value, json};

    use super::*;

    fn text(value: &Value) -> String {
        let mut out = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, ItemLines::new())).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_item_is_a_line() {
        let value = json!({ "a": [{ "b": [1, 2] }, {}], "c": { "d": { "e": 1 } }, "f": [] });
        let expected =
            "{\n  \"a\": [\n    {\"b\":[1,2]},\n    {}\n  ],\n  \"c\": {\n    \"d\": {\"e\":1}\n  },\n  \"f\": []\n}";
        assert_eq!(text(&value), expected);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), "\\PC{0,4}".prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-d]", inner), 0..4).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_is_read_back(value in values()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text(&value)).unwrap(), value);
        }
    }
}
