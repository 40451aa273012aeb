//! Why a run could not be set up, or not be finished.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::ReportFailure;
use crate::{
    gate::baseline_file::GateError,
    probe::derivation::DerivationError,
    run::{
        target::BoxError,
        transport::{EndpointError, SetupError},
    },
    suite::{FixtureFilesError, FixturesError},
};

/// Why a run could not be set up, or not be finished. It is told by the [`Outcome`](super::Outcome), and is no verdict.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A folder of fixtures or snapshots cannot be read.
    #[error(transparent)]
    Files(#[from] FixtureFilesError),
    /// Fixtures are broken: every one, with its place.
    #[error(transparent)]
    Fixtures(#[from] FixturesError),
    /// A name selects nothing.
    #[error("{word:?} selects nothing{hint}")]
    Selection {
        /// What was asked for.
        word: String,
        /// What may have been meant.
        hint: String,
    },
    /// Each name selects something, and all of them together nothing.
    #[error("the suite selects no case: no one fits everything that is asked for")]
    Nothing,
    /// Probes are of one model, and are selected in fewer ways than scenarios.
    #[error("probes are selected by operation, filter and exclude, not by service or tag")]
    SelectionOfProbes,
    /// Probes cannot be derived.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
    /// The baseline cannot be used.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The target's URL is none.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The target is AWS itself.
    #[error(
        "{host} is a host of AWS itself: scenarios create, change and delete resources there; Target::allow_aws if you mean it"
    )]
    Aws {
        /// The host.
        host: String,
    },
    /// A file that is needed cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nothing can carry requests.
    #[error(transparent)]
    Transport(#[from] SetupError),
    /// The ending of a report's file is that of no format.
    #[error("{}: no report has this extension; expected one of {known}", path.display())]
    ReportFormat {
        /// The file.
        path: PathBuf,
        /// The endings that are known.
        known: String,
    },
    /// A report or snapshot cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// An environment variable has a value that means nothing.
    #[error("{name}={value} means nothing here: expected {expected}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would be understood.
        expected: &'static str,
    },
    /// The user's own function that starts the endpoint failed.
    #[error("the endpoint could not be started: {0}")]
    Start(BoxError),
    /// There is no asynchronous runtime to be had.
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
