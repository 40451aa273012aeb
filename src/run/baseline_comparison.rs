//! The comparison of a run with a baseline as plain data. It contains everything that a report may show of it.

use serde::{Deserialize, Serialize};

use super::exchange_report::ShownExchange;
use crate::suite::CaseId;

/// The comparison of a run with a baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineComparison {
    /// The file.
    pub file: String,
    /// The number of deviating cases in the run that the baseline knows.
    pub known: usize,
    /// The number of cases that the baseline lists as unstable.
    pub unstable: usize,
    /// The differences, each of which fails the run; the most important first.
    pub differences: Vec<Differing>,
}

/// A kind of difference from a baseline. Each fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Difference {
    /// The target implemented the operation, and no longer does.
    OperationVanished,
    /// A cause that the baseline does not have.
    NewCause,
    /// A cause of the baseline has more cases.
    Grown,
    /// Known cases respond in another way.
    Changed,
    /// A warning that the baseline does not have.
    NewWarning,
    /// Errors that the baseline knows have another status.
    ErrorStatus,
    /// Cases are blocked that were not.
    NewlyBlocked,
    /// Unstable cases had none of their recorded results.
    Unstable,
    /// The entry has expired.
    Expired,
    /// The entry has no reason.
    Unexplained,
    /// No case of the entry deviates anymore.
    Gone,
    /// Some cases of the entry no longer deviate.
    Shrunk,
    /// A warning of the baseline is gone.
    WarningGone,
    /// No case has these IDs.
    UnknownCase,
}

/// One difference from a baseline: a cause, an entry or an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Differing {
    /// Its kind.
    pub difference: Difference,
    /// The cause in one line, or the operation.
    pub headline: String,
    /// The number of cases that differ.
    pub count: usize,
    /// The cases that differ, as patterns.
    pub cases: Vec<String>,
    /// The responses in the baseline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// The responses of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// The reason of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The issue of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The last day of the entry, if it has expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// A case that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<CaseId>,
    /// The exchange of that case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ShownExchange>,
    /// The hint to resolve it.
    pub advice: String,
}

impl Difference {
    /// The kind in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OperationVanished => "an operation vanished",
            Self::NewCause => "a new cause",
            Self::Grown => "a known cause grew",
            Self::Changed => "known cases respond differently",
            Self::NewWarning => "a new warning",
            Self::ErrorStatus => "known errors have another status",
            Self::NewlyBlocked => "more cases are blocked",
            Self::Unstable => "unstable cases had a new result",
            Self::Expired => "an entry has expired",
            Self::Unexplained => "an entry has no reason",
            Self::Gone => "a known cause is gone",
            Self::Shrunk => "a known cause shrank",
            Self::WarningGone => "a known warning is gone",
            Self::UnknownCase => "cases of an entry do not exist",
        }
    }

    /// The hint to resolve it. `update` is the flag or variable that requests an update.
    #[must_use]
    pub fn advice(self, update: &str) -> String {
        let advice = match self {
            Self::OperationVanished => "fix the endpoint; if it dropped the operation, {update} removes it",
            Self::NewCause => "fix the endpoint, or accept the cause: {update} adds it, and you write its reason",
            Self::Grown => "fix the endpoint; if the reason also holds for these cases, {update} adds them",
            Self::Changed => "fix the endpoint; if the new responses are intended, {update} accepts them",
            Self::NewWarning => "look at what changed; if it is intended, {update} adds the warning",
            Self::ErrorStatus => "fix the endpoint; if the new statuses are intended, {update} accepts them",
            Self::NewlyBlocked => "fix what blocks them; if it is intended, {update} accepts it",
            Self::Unstable => "look at it; {update} adds the result",
            Self::Expired => "fix the endpoint, or give the entry a later day",
            Self::Unexplained => "write its reason in the baseline",
            Self::Gone => "remove the entry, or let {update} do it",
            Self::Shrunk => "remove these cases, or let {update} do it",
            Self::WarningGone => "let {update} remove it",
            Self::UnknownCase => "they were renamed or removed: {update} removes them",
        };
        advice.replace("{update}", update)
    }
}

impl Differing {
    /// True if the endpoint changed for the worse, as far as the baseline says.
    #[must_use]
    pub fn is_regression(&self) -> bool {
        self.difference <= Difference::Unstable
    }

    /// True if its cases deviate.
    pub(crate) fn is_of_deviations(&self) -> bool {
        use Difference::{ErrorStatus, NewWarning, NewlyBlocked};
        self.is_regression() && !matches!(self.difference, ErrorStatus | NewWarning | NewlyBlocked)
    }

    /// A difference with nothing but its kind, its headline and its cases.
    pub(crate) fn new(difference: Difference, headline: String, count: usize, cases: Vec<String>) -> Self {
        Self {
            difference,
            headline,
            count,
            cases,
            known: Vec::new(),
            found: Vec::new(),
            reason: None,
            issue: None,
            expires: None,
            representative: None,
            exchange: None,
            advice: String::new(),
        }
    }
}

impl BaselineComparison {
    /// The result in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let differs = match self.differences.len() {
            0 => "nothing differs".to_owned(),
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        };
        let unstable = if self.unstable == 0 { String::new() } else { format!(", {} unstable", self.unstable) };
        format!("baseline {}: {} known{unstable}, {differs}", self.file, self.known)
    }
}
