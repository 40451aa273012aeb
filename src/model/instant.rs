//! Points in time, read from one format of timestamps and written in another.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    TimestampFormat,
    exact_number::{ExactNumber, number},
    timestamp_format::http_date,
};

/// A point in time, to the nanosecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Nanoseconds since 1970.
    nanoseconds: i128,
}

const SECOND: i128 = 1_000_000_000;
const MILLISECOND: i128 = 1_000_000;

impl Instant {
    /// The point in time that a value is in this format; `None` if it is none.
    #[must_use]
    pub fn read(format: TimestampFormat, value: &Value) -> Option<Self> {
        let nanoseconds = match format {
            TimestampFormat::EpochSeconds => epoch_nanoseconds(ExactNumber::of(value)?.text())?,
            TimestampFormat::DateTime => {
                format.check(value).ok()?;
                OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()?.unix_timestamp_nanos()
            }
            TimestampFormat::HttpDate => http_date(value.as_str()?)?.assume_utc().unix_timestamp_nanos(),
        };
        Some(Self { nanoseconds })
    }

    /// The point in time at milliseconds since 1970.
    #[must_use]
    pub fn of_milliseconds(milliseconds: i64) -> Self {
        Self { nanoseconds: i128::from(milliseconds) * MILLISECOND }
    }

    /// The milliseconds since 1970, rounded down; `None` if 64 bits do not hold them.
    #[must_use]
    pub fn milliseconds(self) -> Option<i64> {
        self.nanoseconds.div_euclid(MILLISECOND).try_into().ok()
    }

    /// Epoch seconds as a decimal number, with the digits of a fraction that are necessary.
    #[must_use]
    pub fn epoch_seconds(self) -> String {
        let sign = if self.nanoseconds < 0 { "-" } else { "" };
        let size = self.nanoseconds.abs();
        format!("{sign}{}{}", size / SECOND, fraction(size % SECOND))
    }

    /// The value in this format, or epoch seconds beyond the years that it can express.
    #[must_use]
    pub fn value(self, format: TimestampFormat) -> Value {
        self.write(format).unwrap_or_else(|| number(&self.epoch_seconds()))
    }

    /// The value in this format; `None` beyond the years that it can express.
    #[must_use]
    pub fn write(self, format: TimestampFormat) -> Option<Value> {
        if format == TimestampFormat::EpochSeconds {
            return Some(number(&self.epoch_seconds()));
        }
        let at = OffsetDateTime::from_unix_timestamp_nanos(self.nanoseconds).ok()?;
        let at = Some(at).filter(|at| (0..=9999).contains(&at.year()))?;
        let (hour, minute, second) = at.to_hms();
        let time = format!("{hour:02}:{minute:02}:{second:02}{}", fraction(at.nanosecond().into()));
        let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
        let (weekday, month) = (weekday.get(..3)?, month.get(..3)?);
        Some(match format {
            TimestampFormat::HttpDate => {
                format!("{weekday}, {:02} {month} {:04} {time} GMT", at.day(), at.year()).into()
            }
            _ => format!("{:04}-{:02}-{:02}T{time}Z", at.year(), u8::from(at.month()), at.day()).into(),
        })
    }
}

impl TimestampFormat {
    /// A timestamp of this format in another one; `None` if the value is none, or if the other format cannot express
    /// it. A value stays as it is written if both formats are the same.
    #[must_use]
    pub fn convert(self, to: Self, value: &Value) -> Option<Value> {
        if self == to { Some(value.clone()) } else { Instant::read(self, value)?.write(to) }
    }
}

/// A fraction of a second, with its point; nothing for 0.
fn fraction(nanoseconds: i128) -> String {
    match nanoseconds {
        0 => String::new(),
        _ => format!(".{nanoseconds:09}").trim_end_matches('0').to_owned(),
    }
}

/// The nanoseconds of a number of seconds. Digits below the nanosecond are cut off.
fn epoch_nanoseconds(text: &str) -> Option<i128> {
    if text.contains(['e', 'E']) {
        let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.abs() < 1e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "the size is checked before")]
        return Some((seconds * 1e9).round() as i128);
    }
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = digits.chars().chain("000000000".chars()).take(9).collect();
    let size = whole.parse::<i128>().ok()?.checked_mul(SECOND)?.checked_add(digits.parse().ok()?)?;
    Some(if negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::{
        TimestampFormat::{DateTime, EpochSeconds, HttpDate},
        *,
    };

    #[rstest]
    #[case(EpochSeconds, json!(1_576_540_098), DateTime, "2019-12-16T23:48:18Z")]
    #[case(EpochSeconds, json!(1_576_540_098), HttpDate, "Mon, 16 Dec 2019 23:48:18 GMT")]
    #[case(EpochSeconds, json!(946_845_296.123), DateTime, "2000-01-02T20:34:56.123Z")]
    #[case(EpochSeconds, json!(-1.5), DateTime, "1969-12-31T23:59:58.5Z")]
    #[case(DateTime, json!("2019-12-17T00:48:18+01:00"), HttpDate, "Mon, 16 Dec 2019 23:48:18 GMT")]
    #[case(EpochSeconds, number("1.7e9"), DateTime, "2023-11-14T22:13:20Z")]
    fn a_timestamp_is_written_in_another_format(
        #[case] from: TimestampFormat,
        #[case] value: Value,
        #[case] to: TimestampFormat,
        #[case] expected: &str,
    ) {
        assert_eq!(from.convert(to, &value), Some(json!(expected)));
    }

    #[rstest]
    #[case::words(DateTime, json!("soon"), EpochSeconds)]
    #[case::number_as_text(EpochSeconds, json!("5"), DateTime)]
    #[case::far_away(EpochSeconds, number("1e400"), DateTime)]
    #[case::beyond_the_years(EpochSeconds, json!(999_999_999_999_999_i64), HttpDate)]
    #[case::long(EpochSeconds, number(&"9".repeat(60)), DateTime)]
    fn what_is_no_timestamp_is_not_written(
        #[case] from: TimestampFormat,
        #[case] value: Value,
        #[case] to: TimestampFormat,
    ) {
        assert_eq!(from.convert(to, &value), None);
        assert_eq!(from.convert(from, &value), Some(value));
    }

    #[test]
    fn a_year_of_five_digits_has_only_epoch_seconds() {
        let instant = Instant::read(EpochSeconds, &json!(300_000_000_000_i64)).unwrap();
        assert_eq!((instant.write(DateTime), instant.value(DateTime)), (None, json!(300_000_000_000_i64)));
    }

    #[rstest]
    #[case(1_500, "1.5")]
    #[case(-1, "-0.001")]
    #[case(0, "0")]
    fn milliseconds_are_epoch_seconds_with_a_fraction(#[case] milliseconds: i64, #[case] seconds: &str) {
        let instant = Instant::of_milliseconds(milliseconds);
        assert_eq!((instant.epoch_seconds().as_str(), instant.milliseconds()), (seconds, Some(milliseconds)));
    }

    proptest! {
        #[test]
        fn an_instant_is_the_same_in_every_format(
            nanoseconds in -62_135_596_800_000_000_000_i128..253_402_300_799_000_000_000,
        ) {
            let instant = Instant { nanoseconds };
            for format in [EpochSeconds, DateTime, HttpDate] {
                let value = instant.write(format).unwrap();
                prop_assert_eq!(Instant::read(format, &value), Some(instant), "{}", value);
            }
        }

        #[test]
        fn no_number_makes_it_panic(text in "-?(0|[1-9][0-9]{0,50})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,4})?") {
            let _ = EpochSeconds.convert(DateTime, &number(&text));
        }
    }
}
