use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::{
    judge::transcript::Role,
    suite::{CaseId, FixtureFiles},
};

/// An input with a secret, an output with one and with a plain member, and an error whose message is one.
fn suite() -> Fixtures {
    let model = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Put"},{"target":"x#Get"}],
            "traits":{"aws.auth#sigv4":{"name":"s"},"aws.protocols#awsJson1_1":{}}},
        "x#Put":{"type":"operation","input":{"target":"x#In"},"output":{"target":"x#Out"},"errors":[{"target":"x#Bad"}]},
        "x#Get":{"type":"operation","input":{"target":"x#Plain"},"output":{"target":"x#Plain"}},
        "x#In":{"type":"structure","members":{"name":{"target":"smithy.api#String"},"secret":{"target":"x#Secret"}}},
        "x#Out":{"type":"structure","members":{
            "name":{"target":"smithy.api#String"},"secret":{"target":"x#Secret"},"secrets":{"target":"x#Secrets"},
            "key":{"target":"x#Key"},"mode":{"target":"x#Mode"},"pin":{"target":"x#Pin"},"map":{"target":"x#Map"}}},
        "x#Plain":{"type":"structure","members":{"name":{"target":"smithy.api#String"}}},
        "x#Bad":{"type":"structure","members":{"message":{"target":"x#Secret"}},"traits":{"smithy.api#error":"client"}},
        "x#Secret":{"type":"string","traits":{"smithy.api#sensitive":{},"smithy.api#length":{"max":40}}},
        "x#Secrets":{"type":"list","member":{"target":"x#Secret"}},
        "x#Map":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#Secret"}},
        "x#Key":{"type":"blob","traits":{"smithy.api#sensitive":{}}},
        "x#Pin":{"type":"integer","traits":{"smithy.api#sensitive":{}}},
        "x#Mode":{"type":"enum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"Active"}}},
            "traits":{"smithy.api#sensitive":{}}}}}"#;
    Fixtures::read(&FixtureFiles::from_texts([("s/model.json".to_owned(), model.to_owned())])).unwrap()
}

fn exchange(operation: &str, sent: &str, (status, received): (u16, &str)) -> Exchange {
    let headers = [("content-length", received.len().to_string())].into_iter().collect();
    Exchange {
        step: 1,
        role: Role::Main,
        service: "s".to_owned(),
        operation: operation.to_owned(),
        request: Request { body: sent.to_owned().into(), ..Request::default() },
        outcome: Ok(Response { status, headers, body: received.to_owned().into(), ..Response::default() }),
        started: Duration::ZERO,
        elapsed: Duration::ZERO,
    }
}

fn transcript(exchanges: Vec<Exchange>) -> Transcript {
    Transcript {
        case: CaseId("s/o/c".to_owned()),
        seed: 1,
        region: String::new(),
        other_region: String::new(),
        variables: serde_json::Map::new(),
        exchanges,
        end: CaseEnd::Complete,
        begun: std::time::SystemTime::UNIX_EPOCH,
        elapsed: Duration::ZERO,
    }
}

fn bodies(transcript: &Transcript) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let of = |exchange: &Exchange| [text(&exchange.request.body), text(&exchange.outcome.as_ref().unwrap().body)];
    transcript.exchanges.iter().flat_map(of).collect()
}

const SECRET: &str = "canary-hunter-2";

#[rstest]
#[case::member(200, r#"{"secret":"canary-hunter-2","name":"plain-text"}"#)]
#[case::twice(200, r#"{"secret":"a","secret":"canary-hunter-2"}"#)]
#[case::list(200, r#"{"secrets":["x","canary-hunter-2"]}"#)]
#[case::map(200, r#"{"map":{"k":"canary-hunter-2"}}"#)]
#[case::escaped(200, r#"{"secret":"\u0063anary-hunter-2"}"#)]
#[case::wrong_type(200, r#"{"secret":{"deep":["canary-hunter-2"]}}"#)]
#[case::message(400, r#"{"__type":"Bad","message":"canary-hunter-2"}"#)]
#[case::echo_in_an_unknown_error(400, r#"{"__type":"Other","message":"wrong: canary-hunter-2"}"#)]
#[case::echo_in_an_unknown_member(200, r#"{"echo":{"of":"<canary-hunter-2>"}}"#)]
#[case::echo_in_html(500, "<p>canary-hunter-2</p>")]
fn a_sensitive_text_is_nowhere_and_lengths_stay(#[case] status: u16, #[case] received: &str) {
    let sent = r#"{"name":"n","secret":"canary-hunter-2"}"#;
    let mut transcript = transcript(vec![exchange("Put", sent, (status, received))]);
    redact(&suite(), &mut transcript, SensitiveValues::Hidden);
    let [request, response] = bodies(&transcript).try_into().unwrap();
    assert!(!request.contains(SECRET) && !response.contains("hunter"), "{request} {response}");
    assert_eq!((request.len(), response.len()), (sent.len(), received.len()));
    assert!(!response.contains("plain-text") || received.contains("plain-text"));
    assert_eq!(serde_json::from_str::<Value>(&response).is_ok(), serde_json::from_str::<Value>(received).is_ok());
}

#[test]
fn values_that_are_not_sensitive_stay_unchanged() {
    let received = r#"{ "name" : "canary-hunter-2", "mode":"Active","pin":4711,"key":"d2lyZXByb29m" }"#;
    let sent = r#"{"name":"canary-hunter-2","secret":"canary-hunter-2"}"#;
    let mut transcript = transcript(vec![exchange("Put", sent, (200, received))]);
    redact(&suite(), &mut transcript, SensitiveValues::Hidden);
    let [request, response] = bodies(&transcript).try_into().unwrap();
    assert!(request.starts_with(r#"{"name":"canary-hunter-2","secret":"xxxx"#), "{request}");
    assert!(response.starts_with(r#"{ "name" : "canary-hunter-2", "mode":"Active","pin":1"#), "{response}");
    assert!(!response.contains("4711") && !response.contains("d2lyZXByb29m"), "{response}");
}

#[test]
fn equal_values_stay_equal_and_expected_literals_are_recognized() {
    use crate::suite::matcher::{Hidden, mismatches};
    let exchanges = vec![
        exchange("Put", "{}", (200, r#"{"secret":"canary-hunter-2"}"#)),
        exchange("Put", "{}", (200, r#"{"secret":"canary-hunter-2"}"#)),
        exchange("Put", "{}", (200, r#"{"secret":"canary-hunter-3"}"#)),
    ];
    let mut transcript = transcript(exchanges);
    transcript.variables.insert("v".to_owned(), json!({"secret": SECRET, "other": "stays"}));
    redact(&suite(), &mut transcript, SensitiveValues::Hidden);
    let bodies = bodies(&transcript);
    assert!(bodies[1] == bodies[3] && bodies[3] != bodies[5]);
    let response = transcript.exchanges[0].outcome.as_ref().unwrap();
    assert_eq!(response.hidden, ["/secret"]);
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(transcript.variables["v"], json!({"secret": body["secret"], "other": "stays"}));
    let key = transcript.key();
    let hidden = Hidden::of(response, &key);
    for pattern in [
        json!({"secret": SECRET}),
        json!({"$exactly": {"secret": SECRET}}),
        json!({"secret": {"$any_of": [1, SECRET]}}),
    ] {
        assert_eq!(mismatches(&pattern, &body, hidden), []);
        assert_ne!(mismatches(&pattern, &body, Hidden::default()), []);
    }
    assert_ne!(mismatches(&json!({"secret": "canary-hunter-3"}), &body, hidden), []);
}

#[test]
fn an_operation_without_anything_sensitive_is_left_alone_and_so_is_what_is_to_be_shown() {
    let with = |operation, sensitive| {
        let mut transcript = transcript(vec![exchange(operation, "{}", (200, r#"{"secret":"canary-hunter-2"}"#))]);
        redact(&suite(), &mut transcript, sensitive);
        bodies(&transcript)[1].contains(SECRET)
    };
    assert_eq!([with("Get", SensitiveValues::Hidden), with("Put", SensitiveValues::Shown)], [true, true]);
    assert!(!with("Put", SensitiveValues::Hidden));
}

#[test]
fn the_reason_of_an_end_says_no_more_than_the_rest() {
    let mut transcript = transcript(vec![exchange("Put", r#"{"secret":"canary-hunter-2"}"#, (200, "{}"))]);
    transcript.end = CaseEnd::Blocked("Put gave 400 canary-hunter-2".to_owned());
    redact(&suite(), &mut transcript, SensitiveValues::Hidden);
    assert!(matches!(&transcript.end, CaseEnd::Blocked(reason) if reason.starts_with("Put gave 400 xxxx")));
}
