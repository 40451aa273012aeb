//! The formats of timestamps, and the check of a JSON value against them.

use std::sync::LazyLock;

use serde_json::Value;
use thiserror::Error;
use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::{self, BorrowedFormatItem, well_known::Rfc3339},
};

/// The format of a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// A JSON number of seconds since 1970, with an optional fraction.
    EpochSeconds,
    /// An RFC 3339 string with an optional fraction, in UTC or with an offset.
    DateTime,
    /// An RFC 9110 IMF-fixdate string with an optional fraction.
    HttpDate,
}

/// A value that is not a timestamp in its format. The message names what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimestampError {
    /// The value is not a JSON number, but epoch seconds are expected.
    #[error("a JSON number of epoch seconds")]
    NotEpochSeconds,
    /// A number so large that it counts milliseconds.
    #[error("epoch seconds, not milliseconds")]
    Milliseconds,
    /// The value is not an RFC 3339 string.
    #[error("an RFC 3339 timestamp as a string")]
    NotDateTime,
    /// The value is not an IMF-fixdate string.
    #[error("an IMF-fixdate as a string")]
    NotHttpDate,
}

/// Seconds beyond the year 5138 are milliseconds.
const LATEST_EPOCH_SECONDS: f64 = 1e11;

impl TimestampFormat {
    /// The name that `smithy.api#timestampFormat` gives the format.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EpochSeconds => "epoch-seconds",
            Self::DateTime => "date-time",
            Self::HttpDate => "http-date",
        }
    }

    /// The format with that name in `smithy.api#timestampFormat`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::EpochSeconds, Self::DateTime, Self::HttpDate].into_iter().find(|format| format.name() == name)
    }

    /// Parses a value as a timestamp in this format.
    ///
    /// # Errors
    /// The value is not a timestamp in this format.
    pub fn check(self, value: &Value) -> Result<(), TimestampError> {
        match self {
            Self::EpochSeconds => match value.as_f64() {
                None => Err(TimestampError::NotEpochSeconds),
                Some(seconds) if seconds.abs() >= LATEST_EPOCH_SECONDS => Err(TimestampError::Milliseconds),
                Some(_) => Ok(()),
            },
            Self::DateTime => {
                value.as_str().filter(|text| is_date_time(text)).map_or(Err(TimestampError::NotDateTime), |_| Ok(()))
            }
            Self::HttpDate => {
                value.as_str().filter(|text| is_http_date(text)).map_or(Err(TimestampError::NotHttpDate), |_| Ok(()))
            }
        }
    }
}

/// The parser accepts any separator between date and time; the `date-time` production of RFC 3339 only `T`.
fn is_date_time(text: &str) -> bool {
    matches!(text.as_bytes().get(10), Some(b'T' | b't')) && OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

type ParserFormat = Vec<BorrowedFormatItem<'static>>;

/// IMF-fixdate without and with a fraction.
static IMF_FIXDATE: LazyLock<Vec<ParserFormat>> = LazyLock::new(|| {
    let formats = [
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT",
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second].[subsecond] GMT",
    ];
    // The tests parse with both.
    formats.into_iter().filter_map(|format| format_description::parse_borrowed::<2>(format).ok()).collect()
});

fn is_http_date(text: &str) -> bool {
    http_date(text).is_some()
}

/// An IMF-fixdate. The parser reads the weekday without comparing it to the date, and accepts a signed year.
pub(super) fn http_date(text: &str) -> Option<PrimitiveDateTime> {
    let date = IMF_FIXDATE.iter().find_map(|format| PrimitiveDateTime::parse(text, format).ok());
    date.filter(|date| date.weekday().to_string().get(..3) == text.get(..3) && !text.contains(['+', '-']))
}

/// The epoch seconds of an IMF-fixdate, as the header `date` has it.
#[must_use]
pub fn http_date_seconds(text: &str) -> Option<i64> {
    http_date(text).map(|date| date.assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::{TimestampFormat::*, *};

    #[rstest]
    #[case::zulu("2026-01-01T00:00:00Z", true)]
    #[case::lower_case("2026-01-01t00:00:00z", true)]
    #[case::milliseconds("1985-04-12T23:20:50.520Z", true)]
    #[case::one_digit("1985-04-12T23:20:50.5Z", true)]
    #[case::nanoseconds("1985-04-12T23:20:50.123456789Z", true)]
    #[case::offset("1985-04-12T23:20:50+05:30", true)]
    #[case::negative_offset("1985-04-12T23:20:50.52-08:00", true)]
    #[case::leap_day("2024-02-29T12:00:00Z", true)]
    #[case::leap_second("1990-12-31T23:59:60Z", true)]
    #[case::letters("2026-XX-XXTXX:XX:not a time", false)]
    #[case::no_zone("2026-01-01T00:00:00", false)]
    #[case::space("2026-01-01 00:00:00Z", false)]
    #[case::date_only("2026-01-01", false)]
    #[case::month_13("2026-13-01T00:00:00Z", false)]
    #[case::no_leap_day("2025-02-29T00:00:00Z", false)]
    #[case::hour_24("2026-01-01T24:00:00Z", false)]
    #[case::empty_fraction("2026-01-01T00:00:00.Z", false)]
    #[case::more_behind("2026-01-01T00:00:00Z.", false)]
    #[case::no_seconds("2026-01-01T00:00Z", false)]
    #[case::offset_without_colon("2026-01-01T00:00:00+0100", false)]
    #[case::http_date("Thu, 01 Jan 2026 00:00:00 GMT", false)]
    #[case::other_character("2026-01-0éT00:00:00Z", false)]
    #[case::empty("", false)]
    fn a_date_time_is_an_rfc_3339_string(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(DateTime.check(&json!(text)), if valid { Ok(()) } else { Err(TimestampError::NotDateTime) });
    }

    #[rstest]
    #[case::plain("Tue, 29 Apr 2014 18:30:38 GMT", true)]
    #[case::milliseconds("Sun, 02 Jan 2000 20:34:56.000 GMT", true)]
    #[case::one_digit("Sun, 02 Jan 2000 20:34:56.5 GMT", true)]
    #[case::words("yesterday GMT", false)]
    #[case::other_weekday("Mon, 29 Apr 2014 18:30:38 GMT", false)]
    #[case::one_digit_day("Sun, 2 Jan 2000 20:34:56 GMT", false)]
    #[case::month_number("Tue, 29 04 2014 18:30:38 GMT", false)]
    #[case::no_such_day("Sun, 31 Feb 2014 18:30:38 GMT", false)]
    #[case::hour_24("Tue, 29 Apr 2014 24:30:38 GMT", false)]
    #[case::other_zone("Tue, 29 Apr 2014 18:30:38 UTC", false)]
    #[case::offset("Tue, 29 Apr 2014 18:30:38 +0000", false)]
    #[case::signed_year("Tue, 29 Apr +2014 18:30:38 GMT", false)]
    #[case::rfc_850("Tuesday, 29-Apr-14 18:30:38 GMT", false)]
    #[case::asctime("Tue Apr 29 18:30:38 2014", false)]
    #[case::lower_case("tue, 29 apr 2014 18:30:38 gmt", false)]
    #[case::more_behind("Tue, 29 Apr 2014 18:30:38 GMT ", false)]
    #[case::date_time("2014-04-29T18:30:38Z", false)]
    #[case::empty("", false)]
    fn an_http_date_is_an_imf_fixdate_string(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(HttpDate.check(&json!(text)), if valid { Ok(()) } else { Err(TimestampError::NotHttpDate) });
    }

    #[rstest]
    #[case::integer(json!(1_515_531_081), Ok(()))]
    #[case::fraction(json!(1_515_531_081.123), Ok(()))]
    #[case::before_1970(json!(-1.5), Ok(()))]
    #[case::exponent(json!(1.7e9), Ok(()))]
    #[case::milliseconds(json!(1_515_531_081_123_i64), Err(TimestampError::Milliseconds))]
    #[case::string(json!("1515531081"), Err(TimestampError::NotEpochSeconds))]
    #[case::null(json!(null), Err(TimestampError::NotEpochSeconds))]
    fn epoch_seconds_are_a_number(#[case] value: Value, #[case] expected: Result<(), TimestampError>) {
        assert_eq!(EpochSeconds.check(&value), expected);
    }

    #[rstest]
    #[case(DateTime, TimestampError::NotDateTime)]
    #[case(HttpDate, TimestampError::NotHttpDate)]
    fn a_number_is_not_a_timestamp_string(#[case] format: TimestampFormat, #[case] error: TimestampError) {
        assert_eq!(format.check(&json!(5)), Err(error));
    }

    /// A number with `digits` digits as a fraction; nothing for 0 digits.
    fn fraction(nanoseconds: u32, digits: usize) -> String {
        if digits == 0 { String::new() } else { format!(".{}", &format!("{nanoseconds:09}")[..digits]) }
    }

    proptest! {
        #[test]
        fn every_instant_is_accepted_in_each_format(
            seconds in -62_135_596_800_i64..253_402_300_799,
            nanoseconds in 0..1_000_000_000_u32,
            digits in 0..=9_usize,
            offset in proptest::option::of((-23..=23_i8, 0..=59_u8)),
        ) {
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let (month, weekday) = (at.month().to_string(), at.weekday().to_string());
            let (hour, minute, second) = at.to_hms();
            let fraction = fraction(nanoseconds, digits);
            let zone = offset.map_or("Z".to_owned(), |(hours, minutes)| format!("{hours:+03}:{minutes:02}"));
            let date_time = format!(
                "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}",
                at.year(), u8::from(at.month()), at.day()
            );
            // An offset may lead out of the years that four digits hold.
            if (1..=9998).contains(&(at.year() - 1)) {
                prop_assert_eq!(DateTime.check(&json!(date_time)), Ok(()), "{}", date_time);
            }
            let http_date = format!(
                "{}, {:02} {} {:04} {hour:02}:{minute:02}:{second:02}{fraction} GMT",
                &weekday[..3], at.day(), &month[..3], at.year()
            );
            prop_assert_eq!(HttpDate.check(&json!(http_date)), Ok(()), "{}", http_date);
            let epoch = seconds % 100_000_000_000;
            prop_assert_eq!(EpochSeconds.check(&json!(epoch)), Ok(()));
            #[expect(clippy::cast_precision_loss, reason = "any fraction will do")]
            let fractional = epoch as f64 + f64::from(nanoseconds) / 1e9;
            prop_assert_eq!(EpochSeconds.check(&json!(fractional)), Ok(()));
        }

        #[test]
        fn no_string_makes_the_parser_panic(text in "[0-9TZ:., +GMTa-z-]{0,40}") {
            let _ = (DateTime.check(&json!(text)), HttpDate.check(&json!(text)));
        }
    }
}
