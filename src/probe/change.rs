//! How a probe differs from the legal request that it starts from.

use serde_json::{Map, Value};

use super::input::Reached;
use crate::{
    model::pointer::unescape,
    suite::{Body, ByteChanges},
    wire::sigv4::SigningFault,
};

/// How a probe differs from a legal request.
#[derive(Debug, Clone)]
pub(super) enum InputChange {
    /// The place gets this value; a key of a map this name.
    Set(Value),
    /// The place gets a legal text, or one whose length alone may be wrong, made when the case is.
    Text(Option<u64>),
    /// The place gets a list of so many items, made when the case is.
    Items(u64),
    /// The place is left out.
    Remove,
    /// The structure at the place gets one more member.
    Add(String, Value),
    /// The whole input is this one.
    Input(Value),
    /// The whole input is a full one.
    Full,
    /// The request's bytes are changed.
    Bytes(Box<ByteChanges>),
    /// The body is that of the legal input with this in front of and behind it.
    Around(Vec<u8>, Vec<u8>),
    /// The body is that of the legal input with these members in front of its own.
    Merged(Vec<u8>),
    /// It is signed wrongly.
    Signed(SigningFault),
}

/// What is sent in place of the legal request.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The input.
    pub(super) input: Value,
    /// Whether it is meant to keep the model.
    pub(super) legal: bool,
    /// Changes of the request's bytes.
    pub(super) bytes: Option<ByteChanges>,
    /// A fault of the signature.
    pub(super) fault: Option<SigningFault>,
}

/// Applies a change; `None` where the input has no such place, or no full input can be built.
pub(super) fn apply(
    change: InputChange,
    reached: Reached,
    is_key: bool,
    full: impl FnOnce() -> Option<Value>,
) -> Option<Changed> {
    let Reached { mut input, pointer } = reached;
    let wrong = |input: Value| Changed { input, ..Changed::default() };
    let legal = |input: Value| Changed { input, legal: true, ..Changed::default() };
    let with_body = |input: Value, body: Vec<u8>| {
        let bytes = ByteChanges { body: Some(Body::Bytes(body)), ..ByteChanges::default() };
        Changed { input, bytes: Some(bytes), ..Changed::default() }
    };
    Some(match change {
        InputChange::Set(Value::String(name)) if is_key => {
            rename(&mut input, &pointer, &name)?;
            wrong(input)
        }
        // Made before, by what knows the model.
        InputChange::Text(_) | InputChange::Items(_) => return None,
        InputChange::Set(value) => {
            *input.pointer_mut(&pointer)? = value;
            wrong(input)
        }
        InputChange::Remove => {
            let (parent, name) = parent(&mut input, &pointer)?;
            parent.remove(&name)?;
            wrong(input)
        }
        InputChange::Add(name, value) => {
            input.pointer_mut(&pointer)?.as_object_mut()?.insert(name, value);
            wrong(input)
        }
        InputChange::Input(input) => legal(input),
        InputChange::Full => legal(full()?),
        InputChange::Bytes(bytes) => Changed { bytes: Some(*bytes), ..wrong(input) },
        InputChange::Around(front, back) => {
            let body = [front, input.to_string().into_bytes(), back].concat();
            with_body(input, body)
        }
        InputChange::Merged(members) => {
            let body = merged(&members, &input);
            with_body(input, body)
        }
        InputChange::Signed(fault) => Changed { fault: Some(fault), ..wrong(input) },
    })
}

/// The object that holds what a pointer leads to, and its name there.
fn parent<'v>(input: &'v mut Value, pointer: &str) -> Option<(&'v mut Map<String, Value>, String)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    Some((input.pointer_mut(parent)?.as_object_mut()?, unescape(name)))
}

/// Gives an entry another key. One that has this key gets the old one, so that none is lost.
fn rename(input: &mut Value, pointer: &str, name: &str) -> Option<()> {
    let (parent, old) = parent(input, pointer)?;
    let value = parent.remove(&old)?;
    if let Some(other) = parent.insert(name.to_owned(), value) {
        parent.insert(old, other);
    }
    Some(())
}

/// An object's text with more members in front of its own.
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
    fn an_input_is_changed_at_its_place(#[case] change: InputChange, #[case] is_key: bool, #[case] expected: Value) {
        assert_eq!(changed(change, is_key).unwrap().input, expected);
    }

    #[test]
    fn an_entry_whose_key_another_one_gets_is_kept_under_the_old_key() {
        let mut input = json!({"m": {"a": 1, "b": 2}});
        rename(&mut input, "/m/a", "b").unwrap();
        assert_eq!(input, json!({"m": {"a": 2, "b": 1}}));
    }

    #[test]
    fn a_place_that_is_no_structure_gets_no_member() {
        assert!(changed(InputChange::Add("x".to_owned(), json!(1)), false).is_none());
    }

    #[rstest]
    #[case::around(InputChange::Around(b"<".to_vec(), b">".to_vec()), r#"<{"a":{"b":1},"c":2}>"#)]
    #[case::merged(InputChange::Merged(br#""x":0"#.to_vec()), r#"{"x":0,"a":{"b":1},"c":2}"#)]
    fn a_body_is_changed_around_the_legal_input(#[case] change: InputChange, #[case] expected: &str) {
        let bytes = changed(change, false).unwrap().bytes.unwrap();
        assert_eq!(bytes.body, Some(Body::Bytes(expected.as_bytes().to_vec())));
    }

    #[test]
    fn members_are_merged_into_an_empty_object_without_a_comma() {
        assert_eq!(merged(br#""x":0"#, &json!({})), br#"{"x":0}"#);
    }
}
