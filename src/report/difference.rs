//! How an observation differs from the snapshot one, line by line.

use serde::Serialize;

use super::text;
use crate::run::event::CaseFinished;

/// The lines that are shown before and after what differs.
#[cfg(feature = "diff")]
const AROUND: usize = 3;

/// Lines that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Which lines of both texts they are, as in a unified difference.
    pub(super) place: String,
    pub(super) lines: Vec<DiffLine>,
}

/// A line of either text, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DiffLine {
    /// `-` where only the snapshot has it, `+` where only the observation has, else a space.
    pub(super) sign: char,
    pub(super) text: String,
}

/// What differs; nothing where there is no snapshot, or where the case did not come to its steps.
pub(super) fn of(case: &CaseFinished) -> Vec<Hunk> {
    let was_run = case.transcript.exchanges.iter().any(|exchange| exchange.step > 0);
    match case.snapshot.as_ref().filter(|_| was_run) {
        Some(snapshot) => between(snapshot, &case.observation().text()),
        None => Vec::new(),
    }
}

fn between(snapshot: &str, observed: &str) -> Vec<Hunk> {
    if snapshot == observed { Vec::new() } else { hunks(snapshot, observed) }
}

#[cfg(feature = "diff")]
fn hunks(snapshot: &str, observed: &str) -> Vec<Hunk> {
    use similar::{DiffOp, TextDiff, udiff::UnifiedHunkHeader};

    let difference = TextDiff::from_lines(snapshot, observed);
    let hunk = |group: &Vec<DiffOp>| Hunk {
        place: UnifiedHunkHeader::new(group).to_string(),
        lines: group.iter().flat_map(|op| difference.iter_changes(op)).map(|change| line(&change)).collect(),
    };
    difference.grouped_ops(AROUND).iter().map(hunk).collect()
}

/// In a build without the feature `diff`, both texts as they are.
#[cfg(not(feature = "diff"))]
fn hunks(snapshot: &str, observed: &str) -> Vec<Hunk> {
    let lines = |sign, whole: &str| whole.lines().map(|line| DiffLine { sign, text: text::block(line) }).collect();
    let place = "@@ whole texts: the feature `diff` shows what differs @@".to_owned();
    let all: [Vec<DiffLine>; 2] = [lines('-', snapshot), lines('+', observed)];
    vec![Hunk { place, lines: all.concat() }]
}

#[cfg(feature = "diff")]
fn line(change: &similar::Change<&str>) -> DiffLine {
    use similar::ChangeTag;

    let sign = match change.tag() {
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
        ChangeTag::Equal => ' ',
    };
    DiffLine { sign, text: text::block(change.value().trim_end_matches('\n')) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(snapshot: &str, observed: &str) -> Vec<String> {
        between(snapshot, observed)
            .iter()
            .map(|hunk| {
                hunk.lines.iter().map(|line| format!("{}{}", line.sign, line.text)).collect::<Vec<_>>().join("|")
            })
            .collect()
    }

    #[test]
    fn what_differs_stands_with_the_lines_around_it() {
        assert_eq!(told("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\nfive\n6"), [" 2| 3| 4|-5|+five| 6"]);
        assert_eq!(told("same\n", "same\n"), Vec::<String>::new());
    }

    #[test]
    fn what_is_far_apart_stands_in_hunks_of_its_own() {
        let snapshot = (0..30).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        let observed = snapshot.replace("\n2\n", "\ntwo\n").replace("\n27\n", "\n");
        assert_eq!(told(&snapshot, &observed).len(), 2);
    }
}
