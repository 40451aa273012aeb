//! Operations that AWS documents, or is known, to answer otherwise than a family expects, each with the reason.

use super::ProbeSubject;
use crate::probe::UnprobedReason;

/// An operation of a service that a family does not ask.
struct FamilyException {
    /// The service, as its requests are signed.
    service: &'static str,
    operation: &'static str,
    family: &'static str,
    /// The member; empty: all.
    member: &'static str,
    /// Why AWS answers otherwise.
    reason: &'static str,
}

const EXCEPTIONS: [FamilyException; 7] = [
    known("cognito-idp", "CreateUserPoolDomain", "gone", "", "a domain of nothing has an empty description"),
    known("cognito-idp", "DescribeUserPoolDomain", "absent", "", "a domain of nothing has an empty description"),
    known("dynamodb", "CreateBackup", "duplicate", "", "several backups may have one name"),
    known("ec2", "CreateNatGateway", "round-trip", "VpcId", "is of regional gateways, which have no subnet"),
    known("iam", "CreateOpenIDConnectProvider", "round-trip", "Url", "a URL is returned without its scheme"),
    known("iam", "EnableMFADevice", "absent", "SerialNumber", "a device of hardware is known by its first use"),
    known("s3", "CreateBucket", "duplicate", "", "us-east-1 accepts it from the owner of the bucket"),
];

const fn known(
    service: &'static str,
    operation: &'static str,
    family: &'static str,
    member: &'static str,
    reason: &'static str,
) -> FamilyException {
    FamilyException { service, operation, family, member, reason }
}

/// Returns why a family does not ask an operation at a location, if it does not.
pub(super) fn exception(subject: &ProbeSubject<'_>, family: &str) -> Option<UnprobedReason> {
    let service = &subject.contract().service().signing_name;
    let path = subject.location.path.to_string();
    let is_meant = |one: &&FamilyException| {
        one.service == *service
            && one.operation == subject.recipe.operation.name
            && one.family == family
            && (one.member.is_empty() || one.member == path)
    };
    EXCEPTIONS.iter().find(is_meant).map(|one| UnprobedReason::Exception { reason: one.reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::ProbeFamily;

    #[test]
    fn each_exception_names_a_family_and_has_a_reason() {
        assert!(EXCEPTIONS.iter().all(|one| ProbeFamily::named(one.family).is_some() && !one.reason.is_empty()));
        assert!(EXCEPTIONS.is_sorted_by_key(|one| (one.service, one.operation, one.family)));
    }
}
