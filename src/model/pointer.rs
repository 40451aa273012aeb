//! Writes JSON pointers (RFC 6901); `serde_json` reads them.

/// A name as a reference token: `~` and `/` are escaped.
#[must_use]
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// The name of a reference token.
#[must_use]
pub fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// The pointer of a member of the value at `parent`.
#[must_use]
pub fn child(parent: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + token.len() + 1);
    pointer.push_str(parent);
    pointer.push('/');
    if token.contains(['~', '/']) {
        pointer.push_str(&escape(token));
    } else {
        pointer.push_str(token);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_member_is_found_again_by_its_pointer(name in ".{0,12}") {
            let value = serde_json::json!({ &name: 1 });
            prop_assert_eq!(value.pointer(&child("", &name)), Some(&serde_json::json!(1)));
            prop_assert_eq!(unescape(&escape(&name)), name);
        }
    }
}
