//! Strict, bounded XML 1.0: elements by their local names, and a writer with its escapes.
//!
//! `roxmltree` decides what is well-formed. A DOCTYPE may stand in front of the document, but no entity is expanded
//! except the predefined ones and characters by number, and nothing is ever loaded. What is well-formed but beyond the
//! bounds of this program is an [`XmlLimit`].

mod xml_problem;
mod xml_writer;

use std::borrow::Cow;

use roxmltree::{Document, Error, Node, NodeId, ParsingOptions};

pub use xml_problem::{XmlLimit, XmlProblem};
pub use xml_writer::{XmlWriter, is_xml_name};

/// The deepest nesting that is read.
pub const DEEPEST_ELEMENT: usize = 256;

/// The number of elements, texts and comments that are read.
pub const MOST_NODES: u32 = 2_000_000;

/// The number of attributes of one element that are read. The parser compares each with all others.
pub const MOST_ATTRIBUTES: usize = 1_000;

/// A body read as XML.
#[derive(Debug)]
pub struct XmlReading<'t> {
    /// The document, if the text has one.
    pub document: Option<XmlDocument<'t>>,
    /// The problem of the text.
    pub problem: Option<XmlProblem>,
    /// The reason why a well-formed text has no document here.
    pub limit: Option<XmlLimit>,
}

/// A well-formed document.
#[derive(Debug)]
pub struct XmlDocument<'t>(Document<'t>);

/// An element of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XmlElement<'d>(Node<'d, 'd>);

/// Reads `bytes` strictly.
#[must_use]
pub fn read(bytes: &[u8]) -> XmlReading<'_> {
    if bytes.is_empty() {
        return XmlReading::none(XmlProblem::Empty);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read_text(text),
        Err(error) => XmlReading::none(XmlProblem::NotUtf8(error.valid_up_to())),
    }
}

fn read_text(text: &str) -> XmlReading<'_> {
    if declares_entity(text) {
        return XmlReading::beyond(XmlLimit::Entities);
    }
    if has_countless_attributes(text) {
        return XmlReading::beyond(XmlLimit::Attributes);
    }
    match parse(text) {
        Ok(tree) if is_too_deep(&tree) => XmlReading::beyond(XmlLimit::Depth),
        Ok(tree) => XmlReading { document: Some(XmlDocument(tree)), problem: None, limit: None },
        Err(Error::NodesLimitReached) => XmlReading::beyond(XmlLimit::Nodes),
        Err(error) => without_rest(text, &error).unwrap_or_else(|| XmlReading::none(XmlProblem::malformed(&error))),
    }
}

fn parse(text: &str) -> Result<Document<'_>, Error> {
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, entity_resolver: None };
    Document::parse_with_options(text, options)
}

/// Returns whether the DOCTYPE declares an entity. The parser would expand it.
fn declares_entity(text: &str) -> bool {
    text.contains("<!DOCTYPE") && text.contains("<!ENTITY")
}

/// Returns whether a tag has more attributes than are read.
fn has_countless_attributes(text: &str) -> bool {
    let mut tags = text.split('<').skip(1).filter(|tag| !tag.starts_with(['!', '?']));
    tags.any(|tag| tag.len() > MOST_ATTRIBUTES && attributes(tag) > MOST_ATTRIBUTES)
}

/// The number of attributes of a tag, which starts behind its bracket.
fn attributes(tag: &str) -> usize {
    let (mut count, mut quote) = (0, None);
    for byte in tag.bytes() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                count += 1;
            }
            (None, b'>') => break,
            _ => {}
        }
    }
    count
}

/// The document in front of the place where the parser stopped.
fn without_rest<'t>(text: &'t str, error: &Error) -> Option<XmlReading<'t>> {
    let at = offset(text, error.pos())?;
    let before = text.get(..at)?;
    let tree = parse(before).ok().filter(|tree| !is_too_deep(tree))?;
    let problem = XmlProblem::TrailingContent { line: error.pos().row, column: error.pos().col };
    Some(XmlReading { document: Some(XmlDocument(tree)), problem: Some(problem), limit: None })
}

/// The byte at a position, which counts lines and characters from one.
fn offset(text: &str, at: roxmltree::TextPos) -> Option<usize> {
    let lines = usize::try_from(at.row).ok()?.checked_sub(1)?;
    let before: usize = text.split_inclusive('\n').take(lines).map(str::len).sum();
    let columns = usize::try_from(at.col).ok()?.checked_sub(1)?;
    let column: usize = text.get(before..)?.chars().take(columns).map(char::len_utf8).sum();
    Some(before + column)
}

fn is_too_deep(tree: &Document<'_>) -> bool {
    let (mut node, mut depth) = (tree.root(), 0_usize);
    loop {
        if let Some(child) = node.first_child() {
            (node, depth) = (child, depth + 1);
        } else {
            while node.next_sibling().is_none() {
                let Some(parent) = node.parent() else { return false };
                (node, depth) = (parent, depth - 1);
            }
            let Some(next) = node.next_sibling() else { return false };
            node = next;
        }
        if depth > DEEPEST_ELEMENT {
            return true;
        }
    }
}

impl XmlReading<'_> {
    /// The reading of a body that need not be there.
    #[must_use]
    pub fn nothing() -> Self {
        Self { document: None, problem: None, limit: None }
    }

    fn none(problem: XmlProblem) -> Self {
        Self { document: None, problem: Some(problem), limit: None }
    }

    fn beyond(limit: XmlLimit) -> Self {
        Self { document: None, problem: None, limit: Some(limit) }
    }
}

impl XmlDocument<'_> {
    /// The document element.
    #[must_use]
    pub fn root(&self) -> XmlElement<'_> {
        XmlElement(self.0.root_element())
    }
}

impl<'d> XmlElement<'d> {
    /// The name without its prefix.
    #[must_use]
    pub fn name(self) -> &'d str {
        self.0.tag_name().name()
    }

    /// The identity of the element within its document.
    #[must_use]
    pub fn id(self) -> NodeId {
        self.0.id()
    }

    /// The child elements in order.
    pub fn elements(self) -> impl Iterator<Item = Self> + use<'d> {
        self.0.children().filter(Node::is_element).map(Self)
    }

    /// The first child element of that name.
    #[must_use]
    pub fn first(self, name: &str) -> Option<Self> {
        self.elements().find(|element| element.name() == name)
    }

    /// Every element below this one and itself, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Self> + use<'d> {
        self.0.descendants().filter(Node::is_element).map(Self)
    }

    /// The element that this one is a child of.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        self.0.parent_element().map(Self)
    }

    /// Returns whether the element has child elements.
    #[must_use]
    pub fn has_elements(self) -> bool {
        self.elements().next().is_some()
    }

    /// The texts and CDATA sections directly in the element, joined.
    #[must_use]
    pub fn text(self) -> Cow<'d, str> {
        let mut texts = self.0.children().filter(Node::is_text).filter_map(|node| node.text());
        let first = texts.next().unwrap_or_default();
        texts.fold(Cow::Borrowed(first), |all, more| Cow::Owned(all.into_owned() + more))
    }

    /// Returns whether the element has text other than white space directly in it.
    #[must_use]
    pub fn has_text(self) -> bool {
        let is_space = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        self.0.children().filter(Node::is_text).filter_map(|node| node.text()).any(|text| !is_space(text))
    }

    /// The value of the attribute of that name without its prefix.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        self.0.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
    }

    /// The namespace of the element.
    #[must_use]
    pub fn namespace(self) -> Option<&'d str> {
        self.0.tag_name().namespace()
    }

    /// The path from the document element, such as `/GetResponse/Items/member[2]`. A number counts elements of one
    /// name.
    #[must_use]
    pub fn path(self) -> String {
        let mut steps: Vec<String> = self.0.ancestors().filter(Node::is_element).map(|node| step(Self(node))).collect();
        steps.reverse();
        steps.concat()
    }
}

fn step(element: XmlElement<'_>) -> String {
    let name = element.name();
    let same: Vec<XmlElement<'_>> =
        element.parent().into_iter().flat_map(XmlElement::elements).filter(|other| other.name() == name).collect();
    match same.iter().position(|other| *other == element) {
        Some(index) if same.len() > 1 => format!("/{name}[{}]", index + 1),
        _ => format!("/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn problem(text: &[u8]) -> Option<String> {
        read(text).problem.map(|problem| problem.to_string())
    }

    #[rstest]
    #[case::plain("<a/>")]
    #[case::declaration("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>x</a>\n")]
    #[case::byte_order_mark("\u{feff}<a/>")]
    #[case::comments("<!-- b --><a><!-- c --></a><!-- d -->")]
    #[case::instructions("<?b c?><a><?d?></a><?e?>")]
    #[case::doctype("<!DOCTYPE a><a/>")]
    #[case::doctype_of_a_file("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>")]
    #[case::doctype_with_elements("<!DOCTYPE a [<!ELEMENT a (#PCDATA)>]><a/>")]
    #[case::prefix("<s:a xmlns:s=\"http://s\" s:b=\"c\"/>")]
    fn a_well_formed_text_has_a_document_without_problems(#[case] text: &str) {
        let reading = read(text.as_bytes());
        assert_eq!((reading.problem, reading.limit), (None, None));
        assert_eq!(reading.document.unwrap().root().name(), "a");
    }

    #[rstest]
    #[case::empty(b"", "an empty body")]
    #[case::not_utf8(b"<a>\xff</a>", "bytes that are not UTF-8, at offset 3")]
    #[case::white_space(
        b" \n",
        "text that is not well-formed XML (the document does not have a root node, at line 1 column 1)"
    )]
    #[case::unclosed(
        b"<a>",
        "text that is not well-formed XML (the root node was opened but never closed, at line 1 column 1)"
    )]
    #[case::crossed(
        b"<a>\n<b></a>",
        "text that is not well-formed XML (expected 'b' tag, not 'a', at line 2 column 4)"
    )]
    #[case::entity(
        b"<a>&b;</a>",
        "text that is not well-formed XML (unknown entity reference 'b', at line 1 column 4)"
    )]
    #[case::ampersand(
        b"<a>b & c</a>",
        "text that is not well-formed XML (malformed entity reference, at line 1 column 6)"
    )]
    #[case::json(b"{}", "text that is not well-formed XML (unknown token, at line 1 column 1)")]
    #[case::two_roots(b"<a/>\n<b/>", "something after the document element, at line 2 column 1")]
    #[case::text_after("<a>é</a>é x".as_bytes(), "something after the document element, at line 1 column 9")]
    fn a_broken_text_has_a_problem_with_its_place(#[case] text: &[u8], #[case] expected: &str) {
        assert_eq!(problem(text).as_deref(), Some(expected));
    }

    #[test]
    fn a_document_with_something_after_it_is_read_nevertheless() {
        let reading = read(b"<a><b/></a> trailing");
        assert!(reading.problem.is_some() && reading.document.unwrap().root().has_elements());
    }

    #[rstest]
    #[case::levels(&"<a>".repeat(DEEPEST_ELEMENT), None)]
    #[case::more_levels(&"<a>".repeat(DEEPEST_ELEMENT + 1), Some(XmlLimit::Depth))]
    #[case::many_levels(&"<a>".repeat(50_000), Some(XmlLimit::Depth))]
    #[case::entities("<!DOCTYPE a [<!ENTITY b \"c\">]><a>", Some(XmlLimit::Entities))]
    #[case::external_entities("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>", Some(XmlLimit::Entities))]
    fn what_is_beyond_the_bounds_is_a_limit(#[case] opened: &str, #[case] limit: Option<XmlLimit>) {
        let text = format!("{opened}{}", "</a>".repeat(opened.matches("<a>").count()));
        let reading = read(text.as_bytes());
        assert_eq!((reading.limit, reading.problem), (limit, None));
        assert_eq!(reading.document.is_none(), limit.is_some());
    }

    #[rstest]
    #[case::many(MOST_ATTRIBUTES, ">", None)]
    #[case::too_many(MOST_ATTRIBUTES + 1, ">", Some(XmlLimit::Attributes))]
    #[case::countless(200_000, "'\"", Some(XmlLimit::Attributes))]
    fn an_element_with_countless_attributes_is_a_limit(
        #[case] count: usize,
        #[case] value: &str,
        #[case] limit: Option<XmlLimit>,
    ) {
        let value = value.replace('"', "&quot;");
        let attributes: Vec<String> = (0..count).map(|number| format!(" a{number}=\"{value}\"")).collect();
        assert_eq!(read(format!("<a{}/>", attributes.concat()).as_bytes()).limit, limit);
    }

    #[test]
    fn quotes_in_texts_are_no_attributes() {
        let text = format!("<a>{}</a><!-- {} -->", "b=\"c\" ".repeat(5_000), "it's ".repeat(5_000));
        assert_eq!(read(text.as_bytes()).limit, None);
    }

    #[test]
    fn entities_are_not_a_limit_where_no_doctype_stands() {
        assert!(read(b"<a><![CDATA[<!ENTITY b \"c\">]]></a>").document.is_some());
    }

    #[rstest]
    #[case::white_space("<a> b\n</a>", " b\n")]
    #[case::references("<a>&lt;&amp;&#x41;&#10;&gt;</a>", "<&A\n>")]
    #[case::cdata("<a>b<![CDATA[ <c> ]]>d</a>", "b <c> d")]
    #[case::comment("<a>b<!-- c -->d</a>", "bd")]
    #[case::child("<a>b<c>d</c>e</a>", "be")]
    #[case::line_ends("<a>b\r\nc</a>", "b\nc")]
    #[case::nothing("<a/>", "")]
    fn the_text_of_an_element_is_kept_as_it_is(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(read(text.as_bytes()).document.unwrap().root().text(), expected);
    }

    #[rstest]
    #[case("<a> <b/>\r\n\t</a>", false)]
    #[case("<a>x<b/></a>", true)]
    #[case("<a><b>x</b></a>", false)]
    fn only_white_space_is_no_text(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(read(text.as_bytes()).document.unwrap().root().has_text(), expected);
    }

    #[test]
    fn a_path_counts_elements_of_one_name() {
        let reading = read(b"<a><b/><m/><m><c/></m></a>");
        let document = reading.document.unwrap();
        let paths: Vec<String> = document.root().descendants().map(XmlElement::path).collect();
        assert_eq!(paths, ["/a", "/a/b", "/a/m[1]", "/a/m[2]", "/a/m[2]/c"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let reading = read(&bytes);
            prop_assert!(reading.document.is_some() || reading.limit.is_some() || reading.problem.is_some());
        }

        #[test]
        fn any_markup_is_read_without_a_panic(text in "[<>/a&;!\\[\\]\"'?= \u{e9}\n-]{0,40}") {
            let reading = read(text.as_bytes());
            prop_assert!(reading.document.is_some() || reading.limit.is_some() || reading.problem.is_some());
        }
    }
}
