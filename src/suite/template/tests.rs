//! Templates are read, checked and filled.

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

/// The values that the seed and the case of [`bindings`] generate for the word `svc`.
const FRESH: [&str; 3] = ["svc-lpznd5cf6z", "d-LPZND5CF6", "5da96bef-e571-44e7-8e6b-04a0c7da1ee2"];

fn bindings() -> Bindings {
    let mut bindings = Bindings::new(7, "s/op/case");
    bindings.bind("row", json!({"name": "x y", "flag": true, "items": [{"id": 3}]}));
    bindings
}

#[rstest]
#[case::whole_keeps_its_type(json!("${row.flag}"), json!(true))]
#[case::text(json!("<${row.name}>"), json!("<x y>"))]
#[case::deep(json!({"a": ["${row.items/0/id}"]}), json!({"a": [3]}))]
#[case::repeat(json!("${repeat('ab', 3)}"), json!("ababab"))]
#[case::escaped(json!("$${jndi}"), json!("${jndi}"))]
#[case::plain(json!("a $b {c}"), json!("a $b {c}"))]
#[case::escaped_inside(json!("a$${b}${row.name}$${c}"), json!("a${b}x y${c}"))]
#[case::between_two(json!("${row.flag}-${row.items/0/id}!"), json!("true-3!"))]
#[case::number(json!([1, "${row.name}", {"a": null}]), json!([1, "x y", {"a": null}]))]
#[case::filtered(json!("${row.name | cut(1) | replace(' ', '|')}"), json!("x|"))]
#[case::filtered_number(json!("<${row.items/0/id|full_width}>"), json!("<\u{ff13}>"))]
#[case::filtered_function(json!("${repeat('a|b', 2) | swap_case}"), json!("A|BA|B"))]
#[case::nothing_repeated(json!({"a": "${repeat('', 99999999)}"}), json!({"a": ""}))]
fn templates_fill(#[case] template: Value, #[case] expected: Value) {
    assert_eq!(Template::read(&template).unwrap().fill(&bindings()).unwrap(), expected);
}

#[rstest]
#[case("${", TemplateProblem::OpenExpression)]
#[case("${a b}", TemplateProblem::NotAnExpression("a b".to_owned()))]
#[case("${repeat('a')}", TemplateProblem::RepeatArguments)]
#[case("${repeat(a, 1)}", TemplateProblem::NotQuoted("a".to_owned()))]
#[case("${repeat('a', x)}", TemplateProblem::NotACount("x".to_owned()))]
#[case("${repeat('a', 99999999)}", TemplateProblem::RepeatTooLong)]
#[case("${a | b}", TemplateProblem::UnknownFilter("b".to_owned()))]
#[case("${a |}", TemplateProblem::UnknownFilter(String::new()))]
#[case("${now()}", TemplateProblem::UnknownFunction("now".to_owned()))]
fn broken_expressions_are_rejected(#[case] text: &str, #[case] problem: TemplateProblem) {
    let expected = TemplateError { pointer: "/x/0".to_owned(), problem };
    assert_eq!(Template::read(&json!({"x": [text]})), Err(expected));
}

#[test]
fn an_unbound_variable_is_an_error_that_names_it() {
    let fill = |text: &str| Template::read(&json!(text)).unwrap().fill(&bindings()).unwrap_err().to_string();
    assert_eq!(fill("${gone}"), "no value for \"gone\"");
    assert_eq!(fill("${row.items.5}"), "\"row\" has no \"items.5\"");
}

#[test]
fn filters_that_change_nothing_are_an_error() {
    let template = Template::read(&json!("${row.name | replace('-', '_')}")).unwrap();
    assert_eq!(template.fill(&bindings()).unwrap_err().to_string(), "the filters leave \"x y\" as it is");
    assert_eq!(template.roots(), ["row"]);
}

#[test]
fn a_missing_variable_of_a_state_is_reported_unless_it_was_replaced() {
    let mut bindings = bindings();
    bindings.bind_state("s", "a thing", json!({"name": 1}));
    let template = Template::read(&json!("${s.nam}")).unwrap();
    let fill = |bindings: &Bindings| template.fill(bindings).unwrap_err().to_string();
    assert_eq!(fill(&bindings), "\"s\" (the state \"a thing\") has no \"nam\"");
    assert!(bindings.is_received(&template) && !bindings.own().has("s"));
    bindings.bind_received("s", json!({}));
    assert_eq!(fill(&bindings), "\"s\" has no \"nam\"");
}

#[test]
fn errors_of_expressions_quote_the_whole_text() {
    let template = json!({"a": ["x", "${b} and ${uuid('c')}"], "d/e": "${f}", "${g}": "${h}"});
    let template = Template::read(&template).unwrap();
    let places: Vec<_> = template.expressions().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(places, ["/a/1", "/a/1", "/d~1e", "", ""]);
}

#[test]
fn the_known_part_is_filled_and_the_rest_named() {
    let template = Template::read(&json!({"a": "${later.x}", "b": "${row.name}"})).unwrap();
    assert_eq!(template.fill_known(&bindings()), (json!({"a": null, "b": "x y"}), vec!["/a".to_owned()]));
    assert_eq!(template.roots(), ["later", "row"]);
}

#[test]
fn fresh_names_are_the_same_in_a_case_and_differ_between_cases_and_seeds() {
    let fill = |bindings: &Bindings, text: &str| Template::read(&json!(text)).unwrap().fill(bindings).unwrap();
    let here = fill(&bindings(), "${unique('svc')}");
    assert_eq!(here, fill(&bindings(), "${unique('svc')}"));
    assert_ne!(here, fill(&Bindings::new(8, "s/op/case"), "${unique('svc')}"));
    assert_ne!(here, fill(&Bindings::new(7, "s/op/other"), "${unique('svc')}"));
}

proptest! {
    #[test]
    fn fresh_values_have_their_documented_forms(seed in any::<u64>(), case in ".{0,12}") {
        let bindings = Bindings::new(seed, &case);
        let fill = |text: &str| Template::read(&json!(text)).unwrap().fill(&bindings).unwrap();
        let matches = |pattern: &str, value: &Value| regex::Regex::new(pattern).unwrap().is_match(value.as_str().unwrap());
        for (pattern, template) in [
            ("^d-[A-Z0-9]{9}$", "${deployment_id('x')}"),
            ("^[0-9A-Za-z]+[0-9A-Za-z_-]*$", "${unique('svc')}"),
            ("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$", "${uuid('x')}"),
        ] {
            prop_assert!(matches(pattern, &fill(template)), "{}", template);
        }
    }

    #[test]
    fn no_text_makes_the_template_parser_panic(text in "[$\\{\\}a-z'(),. ]{0,24}") {
        let _ = Template::read(&json!(text));
    }
}

#[test]
fn repeat_makes_sixteen_mebibytes_at_most() {
    let read = |text: &str| Template::read(&json!(text));
    assert!(read("${repeat('ab', 8388608)}").is_ok());
    let error = read("${repeat('ab', 8388609)}").unwrap_err();
    assert_eq!(error.problem, TemplateProblem::RepeatTooLong);
}

#[test]
fn a_value_without_expressions_is_one_literal() {
    let value = json!({"a": [1, "x", {"b": null}]});
    assert_eq!(Template::read(&value), Ok(Template::Literal(value)));
    let template = Template::read(&json!({"a": [1, "${b}"]})).unwrap();
    let item = Template::Whole(Expression::Path { root: "b".to_owned(), tokens: vec![] });
    let array = Template::Array(vec![Template::Literal(json!(1)), item]);
    assert_eq!(template, Template::Object(vec![(Template::Literal(json!("a")), array)]));
}

#[test]
fn a_key_is_filled_as_a_value_is() {
    let template = Template::read(&json!({"${row.name}": 1, "is ${row.flag}": "${row.flag}", "$${x}": 2})).unwrap();
    assert_eq!(template.fill(&bindings()), Ok(json!({"x y": 1, "is true": true, "${x}": 2})));
    assert_eq!(template.roots(), ["row", "row", "row"]);
    let unknown = Template::read(&json!({"${gone.name}": 1})).unwrap();
    assert_eq!(unknown.fill(&bindings()), Err(BindError::Unknown("gone".to_owned())));
}

#[rstest]
#[case("a..b")]
#[case("a.b!")]
#[case(".a")]
#[case("")]
fn a_path_is_made_of_words(#[case] path: &str) {
    let error = Template::read(&json!(format!("${{{path}}}"))).unwrap_err();
    assert_eq!(error.problem, TemplateProblem::NotAnExpression(path.to_owned()));
}

#[test]
fn the_words_of_a_path_may_have_hyphens_and_underscores() {
    let mut bindings = bindings();
    bindings.bind("a-b", json!({"c_d": 5}));
    assert!(bindings.has("a-b") && !bindings.has("c_d"));
    let fill = |text: &str| Template::read(&json!(text)).unwrap().fill(&bindings);
    assert_eq!(fill("${ a-b.c_d }"), Ok(json!(5)));
    assert!(fill("${a-b.c_d.e}").is_err() && fill("${row.items.x}").is_err());
}

#[test]
fn unknown_variables_are_listed_and_functions_need_none() {
    let template = Template::read(&json!(["${later}", "${row.flag}", ["<${later}>"], "${uuid('x')}"])).unwrap();
    assert_eq!(template.roots(), ["later", "row", "later"]);
    let (value, unknown) = template.fill_known(&bindings());
    assert_eq!((&value[0], &value[1], &value[2]), (&json!(null), &json!(true), &json!([null])));
    assert_eq!(unknown, ["/0", "/2/0"]);
}

#[test]
fn fresh_values_differ_by_their_word_and_are_what_they_were() {
    let fill = |text: &str| Template::read(&json!(text)).unwrap().fill(&bindings()).unwrap();
    assert_ne!(fill("${uuid('a')}"), fill("${uuid('b')}"));
    let fresh = ["${unique('svc')}", "${deployment_id('svc')}", "${uuid('svc')}"].map(fill);
    assert_eq!(fresh, FRESH);
}
