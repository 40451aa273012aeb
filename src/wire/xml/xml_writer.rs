//! Writes XML: elements with attributes and escaped text.

use std::fmt::Write as _;

/// XML in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XmlWriter {
    text: String,
}

impl XmlWriter {
    /// XML that starts with this text, such as an XML declaration.
    #[must_use]
    pub fn after(prolog: &str) -> Self {
        Self { text: prolog.to_owned() }
    }

    /// Writes an element. One without content is self-closed, as most services of AWS do.
    ///
    /// # Errors
    /// That of `content`.
    pub fn element<E>(
        &mut self,
        name: &str,
        attributes: &[(String, String)],
        content: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            // Writing to a string cannot fail.
            let _ = write!(self.text, " {attribute}=\"");
            self.escape(value, true);
            self.text.push('"');
        }
        self.text.push('>');
        let start = self.text.len();
        content(self)?;
        if self.text.len() == start {
            self.text.pop();
            self.text.push_str("/>");
        } else {
            let _ = write!(self.text, "</{name}>");
        }
        Ok(())
    }

    /// Writes an element that holds text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        let Ok(()) = self.element::<std::convert::Infallible>(name, &[], |writer| {
            writer.text(text);
            Ok(())
        });
    }

    /// Writes text.
    pub fn text(&mut self, text: &str) {
        self.escape(text, false);
    }

    /// The XML.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }

    fn escape(&mut self, text: &str, in_attribute: bool) {
        for c in text.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' if in_attribute => self.text.push_str("&quot;"),
                c if is_reference(c) => drop(write!(self.text, "&#x{:X};", u32::from(c))),
                c => self.text.push(c),
            }
        }
    }
}

/// Characters that a parser may drop, change or forbid where they stand as themselves.
fn is_reference(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{fffe}' | '\u{ffff}')
}

/// Returns whether a text may be the name of an element without a prefix.
#[must_use]
pub fn is_xml_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::wire::xml;

    fn written(text: &str) -> String {
        let mut writer = XmlWriter::default();
        writer.leaf("a", text);
        writer.finish()
    }

    #[rstest]
    #[case::nothing("", "<a/>")]
    #[case::markup("<&>\"'", "<a>&lt;&amp;&gt;\"'</a>")]
    #[case::white_space(" b ", "<a> b </a>")]
    #[case::controls("\r\n\t\u{85}\u{2028}\u{1}", "<a>&#xD;&#xA;&#x9;&#x85;&#x2028;&#x1;</a>")]
    fn text_is_escaped(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(written(text), expected);
    }

    #[test]
    fn an_element_has_attributes_and_children() {
        let mut writer = XmlWriter::after("<?xml version=\"1.0\"?>");
        let attributes = [("b".to_owned(), "\"<\n".to_owned())];
        let ended: Result<(), ()> = writer.element("a", &attributes, |writer| writer.element("c", &[], |_| Ok(())));
        assert_eq!(ended, Ok(()));
        assert_eq!(writer.finish(), "<?xml version=\"1.0\"?><a b=\"&quot;&lt;&#xA;\"><c/></a>");
    }

    #[rstest]
    #[case("Name", true)]
    #[case("_1.a-b", true)]
    #[case("", false)]
    #[case("1", false)]
    #[case("a b", false)]
    #[case("a:b", false)]
    fn a_name_is_that_of_an_element(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_xml_name(text), expected);
        let element = format!("<{text}/>");
        assert!(xml::read(element.as_bytes()).document.is_some() || !expected);
    }

    proptest! {
        #[test]
        fn text_is_read_as_it_was_written(text in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u{fffe}\u{ffff}]{0,20}") {
            let written = written(&text);
            let document = xml::read(written.as_bytes()).document.unwrap();
            prop_assert_eq!(&*document.root().text(), text.as_str());
        }
    }
}
