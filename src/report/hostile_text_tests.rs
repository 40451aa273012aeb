//! Every format with the texts of a hostile endpoint: no text becomes markup, a command, or a control sequence.

use proptest::prelude::*;
use roxmltree::Document;
use serde_json::Value;

use super::{
    FORMATS, Format, HumanOptions,
    testing::{deviation, run, shared_output},
};
use crate::{
    judge::verdict::Verdict,
    run::event::{CaseFinished, Event, TargetDied},
};

/// Pieces that mean something to a reader of some format.
const PIECES: [&str; 40] = [
    "::error::x",
    "::error file=a,line=1::x",
    "\n::set-env name=PATH::x",
    "##[group]x",
    "##[error]x",
    "##vso[task.complete]",
    "##teamcity[testFailed name='x']",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\u{1b}[2J",
    "\u{1b}]0;x\u{7}",
    "\u{9b}1A",
    "\u{0}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "```",
    "````\n",
    "~~~",
    "| a | b |",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details>",
    "\" onload=\"x",
    "' x='",
    "]]>",
    "<![CDATA[",
    "<!--",
    "&amp;",
    "&#0;",
    "\u{fffe}",
    "\u{10ffff}",
    "[l](javascript:x)",
    "\n# h",
    "%0A::error::x",
    "${{ github.token }}",
    "ü",
];

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn hostile_case() -> impl Strategy<Value = CaseFinished> {
    let verdict = prop::sample::select(&Verdict::ALL[..]);
    (verdict, prop::collection::vec(hostile_text(), 12)).prop_map(|(verdict, texts)| {
        let mut finished = deviation("x");
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        let report = &mut finished.report;
        (report.verdict, report.reason) = (verdict, next());
        for finding in &mut report.findings {
            (finding.pointer, finding.expected, finding.actual) = (next(), next(), next());
        }
        if let Some(exchange) = &mut report.exchange {
            exchange.response = format!("HTTP/1.1 200 {}\r\nx: {}\r\n\r\n{}", next(), next(), next());
        }
        finished
    })
}

/// The report of a run in a format.
fn written(format: Format, case: &CaseFinished, text: &str) -> String {
    let mut events = run(vec![case.clone()]);
    for event in &mut events {
        match event {
            Event::PresenceChecked(checked) => checked.reason = format!("{text}."),
            Event::RunFinished(finished) => finished.notes.push(text.to_owned()),
            _ => {}
        }
    }
    let died = TargetDied { suspects: vec![case.report.id.clone()], restarted: false, reason: text.to_owned() };
    events.insert(4, Event::TargetDied(died));
    shared_output(|out| {
        let options = HumanOptions {
            color: false,
            width: 100,
            verbose: true,
            more: "--verbose",
            one: "--cause N",
            quiet: false,
            curl: true,
            command: "wireproof run".to_owned(),
            rerun: String::new(),
            causes: Vec::new(),
        };
        let mut reporter = format.reporter(out, &options);
        events.iter().for_each(|event| reporter.event(event).unwrap());
    })
}

/// What a CI system takes for a command: GitHub (both forms), Azure, TeamCity.
fn is_command(line: &str) -> bool {
    let marked = line.match_indices("##").any(|(at, _)| {
        let name = line[at + 2..].trim_start_matches(|c: char| c.is_alphanumeric());
        name.starts_with('[')
    });
    marked || line.trim_start().starts_with("::")
}

/// The commands that the format itself has.
fn is_own(format: Format, line: &str) -> bool {
    let own = ["::error ", "::warning ", "::notice", "::group::", "::endgroup::"];
    format.name() == "github" && own.iter().any(|own| line.starts_with(own)) && !line.contains("##[")
}

fn strings(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(strings).sum(),
        Value::Object(members) => members.values().map(strings).sum(),
        _ => 1,
    }
}

/// A tag without the values of its attributes.
fn unquoted(tag: &str) -> String {
    let (mut quoted, mut outside) = (None, String::new());
    for c in tag.chars() {
        match (quoted, c) {
            (None, '"' | '\'') => quoted = Some(c),
            (Some(open), c) if open == c => quoted = None,
            (None, c) => outside.push(c),
            _ => {}
        }
    }
    outside
}

/// The tags of a page outside of its scripts and styles, without attribute values.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let mut quoted = None;
        let end = after.find(|c| {
            match (quoted, c) {
                (None, '"' | '\'') => quoted = Some(c),
                (Some(open), c) if open == c => quoted = None,
                _ => {}
            }
            quoted.is_none() && c == '>'
        });
        let (tag, next) = after.split_at(end.unwrap_or(after.len()));
        let name = tag.split([' ', '\n', '>']).next().unwrap_or_default().to_owned();
        rest = match name.as_str() {
            "script" | "style" => next.split_once("</").map_or("", |(_, rest)| rest),
            _ => next,
        };
        let outside = unquoted(tag);
        let handler =
            outside.split_whitespace().find(|word| word.starts_with("on")).map(|word| format!("{name} {word}"));
        tags.extend([Some(name), handler].into_iter().flatten());
    }
    tags.sort();
    tags.dedup();
    tags
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_line_of_any_format_is_a_command_of_a_ci_system(case in hostile_case(), text in hostile_text()) {
        for format in FORMATS {
            let written = written(*format, &case, &text);
            let found = written.lines().find(|line| is_command(line) && !is_own(*format, line));
            prop_assert_eq!(found, None, "{}", format);
        }
    }

    #[test]
    fn a_terminal_gets_no_control_character_but_newlines(case in hostile_case(), text in hostile_text()) {
        let written = written(Format::HUMAN, &case, &text);
        let found = written.chars().find(|c| super::text::is_unseen(*c) && !matches!(c, '\n' | '\t'));
        prop_assert_eq!(found, None);
    }

    #[test]
    fn junit_is_xml_of_the_known_elements(case in hostile_case(), text in hostile_text()) {
        let written = written(Format::JUNIT, &case, &text);
        let document = Document::parse(&written).map_err(|error| TestCaseError::fail(format!("{error}: {written}")))?;
        for element in document.descendants().filter(roxmltree::Node::is_element) {
            let name = element.tag_name().name();
            let within = element.parent_element().map(|parent| parent.tag_name().name());
            let is_known = match name {
                "testsuites" => within.is_none(),
                "testsuite" => within == Some("testsuites"),
                "testcase" => within == Some("testsuite"),
                "failure" | "error" | "skipped" | "system-out" => within == Some("testcase"),
                "properties" => matches!(within, Some("testsuite" | "testcase")),
                "property" => within == Some("properties"),
                _ => false,
            };
            prop_assert!(is_known, "{name} in {within:?}");
            let known = [
                "name", "classname", "time", "tests", "failures", "errors", "skipped", "disabled", "assertions", "message", "type",
                "file", "line", "value", "timestamp", "uuid",
            ];
            prop_assert!(element.attributes().all(|attribute| known.contains(&attribute.name())), "{element:?}");
            for shown in element.attributes().map(|attribute| attribute.value()).chain(element.text()) {
                prop_assert!(!shown.lines().any(is_command), "{shown}");
            }
        }
    }

    #[test]
    fn documents_for_programs_keep_their_structure(case in hostile_case(), text in hostile_text()) {
        for format in [Format::SARIF, Format::BADGE, Format::JSON] {
            let written = written(format, &case, &text);
            let document: Value = serde_json::from_str(&written).unwrap();
            prop_assert!(strings(&document) > 0);
            if format == Format::SARIF {
                let sarif_run = &document["runs"][0];
                prop_assert_eq!(document["version"].as_str(), Some("2.1.0"));
                for result in sarif_run["results"].as_array().unwrap() {
                    prop_assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
                    prop_assert!(result["ruleId"].is_string() && result["message"]["text"].is_string(), "{result}");
                    prop_assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64(), "{result}");
                }
            }
        }
        for line in written(Format::NDJSON, &case, &text).lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            prop_assert!(event["event"].is_string());
        }
    }

    #[test]
    fn a_page_has_no_element_and_no_handler_of_the_endpoint(case in hostile_case(), text in hostile_text()) {
        let known: Vec<String> = Verdict::ALL.into_iter().flat_map(|verdict| {
            let mut case = deviation("x");
            case.report.verdict = verdict;
            tags(&written(Format::HTML, &case, "x"))
        }).collect();
        let found = tags(&written(Format::HTML, &case, &text)).into_iter().find(|tag| !known.contains(tag));
        prop_assert_eq!(found, None);
    }

    #[test]
    fn markdown_has_text_of_the_endpoint_only_in_code(case in hostile_case(), text in hostile_text()) {
        let written = written(Format::MARKDOWN, &case, &text);
        let mut fence: Option<&str> = None;
        for line in written.lines() {
            let marks = &line[..line.len() - line.trim_start_matches('`').len()];
            match fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if marks.len() > 2 && !line[marks.len()..].contains('`') => fence = Some(marks),
                None => prop_assert!(!line.contains('<') || is_own_markup(line), "{line}"),
            }
        }
        prop_assert_eq!(fence, None);
    }
}

/// Returns true if a line of the page has only code spans, and tags of its own.
fn is_own_markup(line: &str) -> bool {
    let own = ["<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>", "<redacted>"];
    line.contains('`') || own.iter().fold(line.to_owned(), |line, own| line.replace(own, "")).find('<').is_none()
}
