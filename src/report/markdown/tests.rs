use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::{
    report::{
        collected_run::AtEnd,
        testing::{case, deviation, events, hostile, report_of, run, secrets_in, suspected},
    },
    run::event::Event,
};

fn written(events: &[Event]) -> String {
    let mut out = Vec::new();
    report_of(&mut AtEnd::new(&mut out, write), events).unwrap();
    String::from_utf8(out).unwrap()
}

/// The tables of a run with every verdict, and the exchanges below them.
fn parts() -> (String, Vec<String>) {
    let page = written(&events());
    let mut parts = page.split("<details>").map(str::to_owned);
    (parts.next().unwrap(), parts.collect())
}

#[test]
fn a_run_with_every_verdict() {
    let (tables, _) = parts();
    insta::assert_snapshot!(tables, @r#"
    ## wireproof: 2 of 11 cases conform

    `emulator` at `http://127.0.0.1:4566`, `us-east-1`; suite `d1ge57`, seed 7; 4.2 s

    | verdict | cases |
    |---|---:|
    | ✅ conform | 2 |
    | ❌ deviate | 2 |
    | 🚫 not implemented | 2 |
    | 🚧 blocked | 4 |
    | ❔ inconclusive | 1 |
    | ➖ not applicable | 1 |
    | **selected** | **12** |

    ### Causes

    | # | rank | cases | cause |
    |---:|---|---:|---|
    | 1 | wrong error for an invalid request | 1 | `StopDeployment: InternalFailure instead of DeploymentDoesNotExistException` |
    | 2 | wrong error for an invalid request | 1 | ``StopDeployment: `deploymentInfo/status`: expected "Succeeded", got "Stopped" (expected-body)`` |
    | 3 | wrong error for an invalid request | 1 | `StopDeployment: expected 200, got 202 (status)` |

    ### Deviations

    #### `codedeploy` `StopDeployment`

    | case | check | expected | got | violates |
    |---|---|---|---|---|
    | `codedeploy/stop-deployment/finished` | `status` | `200` | `202` | protocol |
    | `codedeploy/stop-deployment/finished` | `expected-body` at `/deploymentInfo/status` | `"Succeeded"` | `"Stopped"` | SD-21 |
    | `codedeploy/stop-deployment/unknown-id` | `error-identity` at `/__type` | `DeploymentDoesNotExistException` | `InternalFailure` | SD-22 |

    ### Not judged

    | verdict | cases | reason |
    |---|---:|---|
    | 🚫 not-implemented | 2 | `CancelServicePipelineDeployment: the response is that of an operation that does not exist` |
    | 🚧 blocked | 4 | `no way to reach the state "an open deployment"` |
    | ❔ inconclusive | 1 | `the run was interrupted` |
    | ➖ not-applicable | 1 | `the target has no denied identity` |

    ### Requirements

    1 met, 1 violated, 1 not exercised

    | violated | cases | requirement |
    |---|---:|---|
    | `SD-22` | 2 | An unknown deployment is refused. (AWS CodeDeploy API Reference, StopDeployment) |
    "#);
}

#[test]
fn each_cause_has_the_exchange_of_its_representative_and_no_exchange_is_repeated() {
    let (_, exchanges) = parts();
    let of = |name: &str| exchanges.iter().filter(|exchange| exchange.contains(name)).count();
    assert_eq!((exchanges.len(), of("unknown&#45;id"), of("finished</code>")), (2, 1, 1));
    insta::assert_snapshot!(exchanges[0], @r#"
    <summary><code>codedeploy&#47;stop&#45;deployment&#47;unknown&#45;id</code></summary>

    A deployment that does not exist cannot be stopped, in `fixtures/codedeploy/stop-deployment/unknown-id.yaml:7`

    - `error-identity` `at /__type: expected DeploymentDoesNotExistException, got InternalFailure  (SD-22, documented)`

    ```http
    POST / HTTP/1.1
    host: 127.0.0.1:4566
    x-amz-target: CodeDeploy_20141006.StopDeployment
    authorization: <redacted>
    X-Amz-Security-Token: <redacted>

    {"deploymentId":"d-000000001"}
    ```

    ```http
    HTTP/1.1 500
    content-type: application/x-amz-json-1.1
    x-echo: *****************************

    {"__type":"InternalFailure","message":"\u{1b}[32mall good\u{1b}[0m\u{d}conforms"}
    ```

    ```sh
    curl --silent --show-error --include --path-as-is \
      --aws-sigv4 'aws:amz:us-east-1:codedeploy' \
      --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
      --header 'x-amz-target: CodeDeploy_20141006.StopDeployment' \
      --data-binary '{"deploymentId":"d-000000001"}' \
      'http://127.0.0.1:4566/'
    ```

    </details>
    "#);
}

#[test]
fn a_run_that_conforms_is_short() {
    insta::assert_snapshot!(written(&run(vec![case("s/o/x", Verdict::Conforms, "")])), @"
    ## wireproof: 1 of 1 cases conform

    `emulator` at `http://127.0.0.1:4566`, `us-east-1`; suite `d1ge57`, seed 7; 4.2 s

    | verdict | cases |
    |---|---:|
    | ✅ conform | 1 |
    | **selected** | **1** |

    ### Requirements

    1 met, 1 violated, 1 not exercised

    | violated | cases | requirement |
    |---|---:|---|
    | `SD-22` | 2 | An unknown deployment is refused. (AWS CodeDeploy API Reference, StopDeployment) |
    ");
}

#[test]
fn what_is_probably_wrong_has_a_table_of_its_own() {
    let text = written(&run(suspected(3)));
    let (_, table) = text.split_once("### Probably wrong\n").unwrap();
    insta::assert_snapshot!(table.split("\n#").next().unwrap(), @"
    Warnings: 84 of 114 were true when they were checked by hand.

    | # | cases | cause |
    |---:|---:|---|
    | 1 | 3 | `StopDeployment: InternalFailure instead of DeploymentDoesNotExistException` |
    ");
    assert!(!text.contains("### Causes") && !written(&events()).contains("Probably wrong"), "{text}");
}

#[test]
fn fifty_deviations_are_in_the_table_and_the_rest_is_counted() {
    let text = written(&run((0..60).map(|number| deviation(&format!("x{number:02}"))).collect()));
    assert_eq!(text.matches("| `codedeploy/stop-deployment/x").count(), 50);
    assert!(text.contains("\nand 10 more findings; the JSON report lists all\n"), "{text}");
    assert_eq!(text.matches("<details>").count(), 1);
}

#[rstest]
#[case::many_operations(60, 1, "x")]
#[case::many_findings(2, 3_000, "x")]
#[case::long_values(60, 50, "<|`\u{e0041}👩")]
fn a_run_of_any_size_fits_a_comment(#[case] operations: usize, #[case] findings: usize, #[case] of: &str) {
    let deviating = |number: usize| {
        let mut finished = deviation(&format!("x{number:02}"));
        let report = &mut finished.report;
        report.operation = format!("Operation{number:02}");
        let finding = Finding { actual: of.repeat(500), ..report.findings[0].clone() };
        report.findings = vec![finding; findings];
        let exchange = report.exchange.as_mut().unwrap();
        exchange.response = of.repeat(2_000);
        finished
    };
    let text = written(&run((0..operations).map(deviating).collect()));
    assert!(text.len() <= LONGEST && text.len() > LONGEST / 4, "{}", text.len());
    assert!(text.contains(" more findings; the JSON report lists all\n"));
    assert!(text.contains(" more exchanges; the JSON report lists all\n") || operations < EXCHANGES);
    assert!(text.contains("\n### Requirements\n"));
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    outside(&text);
}

#[rstest]
#[case::plain("a", "`a`")]
#[case::bar("a|b\\|c", "`a¦b\\¦c`")]
#[case::ticks("a``b`", "``` a``b` ```")]
#[case::blank(" ", "–")]
#[case::lines("a\nb\r<b>", "`a\\nb\\u{d}<b>`")]
fn a_span_holds_its_text(#[case] text: &str, #[case] shown: &str) {
    assert_eq!(code(text), shown);
}

#[test]
fn a_fence_is_longer_than_any_in_it() {
    assert_eq!(fence("http", "a\n````\nb"), "`````http\na\n````\nb\n`````");
    assert_eq!(fence("http", ""), "```http\n\n```");
}

/// The text outside of code.
fn outside(text: &str) -> String {
    let mut out = String::new();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let marks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if marks.len() > 2 && !line[marks.len()..].contains('`') => fence = Some(marks),
            None => out.extend([without_spans(line), "\n".to_owned()]),
        }
    }
    assert_eq!(fence, None, "{text}");
    out
}

fn without_spans(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(['`', '\\']) {
        out.push_str(&rest[..start]);
        if rest[start..].starts_with('\\') {
            // Skip escaped characters.
            rest = &rest[(start + 2).min(rest.len())..];
            continue;
        }
        let run: String = rest[start..].chars().take_while(|c| *c == '`').collect();
        let inside = &rest[start + run.len()..];
        let is_end = |at: usize| !inside[..at].ends_with('`') && !inside[at + run.len()..].starts_with('`');
        let end = inside.match_indices(&run).map(|(at, _)| at).find(|at| is_end(*at));
        let end = end.unwrap_or_else(|| panic!("a span without an end: {line}"));
        rest = &inside[end + run.len()..];
    }
    out + rest
}

#[rstest]
fn nothing_of_an_endpoint_is_markup(
    #[values(Verdict::Deviates, Verdict::Blocked, Verdict::NotImplemented, Verdict::Conforms)] verdict: Verdict,
) {
    let attack = "| x |\n\n# y <script>alert(1)</script> [l](javascript:x) ``` </details> https://evil.example @all";
    let mut finished = hostile(verdict);
    finished.report.reason = attack.to_owned();
    finished.report.title = attack.to_owned();
    for finding in &mut finished.report.findings {
        for text in [&mut finding.pointer, &mut finding.expected, &mut finding.actual] {
            attack.clone_into(text);
        }
    }
    if let Some(exchange) = &mut finished.report.exchange {
        attack.clone_into(&mut exchange.response);
    }
    let text = written(&run(vec![finished]));
    let outside = outside(&text);
    for markup in ["<script", "](", "https://evil", " @all", "# y", "| x |"] {
        assert!(!outside.contains(markup), "{markup}: {outside}");
    }
    assert_eq!(outside.matches("</details>").count(), outside.matches("<details>").count());
    for line in text.lines().filter(|line| line.starts_with("| `") && line.contains("evil")) {
        assert_eq!(without_spans(line).matches('|').count(), 6, "{line}");
    }
}

#[test]
fn no_secret_is_in_it() {
    assert_eq!(secrets_in(&written(&events())), Vec::<&str>::new());
}

proptest! {
    #[test]
    fn a_span_ends_where_it_ends(text in "[`|a \\\\]{0,12}") {
        prop_assert_eq!(without_spans(&code(&text)).replace('–', ""), "");
    }
}
