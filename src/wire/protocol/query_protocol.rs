//! awsQuery and ec2Query: calls as forms, responses as XML.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    BuildError, ErrorLocation, ErrorResponse, InputError, MalformedRequest, ParsedResponse, Protocol, Recognition,
    RoutePart, RoutingError, Sentinels, ServerProtocol, TimestampLocation, ValuePlace, aws_query, ec2_query,
    query_call,
    query_input::{QueryInput, QueryKeys},
    routing::RPC_METHOD,
    unshowable::Unshowable,
    xml_error::{XmlError, auth_error_name, error_element, read_error},
    xml_value::XmlValueReader,
};
use crate::{
    model::{Contract, Member, Operation, Shape, TimestampFormat},
    wire::{
        Request, Response,
        xml::{self, XmlElement, XmlProblem},
    },
};

/// One of the two query protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryProtocol {
    /// `awsQuery`.
    Aws,
    /// `ec2Query`.
    Ec2,
}

impl Protocol for QueryProtocol {
    fn id(&self) -> &'static str {
        match self {
            Self::Aws => "awsQuery",
            Self::Ec2 => "ec2Query",
        }
    }

    fn specification(&self) -> &'static str {
        match self {
            Self::Aws => "the AWS query protocol",
            Self::Ec2 => "the EC2 query protocol",
        }
    }

    fn document(&self) -> &'static str {
        "one XML document"
    }

    fn content_type(&self) -> &'static str {
        "text/xml"
    }

    fn timestamp_format(&self, _: TimestampLocation) -> TimestampFormat {
        TimestampFormat::DateTime
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &[]
    }

    fn place(&self, _: &Contract, _: &Operation, _: Option<&Member>) -> ValuePlace {
        match self {
            Self::Aws => ValuePlace::Form,
            Self::Ec2 => ValuePlace::FlatForm,
        }
    }

    fn build_request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError> {
        let error = |problem: Unshowable| BuildError::new(self, operation, problem.to_string());
        query_call::build(self.fields(contract), operation, input).map_err(error)
    }

    fn sentinels(&self, _: &Contract, _: &Operation, request: &Request) -> Result<Sentinels, BuildError> {
        Ok(query_call::sentinels(request))
    }

    fn malformed_requests(&self, contract: &Contract, operation: &Operation) -> Vec<MalformedRequest> {
        query_call::malformed_requests(contract, operation)
    }

    fn call<'r>(&self, request: &'r Request) -> Option<&'r str> {
        query_call::field(request, query_call::ACTION)
    }

    fn is_claimed(&self, contract: &Contract, request: &Request) -> bool {
        query_call::is_claimed(contract, request)
    }

    /// AWS sends a client that only looks at the path to a page.
    fn binds_response(
        &self,
        contract: &Contract,
        request: &Request,
        response: &Response,
        parsed: &ParsedResponse,
    ) -> bool {
        let is_page = request.method != RPC_METHOD && parsed.value.is_none();
        let is_rejected = parsed.rejection.is_some() && response.status >= 400;
        !is_page && (!is_rejected || self.is_claimed(contract, request))
    }

    fn parse_response(
        &self,
        contract: &Contract,
        operation: Option<&Operation>,
        response: &Response,
    ) -> ParsedResponse {
        let is_success = (200..300).contains(&response.status);
        let reading = xml::read(&response.body);
        let root = reading.document.as_ref().map(xml::XmlDocument::root);
        let mut reader = XmlValueReader::new(contract);
        reader.problems.extend(reading.problem);
        let error = root.and_then(|root| error_element(root, is_success));
        let (rejection, value) = if is_success && error.is_none() {
            (None, root.map(|root| self.read_output(&mut reader, contract, operation, root)))
        } else {
            let XmlError { identity, value } = read_error(&mut reader, contract, operation, response, error);
            (Some(identity), value)
        };
        ParsedResponse {
            rejection,
            value,
            problems: reader.problems.into_iter().map(Into::into).collect(),
            limit: reading.limit.map(Into::into),
        }
    }

    fn error_location(&self) -> ErrorLocation {
        ErrorLocation::XML_CODE
    }

    /// The query protocol has a status of its own for an error.
    fn error_status(&self, error: &Shape) -> u16 {
        error.traits.query_error_status().unwrap_or_else(|| error.error_status())
    }

    fn lists_errors(&self) -> bool {
        false
    }

    fn keeps_error_status(&self) -> bool {
        true
    }

    fn success_status(&self, _: &Operation) -> u16 {
        200
    }
}

impl ServerProtocol for QueryProtocol {
    fn route_parts(&self) -> &'static [RoutePart] {
        &query_call::ROUTE_PARTS
    }

    fn recognize(&self, contract: &Contract, request: &Request) -> Recognition {
        query_call::recognize(contract, request)
    }

    fn route<'c>(&self, contract: &'c Contract, request: &Request) -> Result<&'c Operation, RoutingError> {
        query_call::route(contract, request)
    }

    fn routing_error_name(&self, error: &RoutingError) -> &'static str {
        if *error == RoutingError::NoAction { "MissingAction" } else { "InvalidAction" }
    }

    fn input_error_name(&self, _: &InputError) -> &'static str {
        "InvalidQueryParameter"
    }

    fn constraint_error_name(&self, is_missing: bool) -> &'static str {
        match (self, is_missing) {
            (Self::Aws, _) => "ValidationError",
            (Self::Ec2, true) => "MissingParameter",
            (Self::Ec2, false) => "InvalidParameterValue",
        }
    }

    fn auth_error_name(&self, name: &'static str) -> &'static str {
        auth_error_name(name)
    }

    fn parse_input(&self, contract: &Contract, operation: &Operation, request: &Request) -> Result<Value, InputError> {
        query_call::parse_input(self.fields(contract), operation, request)
    }

    /// An output that XML cannot show becomes a server error.
    fn write_output(&self, contract: &Contract, operation: &Operation, output: &Value) -> Response {
        let written = match self {
            Self::Aws => aws_query::write_output(contract, operation, output),
            Self::Ec2 => ec2_query::write_output(contract, operation, output),
        };
        match written {
            Ok(body) => self.write(self.success_status(operation), body),
            Err(problem) => self.write_error(Some(contract), &ErrorResponse::internal_failure(&problem.to_string())),
        }
    }

    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response {
        let body = match self {
            Self::Aws => aws_query::write_error(contract, error),
            Self::Ec2 => ec2_query::write_error(contract, error),
        };
        self.write(error.status, body)
    }
}

impl QueryProtocol {
    fn fields(self, contract: &Contract) -> QueryInput<'_> {
        let keys = match self {
            Self::Aws => QueryKeys::Aws,
            Self::Ec2 => QueryKeys::Ec2,
        };
        QueryInput { contract, keys }
    }

    fn read_output(
        self,
        reader: &mut XmlValueReader<'_>,
        contract: &Contract,
        operation: Option<&Operation>,
        root: XmlElement<'_>,
    ) -> Value {
        let Some(operation) = operation else { return Value::Object(Map::new()) };
        let expected = format!("{}Response", operation.name);
        if root.name() != expected {
            reader.problems.push(XmlProblem::WrongRoot { expected, actual: root.name().to_owned() });
        }
        let members: Vec<&Member> = contract.members(&operation.output).iter().collect();
        match self {
            Self::Aws => aws_query::read_output(reader, &members, &operation.name, root),
            Self::Ec2 => ec2_query::read_output(reader, &members, root),
        }
    }

    fn write(self, status: u16, body: String) -> Response {
        let content_type = match self {
            Self::Aws => self.content_type().to_owned(),
            Self::Ec2 => format!("{};charset=UTF-8", self.content_type()),
        };
        let headers = [("Content-Type", content_type)].into_iter().collect();
        Response { status, headers, body: Bytes::from(body), ..Response::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::{QueryProtocol::*, *};
    use crate::wire::protocol::RouteRole;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"2010-05-08","operations":[{"target":"x#Op"},{"target":"x#Do"},{"target":"x#Odd"}],
            "traits":{"aws.protocols#awsQuery":{},"smithy.api#xmlNamespace":{"uri":"http://s/"}}},
        "x#Op":{"type":"operation","input":{"target":"x#T"},"output":{"target":"x#T"},"errors":[{"target":"x#Bad"}]},
        "x#Do":{"type":"operation"},
        "x#Odd":{"type":"operation","traits":{"smithy.api#http":{"method":"POST","uri":"/?Operation=Odd"}}},
        "x#Bad":{"type":"structure","members":{"message":{"target":"smithy.api#String"}},
            "traits":{"smithy.api#error":"client","aws.protocols#awsQueryError":{"code":"Own.Bad","httpResponseCode":409}}},
        "x#T":{"type":"structure","members":{"Text":{"target":"smithy.api#String"},"Number":{"target":"smithy.api#Integer"},
            "List":{"target":"x#L"},"Next":{"target":"x#T"}}},
        "x#L":{"type":"list","member":{"target":"smithy.api#String"}}}}"#;

    fn contract() -> Contract {
        crate::model::read("m", MODEL).unwrap()
    }

    fn call(protocol: QueryProtocol, name: &str, input: &Value) -> Request {
        let contract = contract();
        protocol.build_request(&contract, contract.operation(name).unwrap(), input).unwrap()
    }

    fn response(status: u16, body: &str) -> Response {
        Response { status, body: Bytes::copy_from_slice(body.as_bytes()), ..Response::default() }
    }

    fn parse(protocol: QueryProtocol, name: &str, status: u16, body: &str) -> (ParsedResponse, Vec<String>) {
        let contract = contract();
        let parsed = protocol.parse_response(&contract, contract.operation(name), &response(status, body));
        let problems = parsed.problems.iter().map(ToString::to_string).collect();
        (parsed, problems)
    }

    #[test]
    fn a_request_is_a_form_that_names_its_action_and_version() {
        let request = call(Aws, "Op", &json!({"Text": "a b", "List": ["+"]}));
        let expected = "POST / HTTP/1.1\r\naccept-encoding: identity\r\ncontent-type: application/x-www-form-urlencoded\
            \r\n\r\nAction=Op&Version=2010-05-08&Text=a%20b&List.member.1=%2B";
        assert_eq!(String::from_utf8(request.to_bytes()).unwrap(), expected);
        assert_eq!(Aws.call(&request), Some("Op"));
        assert_eq!(call(Aws, "Odd", &json!({})).target, "/?Operation=Odd");
    }

    #[test]
    fn an_input_that_no_form_shows_is_an_error() {
        let contract = contract();
        let error = Ec2.build_request(&contract, contract.operation("Op").unwrap(), &json!({"List": [null]}));
        assert_eq!(
            error.unwrap_err().to_string(),
            "cannot build a ec2Query request for Op: List.1 has no form for null"
        );
    }

    #[rstest]
    #[case::aws(
        Aws,
        "<OpResponse><OpResult><Text>a</Text><Number>5</Number></OpResult><ResponseMetadata/></OpResponse>"
    )]
    #[case::other_order(
        Aws,
        "<OpResponse><ResponseMetadata/><OpResult><Number>5</Number><Text>a</Text></OpResult></OpResponse>"
    )]
    #[case::ec2(Ec2, "<OpResponse xmlns=\"x\"><requestId>r</requestId><Text>a</Text><Number>5</Number></OpResponse>")]
    fn an_output_is_read(#[case] protocol: QueryProtocol, #[case] body: &str) {
        let (parsed, problems) = parse(protocol, "Op", 200, body);
        assert_eq!((parsed.value, parsed.rejection, problems), (Some(json!({"Text": "a", "Number": 5})), None, vec![]));
    }

    #[rstest]
    #[case::no_result(Aws, "Op", "<OpResponse/>", &["no element OpResult in /OpResponse"])]
    #[case::no_output(Aws, "Do", "<DoResponse/>", &[])]
    #[case::other_root(Ec2, "Op", "<DoResponse/>", &["the document element DoResponse instead of OpResponse"])]
    #[case::page(Aws, "Do", "<html/>", &["the document element html instead of DoResponse"])]
    #[case::empty(Aws, "Do", "", &["an empty body"])]
    #[case::json(Ec2, "Do", "{}", &["text that is not well-formed XML (unknown token, at line 1 column 1)"])]
    fn an_output_in_another_form_has_a_problem(
        #[case] protocol: QueryProtocol,
        #[case] name: &str,
        #[case] body: &str,
        #[case] expected: &[&str],
    ) {
        let (parsed, problems) = parse(protocol, name, 200, body);
        assert!(parsed.rejection.is_none());
        assert_eq!(problems, expected);
    }

    #[rstest]
    #[case::declared(
        400,
        "<ErrorResponse><Error><Code>Own.Bad</Code><Message>m</Message></Error></ErrorResponse>",
        Some("Own.Bad")
    )]
    #[case::older(
        400,
        "<Response><Errors><Error><Code>A.B</Code><Message>m</Message></Error></Errors></Response>",
        Some("A.B")
    )]
    #[case::success(200, "<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>", Some("A"))]
    #[case::page(500, "<html>down", None)]
    #[case::empty(503, "", None)]
    fn an_error_is_named_by_its_code(#[case] status: u16, #[case] body: &str, #[case] name: Option<&str>) {
        for protocol in [Aws, Ec2] {
            let (parsed, _) = parse(protocol, "Op", status, body);
            assert!(parsed.rejection.is_some());
            assert_eq!(parsed.error(), name);
        }
    }

    #[rstest]
    #[case::whole(|_: &mut Request| {}, Ok("Op"), Recognition::Service)]
    #[case::charset(|r: &mut Request| r.headers.set("content-type", "application/x-www-form-urlencoded; charset=utf-8"), Ok("Op"), Recognition::Service)]
    #[case::query(|r: &mut Request| { r.method = "GET".to_owned(); r.target = format!("/?{}", String::from_utf8_lossy(&r.body)); r.body = Bytes::new(); }, Ok("Op"), Recognition::Service)]
    #[case::no_version(|r: &mut Request| r.body = "Action=Op".into(), Ok("Op"), Recognition::Protocol)]
    #[case::method(|r: &mut Request| r.method = "PUT".to_owned(), Err(RoutingError::Line { method: "POST", path: "/" }), Recognition::Service)]
    #[case::path(|r: &mut Request| r.target = "/a".to_owned(), Err(RoutingError::Line { method: "POST", path: "/" }), Recognition::Service)]
    #[case::content_type(|r: &mut Request| r.headers.set("content-type", "text/plain"), Err(RoutingError::ContentType("application/x-www-form-urlencoded")), Recognition::Nothing)]
    #[case::no_action(|r: &mut Request| r.body = "Version=2010-05-08".into(), Err(RoutingError::NoAction), Recognition::Protocol)]
    #[case::version(|r: &mut Request| r.body = "Action=Op&Version=2000-01-01".into(), Err(RoutingError::Version("2000-01-01".to_owned())), Recognition::Protocol)]
    #[case::action(
        |r: &mut Request| r.body = "Action=No&Version=2010-05-08".into(),
        Err(RoutingError::Operation { service: "S".to_owned(), operation: "No".to_owned() }),
        Recognition::Service
    )]
    fn a_request_is_routed_by_action_and_version(
        #[case] change: fn(&mut Request),
        #[case] expected: Result<&str, RoutingError>,
        #[case] recognition: Recognition,
    ) {
        let (contract, mut request) = (contract(), call(Aws, "Op", &json!({})));
        change(&mut request);
        let routed = Aws.route(&contract, &request).map(|operation| operation.name.as_str());
        assert_eq!((routed, Aws.recognize(&contract, &request)), (expected, recognition));
    }

    #[test]
    fn a_request_without_an_action_and_one_with_an_unknown_action_get_the_names_of_aws() {
        let names = [RoutingError::NoAction, RoutingError::Version("1".to_owned())];
        assert_eq!(names.map(|error| Aws.routing_error_name(&error)), ["MissingAction", "InvalidAction"]);
    }

    #[rstest]
    #[case::unreadable(
        "Action=Op&Text=%zz",
        Err("The body is a percent sign without two hexadecimal digits, at offset 15")
    )]
    #[case::repeated("Action=Op&Text=a&Text=b", Ok(json!({"Text": "a"})))]
    #[case::signed("Action=Op&X-Amz-Signature=a&Number=5", Ok(json!({"Number": 5})))]
    fn an_input_is_read_from_its_fields(#[case] body: &'static str, #[case] expected: Result<Value, &str>) {
        let contract = contract();
        let request = Request { body: body.into(), ..call(Aws, "Op", &json!({})) };
        let input = Aws.parse_input(&contract, contract.operation("Op").unwrap(), &request);
        assert_eq!(input.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn a_sentinel_differs_only_in_its_action_or_version() {
        let contract = contract();
        let request = call(Aws, "Op", &json!({"Text": "a"}));
        let sentinels = Aws.sentinels(&contract, contract.operation("Op").unwrap(), &request).unwrap();
        let bodies = [sentinels.unknown_operation, sentinels.unknown_service].map(|sentinel| sentinel.body);
        assert_eq!(bodies[0], "Action=WireproofUnknownOperation&Version=2010-05-08&Text=a");
        assert_eq!(bodies[1], "Action=Op&Version=2000-01-01&Text=a");
    }

    #[test]
    fn a_part_of_the_route_is_read_as_it_was_written() {
        let mut query = call(Aws, "Op", &json!({}));
        query.target = format!("/?{}", String::from_utf8_lossy(&query.body));
        query.body = Bytes::new();
        for (part, request) in
            Aws.route_parts().iter().flat_map(|part| [(part, call(Aws, "Op", &json!({}))), (part, query.clone())])
        {
            let mut request = request;
            (part.write)(&mut request, "x");
            assert_eq!((part.read)(&request), Some("x"), "{}", part.name);
        }
        let operations = Aws.route_parts().iter().filter(|part| part.role == RouteRole::Operation);
        assert_eq!(operations.map(|part| part.name).collect::<Vec<_>>(), ["action", "version"]);
    }

    #[test]
    fn a_malformed_request_has_its_own_name_and_is_malformed() {
        let contract = contract();
        let malformed = Aws.malformed_requests(&contract, contract.operation("Op").unwrap());
        let names: std::collections::BTreeSet<&str> = malformed.iter().map(|one| one.variant).collect();
        assert_eq!((names.len(), malformed.len()), (24, 24));
    }

    #[rstest]
    #[case::aws(
        Aws,
        "<ErrorResponse xmlns=\"http://s/\"><Error><Type>Sender</Type><Code>Own.Bad</Code><Message>&lt;</Message></Error>\
        <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>",
        "text/xml"
    )]
    #[case::ec2(
        Ec2,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>Own.Bad</Code><Message>&lt;</Message></Error>\
        </Errors><RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>",
        "text/xml;charset=UTF-8"
    )]
    fn an_error_is_written_in_the_form_of_aws(
        #[case] protocol: QueryProtocol,
        #[case] expected: &str,
        #[case] content_type: &str,
    ) {
        let contract = contract();
        let shape = contract.error(contract.operation("Op").unwrap(), "Bad").unwrap();
        let error = ErrorResponse {
            name: "Bad",
            shape: Some(shape),
            status: protocol.error_status(shape),
            message: "<",
            members: None,
        };
        let written = protocol.write_error(Some(&contract), &error);
        assert_eq!((written.status, written.body), (409, Bytes::copy_from_slice(expected.as_bytes())));
        assert_eq!(written.headers.get("content-type"), Some(content_type));
    }

    #[test]
    fn an_output_that_xml_cannot_show_is_a_server_error() {
        let contract = contract();
        let written = Aws.write_output(&contract, contract.operation("Op").unwrap(), &json!({"List": [null]}));
        let parsed = Aws.parse_response(&contract, None, &written);
        assert_eq!((written.status, parsed.error()), (500, Some("InternalFailure")));
    }

    proptest! {
        #[test]
        fn an_output_is_read_as_it_was_written(
            text in "[^\\x00-\\x1f\u{fffe}\u{ffff}]{0,8}", number in any::<i32>(), list in proptest::collection::vec("[a-z<&]{0,4}", 0..3),
        ) {
            let contract = contract();
            let output = json!({"Text": text, "Number": number, "List": list, "Next": {"Next": {}}});
            for protocol in [Aws, Ec2] {
                let operation = contract.operation("Op").unwrap();
                let written = protocol.write_output(&contract, operation, &output);
                let parsed = protocol.parse_response(&contract, Some(operation), &written);
                prop_assert_eq!((parsed.value.as_ref(), parsed.problems), (Some(&output), vec![]));
            }
        }

        #[test]
        fn any_body_is_read_without_a_panic(status in 200_u16..600, body in "[<>/a&;OpResponse \u{e9}=%-]{0,40}") {
            for protocol in [Aws, Ec2] {
                parse(protocol, "Op", status, &body);
                let request = Request { body: Bytes::copy_from_slice(body.as_bytes()), ..call(protocol, "Op", &json!({})) };
                let contract = contract();
                let _ = (protocol.route(&contract, &request), protocol.parse_input(&contract, contract.operation("Op").unwrap(), &request));
            }
        }
    }
}
