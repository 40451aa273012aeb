//! The difference between a probe and the valid request that it starts from.

use serde_json::{Map, Value};

use super::input::Reached;
use crate::{
    model::pointer::unescape,
    suite::{Body, ByteChanges},
    wire::sigv4::SigningFault,
};

/// The difference between a probe and a valid request.
#[derive(Debug, Clone)]
pub(super) enum InputChange {
    /// Set the location to this value; a key of a map, to this name.
    Set(Value),
    /// Set the location to a string that matches its pattern, of this length if one is given. Built with the case.
    String(Option<u64>),
    /// Set the location to a list with this number of items. Built with the case.
    Items(u64),
    /// Nothing: the valid input.
    Nothing,
    /// Set the location to another string with characters of the same kinds. Built with the case.
    Unlike,
    /// Remove the location.
    Remove,
    /// Add a member to the structure at the location.
    Add(String, Value),
    /// Replace the whole input.
    Input(Value),
    /// Replace the whole input with one that has every member.
    Full,
    /// Change the bytes of the request.
    Bytes(Box<ByteChanges>),
    /// Put bytes before and after the body of the valid input.
    Around(Vec<u8>, Vec<u8>),
    /// Put members before those of the valid input.
    Merged(Vec<u8>),
    /// Sign the request wrongly.
    Signed(SigningFault),
}

/// The request that is sent instead of the valid one.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) input: Value,
    /// True if the input is meant to be valid.
    pub(super) valid: bool,
    /// Changes of the request's bytes.
    pub(super) bytes: Option<ByteChanges>,
    /// A fault of the signature.
    pub(super) fault: Option<SigningFault>,
}

/// Applies a change; `None` where the input does not have the location, or no full input can be built.
pub(super) fn apply(
    change: InputChange,
    reached: Reached,
    is_key: bool,
    full: impl FnOnce() -> Option<Value>,
) -> Option<Changed> {
    let Reached { mut input, pointer } = reached;
    let invalid = |input: Value| Changed { input, ..Changed::default() };
    let valid = |input: Value| Changed { input, valid: true, ..Changed::default() };
    let with_bytes = |input: Value, bytes: ByteChanges| Changed { bytes: Some(bytes), ..invalid(input) };
    Some(match change {
        InputChange::Set(Value::String(name)) if is_key => {
            rename(&mut input, &pointer, &name)?;
            invalid(input)
        }
        // Built before, by what knows the model.
        InputChange::String(_) | InputChange::Items(_) | InputChange::Unlike => return None,
        InputChange::Set(value) => {
            *input.pointer_mut(&pointer)? = value;
            invalid(input)
        }
        InputChange::Nothing => valid(input),
        InputChange::Remove => {
            let (parent, name) = parent(&mut input, &pointer)?;
            parent.remove(&name)?;
            invalid(input)
        }
        InputChange::Add(name, value) => {
            input.pointer_mut(&pointer)?.as_object_mut()?.insert(name, value);
            invalid(input)
        }
        InputChange::Input(input) => valid(input),
        InputChange::Full => valid(full()?),
        InputChange::Bytes(bytes) => with_bytes(input, *bytes),
        InputChange::Around(front, back) => {
            with_bytes(input, ByteChanges { around: Some((front, back)), ..ByteChanges::default() })
        }
        InputChange::Merged(members) => {
            let body = Some(Body::Bytes(merged(&members, &input)));
            with_bytes(input, ByteChanges { body, ..ByteChanges::default() })
        }
        InputChange::Signed(fault) => Changed { fault: Some(fault), ..invalid(input) },
    })
}

/// The same with other digits alone.
pub(super) fn unlike_digits(text: &str) -> String {
    let other = |c: char| c.to_digit(10).and_then(|digit| char::from_digit((digit + 5) % 10, 10)).unwrap_or(c);
    text.chars().map(other).collect()
}

/// Another text with characters of the same kinds: letters for letters, digits for digits, hexadecimal for hexadecimal. Of
/// a path or an ARN, only the last part differs; of an ID such as `vpc-0a1b2c3d`, what follows its prefix.
pub(super) fn unlike(text: &str) -> String {
    let last = text.rfind(['/', ':']).map_or(0, |at| at + 1);
    let (head, tail) = text.split_at(if text.len() - last < 2 { 0 } else { last });
    let is_hexadecimal = |text: &str| text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'));
    let (prefix, rest) = tail.split_once('-').filter(|(_, rest)| rest.len() > 5 && is_hexadecimal(rest)).unzip();
    let prefix = prefix.map(|prefix| format!("{prefix}-")).unwrap_or_default();
    let rest = rest.unwrap_or(tail);
    let letters = if is_hexadecimal(rest) { 6 } else { 26 };
    let turned = |c: char, first: char, count: u32| {
        let at = u32::from(c) - u32::from(first);
        char::from_u32(u32::from(first) + (at + count / 2) % count).unwrap_or(c)
    };
    let other = rest.chars().map(|c| match c {
        '0'..='9' => turned(c, '0', 10),
        'a'..='z' => turned(c, 'a', letters),
        'A'..='Z' => turned(c, 'A', 26),
        other => other,
    });
    format!("{head}{prefix}{}", other.collect::<String>())
}

/// The object that has the member a pointer leads to, and the name of the member.
fn parent<'v>(input: &'v mut Value, pointer: &str) -> Option<(&'v mut Map<String, Value>, String)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    Some((input.pointer_mut(parent)?.as_object_mut()?, unescape(name)))
}

/// Renames the key of an entry. An entry that already has the new key gets the old one, so that none is lost.
fn rename(input: &mut Value, pointer: &str, name: &str) -> Option<()> {
    let (parent, old) = parent(input, pointer)?;
    let value = parent.remove(&old)?;
    if let Some(other) = parent.insert(name.to_owned(), value) {
        parent.insert(old, other);
    }
    Some(())
}

/// The JSON of an object with more members before its own.
fn merged(members: &[u8], input: &Value) -> Vec<u8> {
    let text = input.to_string();
    let rest = text.strip_prefix('{').unwrap_or(&text);
    let comma: &[u8] = if rest == "}" { b"" } else { b"," };
    [b"{".as_slice(), members, comma, rest.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn changed(change: InputChange, is_key: bool) -> Option<Changed> {
        let reached = Reached { input: json!({"a": {"b": 1}, "c": 2}), pointer: "/a/b".to_owned() };
        apply(change, reached, is_key, || Some(json!("full")))
    }

    #[rstest]
    #[case::set(InputChange::Set(json!("x")), false, json!({"a": {"b": "x"}, "c": 2}))]
    #[case::rename(InputChange::Set(json!("x")), true, json!({"a": {"x": 1}, "c": 2}))]
    #[case::remove(InputChange::Remove, false, json!({"a": {}, "c": 2}))]
    #[case::another(InputChange::Input(json!({})), false, json!({}))]
    #[case::full(InputChange::Full, false, json!("full"))]
    fn an_input_is_changed_at_its_location(#[case] change: InputChange, #[case] is_key: bool, #[case] expected: Value) {
        assert_eq!(changed(change, is_key).unwrap().input, expected);
    }

    #[test]
    fn an_entry_whose_key_another_one_gets_is_kept_under_the_old_key() {
        let mut input = json!({"m": {"a": 1, "b": 2}});
        rename(&mut input, "/m/a", "b").unwrap();
        assert_eq!(input, json!({"m": {"a": 2, "b": 1}}));
    }

    #[test]
    fn only_a_structure_gets_a_member() {
        assert!(changed(InputChange::Add("x".to_owned(), json!(1)), false).is_none());
    }

    #[test]
    fn members_are_merged_into_the_valid_input() {
        let bytes = changed(InputChange::Merged(br#""x":0"#.to_vec()), false).unwrap().bytes.unwrap();
        assert_eq!(bytes.body, Some(Body::Bytes(br#"{"x":0,"a":{"b":1},"c":2}"#.to_vec())));
    }

    #[test]
    fn bytes_go_around_the_body_that_the_protocol_builds() {
        let around = (b"<".to_vec(), b">".to_vec());
        let changed = changed(InputChange::Around(around.0.clone(), around.1.clone()), false).unwrap();
        let bytes = changed.bytes.unwrap();
        assert_eq!((bytes.around, bytes.body, changed.input), (Some(around), None, json!({"a": {"b": 1}, "c": 2})));
    }

    #[test]
    fn members_are_merged_into_an_empty_object_without_a_comma() {
        assert_eq!(merged(br#""x":0"#, &json!({})), br#"{"x":0}"#);
    }
}
