//! Members in headers, in both directions.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value};

use super::{
    BindingError, HttpBinding,
    body_binding::stated_media_type,
    header_list::{join, split, split_dates},
};
use crate::{
    model::{Member, MemberBinding, PayloadSide, ShapeId, ShapeKind, TimestampFormat},
    wire::{
        Headers,
        protocol::{BodyProblem, TimestampLocation, scalar_text::ScalarText},
    },
};

impl<'c> HttpBinding<'c> {
    /// Writes the members that are bound to headers. A header that one member names has precedence over the same one
    /// in a map.
    ///
    /// # Errors
    /// A header cannot carry a value.
    pub(in crate::wire::protocol) fn write_headers(
        self,
        shape: &ShapeId,
        side: PayloadSide,
        value: &Map<String, Value>,
        headers: &mut Headers,
    ) -> Result<(), BindingError> {
        let given = |member: &'c Member| Some((member, value.get(&member.name).filter(|value| !value.is_null())?));
        let members: Vec<(&Member, &Value)> = self.contract.members(shape).iter().filter_map(given).collect();
        for (member, value) in &members {
            if let MemberBinding::Header(name) = member.binding(side) {
                headers.set(name, sendable(name, self.header_text(member, value))?);
            }
        }
        for (member, value) in &members {
            if let MemberBinding::PrefixHeaders(prefix) = member.binding(side) {
                self.write_prefixed(member, prefix, value, headers)?;
            }
        }
        Ok(())
    }

    fn write_prefixed(
        self,
        member: &Member,
        prefix: &str,
        value: &Value,
        headers: &mut Headers,
    ) -> Result<(), BindingError> {
        let entries = value.as_object().ok_or_else(|| BindingError::NotAMap(member.name.clone()))?;
        let Some(ShapeKind::Map { value: item, .. }) = self.kind(member) else { return Ok(()) };
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
            let name = format!("{prefix}{key}");
            if !is_token(&name) {
                return Err(BindingError::HeaderName(name));
            }
            if headers.get(&name).is_none() {
                let text = sendable(&name, self.header_text(item, value))?;
                headers.push(name, text);
            }
        }
        Ok(())
    }

    fn header_text(self, member: &Member, value: &Value) -> String {
        match (self.kind(member), value) {
            (Some(ShapeKind::List(item)), Value::Array(items)) => {
                let texts: Vec<String> =
                    items.iter().filter(|item| !item.is_null()).map(|value| self.item_text(item, value)).collect();
                let is_dates = self.is_date(item);
                if is_dates { texts.join(", ") } else { join(texts.iter().map(String::as_str)) }
            }
            _ => self.item_text(member, value),
        }
    }

    /// Text with a media type is in base64, because it may have any characters.
    fn item_text(self, member: &Member, value: &Value) -> String {
        match value {
            Value::String(text) if self.is_encoded(member) => BASE64.encode(text),
            _ => self.in_header().write(member, value).into_owned(),
        }
    }

    /// Reads the members that are bound to headers. A header that is no list, where one is expected, is a problem.
    pub(in crate::wire::protocol) fn read_headers(
        self,
        shape: &ShapeId,
        side: PayloadSide,
        headers: &Headers,
        problems: &mut Vec<BodyProblem>,
    ) -> Map<String, Value> {
        let mut found = Map::new();
        for member in self.contract.members(shape) {
            let value = match member.binding(side) {
                MemberBinding::Header(name) => self.header_value(member, name, headers, problems),
                MemberBinding::PrefixHeaders(prefix) => self.prefixed_value(member, prefix, headers),
                _ => None,
            };
            found.extend(value.map(|value| (member.name.clone(), value)));
        }
        found
    }

    fn header_value(
        self,
        member: &Member,
        name: &str,
        headers: &Headers,
        problems: &mut Vec<BodyProblem>,
    ) -> Option<Value> {
        let first = headers.get(name)?;
        let Some(ShapeKind::List(item)) = self.kind(member) else { return Some(self.item_value(member, first.trim())) };
        let all = headers.all(name).collect::<Vec<_>>().join(", ");
        let items = if self.is_date(item) { Ok(split_dates(&all)) } else { split(&all) };
        match items {
            Ok(items) => Some(items.iter().map(|text| self.item_value(item, text)).collect()),
            Err(problem) => {
                problems.push(BodyProblem::Header { name: name.to_ascii_lowercase(), problem });
                None
            }
        }
    }

    /// A text with a media type that is not in base64 stays as it is.
    fn item_value(self, member: &Member, text: &str) -> Value {
        let decoded = || String::from_utf8(BASE64.decode(text).ok()?).ok();
        let decoded = self.is_encoded(member).then(decoded).flatten();
        decoded.map_or_else(|| self.in_header().read(member, text), Value::from)
    }

    /// The headers with a prefix, by the rest of their names; `None` if there are none.
    fn prefixed_value(self, member: &Member, prefix: &str, headers: &Headers) -> Option<Value> {
        let Some(ShapeKind::Map { value: item, .. }) = self.kind(member) else { return None };
        let mut found = Map::new();
        for (name, text) in headers.iter() {
            let start = name.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix));
            let key = start.and(name.get(prefix.len()..)).filter(|key| !key.is_empty());
            if let Some(key) = key {
                found.entry(key).or_insert_with(|| self.item_value(item, text.trim()));
            }
        }
        Some(Value::Object(found)).filter(|found| found.as_object().is_some_and(|found| !found.is_empty()))
    }

    fn in_header(self) -> ScalarText<'c> {
        self.scalars(TimestampLocation::Header)
    }

    fn is_encoded(self, member: &Member) -> bool {
        matches!(self.kind(member), Some(ShapeKind::String)) && stated_media_type(self.contract, member).is_some()
    }

    fn is_date(self, member: &Member) -> bool {
        let stated = self.contract.trait_of(member, "smithy.api#timestampFormat").and_then(Value::as_str);
        let format =
            stated.and_then(TimestampFormat::named).unwrap_or_else(|| (self.format)(TimestampLocation::Header));
        matches!(self.kind(member), Some(ShapeKind::Timestamp)) && format == TimestampFormat::HttpDate
    }
}

/// The value of a header, if HTTP can carry it: control characters end it, and white space around it is lost.
fn sendable(name: &str, text: String) -> Result<String, BindingError> {
    let is_control = |c: char| c.is_ascii_control() && c != '\t';
    if text.contains(is_control) || text.trim_matches([' ', '\t']) != text {
        return Err(BindingError::HeaderText(name.to_owned()));
    }
    Ok(text)
}

/// Returns whether HTTP allows the name of a header.
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
