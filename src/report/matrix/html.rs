//! The matrix as one page that needs nothing beside it: no network, no other file.
//!
//! What is short is written out; the mutants are data in the page, of which its script draws what is looked at.
//! A text from elsewhere is escaped here, and never becomes markup there.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;

use super::{
    summary,
    table::{self, Column, Count, Row, Table, Tone},
};
use crate::{
    code::Code,
    matrix::{Fate, KillMatrix, MutantRow},
    report::text,
};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the script draws.
#[derive(Serialize)]
struct Data<'a> {
    /// The checks that found anything, in the order in which they run.
    codes: Vec<Code>,
    /// What a command needs to find the same again.
    flags: &'a str,
    mutants: &'a [MutantRow],
    /// What to do, by fate.
    remedies: BTreeMap<&'static str, &'static str>,
}

/// The whole page.
pub(super) fn page(matrix: &KillMatrix, rerun: &str) -> serde_json::Result<String> {
    let data = data(matrix, rerun)?;
    Ok(fill(PAGE, |name| part(matrix, name).unwrap_or_else(|| data.clone())))
}

fn part(matrix: &KillMatrix, name: &str) -> Option<String> {
    Some(match name {
        "class" => if matrix.is_proven() { "good" } else { "bad" }.to_owned(),
        "codes" => markup(&table::codes(matrix), "family"),
        "dead" => dead_reasons(matrix),
        "fates" => markup(&table::fates(matrix), "family"),
        "given" => given_away(matrix),
        "nulls" => markup(&table::nulls(matrix), "target"),
        "rate" => escaped(&summary::rate(matrix)),
        "script" => SCRIPT.to_owned(),
        "seed" => matrix.seed.to_string(),
        "style" => STYLE.to_owned(),
        "suite" => escaped(&matrix.suite),
        "terms" => escaped(&summary::terms(matrix)),
        "word" => escaped(summary::word(matrix)),
        _ => return None,
    })
}

/// The page with each `{{name}}` in it replaced. What replaces it is not read again.
fn fill(page: &str, part: impl Fn(&str) -> String) -> String {
    let mut pieces = page.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        filled += &part(name);
        filled += rest;
    }
    filled
}

/// The data as JSON in which nothing ends the script element.
fn data(matrix: &KillMatrix, rerun: &str) -> serde_json::Result<String> {
    let is_found =
        |code: &Code| matrix.mutants.iter().any(|row| row.codes.contains_key(code) || row.kind.contains(code));
    let data = Data {
        codes: Code::ALL.into_iter().filter(is_found).collect(),
        flags: rerun,
        mutants: &matrix.mutants,
        remedies: Fate::ALL.into_iter().map(|fate| (fate.name(), summary::remedy(fate))).collect(),
    };
    // In JSON, this character stands in strings only.
    Ok(serde_json::to_string(&data)?.replace('<', r"\u003c"))
}

/// A text as HTML shows it, in an element and in an attribute, without what would reorder it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text::line(text).chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

fn markup(table: &Table, corner: &str) -> String {
    if table.columns.is_empty() {
        return "<p>There are none.</p>\n".to_owned();
    }
    let head = |column: &Column| format!("<th scope=\"col\" class=\"number\">{}</th>", column.name);
    let heads: Vec<String> = table.columns.iter().map(head).collect();
    let heads = heads.concat();
    let rows: String = table.rows.iter().map(row).collect();
    format!(
        "<div class=\"sums\"><table><thead><tr><th scope=\"col\">{corner}</th>{heads}</tr></thead>\n\
         <tbody>\n{rows}</tbody></table></div>\n"
    )
}

fn row(row: &Row) -> String {
    let class = if row.is_total { " class=\"total\"" } else { "" };
    let says = if row.says.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"faint\">{}</span>", escaped(&row.says))
    };
    let cells: String = row.cells.iter().copied().map(cell).collect();
    format!("<tr{class}><th scope=\"row\">{}{says}</th>{cells}</tr>\n", escaped(&row.name))
}

fn cell(count: Count) -> String {
    let class = match count.tone {
        Tone::Plain if count.number == Some(0) => " zero",
        Tone::Plain => "",
        Tone::Good => " good",
        Tone::Weak => " weak",
        Tone::Bad => " bad",
    };
    let number = count.number.map(|number| number.to_string()).unwrap_or_default();
    format!("<td class=\"number{class}\">{number}</td>")
}

fn dead_reasons(matrix: &KillMatrix) -> String {
    if matrix.dead_reasons.is_empty() {
        return String::new();
    }
    let mut told =
        format!("<section>\n<h2>Dead reasons</h2>\n<p class=\"remedy\">{}</p>\n<ul>\n", escaped(summary::DEAD_REASONS));
    for reason in &matrix.dead_reasons {
        // Writing to a String cannot fail.
        let _ = writeln!(told, "<li><code>{}</code></li>", escaped(reason));
    }
    told + "</ul>\n</section>\n"
}

fn given_away(matrix: &KillMatrix) -> String {
    if matrix.given_away() == 0 {
        return String::new();
    }
    format!("<p class=\"remedy\">{}</p>\n", escaped(summary::GIVEN_AWAY))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::report::matrix::testing::{hostile, matrix, proven};

    fn embedded(page: &str) -> Value {
        let (_, data) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
    }

    /// The page without what it always has: its style, its script and its data.
    fn body(matrix: &KillMatrix) -> String {
        fill(PAGE, |name| match name {
            "style" | "script" => String::new(),
            name => part(matrix, name).unwrap_or_default(),
        })
    }

    #[test]
    fn no_text_from_elsewhere_becomes_markup() {
        let hostile = hostile();
        let page = page(&hostile, "--fixtures </script><script>").unwrap();
        assert!(!page.contains("<script>alert"), "{}", body(&hostile));
        let scripts = PAGE.matches("<script").count();
        assert_eq!(page.matches("<script").count(), scripts);
        assert_eq!(page.matches("</script").count(), scripts);
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
    fn every_part_of_the_page_is_known_and_filled_once() {
        let names: Vec<&str> = PAGE.split("{{").skip(1).filter_map(|piece| Some(piece.split_once("}}")?.0)).collect();
        let unknown: Vec<&&str> = names.iter().filter(|name| part(&matrix(), name).is_none()).collect();
        assert_eq!(unknown, [&"data"]);
        assert!(!body(&matrix()).contains("{{"));
        let once: BTreeSet<&str> = names.iter().copied().filter(|name| *name != "word").collect();
        assert_eq!(once.len() + names.iter().filter(|name| **name == "word").count(), names.len());
    }

    #[test]
    fn a_text_that_looks_like_a_part_of_the_page_stays_as_it_is() {
        assert_eq!(fill("a {{x}} c {{y}}", |name| format!("<{name}> {{{{x}}}}")), "a <x> {{x}} c <y> {{x}}");
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
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !STYLE.contains("</"));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do_and_only_then() {
        assert!(body(&matrix()).contains("<strong>not proven</strong>: 7 mutants = "));
        assert_eq!(body(&matrix()).matches("class=\"remedy\"").count(), 2);
        assert!(body(&proven()).contains("<p class=\"verdict good\"><strong>proven</strong>: 4 mutants = "));
        assert!(!body(&proven()).contains("class=\"remedy\""));
    }

    #[test]
    fn a_table_has_a_head_for_each_column_and_a_cell_for_each_number() {
        let table = markup(&table::nulls(&matrix()), "target");
        assert_eq!(table.matches("scope=\"col\"").count(), 4);
        assert_eq!(table.matches("scope=\"row\"").count(), 3);
        assert!(table.contains("<td class=\"number bad\">2</td>"), "{table}");
        assert!(table.contains("<td class=\"number good\">0</td>"), "{table}");
    }
}
