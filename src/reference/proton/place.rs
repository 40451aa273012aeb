//! An account in a region: the ARNs, the ids and the time that its resources are written with.

use serde_json::{Value, json};

use super::Partition;
use crate::wire::digest::Sha256;

/// The longest ARN that the model lets anything refer to.
pub(super) const LONGEST_ARN: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct DeploymentLocation {
    account: String,
    region: String,
    issued: u64,
}

/// The identity of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Counts up, so that deployments sort by it.
    pub(super) number: u64,
    /// The form of a UUID in lower case.
    pub(super) id: String,
}

impl DeploymentLocation {
    pub(super) fn new(partition: Partition<'_>) -> Self {
        Self { account: partition.account.to_owned(), region: partition.region.to_owned(), issued: 0 }
    }

    /// The ARN of a resource of Proton's, `service/simple-svc` for one.
    pub(super) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:proton:{}:{}:{resource}", self.region, self.account)
    }

    /// The next deployment's identity. Ids are hashes and not random: a run can be repeated exactly.
    pub(super) fn ticket(&mut self) -> Ticket {
        self.issued += 1;
        let seed = format!("deployment/{}/{}/{}", self.account, self.region, self.issued);
        let mut id = String::with_capacity(36);
        for (index, byte) in Sha256::digest(seed).iter().take(16).enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                id.push('-');
            }
            id.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
        }
        Ticket { number: self.issued, id }
    }
}

/// A time as the protocol writes it: seconds, with milliseconds as the fraction.
pub(super) fn timestamp(seconds: f64) -> Value {
    json!((seconds * 1000.0).round() / 1000.0)
}

/// Whether `name` is a legal `ResourceName`.
pub(super) fn is_resource_name(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.len() <= 100 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn deployment_ids_are_lower_case_uuids_and_repeat_with_the_place() {
        let partition = Partition { account: "123456789012", region: "eu-west-1" };
        let (mut one, mut other) = (DeploymentLocation::new(partition), DeploymentLocation::new(partition));
        let first = one.ticket();
        let lengths: Vec<usize> = first.id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(first.id.chars().all(|c| c == '-' || matches!(c, '0'..='9' | 'a'..='f')));
        assert_eq!(first, other.ticket());
        assert_ne!(first.id, one.ticket().id);
    }

    #[test]
    fn a_timestamp_keeps_milliseconds_and_no_more() {
        assert_eq!(timestamp(1_617_400_965.095_44).to_string(), "1617400965.095");
    }

    #[rstest]
    #[case("a", true)]
    #[case("0_-", true)]
    #[case("", false)]
    #[case("-a", false)]
    #[case("a b", false)]
    #[case("é", false)]
    fn a_resource_name_starts_with_a_letter_or_digit(#[case] name: &str, #[case] legal: bool) {
        assert_eq!(is_resource_name(name), legal);
        assert!(!is_resource_name(&"a".repeat(101)));
    }
}
