//! The name of an error, and the locations where a response gives it.
//!
//! Each protocol has its own locations. In JSON the name can be in any of three, in any of four spellings.

use std::fmt;

use serde_json::{Value, map::Map};

use crate::wire::Response;

/// The header that services with the trait `awsQueryCompatible` use for the name that an error had in the query
/// protocol.
pub const QUERY_ERROR_HEADER: &str = "x-amzn-query-error";

/// The header that may name an error.
pub const ERROR_HEADER: &str = "x-amzn-errortype";

/// The JSON pointer of the member that may name an error, and does in the protocols that name it in the body.
pub const ERROR_MEMBER: &str = "/__type";

/// The members that hold a message, in order of precedence.
const MESSAGE_MEMBERS: [&str; 2] = ["message", "Message"];

/// The members that a JSON union may have beside its own one.
pub(super) const IGNORED_UNION_MEMBERS: [&str; 1] = ["__type"];

/// A location in a response that may hold the name of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorLocation {
    /// A header, by its name in lower case.
    Header(&'static str),
    /// A value of the body, by its JSON pointer.
    Body(&'static str),
}

impl ErrorLocation {
    /// The header.
    pub const HEADER: Self = Self::Header(ERROR_HEADER);
    /// The member `code`.
    pub const CODE: Self = Self::Body("/code");
    /// The member `__type`.
    pub const TYPE: Self = Self::Body(ERROR_MEMBER);
    /// The element `Code` of an error in XML.
    pub const XML_CODE: Self = Self::Body("/Code");

    /// Every location of a JSON protocol, in order of precedence.
    pub const JSON: [Self; 3] = [Self::HEADER, Self::CODE, Self::TYPE];

    /// The JSON pointer into the body; empty for a header.
    #[must_use]
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Header(_) => "",
            Self::Body(pointer) => pointer,
        }
    }

    /// The name of the header or the member.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Header(name) => name,
            Self::Body(pointer) => pointer.trim_start_matches('/'),
        }
    }

    /// The name of the error at this location, as it is spelled.
    #[must_use]
    pub fn read<'r>(self, response: &'r Response, body: Option<&'r Value>) -> Option<&'r str> {
        match self {
            Self::Header(name) => response.headers.get(name),
            Self::Body(pointer) => body?.pointer(pointer)?.as_str(),
        }
    }

    /// Writes the name of an error to this location, or removes it.
    pub fn write(self, response: &mut Response, body: &mut Value, spelled: Option<&str>) {
        match (self, spelled) {
            (Self::Header(name), Some(spelled)) => response.headers.set(name, spelled),
            (Self::Header(name), None) => response.headers.remove(name),
            (Self::Body(_), spelled) => {
                let Some(members) = body.as_object_mut() else { return };
                match spelled {
                    Some(spelled) => drop(members.insert(self.name().to_owned(), spelled.into())),
                    None => drop(members.shift_remove(self.name())),
                }
            }
        }
    }
}

impl fmt::Display for ErrorLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of an error at one location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSource {
    /// The location.
    pub location: ErrorLocation,
    /// The name as it is spelled there.
    pub spelled: String,
}

/// The error that a response names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorIdentity {
    /// The name without namespace and URI, from the first location that has one.
    pub name: Option<String>,
    /// Every location that names an error, in order of precedence.
    pub sources: Vec<ErrorSource>,
    /// The message. Reports show it; no check judges it.
    pub message: Option<String>,
    /// The code that the error has in the query protocol, which a service with the trait `awsQueryCompatible` sends, too.
    pub query_code: Option<String>,
}

impl ErrorIdentity {
    /// Reads every location of a JSON protocol.
    #[must_use]
    pub fn of_json(response: &Response, body: Option<&Value>) -> Self {
        Self::at(&ErrorLocation::JSON, response, body)
    }

    /// Reads these locations, given in order of precedence.
    #[must_use]
    pub fn at(locations: &[ErrorLocation], response: &Response, body: Option<&Value>) -> Self {
        let read = |location: ErrorLocation| {
            let spelled = location.read(response, body)?.to_owned();
            Some(ErrorSource { location, spelled })
        };
        let sources: Vec<ErrorSource> = locations.iter().copied().filter_map(read).collect();
        let name = sources.first().map(|source| error_name(&source.spelled)).filter(|name| !name.is_empty());
        let message = MESSAGE_MEMBERS.into_iter().find_map(|name| body?.get(name)?.as_str());
        Self { name: name.map(str::to_owned), message: message.map(str::to_owned), sources, query_code: None }
    }

    /// The name and the query code: either may say what was wrong.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.name, &self.query_code].into_iter().flatten().map(String::as_str)
    }

    /// Returns true if this location names an error.
    #[must_use]
    pub fn is_named_at(&self, location: ErrorLocation) -> bool {
        self.sources.iter().any(|source| source.location == location)
    }

    /// Returns true if two locations name different errors.
    #[must_use]
    pub fn disagrees(&self) -> bool {
        let mut names = self.sources.iter().map(|source| error_name(&source.spelled));
        let first = names.next();
        names.any(|name| Some(name) != first)
    }

    /// Returns true if any location names an error.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.name.is_some()
    }

    /// The members of an error body that the model describes, with the message under its modelled name.
    #[must_use]
    pub fn modelled_members(body: &Value) -> Value {
        let Some(map) = body.as_object() else { return body.clone() };
        let of_protocol =
            |name: &str| ErrorLocation::JSON.iter().any(|at| at.pointer().strip_prefix('/') == Some(name));
        let [message, capital] = MESSAGE_MEMBERS;
        let members = map.iter().filter(|(name, _)| !of_protocol(name));
        let members = members.map(|(name, value)| {
            let name = if name == capital { message } else { name.as_str() };
            (name.to_owned(), value.clone())
        });
        Value::Object(members.collect::<Map<_, _>>())
    }

    /// The member of an error body that holds the message, and its value.
    #[must_use]
    pub fn message_member(body: &Value) -> Option<(&'static str, &Value)> {
        MESSAGE_MEMBERS.into_iter().find_map(|name| Some((name, body.get(name)?)))
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
    fn the_header_has_precedence_over_code_and_code_over_type() {
        let mut response = Response::default();
        let body = json!({"code": "B", "__type": "x#C", "Message": "m"});
        let identity = ErrorIdentity::of_json(&response, Some(&body));
        assert_eq!((identity.name.as_deref(), identity.message.as_deref()), (Some("B"), Some("m")));
        assert!(identity.disagrees());
        response.headers.push("X-Amzn-ErrorType", "A:http://x");
        assert_eq!(ErrorIdentity::of_json(&response, Some(&body)).name.as_deref(), Some("A"));
    }

    #[test]
    fn a_response_that_names_no_error_has_no_identity() {
        let identity = ErrorIdentity::of_json(&Response::default(), Some(&json!({"__type": ""})));
        assert!(!identity.is_named() && !identity.disagrees());
    }

    proptest! {
        #[test]
        fn any_text_has_a_name_without_a_panic(text in ".{0,40}") {
            prop_assert!(!error_name(&text).contains('#'));
        }
    }

    #[test]
    fn locations_that_spell_one_name_differently_agree() {
        let identity =
            ErrorIdentity::of_json(&Response::default(), Some(&json!({"code": "A", "__type": "x#A:http://y"})));
        assert!(identity.is_named() && !identity.disagrees());
        assert!(identity.is_named_at(ErrorLocation::TYPE) && !identity.is_named_at(ErrorLocation::HEADER));
    }

    #[test]
    fn a_message_has_either_case_and_the_lower_case_has_precedence() {
        let message = |body| ErrorIdentity::of_json(&Response::default(), Some(&body)).message;
        assert_eq!(message(json!({"Message": "b", "message": "a"})).as_deref(), Some("a"));
        assert_eq!(message(json!({"MESSAGE": "c"})), None);
    }

    #[rstest]
    #[case(ErrorLocation::HEADER, "x-amzn-errortype", "")]
    #[case(ErrorLocation::CODE, "code", "/code")]
    #[case(ErrorLocation::TYPE, "__type", "/__type")]
    fn a_name_is_read_at_the_location_where_it_was_written(
        #[case] location: ErrorLocation,
        #[case] name: &str,
        #[case] pointer: &str,
    ) {
        let (mut response, mut body) = (Response::default(), json!({"message": "m"}));
        location.write(&mut response, &mut body, Some("x#A"));
        assert_eq!(location.read(&response, Some(&body)), Some("x#A"));
        location.write(&mut response, &mut body, None);
        assert_eq!(location.read(&response, Some(&body)), None);
        assert_eq!(body, json!({"message": "m"}));
        assert_eq!((location.to_string().as_str(), location.pointer()), (name, pointer));
    }

    #[test]
    fn members_of_the_protocol_are_not_modelled() {
        let body = json!({"__type": "A", "code": "A", "Message": "m", "resource": "r"});
        assert_eq!(ErrorIdentity::modelled_members(&body), json!({"message": "m", "resource": "r"}));
        assert_eq!(ErrorIdentity::message_member(&body), Some(("Message", &json!("m"))));
    }
}
