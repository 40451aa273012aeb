//! Rules that real AWS violates at one location. There, a violation is only a warning.

use crate::model::ShapeRule;

/// A required member that AWS itself omits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The service, as its requests are signed.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The member, as a JSON pointer into the response that ignores letter case. `*` is any one item or entry; `**` at
    /// the end is the location itself and everything below it.
    pub pointer: &'static str,
    /// The reason why AWS omits it.
    pub reason: &'static str,
}

/// Every known exception, by service.
pub const EXCEPTIONS: &[Exception] = &[
    known("bedrock", "GetAgent", "/agent/agentVersion", DRAFT),
    known("bedrock", "CreateAgent", "/agent/agentVersion", SAME_DRAFT),
    known("bedrock", "UpdateAgent", "/agent/agentVersion", SAME_DRAFT),
    known("bedrock", "GetModelCustomizationJob", "/validationDataConfig", "a job without validation data has none"),
    known(
        "cloudfront",
        "ListKeyValueStores",
        "/KeyValueStoreList/Items/*/Comment",
        "a store without a comment was recorded without one",
    ),
    known(
        "elasticmapreduce",
        "DescribeCluster",
        "/Cluster/KerberosAttributes/**",
        "a cluster without Kerberos has empty attributes",
    ),
    known(
        "firehose",
        "DescribeDeliveryStream",
        "/DeliveryStreamDescription/DeliveryStreamType",
        "streams recorded before the type existed have none",
    ),
    known("guardduty", "GetAdministratorAccount", "/administrator", "a detector without an administrator has none"),
    known(
        "iam",
        "ListVirtualMFADevices",
        "/VirtualMFADevices/*/User/**",
        "the user of a device of the root account has no path and no name",
    ),
    known(
        "kafka",
        "ListConfigurations",
        "/configurations/*/description",
        "a configuration without a description has none",
    ),
    known("lambda", "GetFunctionCodeSigningConfig", "/**", "a function without a signing configuration gets {}"),
    known(
        "monitoring",
        "DescribeInsightRules",
        "/InsightRules/*/Definition",
        "managed rules were recorded without their definition",
    ),
    known(
        "mq",
        "ListBrokers",
        "/brokerSummaries/*/engineType",
        "brokers recorded before the second engine existed have none",
    ),
    known("route53", "ListHealthChecks", "/Marker", FIRST_PAGE),
    known("route53", "ListHostedZones", "/Marker", FIRST_PAGE),
    known("route53", "ListReusableDelegationSets", "/Marker", FIRST_PAGE),
    known(
        "sagemaker",
        "DescribeCompilationJob",
        "/**",
        "a job has no artifacts before it ends, and no failure reason if it succeeds",
    ),
    known("sagemaker", "DescribeTrainingJob", "/ModelArtifacts/**", "a job has no artifacts before it ends"),
    known("ses", "GetEmailIdentity", "/MailFromAttributes/**", "an identity without a MAIL FROM domain has none"),
    known("sqs", "ChangeMessageVisibilityBatch", "/Failed", SAME_BATCH),
    known("sqs", "DeleteMessageBatch", "/Failed", SAME_BATCH),
    known("sqs", "SendMessageBatch", "/Failed", NONE_FAILED),
    known("transfer", "DescribeConnector", "/Connector/EgressType", BEFORE_EGRESS),
    known("transfer", "DescribeConnector", "/Connector/Status", BEFORE_EGRESS),
];

const FIRST_PAGE: &str = "the first page repeats no marker of a request, because there is none";
const DRAFT: &str = "the working draft of an agent has no version of its own";
const SAME_DRAFT: &str = "it returns the same draft in the same shape as GetAgent; no response is recorded";
const NONE_FAILED: &str = "if nothing failed, AWS omits the list instead of sending an empty one";
const SAME_BATCH: &str = "it lists failures as SendMessageBatch does; no response is recorded";
const BEFORE_EGRESS: &str = "connectors recorded before the egress type existed have neither it nor a status";

const fn known(
    service: &'static str,
    operation: &'static str,
    pointer: &'static str,
    reason: &'static str,
) -> Exception {
    Exception { service, operation, pointer, reason }
}

impl Exception {
    fn covers(&self, pointer: &str) -> bool {
        let mut tokens = pointer.split('/').skip(1);
        let (steps, is_open) = self.pointer.strip_suffix("/**").map_or((self.pointer, false), |steps| (steps, true));
        let fits = |step: &str| tokens.next().is_some_and(|token| step == "*" || token.eq_ignore_ascii_case(step));
        steps.split('/').skip(1).all(fits) && (is_open || tokens.next().is_none())
    }
}

/// The exception for a violated rule, if there is one.
#[must_use]
pub fn exception(service: &str, operation: &str, rule: ShapeRule, pointer: &str) -> Option<&'static Exception> {
    let mut known = EXCEPTIONS.iter().filter(|_| rule == ShapeRule::Required);
    known.find(|one| one.service == service && one.operation == operation && one.covers(pointer))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_member("sqs", "SendMessageBatch", ShapeRule::Required, "/Failed", true)]
    #[case::another_member("sqs", "SendMessageBatch", ShapeRule::Required, "/Successful", false)]
    #[case::another_rule("sqs", "SendMessageBatch", ShapeRule::Type, "/Failed", false)]
    #[case::another_operation("sqs", "SendMessage", ShapeRule::Required, "/Failed", false)]
    #[case::another_service("sns", "SendMessageBatch", ShapeRule::Required, "/Failed", false)]
    #[case::of_an_item("kafka", "ListConfigurations", ShapeRule::Required, "/configurations/7/description", true)]
    #[case::spelled_as_the_model_does(
        "kafka",
        "ListConfigurations",
        ShapeRule::Required,
        "/Configurations/7/Description",
        true
    )]
    #[case::another_of_an_item("kafka", "ListConfigurations", ShapeRule::Required, "/configurations/7/arn", false)]
    #[case::the_list_itself("kafka", "ListConfigurations", ShapeRule::Required, "/configurations", false)]
    #[case::below_a_closed_location("sqs", "SendMessageBatch", ShapeRule::Required, "/Failed/0/Id", false)]
    #[case::the_open_location("sagemaker", "DescribeTrainingJob", ShapeRule::Required, "/ModelArtifacts", true)]
    #[case::below("ses", "GetEmailIdentity", ShapeRule::Required, "/MailFromAttributes/MailFromDomain", true)]
    #[case::the_whole("lambda", "GetFunctionCodeSigningConfig", ShapeRule::Required, "/FunctionName", true)]
    fn an_exception_is_for_one_location(
        #[case] service: &str,
        #[case] operation: &str,
        #[case] rule: ShapeRule,
        #[case] pointer: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(exception(service, operation, rule, pointer).is_some(), expected);
    }

    #[test]
    fn exceptions_are_sorted_by_service_and_no_location_repeats() {
        let locations: Vec<_> = EXCEPTIONS.iter().map(|one| (one.service, one.operation, one.pointer)).collect();
        assert!(EXCEPTIONS.is_sorted_by_key(|one| one.service));
        assert!(locations.iter().enumerate().all(|(index, location)| !locations[..index].contains(location)));
        assert!(EXCEPTIONS.iter().all(|one| !one.reason.is_empty()));
    }
}
