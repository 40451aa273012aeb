//! Writes the matrix as a self-contained HTML page.
//!
//! The sums are markup. The mutants are JSON in the page; its script draws the visible rows. Templates escape all
//! values, and the script sets them as text.

use std::{collections::BTreeMap, io};

use minijinja::value::Value;
use serde::Serialize;

use super::{
    count_table::{self, Table},
    matrix_summary,
};
use crate::{
    judge::{check::CHECKS, code::Code},
    proof::matrix::{Fate, KillMatrix, MutantRow},
    report::html::page_template,
};

const SOURCE: page_template::PageTemplate = page_template::PageTemplate {
    template: include_str!("matrix.html"),
    style: include_str!("matrix.css"),
    script: include_str!("matrix.js"),
};

/// The values of the template.
#[derive(Debug, Serialize)]
struct MatrixPage<'a> {
    word: &'static str,
    class: &'static str,
    terms: String,
    suite: &'a str,
    seed: u64,
    rate: String,
    unused_equivalents: &'a [String],
    unused_remedy: &'static str,
    undeserved_remedy: Option<&'static str>,
    fates: Table,
    codes: Table,
    constants: Table,
    data: Value,
}

/// The data of the script.
#[derive(Serialize)]
struct Data<'a> {
    /// The checks with a finding or an expected finding, in the order in which they run.
    codes: Vec<Code>,
    /// The flags of a command that runs a single mutant.
    flags: &'a str,
    mutants: &'a [MutantRow],
    /// The remedies, by fate.
    remedies: BTreeMap<&'static str, &'static str>,
}

pub(super) fn page(matrix: &KillMatrix, rerun: &str) -> io::Result<String> {
    let page = MatrixPage {
        word: matrix_summary::word(matrix),
        class: if matrix.is_proven() { "good" } else { "bad" },
        terms: matrix_summary::terms(matrix),
        suite: &matrix.suite,
        seed: matrix.seed,
        rate: matrix_summary::rate(matrix),
        unused_equivalents: &matrix.unused_equivalents,
        unused_remedy: matrix_summary::UNUSED_EQUIVALENTS,
        undeserved_remedy: (matrix.undeserved() > 0).then_some(matrix_summary::UNDESERVED),
        fates: count_table::fates(matrix),
        codes: count_table::codes(matrix),
        constants: count_table::constants(matrix),
        data: Value::from_safe_string(data(matrix, rerun)?),
    };
    page_template::page(&SOURCE, &page)
}

/// The data as JSON that cannot end the script element.
fn data(matrix: &KillMatrix, rerun: &str) -> serde_json::Result<String> {
    let is_found =
        |code: &Code| matrix.mutants.iter().any(|row| row.codes.contains_key(code) || row.kind.contains(code));
    let data = Data {
        codes: CHECKS.iter().map(|check| check.code).filter(is_found).collect(),
        flags: rerun,
        mutants: &matrix.mutants,
        remedies: Fate::ALL.into_iter().map(|fate| (fate.name(), matrix_summary::remedy(fate))).collect(),
    };
    // In JSON, this character is in strings only.
    Ok(serde_json::to_string(&data)?.replace('<', r"\u003c"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::proof::matrix::testing::{hostile, matrix, proven};

    fn embedded(page: &str) -> Json {
        let (_, data) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
    }

    /// The page without style, script and data.
    fn body(matrix: &KillMatrix) -> String {
        let page = page(matrix, "").unwrap();
        let body = page.split_once("<body>").unwrap().1;
        body.split_once("<script id=\"data\"").unwrap().0.to_owned()
    }

    #[test]
    fn no_text_from_elsewhere_becomes_markup() {
        let hostile = hostile();
        let page = page(&hostile, "--fixtures </script><script>").unwrap();
        assert!(!page.contains("<script>alert"), "{}", body(&hostile));
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</script").count(), 2);
        assert!(body(&hostile).contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
        assert!(!body(&hostile).contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn the_data_are_the_mutants_as_they_are() {
        let hostile = hostile();
        let data = embedded(&page(&hostile, "--seed 7").unwrap());
        assert_eq!(data["mutants"], serde_json::to_value(&hostile.mutants).unwrap());
        assert_eq!(data["flags"], "--seed 7");
        assert_eq!(data["remedies"]["killed"], "");
    }

    #[test]
    fn a_check_that_found_anything_or_should_have_has_a_column() {
        let data = embedded(&page(&matrix(), "").unwrap());
        assert_eq!(data["codes"].to_string(), r#"["error-identity","response-shape","eventually","snapshot"]"#);
    }

    #[test]
    fn a_text_that_looks_like_a_template_stays_as_it_is() {
        assert!(body(&hostile()).contains("{{data}}"));
        assert!(!body(&matrix()).contains("{{"));
    }

    #[test]
    fn nothing_is_fetched_from_anywhere() {
        let page = page(&matrix(), "").unwrap();
        for word in ["http:", "https:", "src=", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("content=\"default-src 'none'; "));
    }

    #[test]
    fn the_script_and_the_style_end_no_element() {
        assert!(!SOURCE.script.contains("</") && !SOURCE.script.contains("<!--") && !SOURCE.style.contains("</"));
    }

    #[test]
    fn wrong_fates_are_reported_with_a_hint() {
        assert!(body(&matrix()).contains("<h1>The judge is not proven</h1>\n<p class=\"verdict\">8 mutants = "));
        assert_eq!(body(&matrix()).matches("class=\"remedy\"").count(), 2);
        assert!(body(&proven()).contains("<header class=\"head good\">\n<h1>The judge is proven</h1>\n"));
        assert!(!body(&proven()).contains("class=\"remedy\""));
    }

    #[test]
    fn a_table_has_a_head_for_each_column_and_a_cell_for_each_number() {
        let body = body(&matrix());
        let (_, constants) = body.split_once("id=\"constant_endpoints\"").unwrap();
        let (table, _) = constants.split_once("</table>").unwrap();
        assert_eq!(table.matches("scope=\"col\"").count(), 5);
        assert_eq!(table.matches("scope=\"row\"").count(), 3);
        assert!(table.contains("<td class=\"number bad\">1</td>"), "{table}");
        assert!(table.contains("<td class=\"number good\">0</td>"), "{table}");
    }
}
