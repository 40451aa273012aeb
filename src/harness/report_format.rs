//! The format of a report by the extension of its file.

use std::path::Path;

use super::Problem;
use crate::report::{FORMATS, Format};

/// The format of a report by the extension of its file.
pub(super) fn report_format(path: &Path) -> Result<Format, Problem> {
    let extension = path.extension().unwrap_or_default();
    let found = FORMATS.iter().copied().find(|format| extension == format.extension());
    found.ok_or_else(|| {
        let mut known: Vec<&str> = FORMATS.iter().map(|format| format.extension()).collect();
        known.sort_unstable();
        known.dedup();
        Problem::ReportFormat { path: path.to_owned(), known: known.join(", ") }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a/b.html", Format::HTML)]
    #[case("b.json", Format::JSON)]
    #[case("b.xml", Format::JUNIT)]
    #[case("b.txt", Format::HUMAN)]
    fn a_report_has_the_format_of_its_extension(#[case] path: &str, #[case] expected: Format) {
        assert_eq!(report_format(Path::new(path)).unwrap(), expected);
    }

    #[test]
    fn an_unknown_extension_is_rejected_with_those_that_are_known() {
        let problem = report_format(Path::new("a.pdf")).unwrap_err().to_string();
        assert!(problem.starts_with("a.pdf: no report has this extension; expected one of html, json,"), "{problem}");
    }
}
