//! Renders pages from templates that escape every value, in a frame that runs only its own script.
//!
//! A page names its style and its script by their digests, so that the browser blocks any other script. It fetches
//! nothing.

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

/// The shared templates, by name.
const TEMPLATES: [(&str, &str); 4] = [
    ("frame.html", include_str!("frame.html")),
    ("case.html", include_str!("case.html")),
    ("requirements.html", include_str!("requirements.html")),
    ("overview.html", include_str!("overview.html")),
];

/// The style and the script of every page.
const STYLE: &str = include_str!("frame.css");
const SCRIPT: &str = include_str!("frame.js");

static ENVIRONMENT: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(environment);

/// The values of the frame.
#[derive(Debug, Serialize)]
struct Framed<'a, T> {
    /// The values of the page.
    page: &'a T,
    style: Value,
    script: Value,
    style_digest: String,
    script_digest: String,
    version: &'static str,
}

/// Renders a template without the frame.
pub(super) fn part(template: &str, context: &impl Serialize) -> io::Result<String> {
    let environment = ENVIRONMENT.as_ref().map_err(io::Error::other)?;
    filled(environment, template, context)
}

/// A page: its template, which extends the frame, and its additional style and script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageTemplate {
    pub(crate) template: &'static str,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
}

/// Renders a page.
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
    // The engine removes the last newline of a template.
    Ok(filled(&environment, "page.html", &framed)? + "\n")
}

/// The digest of the content of an element, for a Content-Security-Policy.
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

/// Writes a value. Only values that this program marked as safe are not escaped.
fn write(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    match (value.kind(), value.as_str()) {
        (ValueKind::Undefined, _) => {
            return Err(Error::new(ErrorKind::UndefinedError, "a template uses an undefined value"));
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
    fn an_undefined_value_is_an_error() {
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
