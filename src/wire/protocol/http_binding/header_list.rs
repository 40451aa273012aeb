//! Lists in the value of one header.

use thiserror::Error;

/// A header value that is not a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeaderListProblem {
    /// A quoted item without an end.
    #[error("a quoted item has no end")]
    OpenQuote,
    /// Text between the end of a quoted item and the next comma.
    #[error("there is text behind a quoted item")]
    BehindQuote,
}

/// Writes the items of a list. An item that a reader would split or trim is quoted.
pub(super) fn join<'i>(items: impl IntoIterator<Item = &'i str>) -> String {
    items.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

fn quoted(item: &str) -> String {
    if item.is_empty() || item.trim() != item || item.contains([',', '"']) {
        format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        item.to_owned()
    }
}

/// Reads the items of a list. Empty items that are not quoted do not count.
///
/// # Errors
/// The quotes of the value are not balanced.
pub(super) fn split(value: &str) -> Result<Vec<String>, HeaderListProblem> {
    let mut items = Vec::new();
    let mut rest = value.trim_start();
    while !rest.is_empty() {
        let behind = if let Some(quoted) = rest.strip_prefix('"') {
            let (item, behind) = unquote(quoted)?;
            items.push(item);
            behind.trim_start()
        } else {
            let (item, _) = rest.split_once(',').unwrap_or((rest, ""));
            items.extend(Some(item.trim()).filter(|item| !item.is_empty()).map(str::to_owned));
            rest.get(item.len()..).unwrap_or_default()
        };
        rest = match behind.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if behind.is_empty() => behind,
            None => return Err(HeaderListProblem::BehindQuote),
        };
    }
    Ok(items)
}

/// The item of which `text` is the part behind its opening quote, and the text behind the item.
fn unquote(text: &str) -> Result<(String, &str), HeaderListProblem> {
    let mut item = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((item, text.get(at + 1..).unwrap_or_default())),
            '\\' => item.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => item.push(c),
        }
    }
    Err(HeaderListProblem::OpenQuote)
}

/// Reads a list of dates in the format of HTTP, each of which contains one comma.
pub(super) fn split_dates(value: &str) -> Vec<String> {
    let parts: Vec<&str> = value.split(',').map(str::trim).collect();
    let dates = parts.chunks(2).map(|date| date.join(", "));
    dates.filter(|date| !date.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("a, b,c", &["a", "b", "c"])]
    #[case::quoted(r#""b,c", "\"def\"", a"#, &["b,c", "\"def\"", "a"])]
    #[case::empty("", &[])]
    #[case::space("  ", &[])]
    #[case::quoted_empty(r#""""#, &[""])]
    #[case::empty_items(",a,,b,", &["a", "b"])]
    #[case::quote_inside("a\"b", &["a\"b"])]
    #[case::space_behind_quote("\"a\" , b", &["a", "b"])]
    fn a_value_is_split_into_items(#[case] value: &str, #[case] expected: &[&str]) {
        assert_eq!(split(value).unwrap(), expected);
    }

    #[rstest]
    #[case("\"a", HeaderListProblem::OpenQuote)]
    #[case("\"a\\\"", HeaderListProblem::OpenQuote)]
    #[case("\"a\"b, c", HeaderListProblem::BehindQuote)]
    fn unbalanced_quotes_are_a_problem(#[case] value: &str, #[case] expected: HeaderListProblem) {
        assert_eq!(split(value), Err(expected));
    }

    #[test]
    fn dates_are_split_at_every_second_comma() {
        let date = "Mon, 16 Dec 2019 23:48:18 GMT";
        assert_eq!(split_dates(&format!("{date}, {date}")), [date, date]);
        assert_eq!(split_dates("soon"), ["soon"]);
        assert!(split_dates("").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(items in prop::collection::vec("[ -~]{0,8}", 0..5)) {
            let value = join(items.iter().map(String::as_str));
            prop_assert_eq!(split(&value), Ok(items), "{}", value);
        }

        #[test]
        fn any_value_is_read_without_a_panic(value in ".{0,30}") {
            let _ = (split(&value), split_dates(&value));
        }
    }
}
