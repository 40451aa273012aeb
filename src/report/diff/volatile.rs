//! Removes from texts what changes from run to run. The observation has replaced the IDs and times of the model; this
//! is for those that only their form reveals.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

struct VolatileForm {
    pattern: Regex,
    name: &'static str,
}

/// The patterns in any value.
static ANYWHERE: LazyLock<Vec<VolatileForm>> = LazyLock::new(|| {
    forms(&[
        (r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uuid>"),
        (r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?", "<time>"),
        (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT\b", "<time>"),
    ])
});

/// The patterns only in text that is not JSON, such as pages and stack traces.
static IN_PROSE: LazyLock<Vec<VolatileForm>> = LazyLock::new(|| {
    forms(&[(r"\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}([.,]\d+)?", "<time>"), (r"(?i)\b(0x)?[0-9a-f]{12,}\b", "<hex>")])
});

fn forms(forms: &[(&str, &'static str)]) -> Vec<VolatileForm> {
    // A test proves that each pattern is valid.
    forms
        .iter()
        .filter_map(|(pattern, name)| Regex::new(pattern).ok().map(|pattern| VolatileForm { pattern, name }))
        .collect()
}

/// A value without times and random IDs.
pub(super) fn settled(text: &str) -> Cow<'_, str> {
    replaced(Cow::Borrowed(text), &ANYWHERE)
}

/// Text that is not JSON, without times, random IDs and addresses.
pub(super) fn settled_prose(text: &str) -> Cow<'_, str> {
    replaced(settled(text), &IN_PROSE)
}

fn replaced<'t>(text: Cow<'t, str>, forms: &[VolatileForm]) -> Cow<'t, str> {
    forms.iter().fold(text, |text, form| {
        if form.pattern.is_match(&text) {
            Cow::Owned(form.pattern.replace_all(&text, form.name).into_owned())
        } else {
            text
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("id 0F8FAD5B-d9cb-469f-a165-70867728950e.", "id <uuid>.")]
    #[case("2026-11-22T08:54:17Z", "<time>")]
    #[case("at 2026-11-22T08:54:17.123+01:00, or", "at <time>, or")]
    #[case("Sun, 22 Nov 2026 08:54:17 GMT", "<time>")]
    #[case("2026-11-22", "2026-11-22")]
    #[case("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e")]
    fn what_changes_from_run_to_run_goes(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(settled(text), expected);
    }

    #[test]
    fn more_patterns_apply_to_prose() {
        assert_eq!(settled_prose("2026-11-22 08:54:17,5 <x at 0x7f1234567890>"), "<time> <x at <hex>>");
        assert_eq!(settled("2026-11-22 08:54:17"), "2026-11-22 08:54:17");
    }

    #[test]
    fn every_pattern_is_one() {
        assert_eq!((ANYWHERE.len(), IN_PROSE.len()), (3, 2));
    }
}
