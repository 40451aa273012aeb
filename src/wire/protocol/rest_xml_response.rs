//! The responses of restXml, in both directions.

use serde_json::{Map, Value};

use super::{
    BodyProblem, ErrorIdentity, ErrorResponse, ParsedResponse, RestXml,
    http_binding::{BodyBinding, PayloadKind, success_status},
    rest_xml::{DOCUMENT, binding},
    stream_body::{event_bytes, event_problems},
    unshowable::Unshowable,
    xml_document::{XmlDocuments, root_problem},
    xml_error::{REQUEST_ID, XmlError, error_element, read_error, wrap, write_error_members},
    xml_names::service_namespace,
    xml_value::{XmlValueReader, generic, scalar},
};
use crate::{
    model::{Contract, Operation, PayloadSide},
    wire::{
        Response,
        xml::{self, XmlElement, XmlReading, XmlWriter},
    },
};

/// The text in front of an error.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Reads an output or an error.
pub(super) fn read_response(contract: &Contract, operation: Option<&Operation>, response: &Response) -> ParsedResponse {
    let is_success = (200..300).contains(&response.status);
    let output = operation.map(|operation| XmlDocuments::of(contract, &operation.output, PayloadSide::Output));
    match (operation, output) {
        (Some(operation), Some(output)) if is_success && !output.is_xml() => {
            read_raw_output(contract, operation, &output, response)
        }
        _ => read_document(contract, operation, response),
    }
}

/// Reads an output whose body is bytes, text or events. The events themselves are not part of the value.
fn read_raw_output(
    contract: &Contract,
    operation: &Operation,
    output: &XmlDocuments<'_>,
    response: &Response,
) -> ParsedResponse {
    let mut problems = Vec::new();
    let mut value = binding(contract).read_response(&operation.output, response, &mut problems);
    if let BodyBinding::Payload(member, kind) = output.body() {
        // A stream without bytes is still one.
        let is_sent = !response.body.is_empty() || contract.trait_of(member, "smithy.api#streaming").is_some();
        match kind.value(&response.body) {
            _ if *kind == PayloadKind::EventStream => {
                problems.extend(event_problems(contract, &operation.output, member, &RestXml, &response.body));
            }
            _ if !is_sent => {}
            Some(body) => drop(value.insert(member.name.clone(), body)),
            None => problems.push(BodyProblem::NotText),
        }
    }
    ParsedResponse { rejection: None, value: Some(Value::Object(value)), problems, limit: None }
}

/// Reads an output or an error whose body is XML, if there is one.
fn read_document(contract: &Contract, operation: Option<&Operation>, response: &Response) -> ParsedResponse {
    let is_success = (200..300).contains(&response.status);
    let body = after_spaces(&response.body);
    let reading = if body.is_empty() { XmlReading::nothing() } else { xml::read(body) };
    let root = reading.document.as_ref().map(xml::XmlDocument::root);
    let mut reader = XmlValueReader::new(contract);
    let error = root.and_then(|root| error_element(root, is_success));
    let mut problems: Vec<BodyProblem> = reading.problem.map(Into::into).into_iter().collect();
    let (rejection, value) = if is_success && error.is_none() {
        (None, read_output(&mut reader, contract, operation, response, root, &mut problems))
    } else {
        let XmlError { identity, value } = read_error(&mut reader, contract, operation, response, error);
        let value = with_headers(contract, operation, &identity, value, response, &mut problems);
        (Some(identity), value)
    };
    problems.extend(reader.problems.into_iter().map(BodyProblem::from));
    ParsedResponse { rejection, value, problems, limit: reading.limit.map(Into::into) }
}

/// The body without white space at its start, which S3 sends while it works on a response.
fn after_spaces(body: &[u8]) -> &[u8] {
    body.trim_ascii_start()
}

/// Reads an output. A body that is not XML gives none.
fn read_output(
    reader: &mut XmlValueReader<'_>,
    contract: &Contract,
    operation: Option<&Operation>,
    response: &Response,
    root: Option<XmlElement<'_>>,
    problems: &mut Vec<BodyProblem>,
) -> Option<Value> {
    if root.is_none() && !response.body.is_empty() {
        return None;
    }
    let Some(operation) = operation else { return Some(root.map_or_else(|| Value::Object(Map::new()), generic)) };
    let mut value = binding(contract).read_response(&operation.output, response, problems);
    let documents = XmlDocuments::of(contract, &operation.output, PayloadSide::Output);
    if let Some(root) = root {
        reader.problems.extend(root_problem(contract, operation, root));
        if is_unwrapped(operation) {
            value.extend(unwrapped(contract, operation, root));
        } else {
            value.extend(documents.read(reader, root));
        }
    }
    Some(Value::Object(value))
}

/// Adds the members of an error that are headers.
fn with_headers(
    contract: &Contract,
    operation: Option<&Operation>,
    identity: &ErrorIdentity,
    value: Option<Value>,
    response: &Response,
    problems: &mut Vec<BodyProblem>,
) -> Option<Value> {
    let name = identity.name.as_deref();
    let shape = operation.zip(name).and_then(|(operation, name)| contract.error(operation, name));
    let Some((shape, Value::Object(mut members))) = shape.zip(value.clone()) else { return value };
    members.extend(binding(contract).read_response(&shape.id, response, problems));
    Some(Value::Object(members))
}

/// Returns whether the document element of the output is its member.
fn is_unwrapped(operation: &Operation) -> bool {
    operation.traits.get("aws.customizations#s3UnwrappedXmlOutput").is_some()
}

/// The one member of an output that is the document element. An empty one has no value.
fn unwrapped(contract: &Contract, operation: &Operation, root: XmlElement<'_>) -> Option<(String, Value)> {
    let member = contract.members(&operation.output).first()?;
    let element = root.first(&member.name).unwrap_or(root);
    let text = element.text();
    (!text.is_empty() && !element.has_elements()).then(|| (member.name.clone(), scalar(contract, member, &text)))
}

/// Writes the response of a success.
///
/// # Errors
/// A header or XML cannot show a part of the output.
pub(super) fn write_output(
    contract: &Contract,
    operation: &Operation,
    output: &Map<String, Value>,
) -> Result<Response, Unshowable> {
    let mut response = Response { status: success_status(operation), ..Response::default() };
    binding(contract).write_response(&operation.output, output, &mut response)?;
    let documents = XmlDocuments::of(contract, &operation.output, PayloadSide::Output);
    let body = match documents.body() {
        BodyBinding::Payload(member, PayloadKind::EventStream) => Some(event_bytes(contract, member, &RestXml, output)),
        _ if is_unwrapped(operation) => documents.unwrapped_bytes(output)?,
        _ => documents.bytes(output, true)?,
    };
    if let Some(body) = body.filter(|_| !matches!(response.status, 204 | 205 | 304)) {
        let media_type = documents.body().media_type(contract, DOCUMENT).unwrap_or(DOCUMENT);
        if response.headers.get("content-type").is_none() {
            response.headers.push("Content-Type", media_type);
        }
        response.body = body;
    }
    Ok(response)
}

/// Writes the document of an error.
pub(super) fn error_document(contract: Option<&Contract>, error: &ErrorResponse<'_>) -> String {
    let is_wrapped = contract.is_none_or(has_error_wrapping);
    let attributes: Vec<(String, String)> =
        contract.filter(|_| is_wrapped).and_then(service_namespace).into_iter().collect();
    let mut writer = XmlWriter::after(PROLOG);
    let content = |writer: &mut XmlWriter| write_error_members(writer, contract, error.name, error, is_wrapped);
    if is_wrapped {
        wrap(&mut writer, "ErrorResponse", &attributes, |writer| {
            wrap(writer, "Error", &[], content);
            writer.leaf("RequestId", REQUEST_ID);
        });
    } else {
        wrap(&mut writer, "Error", &attributes, |writer| {
            content(writer);
            writer.leaf("RequestId", REQUEST_ID);
        });
    }
    writer.finish()
}

fn has_error_wrapping(contract: &Contract) -> bool {
    let protocol = contract.service().traits.get("aws.protocols#restXml");
    protocol.and_then(|protocol| protocol["noErrorWrapping"].as_bool()) != Some(true)
}
