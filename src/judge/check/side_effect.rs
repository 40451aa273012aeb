//! A rejected request changes nothing.

use serde_json::Value;

use super::{Check, CheckBasis, CheckScope, Checked, PointsAt, SeverityRow, StepSubject};
use crate::{
    judge::{
        code::Code,
        transcript::{Exchange, Role},
        verdict::{Finding, Severity::Error},
    },
    model::{JsonText, exact_number::same},
    suite::Guard,
    wire::ParsedResponse,
};

impl Code {
    /// A rejected request changes nothing.
    pub const SIDE_EFFECT: Self = Self::new("side-effect");
}

pub(super) const CHECK: Check = Check {
    code: Code::SIDE_EFFECT,
    wants: "that the step leaves the watched values unchanged",
    why: "An error must mean that nothing happened, because clients retry. The same read before and after the request \
          must return the same values at the locations that the scenario watches.",
    label: ["side", "eff"],
    severities: &[SeverityRow::new(Error, Error, "a rejected request must not change anything")],
    basis: CheckBasis::Scenario,
    points_at: PointsAt::Guard,
    from_recording: false,
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let mut findings = Vec::new();
    let mut evaluated = false;
    for (index, guard) in step.step.unchanged.iter().enumerate() {
        let read = |role: Role| step.exchanges.iter().find(|(exchange, _)| exchange.role == role);
        let (Some(before), Some(after)) = (read(Role::Before(index)), read(Role::After(index))) else { continue };
        let (Some((before, false)), Some((after, rejected))) = (value(before), value(after)) else { continue };
        evaluated = true;
        if rejected {
            findings.push(vanished(step, guard, &after));
        } else {
            findings.extend(differences(step, guard, &before, &after));
        }
    }
    if evaluated { Checked::with(step.basis().cites, findings) } else { Checked::nothing() }
}

/// The body of a read, and `true` if it is an error. Another check judges a body that is not JSON.
fn value((_, parsed): &(&Exchange, Option<ParsedResponse>)) -> Option<(Value, bool)> {
    let parsed = parsed.as_ref()?;
    Some((parsed.value.clone()?, parsed.rejection.is_some()))
}

fn vanished(step: &StepSubject<'_>, guard: &Guard, after: &Value) -> Finding {
    let expected = format!("a success of {}, as before the step", guard.call.operation);
    step.basis().finding(&CHECK, step.number, "", expected, JsonText(after).to_string())
}

fn differences(step: &StepSubject<'_>, guard: &Guard, before: &Value, after: &Value) -> Vec<Finding> {
    let basis = step.basis();
    let whole = [String::new()];
    let pointers = if guard.at.is_empty() { &whole[..] } else { &guard.at[..] };
    let changed = pointers.iter().filter(|pointer| match (before.pointer(pointer), after.pointer(pointer)) {
        (Some(before), Some(after)) => !same(before, after),
        (before, after) => before.is_some() != after.is_some(),
    });
    changed
        .map(|pointer| {
            let shown = |value: &Value| {
                value.pointer(pointer).map_or_else(|| "nothing".to_owned(), |value| JsonText(value).to_string())
            };
            let (location, operation) =
                (if pointer.is_empty() { "the response" } else { pointer }, &guard.call.operation);
            let expected = format!("{location} of {operation} as before the step: {}", shown(before));
            basis.finding(&CHECK, step.number, pointer, expected, shown(after))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use serde_json::{Value, json};

    use super::*;
    use crate::judge::{check::testing::*, verdict::Verdict};

    fn guarded(at: &str) -> Trial {
        let guard =
            format!("unchanged: [{{ call: GetDeployment, input: {{ deploymentId: d-ABCDEF123 }}, at: [{at}] }}]");
        Trial::stop(&UNKNOWN.replace(" } }", &format!(" }}, {guard} }}")))
    }

    fn read(trial: Trial, role: Role, status: u16, body: &Value) -> Trial {
        trial.with(1, role, status, body.to_string().as_bytes(), |_| {})
    }

    fn is(status: &str) -> Value {
        json!({"deploymentInfo": {"status": status}})
    }

    #[rstest]
    #[case::unchanged("/deploymentInfo/status", 200, is("Created"), &[])]
    #[case::changed("/deploymentInfo/status", 200, is("Stopped"), &["error side-effect /deploymentInfo/status"])]
    #[case::whole_response("", 200, is("Stopped"), &["error side-effect"])]
    #[case::elsewhere("/deploymentInfo/creator", 200, is("Stopped"), &[])]
    #[case::gone("/deploymentInfo/creator", 400, does_not_exist(), &["error side-effect"])]
    fn a_rejected_request_changes_nothing(
        #[case] at: &str,
        #[case] status: u16,
        #[case] after: Value,
        #[case] findings: &[&str],
    ) {
        let trial = read(guarded(at), Role::Before(0), 200, &is("Created")).responds(1, 400, &does_not_exist());
        assert_eq!(read(trial, Role::After(0), status, &after).findings(), findings);
    }

    #[rstest]
    #[case::thirty_digits("123456789012345678901234567890", "123456789012345678901234567891", 1)]
    #[case::beyond_a_double("1e400", "1e401", 1)]
    #[case::same_decimal("1", "1.0", 0)]
    #[case::same_long("123456789012345678901234567890", "123456789012345678901234567890.0", 0)]
    fn every_digit_of_a_number_is_watched(#[case] before: &str, #[case] after: &str, #[case] findings: usize) {
        let is = |number: &str| format!(r#"{{"deploymentInfo":{{"creator":{number}}}}}"#);
        let read = |trial: Trial, role, number| trial.with(1, role, 200, is(number).as_bytes(), |_| {});
        let trial = read(guarded("/deploymentInfo/creator"), Role::Before(0), before);
        let trial = read(trial.responds(1, 400, &does_not_exist()), Role::After(0), after);
        let found: Vec<String> = trial.findings().into_iter().filter(|found| found.contains("side-effect")).collect();
        assert_eq!(found.len(), findings, "{found:?}");
    }

    #[test]
    fn a_guard_that_is_rejected_before_the_step_proves_nothing() {
        let trial = read(guarded("/deploymentInfo/status"), Role::Before(0), 400, &does_not_exist());
        let trial = read(trial.responds(1, 400, &does_not_exist()), Role::After(0), 400, &does_not_exist());
        assert_eq!((trial.findings(), trial.verdict()), (vec![], Verdict::Blocked));
    }

    #[test]
    fn each_changed_location_has_a_finding() {
        let trial = guarded("/deploymentInfo/status, /deploymentInfo/creator, /deploymentInfo/description");
        let trial = read(trial, Role::Before(0), 200, &is("Created")).responds(1, 400, &does_not_exist());
        let after = json!({"deploymentInfo": {"status": "Stopped", "creator": "user"}});
        let expected = [
            ("/deploymentInfo/status of GetDeployment as before the step: \"Created\"", "\"Stopped\""),
            ("/deploymentInfo/creator of GetDeployment as before the step: nothing", "\"user\""),
        ];
        let texts = read(trial, Role::After(0), 200, &after).expected_and_actual();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(expected, actual)| (&expected[..], &actual[..])).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn the_whole_response_is_watched_if_no_location_is_named() {
        let expected = |status, after: &Value| {
            let trial = read(guarded(""), Role::Before(0), 200, &is("Created")).responds(1, 400, &does_not_exist());
            read(trial, Role::After(0), status, after).expected_and_actual().remove(0).0
        };
        let whole = r#"the response of GetDeployment as before the step: {"deploymentInfo":{"status":"Created"}}"#;
        assert_eq!(expected(200, &is("Stopped")), whole);
        assert_eq!(expected(400, &does_not_exist()), "a success of GetDeployment, as before the step");
    }

    #[test]
    fn a_guard_is_evaluated_if_both_reads_came() {
        let evaluated = |trial: &Trial| trial.on_step(|step| look(step).evaluated);
        let before = read(guarded("/deploymentInfo/status"), Role::Before(0), 200, &is("Created"));
        let before = before.responds(1, 400, &does_not_exist());
        assert!(!evaluated(&before));
        assert!(evaluated(&read(before, Role::After(0), 200, &is("Created"))));
        let other = read(guarded("/deploymentInfo/status"), Role::Before(0), 200, &is("Created"));
        let other = other.responds(1, 400, &does_not_exist()).with(1, Role::After(0), 200, b"<html>", |_| {});
        assert!(!evaluated(&other));
    }
}
