//! Values that have a text, and those that have members.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::exact_number::ExactNumber;

/// The text of a scalar; `None` for null, lists and objects.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        _ => ExactNumber::of(value).map(|number| Cow::Owned(number.text().to_owned())),
    }
}

/// The members of an object; `None` for a number that is kept as one.
pub(super) fn object(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object().filter(|_| ExactNumber::kept(value).is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::exact_number::number;

    #[test]
    fn only_scalars_have_a_text() {
        let texts = [json!("a"), json!(true), json!(1.5), number("1e400"), json!(null), json!([]), json!({})];
        let texts: Vec<Option<Cow<'_, str>>> = texts.iter().map(text).collect();
        assert_eq!(texts[..4], ["a", "true", "1.5", "1e400"].map(|text| Some(text.into())));
        assert!(texts[4..].iter().all(Option::is_none));
    }

    #[test]
    fn a_kept_number_is_no_object() {
        assert!(object(&json!({})).is_some() && object(&number("1e400")).is_none() && object(&json!([])).is_none());
    }
}
