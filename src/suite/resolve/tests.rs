//! Fixtures of a small service, resolved or rejected at their position.

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    suite::{
        Alternative, Body, BodyEncoding, CallSigning, CallerName, Given, Region,
        testing::{STATES, read, scenario, text},
    },
    wire::{RejectionClass, sigv4::SigningFault},
};

const MAKE: &str = "call: MakeThing, input: { name: a }";

fn step(form: &str) -> Result<Step, String> {
    scenario(&format!("steps:\n  - {{ {form} }}")).map(|mut scenario| scenario.steps.remove(0))
}

#[test]
fn the_nearest_name_is_offered() {
    let known = || ["GetDeployment", "StopDeployment"].into_iter();
    let help = |wrong: &str| with_nearest(Diagnostic::of_file("f", "m"), wrong, known()).help;
    assert_eq!(help("StopDeploymnt").as_deref(), Some("did you mean StopDeployment?"));
    assert_eq!(help("xyz"), None);
}

#[test]
fn a_step_is_read_as_it_is_written() {
    let plain = step(MAKE).unwrap();
    assert_eq!(
        (plain.pointer.as_str(), plain.call.service.as_str(), plain.call.operation.as_str()),
        ("/steps/0", "works", "MakeThing")
    );
    assert_eq!(
        (plain.repeat, plain.racing, plain.call.caller, plain.call.region),
        (Repeat::Once, false, CallerName::Owner, Region::Home)
    );
    assert_eq!((plain.control, plain.call.signing, plain.call.raw), (None, None, None));
    let full = step(&format!(
        "{MAKE}, service: works, as: denied, region: other, sign: {{ skewed-clock: -5 }}, racing: true, capture: {{ id: /id, s: /inner/state }}, \
         unchanged: [{{ call: GetThing, input: {{ name: b }}, at: [/inner/state] }}, {{ call: GetThing, service: works }}], \
         control: {{ name: b }}, expect: {{ error: TakenException }}"
    ))
    .unwrap();
    assert_eq!((full.call.caller, full.call.region, full.racing), (CallerName::Denied, Region::Other, true));
    assert_eq!(full.call.signing, Some(CallSigning::Always(SigningFault::SkewedClock(-5))));
    assert_eq!(full.control, Some(Template::Literal(json!({"name": "b"}))));
    assert_eq!(full.capture, [("id".to_owned(), "/id".to_owned()), ("s".to_owned(), "/inner/state".to_owned())]);
    let guards: Vec<_> =
        full.unchanged.iter().map(|guard| (guard.call.operation.as_str(), &guard.call.input, guard.at.len())).collect();
    let (named, empty) = (Template::Literal(json!({"name": "b"})), Template::Literal(json!({})));
    assert_eq!(guards, [("GetThing", &named, 1), ("GetThing", &empty, 0)]);
}

#[rstest]
#[case::eventually("eventually: { within: 5s, every: 200ms }", Repeat::Eventually { within: Duration::from_secs(5), every: Duration::from_millis(200) })]
#[case::consistently("consistently: { for: 3600s, every: 3600000ms }", Repeat::Consistently { lasting: Duration::from_secs(3600), every: Duration::from_secs(3600) })]
#[case::fewest("concurrently: 2", Repeat::Concurrently(2))]
#[case::most("concurrently: 64", Repeat::Concurrently(64))]
fn a_call_is_repeated_as_it_says(#[case] form: &str, #[case] expected: Repeat) {
    assert_eq!(step(&format!("{MAKE}, {form}")).unwrap().repeat, expected);
}

#[rstest]
#[case("expect: { status: 201 }", Alternative::Success { status: 201, body: None })]
#[case("expect: { body: { inner: { state: x } } }", Alternative::Success { status: 200, body: Some(Template::Literal(json!({"inner": {"state": "x"}}))) })]
#[case("expect: { responded: true }", Alternative::Responded)]
#[case("expect: { closed: true }", Alternative::Closed)]
#[case("expect: { error: TakenException, status: [400, 409] }", Alternative::Rejection { errors: vec!["TakenException".to_owned()], classes: vec![], statuses: vec![400, 409] })]
#[case("expect: { error: [ThrottlingException], rejected: [auth, client], status: 599 }", Alternative::Rejection { errors: vec!["ThrottlingException".to_owned()], classes: vec![RejectionClass::Auth, RejectionClass::Client], statuses: vec![599] })]
fn an_expectation_is_read_in_each_of_its_forms(#[case] form: &str, #[case] expected: Alternative) {
    assert_eq!(step(&format!("{MAKE}, {form}")).unwrap().expect.alternatives, [expected]);
}

fn steps(lines: &[&str]) -> Result<Vec<Step>, String> {
    scenario(&format!("steps:\n  - {}", lines.join("\n  - "))).map(|scenario| scenario.steps)
}

#[test]
fn a_condition_is_about_the_last_step_without_one() {
    let read = "{ call: GetThing, when: { body: { inner: { state: x } } } }";
    let read = steps(&["{ call: MakeThing, input: { name: a } }", read, read]).unwrap();
    let asked: Vec<_> = read.iter().map(|step| step.when.as_ref().map(|condition| condition.step)).collect();
    assert_eq!(asked, [None, Some(1), Some(1)]);
    let body = Template::Literal(json!({"inner": {"state": "x"}}));
    let expected = Alternative::Success { status: 200, body: Some(body) };
    assert_eq!(read[2].when.as_ref().unwrap().expect.alternatives, [expected]);
}

#[rstest]
#[case(&["{ call: MakeThing, input: { name: a }, when: { status: 200 } }"], "5: there is no step before it whose response it could be about")]
#[case(&["{ call: MakeThing, input: { name: a } }", "{ call: GetThing, when: { status: 200 }, capture: { id: /id } }"], "6: a step with a condition cannot capture, because it may not be sent")]
#[case(&["{ call: MakeThing, input: { name: a } }", "{ call: GetThing, when: { error: GoneException } }"], "6: MakeThing does not declare GoneException, and it is not a common error")]
#[case(&["{ call: MakeThing, input: { name: a } }", "{ call: GetThing, when: { body: { id: '${gone}' } } }"], "6: unknown variable \"gone\"")]
fn a_condition_that_no_response_can_decide_is_rejected(#[case] lines: &[&str], #[case] problem: &str) {
    assert_eq!(steps(lines).unwrap_err(), problem);
}

#[rstest]
#[case(&["{ call: MakeThing, input: { name: a } }", "{ call: GetThing, at_end: true }", "{ call: GetThing }"], "7: after a step with at_end, every step needs at_end")]
#[case(&["{ call: MakeThing, input: { name: a }, at_end: true, concurrently: 2 }"], "5: a call at the end of the run is made once")]
fn the_calls_at_the_end_of_a_run_are_single_and_last(#[case] lines: &[&str], #[case] problem: &str) {
    assert_eq!(steps(lines).unwrap_err(), problem);
    assert!(steps(&["{ call: MakeThing, input: { name: a } }", "{ call: GetThing, at_end: true }"]).unwrap()[1].at_end);
}

#[test]
fn a_teardown_has_no_conditions() {
    let text =
        "steps:\n  - { call: MakeThing, input: { name: a } }\nteardown:\n  - { call: GetThing, when: { status: 200 } }";
    assert_eq!(scenario(text).unwrap_err(), "7: only a step of a scenario can have when");
}

#[test]
fn several_expectations_are_alternatives_and_the_default_is_a_success() {
    let success = Alternative::Success { status: 200, body: None };
    let either = step(&format!("{MAKE}, expect: {{ any_of: [{{ responded: true }}, {{ status: 200 }}] }}")).unwrap();
    assert_eq!(either.expect.alternatives, [Alternative::Responded, success.clone()]);
    assert_eq!(step(MAKE).unwrap().expect.alternatives, [success]);
}

#[test]
fn the_bytes_of_a_request_are_read_as_they_are_written() {
    let raw = |body: &str| {
        let form = format!(
            "method: PUT, path: /x, query: 'a=${{region}}', set: {{ A: 'b ${{region}}' }}, remove: [C], content-length: 7, chunked: true, body: {body}"
        );
        step(&format!("call: MakeThing, raw: {{ {form} }}, expect: {{ rejected: client }}"))
            .map(|step| step.call.raw.unwrap())
    };
    let changes = raw("{ text: '{}' }").unwrap();
    assert_eq!((changes.method.as_deref(), changes.path), (Some("PUT"), Some(Template::Literal(json!("/x")))));
    assert_eq!(changes.query.map(|query| query.roots().join(",")).as_deref(), Some("region"));
    assert_eq!((&changes.set[0].0[..], changes.set[0].1.roots()), ("A", vec!["region"]));
    assert_eq!((changes.remove, changes.content_length, changes.chunked), (vec!["C".to_owned()], Some(7), true));
    assert_eq!(changes.body, Some(Body::Text(Template::Literal(json!("{}")), BodyEncoding::Utf8)));
    let wide = raw("{ text: '{}', encoding: utf-16be }").unwrap().body;
    assert_eq!(wide, Some(Body::Text(Template::Literal(json!("{}")), BodyEncoding::Utf16be)));
    assert_eq!(raw("{ base64: 'e30=' }").unwrap().body, Some(Body::Bytes(b"{}".to_vec())));
    assert_eq!(raw("{ hex: '7b 7d' }").unwrap().body, Some(Body::Bytes(b"{}".to_vec())));
    assert_eq!(raw("{ text: a, hex: '00' }").unwrap_err(), "5: a body needs exactly one of text, base64 and hex");
}

#[rstest]
#[case("concurrently: 1", "5: concurrently must be from 2 to 64")]
#[case("concurrently: 65", "5: concurrently must be from 2 to 64")]
#[case(
    "concurrently: 2, eventually: { within: 1s, every: 1s }",
    "5: a step can have only one of eventually, consistently and concurrently"
)]
#[case("eventually: { within: 3601s, every: 1s }", "5: \"3601s\" is not a duration")]
#[case("eventually: { within: 1s, every: 3600001ms }", "5: \"3600001ms\" is not a duration")]
#[case("consistently: { for: s, every: 1s }", "5: \"s\" is not a duration")]
#[case("consistently: { for: 1s, every: '1' }", "5: \"1\" is not a duration")]
#[case("expect: { any_of: [{ responded: true }] }", "5: any_of needs at least two expectations")]
#[case("expect: { any_of: [{ status: 200 }, { odd: 1 }] }", "5: unknown expectation \"odd\"")]
#[case("expect: [responded]", "5: expected an object")]
#[case("expect: { responded: false }", "5: responded and closed must be true and the only key")]
#[case("expect: { closed: true, status: 200 }", "5: responded and closed must be true and the only key")]
#[case("expect: { error: TakenException, body: {} }", "5: an expected error cannot have a body")]
#[case("expect: { rejected: auth, body: {} }", "5: an expected error cannot have a body")]
#[case("expect: { status: 99 }", "5: 99 is not an HTTP status")]
#[case("expect: { status: 600 }", "5: 600 is not an HTTP status")]
#[case("expect: { status: [200, x] }", "5: \"x\" is not an HTTP status")]
#[case("expect: { error: [TakenException, 5] }", "5: expected a name")]
#[case("expect: { error: 5 }", "5: expected a name or a list of names")]
#[case("expect: { error: GoneException }", "5: MakeThing does not declare GoneException, and it is not a common error")]
#[case("expect: { body: { inner: { stat: x } } }", "5: \"/inner/stat\" is not in the output of MakeThing")]
#[case("expect: { body: { id: '${gone}' } }", "5: unknown variable \"gone\"")]
#[case("capture: { id: id }", "5: \"id\" is not in the output of MakeThing")]
#[case("unchanged: [{ call: GetThing, service: other }]", "5: unknown service \"other\"")]
#[case("unchanged: [{ call: GetThing, at: [/no] }]", "5: \"/no\" is not in the output of GetThing")]
#[case("unchanged: [{ call: GetThing, input: { name: '${gone}' } }]", "5: unknown variable \"gone\"")]
#[case("control: { name: '${gone}' }, expect: { error: TakenException }", "5: unknown variable \"gone\"")]
#[case(
    "control: { name: toolong }, expect: { error: TakenException }",
    "5: the model forbids this input: expected at most 5 characters, got \"toolong\""
)]
#[case("raw: { set: { A: 5 } }", "5: the value of a header must be a string")]
#[case("raw: { set: { A: '${gone}' } }", "5: unknown variable \"gone\"")]
#[case("raw: { body: { text: '${gone}' } }", "5: unknown variable \"gone\"")]
#[case("raw: { body: { text: '${' } }", "5: the expression that starts with \"${\" does not end")]
#[case("raw: { body: { hex: '0' } }", "5: invalid hex")]
#[case("raw: { body: {} }", "5: a body needs exactly one of text, base64 and hex")]
fn what_a_step_cannot_mean_is_rejected(#[case] form: &str, #[case] says: &str) {
    assert_eq!(step(&format!("{MAKE}, {form}")).unwrap_err(), says);
}

#[rstest]
#[case::a_rejection_is_expected("{ name: toolong }, expect: { rejected: constraint }", true)]
#[case::marked("{ name: toolong }, invalid: true", true)]
#[case::marked_and_known_in_a_run("{ name: \"${thing.name}\" }, invalid: true", true)]
#[case::marked_wrongly("{ name: a }, invalid: true", false)]
#[case::marked_wrongly_with_an_expression("{ name: \"${repeat('a', 5)}\" }, invalid: true", false)]
#[case::marked_with_an_expression("{ name: \"${repeat('a', 6)}\" }, invalid: true", true)]
#[case::marked_and_not_sent("{ name: a }, invalid: true, raw: { body: { text: '[' } }", true)]
#[case::the_body_is_another("{ name: toolong }, raw: { body: { text: '' } }", true)]
#[case::only_a_header_is_another("{ name: toolong }, raw: { method: PUT }", false)]
#[case::a_success_is_expected("{ name: toolong }, expect: { status: 200 }", false)]
#[case::a_null_is_nothing("{ name: a, size: null }", true)]
#[case::a_run_will_know("{ name: \"${thing.name}\" }", true)]
#[case::a_run_will_know_but_for_that("{ name: \"${thing.name}\", size: x }", false)]
fn an_invalid_input_must_be_marked(#[case] form: &str, #[case] is_read: bool) {
    let read = scenario(&format!("given: {{ thing: a thing }}\nsteps:\n  - {{ call: MakeThing, input: {form} }}"));
    assert_eq!(read.is_ok(), is_read, "{:?}", read.err());
}

#[test]
fn a_row_that_the_model_forbids_is_named() {
    let rest = "table: [{ id: a, v: ok }, { id: b, v: toolong }]\nsteps:\n  - { call: MakeThing, input: { name: '${row.v}' } }";
    let error = scenario(rest).unwrap_err();
    assert_eq!(error, "6: the model forbids this input (row b): expected at most 5 characters, got \"toolong\"");
}

#[test]
fn a_valid_row_cannot_be_marked_as_invalid() {
    let rest = "table: [{ id: a, v: toolong }, { id: b, v: ok }]\nsteps:\n  - { call: MakeThing, invalid: true, input: { name: '${row.v}' } }";
    assert_eq!(scenario(rest).unwrap_err(), "6: this input (row b) is valid, but it is marked as invalid");
}

#[rstest]
#[case::function("{ id: a, v: \"${repeat('a', 21)}\" }")]
#[case::variable("{ id: a, v: '<${region}>' }")]
#[case::deep("{ id: a, v: { w: [1, '${region}'] } }")]
#[case::key("{ id: a, '${region}': 1 }")]
#[case::no_expression_at_all("{ id: a, v: '${jndi:x}' }")]
fn a_row_holds_no_expression(#[case] row: &str) {
    let error = scenario(&format!("table: [{row}]\nsteps:\n  - {{ {MAKE} }}")).unwrap_err();
    assert_eq!(error, "4: a row cannot have expressions");
}

#[test]
fn a_row_may_hold_what_looks_like_an_expression() {
    let rest = "table: [{ id: a, v: '$${x}' }]\nsteps:\n  - { call: MakeThing, input: { name: '${row.v}' } }";
    assert_eq!(scenario(rest).unwrap().rows[0].values["v"], json!("${x}"));
}

#[rstest]
#[case::input("call: MakeThing, input: { name: '${s.nam}' }")]
#[case::text("call: MakeThing, input: { name: 'x${s.nam}' }")]
#[case::path("call: MakeThing, input: { name: '${s/nam/0}' }")]
#[case::body("call: MakeThing, input: { name: a }, expect: { body: { id: '${s.nam}' } }")]
#[case::one_of_several(
    "call: MakeThing, input: { name: a }, expect: { any_of: [{ responded: true }, { body: { inner: { state: '${s.nam}' } } }] }"
)]
#[case::matcher("call: MakeThing, input: { name: a }, expect: { body: { id: { $any_of: ['${s.nam}'] } } }")]
#[case::control("call: MakeThing, input: { name: a }, control: { name: '${s.nam}' }")]
#[case::guard("call: MakeThing, input: { name: a }, unchanged: [{ call: GetThing, input: { name: '${s.nam}' } }]")]
#[case::header("call: MakeThing, input: { name: a }, raw: { set: { A: '${s.nam}' } }")]
#[case::bytes("call: MakeThing, input: { name: a }, raw: { body: { text: '${s.nam}' } }")]
fn what_a_state_does_not_yield_cannot_be_taken_from_it(#[case] form: &str) {
    let error = scenario(&format!("given: {{ s: a thing }}\nsteps:\n  - {{ {form} }}")).unwrap_err();
    assert_eq!(error, "6: the state \"a thing\" has no \"nam\"");
}

#[rstest]
#[case::params(
    "given: { s: a thing, t: { state: a thing, params: { name: '${s.nam}' } } }\nsteps: []",
    "4: the state \"a thing\" has no \"nam\""
)]
#[case::teardown(
    "given: { s: a thing }\nsteps:\n  - { call: MakeThing, input: { name: a } }\nteardown:\n  - { call: GetThing, input: { name: '${s.nam}' } }",
    "8: the state \"a thing\" has no \"nam\""
)]
#[case::row(
    "table: [{ id: a, v: x }, { id: b, w: x }]\nsteps:\n  - { call: MakeThing, input: { name: '${row.v}' } }",
    "6: the row \"b\" has no \"v\""
)]
#[case::no_table(
    "steps:\n  - { call: MakeThing, input: { name: '${row.v}' } }",
    "5: a scenario without a table has no \"v\""
)]
fn what_is_known_to_have_no_such_member_is_rejected(#[case] rest: &str, #[case] says: &str) {
    assert_eq!(scenario(rest).unwrap_err(), says);
}

#[test]
fn a_capture_replaces_a_state_of_its_name() {
    let rest = "given: { s: a thing }\nsteps:\n  - { call: MakeThing, input: { name: a }, capture: { s: /inner } }\n  - { call: GetThing, input: { name: '${s.state}' } }";
    assert!(scenario(rest).is_ok());
}

#[test]
fn an_unknown_member_is_shown_with_the_nearest_name() {
    let rest = "given: { s: a thing }\nsteps:\n  - call: MakeThing\n    input: { size: 1, name: \"${s.nam}\" }";
    let own = [
        ("works/model.json", crate::suite::testing::MODEL.to_owned()),
        ("works/requirements.yaml", crate::suite::testing::REQUIREMENTS.to_owned()),
        ("works/states.yaml", STATES.to_owned()),
        ("works/make-thing/x.yaml", text(rest)),
    ];
    let files = FixtureFiles::from_texts(own.map(|(path, text)| (path.to_owned(), text)));
    let error = crate::suite::Fixtures::read(&files).unwrap_err().to_string();
    insta::assert_snapshot!(error, @r#"
    error: the state "a thing" has no "nam"
     --> fixtures/works/make-thing/x.yaml:7:29
      |
    7 |     input: { size: 1, name: "${s.nam}" }
      |                             ^^^^^^^^^^
      |
      = help: did you mean name?

    1 fixture file is broken
    "#);
}

#[rstest]
#[case::blank("{ id: '' }")]
#[case::absent("{ v: 1 }")]
#[case::space("{ id: 'a b' }")]
fn a_row_needs_a_plain_id(#[case] row: &str) {
    let error = scenario(&format!("table: [{row}]\nsteps:\n  - {{ {MAKE} }}")).unwrap_err();
    assert!(error.ends_with("a row needs an id of letters, digits, dots, hyphens and underscores"), "{error}");
}

#[rstest]
#[case::known("{ id: a, s: none }, { id: b, s: { skewed-clock: 5 } }", Ok(()))]
#[case::unknown("{ id: a, s: none }, { id: b, s: badly }", Err("unknown signing fault (row b)"))]
#[case::absent("{ id: a, t: none }", Err("a signing fault is a name or a value of the row"))]
fn a_row_may_name_the_signing_fault(#[case] rows: &str, #[case] expected: Result<(), &str>) {
    let read = scenario(&format!("table: [{rows}]\nsteps:\n  - {{ {MAKE}, sign: '${{row.s}}' }}"));
    match expected {
        Ok(()) => assert!(matches!(read.unwrap().steps[0].call.signing, Some(CallSigning::OfRow(_)))),
        Err(says) => assert!(read.unwrap_err().contains(says)),
    }
}

#[test]
fn rows_keep_their_ids_and_values_and_no_id_comes_twice() {
    let rows =
        |table: &str| scenario(&format!("table: [{table}]\nsteps:\n  - {{ {MAKE} }}")).map(|scenario| scenario.rows);
    let read = rows("{ id: a.b_c-1, v: 5 }").unwrap();
    assert_eq!((read[0].name.as_deref(), &read[0].values["v"]), (Some("a.b_c-1"), &json!(5)));
    assert_eq!(rows("{ id: a }, { id: a }").unwrap_err(), "4: duplicate row \"a\"");
    let plain = scenario(&format!("steps:\n  - {{ {MAKE} }}")).unwrap().rows;
    assert_eq!(plain, [ScenarioRow { name: None, values: Map::new() }]);
}

#[test]
fn a_scenario_is_read_with_all_that_it_says() {
    let read = scenario(
        "tags: [slow]\ngiven: { one: a thing, two: { state: a thing, params: { name: '${region}' } } }\nsteps:\n  - { call: MakeThing, input: { name: '${one.name}' }, capture: { id: /id } }\n\
         teardown:\n  - { call: GetThing, input: { name: '${id}' } }",
    )
    .unwrap();
    let given: Vec<_> =
        read.given.iter().map(|given| (given.variable.as_str(), given.state.as_str(), given.params.roots())).collect();
    assert_eq!(given, [("one", "a thing", vec![]), ("two", "a thing", vec!["region"])]);
    assert_eq!(
        (read.id.as_str(), read.service.as_str(), read.operation.as_str()),
        ("works/make-thing/x", "works", "MakeThing")
    );
    assert_eq!((read.title.as_str(), read.cites, read.tags), ("t", vec!["W-1".to_owned()], vec!["slow".to_owned()]));
    assert_eq!(read.teardown[0].pointer, "/teardown/0");
}

#[test]
fn a_twin_is_the_same_state_with_the_same_names_in_the_other_region() {
    let state = "{ state: a thing, params: { name: x } }";
    let read = scenario(&format!(
        "given: {{ here: {state}, there: {{ twin_of: here }}, alone: a thing }}\nsteps: [{{ {MAKE} }}]"
    ));
    let given = read.unwrap().given;
    let seen =
        |given: &Given| (given.state.clone(), given.named_after().to_owned(), given.region(), given.needs_calls());
    let of = |name: &str, region, by_calls| ("a thing".to_owned(), name.to_owned(), region, by_calls);
    assert_eq!(seen(&given[0]), of("here", Region::Home, true));
    assert_eq!(seen(&given[1]), of("here", Region::Other, true));
    assert_eq!(seen(&given[2]), of("alone", Region::Home, false));
    assert_eq!(given[0].params, given[1].params);
}

#[rstest]
#[case("given: { a: 5 }\nsteps: []", "4: expected the name of a state, { state, params } or { twin_of: VARIABLE }")]
#[case(
    "given: { a: { state: a thing, more: 1 } }\nsteps: []",
    "4: expected the name of a state, { state, params } or { twin_of: VARIABLE }"
)]
#[case(
    "given: { a: a thing, b: { twin_of: c } }\nsteps: []",
    "4: expected the name of a state, { state, params } or { twin_of: VARIABLE }"
)]
#[case(
    "given: { a: { twin_of: a } }\nsteps: []",
    "4: expected the name of a state, { state, params } or { twin_of: VARIABLE }"
)]
#[case("given: { a: a thin }\nsteps: []", "4: unknown state \"a thin\"")]
#[case("given: { a: { state: a thing, params: { name: '${gone}' } } }\nsteps: []", "4: unknown variable \"gone\"")]
#[case("steps:\n  - { call: GetThing }", "5: no step calls MakeThing, the operation of this folder")]
#[case("steps:\n  - { call: MakeThing, input: { name: '${id}' }, capture: { id: /id } }", "5: unknown variable \"id\"")]
fn what_a_scenario_cannot_mean_is_rejected(#[case] rest: &str, #[case] says: &str) {
    assert_eq!(scenario(rest).unwrap_err(), says);
}

#[test]
fn a_scenario_needs_a_step_and_no_citation() {
    let uncited = text("steps: [{ call: GetThing }]").replace("[W-1]", "[]");
    assert!(read(&[("works/get-thing/x.yaml", &uncited)]).is_ok());
    let without_steps = text("steps: []");
    let problems = read(&[("works/things/x.yaml", &without_steps)]).unwrap_err();
    assert_eq!(problems, ["4: no step calls an operation of works"]);
}

#[rstest]
#[case(
    "given: { b: a thing }\n    steps: [{ call: MakeThing, input: { name: '${b.name}' } }]\n    yields: { name: '${params.v}' }",
    None
)]
#[case("given: { b: a thing }\n    yields: { name: '${b.nam}' }", Some("the state \"a thing\" has no \"nam\""))]
#[case(
    "given: { b: { state: a thing, params: { v: '${parms.v}' } } }\n    yields: {}",
    Some("unknown variable \"parms\"")
)]
#[case("yields: { name: '${gone}' }", Some("unknown variable \"gone\""))]
#[case("given: { b: another }\n    yields: {}", Some("unknown state \"another\""))]
#[case("steps: [{ call: MakeThin }]\n    yields: {}", Some("works has no operation MakeThin"))]
fn a_state_is_read_or_rejected(#[case] rest: &str, #[case] says: Option<&str>) {
    let states = format!("states:\n  a thing:\n    says: s\n    params: {{ v: 5 }}\n    {rest}\n");
    let found = read(&[("works/states.yaml", &states)]);
    match (found, says) {
        (Ok(suite), None) => {
            let state = &suite.service("works").unwrap().states["a thing"];
            assert_eq!((state.name.as_str(), state.says.as_str(), &state.params["v"]), ("a thing", "s", &json!(5)));
            assert_eq!((state.given[0].variable.as_str(), state.steps.len()), ("b", 1));
            assert_eq!(state.yields["name"].roots(), ["params"]);
        }
        (Err(problems), Some(says)) => assert!(problems[0].ends_with(says), "{problems:?}"),
        (found, says) => panic!("{:?} for {says:?}", found.err()),
    }
}

#[rstest]
#[case("GetThing/name: [a thing/id, a thing/arn]", None)]
#[case("GetThing/name: [a thing/id]", Some("expected several variables of one state, such as [a key/id, a key/arn]"))]
#[case("GetThing/name: a thing/id", Some("expected several variables of one state, such as [a key/id, a key/arn]"))]
#[case(
    "GetThing/name: [a thing/id, another/id]",
    Some("expected several variables of one state, such as [a key/id, a key/arn]")
)]
#[case("GetThing/name: [a thing/id, a thing/url]", Some("the state \"a thing\" has no variable \"url\""))]
#[case("GetThing/name: [a thing/id, gone/arn]", Some("unknown state \"gone\""))]
fn the_names_of_a_resource_are_variables_of_one_state(#[case] names: &str, #[case] says: Option<&str>) {
    let states = "  a thing: { says: s, yields: { id: a, arn: b } }\n  another: { says: s, yields: { id: a } }";
    let found = read(&[("works/states.yaml", &format!("states:\n{states}\nnames:\n  {names}\n"))]);
    match (found, says) {
        (Ok(suite), None) => {
            let names = &suite.service("works").unwrap().names[0];
            assert_eq!((names.state.as_str(), names.variables.join("+").as_str()), ("a thing", "id+arn"));
            assert!(names.glob.matches_whole("GetThing/name"));
        }
        (Err(problems), Some(says)) => assert!(problems[0].ends_with(says), "{problems:?}"),
        (found, says) => panic!("{:?} for {says:?}", found.err()),
    }
}

#[rstest]
#[case::pending("pending: { MakeThig: { id: x } }", "works has no operation MakeThig")]
#[case::failed("failed: { MakeThig: { id: x } }", "works has no operation MakeThig")]
#[case::matcher("failed: { MakeThing: { id: { $one_of: [x] } } }", "unknown matcher $one_of")]
fn patterns_of_changes_name_operations_and_matchers_that_exist(#[case] patterns: &str, #[case] says: &str) {
    let problems = read(&[("works/states.yaml", &format!("{STATES}{patterns}\n"))]).unwrap_err();
    assert!(problems[0].contains(says), "{problems:?}");
}
