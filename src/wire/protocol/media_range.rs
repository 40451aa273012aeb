//! Media types, and the `accept` headers that name ranges of them.

/// A media type without its parameters.
pub(super) fn essence(value: &str) -> &str {
    value.split_once(';').map_or(value, |(essence, _)| essence).trim()
}

/// Returns whether two media types are the same, without regard to parameters and case.
pub(super) fn is_same(a: &str, b: &str) -> bool {
    essence(a).eq_ignore_ascii_case(essence(b))
}

/// Returns whether a media type is in one of the ranges of an `accept` header.
pub(super) fn accepts(ranges: &str, media_type: &str) -> bool {
    ranges.split(',').map(essence).any(|range| match range.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => media_type.split_once('/').is_some_and(|(given, _)| given.eq_ignore_ascii_case(kind)),
        _ => is_same(range, media_type),
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("application/json", true)]
    #[case("Application/JSON; q=0.5", true)]
    #[case("*/*", true)]
    #[case("application/*", true)]
    #[case("text/html, application/json", true)]
    #[case("text/*", false)]
    #[case("application/hal+json", false)]
    #[case("", false)]
    fn a_range_holds_media_types(#[case] ranges: &str, #[case] expected: bool) {
        assert_eq!(accepts(ranges, "application/json"), expected);
    }
}
