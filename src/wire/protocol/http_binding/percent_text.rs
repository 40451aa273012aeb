//! Percent-encoding of paths and queries.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As above, with the separators of segments.
const IN_GREEDY_LABEL: AsciiSet = RESERVED.remove(b'/');

/// The text of a plain label, or of a name or value of a query parameter.
pub(super) fn encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &RESERVED).into()
}

/// The text of a greedy label, in which slashes stay.
pub(super) fn encode_segments(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &IN_GREEDY_LABEL).into()
}

/// The text that is encoded. A `%` without two hexadecimal digits stands for itself, as does a `+`.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_greedy_label_keeps_slashes() {
        let text = " %:/?#[]@!$&'()*+,;=😹aZ0-._~";
        let encoded = "%20%25%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%F0%9F%98%B9aZ0-._~";
        assert_eq!((encode(text), encode_segments(text)), (encoded.into(), encoded.replace("%2F", "/").into()));
    }

    #[test]
    fn a_broken_escape_stands_for_itself() {
        assert_eq!((decode("a%2"), decode("%zz+"), decode("%ff")), ("a%2".into(), "%zz+".into(), "\u{fffd}".into()));
    }

    proptest! {
        #[test]
        fn an_encoded_text_is_decoded_again(text in ".{0,30}") {
            for encoded in [encode(&text), encode_segments(&text)] {
                prop_assert_eq!(decode(&encoded), text.as_str());
            }
        }
    }
}
