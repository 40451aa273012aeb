use serde_json::{Value, json};

use super::*;
use crate::{
    judge::verdict::Verdict,
    report::{
        diff::{CompareOptions, DiffSide, PartyKind, compare},
        json_schema::problems,
        testing::{events, secrets_in},
    },
    run::{event::Event, observer::Observer as _},
};

fn side(name: &str, kind: PartyKind, events: &[Event]) -> DiffSide {
    let mut side = DiffSide::new(name, kind);
    for event in events {
        side.event(event);
        if let Event::CaseFinished(case) = event {
            side.enter(&case.report, None);
        }
    }
    side.cases.values_mut().for_each(|case| case.steps = Some(Vec::new()));
    side
}

/// The same run without its first case, in which every case that conforms deviates.
fn other() -> Vec<Event> {
    let mut events = events();
    let first = events.iter().position(|event| matches!(event, Event::CaseFinished(_))).unwrap();
    events.remove(first);
    for event in &mut events {
        match event {
            Event::CaseFinished(case) if case.report.verdict == Verdict::Conforms => {
                case.report.verdict = Verdict::Deviates;
            }
            Event::RunFinished(finished) => {
                finished.requirements[0].outcome = crate::run::event::RequirementOutcome::Violated;
            }
            _ => {}
        }
    }
    events
}

fn comparison() -> Comparison {
    let a = side("http://127.0.0.1:1", PartyKind::Endpoint, &events());
    let b = side("before/\u{1b}[2J", PartyKind::Recording, &other());
    compare(&a, &b, &CompareOptions::default())
}

fn printed(comparison: &Comparison, color: bool) -> String {
    let mut out = Vec::new();
    human(comparison, &DiffOptions { color, width: 100, most: 20 }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn differences_and_sums_are_shown() {
    let text = printed(&comparison(), false);
    for line in ["verdicts", "  conforms -> deviates  2 cases", "1 difference", "only in A: 1 case", "1 requirement"] {
        assert!(text.lines().any(|each| each == line), "{line:?} in:\n{text}");
    }
    assert!(text.contains("SD-21  met -> violated"), "{text}");
    assert!(text.ends_with("1 difference in 2 cases  3 cases compared\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "a name moves the cursor:\n{text}");
}

#[test]
fn equal_runs_differ_in_nothing() {
    let a = side("a", PartyKind::Endpoint, &events());
    let comparison = compare(&a, &a, &CompareOptions::default());
    assert!(
        printed(&comparison, false).ends_with("no difference  4 cases compared\n"),
        "{}",
        printed(&comparison, false)
    );
    assert!(printed(&comparison, true).contains('\u{1b}'));
}

#[test]
fn the_document_fits_its_schema_and_is_read_back() {
    for comparison in [
        comparison(),
        compare(&side("a", PartyKind::Report, &[]), &side("b", PartyKind::Report, &[]), &CompareOptions::default()),
    ] {
        let mut out = Vec::new();
        json(comparison.clone(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(secrets_in(&text), [""; 0]);
        assert_eq!(problems(&DIFF, &serde_json::from_str(&text).unwrap()), Vec::<String>::new());
        assert_eq!(serde_json::from_str::<Differences>(&text).unwrap().comparison, comparison);
    }
}

#[test]
fn the_schema_rejects_what_is_not_of_its_form() {
    let changes: [(&str, Value); 7] = [
        ("/schema", json!("wireproof/diff/v9")),
        ("/depth", json!("deep")),
        ("/compared", json!(-1)),
        ("/verdicts/0/after", json!("fails")),
        ("/groups/0/location", json!("header")),
        ("/groups/0/values", json!([])),
        ("/unjudged", json!({"deviate": 1})),
    ];
    for (pointer, value) in changes {
        let mut violated = serde_json::to_value(Differences::of(comparison())).unwrap();
        *violated.pointer_mut(pointer).unwrap() = value;
        assert!(!problems(&DIFF, &violated).is_empty(), "{pointer}");
    }
}
