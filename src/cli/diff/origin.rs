//! The origin of a side: an endpoint, a recording or a report.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::super::{Failure, derivation_arguments::DerivationArguments, subset::read_report};
use crate::{
    report::ReportDocument,
    run::recording::{INDEX, Recording},
};

/// The name of the embedded reference as a side.
pub(super) const REFERENCE: &str = "reference";

/// The origin of a side.
#[derive(Debug)]
pub(super) enum Origin {
    /// An endpoint to run against; `None`: the embedded reference.
    Endpoint(Option<String>),
    /// A recording.
    Recording {
        folder: PathBuf,
        recording: Box<Recording>,
        /// The derivation of its probes; `None`: fixtures.
        derivation: Option<Box<DerivationArguments>>,
    },
    /// A JSON report.
    Report(Box<ReportDocument>),
}

impl Origin {
    pub(super) fn of(given: &OsStr) -> Result<Self, Failure> {
        let (path, text) = (Path::new(given), given.to_string_lossy());
        if text == REFERENCE {
            Ok(Self::Endpoint(None))
        } else if text.contains("://") {
            Ok(Self::Endpoint(Some(text.into_owned())))
        } else if path.is_dir() {
            Self::recording(path)
        } else if path.file_name().is_some_and(|name| name == INDEX) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            Self::recording(folder.unwrap_or(Path::new(".")))
        } else if path.exists() {
            Ok(Self::Report(Box::new(read_report(path)?)))
        } else {
            Err(Failure::usage(format!(
                "{text}: no such file or folder\nhelp: name the URL of an endpoint, a recording, a JSON report, or {REFERENCE}"
            )))
        }
    }

    fn recording(folder: &Path) -> Result<Self, Failure> {
        let recording = Recording::open(folder).map_err(|error| Failure::usage(error.to_string()))?;
        let derivation = recording.header().derivation.clone().map(serde_json::from_value).transpose();
        let derivation = derivation.map_err(|error| {
            Failure::usage(format!("{}: cannot read which probes were run: {error}", folder.display()))
        })?;
        Ok(Self::Recording { folder: folder.to_owned(), recording: Box::new(recording), derivation })
    }

    /// The seed of the run, unless it has yet to run.
    pub(super) fn seed(&self) -> Option<u64> {
        match self {
            Self::Endpoint(_) => None,
            Self::Recording { recording, .. } => Some(recording.header().run.seed),
            Self::Report(document) => Some(document.seed),
        }
    }

    /// True if it has probes of a model instead of fixtures.
    pub(super) fn is_of_probes(&self) -> bool {
        match self {
            Self::Endpoint(_) => false,
            Self::Recording { derivation, .. } => derivation.is_some(),
            Self::Report(document) => document.coverage.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::exit::ExitStatus;

    #[test]
    fn an_invalid_side_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        for side in ["no-such-thing", &folder.path().display().to_string()] {
            assert_eq!(Origin::of(side.as_ref()).unwrap_err().status, ExitStatus::Usage);
        }
    }

    #[test]
    fn an_endpoint_is_named_by_its_url_or_by_a_word() {
        assert!(matches!(Origin::of("reference".as_ref()), Ok(Origin::Endpoint(None))));
        assert!(matches!(Origin::of("http://127.0.0.1:1".as_ref()), Ok(Origin::Endpoint(Some(_)))));
    }
}
