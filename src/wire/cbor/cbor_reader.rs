//! Reads CBOR: the grammar of RFC 8949, and the tags of AWS protocols.

use std::collections::HashSet;

use super::{CborDocument, CborLimit, CborProblem, CborValue, digits};
use crate::{
    model::exact_number::KEPT_NUMBER,
    wire::json::{DEEPEST, JsonContainer},
};

/// The reason why a data item has no value.
enum Unread {
    Problem(CborProblem),
    Limit(CborLimit),
}

impl From<CborProblem> for Unread {
    fn from(problem: CborProblem) -> Self {
        Self::Problem(problem)
    }
}

/// Reads `bytes` strictly.
#[must_use]
pub fn read(bytes: &[u8]) -> CborDocument {
    let mut reader = CborReader { bytes, at: 0, problems: Vec::new() };
    let read = if bytes.is_empty() { Err(CborProblem::Empty.into()) } else { reader.item(JsonContainer::Root, 0) };
    let (at, mut problems) = (reader.at, reader.problems);
    match read {
        Ok(value) => {
            problems.extend((at < bytes.len()).then_some(CborProblem::TrailingBytes(at)));
            CborDocument { value: Some(value), problems, limit: None }
        }
        Err(Unread::Problem(problem)) => {
            problems.push(problem);
            CborDocument { value: None, problems, limit: None }
        }
        Err(Unread::Limit(limit)) => CborDocument { value: None, problems, limit: Some(limit) },
    }
}

/// The first bytes of a data item.
struct ItemHead {
    major: u8,
    /// The lower five bits of the first byte.
    info: u8,
    /// The number that they or the next bytes hold; `None` for an indefinite length or a break.
    argument: Option<u64>,
    at: usize,
}

struct CborReader<'b> {
    bytes: &'b [u8],
    at: usize,
    problems: Vec<CborProblem>,
}

const BREAK: u8 = 0xff;

impl<'b> CborReader<'b> {
    fn item(&mut self, at: JsonContainer<'_>, depth: usize) -> Result<CborValue, Unread> {
        if depth > DEEPEST {
            return Err(Unread::Limit(CborLimit::Depth));
        }
        let head = self.head()?;
        match (head.major, head.argument) {
            (0, Some(value)) => Ok(CborValue::Integer(i128::from(value))),
            (1, Some(value)) => Ok(CborValue::Integer(-1 - i128::from(value))),
            (2, length) => Ok(CborValue::Bytes(self.string(2, length)?)),
            (3, length) => Ok(CborValue::Text(self.text(length)?)),
            (4, length) => self.array(length, at, depth),
            (5, length) => self.map(length, at, depth),
            (6, Some(tag)) => self.tagged(tag, at, depth),
            (7, Some(argument)) => Ok(simple(&head, argument)?),
            (7, None) => Err(CborProblem::StrayBreak(head.at).into()),
            _ => Err(CborProblem::Reserved(head.at).into()),
        }
    }

    fn head(&mut self) -> Result<ItemHead, CborProblem> {
        let at = self.at;
        let first = *self.take(1)?.first().ok_or(CborProblem::Truncated(at))?;
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => Some(self.number(1 << (info - 24))?),
            31 => None,
            _ => return Err(CborProblem::Reserved(at)),
        };
        Ok(ItemHead { major, info, argument, at })
    }

    fn number(&mut self, length: usize) -> Result<u64, CborProblem> {
        Ok(self.take(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], CborProblem> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or(CborProblem::Truncated(self.bytes.len()))?;
        self.at += length;
        Ok(taken)
    }

    /// Moves past a break.
    fn ends(&mut self) -> bool {
        let ends = self.bytes.get(self.at) == Some(&BREAK);
        self.at += usize::from(ends);
        ends
    }

    /// Returns true if an item with `length` parts, or one of indefinite length, goes on after `done` parts.
    fn goes_on(&mut self, length: Option<u64>, done: u64) -> bool {
        length.map_or_else(|| !self.ends(), |length| done < length)
    }

    fn string(&mut self, major: u8, length: Option<u64>) -> Result<Vec<u8>, CborProblem> {
        if let Some(length) = length {
            return Ok(self.chunk(length)?.to_vec());
        }
        let mut all = Vec::new();
        while !self.ends() {
            let head = self.head()?;
            let length = head.argument.filter(|_| head.major == major).ok_or(CborProblem::Chunk(head.at))?;
            all.extend_from_slice(self.chunk(length)?);
        }
        Ok(all)
    }

    fn chunk(&mut self, length: u64) -> Result<&'b [u8], CborProblem> {
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn text(&mut self, length: Option<u64>) -> Result<String, CborProblem> {
        let start = self.at;
        let bytes = self.string(3, length)?;
        String::from_utf8(bytes).map_err(|_| CborProblem::NotUtf8(start))
    }

    fn array(&mut self, length: Option<u64>, at: JsonContainer<'_>, depth: usize) -> Result<CborValue, Unread> {
        let mut items = Vec::new();
        while self.goes_on(length, items.len() as u64) {
            items.push(self.item(JsonContainer::Item(&at, items.len()), depth + 1)?);
        }
        Ok(CborValue::Array(items))
    }

    fn map(&mut self, length: Option<u64>, at: JsonContainer<'_>, depth: usize) -> Result<CborValue, Unread> {
        let (mut entries, mut done) = (Vec::<(String, CborValue)>::new(), 0);
        while self.goes_on(length, done) {
            let key = self.key()?;
            let value = self.item(JsonContainer::Member(&at, &key), depth + 1)?;
            entries.push((key, value));
            done += 1;
        }
        self.keep_last(&mut entries, at);
        Ok(CborValue::Map(entries))
    }

    fn key(&mut self) -> Result<String, Unread> {
        let head = self.head()?;
        if head.major != 3 {
            let is_break = head.major == 7 && head.argument.is_none();
            let problem = if is_break { CborProblem::StrayBreak } else { CborProblem::KeyNotText };
            return Err(problem(head.at).into());
        }
        let key = self.text(head.argument)?;
        if key == KEPT_NUMBER { Err(Unread::Limit(CborLimit::ReservedName)) } else { Ok(key) }
    }

    fn keep_last(&mut self, entries: &mut Vec<(String, CborValue)>, at: JsonContainer<'_>) {
        let mut seen = HashSet::new();
        let is_last: Vec<bool> = entries.iter().rev().map(|(key, _)| seen.insert(key.as_str())).collect();
        if is_last.iter().all(|is_last| *is_last) {
            return;
        }
        let mut keep = is_last.into_iter().rev();
        entries.retain(|(key, _)| {
            let keep = keep.next().unwrap_or(true);
            if !keep {
                self.problems.push(CborProblem::DuplicateKey(JsonContainer::Member(&at, key).pointer()));
            }
            keep
        });
    }

    fn tagged(&mut self, tag: u64, at: JsonContainer<'_>, depth: usize) -> Result<CborValue, Unread> {
        let value = self.item(at, depth + 1)?;
        let wrong = || CborProblem::TagContent { tag, pointer: at.pointer() };
        match (tag, value) {
            (1, value @ (CborValue::Integer(_) | CborValue::Single(_) | CborValue::Double(_))) => {
                Ok(CborValue::Timestamp(Box::new(value)))
            }
            (2 | 3, CborValue::Bytes(bytes)) => {
                let digits = digits::of_bignum(&bytes, tag == 3).ok_or(Unread::Limit(CborLimit::LongNumber))?;
                Ok(CborValue::Digits(digits))
            }
            (4, CborValue::Array(parts)) => Ok(decimal_fraction(&parts).ok_or_else(wrong)?),
            (1..=4, _) => Err(wrong().into()),
            (_, value) => {
                self.problems.push(CborProblem::UnknownTag { tag, pointer: at.pointer() });
                Ok(value)
            }
        }
    }
}

fn decimal_fraction(parts: &[CborValue]) -> Option<CborValue> {
    match parts {
        [CborValue::Integer(exponent), CborValue::Integer(mantissa)] => {
            Some(CborValue::Digits(digits::of_decimal(&mantissa.to_string(), *exponent)))
        }
        [CborValue::Integer(exponent), CborValue::Digits(mantissa)] if mantissa.bytes().all(is_part_of_an_integer) => {
            Some(CborValue::Digits(digits::of_decimal(mantissa, *exponent)))
        }
        _ => None,
    }
}

fn is_part_of_an_integer(byte: u8) -> bool {
    byte == b'-' || byte.is_ascii_digit()
}

fn simple(head: &ItemHead, argument: u64) -> Result<CborValue, CborProblem> {
    Ok(match head.info {
        20 => CborValue::Bool(false),
        21 => CborValue::Bool(true),
        22 | 23 => CborValue::Null,
        24 if argument < 32 => return Err(CborProblem::Reserved(head.at)),
        25 => CborValue::Single(half(argument)),
        26 => CborValue::Single(f32::from_bits(u32::try_from(argument).unwrap_or_default())),
        27 => CborValue::Double(f64::from_bits(argument)),
        _ => return Err(CborProblem::SimpleValue(head.at)),
    })
}

/// The value of a half-precision float.
fn half(bits: u64) -> f32 {
    let bits = u16::try_from(bits).unwrap_or_default();
    let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => mantissa * 2_f32.powi(-24),
        31 if mantissa > 0.0 => f32::NAN,
        31 => f32::INFINITY,
        _ => (1024.0 + mantissa) * 2_f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// The bytes of hexadecimal digits.
    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn text(text: &str) -> CborValue {
        CborValue::Text(text.to_owned())
    }

    #[rstest]
    #[case::zero("00", CborValue::Integer(0))]
    #[case::wide_one("1b0000000000000001", CborValue::Integer(1))]
    #[case::greatest("1bffffffffffffffff", CborValue::Integer(u64::MAX.into()))]
    #[case::least("3bffffffffffffffff", CborValue::Integer(-1 - i128::from(u64::MAX)))]
    #[case::bytes("43010203", CborValue::Bytes(vec![1, 2, 3]))]
    #[case::bytes_in_parts("5f4201024103ff", CborValue::Bytes(vec![1, 2, 3]))]
    #[case::text("63616263", text("abc"))]
    #[case::text_in_parts("7f6161626263ff", text("abc"))]
    #[case::no_parts("7fff", text(""))]
    #[case::array("820102", CborValue::Array(vec![CborValue::Integer(1), CborValue::Integer(2)]))]
    #[case::open_array("9f01ff", CborValue::Array(vec![CborValue::Integer(1)]))]
    #[case::map("a1616101", CborValue::Map(vec![("a".to_owned(), CborValue::Integer(1))]))]
    #[case::open_map("bfff", CborValue::Map(Vec::new()))]
    #[case::null("f6", CborValue::Null)]
    #[case::undefined("f7", CborValue::Null)]
    #[case::half_one("f93c00", CborValue::Single(1.0))]
    #[case::least_half("f90001", CborValue::Single(5.960_464_5e-8))]
    #[case::negative_half("f9c400", CborValue::Single(-4.0))]
    #[case::half_infinity("f97c00", CborValue::Single(f32::INFINITY))]
    #[case::single("fa3fc00000", CborValue::Single(1.5))]
    #[case::double("fb3ff199999999999a", CborValue::Double(1.1))]
    #[case::time("c11a514b67b0", CborValue::Timestamp(Box::new(CborValue::Integer(1_363_896_240))))]
    #[case::bignum("c249010000000000000000", CborValue::Digits("18446744073709551616".to_owned()))]
    #[case::negative_bignum("c349010000000000000000", CborValue::Digits("-18446744073709551617".to_owned()))]
    #[case::decimal("c48221196ab3", CborValue::Digits("273.15".to_owned()))]
    fn an_item_has_a_value_and_no_problem(#[case] hex: &str, #[case] expected: CborValue) {
        let expected = CborDocument { value: Some(expected), problems: Vec::new(), limit: None };
        assert_eq!(read(&bytes(hex)), expected);
    }

    #[rstest]
    #[case::empty("", CborProblem::Empty)]
    #[case::truncated_array("8201", CborProblem::Truncated(2))]
    #[case::truncated_text("63ff", CborProblem::Truncated(2))]
    #[case::endless_text("7bffffffffffffffff", CborProblem::Truncated(9))]
    #[case::unclosed("9f", CborProblem::Truncated(1))]
    #[case::reserved("1c", CborProblem::Reserved(0))]
    #[case::endless_integer("811f", CborProblem::Reserved(1))]
    #[case::short_simple("f818", CborProblem::Reserved(0))]
    #[case::simple("81f0", CborProblem::SimpleValue(1))]
    #[case::long_simple("f8ff", CborProblem::SimpleValue(0))]
    #[case::stray_break("81ff", CborProblem::StrayBreak(1))]
    #[case::break_in_a_map("a1ff", CborProblem::StrayBreak(1))]
    #[case::mixed_parts("5f6161ff", CborProblem::Chunk(1))]
    #[case::nested_parts("7f7fffff", CborProblem::Chunk(1))]
    #[case::not_utf8("62c328", CborProblem::NotUtf8(1))]
    #[case::integer_key("a10101", CborProblem::KeyNotText(1))]
    #[case::time_as_text("c16130", CborProblem::TagContent { tag: 1, pointer: String::new() })]
    #[case::bignum_of_text("81c26130", CborProblem::TagContent { tag: 2, pointer: "/0".to_owned() })]
    #[case::decimal_of_one("c48101", CborProblem::TagContent { tag: 4, pointer: String::new() })]
    fn what_is_not_cbor_has_a_problem_and_no_value(#[case] hex: &str, #[case] expected: CborProblem) {
        assert!(expected.is_forbidden());
        assert_eq!(read(&bytes(hex)), CborDocument { value: None, problems: vec![expected], limit: None });
    }

    #[rstest]
    #[case::trailing("0102", CborProblem::TrailingBytes(1), true)]
    #[case::duplicate("a1616ba3616101616202616103", CborProblem::DuplicateKey("/k/a".to_owned()), true)]
    #[case::unknown_tag("81d9d9f701", CborProblem::UnknownTag { tag: 55_799, pointer: "/0".to_owned() }, false)]
    fn a_readable_item_with_a_problem_has_a_value(
        #[case] hex: &str,
        #[case] expected: CborProblem,
        #[case] is_forbidden: bool,
    ) {
        let document = read(&bytes(hex));
        assert!(document.value.is_some() && document.limit.is_none());
        assert_eq!((&document.problems[..], expected.is_forbidden()), (&[expected.clone()][..], is_forbidden));
    }

    #[test]
    fn the_last_of_duplicate_keys_counts() {
        let expected = [("b", 2), ("a", 3)].map(|(key, value)| (key.to_owned(), CborValue::Integer(value)));
        assert_eq!(read(&bytes("a3616101616202616103")).value, Some(CborValue::Map(expected.into())));
    }

    #[rstest]
    #[case::arrays(&[0x81].repeat(100_000), CborLimit::Depth)]
    #[case::tags(&[0xc1].repeat(100_000), CborLimit::Depth)]
    #[case::bignum(&[&[0xc2, 0x59, 0x04, 0x01][..], &[1; 1025]].concat(), CborLimit::LongNumber)]
    #[case::reserved_key(b"\xa1\x67\0number\x01", CborLimit::ReservedName)]
    fn what_no_value_can_hold_is_a_limit(#[case] bytes: &[u8], #[case] limit: CborLimit) {
        assert_eq!(read(bytes), CborDocument { value: None, problems: Vec::new(), limit: Some(limit) });
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let document = read(&bytes);
            prop_assert!(document.value.is_some() || document.limit.is_some() || !document.problems.is_empty());
        }

        #[test]
        fn every_half_is_the_value_that_its_bits_mean(bits in 0_u16..0x7c00) {
            // The next greater half is greater.
            prop_assert!(half(bits.into()) < half(u64::from(bits) + 1));
        }
    }
}
