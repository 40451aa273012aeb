//! Writes CBOR, each item in its smallest form, without half-precision floats.

use super::digits;

/// CBOR as it grows.
#[derive(Debug, Clone, Default)]
pub struct CborWriter(Vec<u8>);

impl CborWriter {
    /// The bytes that were written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Writes `null`.
    pub fn null(&mut self) {
        self.0.push(0xf6);
    }

    /// Writes `false` or `true`.
    pub fn bool(&mut self, value: bool) {
        self.0.push(0xf4 + u8::from(value));
    }

    /// Writes an integer, as a bignum if it has more than 64 bits.
    pub fn integer(&mut self, value: i128) {
        let magnitude = if value < 0 { -1 - value } else { value };
        match u64::try_from(magnitude) {
            Ok(argument) => self.head(u8::from(value < 0), argument),
            Err(_) => self.bignum(&value.unsigned_abs().to_string(), value < 0),
        }
    }

    /// Writes a bignum with these digits, without a sign.
    pub fn bignum(&mut self, digits: &str, negative: bool) {
        self.head(6, 2 + u64::from(negative));
        self.bytes(&digits::to_bignum(digits, negative));
    }

    /// Writes a JSON number as a decimal fraction, or returns false if its exponent is too large.
    pub fn decimal(&mut self, number: &str) -> bool {
        let Some((negative, mantissa, exponent)) = digits::to_decimal(number) else { return false };
        self.head(6, 4);
        self.array(2);
        self.integer(exponent.into());
        match mantissa.parse::<i128>() {
            Ok(mantissa) => self.integer(if negative { -mantissa } else { mantissa }),
            Err(_) => self.bignum(&mantissa, negative),
        }
        true
    }

    /// Writes a single-precision float.
    pub fn single(&mut self, value: f32) {
        self.0.push(0xfa);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes a float with double precision if single precision would change it.
    #[expect(clippy::cast_possible_truncation, clippy::float_cmp, reason = "the comparison finds what a cast loses")]
    pub fn float(&mut self, value: f64) {
        if f64::from(value as f32) == value || value.is_nan() {
            return self.single(value as f32);
        }
        self.0.push(0xfb);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes a byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Writes a text string.
    pub fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Starts an array; its items follow.
    pub fn array(&mut self, length: usize) {
        self.head(4, length as u64);
    }

    /// Starts a map; its keys and values follow.
    pub fn map(&mut self, length: usize) {
        self.head(5, length as u64);
    }

    /// Starts a timestamp; its epoch seconds follow.
    pub fn timestamp(&mut self) {
        self.head(6, 1);
    }

    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        let bytes = argument.to_be_bytes();
        match argument {
            0..=23 => self.0.push(major | bytes[7]),
            24..=0xff => self.0.extend_from_slice(&[major | 0x18, bytes[7]]),
            0x100..=0xffff => self.long_head(major | 0x19, &bytes[6..]),
            0x1_0000..=0xffff_ffff => self.long_head(major | 0x1a, &bytes[4..]),
            _ => self.long_head(major | 0x1b, &bytes),
        }
    }

    fn long_head(&mut self, first: u8, argument: &[u8]) {
        self.0.push(first);
        self.0.extend_from_slice(argument);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::cbor::{CborValue, read};

    fn written(write: impl FnOnce(&mut CborWriter)) -> Vec<u8> {
        let mut writer = CborWriter::default();
        write(&mut writer);
        writer.into_bytes()
    }

    #[test]
    fn an_item_has_its_smallest_form() {
        assert_eq!(written(|writer| writer.integer(-1)), [0x20]);
        assert_eq!(written(|writer| writer.integer(24)), [0x18, 24]);
        assert_eq!(written(|writer| writer.integer(0x1_0000)), [0x1a, 0, 1, 0, 0]);
        assert_eq!(written(|writer| writer.float(1.5)), [0xfa, 0x3f, 0xc0, 0, 0]);
        assert_eq!(written(|writer| writer.float(1.1)).len(), 9);
        assert_eq!(written(|writer| writer.float(f64::NAN)).len(), 5);
        assert_eq!(written(|writer| writer.bignum("256", false)), [0xc2, 0x42, 1, 0]);
    }

    #[test]
    fn an_exponent_without_end_is_not_written() {
        assert_eq!(written(|writer| assert!(!writer.decimal(&format!("1e{}", "9".repeat(30))))).len(), 0);
    }

    proptest! {
        #[test]
        fn an_integer_is_read_as_it_was_written(value in any::<i128>()) {
            let expected = match read(&written(|writer| writer.integer(value))).value.unwrap() {
                CborValue::Integer(read) => read.to_string(),
                CborValue::Digits(read) => read,
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(expected, value.to_string());
        }

        #[test]
        fn a_float_is_read_as_it_was_written(value in any::<f64>().prop_filter("a number", |value| !value.is_nan())) {
            let read = match read(&written(|writer| writer.float(value))).value.unwrap() {
                CborValue::Single(read) => f64::from(read),
                CborValue::Double(read) => read,
                other => panic!("{other:?}"),
            };
            prop_assert_eq!(read.to_bits(), value.to_bits());
        }
    }
}
