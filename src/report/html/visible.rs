//! Text and bytes from elsewhere as a page may show them: nothing hides, nothing reorders its neighbours, nothing is
//! markup. Pure.

use std::fmt::{self, Write};

/// Bytes as text. What is no UTF-8 is spelled out byte by byte.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The text with everything spelled out that would not be seen, or would show what follows in another order. Line
/// breaks and tabs stay.
pub(super) fn spelled_out(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    // Writing to a String cannot fail.
    let _ = write_spelled_out(&mut shown, text);
    shown
}

fn write_spelled_out(out: &mut impl Write, text: &str) -> fmt::Result {
    for c in text.chars() {
        if is_unseen(c) { write!(out, "{}", c.escape_unicode())? } else { out.write_char(c)? }
    }
    Ok(())
}

/// Writes a text as HTML shows it, in an element and in a quoted attribute.
pub(super) fn write_escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            c if is_unseen(c) => write!(out, "{}", c.escape_unicode())?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
}

/// Controls, and characters that have no shape of their own or change the direction.
fn is_unseen(c: char) -> bool {
    let is_control = c.is_control() && c != '\n' && c != '\t';
    is_control
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        write_escaped(&mut out, text).unwrap();
        out
    }

    #[rstest]
    #[case::element("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;")]
    #[case::attribute("\" onload=\"x", "&quot; onload=&quot;x")]
    #[case::entity("&lt;", "&amp;lt;")]
    #[case::order("\u{202e}txt.exe\u{61c}", r"\u{202e}txt.exe\u{61c}")]
    #[case::nul_and_escape("\0\u{1b}[2J\u{9b}", r"\u{0}\u{1b}[2J\u{9b}")]
    #[case::unseen("a\u{200b}b\u{feff}\u{ad}\u{e0041}", r"a\u{200b}b\u{feff}\u{ad}\u{e0041}")]
    #[case::letters("Zürich 東京 مرحبا 👩", "Zürich 東京 مرحبا 👩")]
    #[case::lines("a\n\tb", "a\n\tb")]
    fn what_a_browser_would_act_on_is_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(escaped(text), shown);
    }

    #[rstest]
    #[case(b"a\xff\xfeb", r"a\xff\xfeb")]
    #[case("ü".as_bytes(), "ü")]
    #[case(b"\xc3", r"\xc3")]
    fn bytes_that_are_no_text_are_spelled_out(#[case] bytes: &[u8], #[case] shown: &str) {
        assert_eq!(text_of(bytes), shown);
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_can_end_an_element_or_an_attribute(text in any::<String>()) {
            let forbidden = ['<', '>', '"', '\'', '\0', '\u{202e}'];
            prop_assert!(!escaped(&text).contains(forbidden));
        }
    }
}
