//! Writes a value as JSON, each number with the digits that it was written with.

use std::fmt;

use serde::{Serialize, Serializer, ser::Error};
use serde_json::{Value, value::RawValue};

use super::exact_number::ExactNumber;

/// A value to be written as JSON. `Display` writes it compactly.
#[derive(Debug, Clone, Copy)]
pub struct JsonText<'a>(pub &'a Value);

impl JsonText<'_> {
    /// The value as indented JSON.
    #[must_use]
    pub fn indented(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

impl Serialize for JsonText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(number) = ExactNumber::kept(self.0) {
            return RawValue::from_string(number.text().to_owned()).map_err(S::Error::custom)?.serialize(serializer);
        }
        match self.0 {
            Value::Array(items) => serializer.collect_seq(items.iter().map(JsonText)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, JsonText(value))))
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::exact_number::number;

    #[rstest]
    #[case("9223372036854775808")]
    #[case("1e400")]
    #[case("-0")]
    #[case("1e3")]
    #[case("1.0")]
    #[case("1.50")]
    fn a_number_is_written_as_it_was_read(#[case] text: &str) {
        let value = json!({"a": [number(text), null], "b": "x"});
        assert_eq!(JsonText(&value).to_string(), format!(r#"{{"a":[{text},null],"b":"x"}}"#));
        assert!(JsonText(&value).indented().contains(&format!("    {text},\n")));
    }

    #[test]
    fn other_values_are_written_as_serde_json_writes_them() {
        let value = json!({"a": [1, 2.5, "\u{1}é", true, null, {}, []]});
        assert_eq!(JsonText(&value).to_string(), value.to_string());
        assert_eq!(JsonText(&value).indented(), serde_json::to_string_pretty(&value).unwrap());
    }
}
