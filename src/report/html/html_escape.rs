//! Escapes text from outside for HTML, so that it is neither markup nor invisible. Pure.

use std::fmt::{self, Write};

use crate::report::text;

/// Writes escaped text, for an element or a quoted attribute.
pub(super) fn write_escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    for c in text::block(text).chars() {
        match c {
            '&' => out.write_str("&amp;")?,
            '<' => out.write_str("&lt;")?,
            '>' => out.write_str("&gt;")?,
            '"' => out.write_str("&quot;")?,
            '\'' => out.write_str("&#39;")?,
            c => out.write_char(c)?,
        }
    }
    Ok(())
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
    #[case::order("\u{202e}txt.exe", r"\u{202e}txt.exe")]
    #[case::nul_and_escape("\0\u{1b}[2J\u{9b}", r"\u{0}\u{1b}[2J\u{9b}")]
    #[case::lines("a\n\tb", "a\n\tb")]
    fn what_a_browser_would_act_on_is_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(escaped(text), shown);
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_can_end_an_element_or_an_attribute(text in any::<String>()) {
            let forbidden = ['<', '>', '"', '\'', '\0', '\u{202e}'];
            prop_assert!(!escaped(&text).contains(forbidden));
        }
    }
}
