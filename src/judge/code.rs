//! The stable names of the checks, which findings, requirements, baselines and reports share.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::check::{CHECKS, Check, PointsAt};

/// The stable name of a check, such as `response-shape`. Baselines and reports keep it.
///
/// Each check declares its own constant. `wireproof explain` lists all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(&'static str);

impl Code {
    pub(in crate::judge) const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The kebab-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The code with this name, if there is such a check.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        CHECKS.iter().map(|check| check.code).find(|code| code.0 == name)
    }

    /// The check that owns the code.
    pub(crate) fn check(self) -> Option<&'static Check> {
        CHECKS.iter().find(|check| check.code == self)
    }

    /// The part of the exchange that a report marks for a finding without a JSON pointer.
    pub(crate) fn points_at(self) -> PointsAt {
        self.check().map_or(PointsAt::Body, |check| check.points_at)
    }

    fn position(self) -> usize {
        CHECKS.iter().position(|check| check.code == self).unwrap_or(CHECKS.len())
    }
}

/// Codes sort in the order in which their checks run.
impl Ord for Code {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.position(), self.0).cmp(&(other.position(), other.0))
    }
}

impl PartialOrd for Code {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| de::Error::custom(format!("unknown check `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_code_is_read_back_from_its_name_as_a_value_and_as_a_key() {
        for code in CHECKS.iter().map(|check| check.code) {
            assert_eq!(Code::named(code.name()), Some(code));
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
            let map = BTreeMap::from([(code, 1)]);
            let text = serde_json::to_string(&map).unwrap();
            assert_eq!(serde_json::from_str::<BTreeMap<Code, u8>>(&text).unwrap(), map);
        }
    }

    #[test]
    fn an_unknown_name_is_rejected() {
        let error = serde_json::from_str::<Code>("\"statsu\"").unwrap_err();
        assert!(error.to_string().starts_with("unknown check `statsu`"), "{error}");
        assert_eq!(Code::named("statsu"), None);
    }

    #[test]
    fn codes_sort_as_their_checks_run() {
        let mut codes: Vec<Code> = CHECKS.iter().rev().map(|check| check.code).collect();
        codes.sort();
        assert_eq!(codes, CHECKS.iter().map(|check| check.code).collect::<Vec<_>>());
    }
}
