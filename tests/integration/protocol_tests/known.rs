//! The tests that do not pass, each with its reason.

/// A test that does not pass.
pub(super) struct KnownFailure {
    protocol: &'static str,
    way: &'static str,
    pub(super) id: &'static str,
    pub(super) reason: &'static str,
}

impl KnownFailure {
    pub(super) fn is_of(&self, protocol: &str, way: &str, id: &str) -> bool {
        (self.protocol, self.way, self.id) == (protocol, way, id)
    }
}

/// Tests that fail for one reason, by protocol and way.
type KnownGroup = (&'static str, &'static str, &'static [&'static str]);

const DEFAULTS: &str =
    "members that are absent stay absent: a missing member must be seen, and a request is sent as it is given";
const COMPRESSION: &str = "requests are not compressed, and compressed ones are not read";
const TOKEN: &str = "idempotency tokens are not made up: what is sent is what a case says";
const BASE_PATH: &str = "the path of the endpoint is added by the transport";
const VIRTUAL_HOST: &str = "buckets are named in the path, not in the host";
const NOT_IN_MESSAGE: &str = "the message does not tell an empty value from an absent one, or one member from another";
const NO_BODY: &str = "an empty body is reported where the protocol sends a document: known clients fail on it";
const NULLS: &str = "a null member is sent as it is given";
const REQUEST_ID: &str = "the server adds the ID of the request to every response";
const OFFSET: &str = "times are written in UTC";
const DIGITS: &str = "the parameters of the test have lost digits";
const GLACIER: &str = "the hashes of Glacier are not sent";
const NO_SERVICE: &str = "the operation of the test is bound to no service";
const CONTRADICTED: &str = "a test of malformed requests demands the opposite";
const MESSAGE: &str = "AWS sends a message and a request ID, of which the test says nothing";
const EMPTY_TYPE: &str = "an empty body has no media type";
const EMPTY_OBJECT: &str = "an operation without output sends an empty object, as AWS does";

const UNNAMED: &str = "the test states no header that names the operation";

const KNOWN: &[(&str, &[KnownGroup])] = &[
    (
        UNNAMED,
        &[
            ("awsJson1_0", "request read", &["AwsJson10EndpointTrait"]),
            ("awsJson1_1", "request read", &["MachinelearningPredictEndpoint"]),
        ],
    ),
    (
        DEFAULTS,
        &[
            (
                "awsJson1_0",
                "request built",
                &[
                    "AwsJson10ClientPopulatesDefaultValuesInInput",
                    "AwsJson10ClientPopulatesNestedDefaultValuesWhenMissing",
                ],
            ),
            ("awsJson1_0", "request read", &["AwsJson10ServerPopulatesDefaultsWhenMissingInRequestBody"]),
            (
                "awsJson1_0",
                "response read",
                &[
                    "AwsJson10ClientErrorCorrectsWhenServerFailsToSerializeRequiredValues",
                    "AwsJson10ClientErrorCorrectsWithDefaultValuesWhenServerFailsToSerializeRequiredValues",
                    "AwsJson10ClientPopulatesDefaultsValuesWhenMissingInResponse",
                    "AwsJson10ClientPopulatesNestedDefaultsWhenMissingInResponseBody",
                ],
            ),
            (
                "awsJson1_0",
                "response written",
                &[
                    "AwsJson10ServerPopulatesDefaultsInResponseWhenMissingInParams",
                    "AwsJson10ServerPopulatesNestedDefaultValuesWhenMissingInInResponseParams",
                ],
            ),
            (
                "restJson1",
                "request built",
                &[
                    "RestJsonClientPopulatesDefaultValuesInInput",
                    "RestJsonClientPopulatesNestedDefaultValuesWhenMissing",
                ],
            ),
            ("restJson1", "request read", &["RestJsonServerPopulatesNestedDefaultsWhenMissingInRequestBody"]),
            (
                "restJson1",
                "response read",
                &[
                    "RestJsonClientPopulatesDefaultsValuesWhenMissingInResponse",
                    "RestJsonClientPopulatesNestedDefaultsWhenMissingInResponseBody",
                ],
            ),
            (
                "restJson1",
                "response written",
                &[
                    "RestJsonServerPopulatesDefaultsInResponseWhenMissingInParams",
                    "RestJsonServerPopulatesNestedDefaultValuesWhenMissingInInResponseParams",
                ],
            ),
            ("rpcv2Cbor", "request built", &["RpcV2CborClientPopulatesDefaultValuesInInput"]),
            ("rpcv2Cbor", "request read", &["RpcV2CborServerPopulatesDefaultsWhenMissingInRequestBody"]),
            ("rpcv2Cbor", "response read", &["RpcV2CborClientPopulatesDefaultsValuesWhenMissingInResponse"]),
            ("rpcv2Cbor", "response written", &["RpcV2CborServerPopulatesDefaultsInResponseWhenMissingInParams"]),
            ("rpcv2Json", "request built", &["RpcV2JsonRequestClientPopulatesDefaultValuesInInput"]),
            ("rpcv2Json", "request read", &["RpcV2JsonRequestServerPopulatesDefaultsWhenMissingInRequestBody"]),
            ("rpcv2Json", "response read", &["RpcV2JsonResponseClientPopulatesDefaultsValuesWhenMissingInResponse"]),
            (
                "rpcv2Json",
                "response written",
                &["RpcV2JsonResponseServerPopulatesDefaultsInResponseWhenMissingInParams"],
            ),
        ],
    ),
    (
        COMPRESSION,
        &[
            (
                "awsJson1_0",
                "request built",
                &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", "SDKAppliedContentEncoding_awsJson1_0"],
            ),
            (
                "awsJson1_0",
                "request read",
                &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", "SDKAppliedContentEncoding_awsJson1_0"],
            ),
            ("awsJson1_1", "request built", &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1"]),
            ("awsJson1_1", "request read", &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1"]),
            ("awsQuery", "request built", &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery"]),
            ("awsQuery", "request read", &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery"]),
            (
                "ec2Query",
                "request built",
                &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", "SDKAppliedContentEncoding_ec2Query"],
            ),
            (
                "ec2Query",
                "request read",
                &["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", "SDKAppliedContentEncoding_ec2Query"],
            ),
            (
                "restJson1",
                "request built",
                &["SDKAppendedGzipAfterProvidedEncoding_restJson1", "SDKAppliedContentEncoding_restJson1"],
            ),
            (
                "restJson1",
                "request read",
                &["SDKAppendedGzipAfterProvidedEncoding_restJson1", "SDKAppliedContentEncoding_restJson1"],
            ),
            (
                "restXml",
                "request built",
                &["SDKAppendedGzipAfterProvidedEncoding_restXml", "SDKAppliedContentEncoding_restXml"],
            ),
            (
                "restXml",
                "request read",
                &["SDKAppendedGzipAfterProvidedEncoding_restXml", "SDKAppliedContentEncoding_restXml"],
            ),
        ],
    ),
    (
        TOKEN,
        &[
            ("awsQuery", "request built", &["QueryProtocolIdempotencyTokenAutoFill"]),
            ("ec2Query", "request built", &["Ec2ProtocolIdempotencyTokenAutoFill"]),
            ("restJson1", "request built", &["RestJsonQueryIdempotencyTokenAutoFill"]),
            ("restXml", "request built", &["QueryIdempotencyTokenAutoFill"]),
        ],
    ),
    (
        BASE_PATH,
        &[
            ("awsJson1_1", "request built", &["AwsJson11HostWithPath"]),
            ("ec2Query", "request built", &["Ec2QueryHostWithPath"]),
            ("restJson1", "request built", &["RestJsonHostWithPath"]),
        ],
    ),
    (
        VIRTUAL_HOST,
        &[
            (
                "restXml",
                "request built",
                &[
                    "S3DefaultAddressing",
                    "S3EscapePathObjectKeyInUriLabel",
                    "S3OperationAddressingPreferred",
                    "S3PreservesEmbeddedDotSegmentInUriLabel",
                    "S3PreservesLeadingDotSegmentInUriLabel",
                    "S3VirtualHostAccelerateAddressing",
                    "S3VirtualHostAddressing",
                    "S3VirtualHostDualstackAccelerateAddressing",
                    "S3VirtualHostDualstackAddressing",
                ],
            ),
            (
                "restXml",
                "request read",
                &[
                    "S3DefaultAddressing",
                    "S3EscapePathObjectKeyInUriLabel",
                    "S3OperationAddressingPreferred",
                    "S3PreservesEmbeddedDotSegmentInUriLabel",
                    "S3PreservesLeadingDotSegmentInUriLabel",
                    "S3VirtualHostAccelerateAddressing",
                    "S3VirtualHostAddressing",
                    "S3VirtualHostDualstackAccelerateAddressing",
                    "S3VirtualHostDualstackAddressing",
                ],
            ),
        ],
    ),
    (
        NOT_IN_MESSAGE,
        &[
            ("awsQuery", "request read", &["QueryEmptyQueryMaps"]),
            ("ec2Query", "request read", &["Ec2EmptyQueryLists"]),
            (
                "restJson1",
                "request read",
                &[
                    "RestJsonHttpWithEmptyStructurePayload",
                    "RestJsonHttpWithHeadersButNoPayload",
                    "RestJsonOmitsEmptyListQueryValues",
                ],
            ),
            (
                "restXml",
                "request read",
                &[
                    "AllQueryStringTypes",
                    "RestXmlQueryStringEscaping",
                    "RestXmlSupportsInfinityFloatQueryValues",
                    "RestXmlZeroAndFalseQueryValues",
                ],
            ),
            ("restXml", "response read", &["HttpPrefixHeadersAreNotPresent"]),
        ],
    ),
    (
        NO_BODY,
        &[
            ("awsJson1_0", "response read", &["AwsJson10ServiceRespondsWithNoPayload"]),
            ("awsJson1_1", "response read", &["json_1_1_service_responds_with_no_payload"]),
            ("awsQuery", "response read", &["QueryEmptyInputAndEmptyOutput", "QueryNoInputAndOutput"]),
        ],
    ),
    (
        NULLS,
        &[
            ("awsJson1_1", "request built", &["AwsJson11StructuresDontSerializeNullValues"]),
            ("awsJson1_1", "response written", &["AwsJson11ServersDontSerializeNullStructureValues"]),
        ],
    ),
    (
        REQUEST_ID,
        &[
            ("awsJson1_1", "response written", &["parses_the_request_id_from_the_response"]),
            ("awsQuery", "response written", &["QueryNoInputAndNoOutputWithResponseMetadata"]),
        ],
    ),
    (
        OFFSET,
        &[
            ("ec2Query", "response written", &["Ec2QueryDateTimeWithPositiveOffset"]),
            (
                "restXml",
                "response written",
                &["RestXmlDateTimeWithNegativeOffset", "RestXmlDateTimeWithPositiveOffset"],
            ),
        ],
    ),
    (
        DIGITS,
        &[
            (
                "rpcv2Json",
                "request built",
                &["RpcV2JsonRequestBigDecimalLargeWithFraction", "RpcV2JsonRequestBigDecimalNegativeHighPrecision"],
            ),
            (
                "rpcv2Json",
                "response written",
                &["RpcV2JsonResponseBigDecimalHighPrecision", "RpcV2JsonResponseBigDecimalNegativeHighPrecision"],
            ),
        ],
    ),
    (GLACIER, &[("restJson1", "request built", &["GlacierChecksums", "GlacierMultipartChecksums"])]),
    (NO_SERVICE, &[("restJson1", "request read", &["AcceptHeaderStarRequestTest", "AcceptHeaderStarStarRequestTest"])]),
    (
        CONTRADICTED,
        &[
            ("awsJson1_0", "request read", &["AwsJson10EndpointTraitWithHostLabel"]),
            ("restJson1", "request read", &["RestJsonEndpointTraitWithHostLabel"]),
        ],
    ),
    (
        MESSAGE,
        &[
            ("ec2Query", "error written", &["Ec2ComplexError"]),
            ("restXml", "error written", &["ComplexError", "S3OperationNoErrorWrappingResponse"]),
        ],
    ),
    (EMPTY_TYPE, &[("restXml", "response written", &["RestXmlHttpResponseCode"])]),
    (
        EMPTY_OBJECT,
        &[
            ("awsJson1_0", "response written", &["AwsJson10ServiceRespondsWithNoPayload"]),
            ("awsJson1_1", "response written", &["json_1_1_service_responds_with_no_payload"]),
        ],
    ),
];

pub(super) fn known_failures() -> impl Iterator<Item = KnownFailure> {
    let groups = KNOWN.iter().flat_map(|(reason, groups)| groups.iter().map(move |group| (*reason, group)));
    groups
        .flat_map(|(reason, (protocol, way, ids))| ids.iter().map(move |id| KnownFailure { protocol, way, id, reason }))
}
