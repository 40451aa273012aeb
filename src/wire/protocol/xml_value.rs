//! Reads the value of a shape from an XML element.
//!
//! The order of elements has no meaning, and only local names count. An element that the model does not know is kept
//! under its own name, unless a member has that name: AWS sends more than its models say.

use serde_json::{Map, Value, map::Entry};

use super::{
    TimestampLocation,
    scalar_text::ScalarText,
    xml_names::{ENTRY, entry_names, is_attribute, is_flattened, item_name, local, member_name},
};
use crate::{
    model::{Contract, Member, ShapeKind, TimestampFormat},
    wire::xml::{XmlElement, XmlProblem},
};

/// Reads values, and collects what breaks their XML form.
#[derive(Debug)]
pub(super) struct XmlValueReader<'c> {
    contract: &'c Contract,
    /// The problems of all values so far.
    pub(super) problems: Vec<XmlProblem>,
}

/// The number of problems of a document that are listed. The path of each takes a walk through the document.
const MOST_PROBLEMS: usize = 20;

/// The format of a timestamp for which the model gives none.
pub(super) const XML_TIMESTAMPS: TimestampFormat = TimestampFormat::DateTime;

/// The scalar in a text, as elements and form fields hold it. White space within a blob has no meaning.
pub(super) fn scalar(contract: &Contract, member: &Member, text: &str) -> Value {
    match contract.shape(&member.target).map(|shape| &shape.kind) {
        Some(ShapeKind::Blob) => text.split_ascii_whitespace().collect::<String>().into(),
        _ => ScalarText::at(contract, TimestampLocation::Body, |_| XML_TIMESTAMPS).read(member, text),
    }
}

impl<'c> XmlValueReader<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        Self { contract, problems: Vec::new() }
    }

    /// Reads these members from an element. `is_known` says which other elements belong to the protocol.
    pub(super) fn members(
        &mut self,
        members: &[&Member],
        element: XmlElement<'_>,
        is_known: &dyn Fn(&str) -> bool,
    ) -> Map<String, Value> {
        self.check_text(element);
        let mut found = Map::new();
        let mut unknown: Vec<XmlElement<'_>> = Vec::new();
        for child in element.elements() {
            let named = |member: &&&Member| !is_attribute(member) && local(member_name(member)) == child.name();
            match members.iter().find(named) {
                Some(member) => self.member(member, child, &mut found),
                None if is_known(child.name()) => {}
                None => unknown.push(child),
            }
        }
        for member in members.iter().filter(|member| is_attribute(member)) {
            if let Some(text) = element.attribute(local(member_name(member))) {
                found.insert(member.name.clone(), self.scalar(member, text));
            }
        }
        unknown.retain(|child| !members.iter().any(|member| member.name == child.name()));
        found.extend(by_name(unknown.into_iter()));
        found
    }

    /// Reads the value of a member, an item, a key or a value from its element.
    pub(super) fn value(&mut self, member: &Member, element: XmlElement<'_>) -> Value {
        let contract = self.contract;
        let kind = contract.shape(&member.target).map(|shape| &shape.kind);
        if element.has_text() && !element.has_elements() || !is_container(kind) {
            return self.plain(member, element);
        }
        match kind {
            Some(ShapeKind::Structure(members) | ShapeKind::Union(members)) => {
                let members: Vec<&Member> = members.iter().collect();
                Value::Object(self.members(&members, element, &|_| false))
            }
            Some(ShapeKind::List(item)) => Value::Array(self.items(item, element)),
            Some(ShapeKind::Map { key, value }) => Value::Object(self.entries(key, value, element)),
            _ => generic(element),
        }
    }

    fn member(&mut self, member: &Member, element: XmlElement<'_>, found: &mut Map<String, Value>) {
        let contract = self.contract;
        match contract.shape(&member.target).map(|shape| &shape.kind).filter(|_| is_flattened(member)) {
            Some(ShapeKind::List(item)) => {
                let item = self.value(item, element);
                match found.entry(member.name.as_str()).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(items) => items.push(item),
                    other => *other = item,
                }
            }
            Some(ShapeKind::Map { key, value }) => {
                let mut entries = match found.remove(&member.name) {
                    Some(Value::Object(entries)) => entries,
                    _ => Map::new(),
                };
                self.entry(key, value, element, &mut entries);
                found.insert(member.name.clone(), Value::Object(entries));
            }
            _ => {
                let value = self.value(member, element);
                self.insert(found, member.name.clone(), value, element);
            }
        }
    }

    fn insert(&mut self, found: &mut Map<String, Value>, name: String, value: Value, element: XmlElement<'_>) {
        match found.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(mut entry) => {
                self.problem(|| XmlProblem::Repeated(element.path()));
                entry.insert(value);
            }
        }
    }

    fn items(&mut self, item: &Member, element: XmlElement<'_>) -> Vec<Value> {
        self.check_text(element);
        let name = local(item_name(item));
        let item = |child: XmlElement<'_>| {
            self.check_name(child, name);
            self.value(item, child)
        };
        element.elements().map(item).collect()
    }

    fn entries(&mut self, key: &Member, value: &Member, element: XmlElement<'_>) -> Map<String, Value> {
        self.check_text(element);
        let mut entries = Map::new();
        for child in element.elements() {
            self.check_name(child, ENTRY);
            self.entry(key, value, child, &mut entries);
        }
        entries
    }

    fn entry(&mut self, key: &Member, value: &Member, element: XmlElement<'_>, entries: &mut Map<String, Value>) {
        let (key_name, value_name) = entry_names(key, value);
        let (Some(key), Some(found)) = (self.part(element, key_name), self.part(element, value_name)) else { return };
        let value = self.value(value, found);
        self.insert(entries, key.text().into_owned(), value, element);
    }

    fn part<'d>(&mut self, entry: XmlElement<'d>, name: &str) -> Option<XmlElement<'d>> {
        let part = entry.first(local(name));
        if part.is_none() {
            self.problem(|| XmlProblem::Missing { path: entry.path(), name: name.to_owned() });
        }
        part
    }

    /// The text of an element as a scalar; its elements, if it has some.
    fn plain(&mut self, member: &Member, element: XmlElement<'_>) -> Value {
        if element.has_elements() {
            self.check_text(element);
            return generic(element);
        }
        self.scalar(member, &element.text())
    }

    fn scalar(&self, member: &Member, text: &str) -> Value {
        scalar(self.contract, member, text)
    }

    /// Adds a problem, unless there are many.
    fn problem(&mut self, problem: impl FnOnce() -> XmlProblem) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem());
        }
    }

    fn check_name(&mut self, element: XmlElement<'_>, expected: &str) {
        if element.name() != expected {
            self.problem(|| XmlProblem::WrongName { path: element.path(), expected: expected.to_owned() });
        }
    }

    fn check_text(&mut self, element: XmlElement<'_>) {
        if element.has_text() {
            self.problem(|| XmlProblem::Text(element.path()));
        }
    }
}

fn is_container(kind: Option<&ShapeKind>) -> bool {
    matches!(kind, Some(ShapeKind::Structure(_) | ShapeKind::Union(_) | ShapeKind::List(_) | ShapeKind::Map { .. }))
}

/// The value of an element without a shape: its text, or its elements by their names.
pub(super) fn generic(element: XmlElement<'_>) -> Value {
    if element.has_elements() { Value::Object(by_name(element.elements())) } else { element.text().into() }
}

/// The values of elements without a shape, by their names. Elements of one name become a list.
fn by_name<'d>(elements: impl Iterator<Item = XmlElement<'d>>) -> Map<String, Value> {
    let mut grouped: Map<String, Value> = Map::new();
    for element in elements {
        let all = grouped.entry(element.name()).or_insert_with(|| Value::Array(Vec::new()));
        all.as_array_mut().into_iter().for_each(|all| all.push(generic(element)));
    }
    grouped.into_iter().map(|(name, all)| (name, alone(all))).collect()
}

fn alone(value: Value) -> Value {
    match value {
        Value::Array(mut items) if items.len() == 1 => items.pop().unwrap_or_default(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::{super::xml_value_writer::XmlValueWriter, *};
    use crate::{
        model::ShapeId,
        wire::xml::{self, XmlWriter},
    };

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#restXml":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#T"}},
        "x#T":{"type":"structure","members":{
            "Text":{"target":"smithy.api#String"},
            "Number":{"target":"smithy.api#Long","traits":{"smithy.api#xmlName":"n"}},
            "Flag":{"target":"smithy.api#Boolean"},
            "Data":{"target":"smithy.api#Blob"},
            "At":{"target":"smithy.api#Timestamp"},
            "Epoch":{"target":"x#Epoch"},
            "Kind":{"target":"smithy.api#String","traits":{"smithy.api#xmlAttribute":{},"smithy.api#xmlName":"xsi:type"}},
            "List":{"target":"x#Strings"},
            "Named":{"target":"x#Items"},
            "Flat":{"target":"x#Items","traits":{"smithy.api#xmlFlattened":{},"smithy.api#xmlName":"f"}},
            "Map":{"target":"x#Map"},
            "FlatMap":{"target":"x#Named","traits":{"smithy.api#xmlFlattened":{}}},
            "One":{"target":"x#One"},
            "Next":{"target":"x#T","traits":{"smithy.api#xmlNamespace":{"uri":"http://i","prefix":"xsi"}}}}},
        "x#Epoch":{"type":"timestamp","traits":{"smithy.api#timestampFormat":"epoch-seconds"}},
        "x#Strings":{"type":"list","member":{"target":"smithy.api#String"}},
        "x#Items":{"type":"list","member":{"target":"smithy.api#Integer","traits":{"smithy.api#xmlName":"item"}}},
        "x#Map":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#Strings"}},
        "x#Named":{"type":"map","key":{"target":"smithy.api#String","traits":{"smithy.api#xmlName":"K"}},
            "value":{"target":"smithy.api#String","traits":{"smithy.api#xmlName":"V"}}},
        "x#One":{"type":"union","members":{"a":{"target":"smithy.api#String"},"b":{"target":"smithy.api#Integer"}}}}}"#;

    fn contract() -> Contract {
        crate::model::read("m", MODEL).unwrap()
    }

    fn read(text: &str) -> (Value, Vec<String>) {
        let contract = contract();
        let reading = xml::read(text.as_bytes());
        let document = reading.document.unwrap();
        let mut reader = XmlValueReader::new(&contract);
        let members: Vec<&Member> = contract.members(&ShapeId::new("x#T")).iter().collect();
        let value = reader.members(&members, document.root(), &|_| false);
        (Value::Object(value), reader.problems.iter().map(ToString::to_string).collect())
    }

    fn write(value: &Value) -> Result<String, String> {
        let contract = contract();
        let members: Vec<&Member> = contract.members(&ShapeId::new("x#T")).iter().collect();
        let mut writer = XmlWriter::default();
        let attributes = vec![("xmlns:xsi".to_owned(), "http://i".to_owned())];
        let value = value.as_object().unwrap();
        XmlValueWriter::new(&contract)
            .structure(&mut writer, "T", attributes, &members, value)
            .map_err(|problem| problem.to_string())?;
        Ok(writer.finish())
    }

    #[rstest]
    #[case::nothing("<T/>", json!({}))]
    #[case::white_space("<T>\n <Flag>true</Flag>\n</T>", json!({"Flag": true}))]
    #[case::any_order("<T><Flag>false</Flag><Text> a </Text></T>", json!({"Text": " a ", "Flag": false}))]
    #[case::other_name("<T><n>12345678901234567890</n></T>", json!({"Number": 12_345_678_901_234_567_890_u64}))]
    #[case::not_a_number("<T><n>abc</n></T>", json!({"Number": "abc"}))]
    #[case::empty_number("<T><n/></T>", json!({"Number": ""}))]
    #[case::empty_string("<T><Text/></T>", json!({"Text": ""}))]
    #[case::blob("<T><Data>\n YWJj\n</Data></T>", json!({"Data": "YWJj"}))]
    #[case::times("<T><At>2020-01-01T00:00:00Z</At><Epoch>5</Epoch></T>", json!({"At": "2020-01-01T00:00:00Z", "Epoch": 5}))]
    #[case::attribute("<T xmlns:x=\"i\" x:type=\"a\"/>", json!({"Kind": "a"}))]
    #[case::list("<T><List><member>a</member><member/></List></T>", json!({"List": ["a", ""]}))]
    #[case::empty_list("<T><List/></T>", json!({"List": []}))]
    #[case::empty_list_of_two_tags("<T><List>\n</List></T>", json!({"List": []}))]
    #[case::named_list("<T><Named><item>1</item></Named></T>", json!({"Named": [1]}))]
    #[case::flat_list("<T><f>1</f><Text>a</Text><f>2</f></T>", json!({"Flat": [1, 2], "Text": "a"}))]
    #[case::map("<T><Map><entry><key>a</key><value><member>b</member></value></entry></Map></T>", json!({"Map": {"a": ["b"]}}))]
    #[case::flat_map("<T><FlatMap><V>b</V><K>a</K></FlatMap><FlatMap><K>c</K><V/></FlatMap></T>", json!({"FlatMap": {"a": "b", "c": ""}}))]
    #[case::union("<T><One><b>1</b></One></T>", json!({"One": {"b": 1}}))]
    #[case::nested("<T><Next><Next/></Next></T>", json!({"Next": {"Next": {}}}))]
    #[case::namespace("<T xmlns=\"http://other\"><Text xmlns=\"http://more\">a</Text></T>", json!({"Text": "a"}))]
    #[case::unknown("<T><More>a</More><More><b>1</b></More></T>", json!({"More": ["a", {"b": "1"}]}))]
    #[case::unknown_with_the_name_of_a_member("<T><Number>1</Number><FlatMap><K>a</K><V>b</V></FlatMap></T>", json!({"FlatMap": {"a": "b"}}))]
    #[case::text_for_a_structure("<T><Next>a</Next></T>", json!({"Next": "a"}))]
    #[case::text_for_a_list("<T><List>a</List></T>", json!({"List": "a"}))]
    #[case::elements_for_a_string("<T><Text><a>1</a></Text></T>", json!({"Text": {"a": "1"}}))]
    fn a_value_is_read_by_its_shape(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(read(text), (expected, Vec::new()));
    }

    #[rstest]
    #[case::repeated("<T><Text>a</Text><Text>b</Text></T>", json!({"Text": "b"}), "the element /T/Text[2] again")]
    #[case::repeated_list("<T><List/><List/></T>", json!({"List": []}), "the element /T/List[2] again")]
    #[case::text("<T>a<Text>b</Text></T>", json!({"Text": "b"}), "text beside the elements of /T")]
    #[case::text_in_a_list("<T><List>a<member>b</member></List></T>", json!({"List": ["b"]}), "text beside the elements of /T/List")]
    #[case::text_in_a_scalar("<T><Text>a<b/></Text></T>", json!({"Text": {"b": ""}}), "text beside the elements of /T/Text")]
    #[case::item("<T><List><item>a</item></List></T>", json!({"List": ["a"]}), "the element /T/List/item in the place of member")]
    #[case::entry("<T><Map><item><key>a</key><value/></item></Map></T>", json!({"Map": {"a": []}}), "the element /T/Map/item in the place of entry")]
    #[case::no_key("<T><FlatMap><V>b</V></FlatMap></T>", json!({"FlatMap": {}}), "no element K in /T/FlatMap")]
    #[case::no_value("<T><FlatMap><K>b</K></FlatMap></T>", json!({"FlatMap": {}}), "no element V in /T/FlatMap")]
    #[case::key_again(
        "<T><FlatMap><K>a</K><V>b</V></FlatMap><FlatMap><K>a</K><V>c</V></FlatMap></T>",
        json!({"FlatMap": {"a": "c"}}),
        "the element /T/FlatMap[2] again"
    )]
    fn what_breaks_the_form_of_a_shape_is_a_problem(#[case] text: &str, #[case] value: Value, #[case] problem: &str) {
        assert_eq!(read(text), (value, vec![problem.to_owned()]));
    }

    #[rstest]
    #[case::scalars(json!({"Text": "<a>", "Number": 5, "Flag": true}), "<Text>&lt;a&gt;</Text><n>5</n><Flag>true</Flag>")]
    #[case::wrong_types(json!({"Number": "x", "Text": 5, "Flag": 1.5}), "<n>x</n><Text>5</Text><Flag>1.5</Flag>")]
    #[case::null(json!({"Text": null}), "")]
    #[case::empty_list(json!({"List": [], "Flat": [], "Map": {}, "Next": {}}), "<List/><Map/><Next xmlns:xsi=\"http://i\"/>")]
    #[case::text_for_a_list(json!({"List": "a"}), "<List>a</List>")]
    #[case::list_for_a_string(json!({"Text": ["a", 1]}), "<Text><member>a</member><member>1</member></Text>")]
    #[case::object_for_a_list(json!({"List": {"a": 1}}), "<List><a>1</a></List>")]
    #[case::unknown(json!({"More": {"a": [true]}}), "<More><a><member>true</member></a></More>")]
    fn a_value_is_written_in_its_own_form(#[case] value: Value, #[case] expected: &str) {
        let written = write(&value).unwrap();
        let inner = written.strip_prefix("<T xmlns:xsi=\"http://i\"").unwrap().trim_start_matches("/>");
        assert_eq!(inner.trim_start_matches('>').trim_end_matches("</T>"), expected);
    }

    #[rstest]
    #[case::null_item(json!({"List": [null]}), "member has no form for null")]
    #[case::scalar_for_a_flat_list(json!({"Flat": 1}), "the flattened list f has only items")]
    #[case::list_for_a_flat_map(json!({"FlatMap": []}), "the flattened map FlatMap has only entries")]
    #[case::no_name(json!({"a b": 1}), "\"a b\" is not the name of an element")]
    #[case::empty_object(json!({"Text": {}}), "Text has no form for an empty list or object")]
    fn what_no_element_shows_is_an_error(#[case] value: Value, #[case] expected: &str) {
        assert_eq!(write(&value), Err(expected.to_owned()));
    }

    #[test]
    fn a_document_with_countless_problems_lists_some() {
        let (value, problems) = read(&format!("<T>{}</T>", "<Text/>".repeat(3_000)));
        assert_eq!((value, problems.len()), (json!({"Text": ""}), MOST_PROBLEMS));
    }

    fn any_value(depth: u32) -> BoxedStrategy<Value> {
        let text = || "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u{fffe}\u{ffff}]{0,6}";
        let scalars = (
            proptest::option::of(text()),
            proptest::option::of(any::<i64>()),
            proptest::option::of(any::<bool>()),
            proptest::option::of(text()),
            proptest::option::of(proptest::collection::vec(text(), 0..3)),
            proptest::option::of(proptest::collection::vec(any::<i32>(), 1..3)),
            proptest::option::of(proptest::collection::btree_map(
                text(),
                proptest::collection::vec(text(), 0..3),
                0..3,
            )),
            proptest::option::of(proptest::collection::btree_map(text(), text(), 1..3)),
        );
        let next = if depth == 0 { Just(None).boxed() } else { proptest::option::of(any_value(depth - 1)).boxed() };
        let whole = (scalars, next).prop_map(|((text, number, flag, kind, list, flat, map, flat_map), next)| {
            let all = json!({"Text": text, "Number": number, "Flag": flag, "Kind": kind, "List": list, "Flat": flat,
                "Named": flat, "Map": map, "FlatMap": flat_map, "Next": next, "Epoch": number});
            let members = all.as_object().cloned().unwrap_or_default();
            Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect())
        });
        whole.boxed()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_value_is_read_as_it_was_written(value in any_value(2)) {
            prop_assert_eq!(read(&write(&value).unwrap()), (value, Vec::new()));
        }
    }
}
