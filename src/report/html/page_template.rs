//! The one way to a page: templates of which every value is escaped, around one frame that runs no script but its own.
//!
//! A page names its style and its script by their digests, so that the browser would refuse what an escaping that failed
//! had let through. It fetches nothing.

use std::{io, sync::LazyLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use minijinja::{
    Environment, Error, ErrorKind, Output, UndefinedBehavior,
    syntax::SyntaxConfig,
    value::{Serde, Value, ValueKind},
};
use serde::Serialize;

use super::html_escape;
use crate::wire::digest::Sha256;

/// The templates that pages share, by name. Texts of a page come from them or are escaped.
const TEMPLATES: [(&str, &str); 4] = [
    ("frame.html", include_str!("frame.html")),
    ("case.html", include_str!("case.html")),
    ("requirements.html", include_str!("requirements.html")),
    ("overview.html", include_str!("overview.html")),
];

/// What every page looks like and does.
const STYLE: &str = include_str!("frame.css");
const SCRIPT: &str = include_str!("frame.js");

static ENVIRONMENT: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(environment);

/// A page as the frame takes it.
#[derive(Debug, Serialize)]
struct Framed<'a, T> {
    /// What the page itself shows.
    page: &'a T,
    style: Value,
    script: Value,
    style_digest: String,
    script_digest: String,
    version: &'static str,
}

/// Fills a template that stands for itself.
pub(super) fn part(template: &str, context: &impl Serialize) -> io::Result<String> {
    let environment = ENVIRONMENT.as_ref().map_err(io::Error::other)?;
    filled(environment, template, context)
}

/// What makes one page: its template, which extends the frame, and what its style and its script add to those of every page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageTemplate {
    pub(crate) template: &'static str,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
}

/// Fills a page.
pub(crate) fn page(source: &PageTemplate, page: &impl Serialize) -> io::Result<String> {
    let (style, script) = (format!("{STYLE}{}", source.style), format!("{SCRIPT}{}", source.script));
    let framed = Framed {
        page,
        style_digest: digest(&style),
        script_digest: digest(&script),
        style: Value::from_safe_string(style),
        script: Value::from_safe_string(script),
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut environment = ENVIRONMENT.as_ref().map_err(io::Error::other)?.clone();
    environment.add_template("page.html", source.template).map_err(io::Error::other)?;
    // The engine takes the last line break of a template away.
    Ok(filled(&environment, "page.html", &framed)? + "\n")
}

/// The digest of what stands in an element, as a Content-Security-Policy wants it.
fn digest(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()))
}

fn filled(environment: &Environment<'_>, template: &str, context: &impl Serialize) -> io::Result<String> {
    let template = environment.get_template(template).map_err(io::Error::other)?;
    template.render(Serde(context)).map_err(|error| io::Error::other(format!("{error:#}")))
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(|out, _, value| write(out, value));
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}

/// Writes a value. Only what the program itself made as markup stays as it is.
fn write(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    match (value.kind(), value.as_str()) {
        (ValueKind::Undefined, _) => {
            return Err(Error::new(ErrorKind::UndefinedError, "a template shows a value that there is not"));
        }
        (ValueKind::None, _) => {}
        (_, Some(text)) if value.is_safe() => out.write_str(text)?,
        (_, Some(text)) => html_escape::write_escaped(out, text)?,
        (_, None) => html_escape::write_escaped(out, &value.to_string())?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_can_be_read() {
        let environment = environment().unwrap();
        assert_eq!(environment.templates().count(), TEMPLATES.len());
    }

    #[test]
    fn a_value_is_escaped_whatever_the_template_is_called() {
        let environment = environment().unwrap();
        let shown = environment.render_named_str(
            "x.txt",
            "<p title=\"{{ x }}\">{{ x }}</p>",
            Serde(Hostile { x: "\"<&\u{202e}" }),
        );
        assert_eq!(shown.unwrap(), r#"<p title="&quot;&lt;&amp;\u{202e}">&quot;&lt;&amp;\u{202e}</p>"#);
    }

    #[test]
    fn a_value_that_there_is_not_is_an_error() {
        let environment = environment().unwrap();
        assert!(environment.render_str("{{ y }}", Serde(Hostile { x: "" })).is_err());
        assert!(environment.render_str("{% if y %}{% endif %}", Serde(Hostile { x: "" })).is_err());
    }

    #[test]
    fn the_style_and_the_script_end_no_element() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !STYLE.contains("</"));
    }

    #[derive(Serialize)]
    struct Hostile {
        x: &'static str,
    }
}
