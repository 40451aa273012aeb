//! An account in a region, with the format of its ARNs, deployment IDs and timestamps.

use serde_json::{Value, json};

use super::Partition;
use crate::wire::digest::Sha256;

/// The maximum length of an ARN in the model.
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
    /// An increasing number that defines the order of deployments.
    pub(super) number: u64,
    /// The deployment ID, in the form of a lowercase UUID.
    pub(super) id: String,
}

impl DeploymentLocation {
    pub(super) fn new(partition: Partition<'_>) -> Self {
        Self { account: partition.account.to_owned(), region: partition.region.to_owned(), issued: 0 }
    }

    /// The ARN of a Proton resource such as `service/simple-svc`.
    pub(super) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:proton:{}:{}:{resource}", self.region, self.account)
    }

    /// The identity of the next deployment. IDs are hashes of a counter, so runs are reproducible.
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

/// A time in epoch seconds, rounded to milliseconds.
pub(super) fn timestamp(seconds: f64) -> Value {
    json!((seconds * 1000.0).round() / 1000.0)
}

/// Returns true if `name` is a valid `ResourceName`.
pub(super) fn is_resource_name(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    name.len() <= 100 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(valid)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn deployment_ids_are_lowercase_uuids_and_depend_only_on_the_location() {
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
    fn a_timestamp_is_rounded_to_milliseconds() {
        assert_eq!(timestamp(1_617_400_965.095_44).to_string(), "1617400965.095");
    }

    #[rstest]
    #[case("a", true)]
    #[case("0_-", true)]
    #[case("", false)]
    #[case("-a", false)]
    #[case("a b", false)]
    #[case("é", false)]
    fn a_resource_name_starts_with_a_letter_or_digit(#[case] name: &str, #[case] valid: bool) {
        assert_eq!(is_resource_name(name), valid);
        assert!(!is_resource_name(&"a".repeat(101)));
    }
}
