//! The responses of awsQuery, after the Smithy specification of the protocol.

use serde_json::{Map, Value};

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
    wire::xml::{XmlElement, XmlProblem, XmlWriter},
};

/// Reads the output of a success from the document element.
pub(super) fn read_output(
    reader: &mut XmlValueReader<'_>,
    members: &[&Member],
    name: &str,
    root: XmlElement<'_>,
) -> Value {
    let wrapper = format!("{name}Result");
    if let Some(result) = root.first(&wrapper) {
        return Value::Object(reader.members(members, result, &|_| false));
    }
    let missing = || XmlProblem::Missing { path: root.path(), name: wrapper };
    reader.problems.extend((!members.is_empty()).then(missing));
    Value::Object(Map::new())
}

/// Writes the response of a success.
///
/// # Errors
/// XML cannot show a part of the output.
pub(super) fn write_output(contract: &Contract, operation: &Operation, output: &Value) -> Result<String, Unshowable> {
    let mut writer = XmlWriter::default();
    let attributes: Vec<(String, String)> = service_namespace(contract).into_iter().collect();
    writer.element(&format!("{}Response", operation.name), &attributes, |writer| {
        if !operation.output.is_unit() {
            let members: Vec<&Member> = contract.members(&operation.output).iter().collect();
            let output = output.as_object().cloned().unwrap_or_default();
            let values = XmlValueWriter::new(contract);
            values.structure(writer, &format!("{}Result", operation.name), Vec::new(), &members, &output)?;
        }
        wrap(writer, "ResponseMetadata", &[], |writer| writer.leaf("RequestId", REQUEST_ID));
        Ok::<(), Unshowable>(())
    })?;
    Ok(writer.finish())
}

/// Writes the response of an error.
pub(super) fn write_error(contract: Option<&Contract>, error: &ErrorResponse<'_>) -> String {
    let mut writer = XmlWriter::default();
    let attributes: Vec<(String, String)> = contract.and_then(service_namespace).into_iter().collect();
    wrap(&mut writer, "ErrorResponse", &attributes, |writer| {
        wrap(writer, "Error", &[], |writer| write_error_members(writer, contract, query_code(error), error, true));
        writer.leaf("RequestId", REQUEST_ID);
    });
    writer.finish()
}
