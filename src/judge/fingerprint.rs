//! Fingerprints: how SARIF recognizes a deviation in another run.

use crate::{
    judge::verdict::Finding,
    wire::{digest::Sha256, sigv4::hex},
};

/// Twelve hexadecimal digits for these findings of one check in one case; another run with the same deviations has the
/// same.
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

/// A finding without the parts that differ from run to run: IDs, times, generated texts, and the index in a list.
fn essence(finding: &Finding) -> String {
    let rule = finding.rule.as_deref().unwrap_or_default();
    let location = finding.pointer.split('/').map(|token| if token.parse::<usize>().is_ok() { "*" } else { token });
    let location = location.collect::<Vec<_>>().join("/");
    // A value of the body is the endpoint's data; the status and the error of a response are not.
    let actual = if finding.pointer.is_empty() { steady(&in_hashed_words(&finding.actual)) } else { String::new() };
    format!("{rule}\n{location}\n{}\n{:?}\n{actual}\n", finding.step, finding.role)
}

/// Texts of findings that were reworded, with the words that fingerprints hash. Without this, each dismissed alert with
/// such a text would be new.
const REWORDED: &[(&str, &str)] = &[
    ("an error without a name (", "a refusal that names no error ("),
    ("the ID of another response", "one that another answer has"),
];

fn in_hashed_words(actual: &str) -> String {
    let old = REWORDED.iter().find_map(|(new, old)| Some(format!("{old}{}", actual.strip_prefix(new)?)));
    old.unwrap_or_else(|| actual.to_owned())
}

/// A text without the words that hold digits, except short ones such as a status.
#[must_use]
pub fn steady(text: &str) -> String {
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
    use crate::judge::check::{request_id::SeenRequestIds, testing::*};

    #[rstest]
    #[case("ValidationException (400)", "ValidationException (400)")]
    #[case("no d-LGUMS25CC here", "no d-<id>here")]
    fn ids_are_no_part_of_a_fingerprint(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(steady(text), expected);
    }

    #[test]
    fn a_repeated_request_id_keeps_its_fingerprint() {
        let mut trial = Trial::stop(STOP).responds(1, 200, &stopping()).responds(1, 200, &stopping());
        for exchange in &mut trial.transcript.exchanges {
            exchange.outcome.as_mut().unwrap().headers.set("x-amzn-requestid", "one");
        }
        let found = SeenRequestIds::default().enter(&trial.suite, &trial.case, &trial.transcript);
        assert_eq!(fingerprint(&found.iter().collect::<Vec<_>>()), "d5fb3a537fe3");
    }

    /// Code scanning keeps fingerprints for long. These are from version 0.1.
    #[rstest]
    #[case::named(
        UNKNOWN,
        400,
        r#"{"__type":"DeploymentAlreadyCompletedException","message":"m"}"#,
        "error-identity",
        "d1a45ecb4a28"
    )]
    #[case::unnamed(STOP, 400, r#"{"message":"m"}"#, "outcome", "067fddfa0c84")]
    #[case::value_in_the_body(STOP, 200, r#"{"status":"Odd","statusMessage":"m"}"#, "response-shape", "c52dd46e9a44")]
    #[case::not_json(STOP, 200, "{", "body-format", "bbb8036212dd")]
    fn fingerprints_outlive_the_words_of_findings(
        #[case] steps: &str,
        #[case] status: u16,
        #[case] body: &str,
        #[case] code: &str,
        #[case] expected: &str,
    ) {
        let trial = Trial::stop(steps).with(1, crate::judge::transcript::Role::Main, status, body.as_bytes(), |_| {});
        let findings = trial.judge().findings;
        let of_check: Vec<&Finding> = findings.iter().filter(|finding| finding.code.name() == code).collect();
        assert_eq!(fingerprint(&of_check), expected, "{of_check:?}");
    }
}
