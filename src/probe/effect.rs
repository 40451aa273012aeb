//! The effect of an operation: it reads, writes or deletes, by its traits, else by its name.

use crate::model::Operation;

/// The effect of an operation on resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Only reads.
    Reads,
    /// Creates or changes a resource.
    Writes,
    /// Deletes a resource.
    Destroys,
}

/// First words of operations that only read.
const READS: [&str; 18] = [
    "BatchGet",
    "Check",
    "Count",
    "Decrypt",
    "Describe",
    "Detect",
    "Discover",
    "Encrypt",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Query",
    "ReEncrypt",
    "Scan",
    "Search",
];

/// Words in the names of operations that delete.
const DESTROYS: [&str; 6] = ["Delete", "Deletion", "Deregister", "Destroy", "Purge", "Terminate"];

/// First words of operations that can be done once: the same request again has nothing left to do.
const ONCE: [&str; 9] = ["Abort", "Cancel", "Complete", "Detach", "Disassociate", "Remove", "Revoke", "Stop", "Untag"];

impl Effect {
    /// Returns whether a second, equal request may be rejected because the first one has done the work.
    #[must_use]
    pub fn is_once(operation: &Operation) -> bool {
        Self::of(operation) == Self::Destroys || ONCE.iter().any(|word| starts_with_word(&operation.name, word))
    }

    /// Decides the effect of an operation.
    #[must_use]
    pub fn of(operation: &Operation) -> Self {
        let starts = |words: &[&str]| words.iter().any(|word| starts_with_word(&operation.name, word));
        if DESTROYS.iter().any(|word| operation.name.contains(word)) {
            Self::Destroys
        } else if operation.traits.get("smithy.api#readonly").is_some() || starts(&READS) {
            Self::Reads
        } else {
            Self::Writes
        }
    }
}

/// `GetItem` starts with the word `Get`, `Getaway` does not.
fn starts_with_word(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{ShapeId, Traits};

    #[rstest]
    #[case("GetParameter", Effect::Reads)]
    #[case("BatchGetItem", Effect::Reads)]
    #[case("ListQueues", Effect::Reads)]
    #[case("ReEncrypt", Effect::Reads)]
    #[case("Scan", Effect::Reads)]
    #[case("Listen", Effect::Writes)]
    #[case("PutParameter", Effect::Writes)]
    #[case("DeleteQueue", Effect::Destroys)]
    #[case("ScheduleKeyDeletion", Effect::Destroys)]
    #[case("PurgeQueue", Effect::Destroys)]
    fn the_name_of_an_operation_decides_its_effect(#[case] name: &str, #[case] expected: Effect) {
        assert_eq!(Effect::of(&operation(name)), expected);
    }

    #[rstest]
    #[case("AbortMultipartUpload", true)]
    #[case("DeleteQueue", true)]
    #[case("UntagResource", true)]
    #[case("Stopwatch", false)]
    #[case("PutParameter", false)]
    fn the_name_of_an_operation_says_if_it_can_be_done_once(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(Effect::is_once(&operation(name)), expected);
    }

    fn operation(name: &str) -> Operation {
        let unit = ShapeId::new("smithy.api#Unit");
        Operation {
            name: name.to_owned(),
            id: ShapeId::new(name),
            input: unit.clone(),
            output: unit,
            errors: Vec::new(),
            traits: Traits::default(),
        }
    }
}
