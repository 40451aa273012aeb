//! Errors in XML: the element that holds one, its identity and its members, and the forms that servers send.

use serde_json::{Map, Value};

use super::{
    ErrorIdentity, ErrorLocation, ErrorResponse,
    plain_text::object,
    xml_value::{XmlValueReader, generic},
    xml_value_writer::XmlValueWriter,
};
use crate::{
    model::{Contract, Member, MemberBinding, Operation, PayloadSide, Shape},
    wire::{
        Response,
        xml::{XmlElement, XmlWriter},
    },
};

/// The element that holds an error.
const ERROR: &str = "Error";

/// The element that holds the message of an error.
const MESSAGE: &str = "Message";

/// The names of the document elements of errors, which no output has.
const ERROR_ROOTS: [&str; 3] = ["ErrorResponse", "Response", ERROR];

/// The name that services of the XML protocols give an authentication error of the JSON protocols.
pub(super) fn auth_error_name(name: &'static str) -> &'static str {
    match name {
        "IncompleteSignatureException" => "IncompleteSignature",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        other => other,
    }
}

/// The id in the body of every response that is written here.
pub(super) const REQUEST_ID: &str = "00000000-0000-0000-0000-000000000000";

/// The error that a response describes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct XmlError {
    /// Its identity.
    pub(super) identity: ErrorIdentity,
    /// The members of its element.
    pub(super) value: Option<Value>,
}

/// The element of the error in a response: the first with a code, else the first. With a 2xx status, only a document
/// in the form of an error has one.
pub(super) fn error_element(root: XmlElement<'_>, is_success: bool) -> Option<XmlElement<'_>> {
    if is_success && !ERROR_ROOTS.contains(&root.name()) {
        return None;
    }
    let errors = || root.descendants().filter(|element| element.name() == ERROR);
    let with_code = errors().find(|error| error.first(ErrorLocation::XML_CODE.name()).is_some());
    with_code.or_else(|| errors().next().filter(|_| !is_success))
}

/// Reads the error of an element.
pub(super) fn read_error(
    reader: &mut XmlValueReader<'_>,
    contract: &Contract,
    operation: Option<&Operation>,
    response: &Response,
    element: Option<XmlElement<'_>>,
) -> XmlError {
    let raw = element.map(generic);
    let identity = ErrorIdentity::at(&[ErrorLocation::XML_CODE], response, raw.as_ref());
    let shape = operation.zip(identity.name.as_deref()).and_then(|(operation, name)| contract.error(operation, name));
    let value = element.map(|element| {
        let members = body_members(contract, shape);
        Value::Object(with_message(&members, reader.members(&members, element, &|_| false)))
    });
    XmlError { identity, value }
}

/// The members of an error that are in the body.
fn body_members<'c>(contract: &'c Contract, shape: Option<&'c Shape>) -> Vec<&'c Member> {
    let members = shape.map(|shape| contract.members(&shape.id)).unwrap_or_default();
    members.iter().filter(|member| member.binding(PayloadSide::Output) == MemberBinding::Body).collect()
}

/// The value with the message under the name of the member that holds it. Models spell it with either case, and
/// services as they like.
fn with_message(members: &[&Member], mut value: Map<String, Value>) -> Map<String, Value> {
    let modelled = members.iter().map(|member| member.name.as_str()).find(|name| is_message(name));
    let sent = value.keys().find(|name| is_message(name)).cloned();
    if let (Some(modelled), Some(sent)) = (modelled.filter(|name| !value.contains_key(*name)), sent) {
        let message = value.shift_remove(&sent).unwrap_or_default();
        value.insert(modelled.to_owned(), message);
    }
    value
}

fn is_message(name: &str) -> bool {
    name.eq_ignore_ascii_case(MESSAGE)
}

/// The code of an error in the query protocols.
pub(super) fn query_code<'e>(error: &ErrorResponse<'e>) -> &'e str {
    error.shape.and_then(|shape| shape.traits.query_error_code()).unwrap_or(error.name)
}

/// Writes the content of an error's element. A message has the name that AWS gives it, whatever the model says.
pub(super) fn write_error_members(
    writer: &mut XmlWriter,
    contract: Option<&Contract>,
    code: &str,
    error: &ErrorResponse<'_>,
    has_type: bool,
) {
    if has_type {
        writer.leaf("Type", if error.status < 500 { "Sender" } else { "Receiver" });
    }
    writer.leaf(ErrorLocation::XML_CODE.name(), code);
    let own = error.members.and_then(ErrorIdentity::message_member).and_then(|(_, message)| message.as_str());
    if error.members.is_none() || own.is_some() || !error.message.is_empty() {
        writer.leaf(MESSAGE, own.unwrap_or(error.message));
    }
    if let Some((contract, members)) = contract.zip(error.members.and_then(object)) {
        write_further_members(writer, contract, error.shape, members);
    }
}

/// Writes the members of an error without its message and without what XML cannot show.
fn write_further_members(
    writer: &mut XmlWriter,
    contract: &Contract,
    shape: Option<&Shape>,
    members: &Map<String, Value>,
) {
    let modelled = shape.map(|shape| contract.members(&shape.id)).unwrap_or_default();
    let is_in_body = |name: &str| {
        let member = modelled.iter().find(|member| member.name == name);
        member.is_none_or(|member| member.binding(PayloadSide::Output) == MemberBinding::Body)
    };
    let known: Vec<&Member> = modelled.iter().collect();
    let values = XmlValueWriter::new(contract);
    for (name, value) in members.iter().filter(|(name, _)| is_in_body(name) && !is_message(name)) {
        let mut written = writer.clone();
        let one = Map::from_iter([(name.clone(), value.clone())]);
        if values.members(&mut written, &known, &one).is_ok() {
            *writer = written;
        }
    }
}

/// Writes an element whose content has a form for sure.
pub(super) fn wrap(
    writer: &mut XmlWriter,
    name: &str,
    attributes: &[(String, String)],
    content: impl FnOnce(&mut XmlWriter),
) {
    let Ok(()) = writer.element::<std::convert::Infallible>(name, attributes, |writer| {
        content(writer);
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::wire::xml;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}]},
        "x#Op":{"type":"operation","errors":[{"target":"x#Bad"}]},
        "x#Bad":{"type":"structure","members":{"message":{"target":"smithy.api#String"},"count":{"target":"smithy.api#Integer"},
            "head":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-head"}}},
            "traits":{"smithy.api#error":"client","aws.protocols#awsQueryError":{"code":"Own.Bad","httpResponseCode":400}}}}}"#;

    #[rstest]
    #[case::wrapped(400, "<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>", Some("A"))]
    #[case::in_a_list(400, "<Response><Errors><Error><Code>A</Code></Error></Errors></Response>", Some("A"))]
    #[case::alone(404, "<Error><Code>A</Code></Error>", Some("A"))]
    #[case::anywhere(400, "<x><y><Error><Code>A</Code></Error></y></x>", Some("A"))]
    #[case::second(400, "<x><Error/><Error><Code>A</Code></Error></x>", Some("A"))]
    #[case::success_with_an_error(200, "<Error><Code>A</Code></Error>", Some("A"))]
    #[case::success(200, "<OpResponse><Error><Code>A</Code></Error></OpResponse>", None)]
    #[case::no_code(400, "<ErrorResponse><Error/></ErrorResponse>", Some(""))]
    #[case::no_error(400, "<html/>", None)]
    fn an_error_is_found_by_its_code(#[case] status: u16, #[case] text: &str, #[case] code: Option<&str>) {
        let reading = xml::read(text.as_bytes());
        let document = reading.document.unwrap();
        let found = error_element(document.root(), (200..300).contains(&status));
        let code_of =
            |error: XmlElement<'_>| error.first("Code").map_or(String::new(), |code| code.text().into_owned());
        assert_eq!(found.map(code_of).as_deref(), code);
    }

    #[rstest]
    #[case::name("Bad", json!({"Code": "Bad", "count": 5, "Extra": "e", "message": "m"}))]
    #[case::query_code("Own.Bad", json!({"Code": "Own.Bad", "count": 5, "Extra": "e", "message": "m"}))]
    #[case::unknown("Worse", json!({"Code": "Worse", "Message": "m", "count": "5", "Extra": "e"}))]
    fn an_error_is_read_by_the_shape_that_its_code_names(#[case] code: &str, #[case] expected: Value) {
        let contract = crate::model::read("m", MODEL).unwrap();
        let text = format!("<Error><Code>{code}</Code><Message>m</Message><count>5</count><Extra>e</Extra></Error>");
        let document = xml::read(text.as_bytes()).document.unwrap();
        let mut reader = XmlValueReader::new(&contract);
        let response = Response::default();
        let error = read_error(&mut reader, &contract, contract.operation("Op"), &response, Some(document.root()));
        assert_eq!(error.identity.name.as_deref(), Some(code));
        assert_eq!(error.identity.message.as_deref(), Some("m"));
        assert_eq!((error.value, reader.problems), (Some(expected), Vec::new()));
    }

    #[test]
    fn an_error_without_an_element_has_no_name() {
        let contract = crate::model::read("m", MODEL).unwrap();
        let mut reader = XmlValueReader::new(&contract);
        let error = read_error(&mut reader, &contract, None, &Response::default(), None);
        assert_eq!((error.identity, error.value), (ErrorIdentity::default(), None));
    }
}
