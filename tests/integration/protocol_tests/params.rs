//! The parameters of a test as values of a shape, and values made comparable.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};
use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::{self, well_known::Rfc3339},
};
use wireproof::internals::{
    model::{
        Shape, ShapeId, ShapeKind, TimestampFormat, Traits,
        exact_number::rounded,
        walk::{Rewritten, VisitedValue, rewrite},
    },
    wire::protocol::TimestampLocation,
};

use super::TestedService;

impl TestedService {
    /// Parameters as a value of a shape: tests write blobs as text, and timestamps as epoch seconds.
    pub(super) fn value(&self, shape: &ShapeId, params: &Map<String, Value>) -> Value {
        let params = self.renamed(shape, &Value::Object(params.clone()));
        rewrite(&self.contract, shape, &params, &mut |at: &VisitedValue<'_, '_, &Value>| match (at.shape, at.value) {
            (Some(Shape { kind: ShapeKind::Blob, .. }), Value::String(text)) => {
                Rewritten::Value(BASE64.encode(text).into())
            }
            (Some(Shape { kind: ShapeKind::Timestamp, .. }), Value::Number(seconds)) => {
                let seconds = seconds.as_f64().unwrap_or_default();
                Rewritten::Value(written(self.format(at), seconds))
            }
            _ => Rewritten::Parts,
        })
    }

    /// Parameters have the names of the model; values may have those of JSON.
    fn renamed(&self, shape: &ShapeId, value: &Value) -> Value {
        let kind = self.contract.shape(shape).map(|shape| &shape.kind);
        match (kind, value) {
            (Some(ShapeKind::Structure(members) | ShapeKind::Union(members)), Value::Object(map)) => {
                let entries = map.iter().map(|(name, value)| {
                    let member = members.iter().find(|member| member.own_name() == name);
                    member.map_or_else(
                        || (name.clone(), value.clone()),
                        |member| (member.name.clone(), self.renamed(&member.target, value)),
                    )
                });
                Value::Object(entries.collect())
            }
            (Some(ShapeKind::List(item)), Value::Array(items)) => {
                items.iter().map(|value| self.renamed(&item.target, value)).collect()
            }
            (Some(ShapeKind::Map { value: part, .. }), Value::Object(map)) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.renamed(&part.target, value))).collect())
            }
            _ => value.clone(),
        }
    }

    /// The value with timestamps as epoch seconds and numbers as doubles, without what a client does not see: nulls in
    /// structures and members that the model does not know.
    pub(super) fn comparable(&self, shape: &ShapeId, value: &Value) -> Value {
        let value = rounded(value).into_owned();
        rewrite(&self.contract, shape, &value, &mut |at: &VisitedValue<'_, '_, &Value>| {
            let is_timestamp = at.shape.is_some_and(|shape| matches!(shape.kind, ShapeKind::Timestamp));
            match at.value {
                Value::Null if at.is_in_structure() => Rewritten::Nothing,
                _ if at.is_in_structure() && at.member.is_none() => Rewritten::Nothing,
                Value::String(text) if is_timestamp => {
                    Rewritten::Value(seconds(self.format(at), text).map_or(Value::Null, |seconds| json!(seconds)))
                }
                Value::Number(number) => Rewritten::Value(json!(number.as_f64())),
                _ => Rewritten::Parts,
            }
        })
    }

    fn format(&self, at: &VisitedValue<'_, '_, &Value>) -> TimestampFormat {
        let own = at.member.and_then(|member| member.traits.timestamp_format());
        own.or_else(|| at.shape.map(|shape| &shape.traits).and_then(Traits::timestamp_format))
            .unwrap_or_else(|| self.protocol.timestamp_format(TimestampLocation::Body))
    }
}

fn written(format: TimestampFormat, seconds: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "the seconds of a test are small")]
    let date = OffsetDateTime::from_unix_timestamp_nanos((seconds * 1e9).round() as i128).unwrap();
    let (year, month, day) = date.to_calendar_date();
    let (hour, minute, second, milli) = date.time().as_hms_milli();
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    match format {
        TimestampFormat::EpochSeconds if seconds.fract() == 0.0 => {
            #[expect(clippy::cast_possible_truncation, reason = "whole")]
            let whole = seconds as i64;
            json!(whole)
        }
        TimestampFormat::EpochSeconds => json!(seconds),
        TimestampFormat::DateTime => {
            let month = u8::from(month);
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z").into()
        }
        TimestampFormat::HttpDate => {
            let (weekday, month) = (date.weekday().to_string(), month.to_string());
            let (weekday, month) = (&weekday[..3], &month[..3]);
            format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02}{fraction} GMT").into()
        }
    }
}

fn seconds(format: TimestampFormat, text: &str) -> Option<f64> {
    let date = match format {
        TimestampFormat::HttpDate => {
            let (whole, fraction) =
                text.strip_suffix(" GMT")?.split_once('.').unwrap_or((text.strip_suffix(" GMT")?, "0"));
            let format = "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second]";
            let format = format_description::parse_borrowed::<2>(format).ok()?;
            let whole = PrimitiveDateTime::parse(whole, &format).ok()?.assume_utc().unix_timestamp();
            return format!("{whole}.{fraction}").parse().ok();
        }
        _ => OffsetDateTime::parse(text, &Rfc3339).ok()?,
    };
    #[expect(clippy::cast_precision_loss, reason = "the seconds of a test are small")]
    let millis = date.unix_timestamp_nanos() as f64 / 1e9;
    Some(millis)
}
