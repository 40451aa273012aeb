//! JSON numbers with the digits that they were written with, and one rule for their equality.
//!
//! `serde_json::Number` holds 64 bits: it rounds `0.1000000000000000055`, rewrites `1e3` and `-0`, and has no `1e400`.
//! A number that it would print as another text is kept beside it: as an object with one member, whose name no other
//! object may have. [`JsonText`](super::JsonText) writes the text back; [`rounded`] gives the nearest values that
//! `serde_json` holds, for those who calculate with them.
//!
//! Two numbers are equal if they are the same decimal: `1`, `1.0` and `1e0` are. Digits are never rounded to compare.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::{Map, Number, Value};

/// The name of the only member of a kept number. A reader of text must reject it as the name of a member.
pub const KEPT_NUMBER: &str = "\0number";

/// A number by its text.
#[derive(Debug, Clone)]
pub struct ExactNumber<'a>(Cow<'a, str>);

/// The value of a number's text, which must have the form that JSON gives numbers.
#[must_use]
pub fn number(text: &str) -> Value {
    match text.parse::<Number>() {
        Ok(number) if number.to_string() == text => Value::Number(number),
        _ => Value::Object(Map::from_iter([(KEPT_NUMBER.to_owned(), Value::from(text))])),
    }
}

impl<'a> ExactNumber<'a> {
    /// The number that a value is.
    #[must_use]
    pub fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self(number.to_string().into())),
            _ => Self::kept(value),
        }
    }

    /// The number that a value keeps beside `serde_json::Number`.
    #[must_use]
    pub fn kept(value: &'a Value) -> Option<Self> {
        let members = value.as_object().filter(|members| members.len() == 1)?;
        Some(Self(members.get(KEPT_NUMBER)?.as_str()?.into()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns whether the number has no fraction: `1.0` and `1e3` have none.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        Decimal::of(&self.0).is_some_and(|decimal| decimal.digits.is_empty() || decimal.exponent >= 0)
    }

    /// The order of two numbers; `None` only if an exponent has more digits than can be counted.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        if self.0 == other.0 {
            return Some(Ordering::Equal);
        }
        Some(Decimal::of(&self.0)?.order(&Decimal::of(&other.0)?))
    }

    fn rounded(&self) -> Number {
        let nearest = self.0.parse::<f64>().unwrap_or_default().clamp(f64::MIN, f64::MAX);
        self.0.parse().ok().or_else(|| Number::from_f64(nearest)).unwrap_or_else(|| Number::from(0))
    }
}

/// A number as digits without leading and trailing zeros, times a power of ten.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i128,
}

impl Decimal {
    fn of(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        let shift = i128::try_from(zeros).ok()? - i128::try_from(fraction.len()).ok()?;
        Some(Self { negative, digits, exponent: exponent.parse::<i128>().ok()?.checked_add(shift)? })
    }

    fn order(&self, other: &Self) -> Ordering {
        match self.sign().cmp(&other.sign()) {
            Ordering::Equal if self.negative => other.magnitude().cmp(&self.magnitude()),
            Ordering::Equal => self.magnitude().cmp(&other.magnitude()),
            order => order,
        }
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// The power of ten above the first digit, then the digits.
    fn magnitude(&self) -> (i128, &str) {
        let length = i128::try_from(self.digits.len()).unwrap_or(i128::MAX);
        (self.exponent.saturating_add(length), &self.digits)
    }
}

/// Returns whether two values are equal, with all numbers in them compared as decimals.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (ExactNumber::of(a), ExactNumber::of(b)) {
        return a.order(&b) == Some(Ordering::Equal);
    }
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The value with the nearest number that `serde_json` holds in place of each kept number.
#[must_use]
pub fn rounded(value: &Value) -> Cow<'_, Value> {
    if !keeps_number(value) {
        return Cow::Borrowed(value);
    }
    if let Some(number) = ExactNumber::kept(value) {
        return Cow::Owned(Value::Number(number.rounded()));
    }
    let part = |value: &Value| rounded(value).into_owned();
    Cow::Owned(match value {
        Value::Array(items) => items.iter().map(part).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), part(value))).collect(),
        scalar => scalar.clone(),
    })
}

fn keeps_number(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(keeps_number),
        Value::Object(members) => members.iter().any(|(name, value)| name == KEPT_NUMBER || keeps_number(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn order(a: &str, b: &str) -> Option<Ordering> {
        let (a, b) = (number(a), number(b));
        ExactNumber::of(&a).unwrap().order(&ExactNumber::of(&b).unwrap())
    }

    #[rstest]
    #[case::integer("1", "1.0", Ordering::Equal)]
    #[case::exponent("1", "1e0", Ordering::Equal)]
    #[case::thousand("1E+3", "1000", Ordering::Equal)]
    #[case::small("100e-3", "0.1", Ordering::Equal)]
    #[case::zero("-0", "0.00e7", Ordering::Equal)]
    #[case::beyond_64_bits("9223372036854775808", "9223372036854775809", Ordering::Less)]
    #[case::thirty_digits("123456789012345678901234567890", "123456789012345678901234567891", Ordering::Less)]
    #[case::beyond_a_double("1e400", "1e401", Ordering::Less)]
    #[case::negative("-1e400", "-1", Ordering::Less)]
    #[case::signs("-1", "1", Ordering::Less)]
    #[case::zero_and_less("0", "-0.5", Ordering::Greater)]
    #[case::length("12", "9", Ordering::Greater)]
    #[case::fraction("1.5", "1.25", Ordering::Greater)]
    #[case::prefix("12", "120", Ordering::Less)]
    fn numbers_are_compared_as_decimals(#[case] a: &str, #[case] b: &str, #[case] expected: Ordering) {
        assert_eq!((order(a, b), order(b, a)), (Some(expected), Some(expected.reverse())));
        assert_eq!(same(&json!([{"n": number(a)}]), &json!([{"n": number(b)}])), expected.is_eq());
    }

    #[test]
    fn an_exponent_without_end_is_equal_to_itself_only() {
        let text = format!("1e{}", "9".repeat(60));
        assert_eq!((order(&text, &text), order(&text, "1")), (Some(Ordering::Equal), None));
        assert_eq!(order(&format!("0e{}", "9".repeat(60)), "0"), Some(Ordering::Equal));
    }

    #[rstest]
    #[case("1", true)]
    #[case("1.0", true)]
    #[case("1e3", true)]
    #[case("12e-1", false)]
    #[case("1.5", false)]
    #[case("0.0", true)]
    #[case("1e400", true)]
    fn an_integer_has_no_fraction(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(ExactNumber::of(&number(text)).unwrap().is_integer(), expected);
    }

    #[rstest]
    #[case("1", json!(1))]
    #[case("1.0", json!(1.0))]
    #[case("-0", json!(-0.0))]
    #[case("1e3", json!(1e3))]
    #[case("1e400", json!(f64::MAX))]
    #[case("-1e400", json!(f64::MIN))]
    #[case("123456789012345678901234567890", json!(123_456_789_012_345_678_901_234_567_890_f64))]
    fn a_rounded_number_is_the_nearest_of_serde_json(#[case] text: &str, #[case] expected: Value) {
        assert_eq!(*rounded(&json!({"a": [number(text)]})), json!({"a": [expected]}));
    }

    #[test]
    fn what_is_no_number_is_compared_by_its_parts() {
        assert!(same(&json!({"a": 1, "b": ["x"]}), &json!({"b": ["x"], "a": 1.0})));
        assert!(!same(&json!({"a": 1}), &json!({"b": 1})) && !same(&json!([1]), &json!([1, 1])));
        assert!(!same(&number("1e3"), &json!("1e3")) && !same(&json!({KEPT_NUMBER: 1}), &json!(1)));
    }

    proptest! {
        #[test]
        fn the_text_of_a_number_is_kept(text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,12})?([eE][-+]?[0-9]{1,4})?") {
            let value = number(&text);
            let kept = ExactNumber::of(&value).unwrap();
            prop_assert_eq!(kept.text(), text);
        }

        #[test]
        fn shifting_the_point_changes_nothing(digits in "[1-9][0-9]{0,20}", shift in 0_usize..20) {
            let shifted = format!("{digits}{}e-{shift}", "0".repeat(shift));
            prop_assert_eq!(order(&digits, &shifted), Some(Ordering::Equal));
        }

        #[test]
        fn the_order_is_that_of_integers(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(order(&a.to_string(), &b.to_string()), Some(a.cmp(&b)));
        }
    }
}
