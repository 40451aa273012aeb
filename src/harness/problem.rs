//! The errors that keep a run from starting or ending.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::ReportFailure;
use crate::{
    gate::baseline_file::GateError,
    probe::derivation::DerivationError,
    run::{
        resolved_target::BoxError,
        transport::{EndpointError, SetupError},
    },
    suite::{FixtureFilesError, FixturesError},
};

/// An error that keeps a run from starting or ending. It is part of the [`Outcome`](super::Outcome). It is not a
/// verdict.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A folder of fixtures or snapshots cannot be read.
    #[error(transparent)]
    Files(#[from] FixtureFilesError),
    /// Fixtures are broken. The error lists each with its position.
    #[error(transparent)]
    Fixtures(#[from] FixturesError),
    /// A name matches no case.
    #[error("{word:?} matches no case{hint}")]
    Selection {
        /// The name.
        word: String,
        /// Similar names.
        hint: String,
    },
    /// A glob is malformed.
    #[error("{0}")]
    Glob(String),
    /// Each filter matches cases, but no case matches all of them.
    #[error("no case matches all filters of the suite")]
    Nothing,
    /// Probes belong to one model, and have no service and no tags.
    #[error("probes are selected by operation, filter and exclude, not by service or tag")]
    SelectionOfProbes,
    /// A named operation deletes resources, and the suite is not destructive.
    #[error("{operation} deletes resources, so it has no probes\nhelp: Suite::destructive probes it too")]
    Destructive {
        /// The operation.
        operation: String,
    },
    /// No group and no family of probes has this name.
    #[error("{name:?} selects no probes; {known}")]
    ProbeFamily {
        /// The name.
        name: String,
        /// The known names.
        known: String,
    },
    /// No supported protocol has this name.
    #[error("unknown protocol {name:?}; expected one of {known}")]
    Protocol {
        /// The name.
        name: String,
        /// The supported protocols.
        known: String,
    },
    /// Probes cannot be derived.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
    /// The baseline cannot be used.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The URL of the target is not a URL.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The target is a host of AWS.
    #[error(
        "{host} is a host of AWS: scenarios create, change and delete resources there\nhelp: Target::allow_aws allows it"
    )]
    Aws {
        /// The host.
        host: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The transport cannot be set up.
    #[error(transparent)]
    Transport(#[from] SetupError),
    /// No report format has the extension of this file.
    #[error("{}: no report has this extension; expected one of {known}", path.display())]
    ReportFormat {
        /// The file.
        path: PathBuf,
        /// The known extensions.
        known: String,
    },
    /// A report or snapshot cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// An environment variable has an invalid value.
    #[error("invalid value {value:?} of {name}: expected {expected}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// The expected values.
        expected: &'static str,
    },
    /// The function that starts the endpoint failed.
    #[error("the endpoint could not be started: {0}")]
    Start(BoxError),
    /// The async runtime cannot start.
    #[error("cannot start a runtime: {0}")]
    Runtime(io::Error),
    /// The run ended before its last case.
    #[error("the run ended before this case")]
    Ended,
}

impl From<ReportFailure> for Problem {
    fn from(failure: ReportFailure) -> Self {
        Self::Write { path: PathBuf::from(failure.what), error: failure.error }
    }
}
