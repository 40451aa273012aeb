//! Writes the value of a shape as an XML element.
//!
//! A value of another form than its shape is written in the form that it has, as far as an element can show it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    plain_text::{object, text},
    unshowable::Unshowable,
    xml_names::{ENTRY, ITEM, entry_names, is_attribute, is_flattened, item_name, member_name, namespace},
};
use crate::{
    model::{Contract, Member, ShapeKind},
    wire::xml::{XmlWriter, is_xml_name},
};

/// The attributes of an element.
pub(super) type XmlAttributes = Vec<(String, String)>;

/// Writes values.
#[derive(Debug, Clone, Copy)]
pub(super) struct XmlValueWriter<'c> {
    contract: &'c Contract,
}

impl<'c> XmlValueWriter<'c> {
    pub(super) fn new(contract: &'c Contract) -> Self {
        Self { contract }
    }

    /// Writes an element that holds these members of a value.
    ///
    /// # Errors
    /// XML cannot show a part of the value.
    pub(super) fn structure(
        self,
        writer: &mut XmlWriter,
        name: &str,
        mut attributes: XmlAttributes,
        members: &[&Member],
        value: &Map<String, Value>,
    ) -> Result<(), Unshowable> {
        attributes.extend(attribute_members(members, value));
        writer.element(name, &attributes, |writer| self.members(writer, members, value))
    }

    /// Writes the elements of these members of a value.
    ///
    /// # Errors
    /// XML cannot show a part of the value.
    pub(super) fn members(
        self,
        writer: &mut XmlWriter,
        members: &[&Member],
        value: &Map<String, Value>,
    ) -> Result<(), Unshowable> {
        for (name, value) in value.iter().filter(|(_, value)| !value.is_null()) {
            match members.iter().find(|member| member.name == *name) {
                Some(member) if is_attribute(member) && text(value).is_some() => {}
                Some(member) => self.member(writer, member, value)?,
                None => generic(writer, name, value)?,
            }
        }
        Ok(())
    }

    fn member(self, writer: &mut XmlWriter, member: &Member, value: &Value) -> Result<(), Unshowable> {
        let name = member_name(member);
        let kind = self.contract.shape(&member.target).map(|shape| &shape.kind).filter(|_| is_flattened(member));
        let attributes = || self.namespaces(member);
        match kind {
            Some(ShapeKind::List(item)) => {
                let items = value.as_array().ok_or_else(|| Unshowable::OnlyItems(name.to_owned()))?;
                items.iter().try_for_each(|value| self.value(writer, name, item, value))
            }
            Some(ShapeKind::Map { key, value: part }) => {
                let entries = object(value).ok_or_else(|| Unshowable::OnlyEntries(name.to_owned()))?;
                let mut entries = entries.iter();
                entries.try_for_each(|(of, one)| self.entry(writer, (name, &attributes()), (key, of), (part, one)))
            }
            _ => self.value(writer, name, member, value),
        }
    }

    /// Writes the value of a member, an item, a key or a value as an element of this name.
    fn value(self, writer: &mut XmlWriter, name: &str, member: &Member, value: &Value) -> Result<(), Unshowable> {
        self.named(writer, name, self.namespaces(member), member, value)
    }

    /// Writes the value of a member as an element of this name with these attributes.
    ///
    /// # Errors
    /// XML cannot show a part of the value.
    pub(super) fn named(
        self,
        writer: &mut XmlWriter,
        name: &str,
        attributes: XmlAttributes,
        member: &Member,
        value: &Value,
    ) -> Result<(), Unshowable> {
        let kind = self.contract.shape(&member.target).map(|shape| &shape.kind);
        match (kind, object(value), value.as_array()) {
            (Some(ShapeKind::Structure(members) | ShapeKind::Union(members)), Some(value), _) => {
                let members: Vec<&Member> = members.iter().collect();
                self.structure(writer, name, attributes, &members, value)
            }
            (Some(ShapeKind::List(item)), _, Some(items)) => writer.element(name, &attributes, |writer| {
                items.iter().try_for_each(|value| self.value(writer, item_name(item), item, value))
            }),
            (Some(ShapeKind::Map { key, value: part }), Some(entries), _) => {
                writer.element(name, &attributes, |writer| {
                    entries.iter().try_for_each(|(of, one)| self.entry(writer, (ENTRY, &[]), (key, of), (part, one)))
                })
            }
            _ if is_empty(value) => Err(Unshowable::Empty(name.to_owned())),
            _ => with_attributes(writer, name, &attributes, value),
        }
    }

    fn entry(
        self,
        writer: &mut XmlWriter,
        (name, attributes): (&str, &[(String, String)]),
        (key, name_of): (&Member, &str),
        (part, value): (&Member, &Value),
    ) -> Result<(), Unshowable> {
        let (key_name, value_name) = entry_names(key, part);
        writer.element(name, attributes, |writer| {
            self.value(writer, key_name, key, &Value::from(name_of))?;
            self.value(writer, value_name, part, value)
        })
    }

    /// The namespaces of a member: its own one, and one with a prefix of its shape, which attributes may need.
    fn namespaces(self, member: &Member) -> XmlAttributes {
        let own = namespace(&member.traits);
        let of_shape = || namespace(&self.contract.shape(&member.target)?.traits);
        own.or_else(|| of_shape().filter(|(name, _)| name != "xmlns")).into_iter().collect()
    }
}

/// The members of a value that are attributes, with their names.
fn attribute_members<'v>(
    members: &'v [&Member],
    value: &'v Map<String, Value>,
) -> impl Iterator<Item = (String, String)> + use<'v> {
    members.iter().filter(|member| is_attribute(member)).filter_map(|member| {
        let text: Cow<'_, str> = text(value.get(&member.name)?)?;
        Some((member_name(member).to_owned(), text.into_owned()))
    })
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty)
}

/// Writes a value by its own form.
fn generic(writer: &mut XmlWriter, name: &str, value: &Value) -> Result<(), Unshowable> {
    if !is_xml_name(name) {
        return Err(Unshowable::NotAName(name.to_owned()));
    }
    with_attributes(writer, name, &[], value)
}

fn with_attributes(
    writer: &mut XmlWriter,
    name: &str,
    attributes: &[(String, String)],
    value: &Value,
) -> Result<(), Unshowable> {
    writer.element(name, attributes, |writer| match (text(value), value) {
        (Some(text), _) => {
            writer.text(&text);
            Ok(())
        }
        (None, Value::Array(items)) => items.iter().try_for_each(|item| generic(writer, ITEM, item)),
        (None, Value::Object(members)) => {
            let mut members = members.iter().filter(|(_, value)| !value.is_null());
            members.try_for_each(|(name, value)| generic(writer, name, value))
        }
        _ => Err(Unshowable::Null(name.to_owned())),
    })
}
