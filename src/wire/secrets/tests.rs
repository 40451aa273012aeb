use bytes::Bytes;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::wire::Headers;

const KEY: &str = "AKIACANARYCANARY0001";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYCANARYKEY";
const TOKEN: &str = "IQoJb3JpZ2luX2VjECANARY//8/+session==";
const SIGNATURE: &str = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";

fn secrets() -> Secrets {
    let identity = Credentials { session_token: Some(TOKEN.to_owned()), ..Credentials::new(KEY, SECRET) };
    let secrets = Secrets::of_identities([&identity]);
    secrets.enter(&signed(KEY));
    secrets
}

fn signed(key: &str) -> Request {
    let value =
        format!("AWS4-HMAC-SHA256 Credential={key}/20150830/us-east-1, SignedHeaders=host, Signature={SIGNATURE}");
    Request { headers: [("Authorization", value)].into_iter().collect(), ..Request::default() }
}

fn hidden(text: &str) -> String {
    secrets().hidden(text).into_owned()
}

fn each(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

/// The forms in which an endpoint may write a credential.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    vec![
        ("plain", secret.to_owned()),
        ("upper case", secret.to_uppercase()),
        ("lower case", secret.to_lowercase()),
        ("escaped solidus", secret.replace('/', r"\/")),
        ("code points", each(secret, |c| format!("\\u{:04X}", u32::from(c)))),
        ("some code points", secret.replacen('A', r"\u0041", 1)),
        ("JSON in JSON", each(secret, |c| format!("\\\\u{:04x}", u32::from(c)))),
        ("percent", each(secret, |c| format!("%{:02x}", u32::from(c)))),
        ("percent twice", secret.replace('/', "%252F").replace('+', "%252b")),
        ("decimal references", each(secret, |c| format!("&#{};", u32::from(c)))),
        ("hexadecimal references", secret.replace('/', "&#x2F;").replace('=', "&equals;")),
        ("XML in XML", secret.replace('/', "&amp;#x2F;")),
        ("UTF-16", each(secret, |c| format!("\0{c}")).replacen('\0', "", 1)),
    ]
}

#[rstest]
fn a_credential_is_hidden_in_every_form(#[values(KEY, SECRET, TOKEN, SIGNATURE)] secret: &str) {
    for (form, text) in forms(secret) {
        let whole = format!("<a> {text} </a>");
        let hidden = hidden(&whole);
        assert_eq!(hidden, format!("<a> {} </a>", "*".repeat(text.len())), "{form}");
    }
}

#[rstest]
fn a_credential_that_is_cut_off_is_hidden_from_its_half_on(
    #[values(KEY, SECRET, TOKEN, SIGNATURE)] secret: &str,
    #[values("", "…", "\" cannot be parsed")] after: &str,
) {
    for (form, text) in forms(&secret[..secret.len() * 9 / 10]) {
        let hidden = hidden(&format!("{{\"a\":\"{text}{after}"));
        assert_eq!(hidden, format!("{{\"a\":\"{}{after}", "*".repeat(text.len())), "{form}");
    }
}

#[rstest]
#[case::part(&SECRET[1..])]
#[case::less_than_half(&SECRET[..19])]
#[case::the_head_of_all_tokens("IQoJb3JpZ2luX2VjEMabcdefghijklmnop")]
#[case::placeholder("test")]
#[case::stars("********************")]
#[case::hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
#[case::escapes(r"a\/b\u0041%41&amp;\\")]
fn other_text_stays(#[case] text: &str) {
    assert!(matches!(secrets().hidden(text), Cow::Borrowed(same) if same == text));
}

#[test]
fn every_part_of_a_response_is_searched() {
    let fields = [("x-a", TOKEN), (KEY, "name"), ("x-signature", SIGNATURE)];
    let head = format!("HTTP/1.1 200 {KEY}\r\nx: {SECRET}\r\n\r\n");
    let mut response = Response {
        headers: fields.into_iter().collect(),
        body: format!(r#"{{"{KEY}":1,"b":"{TOKEN}"}}"#).into(),
        head: Some(head.clone().into()),
        ..Response::default()
    };
    secrets().hide_in(&mut response);
    let names: Headers = [
        ("x-a", "*".repeat(TOKEN.len())),
        (&"*".repeat(KEY.len()), "name".to_owned()),
        ("x-signature", "*".repeat(64)),
    ]
    .into_iter()
    .collect();
    assert_eq!(response.headers, names);
    assert_eq!(response.head.as_ref().map(Bytes::len), Some(head.len()));
    let text = String::from_utf8(response.to_bytes()).unwrap();
    assert!(!text.contains("CANARY") && text.contains(r#"":1,"b":""#), "{text}");
}

#[test]
fn a_compressed_body_with_a_credential_is_hidden_as_a_whole() {
    for (text, is_hidden) in [(format!(r#"{{"a":"{}"}}"#, TOKEN.replace('/', r"\/")), true), ("{}".to_owned(), false)] {
        let body = gzip(&text);
        let mut response = Response { body: body.clone().into(), ..Response::default() };
        secrets().hide_in(&mut response);
        assert_eq!(response.body == body, !is_hidden);
        assert_eq!(response.body.len(), body.len());
    }
}

#[rstest]
#[case(TransportError::Other(format!("panicked: {TOKEN}")))]
#[case(TransportError::Dns(KEY.to_owned()))]
#[case(TransportError::NotHttp { problem: format!("line {TOKEN:?}"), received: SECRET.to_owned() })]
#[case(TransportError::Tls { problem: KEY.to_owned(), help: KEY.to_owned() })]
#[case(TransportError::Unfinished { limit: std::time::Duration::ZERO, awaited: SIGNATURE.to_owned() })]
fn errors_are_searched(#[case] mut error: TransportError) {
    secrets().hide_in_error(&mut error);
    let shown = format!("{error:?}");
    assert!(shown.contains("****") && !shown.contains("CANARY") && !shown.contains("5d67"), "{shown}");
}

#[test]
fn json_stays_json_where_a_credential_follows_an_escape() {
    let secrets = Secrets::of(["nabcdefghijklmnop"]);
    let text = r#"["\nabcdefghijklmnop","\\nabcdefghijklmnop"]"#;
    let hidden = secrets.hidden(text);
    assert!(!hidden.contains("abcdefgh"), "{hidden}");
    assert!(serde_json::from_str::<Value>(&hidden).is_ok(), "{hidden}");
}

#[test]
fn a_signature_of_an_earlier_request_stays_known_and_so_does_another_key() {
    let secrets = secrets();
    let other = "AKIAOTHERKEYCANARY02";
    secrets.enter(&Request {
        headers: [("authorization", "Bearer canary-of-a-fixture")].into_iter().collect(),
        ..Request::default()
    });
    secrets.enter(&signed(other));
    for one in [other, SIGNATURE, "Bearer canary-of-a-fixture"] {
        assert_eq!(secrets.hidden(one), "*".repeat(one.len()));
    }
}

#[test]
fn what_is_remembered_is_bounded() {
    let secrets = Secrets::default();
    let request =
        |value: &str| Request { headers: [("authorization", value)].into_iter().collect(), ..Request::default() };
    // The head of a signature identifies it.
    let spread = |number: usize| format!("Credential=test/x, Signature={number:016x}{:048x}", 0);
    (0..=REMEMBERED).for_each(|number| secrets.enter(&request(&spread(number))));
    assert_eq!(secrets.sent.lock().unwrap().heads.len(), REMEMBERED);
    (0..2 * LEARNED).for_each(|number| secrets.enter(&request(&format!("a value of a fixture {number}"))));
    assert_eq!(secrets.known().values.len(), LEARNED);
    secrets.enter(&signed("test"));
    assert_eq!(secrets.hidden(SIGNATURE), "*".repeat(64));
}

#[test]
fn a_value_with_a_hidden_credential_is_recognized() {
    let mut value = json!({"a": [{"b": format!("x{TOKEN}")}], "c": 1});
    assert!(!has_hidden_secret(&value));
    secrets().hide_in_value(&mut value);
    assert!(has_hidden_secret(&value) && !value.to_string().contains("CANARY"));
    let mut value = json!({KEY: 1, "z": 2});
    secrets().hide_in_value(&mut value);
    assert_eq!(value, json!({"*".repeat(KEY.len()): 1, "z": 2}));
    assert!(has_hidden_secret(&value) && !has_hidden_secret(&json!({"stars": "****"})));
}

#[test]
fn a_debug_output_shows_nothing() {
    let shown = format!("{:?} {:?}", secrets(), signed(KEY));
    assert!(!shown.contains("CANARY") && !shown.contains("5d67"), "{shown}");
}

proptest! {
    #[test]
    fn hiding_again_changes_nothing(text in r#"([a-zA-Z*"\\/%&;]|\\u00[0-9a-f]{2}|AKIACANARYCANARY0001|%2f){0,60}"#) {
        let once = hidden(&text);
        prop_assert_eq!(once.len(), text.len());
        prop_assert_eq!(hidden(&once), once);
    }

    #[test]
    fn json_with_an_escaped_credential_stays_json(before in "[a-z\\\\\"\n]{0,9}", after in "[a-z\\\\\"\n]{0,9}", at in 0..SECRET.len()) {
        let (head, tail) = SECRET.split_at(at);
        let quoted = json!(format!("{before}{head}")).to_string() + &json!(format!("{tail}{after}")).to_string()[1..];
        let text = quoted.replacen('"', "\u{1}", 1).replace("\"w", "w").replace('\u{1}', "\"").replace('/', r"\/");
        let hidden = hidden(&text);
        if serde_json::from_str::<Value>(&text).is_ok() {
            prop_assert!(serde_json::from_str::<Value>(&hidden).is_ok(), "{}", hidden);
        }
    }

    #[test]
    fn a_credential_anywhere_in_a_long_text_is_hidden(before in 0_usize..200_000, escaped in any::<bool>()) {
        let secret = if escaped { TOKEN.replace('/', r"\/") } else { TOKEN.to_owned() };
        let text = format!("{}{secret}{}", r"\n".repeat(before / 2), "y".repeat(100));
        prop_assert!(!hidden(&text).contains("CANARY"));
    }
}
