//! The text of a fixture: strict YAML (or JSON) parsed to a value, with the position of every part.
//!
//! The subset: YAML 1.2 core, one document, no anchors, aliases, tags, merge keys or duplicate keys, and no plain
//! scalar that a YAML 1.1 parser would give another type. Built on the event parser, because the layers above it hide
//! the style of a scalar. Later stages refer to a position by its JSON pointer, and [`Source::at`] turns it into file,
//! line, column and a caret.

use std::{collections::HashMap, fmt, ops::Range};

use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use crate::model::{
    exact_number::{ExactNumber, KEPT_NUMBER, number},
    pointer::{child, escape},
};

/// The text of a fixture, its value, and the position of each part.
#[derive(Debug, Clone)]
pub struct Source {
    file: String,
    text: String,
    value: Value,
    places: HashMap<String, SourceSpan>,
    /// The byte offset of each line end.
    newlines: Vec<usize>,
}

#[derive(Debug, Clone)]
struct SourceSpan {
    key: Option<Range<usize>>,
    value: Range<usize>,
}

/// A problem in a fixture, with its position.
///
/// `Display` prints the message with file, line, column, the line itself, a caret and help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file name that the caller passed.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// A description of the problem.
    pub message: String,
    /// A suggestion for fixing it.
    pub help: Option<String>,
    text: Box<str>,
    span: Range<usize>,
}

impl Diagnostic {
    fn new(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = (0..=span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let end = (span.end.max(start)..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let end = text[start..end].find('\n').map_or(end, |newline| start + newline);
        Self {
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
            help: None,
            text: text.into(),
            span: start..end.max(start),
        }
    }

    /// A problem with a whole file, such as one that cannot be read.
    #[must_use]
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self::new(file, "", 0..0, message)
    }

    /// Adds a suggestion.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            write!(f, "error: {}\n --> {}", self.message, self.file)?;
            return self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n  = help: {help}"));
        }
        self.show(f)
    }
}

#[cfg(feature = "diagnostics")]
impl Diagnostic {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

        let snippet =
            Snippet::source(&*self.text).path(&self.file).annotation(AnnotationKind::Primary.span(self.span.clone()));
        let mut group = Level::ERROR.primary_title(&self.message).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

#[cfg(not(feature = "diagnostics"))]
impl Diagnostic {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\n --> {}:{}:{}", self.message, self.file, self.line, self.column)?;
        let shown = &self.text[self.span.clone()];
        if !shown.is_empty() {
            write!(f, ": {shown}")?;
        }
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "\n  = help: {help}"))
    }
}

impl std::error::Error for Diagnostic {}

impl Source {
    /// Parses `text`; `file` appears in error messages.
    ///
    /// # Errors
    /// The text is outside the strict subset.
    pub fn read(file: &str, text: &str) -> Result<Self, Diagnostic> {
        let mut reader = EventReader { file, text, events: Parser::new_from_str(text), places: HashMap::new() };
        let value = reader.document()?;
        let newlines = text.match_indices('\n').map(|(at, _)| at).collect();
        Ok(Self { file: file.to_owned(), text: text.to_owned(), value, places: reader.places, newlines })
    }

    /// An empty source for derived scenarios, which have no file.
    #[must_use]
    pub fn none(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            text: String::new(),
            value: Value::Null,
            places: HashMap::new(),
            newlines: Vec::new(),
        }
    }

    /// The file name that the caller passed.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The original text; empty for a derived scenario.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// A problem at the value of a JSON pointer, or at the nearest enclosing value that exists.
    #[must_use]
    pub fn at(&self, pointer: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&self.file, &self.text, self.place(pointer).value.clone(), message)
    }

    /// A problem at the key of a member.
    #[must_use]
    pub fn at_key(&self, pointer: &str, message: impl Into<String>) -> Diagnostic {
        let place = self.place(pointer);
        Diagnostic::new(&self.file, &self.text, place.key.as_ref().unwrap_or(&place.value).clone(), message)
    }

    /// The line of a JSON pointer, from 1.
    #[must_use]
    pub fn line(&self, pointer: &str) -> usize {
        let place = self.place(pointer);
        let start = place.key.as_ref().unwrap_or(&place.value).start;
        self.newlines.partition_point(|newline| *newline < start) + 1
    }

    fn place(&self, pointer: &str) -> &SourceSpan {
        const NOWHERE: &SourceSpan = &SourceSpan { key: None, value: 0..0 };
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return place;
            }
            match pointer.rfind('/') {
                Some(at) => pointer = &pointer[..at],
                None => return NOWHERE,
            }
        }
    }

    /// Deserializes the value, rejecting unknown members.
    ///
    /// # Errors
    /// A member is unknown, missing or of another type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Diagnostic> {
        serde_path_to_error::deserialize(self.value.clone()).map_err(|error| {
            let pointer: String = error.path().iter().map(segment).collect();
            let message = self.with_number(&pointer, error.inner().to_string());
            let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            match unknown {
                Some(field) if !pointer.ends_with(&format!("/{field}")) => {
                    self.at_key(&format!("{pointer}/{field}"), &message)
                }
                Some(_) => self.at_key(&pointer, &message),
                None => self.at(&pointer, &message),
            }
        })
    }

    /// The message for a number where another type is expected, which serde reads as a map.
    fn with_number(&self, pointer: &str, message: String) -> String {
        match self.value.pointer(pointer).and_then(ExactNumber::kept) {
            Some(number) => message.replacen("type: map", &format!("type: number `{}`", number.text()), 1),
            None => message,
        }
    }
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    }
}

struct EventReader<'t> {
    file: &'t str,
    text: &'t str,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    places: HashMap<String, SourceSpan>,
}

impl<'t> EventReader<'t> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.file, self.text, span, message)
    }

    /// The next event with its byte range; the parser is built without comments.
    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Diagnostic> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, bytes(&span, self.text))),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len());
                // The diagnostic shows line and column.
                Err(self.error(at..at, format!("invalid YAML: {}", error.kind())))
            }
            None => Err(self.error(self.text.len()..self.text.len(), "unexpected end of the text")),
        }
    }

    fn document(&mut self) -> Result<Value, Diagnostic> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd, span) => return Err(self.error(span, "the file is empty")),
                (event, span) => {
                    let value = self.node(event, span, "", None)?;
                    return self.end().map(|()| value);
                }
            }
        }
    }

    fn end(&mut self) -> Result<(), Diagnostic> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, span) => {
                    return Err(self
                        .error(span, "a second document in one file")
                        .help("put each fixture into its own file"));
                }
            }
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: Range<usize>,
        pointer: &str,
        key: Option<Range<usize>>,
    ) -> Result<Value, Diagnostic> {
        self.reject_decorations(&event, &span)?;
        let start = span.start;
        let (value, end) = match event {
            Event::Scalar(text, style, ..) => (self.scalar(&text, style, span.clone())?, span.end),
            Event::SequenceStart(..) => self.sequence(pointer)?,
            Event::MappingStart(..) => self.mapping(pointer)?,
            _ => return Err(self.error(span, "expected a value")),
        };
        self.places.insert(pointer.to_owned(), SourceSpan { key, value: start..end.max(start) });
        Ok(value)
    }

    fn reject_decorations(&self, event: &Event<'t>, span: &Range<usize>) -> Result<(), Diagnostic> {
        let help = "write the value out, so that people and simpler YAML parsers can read it";
        let anchor = match event {
            Event::Scalar(_, _, anchor, _) | Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                *anchor
            }
            Event::Alias(..) => return Err(self.error(span.clone(), "aliases are not allowed").help(help)),
            _ => 0,
        };
        if anchor != 0 {
            return Err(self.error(span.clone(), "anchors are not allowed").help(help));
        }
        if event.tag().is_some() {
            return Err(self
                .error(span.clone(), "tags are not allowed")
                .help("quote the scalar if it must be a string"));
        }
        Ok(())
    }

    fn sequence(&mut self, pointer: &str) -> Result<(Value, usize), Diagnostic> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => return Ok((Value::Array(items), span.end)),
                (event, span) => {
                    let at = format!("{pointer}/{}", items.len());
                    items.push(self.node(event, span, &at, None)?);
                }
            }
        }
    }

    fn mapping(&mut self, pointer: &str) -> Result<(Value, usize), Diagnostic> {
        let mut members = Map::new();
        loop {
            let (event, key_span) = self.next()?;
            let Event::Scalar(name, style, ..) = &event else {
                if matches!(event, Event::MappingEnd) {
                    return Ok((Value::Object(members), key_span.end));
                }
                self.reject_decorations(&event, &key_span)?;
                return Err(self.error(key_span, "a key must be a string"));
            };
            self.reject_decorations(&event, &key_span)?;
            if name == KEPT_NUMBER {
                return Err(self.error(key_span, format!("the key {KEPT_NUMBER:?} is reserved")));
            }
            if name == "<<" {
                return Err(self.error(key_span, "merge keys are not allowed").help("write the members out"));
            }
            if !self.scalar(name, *style, key_span.clone())?.is_string() {
                return Err(self.error(key_span, "a key must be a string").help("quote it"));
            }
            let at = child(pointer, name);
            let (value, span) = self.next()?;
            let value = self.node(value, span, &at, Some(key_span.clone()))?;
            if members.insert(name.to_string(), value).is_some() {
                let twice = format!("duplicate key {name:?}");
                return Err(self.error(key_span, twice).help("remove one of the two"));
            }
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Range<usize>) -> Result<Value, Diagnostic> {
        if style != ScalarStyle::Plain {
            return Ok(Value::from(text));
        }
        if let Some(otherwise) = read_otherwise(text) {
            let message = format!("a YAML 1.1 parser reads {text} as {otherwise}");
            return Err(self.error(span, message).help(format!("quote it: \"{text}\"")));
        }
        Ok(plain(text))
    }
}

fn bytes(span: &Span, text: &str) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or(0).min(text.len());
    let end = span.end.byte_offset().unwrap_or(start).min(text.len());
    start..end.max(start)
}

/// The value of a plain scalar in the YAML 1.2 core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => plain_number(text).unwrap_or_else(|| Value::from(text)),
    }
}

/// The value of a number, with its digits. A number that JSON writes otherwise (`+1`, `.5`, `1.`) is written that way.
fn plain_number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let digits = if sign.is_empty() { digits.strip_prefix('+').unwrap_or(digits) } else { digits };
    let at = digits.find(['e', 'E']).unwrap_or(digits.len());
    let (mantissa, exponent) = digits.split_at(at);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = exponent.get(1..).map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let is_number = are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && unsigned.is_none_or(|digits| !digits.is_empty() && are_digits(digits));
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    is_number.then(|| number(&format!("{sign}{whole}{point}{fraction}{exponent}")))
}

/// The type that YAML 1.1 gives a plain scalar, if YAML 1.2 gives it another one.
fn read_otherwise(text: &str) -> Option<&'static str> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |allowed: &[u8]| digits.bytes().all(|byte| byte.is_ascii_digit() || allowed.contains(&byte));
    let numeric = digits.starts_with(|c: char| c.is_ascii_digit());
    match text.to_ascii_lowercase().as_str() {
        "y" | "n" | "yes" | "no" | "on" | "off" => Some("a boolean"),
        "=" => Some("a default value"),
        lower if lower.starts_with("0o") || lower.starts_with("0x") || lower.starts_with("0b") => {
            Some("another number or a string")
        }
        _ if numeric && digits.len() > 1 && digits.starts_with('0') && all(b"") => Some("an octal number"),
        _ if numeric && digits.contains('_') && all(b"_.") => Some("a number"),
        _ if numeric && digits.contains(':') && all(b":._") => Some("a sexagesimal number"),
        _ if is_date(digits) => Some("a date"),
        lower if [".inf", "-.inf", "+.inf", ".nan"].contains(&lower) => Some("a number"),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 8
        && bytes.iter().take(4).all(u8::is_ascii_digit)
        && bytes.get(4) == Some(&b'-')
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-:tTzZ .+".contains(byte))
}

#[cfg(test)]
mod tests;
