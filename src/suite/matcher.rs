//! Expected bodies: a value that the response must contain, with matchers where equality is too strict.
//!
//! An object matches an object that has at least its members; everything else matches by equality. Numbers are equal
//! if they are the same decimal, whatever their text: `1`, `1.0` and `1e0` are, and so are integers by `$type`. An object with a single `$` key is a matcher: `$any_of`, `$absent`, `$type`, `$matches`, `$at_least`, `$at_most`,
//! `$near_date`, `$not`, `$contains`, `$lacks`, `$items_at_most`, `$completes`, `$agrees`, `$exactly`. Their arguments are patterns too.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::{
    model::{
        JsonText,
        exact_number::{ExactNumber, same},
        http_date_seconds,
        pointer::child,
    },
    suite::{completed_list::CompletedList, placeholder_text::placeholder},
    wire::Response,
};

/// A location where a body does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer into the body.
    pub pointer: String,
    /// A description of the expected value.
    pub expected: String,
    /// The actual value.
    pub actual: String,
}

/// The names of all matchers.
pub const MATCHERS: [&str; 14] = [
    "$any_of",
    "$absent",
    "$type",
    "$matches",
    "$at_least",
    "$at_most",
    "$near_date",
    "$not",
    "$contains",
    "$lacks",
    "$items_at_most",
    "$completes",
    "$agrees",
    "$exactly",
];

/// A malformed pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatcherPatternError {
    /// JSON pointer into the pattern.
    pub pointer: String,
    /// A description of the problem.
    pub problem: String,
}

/// Checks the form of a pattern, so that a run never meets a malformed one.
///
/// # Errors
/// A matcher is unknown, or its argument has the wrong form.
pub fn check(pattern: &Value) -> Result<(), MatcherPatternError> {
    check_at(pattern, "")
}

fn check_at(pattern: &Value, pointer: &str) -> Result<(), MatcherPatternError> {
    let problem = |problem: String| Err(MatcherPatternError { pointer: pointer.to_owned(), problem });
    if let Some((name, argument)) = matcher(pattern) {
        let inner = format!("{pointer}/{name}");
        return match (name, argument) {
            ("$any_of", Value::Array(options)) if !options.is_empty() => {
                options.iter().enumerate().try_for_each(|(index, option)| check_at(option, &format!("{inner}/{index}")))
            }
            ("$absent", Value::Bool(true)) | ("$exactly", _) | ("$at_least" | "$at_most" | "$matches", Value::Null) => {
                Ok(())
            }
            ("$near_date", seconds) if seconds.as_i64().is_some_and(|seconds| seconds > 0) => Ok(()),
            ("$items_at_most", count) if count.is_u64() => Ok(()),
            ("$completes", argument) if CompletedList::of(argument).is_some() => Ok(()),
            ("$at_least" | "$at_most", bound) if ExactNumber::of(bound).is_some() => Ok(()),
            ("$type", Value::String(kind)) if TYPES.contains(&kind.as_str()) => Ok(()),
            ("$matches", Value::String(regex)) => regex::Regex::new(regex)
                .map(|_| ())
                .or_else(|error| problem(format!("{regex:?} is not a regular expression: {error}"))),
            ("$not" | "$contains" | "$lacks" | "$agrees", argument) => check_at(argument, &inner),
            (name, argument) if MATCHERS.contains(&name) => {
                problem(format!("{name} does not accept {}", JsonText(argument)))
            }
            (name, _) => problem(format!("unknown matcher {name}; expected one of {}", MATCHERS.join(", "))),
        };
    }
    match pattern {
        Value::Object(map) if map.keys().any(|name| name.starts_with('$')) => {
            problem("a matcher must be the only key of its object".to_owned())
        }
        Value::Object(map) => map.iter().try_for_each(|(name, value)| check_at(value, &child(pointer, name))),
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| check_at(item, &format!("{pointer}/{index}")))
        }
        _ => Ok(()),
    }
}

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

/// The locations where `actual` does not match `pattern`.
#[must_use]
pub fn mismatches(pattern: &Value, actual: &Value, hidden: Hidden<'_>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    compare(pattern, Some(actual), "", hidden, &mut found);
    found
}

/// What a comparison knows of the response besides its body: the placeholders in it, and its date.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hidden<'a> {
    /// JSON pointers.
    pub places: &'a [String],
    /// The key of the placeholders.
    pub key: &'a str,
    /// The header `date` of the response, in epoch seconds.
    pub date: Option<i64>,
}

impl<'a> Hidden<'a> {
    /// The placeholders of a response, and its date.
    #[must_use]
    pub fn of(response: &'a Response, key: &'a str) -> Self {
        let date = response.headers.get("date").and_then(http_date_seconds);
        Self { places: &response.hidden, key, date }
    }
}

impl Hidden<'_> {
    /// Returns whether `actual`, at that location, equals the expected value or is its placeholder.
    fn same(&self, expected: &Value, actual: &Value, pointer: &str) -> bool {
        let stands_for = |expected: &str, actual: &str| {
            self.places.iter().any(|place| place == pointer) && placeholder(self.key, expected) == actual
        };
        match (expected, actual) {
            (Value::String(expected), Value::String(actual)) => expected == actual || stands_for(expected, actual),
            _ => same(expected, actual),
        }
    }

    /// The same for everything in it, and nothing more than that. A null member counts as absent.
    fn exactly(&self, expected: &Value, actual: &Value, pointer: &str) -> bool {
        match (expected, actual) {
            _ if ExactNumber::of(expected).is_some() => same(expected, actual),
            (Value::Object(expected), Value::Object(map)) => {
                let present = |members: &Map<String, Value>| members.values().filter(|value| !value.is_null()).count();
                let member = |(name, value): (&String, &Value)| {
                    map.get(name).is_some_and(|actual| self.exactly(value, actual, &child(pointer, name)))
                };
                present(expected) == present(map) && expected.iter().filter(|(_, value)| !value.is_null()).all(member)
            }
            (Value::Array(expected), Value::Array(items)) => {
                let item = |(index, (value, actual)): (usize, (&Value, &Value))| {
                    self.exactly(value, actual, &format!("{pointer}/{index}"))
                };
                expected.len() == items.len() && expected.iter().zip(items).enumerate().all(item)
            }
            _ => self.same(expected, actual, pointer),
        }
    }
}

/// The only key of an object and its value, if that key is a matcher.
fn matcher(pattern: &Value) -> Option<(&str, &Value)> {
    let map = pattern.as_object()?;
    let (name, argument) = map.iter().next()?;
    (map.len() == 1 && name.starts_with('$')).then_some((name, argument))
}

fn compare(pattern: &Value, actual: Option<&Value>, pointer: &str, hidden: Hidden<'_>, found: &mut Vec<Mismatch>) {
    let wrong = |expected: String| Mismatch {
        pointer: pointer.to_owned(),
        expected,
        actual: actual.map_or_else(|| "absent".to_owned(), text),
    };
    if let Some((name, argument)) = matcher(pattern) {
        if !matches(name, argument, actual, pointer, hidden) {
            let list = CompletedList::of(argument).filter(|_| name == "$completes");
            let faults = list.map(|list| list.words(actual.and_then(Value::as_array).map_or(&[], Vec::as_slice)));
            found.push(wrong(faults.unwrap_or_else(|| words(name, argument))));
        }
        return;
    }
    match (pattern, actual) {
        (expected, Some(actual)) if ExactNumber::of(expected).is_some() => {
            if !same(expected, actual) {
                found.push(wrong(text(expected)));
            }
        }
        (Value::Object(expected), Some(Value::Object(map))) if actual.and_then(ExactNumber::of).is_none() => {
            for (name, pattern) in expected {
                compare(pattern, map.get(name), &child(pointer, name), hidden, found);
            }
        }
        (Value::Array(expected), Some(Value::Array(items))) if expected.len() == items.len() => {
            for (index, (pattern, item)) in expected.iter().zip(items).enumerate() {
                compare(pattern, Some(item), &format!("{pointer}/{index}"), hidden, found);
            }
        }
        (expected, Some(actual)) if hidden.same(expected, actual, pointer) => {}
        _ => found.push(wrong(text(pattern))),
    }
}

fn matches(name: &str, argument: &Value, actual: Option<&Value>, pointer: &str, hidden: Hidden<'_>) -> bool {
    let fits_at = |pattern: &Value, actual: Option<&Value>, pointer: &str| {
        let mut found = Vec::new();
        compare(pattern, actual, pointer, hidden, &mut found);
        found.is_empty()
    };
    let fits = |pattern: &Value, actual: Option<&Value>| fits_at(pattern, actual, pointer);
    let items = || actual.and_then(Value::as_array);
    let has = |items: &[Value]| {
        items.iter().enumerate().any(|(index, item)| fits_at(argument, Some(item), &format!("{pointer}/{index}")))
    };
    match name {
        "$any_of" => argument.as_array().into_iter().flatten().any(|option| fits(option, actual)),
        "$absent" => actual.is_none_or(Value::is_null),
        "$type" => actual.is_some_and(|actual| argument.as_str().is_some_and(|kind| has_type(actual, kind))),
        "$matches" => actual.and_then(Value::as_str).is_some_and(|text| {
            argument.as_str().and_then(|regex| regex::Regex::new(regex).ok()).is_some_and(|regex| regex.is_match(text))
        }),
        "$at_least" => order(actual, argument).is_some_and(Ordering::is_ge),
        "$at_most" => order(actual, argument).is_some_and(Ordering::is_le),
        "$near_date" => is_near(actual, argument, hidden.date),
        "$not" => actual.is_some() && !fits(argument, actual),
        "$agrees" => argument.is_null() || actual.is_none_or(Value::is_null) || fits(argument, actual),
        "$contains" => items().is_some_and(|items| has(items)),
        "$lacks" => actual.is_none_or(Value::is_null) || items().is_some_and(|items| !has(items)),
        "$items_at_most" => {
            let most = argument.as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
            actual.is_none_or(Value::is_null) || items().is_some_and(|items| items.len() <= most)
        }
        "$completes" => {
            let faults = CompletedList::of(argument).map(|list| list.faults(items().map_or(&[], Vec::as_slice)));
            faults.is_some_and(|(lacking, repeated)| lacking.is_empty() && repeated.is_empty())
        }
        "$exactly" => actual.is_some_and(|actual| hidden.exactly(argument, actual, pointer)),
        _ => false,
    }
}

fn words(name: &str, argument: &Value) -> String {
    match name {
        "$any_of" => {
            let options: Vec<String> = argument.as_array().into_iter().flatten().map(describe).collect();
            format!("one of {}", options.join(", "))
        }
        "$absent" => "nothing".to_owned(),
        "$type" => format!("a JSON {}", argument.as_str().unwrap_or_default()),
        "$matches" => format!("a string that matches {}", argument.as_str().unwrap_or_default()),
        "$at_least" => format!("at least {}", JsonText(argument)),
        "$at_most" => format!("at most {}", JsonText(argument)),
        "$near_date" => format!("a time within {} s of the response's date", JsonText(argument)),
        "$not" if matcher(argument).is_some_and(|(name, _)| name == "$absent") => "a value".to_owned(),
        "$not" => format!("anything but {}", describe(argument)),
        "$agrees" => format!("{} or nothing", describe(argument)),
        "$contains" => format!("a list that contains {}", describe(argument)),
        "$lacks" => format!("a list without {}", describe(argument)),
        "$items_at_most" => format!("a list of at most {} items", JsonText(argument)),
        "$completes" => "the rest of a list".to_owned(),
        _ => format!("exactly {}", JsonText(argument)),
    }
}

fn describe(pattern: &Value) -> String {
    matcher(pattern).map_or_else(|| text(pattern), |(name, argument)| words(name, argument))
}

fn has_type(value: &Value, kind: &str) -> bool {
    let number = ExactNumber::of(value);
    match kind {
        "string" => value.is_string(),
        "number" => number.is_some(),
        "integer" => number.is_some_and(|number| number.is_integer()),
        "boolean" => value.is_boolean(),
        "object" => value.is_object() && number.is_none(),
        "array" => value.is_array(),
        _ => value.is_null(),
    }
}

fn text(value: &Value) -> String {
    JsonText(value).to_string()
}

/// Returns whether a value is a time within that many seconds of a date, or any number if there is no date.
fn is_near(actual: Option<&Value>, seconds: &Value, date: Option<i64>) -> bool {
    let Some((date, seconds)) = date.zip(seconds.as_i64()) else {
        return actual.is_some_and(|actual| has_type(actual, "number"));
    };
    let bound = |at: i64| Value::from(at);
    order(actual, &bound(date.saturating_sub(seconds))).is_some_and(Ordering::is_ge)
        && order(actual, &bound(date.saturating_add(seconds))).is_some_and(Ordering::is_le)
}

/// The order of two numbers.
fn order(actual: Option<&Value>, bound: &Value) -> Option<Ordering> {
    ExactNumber::of(actual?)?.order(&ExactNumber::of(bound)?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::exact_number::number;

    const LONG: &str = "123456789012345678901234567890";

    #[rstest]
    #[case::subset(json!({"a": 1}), json!({"a": 1, "b": 2}), true)]
    #[case::missing(json!({"a": 1}), json!({"b": 2}), false)]
    #[case::array_by_length(json!([1]), json!([1, 2]), false)]
    #[case::numbers(json!(1), json!(1.0), true)]
    #[case::any_of(json!({"s": {"$any_of": ["A", "B"]}}), json!({"s": "B"}), true)]
    #[case::none_of(json!({"s": {"$any_of": ["A", "B"]}}), json!({"s": "C"}), false)]
    #[case::absent(json!({"s": {"$absent": true}}), json!({}), true)]
    #[case::null_is_absent(json!({"s": {"$absent": true}}), json!({"s": null}), true)]
    #[case::not_absent(json!({"s": {"$absent": true}}), json!({"s": 1}), false)]
    #[case::type_is(json!({"$type": "string"}), json!("x"), true)]
    #[case::type_is_not(json!({"$type": "integer"}), json!(1.5), false)]
    #[case::regex(json!({"$matches": "^d-"}), json!("d-1"), true)]
    #[case::at_least(json!({"$at_least": 2}), json!(1), false)]
    #[case::at_most(json!({"$at_most": 2}), json!(2), true)]
    #[case::not(json!({"$not": "x"}), json!("y"), true)]
    #[case::contains(json!({"$contains": {"id": 1}}), json!([{"id": 2}, {"id": 1, "n": 0}]), true)]
    #[case::agrees(json!({"s": {"$agrees": "x"}}), json!({"s": "x"}), true)]
    #[case::agrees_with_nothing(json!({"s": {"$agrees": "x"}}), json!({}), true)]
    #[case::agrees_where_nothing_is_known(json!({"s": {"$agrees": null}}), json!({"s": "y"}), true)]
    #[case::disagrees(json!({"s": {"$agrees": "x"}}), json!({"s": "y"}), false)]
    #[case::lacks(json!({"$lacks": 3}), json!([1, 3]), false)]
    #[case::lacks_of_nothing(json!({"l": {"$lacks": 3}}), json!({}), true)]
    #[case::lacks_is_for_lists(json!({"$lacks": 3}), json!("3"), false)]
    #[case::not_of_nothing(json!({"s": {"$not": "x"}}), json!({}), false)]
    #[case::array(json!([1, {"a": 2}]), json!([1, {"a": 2, "b": 3}]), true)]
    #[case::another_item(json!([1, 2]), json!([1, 3]), false)]
    #[case::another_text(json!("a"), json!("b"), false)]
    #[case::an_object_for_a_text(json!({"a": 1}), json!("a"), false)]
    #[case::type_is_number(json!({"$type": "number"}), json!(1.5), true)]
    #[case::type_is_integer(json!({"$type": "integer"}), json!(-1), true)]
    #[case::type_is_large_integer(json!({"$type": "integer"}), json!(u64::MAX), true)]
    #[case::type_is_boolean(json!({"$type": "boolean"}), json!(false), true)]
    #[case::type_is_object(json!({"$type": "object"}), json!({}), true)]
    #[case::type_is_array(json!({"$type": "array"}), json!([]), true)]
    #[case::type_is_null(json!({"$type": "null"}), json!(null), true)]
    #[case::type_is_no_array(json!({"$type": "array"}), json!({}), false)]
    #[case::type_of_nothing(json!({"s": {"$type": "null"}}), json!({}), false)]
    #[case::regex_does_not(json!({"$matches": "^d-"}), json!("x"), false)]
    #[case::regex_is_for_text(json!({"$matches": "1"}), json!(1), false)]
    #[case::at_least_itself(json!({"$at_least": 2}), json!(2), true)]
    #[case::at_most_not(json!({"$at_most": 2}), json!(2.5), false)]
    #[case::at_least_is_for_numbers(json!({"$at_least": 2}), json!("3"), false)]
    #[case::not_itself(json!({"$not": "x"}), json!("x"), false)]
    #[case::contains_not(json!({"$contains": 1}), json!([2]), false)]
    #[case::contains_is_for_lists(json!({"$contains": 1}), json!(1), false)]
    #[case::lacks_it(json!({"$lacks": 3}), json!([1, 2]), true)]
    #[case::few_items(json!({"$items_at_most": 2}), json!([1, 2]), true)]
    #[case::too_many_items(json!({"$items_at_most": 2}), json!([1, 2, 3]), false)]
    #[case::no_list_of_items(json!({"l": {"$items_at_most": 2}}), json!({}), true)]
    #[case::items_are_of_lists(json!({"$items_at_most": 2}), json!("ab"), false)]
    #[case::completes(json!({"$completes": {"whole": [1, 2], "part": [1], "by": []}}), json!([2]), true)]
    #[case::completes_not(json!({"$completes": {"whole": [1, 2], "part": [1], "by": []}}), json!([3]), false)]
    #[case::repeats(json!({"$completes": {"whole": [1, 2], "part": [1], "by": []}}), json!([1, 2]), false)]
    #[case::lacks_of_null(json!({"$lacks": 3}), json!(null), true)]
    #[case::any_of_numbers(json!({"$any_of": [2, 1]}), json!(1.0), true)]
    #[case::not_a_number(json!({"$not": 1}), json!(1.0), false)]
    #[case::contains_a_number(json!({"$contains": 1}), json!([1.0]), true)]
    #[case::lacks_a_number(json!({"$lacks": 1}), json!([1.0]), false)]
    #[case::exactly_a_number(json!({"$exactly": {"a": [1]}}), json!({"a": [1.0]}), true)]
    #[case::exactly_another_number(json!({"$exactly": [1]}), json!([2]), false)]
    #[case::integer_with_a_point(json!({"$type": "integer"}), json!(1.0), true)]
    #[case::long(number(LONG), number("123456789012345678901234567890.0"), true)]
    #[case::longer(number(LONG), number("123456789012345678901234567891"), false)]
    #[case::long_for_an_object(number(LONG), json!({}), false)]
    #[case::object_for_a_long(json!({}), number(LONG), false)]
    #[case::long_exactly(json!({"$exactly": [number(LONG)]}), json!([number(LONG)]), true)]
    #[case::longer_exactly(json!({"$exactly": [number(LONG)]}), json!([number("1e400")]), false)]
    #[case::at_least_long(json!({"$at_least": number(LONG)}), number("1e400"), true)]
    #[case::at_most_long(json!({"$at_most": number(LONG)}), number("1e400"), false)]
    #[case::type_of_a_long(json!({"$type": "number"}), number("1e-400"), true)]
    #[case::a_long_is_no_object(json!({"$type": "object"}), number(LONG), false)]
    #[case::exactly_so(json!({"$exactly": {"a": 1}}), json!({"a": 1}), true)]
    #[case::exactly(json!({"$exactly": {"a": 1}}), json!({"a": 1, "b": 2}), false)]
    #[case::exactly_but_for_null(json!({"$exactly": {"a": 1}}), json!({"a": 1, "b": null}), true)]
    #[case::exactly_without_null(json!({"$exactly": {"a": 1, "b": null}}), json!({"a": 1}), true)]
    #[case::exactly_not_null(json!({"$exactly": {"a": 1}}), json!({"a": null, "b": 1}), false)]
    fn a_body_matches_or_not(#[case] pattern: Value, #[case] actual: Value, #[case] fits: bool) {
        check(&pattern).unwrap();
        assert_eq!(mismatches(&pattern, &actual, Hidden::default()).is_empty(), fits);
    }

    #[rstest]
    #[case::same(json!(1_700_000_000), true)]
    #[case::fraction(json!(1_700_000_009.5), true)]
    #[case::later(json!(1_700_000_011), false)]
    #[case::earlier(json!(1_699_999_989.5), false)]
    #[case::milliseconds(json!(1_700_000_000_000_i64), false)]
    #[case::text(json!("1700000000"), false)]
    fn a_time_is_near_the_date_of_its_response(#[case] time: Value, #[case] fits: bool) {
        let pattern = json!({"$near_date": 10});
        check(&pattern).unwrap();
        let of = |date| mismatches(&pattern, &time, Hidden { date, ..Hidden::default() }).is_empty();
        assert_eq!((of(Some(1_700_000_000)), of(None)), (fits, time.is_number()));
        assert!(check(&json!({"$near_date": "today"})).is_err());
    }

    #[test]
    fn the_date_of_a_response_is_read_from_its_header() {
        let headers = [("Date", "Sun, 06 Nov 1994 08:49:37 GMT")].into_iter().collect();
        let response = Response { headers, ..Response::default() };
        assert_eq!(Hidden::of(&response, "").date, Some(784_111_777));
        assert_eq!(Hidden::of(&Response::default(), "").date, None);
    }

    #[test]
    fn a_mismatch_has_the_location_and_both_values() {
        let found = mismatches(
            &json!({"a": {"b/c": {"$any_of": [1, {"$type": "string"}]}}}),
            &json!({"a": {}}),
            Hidden::default(),
        );
        assert_eq!(
            found,
            [Mismatch {
                pointer: "/a/b~1c".into(),
                expected: "one of 1, a JSON string".into(),
                actual: "absent".into()
            }]
        );
    }

    #[rstest]
    #[case(json!({"a": {"$some": 1}}), "/a", "unknown matcher $some")]
    #[case(json!({"a": {"$type": "strin"}}), "/a", "$type does not accept")]
    #[case(json!([{"$matches": "("}]), "/0", "is not a regular expression")]
    #[case(json!({"$any_of": [{"$not": {"$any_of": []}}]}), "/$any_of/0/$not", "$any_of does not accept []")]
    #[case(json!({"n": {"$at_least": 1, "$at_most": 2}}), "/n", "the only key of its object")]
    #[case(json!({"n": {"a": 1, "$at_most": 2}}), "/n", "the only key of its object")]
    #[case(json!({"$completes": []}), "", "$completes does not accept")]
    #[case(json!({"$absent": false}), "", "$absent does not accept false")]
    #[case(json!({"$at_least": "1"}), "", "$at_least does not accept")]
    #[case(json!({"$contains": {"$some": 1}}), "/$contains", "unknown matcher $some; expected one of $any_of, $absent,")]
    #[case(json!([1, [{"$lacks": {"$some": 1}}]]), "/1/0/$lacks", "unknown matcher $some")]
    fn broken_patterns_are_rejected_at_their_position(
        #[case] pattern: Value,
        #[case] pointer: &str,
        #[case] says: &str,
    ) {
        let problem = check(&pattern).unwrap_err();
        assert_eq!(problem.pointer, pointer);
        assert!(problem.problem.contains(says), "{}", problem.problem);
    }

    #[rstest]
    #[case(json!({"$exactly": {"$some": 1}}))]
    #[case(json!({"$at_least": null}))]
    #[case(json!({"$any_of": [1, {"$type": "null"}]}))]
    #[case(json!({"a": 1, "b": [{"$lacks": 2}]}))]
    #[case(json!("$some"))]
    fn whole_patterns_are_taken(#[case] pattern: Value) {
        assert_eq!(check(&pattern), Ok(()));
    }

    #[rstest]
    #[case(json!({"$absent": true}), "nothing")]
    #[case(json!({"$type": "null"}), "a JSON null")]
    #[case(json!({"$matches": "^a"}), "a string that matches ^a")]
    #[case(json!({"$at_least": 2}), "at least 2")]
    #[case(json!({"$at_most": 2}), "at most 2")]
    #[case(json!({"$not": {"$at_most": 2}}), "anything but at most 2")]
    #[case(json!({"$not": {"$absent": true}}), "a value")]
    #[case(json!({"$contains": 2}), "a list that contains 2")]
    #[case(json!({"$lacks": 2}), "a list without 2")]
    #[case(json!({"$exactly": {"a": 2}}), "exactly {\"a\":2}")]
    fn a_matcher_has_a_description(#[case] pattern: Value, #[case] words: &str) {
        assert_eq!(describe(&pattern), words);
    }

    #[test]
    fn every_location_that_differs_is_reported() {
        let found = mismatches(&json!({"a": [1, {"b": 2}], "c": 3}), &json!({"a": [0, {"b": "2"}]}), Hidden::default());
        let found: Vec<(&str, &str, &str)> =
            found.iter().map(|m| (m.pointer.as_str(), m.expected.as_str(), m.actual.as_str())).collect();
        assert_eq!(found, [("/a/0", "1", "0"), ("/a/1/b", "2", "\"2\""), ("/c", "3", "absent")]);
    }
}
