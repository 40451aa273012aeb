//! A refused request changes nothing.

use serde_json::Value;

use super::{Check, CheckScope, Checked, StepSubject};
use crate::{
    judge::{
        transcript::{Exchange, Role},
        verdict::Finding,
    },
    suite::{Guard, code::Code},
    wire::ParsedResponse,
};

pub(super) const CHECK: Check = Check {
    code: Code::SideEffect,
    wants: "the watched values unchanged by the step",
    why: "An error must mean that nothing happened: clients retry. The same read before and after the request \
          must give the same values at the places that the scenario watches.",
    look: CheckScope::Step(look),
};

fn look<'a>(step: &StepSubject<'a>) -> Checked<'a> {
    let mut findings = Vec::new();
    let mut evaluated = false;
    for (index, guard) in step.step.unchanged.iter().enumerate() {
        let read = |role: Role| step.exchanges.iter().find(|(exchange, _)| exchange.role == role);
        let (Some(before), Some(after)) = (read(Role::Before(index)), read(Role::After(index))) else { continue };
        let (Some((before, false)), Some((after, refused))) = (value(before), value(after)) else { continue };
        evaluated = true;
        if refused {
            findings.push(vanished(step, guard, &after));
        } else {
            findings.extend(differences(step, guard, &before, &after));
        }
    }
    if evaluated { Checked::with(step.ground().cites, findings) } else { Checked::nothing() }
}

/// The body of a read, and whether it is a refusal; a body that is no JSON is judged by another check.
fn value((_, answer): &(&Exchange, Option<ParsedResponse>)) -> Option<(Value, bool)> {
    let answer = answer.as_ref()?;
    Some((answer.value.clone()?, answer.refusal.is_some()))
}

fn vanished(step: &StepSubject<'_>, guard: &Guard, after: &Value) -> Finding {
    let expected = format!("an answer of {} as before", guard.call.operation);
    step.ground().finding(Code::SideEffect, None, step.number, "", expected, after.to_string())
}

fn differences(step: &StepSubject<'_>, guard: &Guard, before: &Value, after: &Value) -> Vec<Finding> {
    let ground = step.ground();
    let whole = [String::new()];
    let pointers = if guard.at.is_empty() { &whole[..] } else { &guard.at[..] };
    let changed = pointers.iter().filter(|pointer| before.pointer(pointer) != after.pointer(pointer));
    changed
        .map(|pointer| {
            let shown = |value: &Value| value.pointer(pointer).map_or_else(|| "nothing".to_owned(), Value::to_string);
            let expected = format!(
                "{} of {} as before: {}",
                if pointer.is_empty() { "the answer" } else { pointer },
                guard.call.operation,
                shown(before)
            );
            ground.finding(Code::SideEffect, None, step.number, pointer, expected, shown(after))
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
    #[case::whole_answer("", 200, is("Stopped"), &["error side-effect"])]
    #[case::elsewhere("/deploymentInfo/creator", 200, is("Stopped"), &[])]
    #[case::gone("/deploymentInfo/creator", 400, does_not_exist(), &["error side-effect"])]
    fn a_refused_request_changes_nothing(
        #[case] at: &str,
        #[case] status: u16,
        #[case] after: Value,
        #[case] findings: &[&str],
    ) {
        let trial = read(guarded(at), Role::Before(0), 200, &is("Created")).answers(1, 400, &does_not_exist());
        assert_eq!(read(trial, Role::After(0), status, &after).findings(), findings);
    }

    #[test]
    fn a_guard_that_is_refused_before_the_step_proves_nothing() {
        let trial = read(guarded("/deploymentInfo/status"), Role::Before(0), 400, &does_not_exist());
        let trial = read(trial.answers(1, 400, &does_not_exist()), Role::After(0), 400, &does_not_exist());
        assert_eq!((trial.findings(), trial.verdict()), (vec![], Verdict::Blocked));
    }

    #[test]
    fn what_changed_is_told_place_by_place() {
        let trial = guarded("/deploymentInfo/status, /deploymentInfo/creator, /deploymentInfo/description");
        let trial = read(trial, Role::Before(0), 200, &is("Created")).answers(1, 400, &does_not_exist());
        let after = json!({"deploymentInfo": {"status": "Stopped", "creator": "user"}});
        let expected = [
            ("/deploymentInfo/status of GetDeployment as before: \"Created\"", "\"Stopped\""),
            ("/deploymentInfo/creator of GetDeployment as before: nothing", "\"user\""),
        ];
        let told = read(trial, Role::After(0), 200, &after).told();
        let told: Vec<(&str, &str)> = told.iter().map(|(expected, actual)| (&expected[..], &actual[..])).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_whole_answer_is_watched_where_no_place_is_named() {
        let told = |status, after: &Value| {
            let trial = read(guarded(""), Role::Before(0), 200, &is("Created")).answers(1, 400, &does_not_exist());
            read(trial, Role::After(0), status, after).told().remove(0).0
        };
        let whole = r#"the answer of GetDeployment as before: {"deploymentInfo":{"status":"Created"}}"#;
        assert_eq!(told(200, &is("Stopped")), whole);
        assert_eq!(told(400, &does_not_exist()), "an answer of GetDeployment as before");
    }

    #[test]
    fn a_guard_is_evaluated_if_both_reads_came() {
        let evaluated = |trial: &Trial| trial.on_step(|step| look(step).evaluated);
        let before = read(guarded("/deploymentInfo/status"), Role::Before(0), 200, &is("Created"));
        let before = before.answers(1, 400, &does_not_exist());
        assert!(!evaluated(&before));
        assert!(evaluated(&read(before, Role::After(0), 200, &is("Created"))));
        let other = read(guarded("/deploymentInfo/status"), Role::Before(0), 200, &is("Created"));
        let other = other.answers(1, 400, &does_not_exist()).with(1, Role::After(0), 200, b"<html>", |_| {});
        assert!(!evaluated(&other));
    }
}
