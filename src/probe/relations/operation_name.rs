//! The parts of an operation's name: what it does, and to which kind of resource.

/// What an operation does, by the first words of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Makes a resource.
    Creates,
    /// Makes a resource, unless another operation creates it: then it changes one.
    Starts,
    /// Makes a resource, or changes it if it exists.
    Puts,
    /// Returns one resource, or several.
    Reads,
    /// Returns several resources.
    Lists,
    /// Changes a resource.
    Updates,
    /// Ends a resource.
    Deletes,
    /// Adds tags to a resource.
    Tags,
    /// Removes tags from a resource.
    Untags,
}

/// First words, with the verb that they stand for.
const VERBS: [(&str, Verb); 41] = [
    ("Activate", Verb::Updates),
    ("Add", Verb::Starts),
    ("AddTagsTo", Verb::Tags),
    ("Allocate", Verb::Creates),
    ("Cancel", Verb::Updates),
    ("Change", Verb::Updates),
    ("Connect", Verb::Updates),
    ("Create", Verb::Creates),
    ("Deactivate", Verb::Updates),
    ("Delete", Verb::Deletes),
    ("Deregister", Verb::Deletes),
    ("Describe", Verb::Reads),
    ("Destroy", Verb::Deletes),
    ("Disable", Verb::Updates),
    ("Disconnect", Verb::Updates),
    ("Edit", Verb::Updates),
    ("Enable", Verb::Updates),
    ("Get", Verb::Reads),
    ("Head", Verb::Reads),
    ("List", Verb::Lists),
    ("Modify", Verb::Updates),
    ("Publish", Verb::Starts),
    ("Put", Verb::Puts),
    ("Read", Verb::Reads),
    ("Register", Verb::Creates),
    ("Release", Verb::Deletes),
    ("Remove", Verb::Deletes),
    ("RemoveTagsFrom", Verb::Untags),
    ("Restore", Verb::Updates),
    ("Resume", Verb::Updates),
    ("Revoke", Verb::Deletes),
    ("Rotate", Verb::Updates),
    ("Set", Verb::Updates),
    ("Start", Verb::Starts),
    ("Stop", Verb::Updates),
    ("Suspend", Verb::Updates),
    ("Tag", Verb::Tags),
    ("Terminate", Verb::Deletes),
    ("Untag", Verb::Untags),
    ("Update", Verb::Updates),
    ("Upsert", Verb::Puts),
];

/// The noun of an operation that tags any kind of resource.
pub(super) const ANY_RESOURCE: &str = "Resource";

/// The name of an operation in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OperationName<'n> {
    pub(super) verb: Verb,
    /// The rest, as it is written: in a list, mostly a plural.
    pub(super) rest: &'n str,
}

impl<'n> OperationName<'n> {
    /// Splits a name; `None` if its first word is no verb of a resource.
    pub(super) fn split(name: &'n str) -> Option<Self> {
        if let Some(noun) = name.strip_suffix("Deletion") {
            let scheduled = noun.strip_prefix("Schedule").map(|rest| Self { verb: Verb::Deletes, rest });
            return scheduled.or_else(|| Some(Self { verb: Verb::Updates, rest: noun.strip_prefix("Cancel")? }));
        }
        // The longest word wins: `RemoveTagsFrom` before `Remove`.
        let found = VERBS.iter().filter_map(|(word, verb)| Some((word.len(), *verb, after_word(name, word)?)));
        let (_, verb, rest) = found.max_by_key(|(length, ..)| *length)?;
        Some(Self { verb, rest })
    }
}

/// What an operation lists, without what it lists them by: `Versions` of `VersionsByFunction`.
pub(super) fn listed(rest: &str) -> &str {
    let head = |word: &str| {
        rest.split_once(word).filter(|(head, by)| !head.is_empty() && by.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    [head("By"), head("For")].into_iter().flatten().map(|(head, _)| head).min_by_key(|head| head.len()).unwrap_or(rest)
}

/// Endings of nouns that say nothing of their own: `QueueAttributes` are those of a `Queue`.
const FACETS: [&str; 7] = ["Attributes", "Configuration", "Description", "Details", "Info", "Metadata", "Tagging"];

/// The noun without such an ending.
pub(super) fn without_facet(noun: &str) -> Option<&str> {
    FACETS.iter().find_map(|ending| noun.strip_suffix(ending)).filter(|noun| !noun.is_empty())
}

/// The rest of a name after a word that ends before a capital letter.
fn after_word<'n>(name: &'n str, word: &str) -> Option<&'n str> {
    name.strip_prefix(word).filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// The forms of which a noun may be the plural, the likeliest first; none if it does not end like a plural.
pub(super) fn singulars(noun: &str) -> Vec<String> {
    if let Some(stem) = noun.strip_suffix("ies") {
        return vec![format!("{stem}y"), format!("{stem}ie")];
    }
    if noun.ends_with("ss") || noun.ends_with("us") {
        return Vec::new();
    }
    let Some(stem) = noun.strip_suffix('s') else { return Vec::new() };
    let short = stem.strip_suffix('e').map(str::to_owned);
    let takes_es = ["sse", "che", "she", "xe", "ase"].iter().any(|end| stem.ends_with(end));
    match short {
        Some(short) if takes_es => vec![short, stem.to_owned()],
        Some(short) => vec![stem.to_owned(), short],
        None => vec![stem.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("CreateKey", Some((Verb::Creates, "Key")))]
    #[case("ScheduleKeyDeletion", Some((Verb::Deletes, "Key")))]
    #[case("TagResource", Some((Verb::Tags, "Resource")))]
    #[case("RemoveTagsFromResource", Some((Verb::Untags, "Resource")))]
    #[case("ListQueues", Some((Verb::Lists, "Queues")))]
    #[case("Getaway", None)]
    #[case("Encrypt", None)]
    #[case("List", None)]
    fn a_name_is_split_after_its_verb(#[case] name: &str, #[case] expected: Option<(Verb, &str)>) {
        assert_eq!(OperationName::split(name).map(|split| (split.verb, split.rest)), expected);
    }

    #[rstest]
    #[case("Queues", &["Queue", "Queu"])]
    #[case("Aliases", &["Alias", "Aliase"])]
    #[case("Policies", &["Policy", "Policie"])]
    #[case("Keys", &["Key"])]
    #[case("Branches", &["Branch", "Branche"])]
    #[case("Status", &[])]
    #[case("Access", &[])]
    #[case("Key", &[])]
    fn a_plural_has_singulars(#[case] plural: &str, #[case] expected: &[&str]) {
        assert_eq!(singulars(plural), expected);
    }
}
