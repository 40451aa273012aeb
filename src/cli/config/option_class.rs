//! The class of each option: it decides whether a file in the current folder may set it.
//!
//! A folder may come from anyone: a clone, an archive, a pull request. A file in it may say what to run and how to show
//! it, and nothing that sends, executes, trusts, relaxes or writes anything.

/// The effect of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionClass {
    /// Selects what runs.
    Selects,
    /// Changes the text on the terminal.
    Displays,
    /// Determines the receiver or the signer of requests.
    Sends,
    /// Executes a command, or opens a port.
    Executes,
    /// Determines trusted certificates, keys, results or claims.
    Trusts,
    /// Switches off a verdict or a protection.
    Relaxes,
    /// Sets the load and the limits of a run.
    Paces,
    /// Writes files.
    Writes,
}

/// Every option with a value or a switch, by class, sorted. A test compares it with the command line.
const CLASSES: &[(OptionClass, &[&str])] = &[
    (
        OptionClass::Selects,
        &[
            "botocore",
            "corpus",
            "exclude",
            "filter",
            "fixtures",
            "ignore",
            "last-failed",
            "level",
            "max-per-operation",
            "model",
            "models",
            "only",
            "operation",
            "probes",
            "profile",
            "protocol",
            "recipe",
            "seed",
            "service",
            "shard",
            "since",
            "snapshots",
            "tag",
        ],
    ),
    (
        OptionClass::Displays,
        &[
            "cause",
            "color",
            "curl",
            "dry-run",
            "format",
            "json",
            "list",
            "name",
            "quiet",
            "target-name",
            "target-version",
            "verbose",
        ],
    ),
    (
        OptionClass::Sends,
        &[
            "as-reference",
            "aws-profile",
            "denied-profile",
            "endpoint",
            "one-region",
            "other-account-profile",
            "other-region",
            "proxy",
            "region",
            "rerun",
            "rerun-seed",
            "s3-addressing",
            "sdk-requests",
            "state-change-url",
            "states",
        ],
    ),
    (OptionClass::Executes, &["listen", "restart"]),
    (
        OptionClass::Trusts,
        &[
            "assume-implemented",
            "baseline",
            "ca-file",
            "client-cert",
            "client-key",
            "key",
            "mutants",
            "nonce",
            "proof",
            "proof-key",
        ],
    ),
    (
        OptionClass::Relaxes,
        &[
            "allow",
            "allow-aws",
            "allow-non-loopback",
            "allow-writes",
            "destructive",
            "insecure",
            "max-error-rate",
            "show-sensitive",
            "stateless",
        ],
    ),
    (
        OptionClass::Paces,
        &[
            "case-timeout",
            "exact",
            "exhaustive",
            "fail-fast",
            "jobs",
            "judge-again",
            "max-body",
            "patience",
            "prove",
            "speed",
            "timeout",
        ],
    ),
    (
        OptionClass::Writes,
        &[
            "baseline-reason",
            "baseline-update",
            "ci",
            "force",
            "git",
            "language",
            "new-key",
            "out",
            "path",
            "probe",
            "recording",
            "report",
            "statement",
            "update",
        ],
    ),
];

impl OptionClass {
    /// The class of the option with that long name.
    pub(super) fn of(option: &str) -> Option<Self> {
        CLASSES.iter().find(|(_, options)| options.contains(&option)).map(|(class, _)| *class)
    }

    /// Returns whether a file in the current folder may set it.
    pub(super) fn is_harmless(self) -> bool {
        matches!(self, Self::Selects | Self::Displays)
    }

    /// Describes an option of the class, as a predicate.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Selects => "selects what runs",
            Self::Displays => "changes the text on the terminal",
            Self::Sends => "determines the receiver or the signer of requests",
            Self::Executes => "executes a command, or opens a port",
            Self::Trusts => "determines trusted certificates, keys, results or claims",
            Self::Relaxes => "switches off a verdict or a protection",
            Self::Paces => "sets the load and the limits of a run",
            Self::Writes => "writes files",
        }
    }
}

/// The options that a file in the current folder may set.
#[cfg(test)]
pub(in crate::cli) fn harmless() -> impl Iterator<Item = &'static str> {
    let classes = CLASSES.iter().filter(|(class, _)| class.is_harmless());
    classes.flat_map(|(_, options)| options.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::{ArgAction, CommandFactory as _};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_option_of_the_program_has_one_class_and_no_other_option_has() {
        let mut options = BTreeMap::new();
        let command = Cli::command();
        for subcommand in command.get_subcommands() {
            for argument in subcommand.get_arguments().chain(command.get_arguments()) {
                let is_setting =
                    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append | ArgAction::SetTrue);
                if let Some(long) = argument.get_long().filter(|_| is_setting) {
                    options.insert(long.to_owned(), OptionClass::of(long));
                }
            }
        }
        let without: Vec<_> = options.iter().filter(|(_, class)| class.is_none()).collect();
        assert!(without.is_empty(), "without a class: {without:?}");
        let listed: Vec<&str> = CLASSES.iter().flat_map(|(_, options)| options.iter().copied()).collect();
        let unknown: Vec<_> = listed.iter().filter(|option| !options.contains_key(**option)).collect();
        assert!(unknown.is_empty(), "no option of the program: {unknown:?}");
        assert_eq!(listed.len(), options.len(), "an option has two classes");
    }

    #[test]
    fn the_options_of_a_class_are_sorted() {
        for (class, options) in CLASSES {
            assert!(options.is_sorted(), "{class:?}");
        }
    }
}
