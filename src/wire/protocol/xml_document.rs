//! The XML documents of restXml: the names of document elements, and the bodies of inputs and outputs.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{
    BodyLimit, BodyProblem, InputError,
    http_binding::{BodyBinding, PayloadKind},
    unshowable::Unshowable,
    xml_names::{given_name, member_name, namespace, service_namespace},
    xml_value::XmlValueReader,
    xml_value_writer::XmlValueWriter,
};
use crate::{
    model::{Contract, Member, Operation, PayloadSide, ShapeId},
    wire::xml::{self, XmlElement, XmlProblem, XmlWriter},
};

/// The documents of an input, an output or an error.
#[derive(Debug, Clone)]
pub(super) struct XmlDocuments<'c> {
    contract: &'c Contract,
    shape: &'c ShapeId,
    body: BodyBinding<'c>,
}

/// The name of a document element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RootName<'c> {
    /// The model states it.
    Stated(&'c str),
    /// It is that of a shape, unless the format of the model has no place for it: botocore's has none for outputs.
    OfShape(&'c str),
}

impl<'c> XmlDocuments<'c> {
    pub(super) fn of(contract: &'c Contract, shape: &'c ShapeId, side: PayloadSide) -> Self {
        Self { contract, shape, body: BodyBinding::of(contract, shape, side) }
    }

    /// What the body holds.
    pub(super) fn body(&self) -> &BodyBinding<'c> {
        &self.body
    }

    /// Returns whether the body is XML, if there is one.
    pub(super) fn is_xml(&self) -> bool {
        !matches!(self.body, BodyBinding::Payload(_, PayloadKind::Blob | PayloadKind::Text | PayloadKind::EventStream))
    }

    fn root_name(&self) -> Option<RootName<'c>> {
        let of_shape = |id: &'c ShapeId| {
            let stated = self.contract.shape(id).and_then(|shape| given_name(&shape.traits));
            stated.map_or(RootName::OfShape(id.name()), RootName::Stated)
        };
        match self.body {
            BodyBinding::Nothing => None,
            BodyBinding::Document(_) => Some(of_shape(self.shape)),
            BodyBinding::Payload(member, _) => {
                let own = given_name(&member.traits).map(RootName::Stated);
                own.or_else(|| Some(of_shape(&member.target)))
            }
        }
    }

    /// The name and the namespaces of the document element; `None` if the body is not XML.
    pub(super) fn root(&self) -> Option<(&'c str, Vec<(String, String)>)> {
        let name = self.root_name().filter(|_| self.is_xml())?;
        let payload = if let BodyBinding::Payload(member, _) = self.body { Some(member) } else { None };
        Some((name.text(), self.namespaces(payload)))
    }

    /// A member of a value that no part of the message holds.
    pub(super) fn without_place<'v>(&self, value: &'v Map<String, Value>) -> Option<&'v str> {
        let has_place = |name: &str| self.contract.members(self.shape).iter().any(|member| member.name == name);
        let mut names = value.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name.as_str());
        let is_document = matches!(self.body, BodyBinding::Document(_));
        let is_stream = |name: &str| matches!(self.body, BodyBinding::Payload(member, PayloadKind::EventStream) if member.name == name);
        names.find(|name| (!is_document && !has_place(name)) || is_stream(name))
    }

    /// The bytes of the body; `None` if there is none. With `is_kept`, a document without members is one.
    ///
    /// # Errors
    /// XML cannot show a part of the value.
    pub(super) fn bytes(&self, value: &Map<String, Value>, is_kept: bool) -> Result<Option<Bytes>, Unshowable> {
        let mut writer = XmlWriter::default();
        match (&self.body, self.root()) {
            (BodyBinding::Payload(member, kind), None) => {
                return Ok(given(value, member).map(|value| kind.bytes(value)));
            }
            (BodyBinding::Payload(member, _), Some((name, namespaces))) => {
                let Some(value) = given(value, member) else { return Ok(None) };
                XmlValueWriter::new(self.contract).named(&mut writer, name, namespaces, member, value)?;
            }
            (BodyBinding::Document(members), Some((name, namespaces))) => {
                let inside = self.inside(members, value);
                if inside.is_empty() && !is_kept {
                    return Ok(None);
                }
                let values = XmlValueWriter::new(self.contract);
                values.structure(&mut writer, name, namespaces, members, &inside)?;
            }
            _ => return Ok(None),
        }
        Ok(Some(writer.finish().into()))
    }

    /// Writes the one member of an output as the document element.
    ///
    /// # Errors
    /// XML cannot show the value.
    pub(super) fn unwrapped_bytes(&self, value: &Map<String, Value>) -> Result<Option<Bytes>, Unshowable> {
        let Some(member) = self.contract.members(self.shape).first() else { return Ok(None) };
        let mut writer = XmlWriter::default();
        let value = given(value, member).cloned().unwrap_or_else(|| Value::from(""));
        let namespaces = self.namespaces(Some(member));
        XmlValueWriter::new(self.contract).named(&mut writer, member_name(member), namespaces, member, &value)?;
        Ok(Some(writer.finish().into()))
    }

    /// The members of a value that are in the document, or that the model does not know.
    fn inside(&self, members: &[&Member], value: &Map<String, Value>) -> Map<String, Value> {
        let given = value.iter().filter(|(name, value)| !value.is_null() && self.is_unbound(members, name));
        given.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Returns whether a name is that of a member of the document, or of none at all.
    fn is_unbound(&self, members: &[&Member], name: &str) -> bool {
        let is_known = self.contract.members(self.shape).iter().any(|member| member.name == name);
        !is_known || members.iter().any(|member| member.name == name)
    }

    /// The namespaces of the document element: that of the payload, of its shape, or of the service.
    fn namespaces(&self, payload: Option<&Member>) -> Vec<(String, String)> {
        let id = payload.map_or(self.shape, |member| &member.target);
        let of_shape = || namespace(&self.contract.shape(id)?.traits);
        let own = payload.and_then(|member| namespace(&member.traits)).or_else(of_shape);
        let default = service_namespace(self.contract).filter(|_| own.as_ref().is_none_or(|(name, _)| name != "xmlns"));
        own.into_iter().chain(default).collect()
    }

    /// Reads the members of a document.
    pub(super) fn read(&self, reader: &mut XmlValueReader<'_>, root: XmlElement<'_>) -> Map<String, Value> {
        match &self.body {
            BodyBinding::Document(members) => reader.members(members, root, &|_| false),
            BodyBinding::Payload(member, _) => Map::from_iter([(member.name.clone(), reader.value(member, root))]),
            BodyBinding::Nothing => Map::new(),
        }
    }

    /// Reads the members of an input in a body.
    ///
    /// # Errors
    /// The body is not XML, or not in the form of the input.
    pub(super) fn read_bytes(&self, body: &[u8]) -> Result<Map<String, Value>, InputError> {
        match self.body {
            _ if body.is_empty() => Ok(Map::new()),
            BodyBinding::Payload(_, PayloadKind::EventStream) => Err(InputError::Limit(BodyLimit::EventStream)),
            BodyBinding::Payload(member, kind) if !self.is_xml() => {
                let value = kind.value(body).ok_or(InputError::Body(BodyProblem::NotText))?;
                Ok(Map::from_iter([(member.name.clone(), value)]))
            }
            _ => self.read_text(body),
        }
    }

    fn read_text(&self, body: &[u8]) -> Result<Map<String, Value>, InputError> {
        let reading = xml::read(body);
        if let Some(limit) = reading.limit {
            return Err(InputError::Limit(limit.into()));
        }
        let mut reader = XmlValueReader::new(self.contract);
        reader.problems.extend(reading.problem);
        let members = reading.document.as_ref().map(|document| self.read(&mut reader, document.root()));
        match reader.problems.into_iter().next() {
            Some(problem) => Err(InputError::Body(problem.into())),
            None => Ok(members.unwrap_or_default()),
        }
    }
}

impl<'c> RootName<'c> {
    fn text(self) -> &'c str {
        match self {
            Self::Stated(name) | Self::OfShape(name) => name,
        }
    }
}

fn given<'v>(value: &'v Map<String, Value>, member: &Member) -> Option<&'v Value> {
    value.get(&member.name).filter(|value| !value.is_null())
}

/// The problem of a document element that is not the one of this operation's output: the model states another name, or
/// it is that of another operation.
pub(super) fn root_problem<'c>(
    contract: &'c Contract,
    operation: &'c Operation,
    root: XmlElement<'_>,
) -> Option<XmlProblem> {
    let name_of = |one: &'c Operation| XmlDocuments::of(contract, &one.output, PayloadSide::Output).root_name();
    let expected = name_of(operation).filter(|expected| expected.text() != root.name())?;
    let is_of_another = || contract.operations().filter_map(name_of).any(|name| name.text() == root.name());
    let is_wrong = matches!(expected, RootName::Stated(_)) || is_of_another();
    let (expected, actual) = (expected.text().to_owned(), root.name().to_owned());
    is_wrong.then_some(XmlProblem::WrongRoot { expected, actual })
}
