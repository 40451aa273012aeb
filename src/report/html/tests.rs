//! Tests of the whole page.

use std::io::Read as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::read::GzDecoder;
use serde_json::Value as Json;

use super::*;
use crate::{
    report::testing::{deviation, events, report_of, run, secrets_in, suspected},
    run::{event::SnapshotDifference, exchange_report::ExchangeOutcome},
    suite::CaseId,
    wire::digest::Sha256,
};

fn page_of(events: &[Event]) -> String {
    let options =
        HtmlOptions { command: "wireproof run".to_owned(), rerun: "--endpoint http://127.0.0.1:4566".to_owned() };
    let mut out = Vec::new();
    report_of(&mut Html::new(&mut out, options), events).unwrap();
    String::from_utf8(out).unwrap()
}

/// The text between two others.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    page.split_once(before).unwrap_or_else(|| panic!("no {before}")).1.split_once(after).unwrap().0
}

/// The packed lists of a page whose IDs start with this.
fn unpacked(page: &str, id: &str) -> Vec<Json> {
    let start = format!("<script type=\"text/plain\" id=\"{id}");
    let packed = page.split(&start).skip(1).map(|list| between(list, "\">", "</script>"));
    let unpack = |packed: &str| {
        let mut text = String::new();
        GzDecoder::new(&BASE64_STANDARD.decode(packed).unwrap()[..]).read_to_string(&mut text).unwrap();
        match serde_json::from_str(&text).unwrap() {
            Json::Array(cases) => cases,
            other => panic!("{other}"),
        }
    };
    packed.flat_map(unpack).collect()
}

/// A text that attacks an element, an attribute, a script, a comment and a template.
const MARKUP: &str = "\"'><script>document.title='owned'</script><img src=x onerror=alert(1)>--><!--]]>{{ page }}{% x %}\u{202e}\0\u{1b}";

/// A case in which every text from outside is hostile.
fn hostile() -> Vec<Event> {
    let mut case = deviation(&format!("x{MARKUP}"));
    let report = &mut case.report;
    for text in
        [&mut report.title, &mut report.reason, &mut report.position, &mut report.service, &mut report.operation]
    {
        *text += MARKUP;
    }
    report.cites.push(MARKUP.to_owned());
    report.alternatives.push(MARKUP.to_owned());
    for finding in &mut report.findings {
        finding.rule = Some(MARKUP.to_owned());
        for text in [&mut finding.pointer, &mut finding.expected, &mut finding.actual] {
            *text += MARKUP;
        }
        finding.cites.push(MARKUP.to_owned());
    }
    for exchange in &mut case.exchanges {
        exchange.operation += MARKUP;
        if let ExchangeOutcome::Response { message, .. } = &mut exchange.outcome {
            message.head = format!("HTTP/1.1 500 {MARKUP}\r\nx-{MARKUP}: {MARKUP}\r\n\r\n");
            message.body = format!("{{\"{}\":", MARKUP.replace('"', "\\\""));
        }
    }
    let mut events = run(vec![case]);
    for event in &mut events {
        match event {
            Event::RunStarted(run) => {
                for text in [&mut run.target, &mut run.endpoint, &mut run.region, &mut run.suite] {
                    *text += MARKUP;
                }
            }
            Event::PresenceChecked(checked) => {
                checked.operation += MARKUP;
                checked.reason = MARKUP.to_owned();
            }
            Event::RunFinished(run) => {
                for requirement in &mut run.requirements {
                    requirement.says += MARKUP;
                    requirement.reason = Some(MARKUP.to_owned());
                }
            }
            Event::RequirementsListed(_) | Event::CaseFinished(_) | Event::TargetDied(_) => {}
        }
    }
    let died = TargetDied { suspects: vec![CaseId(MARKUP.to_owned())], restarted: true, reason: MARKUP.to_owned() };
    events.insert(1, Event::TargetDied(died));
    events
}

#[test]
fn no_text_from_elsewhere_becomes_markup() {
    let (page, tame) = (page_of(&hostile()), page_of(&run(vec![deviation("x")])));
    let body = page.split_once("<body>").unwrap().1;
    assert_eq!(page.matches("<script").count(), tame.matches("<script").count());
    assert_eq!(page.matches("</script").count(), tame.matches("</script").count());
    assert!(!page.contains("<img") && !body.contains("<!--"));
    assert!(!page.contains(['\0', '\u{1b}', '\u{202e}']));
    assert!(body.matches("&lt;script&gt;document.title=&#39;owned&#39;&lt;/script&gt;").count() > 20);
    assert!(body.contains("{{ page }}{% x %}"), "what looks like a template is text");
}

#[test]
fn packed_data_is_text_without_invisible_characters() {
    let cases = unpacked(&page_of(&hostile()), "wire-");
    let response = &cases[0]["exchanges"][1]["response"];
    let text: String = response.as_array().unwrap().iter().filter_map(|piece| piece[0].as_str()).collect();
    assert!(text.starts_with("HTTP/1.1 500 \"'><script>"), "{text}");
    assert!(text.contains(r"\u{202e}\u{0}\u{1b}") && !text.contains(['\0', '\u{1b}', '\u{202e}']), "{text}");
}

#[test]
fn the_page_runs_and_looks_by_nothing_but_its_own_script_and_style() {
    let page = page_of(&events());
    for (name, open, close) in [("style-src", "<style>", "</style>"), ("script-src", "<script>", "</script>")] {
        let digest = BASE64_STANDARD.encode(Sha256::digest(between(&page, open, close)));
        assert!(page.contains(&format!("{name} 'sha256-{digest}'")), "{name}");
    }
    assert!(page.contains("content=\"default-src 'none'; ") && !page.contains("unsafe-inline"));
    let body = page.split_once("<body>").unwrap().1;
    let markup = body.split("<script>").next().unwrap();
    assert!(!markup.contains(" style=") && !markup.contains(" onclick="), "the policy would refuse it");
}

#[test]
fn nothing_is_fetched_from_anywhere() {
    let page = page_of(&events());
    for word in [" src=", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval(", "<link"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_script_and_the_style_end_no_element() {
    assert!(!SOURCE.script.contains("</") && !SOURCE.script.contains("<!--") && !SOURCE.style.contains("</"));
}

#[test]
fn a_run_is_reported_without_a_script() {
    let page = page_of(&events());
    assert!(page.contains("<h1>2 of 12 cases deviate</h1>"), "{}", between(&page, "<h1>", "</h1>"));
    assert_eq!(page.matches("<details class=\"case ").count(), 12);
    let case = between(&page, "id=\"case-codedeploy/stop-deployment/unknown-id\"", "<details class=\"case ");
    for printed in [
        "A deployment that does not exist cannot be stopped",
        "error-identity",
        "<a href=\"#SD-22\">SD-22</a>",
        "AWS CodeDeploy API Reference, StopDeployment",
        "wireproof run codedeploy/stop-deployment/unknown-id --seed 7 --endpoint http://127.0.0.1:4566",
        "x-amz-target: CodeDeploy_20141006.StopDeployment",
    ] {
        assert!(case.contains(printed), "{printed}\n{case}");
    }
}

#[test]
fn a_finding_is_marked_where_it_points() {
    let mut case = deviation("x");
    if let ExchangeOutcome::Response { message, .. } = &mut case.exchanges[1].outcome {
        message.body = r#"{"__type":"InternalFailure","status":"Done"}"#.to_owned();
    }
    let page = page_of(&run(vec![case]));
    let says = "error-identity: expected DeploymentDoesNotExistException, got InternalFailure";
    let marked =
        format!("<mark class=\"error\" title=\"{says}\">&quot;__type&quot;: &quot;InternalFailure&quot;</mark>");
    assert!(page.contains(&marked), "{}", between(&page, "<div class=\"wire\">", "</section>"));
    assert!(page.contains("\">&quot;status&quot;: &quot;Done&quot;</mark>"));
}

#[test]
fn cases_that_need_a_look_come_first_in_their_operation() {
    let page = page_of(&events());
    let verdicts: Vec<&str> =
        page.split("<details class=\"case ").skip(1).map(|case| case.split('"').next().unwrap()).collect();
    assert_eq!(
        verdicts,
        [
            "deviates",
            "deviates",
            "inconclusive",
            "blocked",
            "blocked",
            "blocked",
            "blocked",
            "conforms",
            "conforms",
            "not-applicable",
            "not-implemented",
            "not-implemented",
        ]
    );
}

#[test]
fn a_requirement_is_shown_with_its_document_outcome_and_cases() {
    let page = page_of(&events());
    let violated = between(&page, "<article class=\"requirement\" id=\"SD-22\">", "</article>");
    assert!(violated.contains("violated in 2") && violated.contains("docs.aws.amazon.com"), "{violated}");
    assert!(violated.contains("href=\"#case-codedeploy/stop-deployment/unknown-id\""), "{violated}");
    assert!(page.contains("<a class=\"cell violated\" href=\"#SD-22\""));
    assert!(page.contains("<a class=\"cell not-exercised\" href=\"#SD-23\""));
}

#[test]
fn every_exchange_is_packed_and_found_by_its_case() {
    let page = page_of(&events());
    let (cases, exchanges) = (unpacked(&page, "packed-cases"), unpacked(&page, "wire-"));
    assert_eq!((cases.len(), exchanges.len()), (12, 12));
    let case = cases.iter().find(|case| case["id"] == "codedeploy/stop-deployment/unknown-id").unwrap();
    let index = usize::try_from(case["packed_at"]["index"].as_u64().unwrap()).unwrap();
    assert_eq!(exchanges[index]["exchanges"].as_array().map(Vec::len), Some(2));
    assert_eq!(exchanges[index]["exchanges"][0]["status"], "no response");
}

#[test]
fn a_large_page_has_every_case_and_the_exchanges_of_the_one_that_represents_them() {
    let cases: Vec<CaseFinished> = (0..501).map(|number| deviation(&format!("x{number}"))).collect();
    let page = page_of(&run(cases));
    let (cases, exchanges) = (unpacked(&page, "packed-cases"), unpacked(&page, "wire-"));
    assert_eq!((cases.len(), exchanges.len()), (501, 1));
    let with_exchanges: Vec<&Json> = cases.iter().filter(|case| !case["packed_at"].is_null()).collect();
    assert_eq!(with_exchanges.len(), 1);
    assert_eq!(page.matches("<details class=\"case ").count(), 1);
    assert!(page.contains(&format!("data-id=\"{}\"", with_exchanges[0]["id"].as_str().unwrap())));
    assert!(cases.iter().all(|case| case["causes"][0]["representative"] == with_exchanges[0]["id"]));
}

#[test]
fn a_cause_links_to_the_case_that_represents_it_and_to_its_cases() {
    let page = page_of(&events());
    let cause = between(&page, "<ol class=\"bars causes\">", "</ol>");
    assert!(cause.contains("href=\"#case-codedeploy/stop-deployment/unknown-id\""), "{cause}");
    assert!(cause.contains("data-set=\"cause=1\""), "{cause}");
}

#[test]
fn what_is_probably_wrong_has_its_own_list_even_in_a_large_page() {
    let page = page_of(&run(suspected(501)));
    let list = between(&page, "<h2 id=\"likely\">", "</ul>");
    assert!(list.contains("84 of 114 were true") && list.contains("<span class=\"number\">501</span>"), "{list}");
    let anchor = "case-codedeploy/stop-deployment/lost-0";
    assert!(list.contains(&format!("href=\"#{anchor}\"")) && page.contains(&format!("id=\"{anchor}\"")), "{list}");
    assert!(!page_of(&events()).contains("id=\"likely\""));
}

#[test]
fn a_snapshot_that_differs_is_packed_as_a_difference() {
    let mut case = deviation("x");
    case.difference = Some(SnapshotDifference { recorded: "1\n400\n".to_owned(), observed: "1\n500\n".to_owned() });
    let cases = unpacked(&page_of(&run(vec![case])), "wire-");
    let lines = cases[0]["difference"][0].as_array().unwrap();
    let signed: Vec<&str> = lines.iter().filter_map(|line| line["sign"].as_str()).filter(|sign| *sign != " ").collect();
    assert_eq!(signed, ["-", "+"]);
}

#[test]
fn no_secret_is_in_it() {
    let page = page_of(&events());
    assert_eq!(secrets_in(&page), Vec::<&str>::new());
    let packed = Json::from([unpacked(&page, "wire-"), unpacked(&page, "packed-cases")].concat()).to_string();
    assert_eq!(secrets_in(&packed), Vec::<&str>::new());
    assert!(packed.contains("<redacted>"));
}

#[test]
fn the_order_in_which_cases_end_does_not_matter_to_a_reader() {
    let events = events();
    let mut reversed = events.clone();
    reversed[1..events.len() - 1].reverse();
    let cases = |page: &str| {
        page.split("<details class=\"case ")
            .skip(1)
            .map(|case| between(case, "id=\"", "\"").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(cases(&page_of(&events)), cases(&page_of(&reversed)));
}

#[test]
fn an_end_without_a_beginning_is_an_error() {
    let events = events();
    let mut html = Html::new(Vec::new(), HtmlOptions::default());
    let error = report_of(&mut html, &events[events.len() - 1..]).unwrap_err();
    assert!(error.to_string().contains("before it started"));
}
