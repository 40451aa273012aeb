//! The difference between a snapshot and an observation, line by line.

use serde::Serialize;

use super::text;
use crate::run::event::SnapshotDifference;

/// The lines that are shown before and after what differs.
#[cfg(feature = "diff")]
const AROUND: usize = 3;

/// A group of adjacent lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// The header of a unified diff, with the line numbers in both texts.
    pub(super) range: String,
    pub(super) lines: Vec<DiffLine>,
}

/// A line of one text or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DiffLine {
    /// `-` for a line of the snapshot, `+` for a line of the observation, a space for both.
    pub(super) sign: char,
    pub(super) text: String,
}

/// The groups of lines that differ, with context.
#[cfg(feature = "diff")]
pub(super) fn of(difference: &SnapshotDifference) -> Vec<Hunk> {
    use similar::{DiffOp, TextDiff, udiff::UnifiedHunkHeader};

    let difference = TextDiff::from_lines(&difference.recorded, &difference.observed);
    let hunk = |group: &Vec<DiffOp>| Hunk {
        range: UnifiedHunkHeader::new(group).to_string(),
        lines: group.iter().flat_map(|op| difference.iter_changes(op)).map(|change| line(&change)).collect(),
    };
    difference.grouped_ops(AROUND).iter().map(hunk).collect()
}

/// Without the feature `diff`, both texts as they are.
#[cfg(not(feature = "diff"))]
pub(super) fn of(difference: &SnapshotDifference) -> Vec<Hunk> {
    let lines = |sign, whole: &str| whole.lines().map(|line| DiffLine { sign, text: text::block(line) }).collect();
    let range = "@@ whole texts: the feature `diff` shows what differs @@".to_owned();
    let all: [Vec<DiffLine>; 2] = [lines('-', &difference.recorded), lines('+', &difference.observed)];
    vec![Hunk { range, lines: all.concat() }]
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

    fn printed(snapshot: &str, observed: &str) -> Vec<String> {
        let (recorded, observed) = (snapshot.to_owned(), observed.to_owned());
        of(&SnapshotDifference { recorded, observed })
            .iter()
            .map(|hunk| {
                hunk.lines.iter().map(|line| format!("{}{}", line.sign, line.text)).collect::<Vec<_>>().join("|")
            })
            .collect()
    }

    #[test]
    fn a_difference_is_shown_with_the_lines_around_it() {
        assert_eq!(printed("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\nfive\n6"), [" 2| 3| 4|-5|+five| 6"]);
        assert_eq!(printed("same\n", "same\n"), Vec::<String>::new());
    }

    #[test]
    fn distant_differences_are_in_separate_hunks() {
        let snapshot = (0..30).map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
        let observed = snapshot.replace("\n2\n", "\ntwo\n").replace("\n27\n", "\n");
        assert_eq!(printed(&snapshot, &observed).len(), 2);
    }
}
