//! A badge for shields.io: the number of applicable cases, and how many of them conform.

use std::io::{self, Write};

use serde::Serialize;

use super::{collected_run::CollectedRun, text};
use crate::{judge::verdict::Ledger, run::exit::ExitStatus};

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Badge {
    schema_version: u8,
    label: &'static str,
    message: String,
    color: &'static str,
}

pub(super) fn write(run: &CollectedRun, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(
        text::CommandFreeJson::new(&mut *out),
        &badge(&run.finished.ledger, run.finished.interrupted),
    )?;
    writeln!(out)
}

fn badge(ledger: &Ledger, interrupted: bool) -> Badge {
    let applicable = ledger.applicable();
    let color = match ExitStatus::of_run(ledger, &[], interrupted) {
        // Red means a deviation. Green requires that everything was judged.
        _ if ledger.deviates > 0 => "red",
        ExitStatus::Conforms if applicable > 0 => "brightgreen",
        _ if ledger.conforms > 0 => "yellow",
        _ => "lightgrey",
    };
    let message = match (applicable, interrupted) {
        (0, _) => "nothing judged".to_owned(),
        (_, true) => format!("{}/{applicable} (interrupted)", ledger.conforms),
        (_, false) => format!("{}/{applicable}", ledger.conforms),
    };
    Badge { schema_version: 1, label: "wireproof", message, color }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::report::{
        collected_run::AtEnd,
        testing::{events, report_of},
    };

    fn ledger(conforms: usize, deviates: usize, blocked: usize, not_applicable: usize) -> Ledger {
        let selected = conforms + deviates + blocked + not_applicable;
        Ledger { selected, conforms, deviates, blocked, not_applicable, ..Ledger::default() }
    }

    #[rstest]
    #[case::all(ledger(466, 0, 0, 2), false, "466/466", "brightgreen")]
    #[case::deviation(ledger(466, 2, 0, 0), false, "466/468", "red")]
    #[case::blocked(ledger(466, 0, 2, 0), false, "466/468", "yellow")]
    #[case::nothing_conforms(ledger(0, 0, 2, 0), false, "0/2", "lightgrey")]
    #[case::nothing_applies(ledger(0, 0, 0, 2), false, "nothing judged", "lightgrey")]
    #[case::nothing_selected(ledger(0, 0, 0, 0), false, "nothing judged", "lightgrey")]
    #[case::interrupted(ledger(5, 0, 0, 0), true, "5/5 (interrupted)", "yellow")]
    #[case::imbalance(Ledger { selected: 5, ..ledger(4, 0, 0, 0) }, false, "4/5", "yellow")]
    fn the_color_tells_what_became_of_the_run(
        #[case] ledger: Ledger,
        #[case] interrupted: bool,
        #[case] message: &str,
        #[case] color: &str,
    ) {
        let badge = badge(&ledger, interrupted);
        assert_eq!((badge.message.as_str(), badge.color), (message, color));
    }

    #[test]
    fn it_has_the_members_that_shields_io_reads() {
        let mut out = Vec::new();
        report_of(&mut AtEnd::new(&mut out, write), &events()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "{\"schemaVersion\":1,\"label\":\"wireproof\",\"message\":\"2/11\",\"color\":\"red\"}\n");
    }
}
