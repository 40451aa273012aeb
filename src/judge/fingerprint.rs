//! What stays the same of findings from run to run: what a baseline and SARIF know a deviation by.

use crate::{
    judge::verdict::Finding,
    wire::{digest::Sha256, sigv4::hex},
};

/// What these findings of one check in one case come to, in twelve hexadecimal digits that a second run gives again.
#[must_use]
pub fn fingerprint(findings: &[&Finding]) -> String {
    let mut essences: Vec<String> = findings.iter().map(|finding| essence(finding)).collect();
    essences.sort();
    let mut hash = Sha256::new();
    for essence in &essences {
        hash.update(essence.as_bytes());
    }
    hex(&hash.finalize()).chars().take(12).collect()
}

/// A finding without what differs from run to run: ids, times, generated texts, and which item of a list it was.
fn essence(finding: &Finding) -> String {
    let rule = finding.rule.as_deref().unwrap_or_default();
    let place = finding.pointer.split('/').map(|token| if token.parse::<usize>().is_ok() { "*" } else { token });
    let place = place.collect::<Vec<_>>().join("/");
    // What a value of the body was is the endpoint's data; what an answer was, its status and its error, is not.
    let actual = if finding.pointer.is_empty() { steady(&finding.actual) } else { String::new() };
    format!("{rule}\n{place}\n{}\n{:?}\n{actual}\n", finding.step, finding.role)
}

/// A text without words that hold digits, but for short ones such as a status.
fn steady(text: &str) -> String {
    let is_border = |c: char| !c.is_alphanumeric();
    let steady = text.split_inclusive(is_border).map(|word| {
        let bare = word.trim_end_matches(is_border);
        if bare.len() > 3 && bare.chars().any(|c| c.is_ascii_digit()) { "<id>" } else { word }
    });
    steady.collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ValidationException (400)", "ValidationException (400)")]
    #[case("no d-LGUMS25CC here", "no d-<id>here")]
    fn ids_are_no_part_of_a_fingerprint(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(steady(text), expected);
    }
}
