//! A point in time, read and written in the formats of timestamps.

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::model::{
    TimestampFormat,
    exact_number::{ExactNumber, number},
    http_date_seconds,
};

/// A point in time, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i128);

const BILLION: i128 = 1_000_000_000;

impl Moment {
    /// The point in time that a value has in a format; `None` if the value is not in the format. Digits beyond
    /// nanoseconds are cut off.
    #[must_use]
    pub fn of(value: &Value, format: TimestampFormat) -> Option<Self> {
        match format {
            TimestampFormat::EpochSeconds => epoch_nanoseconds(ExactNumber::of(value)?.text()),
            TimestampFormat::DateTime => {
                format.check(value).ok()?;
                OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp_nanos)
            }
            TimestampFormat::HttpDate => {
                let text = value.as_str()?;
                Some(i128::from(http_date_seconds(text)?) * BILLION + nanoseconds(fraction_of_http_date(text))?)
            }
        }
        .map(Self)
    }

    /// The point in time at milliseconds since 1970.
    #[must_use]
    pub fn of_milliseconds(milliseconds: i64) -> Self {
        Self(i128::from(milliseconds) * (BILLION / 1000))
    }

    /// The milliseconds since 1970, rounded down; `None` if 64 bits do not hold them.
    #[must_use]
    pub fn milliseconds(self) -> Option<i64> {
        self.0.div_euclid(BILLION / 1000).try_into().ok()
    }

    /// The point in time as a value in a format. A year without four digits has only epoch seconds.
    #[must_use]
    pub fn value(self, format: TimestampFormat) -> Value {
        let at = OffsetDateTime::from_unix_timestamp_nanos(self.0).ok().filter(|at| (0..=9999).contains(&at.year()));
        match (format, at) {
            (TimestampFormat::DateTime, Some(at)) => date_time(at).into(),
            (TimestampFormat::HttpDate, Some(at)) => http_date(at).into(),
            _ => number(&self.epoch_seconds()),
        }
    }

    /// Epoch seconds as a decimal number, with the digits of a fraction that are necessary.
    #[must_use]
    pub fn epoch_seconds(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanoseconds = self.0.unsigned_abs();
        let (seconds, rest) = (nanoseconds / BILLION.unsigned_abs(), nanoseconds % BILLION.unsigned_abs());
        format!("{sign}{seconds}{}", fraction(rest))
    }
}

/// The nanoseconds of a JSON number of seconds.
fn epoch_nanoseconds(text: &str) -> Option<i128> {
    if text.contains(['e', 'E']) {
        return exponential(text);
    }
    let (negative, magnitude) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, "0"));
    let nanoseconds = whole.parse::<i64>().ok().map(i128::from)? * BILLION + nanoseconds(fraction)?;
    Some(if negative { -nanoseconds } else { nanoseconds })
}

/// The nanoseconds of a number with an exponent, whose digits hardly ever matter.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn exponential(text: &str) -> Option<i128> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e18)?;
    Some((seconds * 1e9) as i128)
}

/// The nanoseconds of the digits of a fraction.
fn nanoseconds(fraction: &str) -> Option<i128> {
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    digits.parse().ok()
}

fn fraction_of_http_date(text: &str) -> &str {
    text.split_once('.').and_then(|(_, rest)| rest.split_once(' ')).map_or("0", |(fraction, _)| fraction)
}

/// A fraction with its point; empty if it is zero.
fn fraction(nanoseconds: u128) -> String {
    if nanoseconds == 0 { String::new() } else { format!(".{nanoseconds:09}").trim_end_matches('0').to_owned() }
}

fn date_time(at: OffsetDateTime) -> String {
    let fraction = fraction(at.nanosecond().into());
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = at.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

fn http_date(at: OffsetDateTime) -> String {
    let fraction = fraction(at.nanosecond().into());
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    let (weekday, month) = (weekday.get(..3).unwrap_or_default(), month.get(..3).unwrap_or_default());
    let (hour, minute, second) = at.to_hms();
    let (day, year) = (at.day(), at.year());
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02}{fraction} GMT")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use TimestampFormat::{DateTime, EpochSeconds, HttpDate};

    #[rstest]
    #[case(json!(946_845_296), json!("2000-01-02T20:34:56Z"), json!("Sun, 02 Jan 2000 20:34:56 GMT"))]
    #[case(json!(946_845_296.123), json!("2000-01-02T20:34:56.123Z"), json!("Sun, 02 Jan 2000 20:34:56.123 GMT"))]
    #[case(json!(-1.5), json!("1969-12-31T23:59:58.5Z"), json!("Wed, 31 Dec 1969 23:59:58.5 GMT"))]
    fn a_moment_has_a_value_in_each_format(#[case] epoch: Value, #[case] date_time: Value, #[case] http_date: Value) {
        let values = [(EpochSeconds, epoch), (DateTime, date_time), (HttpDate, http_date)];
        for (from, read) in &values {
            let moment = Moment::of(read, *from).unwrap();
            for (to, expected) in &values {
                assert_eq!(moment.value(*to), *expected, "from {from:?} to {to:?}");
            }
        }
    }

    #[rstest]
    #[case::offset(DateTime, json!("2000-01-02T21:34:56+01:00"), Some("946845296"))]
    #[case::exponent(EpochSeconds, json!(1e3), Some("1000"))]
    #[case::number(DateTime, json!(1), None)]
    #[case::words(HttpDate, json!("soon"), None)]
    #[case::text(EpochSeconds, json!("1"), None)]
    #[case::far(EpochSeconds, json!(1e300), None)]
    fn a_value_in_another_format_is_no_moment(
        #[case] format: TimestampFormat,
        #[case] value: Value,
        #[case] seconds: Option<&str>,
    ) {
        assert_eq!(Moment::of(&value, format).map(Moment::epoch_seconds).as_deref(), seconds);
    }

    #[test]
    fn a_year_of_five_digits_has_only_epoch_seconds() {
        let moment = Moment::of(&json!(300_000_000_000_i64), EpochSeconds).unwrap();
        assert_eq!(moment.value(DateTime), json!(300_000_000_000_i64));
    }

    proptest! {
        #[test]
        fn a_moment_is_read_as_it_was_written(nanoseconds in -62_135_596_800_000_000_000_i128..253_402_300_799_000_000_000) {
            for format in [EpochSeconds, DateTime, HttpDate] {
                prop_assert_eq!(Moment::of(&Moment(nanoseconds).value(format), format), Some(Moment(nanoseconds)));
            }
        }

        #[test]
        fn no_value_makes_it_panic(text in "[0-9TZ:., +GMTa-z-]{0,40}", number in any::<f64>()) {
            for format in [EpochSeconds, DateTime, HttpDate] {
                let _ = (Moment::of(&json!(text), format), Moment::of(&json!(number), format));
            }
        }
    }
}
