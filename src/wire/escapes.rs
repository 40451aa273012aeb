//! Text with its escapes decoded, in windows, with the position of each character in the source.

use std::ops::Range;

use memchr::{memchr, memchr3};

/// The number of characters that are decoded at a time.
const WINDOW: usize = 64 << 10;

/// Returns true if the bytes may hold an escape.
pub(super) fn has_escapes(bytes: &[u8]) -> bool {
    memchr3(b'\\', b'%', b'&', bytes).or_else(|| memchr(0, bytes)).is_some()
}

/// A part of a decoded text.
#[derive(Default)]
pub(super) struct Decoded {
    text: Vec<u8>,
    /// The source of each character.
    sources: Vec<Range<usize>>,
}

impl Decoded {
    /// Decodes all of `source` and calls `look` for each window. Windows overlap by `overlap` characters.
    pub(super) fn each(source: &[u8], overlap: usize, mut look: impl FnMut(&Self)) {
        let mut window = Self::default();
        let mut at = 0;
        while at < source.len() {
            let (decoded, length) = decoded_at(source, at);
            if let Some(decoded) = decoded {
                window.text.push(decoded);
                window.sources.push(at..at + length);
            }
            at += length;
            if window.text.len() >= WINDOW + overlap {
                look(&window);
                window.text.drain(..WINDOW);
                window.sources.drain(..WINDOW);
            }
        }
        look(&window);
    }

    /// The decoded characters. One that is not ASCII is some byte that is not ASCII.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The bytes of the source that a range of the text comes from.
    pub(super) fn source(&self, range: Range<usize>) -> Range<usize> {
        match self.sources.get(range).unwrap_or_default() {
            [first, .., last] => first.start..last.end,
            [one] => one.clone(),
            [] => 0..0,
        }
    }
}

/// The character at a position, and its length in the source. The zero bytes of UTF-16 are no characters.
fn decoded_at(source: &[u8], at: usize) -> (Option<u8>, usize) {
    let rest = &source[at..];
    match rest.first() {
        Some(0) => (None, 1),
        Some(b'\\') => backslash(rest),
        Some(b'%') => percent(rest).unwrap_or((Some(b'%'), 1)),
        Some(b'&') => reference(rest).unwrap_or((Some(b'&'), 1)),
        other => (other.copied(), 1),
    }
}

/// An escape of JSON. Text that was quoted again has more backslashes.
fn backslash(rest: &[u8]) -> (Option<u8>, usize) {
    let run = rest.iter().position(|byte| *byte != b'\\').unwrap_or(rest.len());
    let plain = |decoded| (Some(decoded), run + 1);
    match rest.get(run) {
        Some(b'u' | b'U') => hex(rest, run + 1, 4).map_or((Some(b'\\'), run), |c| (Some(c), run + 5)),
        Some(b'x' | b'X') => hex(rest, run + 1, 2).map_or((Some(b'\\'), run), |c| (Some(c), run + 3)),
        Some(quoted @ (b'/' | b'"' | b'\'')) => plain(*quoted),
        Some(b'n' | b'r' | b't' | b'b' | b'f') => plain(b' '),
        _ => (Some(b'\\'), run),
    }
}

/// A percent-encoded character. In text that was encoded again, `%25` is the percent sign.
fn percent(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    let mut start = 1;
    while rest.get(start..).is_some_and(|rest| rest.starts_with(b"25")) && hex(rest, start + 2, 2).is_some() {
        start += 2;
    }
    hex(rest, start, 2).map(|decoded| (Some(decoded), start + 2))
}

/// A character reference of XML or HTML. In text that was escaped again, `&amp;` is the ampersand.
fn reference(rest: &[u8]) -> Option<(Option<u8>, usize)> {
    let mut start = 1;
    while rest.get(start..).is_some_and(|rest| rest.starts_with(b"amp;")) {
        start += 4;
    }
    let name = rest.get(start..rest.len().min(start + 12)).unwrap_or_default();
    let name = name.get(..memchr(b';', name).unwrap_or_default()).unwrap_or_default();
    let decoded = std::str::from_utf8(name).ok().and_then(referenced);
    decoded.map(|decoded| (Some(decoded), start + name.len() + 1)).or((start > 1).then_some((Some(b'&'), start)))
}

fn referenced(name: &str) -> Option<u8> {
    let named =
        [("lt", b'<'), ("gt", b'>'), ("quot", b'"'), ("apos", b'\''), ("sol", b'/'), ("plus", b'+'), ("equals", b'=')];
    if let Some((_, decoded)) = named.into_iter().find(|(known, _)| *known == name) {
        return Some(decoded);
    }
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok().map(ascii)
}

/// The character of `count` hexadecimal digits at `start`.
fn hex(rest: &[u8], start: usize, count: usize) -> Option<u8> {
    let digits = std::str::from_utf8(rest.get(start..start + count)?).ok()?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten().map(ascii)
}

/// A character that is not ASCII stays distinct from all that are.
fn ascii(code: u32) -> u8 {
    u8::try_from(code).unwrap_or(u8::MAX)
}

/// The longest text that a compressed body is searched for.
#[cfg(feature = "gzip")]
const UNPACKED: u64 = 16 << 20;

/// The text of a body that is compressed with gzip or zlib, up to a limit.
#[cfg(feature = "gzip")]
pub(super) fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read as _;

    let mut text = Vec::new();
    let read = match body {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(body).take(UNPACKED).read_to_end(&mut text),
        [0x78, second, ..] if (0x7800 | u16::from(*second)) % 31 == 0 => {
            flate2::read::ZlibDecoder::new(body).take(UNPACKED).read_to_end(&mut text)
        }
        _ => return None,
    };
    // A damaged body is searched as far as it can be read.
    drop(read);
    (!text.is_empty()).then_some(text)
}

/// The text of a compressed body. Without the feature `gzip`, nothing decodes it.
#[cfg(not(feature = "gzip"))]
pub(super) fn unpacked(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn decoded(source: &str) -> String {
        let mut text = Vec::new();
        Decoded::each(source.as_bytes(), 0, |window| text.extend_from_slice(window.text()));
        String::from_utf8_lossy(&text).into_owned()
    }

    #[rstest]
    #[case::solidus(r"a\/b", "a/b")]
    #[case::unicode(r"\u0041\U0042", "AB")]
    #[case::quoted_again(r"\\\/\\u0041", "/A")]
    #[case::hexadecimal(r"\x41", "A")]
    #[case::percent("%2f%2B%252F", "/+/")]
    #[case::references("&#x2f;&#47;&sol;&amp;#x2F;&lt;", "////<")]
    #[case::utf16("A\0B\0", "AB")]
    #[case::incomplete(r"\u00 %4 &#x &amp", r"\u00 %4 &#x &amp")]
    #[case::empty("", "")]
    fn escapes_are_decoded(#[case] source: &str, #[case] expected: &str) {
        assert_eq!(decoded(source), expected);
    }

    proptest! {
        #[test]
        fn every_character_has_its_source(source in r"(\\u00[0-9a-f]{2}|\\/|%[0-9a-f]{2}|&amp;|[a-z\\%&;]){0,40}") {
            let mut ranges = Vec::new();
            Decoded::each(source.as_bytes(), 0, |window| {
                ranges.extend((0..window.text().len()).map(|at| window.source(at..at + 1)));
            });
            let ends = ranges.iter().fold(0, |end, range| if range.start == end { range.end } else { usize::MAX });
            prop_assert_eq!(ends, source.len());
        }
    }
}
