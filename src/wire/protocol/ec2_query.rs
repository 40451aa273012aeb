//! The responses of ec2Query, after the Smithy specification of the protocol.

use serde_json::Value;

use super::{
    ErrorResponse,
    unshowable::Unshowable,
    xml_error::{REQUEST_ID, query_code, wrap, write_error_members},
    xml_names::service_namespace,
    xml_value::XmlValueReader,
    xml_value_writer::XmlValueWriter,
};
use crate::{
    model::{Contract, Member, Operation},
    wire::xml::{XmlElement, XmlWriter},
};

/// The text in front of every document.
const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The element that holds the id of a request.
const REQUEST_ID_ELEMENT: &str = "requestId";

/// Reads the output of a success from the document element.
pub(super) fn read_output(reader: &mut XmlValueReader<'_>, members: &[&Member], root: XmlElement<'_>) -> Value {
    Value::Object(reader.members(members, root, &|name| name == REQUEST_ID_ELEMENT))
}

/// Writes the response of a success.
///
/// # Errors
/// XML cannot show a part of the output.
pub(super) fn write_output(contract: &Contract, operation: &Operation, output: &Value) -> Result<String, Unshowable> {
    let mut writer = XmlWriter::after(PROLOG);
    let attributes: Vec<(String, String)> = service_namespace(contract).into_iter().collect();
    writer.element(&format!("{}Response", operation.name), &attributes, |writer| {
        writer.leaf(REQUEST_ID_ELEMENT, REQUEST_ID);
        let members: Vec<&Member> = contract.members(&operation.output).iter().collect();
        let output = output.as_object().cloned().unwrap_or_default();
        XmlValueWriter::new(contract).members(writer, &members, &output)
    })?;
    Ok(writer.finish())
}

/// Writes the response of an error.
pub(super) fn write_error(contract: Option<&Contract>, error: &ErrorResponse<'_>) -> String {
    let mut writer = XmlWriter::after(PROLOG);
    wrap(&mut writer, "Response", &[], |writer| {
        wrap(writer, "Errors", &[], |writer| {
            wrap(writer, "Error", &[], |writer| write_error_members(writer, contract, query_code(error), error, false));
        });
        writer.leaf("RequestID", REQUEST_ID);
    });
    writer.finish()
}
