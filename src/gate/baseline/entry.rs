//! One accepted deviation.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

/// The reason that an update writes. It does not count as a reason.
pub const UNEXPLAINED: &str = "seen when the baseline was made, not yet looked at";

/// One accepted deviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineEntry {
    /// The case.
    pub case: String,
    /// The code of the check.
    pub code: String,
    /// The fingerprint of the finding, in twelve hexadecimal digits.
    pub fingerprint: String,
    /// The reason why it is accepted.
    pub reason: String,
    /// The issue that tracks it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub issue: Option<String>,
    /// The last day on which it is accepted, `2026-12-31`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "baseline", serde(deserialize_with = "super::toml_text::day"))]
    pub expires: Option<String>,
}

impl BaselineEntry {
    /// A new entry.
    pub(super) fn fresh(case: &str, code: &str, reason: Option<&str>) -> Self {
        Self {
            case: case.to_owned(),
            code: code.to_owned(),
            fingerprint: String::new(),
            reason: reason.unwrap_or(UNEXPLAINED).to_owned(),
            issue: None,
            expires: None,
        }
    }

    /// The entry has expired.
    pub(super) fn is_over(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|day| day < today)
    }

    /// The entry has no reason yet.
    pub(super) fn is_unexplained(&self) -> bool {
        self.reason.trim() == UNEXPLAINED
    }
}

/// The text is a day of the calendar, in the form that can be compared as text.
pub(super) fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let date = || {
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
    };
    text.len() == 10 && year.len() == 4 && month.len() == 2 && date().is_some()
}
