//! Form fields (`application/x-www-form-urlencoded`): strict reading, and writing in the escapes that AWS uses.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

/// The media type of a form.
pub(super) const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// Everything but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The deepest key that is read, in segments between dots.
pub(super) const DEEPEST_KEY: usize = 128;

/// A problem of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormProblem {
    /// Bytes that are not UTF-8, with their offset, or the field whose escapes give such bytes.
    NotUtf8(FormPlace),
    /// A percent sign without two hexadecimal digits, with its offset.
    BrokenEscape(usize),
    /// A key that stands again. The first one counts.
    RepeatedKey(String),
}

/// The place of bytes that are not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormPlace {
    /// An offset.
    Offset(usize),
    /// A field as it is written.
    Field(String),
}

impl FormProblem {
    /// Returns true if the format forbids it. Nothing says how often a key may stand.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        !matches!(self, Self::RepeatedKey(_))
    }
}

impl fmt::Display for FormProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(FormPlace::Offset(at)) => write!(f, "bytes that are not UTF-8, at offset {at}"),
            Self::NotUtf8(FormPlace::Field(field)) => write!(f, "escapes that are not UTF-8, in the field {field}"),
            Self::BrokenEscape(at) => write!(f, "a percent sign without two hexadecimal digits, at offset {at}"),
            Self::RepeatedKey(key) => write!(f, "the key {key} again"),
        }
    }
}

/// A property of a valid form that this program does not support.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormLimit {
    /// A key with too many dots.
    #[error("a form with a key of more than {DEEPEST_KEY} segments")]
    Depth,
}

/// The fields of a form, decoded, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// Keys and values.
    pub(super) fields: Vec<(String, String)>,
    /// The problems of the text that the fields were read from.
    pub(super) problems: Vec<FormProblem>,
}

impl Form {
    /// Reads a form.
    pub(super) fn read(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::of_text(text),
            Err(error) => {
                let problem = FormProblem::NotUtf8(FormPlace::Offset(error.valid_up_to()));
                Self { fields: Vec::new(), problems: vec![problem] }
            }
        }
    }

    fn of_text(text: &str) -> Self {
        let mut form = Self { fields: Vec::new(), problems: broken_escapes(text).collect() };
        for field in text.split('&').filter(|field| !field.is_empty()) {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            match (decode(key), decode(value)) {
                (Some(key), Some(value)) => form.fields.push((key, value)),
                _ => form.problems.push(FormProblem::NotUtf8(FormPlace::Field(field.to_owned()))),
            }
        }
        form
    }

    pub(super) fn push(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.fields.push((key.into(), value.into()));
    }

    /// The form as text, with everything escaped but letters, digits and `-._~`.
    pub(super) fn write(&self) -> String {
        let pairs = self.fields.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

fn broken_escapes(text: &str) -> impl Iterator<Item = FormProblem> + use<'_> {
    let is_broken = |at: &usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.match_indices('%').map(|(at, _)| at).filter(is_broken).map(FormProblem::BrokenEscape)
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// The value of the first field with this key, as it is written.
pub(super) fn raw_field<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.split('&').find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
}

/// The text with another value of the first field with this key, written as it is given.
pub(super) fn with_raw_field(text: &str, key: &str, value: &str) -> String {
    let is_field = |field: &str| field.strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
    let mut fields: Vec<String> = text.split('&').filter(|field| !field.is_empty()).map(str::to_owned).collect();
    let field = format!("{key}={value}");
    match fields.iter_mut().find(|field| is_field(field)) {
        Some(old) => *old = field,
        None => fields.push(field),
    }
    fields.join("&")
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The fields by the segments of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FormNode {
    /// The value of the field that ends here.
    pub(super) text: Option<String>,
    /// The fields whose keys go on, by the next segment.
    pub(super) children: BTreeMap<String, FormNode>,
}

impl FormNode {
    /// The tree of these fields, and the keys that stand again.
    ///
    /// # Errors
    /// A key has too many segments.
    pub(super) fn of(fields: &[(String, String)]) -> Result<(Self, Vec<FormProblem>), FormLimit> {
        let (mut root, mut repeated) = (Self::default(), Vec::new());
        for (key, value) in fields {
            if key.split('.').count() > DEEPEST_KEY {
                return Err(FormLimit::Depth);
            }
            let node = key.split('.').fold(&mut root, |node, part| node.children.entry(part.to_owned()).or_default());
            if node.text.is_some() {
                repeated.push(FormProblem::RepeatedKey(key.clone()));
            } else {
                node.text = Some(value.clone());
            }
        }
        Ok((root, repeated))
    }

    /// The children whose segments are numbers, in the order of these; `None` if there are others or none.
    pub(super) fn numbered(&self) -> Option<Vec<&Self>> {
        let number = |segment: &str| segment.parse::<u64>().ok().filter(|number| number.to_string() == segment);
        let children = self.children.iter().map(|(segment, child)| Some((number(segment)?, child)));
        let mut numbered = children.collect::<Option<Vec<_>>>().filter(|numbered| !numbered.is_empty())?;
        numbered.sort_by_key(|(number, _)| *number);
        Some(numbered.into_iter().map(|(_, child)| child).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[rstest]
    #[case::fields(b"a=1&b.c=2", &[("a", "1"), ("b.c", "2")])]
    #[case::escapes(b"a%20b=%C3%A9%2B", &[("a b", "\u{e9}+")])]
    #[case::plus(b"a+b=c+d", &[("a b", "c d")])]
    #[case::no_value(b"a&b=", &[("a", ""), ("b", "")])]
    #[case::equals_sign(b"a=b=c", &[("a", "b=c")])]
    #[case::empty_fields(b"&a=1&&", &[("a", "1")])]
    #[case::nothing(b"", &[])]
    fn a_form_is_decoded(#[case] text: &[u8], #[case] expected: &[(&str, &str)]) {
        assert_eq!(Form::read(text), Form { fields: fields(expected), problems: Vec::new() });
    }

    #[rstest]
    #[case::digits(b"a=%zz", "a percent sign without two hexadecimal digits, at offset 2")]
    #[case::end(b"a=%4", "a percent sign without two hexadecimal digits, at offset 2")]
    #[case::bytes(b"a=\xff", "bytes that are not UTF-8, at offset 2")]
    #[case::escaped_bytes(b"b=1&a=%ff", "escapes that are not UTF-8, in the field a=%ff")]
    fn a_broken_form_has_a_problem(#[case] text: &[u8], #[case] expected: &str) {
        let problems = Form::read(text).problems;
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
        assert!(problems[0].is_forbidden());
    }

    #[test]
    fn a_repeated_key_is_found_and_the_first_one_counts() {
        let (tree, problems) = FormNode::of(&fields(&[("a.b", "1"), ("a.b", "2"), ("a", "3")])).unwrap();
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), ["the key a.b again"]);
        assert!(!problems[0].is_forbidden());
        assert_eq!(tree.children["a"].children["b"].text.as_deref(), Some("1"));
        assert_eq!(tree.children["a"].text.as_deref(), Some("3"));
    }

    #[test]
    fn a_key_without_end_is_a_limit() {
        assert_eq!(FormNode::of(&fields(&[(&"a.".repeat(100_000), "")])), Err(FormLimit::Depth));
    }

    #[rstest]
    #[case::order(&["2", "10", "1"], Some(&["1", "2", "10"][..]))]
    #[case::gaps(&["1", "3"], Some(&["1", "3"][..]))]
    #[case::name(&["1", "a"], None)]
    #[case::leading_zero(&["01"], None)]
    #[case::nothing(&[], None)]
    fn numbered_children_are_in_the_order_of_their_numbers(#[case] keys: &[&str], #[case] expected: Option<&[&str]>) {
        let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (*key, *key)).collect();
        let (tree, _) = FormNode::of(&fields(&pairs)).unwrap();
        let numbered = tree.numbered().map(|all| all.into_iter().map(|node| node.text.clone().unwrap()).collect());
        assert_eq!(numbered, expected.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }

    #[rstest]
    #[case("Action=A&Version=1", Some("A"), "Action=x&Version=1")]
    #[case("Version=1", None, "Version=1&Action=x")]
    #[case("Actions=1&Action=", Some(""), "Actions=1&Action=x")]
    #[case("", None, "Action=x")]
    fn a_field_is_read_and_written_as_it_stands(#[case] text: &str, #[case] raw: Option<&str>, #[case] with: &str) {
        assert_eq!(raw_field(text, "Action"), raw);
        assert_eq!(with_raw_field(text, "Action", "x"), with);
    }

    proptest! {
        #[test]
        fn a_form_is_read_as_it_was_written(pairs in proptest::collection::vec((".{1,8}", ".{0,8}"), 0..4)) {
            let form = Form { fields: pairs, problems: Vec::new() };
            let text = form.write();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%=&".contains(&byte)));
            prop_assert_eq!(Form::read(text.as_bytes()), form);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Form::read(&bytes);
        }
    }
}
