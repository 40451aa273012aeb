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
use sha2::{Digest as _, Sha256};

use super::escape;

/// Every template, by name. Texts of a page come from them or are escaped.
const TEMPLATES: [(&str, &str); 6] = [
    ("frame.html", include_str!("frame.html")),
    ("report.html", include_str!("report.html")),
    ("case.html", include_str!("case.html")),
    ("statements.html", include_str!("statements.html")),
    ("summary.html", include_str!("summary.html")),
    ("matrix.html", include_str!("../matrix/page.html")),
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
    filled(template, context).map_err(io::Error::other)
}

/// Fills a template that extends the frame, with what its style and its script add to those of every page.
pub(in crate::report) fn page(template: &str, style: &str, script: &str, page: &impl Serialize) -> io::Result<String> {
    let (style, script) = (format!("{STYLE}{style}"), format!("{SCRIPT}{script}"));
    let framed = Framed {
        page,
        style_digest: digest(&style),
        script_digest: digest(&script),
        style: Value::from_safe_string(style),
        script: Value::from_safe_string(script),
        version: env!("CARGO_PKG_VERSION"),
    };
    // The engine takes the last line break of a template away.
    Ok(part(template, &framed)? + "\n")
}

/// The digest of what stands in an element, as a Content-Security-Policy wants it.
fn digest(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()))
}

fn filled(template: &str, context: &impl Serialize) -> Result<String, String> {
    let environment = ENVIRONMENT.as_ref().map_err(ToString::to_string)?;
    let template = environment.get_template(template).map_err(|error| error.to_string())?;
    template.render(Serde(context)).map_err(|error| format!("{error:#}"))
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
        (_, Some(text)) => escape::write_escaped(out, text)?,
        (_, None) => escape::write_escaped(out, &value.to_string())?,
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
