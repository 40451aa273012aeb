//! Shards: the part of a selection that one machine runs. Each case is in exactly one shard.
//!
//! The shard of a case depends only on its ID, so it is the same on every machine and for every selection. Cases that
//! belong together stay together ([`unit()`]). The environment is passed as a function.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::wire::digest::Sha256;

/// One of several shards, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Numbers")]
pub struct Shard {
    index: usize,
    total: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    index: usize,
    total: usize,
}

/// An invalid shard, or an environment that does not define one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShardError {
    /// The text does not have the form K/N.
    #[error("expected K/N, such as 2/7, or auto; got {0:?}")]
    Form(String),
    /// The index is 0 or greater than the total.
    #[error("shard {index} of {total} does not exist: shards are numbered from 1 to the total")]
    Numbers {
        /// The index.
        index: usize,
        /// The total.
        total: usize,
    },
    /// The environment sets none of the known variables.
    #[error(
        "--shard auto found none of the variables {}\nhelp: pass --shard K/N; on GitHub Actions, which sets no such \
         variables, pass --shard ${{{{ matrix.shard }}}}/N",
        known_variables()
    )]
    Unknown,
    /// A variable of a pair is missing or not a number.
    #[error("--shard auto needs numbers in two variables, but {index} is {} and {total} is {}", shown(.index_is.as_ref()), shown(.total_is.as_ref()))]
    Variables {
        /// The variable of the index.
        index: &'static str,
        /// Its value.
        index_is: Option<String>,
        /// The variable of the total.
        total: &'static str,
        /// Its value.
        total_is: Option<String>,
    },
}

fn shown(value: Option<&String>) -> String {
    value.map_or_else(|| "not set".to_owned(), |value| format!("{value:?}"))
}

/// The variables in which a CI system passes the index and the number of shards.
struct Convention {
    index: &'static str,
    total: &'static str,
    /// The number of the first shard.
    first: usize,
}

const fn convention(index: &'static str, total: &'static str, first: usize) -> Convention {
    Convention { index, total, first }
}

/// In this order: GitLab, `CircleCI`, Buildkite, Bazel, and an Indexed Job of Kubernetes, which does not pass the total.
const CONVENTIONS: [Convention; 5] = [
    convention("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    convention("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    convention("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    convention("TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", 0),
    convention("JOB_COMPLETION_INDEX", "WIREPROOF_SHARD_TOTAL", 0),
];

fn known_variables() -> String {
    CONVENTIONS.map(|of| format!("{}/{}", of.index, of.total)).join(", ")
}

impl Shard {
    /// The shard with this number, counted from 1.
    ///
    /// # Errors
    /// The index is 0 or greater than the total.
    pub fn new(index: usize, total: usize) -> Result<Self, ShardError> {
        if index == 0 || index > total { Err(ShardError::Numbers { index, total }) } else { Ok(Self { index, total }) }
    }

    /// The shard that the variables of a CI system or a job scheduler define.
    ///
    /// # Errors
    /// The environment sets none of the known variables, or their values are not a valid shard.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ShardError> {
        let value = |name: &str| variable(name).filter(|value| !value.is_empty());
        for Convention { index, total, first } in CONVENTIONS {
            let (index_is, total_is) = (value(index), value(total));
            let numbers = (number(index_is.as_deref()), number(total_is.as_deref()));
            match (index_is, total_is, numbers) {
                (None, None, _) => {}
                (_, _, (Some(at), Some(of))) => return Self::new((at + 1).saturating_sub(first), of),
                // GitLab sets a total of 1 and no index for jobs that do not run in parallel.
                (None, Some(_), (_, Some(1))) => return Self::new(1, 1),
                (index_is, total_is, _) => return Err(ShardError::Variables { index, index_is, total, total_is }),
            }
        }
        Err(ShardError::Unknown)
    }

    /// The number of the shard, from 1.
    #[must_use]
    pub fn index(self) -> usize {
        self.index
    }

    /// The number of shards.
    #[must_use]
    pub fn total(self) -> usize {
        self.total
    }

    /// True if a case, or a [`unit()`] of cases, is in this shard.
    #[must_use]
    pub fn has(self, id: &str) -> bool {
        let digest = Sha256::digest(unit(id).as_bytes());
        let hash = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        hash % (self.total as u64) == (self.index as u64) - 1
    }
}

fn number(text: Option<&str>) -> Option<usize> {
    // A larger number is not a count of machines.
    text?.parse::<u32>().ok()?.try_into().ok()
}

/// The cases that run in the same shard: the rows of a scenario, or all probes of an operation, because a probe must
/// run where its control ran.
#[must_use]
pub fn unit(id: &str) -> &str {
    match id.split_once('/') {
        Some((operation, _)) if operation.contains('.') => operation,
        _ => id.split('#').next().unwrap_or(id),
    }
}

impl TryFrom<Numbers> for Shard {
    type Error = ShardError;

    fn try_from(Numbers { index, total }: Numbers) -> Result<Self, ShardError> {
        Self::new(index, total)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').and_then(|(index, total)| number(Some(index)).zip(number(Some(total))));
        let (index, total) = numbers.ok_or_else(|| ShardError::Form(text.to_owned()))?;
        Self::new(index, total)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("codedeploy/stop-deployment/unknown-id", "codedeploy/stop-deployment/unknown-id")]
    #[case("codedeploy/stop-deployment/unknown-id#random", "codedeploy/stop-deployment/unknown-id")]
    #[case("ssm.PutParameter/control", "ssm.PutParameter")]
    #[case("ssm.PutParameter/Tags[]/Key/pattern/end#", "ssm.PutParameter")]
    #[case("x", "x")]
    fn dependent_cases_have_one_unit(#[case] id: &str, #[case] expected: &str) {
        assert_eq!((unit(id), unit(expected)), (expected, expected));
    }

    #[test]
    fn the_shard_of_an_id_never_changes() {
        let parts = ["codedeploy/stop-deployment/unknown-id", "ssm.PutParameter", ""]
            .map(|id| (1..=7).filter(|index| Shard::new(*index, 7).unwrap().has(id)).collect::<Vec<_>>());
        assert_eq!(parts, [[7], [6], [2]]);
    }

    #[rstest]
    #[case("2/7", Ok((2, 7)))]
    #[case("1/1", Ok((1, 1)))]
    #[case("0/7", Err("shard 0 of 7 does not exist"))]
    #[case("8/7", Err("shard 8 of 7 does not exist"))]
    #[case("0/0", Err("shard 0 of 0 does not exist"))]
    #[case("2", Err("expected K/N"))]
    #[case("-1/7", Err("expected K/N"))]
    #[case("1/99999999999", Err("expected K/N"))]
    fn a_shard_is_written_as_k_of_n(#[case] text: &str, #[case] expected: Result<(usize, usize), &str>) {
        match (text.parse::<Shard>(), expected) {
            (Ok(shard), Ok(numbers)) => {
                assert_eq!((shard.index(), shard.total()), numbers);
                assert_eq!(shard.to_string(), text);
            }
            (Err(error), Err(starts)) => assert!(error.to_string().starts_with(starts), "{error}"),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    fn auto(variables: &[(&str, &str)]) -> Result<String, String> {
        let variables: HashMap<&str, &str> = variables.iter().copied().collect();
        let shard = Shard::of_environment(|name| variables.get(name).map(|value| (*value).to_owned()));
        shard.map(|shard| shard.to_string()).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case::gitlab(&[("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "7")], "2/7")]
    #[case::gitlab_alone(&[("CI_NODE_TOTAL", "1")], "1/1")]
    #[case::circle(&[("CIRCLE_NODE_INDEX", "0"), ("CIRCLE_NODE_TOTAL", "7")], "1/7")]
    #[case::buildkite(&[("BUILDKITE_PARALLEL_JOB", "6"), ("BUILDKITE_PARALLEL_JOB_COUNT", "7")], "7/7")]
    #[case::bazel(&[("TEST_SHARD_INDEX", "3"), ("TEST_TOTAL_SHARDS", "4")], "4/4")]
    #[case::indexed_job(&[("JOB_COMPLETION_INDEX", "0"), ("WIREPROOF_SHARD_TOTAL", "3")], "1/3")]
    #[case::empty_is_not_set(&[("CI_NODE_INDEX", ""), ("TEST_SHARD_INDEX", "0"), ("TEST_TOTAL_SHARDS", "2")], "1/2")]
    fn each_ci_system_has_its_own_numbering(#[case] set: &[(&str, &str)], #[case] expected: &str) {
        assert_eq!(auto(set), Ok(expected.to_owned()));
    }

    #[rstest]
    #[case::nothing(&[], "--shard auto found none of the variables CI_NODE_INDEX/CI_NODE_TOTAL, ")]
    #[case::counted_from_0(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "7")], "shard 0 of 7 does not exist")]
    #[case::beyond(&[("CIRCLE_NODE_INDEX", "7"), ("CIRCLE_NODE_TOTAL", "7")], "shard 8 of 7 does not exist")]
    #[case::no_total(
        &[("JOB_COMPLETION_INDEX", "0")],
        "--shard auto needs numbers in two variables, but JOB_COMPLETION_INDEX is \"0\" and WIREPROOF_SHARD_TOTAL is not set"
    )]
    #[case::no_number(
        &[("CI_NODE_INDEX", "x"), ("CI_NODE_TOTAL", "7")],
        "--shard auto needs numbers in two variables, but CI_NODE_INDEX is \"x\" and CI_NODE_TOTAL is \"7\""
    )]
    fn an_incomplete_environment_is_an_error(#[case] set: &[(&str, &str)], #[case] starts: &str) {
        let error = auto(set).unwrap_err();
        assert!(error.starts_with(starts), "{error}");
        assert!(!starts.contains("none") || error.contains("--shard ${{ matrix.shard }}/N"), "{error}");
    }

    #[test]
    fn an_invalid_shard_is_not_read() {
        assert!(serde_json::from_str::<Shard>(r#"{"index":2,"total":7}"#).is_ok());
        assert!(serde_json::from_str::<Shard>(r#"{"index":8,"total":7}"#).is_err());
    }

    proptest! {
        #[test]
        fn every_case_is_in_exactly_one_shard(id in "[a-z.]{0,9}(/[a-z]{1,4}){0,3}(#[a-z]{1,3})?", total in 1..40_usize) {
            let parts = (1..=total).filter(|index| Shard::new(*index, total).unwrap().has(&id));
            prop_assert_eq!(parts.count(), 1);
        }
    }
}
