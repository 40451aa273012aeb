use rstest::rstest;

use super::*;
use crate::{
    judge::verdict::Ledger,
    probe::{ConstraintCounts, CoverageReport, FamilyRow},
    report::testing::{case, deviation, events, hostile, report_of, run, secrets_in, suspected},
    run::event::{RequirementOutcome, RunFinished, SnapshotDifference},
};

const STOP: &str = "codedeploy/stop-deployment";

fn plain() -> HumanOptions {
    let rerun = "--endpoint http://127.0.0.1:4566".to_owned();
    HumanOptions {
        color: false,
        width: 100,
        verbose: false,
        more: "--verbose",
        one: "--cause N",
        quiet: false,
        curl: false,
        command: "wireproof run".to_owned(),
        rerun,
        causes: Vec::new(),
    }
}

fn verbose() -> HumanOptions {
    HumanOptions { verbose: true, ..plain() }
}

fn rendered(options: HumanOptions, events: &[Event]) -> String {
    let mut out = Vec::new();
    report_of(&mut Human::new(&mut out, options), events).unwrap();
    String::from_utf8(out).unwrap()
}

/// The section below a heading, up to the next heading.
fn section(report: &str, heading: &str) -> String {
    let below = report.split_once(&format!("\n{heading}\n")).map(|(_, below)| below).unwrap_or_default();
    below.split_inclusive('\n').take_while(|line| line.starts_with([' ', '\n'])).collect()
}

/// The report of a run with a changed end.
fn report_with_end(options: HumanOptions, change: impl FnOnce(&mut RunFinished)) -> String {
    let mut events = run(Vec::new());
    if let Some(Event::RunFinished(finished)) = events.last_mut() {
        change(finished);
    }
    rendered(options, &events)
}

#[test]
fn a_run_is_reported_from_its_deviations_to_its_summary() {
    insta::assert_snapshot!(rendered(plain(), &events()), @r#"
    wireproof  12 cases against emulator at http://127.0.0.1:4566, seed 7
    model  codedeploy 2014-10-06 (botocore:codedeploy@2014-10-06, sha256 44136fa355b3…)

    codedeploy StopDeployment: 2 cases deviate

      deviates  codedeploy/stop-deployment/finished
        A finished deployment stays as it is
        status  in step 2  (protocol)
          expected  200
               got  202
        expected-body  in step 2 at /deploymentInfo/status  (SD-21, documented)
          expected  "Succeeded"
               got  "Stopped"
        SD-21  Stopping a deployment that has already ended fails with
            DeploymentAlreadyCompletedException and status 400.
          AWS CodeDeploy API Reference, StopDeployment, Errors
          https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html
        in fixtures/codedeploy/stop-deployment/finished.yaml:7

        > POST / HTTP/1.1
        > host: 127.0.0.1:4566
        > x-amz-target: CodeDeploy_20141006.StopDeployment
        > authorization: <redacted>
        > X-Amz-Security-Token: <redacted>
        >
        > {"deploymentId":"d-000000001"}
        < HTTP/1.1 500
          ^^^^^^^^^^^^  status: expected 200
        < content-type: application/x-amz-json-1.1
        < x-echo: *****************************
        <
        < {"__type":"InternalFailure","message":"\u{1b}[32mall good\u{1b}[0m\u{d}conforms"}
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^  expected-body: expected
              "Succeeded"

        rerun: wireproof run codedeploy/stop-deployment/finished --seed 7 --endpoint http://127.0.0.1:4566

      deviates  codedeploy/stop-deployment/unknown-id
        A deployment that does not exist cannot be stopped
        error-identity  at /__type  (SD-22, documented)
          expected  DeploymentDoesNotExistException
               got  InternalFailure
        SD-22  An ID that belongs to no deployment is rejected with DeploymentDoesNotExistException and
            status 400.
          AWS CodeDeploy API Reference, StopDeployment, Errors
        in fixtures/codedeploy/stop-deployment/unknown-id.yaml:7
        rerun: wireproof run codedeploy/stop-deployment/unknown-id --seed 7 --endpoint http://127.0.0.1:4566

    not implemented
      proton CancelServicePipelineDeployment  2 cases: the response is that of an operation that does
          not exist

    blocked
      4 cases  no way to reach the state "an open deployment"
        codedeploy/stop-deployment/in-progress#1
        codedeploy/stop-deployment/in-progress#2
        codedeploy/stop-deployment/in-progress#3
        and 1 more (--verbose lists them)

    inconclusive
      1 case  the run was interrupted
        codedeploy/stop-deployment/not-run

    not applicable
      1 case  the target has no denied identity
        codedeploy/stop-deployment/denied

    2 of 12 cases deviate
    12 cases selected = 2 conform + 2 deviate + 2 not implemented + 4 blocked + 1 inconclusive
        + 1 not applicable
    3 requirements = 1 met + 1 violated (SD-22) + 1 not exercised
    2 warnings, 1 note (--verbose lists them)
    finished after 4.2 s, seed 7
    "#);
}

#[test]
fn a_quiet_run_is_its_summary() {
    insta::assert_snapshot!(rendered(HumanOptions { quiet: true, ..plain() }, &events()), @"
    2 of 12 cases deviate
    12 cases selected = 2 conform + 2 deviate + 2 not implemented + 4 blocked + 1 inconclusive
        + 1 not applicable
    3 requirements = 1 met + 1 violated (SD-22) + 1 not exercised
    2 warnings, 1 note (--verbose lists them)
    finished after 4.2 s, seed 7
    ");
}

#[test]
fn a_run_that_conforms_is_two_blocks() {
    let events = run(vec![case(&format!("{STOP}/open"), Verdict::Conforms, "")]);
    insta::assert_snapshot!(rendered(plain(), &events), @"
    wireproof  1 case against emulator at http://127.0.0.1:4566, seed 7
    model  codedeploy 2014-10-06 (botocore:codedeploy@2014-10-06, sha256 44136fa355b3…)

    all cases conform
    1 case selected = 1 conform + 0 deviate
    3 requirements = 1 met + 1 violated (SD-22) + 1 not exercised
    finished after 4.2 s, seed 7
    ");
}

#[test]
fn nothing_but_the_target_and_the_models_is_written_while_cases_run() {
    let events = events();
    let written = rendered(plain(), &events[..events.len() - 1]);
    assert_eq!(written.lines().count(), 2);
    assert_eq!(rendered(HumanOptions { quiet: true, ..plain() }, &events[..events.len() - 1]), "");
}

#[test]
fn the_order_in_which_cases_end_does_not_matter() {
    let mut reversed = events();
    let last = reversed.len() - 1;
    reversed[1..last].reverse();
    assert_eq!(rendered(verbose(), &reversed), rendered(verbose(), &events()));
}

#[rstest]
#[case::shows_the_first_exchange_of_an_operation(plain(), 1, 0)]
#[case::shows_every_exchange(verbose(), 2, 0)]
#[case::gives_every_command(HumanOptions { curl: true, ..plain() }, 1, 2)]
fn a_report_of_two_deviations(#[case] options: HumanOptions, #[case] exchanges: usize, #[case] commands: usize) {
    let report = rendered(options, &events());
    assert_eq!(report.matches("    > POST / HTTP/1.1\n").count(), exchanges);
    assert_eq!(report.matches("    < HTTP/1.1 500\n").count(), exchanges);
    assert_eq!(report.matches("    curl --silent").count(), commands);
}

#[rstest]
#[case(Verdict::NotImplemented, "not implemented")]
#[case(Verdict::Blocked, "blocked")]
#[case(Verdict::Inconclusive, "inconclusive")]
#[case(Verdict::NotApplicable, "not applicable")]
fn a_case_that_does_not_conform_has_its_command_below_its_id(#[case] verdict: Verdict, #[case] heading: &str) {
    let mut finished = deviation("unknown-id");
    finished.report.verdict = verdict;
    let report = rendered(HumanOptions { curl: true, ..plain() }, &run(vec![finished]));
    let below = section(&report, heading);
    let (_, command) = below.split_once("    codedeploy/stop-deployment/unknown-id\n").unwrap();
    assert!(command.starts_with("      curl --silent"), "{below}");
}

#[test]
fn a_verbose_report_lists_warnings_and_notes() {
    let report = rendered(verbose(), &events());
    insta::assert_snapshot!(section(&report, "warnings and notes in cases without a deviation"), @r#"
    conforms  codedeploy/stop-deployment/enum
      What is asked
      warning: response-shape/enum  at /status  (modelled)
        expected  one of Pending, Succeeded
             got  "Done"
    "#);
    for listed in [
        "    error-identity  at /__type  (SD-22, documented)\n",
        "    warning: response-shape/enum  at /status  (modelled)\n",
        "    note: response-shape/empty  at /statusMessage  (modelled)\n",
        "\n2 warnings, 1 note\n",
    ] {
        assert!(report.contains(listed), "{listed}");
    }
}

#[test]
fn reasons_are_sorted_by_frequency_and_a_verbose_report_lists_all_ids() {
    let blocked = |name: &str, reason: &str| case(&format!("{STOP}/{name}"), Verdict::Blocked, reason);
    let rare = [blocked("a", "a rare reason")];
    let frequent = ["b", "c", "d", "e"].map(|name| blocked(name, "the usual reason"));
    let events = run(rare.into_iter().chain(frequent).collect());
    insta::assert_snapshot!(section(&rendered(verbose(), &events), "blocked"), @"
      4 cases  the usual reason
        codedeploy/stop-deployment/b
        codedeploy/stop-deployment/c
        codedeploy/stop-deployment/d
        codedeploy/stop-deployment/e
      1 case  a rare reason
        codedeploy/stop-deployment/a
    ");
}

#[test]
fn an_operation_that_is_absent_is_one_line() {
    let absent = |id: &str, reason: &str| case(id, Verdict::NotImplemented, reason);
    let cases = vec![
        absent("proton/x/a", "CancelServicePipelineDeployment: 501"),
        absent("proton/x/b", "CancelServicePipelineDeployment: 501"),
        absent("codedeploy/x/a", "StopDeployment: an HTML page"),
    ];
    insta::assert_snapshot!(section(&rendered(plain(), &run(cases)), "not implemented"), @"
      codedeploy StopDeployment  1 case: an HTML page
      proton CancelServicePipelineDeployment  2 cases: 501
    ");
}

#[rstest]
#[case::nothing_selected(Ledger::default(), "0 cases selected = 0 conform + 0 deviate")]
#[case::one_of_each(
    Ledger { selected: 6, conforms: 1, deviates: 1, not_implemented: 1, blocked: 1, inconclusive: 1, not_applicable: 1, internal: 0 },
    "6 cases selected = 1 conform + 1 deviate + 1 not implemented + 1 blocked + 1 inconclusive\n    + 1 not applicable"
)]
#[case::imbalance(
    Ledger { selected: 3, conforms: 1, ..Ledger::default() },
    "3 cases selected ≠ 1 conform + 0 deviate\n\
     the ledger does not balance:  3 cases and 1 verdict; this is a bug in wireproof"
)]
fn the_ledger_shows_its_balance(#[case] ledger: Ledger, #[case] line: &str) {
    let report = report_with_end(plain(), |finished| finished.ledger = ledger);
    assert!(report.contains(&format!("\n{line}\n")), "{report}");
}

#[test]
fn a_narrow_terminal_gets_a_narrow_report() {
    let options = HumanOptions { width: 60, ..plain() };
    insta::assert_snapshot!(rendered(options, &run(vec![deviation("unknown-id")])), @r#"
    wireproof  1 case against emulator at http://127.0.0.1:4566,
        seed 7
    model  codedeploy 2014-10-06
        (botocore:codedeploy@2014-10-06, sha256 44136fa355b3…)

    codedeploy StopDeployment: 1 case deviates

      deviates  codedeploy/stop-deployment/unknown-id
        A deployment that does not exist cannot be stopped
        error-identity  at /__type  (SD-22, documented)
          expected  DeploymentDoesNotExistException
               got  InternalFailure
        SD-22  An ID that belongs to no deployment is rejected
            with DeploymentDoesNotExistException and status 400.
          AWS CodeDeploy API Reference, StopDeployment, Errors
          https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html
        in fixtures/codedeploy/stop-deployment/unknown-id.yaml:7

        > POST / HTTP/1.1
        > host: 127.0.0.1:4566
        > x-amz-target: CodeDeploy_20141006.StopDeployment
        > authorization: <redacted>
        > X-Amz-Security-Token: <redacted>
        >
        > {"deploymentId":"d-000000001"}
        < HTTP/1.1 500
        < content-type: application/x-amz-json-1.1
        < x-echo: *****************************
        <
        < {"__type":"InternalFailure","message":"\u{1b}[32mall good\u{1b}[0m\u{d}conforms"}
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^  error-identity:
              expected DeploymentDoesNotExistException

        rerun: wireproof run codedeploy/stop-deployment/unknown-id --seed 7 --endpoint http://127.0.0.1:4566

    1 of 1 case deviates
    1 case selected = 0 conform + 1 deviate
    3 requirements = 1 met + 1 violated (SD-22) + 1 not
    exercised
    1 warning, 1 note (--verbose lists them)
    finished after 4.2 s, seed 7
    "#);
    let report = rendered(HumanOptions { width: 60, quiet: true, ..plain() }, &events());
    assert!(
        report.contains("\n12 cases selected = 2 conform + 2 deviate\n    + 2 not implemented + 4 blocked"),
        "{report}"
    );
}

#[test]
fn a_wide_terminal_gets_a_wide_report() {
    let options = HumanOptions { width: 160, ..plain() };
    insta::assert_snapshot!(rendered(options, &run(vec![deviation("unknown-id")])), @r#"
    wireproof  1 case against emulator at http://127.0.0.1:4566, seed 7
    model  codedeploy 2014-10-06 (botocore:codedeploy@2014-10-06, sha256 44136fa355b3…)

    codedeploy StopDeployment: 1 case deviates

      deviates  codedeploy/stop-deployment/unknown-id
        A deployment that does not exist cannot be stopped
        error-identity  at /__type  (SD-22, documented)
          expected  DeploymentDoesNotExistException
               got  InternalFailure
        SD-22  An ID that belongs to no deployment is rejected with DeploymentDoesNotExistException and status 400.
          AWS CodeDeploy API Reference, StopDeployment, Errors
          https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html
        in fixtures/codedeploy/stop-deployment/unknown-id.yaml:7

        > POST / HTTP/1.1
        > host: 127.0.0.1:4566
        > x-amz-target: CodeDeploy_20141006.StopDeployment
        > authorization: <redacted>
        > X-Amz-Security-Token: <redacted>
        >
        > {"deploymentId":"d-000000001"}
        < HTTP/1.1 500
        < content-type: application/x-amz-json-1.1
        < x-echo: *****************************
        <
        < {"__type":"InternalFailure","message":"\u{1b}[32mall good\u{1b}[0m\u{d}conforms"}
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^  error-identity: expected DeploymentDoesNotExistException

        rerun: wireproof run codedeploy/stop-deployment/unknown-id --seed 7 --endpoint http://127.0.0.1:4566

    1 of 1 case deviates
    1 case selected = 0 conform + 1 deviate
    3 requirements = 1 met + 1 violated (SD-22) + 1 not exercised
    1 warning, 1 note (--verbose lists them)
    finished after 4.2 s, seed 7
    "#);
}

#[test]
fn equal_deviations_are_reported_once_unless_the_report_is_verbose() {
    let events = run((1..=6).map(|number| deviation(&format!("x#{number}"))).collect());
    let report = rendered(plain(), &events);
    assert_eq!(report.matches("  deviates  ").count(), 1, "{report}");
    let listed = "    same findings in 5 other cases:\n      codedeploy/stop-deployment/x#2\n";
    assert!(report.contains(listed) && report.contains("      and 2 more (--verbose shows them)\n"), "{report}");
    assert_eq!(rendered(verbose(), &events).matches("  deviates  ").count(), 6);
}

#[test]
fn a_requirement_is_reported_once_with_its_document() {
    let mut other = deviation("y");
    other.report.findings[0].expected = "another".to_owned();
    let report = rendered(plain(), &run(vec![deviation("x"), other]));
    assert_eq!(report.matches("  deviates  ").count(), 2, "{report}");
    assert_eq!(report.matches("    SD-22  ").count(), 1, "{report}");
    assert_eq!(report.matches("      https://docs.aws.amazon.com/").count(), 1, "{report}");
}

#[rstest]
#[case::deviates(&[Verdict::Conforms, Verdict::Deviates], "1 of 2 cases deviates")]
#[case::unjudged(&[Verdict::Conforms, Verdict::Blocked, Verdict::NotImplemented], "no deviation, but 2 cases were not judged")]
#[case::conforms(&[Verdict::Conforms, Verdict::NotApplicable], "all cases conform")]
#[case::nothing_applies(&[Verdict::NotApplicable], "no case is applicable")]
#[case::nothing(&[], "no case was selected")]
fn the_summary_begins_with_the_result(#[case] verdicts: &[Verdict], #[case] headline: &str) {
    let cases = verdicts.iter().enumerate().map(|(index, verdict)| case(&format!("s/o/{index}"), *verdict, "r"));
    let report = rendered(HumanOptions { quiet: true, ..plain() }, &run(cases.collect()));
    assert_eq!(report.lines().next(), Some(headline));
}

#[test]
fn many_violated_requirements_are_counted_and_some_are_named() {
    let report = report_with_end(plain(), |finished| {
        let one = finished.requirements[0].clone();
        let violated = (1..=8).map(|number| crate::run::event::RequirementReport {
            id: format!("SD-{number:02}"),
            outcome: RequirementOutcome::Violated,
            ..one.clone()
        });
        finished.requirements = violated.collect();
    });
    let line = "8 requirements = 0 met + 8 violated (SD-01, SD-02, SD-03, SD-04, SD-05, SD-06 …) + 0 not exercised";
    assert!(report.contains(line), "{report}");
}

#[test]
fn an_interrupted_run_says_so() {
    let report = report_with_end(plain(), |finished| finished.interrupted = true);
    assert!(report.ends_with("\ninterrupted after 4.2 s, seed 7\n"), "{report}");
}

#[rstest]
#[case(40)]
#[case(60)]
#[case(80)]
fn findings_and_titles_keep_to_the_width(#[case] width: usize) {
    let mut finished = deviation("x");
    finished.report.exchange = None;
    finished.report.position = String::new();
    finished.report.id.0 = "s/o/x".to_owned();
    finished.report.title = "many short words ".repeat(20);
    finished.report.findings[0].expected = "one of these words ".repeat(15);
    finished.report.findings[0].actual = "another word ".repeat(15);
    let report = rendered(HumanOptions { width, rerun: String::new(), ..plain() }, &run(vec![finished]));
    let below = report.lines().skip_while(|line| !line.starts_with("  deviates"));
    let printed: Vec<&str> = below.take_while(|line| !line.contains("rerun")).collect();
    // A URL is not wrapped, so that it can be copied.
    let printed: Vec<&str> = printed.into_iter().filter(|line| !line.contains("https://")).collect();
    assert!(printed.len() > 400 / width, "{report}");
    let widest = printed.iter().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= width && widest + 20 > width, "{widest}\n{report}");
}

#[test]
fn a_huge_value_is_cut() {
    let mut finished = deviation("x");
    finished.report.findings[0].actual = "x".repeat(100_000);
    let report = rendered(plain(), &run(vec![finished]));
    assert!(report.len() < 3_000 && report.contains("x…\n          (100000 characters)\n"), "{report}");
}

#[test]
fn the_command_is_one_that_a_shell_takes() {
    let mut finished = deviation("x");
    finished.report.id.0 = format!("{STOP}/x#an 'empty' name");
    let report = rendered(HumanOptions { rerun: String::new(), ..plain() }, &run(vec![finished]));
    let command = r"    rerun: wireproof run 'codedeploy/stop-deployment/x#an '\''empty'\'' name' --seed 7";
    assert!(report.lines().any(|line| line == command), "{report}");
}

#[rstest]
fn no_endpoint_reaches_the_terminal_or_forges_a_line(
    #[values(
        Verdict::Conforms,
        Verdict::Deviates,
        Verdict::NotImplemented,
        Verdict::Blocked,
        Verdict::Inconclusive,
        Verdict::NotApplicable
    )]
    verdict: Verdict,
) {
    let options = HumanOptions { verbose: true, curl: true, ..plain() };
    let report = rendered(options, &run(vec![hostile(verdict)]));
    assert!(report.contains(r"\u{1b}[2J"), "{report}");
    assert!(!report.chars().any(|c| c.is_control() && c != '\n'), "{report:?}");
    assert!(!report.lines().any(|line| line.starts_with("0 cases")), "{report}");
}

#[test]
fn colors_change_nothing_but_the_colors() {
    let options = HumanOptions { curl: true, ..verbose() };
    let coloured = rendered(HumanOptions { color: true, ..options.clone() }, &events());
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mdeviates\u{1b}[0m  codedeploy/"), "{coloured}");
    let mut parts = coloured.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let stripped = parts.fold(first, |text, part| text + part.split_once('m').unwrap().1);
    assert_eq!(stripped, rendered(options, &events()));
}

#[test]
fn no_secret_is_in_it() {
    let report = rendered(HumanOptions { curl: true, ..verbose() }, &events());
    assert!(report.contains("authorization: <redacted>"));
    assert_eq!(secrets_in(&report), Vec::<&str>::new());
}

#[test]
fn a_verbose_report_shows_a_changed_observation_as_a_difference() {
    let mut finished = deviation("finished");
    let observed = "{\n  \"case\": 1\n}".to_owned();
    finished.difference = Some(SnapshotDifference { recorded: observed.replace("case", "once"), observed });
    let events = run(vec![finished]);
    let shown = rendered(verbose(), &events);
    assert!(
        shown.contains("--- snapshot") && shown.contains("-  \"once\"") && shown.contains("+  \"case\""),
        "{shown}"
    );
    assert!(!rendered(plain(), &events).contains("--- snapshot"));
}

/// A run of many deviations with one cause, and of one deviation with another one.
fn many() -> Vec<Event> {
    let mut cases: Vec<_> = (10..25).map(|number| deviation(&format!("unknown-{number}"))).collect();
    let mut other = deviation("other");
    other.report.findings[0].actual = "DeploymentAlreadyCompletedException (400)".to_owned();
    cases.push(other);
    run(cases)
}

#[test]
fn more_than_ten_deviations_are_reported_by_their_causes() {
    let report = rendered(plain(), &many());
    insta::assert_snapshot!(section(&report, "2 causes of 16 deviations"), @"
    wrong error for an invalid request
      1  StopDeployment: InternalFailure instead of DeploymentDoesNotExistException  (15 cases)
      2  StopDeployment: DeploymentAlreadyCompletedException (400) instead of
        DeploymentDoesNotExistException  (1 case)
    --cause N shows one in full, --verbose everything
    ");
    assert!(!report.contains("> POST"), "{report}");
    assert!(rendered(verbose(), &many()).contains("> POST"));
}

#[test]
fn up_to_ten_deviations_are_shown_in_full_without_a_list() {
    let report = rendered(plain(), &run((0..10).map(|number| deviation(&number.to_string())).collect()));
    assert!(report.contains("> POST") && !report.contains("cause"), "{report}");
}

#[test]
fn warnings_that_are_probably_true_are_listed_by_their_causes() {
    let report = rendered(plain(), &run(suspected(3)));
    insta::assert_snapshot!(section(&report, "probably wrong: 1 cause"), @"
      1  StopDeployment: InternalFailure instead of DeploymentDoesNotExistException  (3 cases)
    warnings; 84 of 114 were true when they were checked by hand (--cause N shows one in full, --verbose lists them)
    ");
    assert!(report.contains("3 cases selected = 3 conform"), "{report}");
}

#[test]
fn a_cause_is_shown_in_full_by_its_number() {
    let report = rendered(HumanOptions { causes: vec![1], ..plain() }, &many());
    let cause = report.split("\ncause 1: ").nth(1).unwrap();
    assert!(cause.contains("> POST") && cause.contains("rerun: ") && cause.contains("same cause in 14 other cases:"));
    assert!(!report.contains("\ncause 2: "), "{report}");
}

#[test]
fn a_cause_of_warnings_is_shown_in_full_by_its_number_which_follows_those_of_deviations() {
    let cases = (0..11).map(|number| deviation(&number.to_string())).chain(suspected(3)).collect();
    let report = rendered(HumanOptions { causes: vec![2], ..plain() }, &run(cases));
    let cause = report.split("\ncause 2: ").nth(1).unwrap();
    for expected in ["warning: ", "rerun: ", "same cause in 2 other cases:"] {
        assert!(cause.contains(expected), "{expected}: {report}");
    }
    assert!(!report.contains("\ncause 1: "), "{report}");
}

#[test]
fn many_operations_that_are_not_implemented_are_listed_once_for_each_reason() {
    let lacking = |number: usize| {
        let mut case = case(&format!("s/o{number}/x"), Verdict::NotImplemented, "it is unknown");
        case.report.operation = format!("Operation{number}");
        case
    };
    let few = rendered(plain(), &run((0..5).map(lacking).collect()));
    assert_eq!(few.matches("it is unknown").count(), 5, "{few}");
    let report = rendered(plain(), &run((0..10).map(lacking).collect()));
    assert!(report.contains("10 operations  it is unknown"), "{report}");
    let unwrapped = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains("Operation7 and 2 more (--verbose lists them)"), "{report}");
    let all = rendered(verbose(), &run((0..10).map(lacking).collect()));
    assert_eq!(all.matches("it is unknown").count(), 10, "{all}");
}

#[test]
fn many_reasons_have_one_example_each_and_the_rest_is_counted() {
    let blocked = |number: usize| case(&format!("s/o/{number}"), Verdict::Blocked, &format!("reason {number}"));
    let report = rendered(plain(), &run((0..7).map(blocked).collect()));
    assert_eq!(report.matches("1 case  reason").count(), 5, "{report}");
    assert!(report.contains("and 2 cases for other reasons (--verbose lists them)"), "{report}");
}

#[test]
fn the_coverage_is_one_line_and_in_verbose_reports_a_table() {
    let with_coverage = |run: &mut RunFinished| {
        let constraints = ConstraintCounts { total: 9, probed: 8, judged: 7, probes: 20 };
        let row = FamilyRow { family: "length".to_owned(), counts: constraints };
        let left_out = vec!["wire".to_owned(), "signing".to_owned()];
        run.coverage = Some(CoverageReport { families: vec![row], constraints, left_out, unprobed: Vec::new() });
    };
    let report = report_with_end(plain(), with_coverage);
    assert!(report.contains("coverage  7 of 9 constraints judged; left out: wire, signing (--probes all)"), "{report}");
    let table = report_with_end(verbose(), with_coverage);
    assert!(
        table.contains("length") && table.contains("left out  wire, signing (--probes all runs them too)"),
        "{table}"
    );
}
