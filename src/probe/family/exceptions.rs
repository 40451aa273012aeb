//! Operations that AWS documents, or is known, to answer otherwise than a family expects, each with the reason.

use super::ProbeSubject;
use crate::probe::UnprobedReason;

/// An operation of a service that a family does not ask.
struct FamilyException {
    /// The service, as its requests are signed.
    service: &'static str,
    operation: &'static str,
    family: &'static str,
    /// The member, with all that is inside it; empty: all members.
    member: &'static str,
    /// Why AWS answers otherwise.
    reason: &'static str,
}

const LOGS_IN_JSON: &str = "levels need the format JSON";

const EXCEPTIONS: [FamilyException; 110] = [
    known("acm", "RequestCertificate", "round-trip", "DomainValidationOptions", "its domain is of validation by mail"),
    known("acm", "RequestCertificate", "round-trip", "ManagedBy", "what CloudFront manages is validated by HTTP"),
    known("apigateway", "CreateStage", "round-trip", "cacheClusterSize", "a stage has a cache only if it is enabled"),
    known(
        "apigateway",
        "PutIntegration",
        "round-trip",
        "responseTransferMode",
        "only integrations of proxies can stream",
    ),
    known("appsync", "CreateGraphqlApi", "round-trip", "apiType", "a merged API needs a role"),
    known(
        "athena",
        "StartQueryExecution",
        "round-trip",
        "ResultConfiguration",
        "the location gets the id of the query",
    ),
    known("batch", "RegisterJobDefinition", "narrowing", "", "a list is narrowed by names with revisions"),
    known("bedrock", "CreateAgent", "round-trip", "orchestrationType", "custom orchestration needs a function"),
    known("cloudformation", "UpdateStackSet", "round-trip", "Regions", "it names the regions to update"),
    known("cognito-idp", "CreateUserPoolDomain", "gone", "", "a domain of nothing has an empty description"),
    known("cognito-idp", "DescribeUserPoolDomain", "absent", "", "a domain of nothing has an empty description"),
    known(
        "cognito-idp",
        "SetUserPoolMfaConfig",
        "round-trip",
        "EmailMfaConfiguration",
        "the pool must send mail by a verified identity",
    ),
    known("databrew", "CreateRecipe", "listed", "", "a list has published recipes only"),
    known("databrew", "CreateRecipe", "pages", "", "a list has published recipes only"),
    known("databrew", "CreateRecipe", "round-trip", "", "a read without a version returns a published recipe"),
    known(
        "datasync",
        "CreateLocationSmb",
        "round-trip",
        "AuthenticationType",
        "Kerberos needs a principal and its files",
    ),
    known("dynamodb", "CreateBackup", "duplicate", "", "several backups may have one name"),
    known("dynamodb", "CreateTable", "round-trip", "OnDemandThroughput", "only tables with billing by request have it"),
    known("dynamodb", "UpdateTable", "round-trip", "GlobalTableSettingsReplicationMode", "disabling it removes it"),
    known("dynamodb", "UpdateTable", "round-trip", "OnDemandThroughput", "only tables with billing by request have it"),
    known("ec2", "CreateImage", "round-trip", "BlockDeviceMappings", "what the volumes of the instance are stays"),
    known("ec2", "CreateNatGateway", "round-trip", "VpcId", "is of regional gateways, which have no subnet"),
    known("ec2", "RunInstances", "gone", "", "a terminated instance stays visible for a while"),
    known("ec2", "RunInstances", "round-trip", "CpuOptions", "it depends on the type of the instance"),
    known("ec2", "RunInstances", "round-trip", "EnclaveOptions", "it depends on the type of the instance"),
    known("ec2", "RunInstances", "round-trip", "NetworkPerformanceOptions", "it depends on the type of the instance"),
    known("ecs", "CreateCluster", "gone", "", "a deleted cluster may stay visible for a while"),
    known("ecs", "StopTask", "absent", "task", "an unknown task is an invalid parameter"),
    known("eks", "CreateCluster", "round-trip", "storageConfig", "Auto Mode needs computing and load balancing, too"),
    known(
        "eks",
        "UpdateClusterConfig",
        "round-trip",
        "storageConfig",
        "Auto Mode needs computing and load balancing, too",
    ),
    known(
        "elasticache",
        "ModifyReplicationGroup",
        "round-trip",
        "ClusterMode",
        "it is compatible before it is enabled",
    ),
    known("elasticache", "ModifyReplicationGroup", "round-trip", "IpDiscovery", "IPv6 needs a network that has it"),
    known(
        "elasticache",
        "ModifyReplicationGroup",
        "round-trip",
        "TransitEncryptionMode",
        "it is preferred before it is required",
    ),
    known(
        "elasticfilesystem",
        "CreateAccessPoint",
        "tokens",
        "",
        "the same token is an error with the id of the access point",
    ),
    known(
        "elasticfilesystem",
        "CreateFileSystem",
        "tokens",
        "",
        "the same token is an error with the id of the file system",
    ),
    known(
        "elasticloadbalancing",
        "CreateLoadBalancer",
        "round-trip",
        "EnablePrefixForIpv6SourceNat",
        "only network load balancers with two stacks have it",
    ),
    known("es", "CreateDomain", "round-trip", "AIMLOptions/S3VectorsEngine", "its requirements depend on the version"),
    known(
        "es",
        "CreateDomain",
        "round-trip",
        "AIMLOptions/ServerlessVectorAcceleration",
        "its requirements depend on the version",
    ),
    known("es", "CreateDomain", "round-trip", "EngineMode", "its requirements depend on the version"),
    known("es", "CreateDomain", "round-trip", "LogPublishingOptions", "it names a log group"),
    known("es", "CreateElasticsearchDomain", "round-trip", "EngineMode", "its requirements depend on the version"),
    known("es", "CreateElasticsearchDomain", "round-trip", "LogPublishingOptions", "it names a log group"),
    known("glue", "CreateJob", "round-trip", "NumberOfWorkers", "it goes with a type of workers"),
    known("glue", "CreateJob", "round-trip", "WorkerType", "it goes with a number of workers"),
    known("glue", "CreateSession", "round-trip", "NumberOfWorkers", "it goes with a type of workers"),
    known("glue", "CreateSession", "round-trip", "SessionType", "it must fit the version of Glue"),
    known("glue", "CreateSession", "round-trip", "WorkerType", "it goes with a number of workers"),
    known("glue", "CreateTrigger", "round-trip", "EventBatchingCondition", "only triggers by events have one"),
    known("guardduty", "CreateDetector", "tokens", "", "an account has one detector in a region"),
    known("iam", "CreateOpenIDConnectProvider", "round-trip", "Url", "a URL is returned without its scheme"),
    known("iam", "CreateSAMLProvider", "round-trip", "AssertionEncryptionMode", "it goes with a private key"),
    known("iam", "EnableMFADevice", "absent", "SerialNumber", "a device of hardware is known by its first use"),
    known("iam", "UpdateSAMLProvider", "round-trip", "AssertionEncryptionMode", "it goes with a private key"),
    known(
        "iot",
        "CreateDomainConfiguration",
        "round-trip",
        "applicationProtocol",
        "it must fit the type of authentication",
    ),
    known("iot", "CreateDomainConfiguration", "round-trip", "authenticationType", "it must fit the protocol"),
    known("iot", "CreateThingGroup", "duplicate", "", "a second request that is equal succeeds"),
    known("kafka", "CreateCluster", "round-trip", "rebalancing", "only clusters with Express brokers have it"),
    known("kafka", "CreateCluster", "round-trip", "storageMode", "tiers depend on the version of Kafka"),
    known("kinesis", "StartStreamEncryption", "absent", "KeyId", "it names a key of KMS"),
    known("kinesis", "StopStreamEncryption", "absent", "KeyId", "it names a key of KMS"),
    known("lambda", "CreateAlias", "round-trip", "RoutingConfig", "it names a second version"),
    known("lambda", "CreateEventSourceMapping", "round-trip", "LoggingConfig", "only mappings of Kafka have it"),
    known(
        "lambda",
        "CreateFunction",
        "round-trip",
        "DeadLetterConfig",
        "the role of the function must be allowed to send to it",
    ),
    known("lambda", "CreateFunction", "round-trip", "LoggingConfig/ApplicationLogLevel", LOGS_IN_JSON),
    known("lambda", "CreateFunction", "round-trip", "LoggingConfig/SystemLogLevel", LOGS_IN_JSON),
    known("lambda", "UpdateAlias", "round-trip", "RoutingConfig", "it names a second version"),
    known("lambda", "UpdateEventSourceMapping", "round-trip", "LoggingConfig", "only mappings of Kafka have it"),
    known(
        "lambda",
        "UpdateFunctionConfiguration",
        "round-trip",
        "DeadLetterConfig",
        "the role of the function must be allowed to send to it",
    ),
    known("lambda", "UpdateFunctionConfiguration", "round-trip", "DurableConfig", "only durable functions have it"),
    known("lambda", "UpdateFunctionConfiguration", "round-trip", "LoggingConfig/ApplicationLogLevel", LOGS_IN_JSON),
    known("lambda", "UpdateFunctionConfiguration", "round-trip", "LoggingConfig/SystemLogLevel", LOGS_IN_JSON),
    known("logs", "PutDeliveryDestination", "round-trip", "deliveryDestinationType", "it must fit the destination"),
    known("logs", "PutDeliverySource", "round-trip", "deliverySourceConfiguration", "its keys depend on the source"),
    known("mq", "CreateBroker", "round-trip", "dataReplicationMode", "replication needs a primary broker"),
    known("mq", "CreateConfiguration", "round-trip", "authenticationStrategy", "LDAP needs the data of a server"),
    known(
        "network-firewall",
        "CreateFirewall",
        "round-trip",
        "AvailabilityZoneChangeProtection",
        "only some firewalls have zones",
    ),
    known("network-firewall", "CreateFirewall", "round-trip", "ProxySettings", "a proxy has listeners with ports"),
    known("rds", "ModifyDBSubnetGroup", "absent", "", "the subnets may be checked first"),
    known("resource-groups", "CreateGroup", "round-trip", "Criticality", "only groups of applications have it"),
    known("resource-groups", "CreateGroup", "round-trip", "DisplayName", "only groups of applications have it"),
    known("route53", "CreateHostedZone", "consistent", "", "an id is returned with a prefix that requests lack"),
    known("route53", "CreateHostedZone", "gone", "", "an id is returned with a prefix that requests lack"),
    known("route53", "CreateHostedZone", "round-trip", "", "an id is returned with a prefix that requests lack"),
    known(
        "route53",
        "CreateReusableDelegationSet",
        "consistent",
        "",
        "an id is returned with a prefix that requests lack",
    ),
    known("route53", "CreateReusableDelegationSet", "gone", "", "an id is returned with a prefix that requests lack"),
    known(
        "route53",
        "CreateReusableDelegationSet",
        "round-trip",
        "",
        "an id is returned with a prefix that requests lack",
    ),
    known("route53", "UpdateHealthCheck", "round-trip", "HealthCheckVersion", "it must be the current version"),
    known("route53resolver", "CreateResolverEndpoint", "tokens", "", "the same id of a request is an error"),
    known("route53resolver", "CreateResolverQueryLogConfig", "tokens", "", "the same id of a request is an error"),
    known("route53resolver", "CreateResolverRule", "tokens", "", "the same id of a request is an error"),
    known("s3", "CreateBucket", "duplicate", "", "us-east-1 accepts it from the owner of the bucket"),
    known(
        "s3",
        "PutBucketAcl",
        "round-trip",
        "AccessControlPolicy",
        "an owner is known by an id, which tells the rest",
    ),
    known(
        "s3",
        "PutBucketReplication",
        "round-trip",
        "ReplicationConfiguration/Rules[]/SourceSelectionCriteria",
        "it goes with the encryption of the destination",
    ),
    known("s3", "PutObject", "round-trip", "BucketKeyEnabled", "it goes with encryption by a key of KMS"),
    known("s3", "PutObject", "round-trip", "ObjectLockEventHold", "only buckets with Object Lock hold objects"),
    known(
        "s3",
        "PutObject",
        "round-trip",
        "ObjectLockEventHoldDurationDays",
        "only buckets with Object Lock hold objects",
    ),
    known(
        "s3",
        "PutObject",
        "round-trip",
        "ObjectLockEventHoldDurationYears",
        "only buckets with Object Lock hold objects",
    ),
    known(
        "s3",
        "PutObjectAcl",
        "round-trip",
        "AccessControlPolicy",
        "an owner is known by an id, which tells the rest",
    ),
    known("s3", "PutObjectLegalHold", "round-trip", "", "only buckets with Object Lock hold objects"),
    known("s3", "PutObjectRetention", "round-trip", "", "only buckets with Object Lock hold objects"),
    known("sagemaker", "CreateModel", "round-trip", "InferenceExecutionConfig", "it needs several containers"),
    known("sagemaker", "CreateNotebookInstance", "round-trip", "IpAddressType", "dual stack needs a subnet"),
    known(
        "sagemaker",
        "CreateProcessingJob",
        "round-trip",
        "ProcessingResources",
        "a cluster needs a type of instances",
    ),
    known("ssm", "CreateDocument", "round-trip", "Requires", "it names documents that must exist"),
    known("transcribe", "GetMedicalTranscriptionJob", "absent", "", "an unknown job is a bad request"),
    known("transcribe", "GetTranscriptionJob", "absent", "", "an unknown job is a bad request"),
    known("transcribe", "StartMedicalTranscriptionJob", "gone", "", "an unknown job is a bad request"),
    known("transcribe", "StartTranscriptionJob", "gone", "", "an unknown job is a bad request"),
    known(
        "transcribe",
        "StartTranscriptionJob",
        "round-trip",
        "LanguageIdSettings",
        "only jobs that identify languages have it",
    ),
    known("wafv2", "CreateWebACL", "round-trip", "DataProtectionConfig", "some fields need keys"),
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
            && has(one.member, &path)
    };
    EXCEPTIONS.iter().find(is_meant).map(|one| UnprobedReason::Exception { reason: one.reason })
}

/// Returns whether a member of an exception is, or has, what is at a path. An empty one is any.
fn has(member: &str, path: &str) -> bool {
    member.is_empty() || path.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::probe::ProbeFamily;

    #[rstest]
    #[case("Config", "Config", true)]
    #[case("Config", "Config/Rules[]/Id", true)]
    #[case("Rules", "Rules[]/Id", true)]
    #[case("Config", "Configuration", false)]
    #[case("Config/Rules", "Config", false)]
    #[case("", "Config", true)]
    fn an_exception_holds_for_all_that_is_inside_its_member(
        #[case] member: &str,
        #[case] path: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(has(member, path), expected);
    }

    #[test]
    fn each_exception_names_a_family_and_has_a_reason() {
        assert!(EXCEPTIONS.iter().all(|one| ProbeFamily::named(one.family).is_some() && !one.reason.is_empty()));
        assert!(EXCEPTIONS.is_sorted_by_key(|one| (one.service, one.operation, one.family)));
    }
}
