//! The date of a signed request: `x-amz-date`.

use time::{Date, Month, OffsetDateTime};

/// Formats epoch seconds as `YYYYMMDD'T'HHMMSS'Z'`. A time outside of the calendar becomes 1970.
#[must_use]
pub fn amz_date(now: i64) -> String {
    let t = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut out = String::with_capacity(16);
    push_number(t.year().unsigned_abs(), 1000, &mut out);
    push_number(u8::from(t.month()).into(), 10, &mut out);
    push_number(t.day().into(), 10, &mut out);
    out.push('T');
    for part in [t.hour(), t.minute(), t.second()] {
        push_number(part.into(), 10, &mut out);
    }
    out.push('Z');
    out
}

/// The epoch seconds of an `x-amz-date`, `YYYYMMDD'T'HHMMSS'Z'`.
#[must_use]
pub fn amz_date_seconds(date: &str) -> Option<i64> {
    let (day, time) = date.strip_suffix('Z')?.split_once('T')?;
    let all_digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(day, 8) || !all_digits(time, 6) {
        return None;
    }
    let two = |text: &str, at: usize| text.get(at..at + 2)?.parse::<u8>().ok();
    let month = Month::try_from(two(day, 4)?).ok()?;
    let day = Date::from_calendar_date(day.get(..4)?.parse().ok()?, month, two(day, 6)?).ok()?;
    let moment = day.with_hms(two(time, 0)?, two(time, 2)?, two(time, 4)?).ok()?;
    Some(moment.assume_utc().unix_timestamp())
}

/// Writes the decimal digits from `unit` down. Every request needs a date, and a formatter is slow.
fn push_number(number: u32, unit: u32, out: &mut String) {
    out.extend(
        std::iter::successors(Some(unit), |unit| (*unit > 1).then_some(unit / 10))
            .filter_map(|unit| char::from_digit(number / unit % 10, 10)),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_time_outside_of_the_calendar_becomes_1970() {
        assert_eq!(amz_date(i64::MAX), "19700101T000000Z");
        assert_eq!(amz_date(1_007_003_045), "20011129T030405Z");
    }

    #[rstest]
    #[case::extended("2001-11-29T03:04:05Z")]
    #[case::without_zone("20011129T030405")]
    #[case::no_such_month("20011329T030405Z")]
    #[case::no_such_hour("20011129T240405Z")]
    #[case::sign("2001112+T030405Z")]
    #[case::not_ascii("2001112éT030405Z")]
    fn another_form_or_moment_is_no_date(#[case] text: &str) {
        assert_eq!(amz_date_seconds(text), None);
    }

    proptest! {
        #[test]
        fn a_date_is_read_as_it_was_written(seconds in 0..253_402_300_800_i64) {
            prop_assert_eq!(amz_date_seconds(&amz_date(seconds)), Some(seconds));
        }
    }
}
