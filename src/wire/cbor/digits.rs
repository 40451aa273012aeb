//! Bignums and decimal fractions as the digits of JSON numbers, and back.

/// The longest bignum that is converted, in bytes. Its conversion takes time by the square of it.
pub(super) const LONGEST: usize = 1024;

/// The limbs of a conversion are below this number: nine decimal digits.
const BILLION: u64 = 1_000_000_000;

/// The digits of a bignum, `-1 - n` if it is negative; `None` if it is longer than [`LONGEST`].
pub(super) fn of_bignum(bytes: &[u8], negative: bool) -> Option<String> {
    if bytes.len() > LONGEST {
        return None;
    }
    let mut limbs: Vec<u64> = Vec::new();
    for byte in bytes {
        multiply_and_add(&mut limbs, 256, u64::from(*byte), BILLION);
    }
    if negative {
        multiply_and_add(&mut limbs, 1, 1, BILLION);
    }
    let digits: Vec<String> = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    let mut digits = digits.concat();
    digits.drain(..digits.len() - digits.trim_start_matches('0').len());
    match (digits.is_empty(), negative) {
        (true, _) => digits.push('0'),
        (false, true) => digits.insert(0, '-'),
        (false, false) => {}
    }
    Some(digits)
}

/// The bytes of a bignum with these digits, without a sign: `n` itself, or `n - 1` if the number is negative.
pub(super) fn to_bignum(digits: &str, negative: bool) -> Vec<u8> {
    let mut limbs: Vec<u64> = Vec::new();
    for digit in digits.bytes() {
        multiply_and_add(&mut limbs, 10, u64::from(digit.wrapping_sub(b'0')), 256);
    }
    if negative {
        decrement(&mut limbs);
    }
    let bytes = limbs.iter().rev().map(|limb| u8::try_from(*limb).unwrap_or_default());
    bytes.skip_while(|byte| *byte == 0).collect()
}

/// Multiplies a number by `factor` and adds `term`. Its limbs are below `base`, the lowest first.
fn multiply_and_add(limbs: &mut Vec<u64>, factor: u64, term: u64, base: u64) {
    let mut carry = term;
    for limb in limbs.iter_mut() {
        let sum = *limb * factor + carry;
        (*limb, carry) = (sum % base, sum / base);
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// Subtracts 1 from a positive number in bytes.
fn decrement(limbs: &mut [u64]) {
    for limb in limbs {
        if *limb > 0 {
            *limb -= 1;
            return;
        }
        *limb = 255;
    }
}

/// The digits of an integer times a power of ten.
pub(super) fn of_decimal(mantissa: &str, exponent: i128) -> String {
    /// More places than this are written as an exponent.
    const PLACES: u128 = 64;
    if exponent == 0 {
        return mantissa.to_owned();
    }
    if exponent > 0 || exponent.unsigned_abs() > PLACES {
        return format!("{mantissa}e{exponent}");
    }
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let places = usize::try_from(exponent.unsigned_abs()).unwrap_or_default();
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{sign}{whole}.{fraction}")
}

/// A JSON number as an integer, by its sign and digits, times a power of ten; `None` if its exponent is too large.
pub(super) fn to_decimal(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    Some((negative, if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }, exponent))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("27315", -2, "273.15")]
    #[case("-5", -3, "-0.005")]
    #[case("5", 3, "5e3")]
    #[case("5", 0, "5")]
    #[case("5", -400, "5e-400")]
    fn a_decimal_fraction_has_digits(#[case] mantissa: &str, #[case] exponent: i128, #[case] expected: &str) {
        assert_eq!(of_decimal(mantissa, exponent), expected);
    }

    #[test]
    fn a_bignum_without_bytes_is_zero_and_its_negative_is_minus_one() {
        assert_eq!((of_bignum(&[], false).as_deref(), of_bignum(&[], true).as_deref()), (Some("0"), Some("-1")));
        assert_eq!(of_bignum(&[1; LONGEST + 1], false), None);
    }

    proptest! {
        #[test]
        fn a_bignum_has_the_digits_of_its_value(value in any::<u128>()) {
            prop_assert_eq!(of_bignum(&value.to_be_bytes(), false), Some(value.to_string()));
            let bytes = to_bignum(&value.to_string(), false);
            prop_assert_eq!(of_bignum(&bytes, false), Some(value.to_string()));
        }

        #[test]
        fn a_negative_bignum_is_read_as_it_was_written(digits in "[1-9][0-9]{0,80}") {
            prop_assert_eq!(of_bignum(&to_bignum(&digits, true), true), Some(format!("-{digits}")));
        }

        #[test]
        fn a_decimal_is_read_as_it_was_written(text in "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,12}") {
            let (negative, mantissa, exponent) = to_decimal(&text).unwrap();
            let sign = if negative { "-" } else { "" };
            prop_assert_eq!(of_decimal(&format!("{sign}{mantissa}"), exponent.into()), text);
        }
    }
}
