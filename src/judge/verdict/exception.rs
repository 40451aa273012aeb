//! Rules that real AWS breaks in one place: what is an error elsewhere is a warning there.

use crate::model::ShapeRule;

/// A required member that AWS itself leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The service, by the name that its requests are signed with.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The member, as a JSON pointer into the answer, without regard to case. `*` is any one item or entry; `**` at
    /// the end is the place itself and everything below it.
    pub pointer: &'static str,
    /// Why AWS leaves it out.
    pub reason: &'static str,
}

/// Every known one, by service.
pub const EXCEPTIONS: &[Exception] = &[
    known("bedrock", "GetAgent", "/agent/agentVersion", DRAFT),
    known("bedrock", "CreateAgent", "/agent/agentVersion", SAME_DRAFT),
    known("bedrock", "UpdateAgent", "/agent/agentVersion", SAME_DRAFT),
    known(
        "bedrock",
        "GetModelCustomizationJob",
        "/validationDataConfig",
        "a job that was given no validation data has none",
    ),
    known(
        "elasticmapreduce",
        "DescribeCluster",
        "/Cluster/KerberosAttributes/**",
        "a cluster without Kerberos has attributes that are empty",
    ),
    known(
        "firehose",
        "DescribeDeliveryStream",
        "/DeliveryStreamDescription/DeliveryStreamType",
        "recorded streams from before there were several types have none",
    ),
    known(
        "guardduty",
        "GetAdministratorAccount",
        "/administrator",
        "a detector without an administrator has none to show",
    ),
    known("kafka", "ListConfigurations", "/configurations/*/description", "one made without a description has none"),
    known("lambda", "GetFunctionCodeSigningConfig", "/**", "a function without a signing configuration gets {}"),
    known(
        "mq",
        "ListBrokers",
        "/brokerSummaries/*/engineType",
        "recorded brokers from before there were two engines have none",
    ),
    known(
        "sagemaker",
        "DescribeCompilationJob",
        "/**",
        "a job has no artifacts before it ends, and no failure without one",
    ),
    known("sagemaker", "DescribeTrainingJob", "/ModelArtifacts/**", "a job has no artifacts before it ends"),
    known(
        "ses",
        "GetEmailIdentity",
        "/MailFromAttributes/**",
        "an identity without a MAIL FROM domain has none to show",
    ),
    known("sqs", "ChangeMessageVisibilityBatch", "/Failed", SAME_BATCH),
    known("sqs", "DeleteMessageBatch", "/Failed", SAME_BATCH),
    known("sqs", "SendMessageBatch", "/Failed", NONE_FAILED),
    known("transfer", "DescribeConnector", "/Connector/EgressType", BEFORE_EGRESS),
    known("transfer", "DescribeConnector", "/Connector/Status", BEFORE_EGRESS),
];

const DRAFT: &str = "the working draft of an agent has no version of its own";
const SAME_DRAFT: &str = "it gives the shape that GetAgent gives, of the same draft; none is recorded";
const NONE_FAILED: &str = "where nothing failed, AWS leaves the list out instead of sending an empty one";
const SAME_BATCH: &str = "it lists failures as SendMessageBatch does; none is recorded";
const BEFORE_EGRESS: &str = "recorded connectors from before the choice of an egress have neither it nor a status";

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

/// The exception that a broken rule falls under, if it does.
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
    #[case::below_a_closed_place("sqs", "SendMessageBatch", ShapeRule::Required, "/Failed/0/Id", false)]
    #[case::the_open_place("sagemaker", "DescribeTrainingJob", ShapeRule::Required, "/ModelArtifacts", true)]
    #[case::below("ses", "GetEmailIdentity", ShapeRule::Required, "/MailFromAttributes/MailFromDomain", true)]
    #[case::the_whole("lambda", "GetFunctionCodeSigningConfig", ShapeRule::Required, "/FunctionName", true)]
    fn an_exception_is_for_one_place(
        #[case] service: &str,
        #[case] operation: &str,
        #[case] rule: ShapeRule,
        #[case] pointer: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(exception(service, operation, rule, pointer).is_some(), expected);
    }

    #[test]
    fn exceptions_stand_in_the_order_of_their_services_and_no_place_twice() {
        let places: Vec<_> = EXCEPTIONS.iter().map(|one| (one.service, one.operation, one.pointer)).collect();
        assert!(EXCEPTIONS.is_sorted_by_key(|one| one.service));
        assert!(places.iter().enumerate().all(|(index, place)| !places[..index].contains(place)));
        assert!(EXCEPTIONS.iter().all(|one| !one.reason.is_empty()));
    }
}
