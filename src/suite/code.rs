//! The stable codes of the checks: the words that findings, requirements, baselines and people share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What one check looks for. The names are stable: they stand in reports and in people's baselines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// A success where one is documented, a refusal where one is.
    Outcome,
    /// The HTTP status of a success.
    Status,
    /// The media type of the answer.
    ContentType,
    /// No content coding that was not asked for.
    ContentEncoding,
    /// The length that the header promises is the length of the body.
    ContentLength,
    /// A request id, present and unique in the run.
    RequestId,
    /// The body is one JSON object in UTF-8 and nothing else.
    Json,
    /// The error is the documented one.
    ErrorIdentity,
    /// The error is one that the operation declares, or a common one.
    DeclaredError,
    /// The HTTP status of the error.
    ErrorStatus,
    /// The body of the error, by the model.
    ErrorShape,
    /// The output, by the model.
    ResponseShape,
    /// The values that the scenario expects in the body.
    ExpectedBody,
    /// A condition that must come true in time.
    Eventually,
    /// A condition that must stay true.
    Consistently,
    /// The legal neighbour of a refused request is not refused.
    Control,
    /// A refused request changes nothing.
    SideEffect,
    /// The operation is implemented at all.
    Implementation,
    /// The observation is the recorded one.
    Snapshot,
}

impl Code {
    /// Every code, in the order in which checks run.
    pub const ALL: [Self; 19] = [
        Self::Implementation,
        Self::Outcome,
        Self::Status,
        Self::ErrorIdentity,
        Self::DeclaredError,
        Self::ErrorStatus,
        Self::ErrorShape,
        Self::ContentType,
        Self::ContentEncoding,
        Self::ContentLength,
        Self::RequestId,
        Self::Json,
        Self::ResponseShape,
        Self::ExpectedBody,
        Self::Eventually,
        Self::Consistently,
        Self::Control,
        Self::SideEffect,
        Self::Snapshot,
    ];

    /// The kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Status => "status",
            Self::ContentType => "content-type",
            Self::ContentEncoding => "content-encoding",
            Self::ContentLength => "content-length",
            Self::RequestId => "request-id",
            Self::Json => "json",
            Self::ErrorIdentity => "error-identity",
            Self::DeclaredError => "declared-error",
            Self::ErrorStatus => "error-status",
            Self::ErrorShape => "error-shape",
            Self::ResponseShape => "response-shape",
            Self::ExpectedBody => "expected-body",
            Self::Eventually => "eventually",
            Self::Consistently => "consistently",
            Self::Control => "control",
            Self::SideEffect => "side-effect",
            Self::Implementation => "implementation",
            Self::Snapshot => "snapshot",
        }
    }

    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name_and_serialises_to_it() {
        for code in Code::ALL {
            assert_eq!(Code::named(code.name()), Some(code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
