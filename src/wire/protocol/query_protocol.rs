//! awsQuery and ec2Query: calls as forms, responses as XML.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    BuildError, ErrorLocation, ErrorResponse, InputError, MalformedRequest, ParsedResponse, Protocol,
    Recognition, RoutePart, RoutingError, Sentinels, ServerProtocol, TimestampLocation, aws_query, ec2_query,
    query_call,
    query_input::{QueryInput, QueryKeys},
    routing::RPC_METHOD,
    xml_error::{INTERNAL_FAILURE, XmlError, error_element, read_error},
    xml_value::XmlValueReader,
};
use crate::{
    model::{Contract, Member, Operation, TimestampFormat},
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

    fn content_type(&self) -> &'static str {
        "text/xml"
    }

    fn timestamp_format(&self, _: TimestampLocation) -> TimestampFormat {
        TimestampFormat::DateTime
    }

    fn ignored_union_members(&self) -> &'static [&'static str] {
        &[]
    }

    fn build_request(&self, contract: &Contract, operation: &Operation, input: &Value) -> Result<Request, BuildError> {
        let error = |problem| BuildError { protocol: self.id(), operation: operation.name.clone(), problem };
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
            Err(message) => {
                let error = ErrorResponse { name: INTERNAL_FAILURE, shape: None, status: 500, message: &message };
                self.write_error(Some(contract), &error)
            }
        }
    }

    fn write_error(&self, contract: Option<&Contract>, error: &ErrorResponse<'_>) -> Response {
        let body = match self {
            Self::Aws => aws_query::write_error(contract, error),
            Self::Ec2 => ec2_query::write_error(error),
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
