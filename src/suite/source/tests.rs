use proptest::prelude::*;
use rstest::rstest;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::model::JsonText;

#[test]
fn yaml_reads_to_the_value_that_it_says() {
    let text = "a: 1\nb: [x, 'yes', -2.5, null]\nc: { d: true }\n# comment\ne: |\n  two\n  lines\n";
    let source = Source::read("f.yaml", text).unwrap();
    assert_eq!(source.value(), &json!({"a": 1, "b": ["x", "yes", -2.5, null], "c": {"d": true}, "e": "two\nlines\n"}));
}

#[test]
fn json_reads_as_the_same_form() {
    let source = Source::read("f.json", "{\"a\": [1, \"x\\u00e9\"],\n \"b\": null}").unwrap();
    assert_eq!(source.value(), &json!({"a": [1, "xé"], "b": null}));
}

#[rstest]
#[case::yes("a: yes", 1, 4, "a boolean")]
#[case::octal("a:\n  b: 012", 2, 6, "octal")]
#[case::account("a: 012345678901", 1, 4, "octal")]
#[case::underscore("a: 1_000", 1, 4, "number")]
#[case::sexagesimal("a: 1:20", 1, 4, "sexagesimal")]
#[case::date("a: 2020-01-01", 1, 4, "a date")]
#[case::key("on: 1", 1, 1, "a boolean")]
#[case::anchor("a: &x 1", 1, 7, "anchors")]
#[case::alias("a: &x 1\nb: *x", 1, 7, "anchors")]
#[case::tag("a: !!str 1", 1, 4, "tags")]
#[case::merge("a: 1\n<<: {b: 1}", 2, 1, "merge keys")]
#[case::duplicate("a: 1\na: 2", 2, 1, "duplicate key")]
#[case::documents("a: 1\n---\nb: 2", 2, 1, "second document")]
#[case::empty("# nothing", 1, 10, "is empty")]
#[case::unclosed("a: [1", 1, 6, "invalid YAML: ")]
fn what_is_outside_the_subset_is_rejected_at_its_position(
    #[case] text: &str,
    #[case] line: usize,
    #[case] column: usize,
    #[case] says: &str,
) {
    let error = Source::read("f.yaml", text).unwrap_err();
    assert!(error.message.contains(says), "{error}");
    assert_eq!(error.line, line, "{error}");
    if !["tags", "invalid YAML: "].contains(&says) && says != "second document" && says != "is empty" {
        assert_eq!(error.column, column, "{error}");
    }
}

#[rstest]
#[case("9223372036854775808", "9223372036854775808")]
#[case("123456789012345678901234567890", "123456789012345678901234567890")]
#[case("1e400", "1e400")]
#[case("-1E+400", "-1E+400")]
#[case("-0", "-0")]
#[case("1e3", "1e3")]
#[case("1.0", "1.0")]
#[case("1.50", "1.50")]
#[case("+1", "1")]
#[case(".5", "0.5")]
#[case("-.5e1", "-0.5e1")]
#[case("1.", "1")]
#[case("00.5", "0.5")]
#[case("1-2", "\"1-2\"")]
#[case("1e", "\"1e\"")]
#[case("1e+", "\"1e+\"")]
#[case(".", "\".\"")]
#[case("1.2.3", "\"1.2.3\"")]
#[case("e3", "\"e3\"")]
#[case("-+1", "\"-+1\"")]
fn a_number_keeps_its_digits(#[case] text: &str, #[case] expected: &str) {
    let source = Source::read("f.yaml", &format!("a: [{text}, \"{text}\"]")).unwrap();
    assert_eq!(JsonText(source.value()).to_string(), format!(r#"{{"a":[{expected},"{text}"]}}"#));
}

#[test]
fn the_name_that_stands_for_numbers_is_reserved() {
    let error = Source::read("f.yaml", "a: { \"\\0number\": \"1\" }").unwrap_err();
    assert!(error.message.contains("is reserved"), "{error}");
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(rename = "steps")]
    _steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "call")]
    _call: String,
}

#[rstest]
#[case::unknown("steps:\n  - call: x\n    cal: z", 3, 5, "unknown field `cal`")]
#[case::number("steps:\n  - call: 1e3", 2, 11, "invalid type: number `1e3`, expected a string")]
#[case::wrong_type("steps:\n  - call: 1", 2, 11, "invalid type: integer `1`, expected a string")]
#[case::missing("steps:\n  - {}", 2, 5, "missing field `call`")]
fn a_value_of_another_form_is_rejected_at_its_position(
    #[case] text: &str,
    #[case] line: usize,
    #[case] column: usize,
    #[case] says: &str,
) {
    let error = Source::read("f.yaml", text).unwrap().decode::<Form>().unwrap_err();
    assert!(error.message.contains(says), "{error}");
    assert_eq!((error.line, error.column), (line, column), "{error}");
}

#[test]
fn a_diagnostic_shows_the_line_a_caret_and_help() {
    let error = Source::read("f.yaml", "a: 1\nb: yes\n").unwrap_err().to_string();
    assert!(
        error.contains("f.yaml:2:4") && error.contains("b: yes") && error.contains("^^^") && error.contains("quote it"),
        "{error}"
    );
}

#[test]
fn a_dangling_pointer_is_shown_at_the_nearest_location() {
    let source = Source::read("f.yaml", "a:\n  b: 1").unwrap();
    assert_eq!(source.at("/a/b/c/d", "m").line, 2);
    assert_eq!(source.line("/a/b"), 2);
}

proptest! {
    #[test]
    fn any_text_is_read_or_rejected_without_a_panic(text in "[-a-z0-9:#{}\\[\\], \n\"'&*!|>%é]{0,60}") {
        if let Err(error) = Source::read("f", &text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
