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

const CORRECTION: &str = "a missing required member must be seen, so nothing is made up for it";
const NOT_IN_MESSAGE: &str = "the message does not tell an empty value from an absent one";
const ALL_PARAMETERS: &str =
    "the parameters of the test leave out the map of all query parameters, which tests of restJson1 demand";
const NO_BODY: &str = "an empty body is reported where the protocol sends a document: known clients fail on it";
const REQUEST_ID: &str = "the server adds the ID of the request to every response";
const NO_MEDIA_TYPE: &str = "the test states no media type, so white space in the document counts";
const OFFSET: &str = "times are written in UTC";
const DIGITS: &str = "the parameters of the test have lost digits";
const NO_SERVICE: &str = "the operation of the test is bound to no service";
const NO_CONTENT_TYPE: &str = "the test states no content type, and a test of malformed requests demands one";
const MESSAGE: &str = "AWS sends a message and a request ID, of which the test says nothing";
const SENDER: &str = "S3 sends no type of the fault, and a request ID";
const EMPTY_TYPE: &str = "an empty body has no media type";
const EMPTY_OBJECT: &str = "an operation without output sends an empty object";
const AWS_HOSTS: &str =
    "hosts of AWS for dual-stack and acceleration are not made up: the endpoint is the one that is given";
const UNNAMED: &str = "the test states no header that names the operation";

const KNOWN: &[(&str, &[KnownGroup])] = &[
    (
        UNNAMED,
        &[
            (
                "awsJson1_0",
                "request read",
                &[
                    "AwsJson10EndpointTrait",
                    "AwsJson10EndpointTraitWithHostLabel",
                    "AwsJson10ServerPopulatesDefaultsWhenMissingInRequestBody",
                ],
            ),
            ("awsJson1_1", "request read", &["MachinelearningPredictEndpoint"]),
        ],
    ),
    (
        CORRECTION,
        &[("awsJson1_0", "response read", &["AwsJson10ClientErrorCorrectsWhenServerFailsToSerializeRequiredValues"])],
    ),
    (
        AWS_HOSTS,
        &[(
            "restXml",
            "request built",
            &[
                "S3VirtualHostAccelerateAddressing",
                "S3VirtualHostDualstackAccelerateAddressing",
                "S3VirtualHostDualstackAddressing",
            ],
        )],
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
            ("restXml", "response read", &["HttpPrefixHeadersAreNotPresent"]),
        ],
    ),
    (
        ALL_PARAMETERS,
        &[(
            "restXml",
            "request read",
            &[
                "AllQueryStringTypes",
                "RestXmlQueryStringEscaping",
                "RestXmlSupportsInfinityFloatQueryValues",
                "RestXmlZeroAndFalseQueryValues",
            ],
        )],
    ),
    (NO_BODY, &[("awsQuery", "response read", &["QueryEmptyInputAndEmptyOutput", "QueryNoInputAndOutput"])]),
    (REQUEST_ID, &[("awsJson1_1", "response written", &["parses_the_request_id_from_the_response"])]),
    (NO_MEDIA_TYPE, &[("awsQuery", "response written", &["QueryNoInputAndNoOutputWithResponseMetadata"])]),
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
    (NO_SERVICE, &[("restJson1", "request read", &["AcceptHeaderStarRequestTest", "AcceptHeaderStarStarRequestTest"])]),
    (NO_CONTENT_TYPE, &[("restJson1", "request read", &["RestJsonEndpointTraitWithHostLabel"])]),
    (MESSAGE, &[("ec2Query", "error written", &["Ec2ComplexError"]), ("restXml", "error written", &["ComplexError"])]),
    (SENDER, &[("restXml", "error written", &["S3OperationNoErrorWrappingResponse"])]),
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
