//! Which error an answer names, and where it says so.
//!
//! The AWS JSON protocols allow three places (the header `x-amzn-errortype`, the body's `code` and its
//! `__type`) and four spellings of the name in each.

use serde_json::Value;

use super::Response;

/// The error that an answer names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorIdentity {
    /// The name that counts, without namespace or URI: header, then `code`, then `__type`.
    pub name: Option<String>,
    /// What the header `x-amzn-errortype` says, as it stands.
    pub header: Option<String>,
    /// What the body's `code` says, as it stands.
    pub code: Option<String>,
    /// What the body's `__type` says, as it stands.
    pub type_member: Option<String>,
    /// The text of `message` or `Message`. No document states messages: it is shown, never judged.
    pub message: Option<String>,
}

impl ErrorIdentity {
    /// Reads the three places of an AWS JSON answer.
    #[must_use]
    pub fn of(response: &Response, body: Option<&Value>) -> Self {
        let member = |name: &str| body.and_then(|body| body.get(name)).and_then(Value::as_str).map(str::to_owned);
        let header = response.headers.get("x-amzn-errortype").map(str::to_owned);
        let (code, type_member) = (member("code"), member("__type"));
        let spelled = header.as_deref().or(code.as_deref()).or(type_member.as_deref());
        let name = spelled.map(error_name).filter(|name| !name.is_empty()).map(str::to_owned);
        let message = member("message").or_else(|| member("Message"));
        Self { name, header, code, type_member, message }
    }

    /// Whether two of the three places name different errors.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        let names: Vec<&str> =
            [&self.header, &self.code, &self.type_member].into_iter().flatten().map(|text| error_name(text)).collect();
        names.windows(2).any(|pair| pair[0] != pair[1])
    }

    /// Whether any place names an error.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.name.is_some()
    }
}

/// The bare name in any of the four spellings:
/// `FooError`, `FooError:http://…`, `ns#FooError`, `ns#FooError:http://…`.
#[must_use]
pub fn error_name(spelled: &str) -> &str {
    let bare = spelled.split_once(':').map_or(spelled, |(name, _)| name);
    bare.rsplit_once('#').map_or(bare, |(_, name)| name).trim()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("FooError")]
    #[case("FooError:http://internal.amazon.com/coral/com.amazon.coral.validate/")]
    #[case("aws.protocoltests.restjson#FooError")]
    #[case("aws.protocoltests.restjson#FooError:http://internal.amazon.com/coral/com.amazon.coral.validate/")]
    fn all_four_spellings_name_the_same_error(#[case] spelled: &str) {
        assert_eq!(error_name(spelled), "FooError");
    }

    #[test]
    fn the_header_wins_over_code_and_code_over_type() {
        let mut response = Response::default();
        let body = json!({"code": "B", "__type": "x#C", "Message": "m"});
        let identity = ErrorIdentity::of(&response, Some(&body));
        assert_eq!((identity.name.as_deref(), identity.message.as_deref()), (Some("B"), Some("m")));
        assert!(identity.disagrees());
        response.headers.push("X-Amzn-ErrorType", "A:http://x");
        assert_eq!(ErrorIdentity::of(&response, Some(&body)).name.as_deref(), Some("A"));
    }

    #[test]
    fn an_answer_that_names_no_error_has_no_identity() {
        let identity = ErrorIdentity::of(&Response::default(), Some(&json!({"__type": ""})));
        assert!(!identity.is_named() && !identity.disagrees());
    }

    proptest! {
        #[test]
        fn any_text_has_a_name_without_a_panic(text in ".{0,40}") {
            prop_assert!(!error_name(&text).contains('#'));
        }
    }

    #[test]
    fn places_that_spell_one_name_differently_agree() {
        let identity = ErrorIdentity::of(&Response::default(), Some(&json!({"code": "A", "__type": "x#A:http://y"})));
        assert!(identity.is_named() && !identity.disagrees());
    }

    #[test]
    fn a_message_counts_in_either_case_and_the_small_one_first() {
        let message = |body| ErrorIdentity::of(&Response::default(), Some(&body)).message;
        assert_eq!(message(json!({"Message": "b", "message": "a"})).as_deref(), Some("a"));
        assert_eq!(message(json!({"MESSAGE": "c"})), None);
    }
}
