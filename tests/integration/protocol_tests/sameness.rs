//! Whether two messages say the same: media types are compared by what they mean, everything else as it is written.

use anyhow::{Context as _, Result, ensure};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;
use wireproof::{
    Headers,
    internals::{
        model::exact_number::same,
        wire::cbor::{self, CborValue},
    },
};

use super::case::Message;

/// Compares headers with those that a test states. A space after the comma of a list does not matter.
pub(super) fn headers(stated: &Message, actual: &Headers) -> Result<()> {
    for (name, value) in &stated.headers {
        let found: Vec<&str> = actual.all(name).collect();
        let found = found.join(", ");
        // A parameter, such as a charset, does not change what a media type is.
        let essence = |value: &str| value.split(';').next().unwrap_or_default().trim().to_owned();
        if name.eq_ignore_ascii_case("content-type") {
            ensure!(essence(&found) == essence(value), "{name}: {found:?} instead of {value:?}");
            continue;
        }
        ensure!(found == *value || squeezed(&found) == squeezed(value), "{name}: {found:?} instead of {value:?}");
    }
    for name in &stated.require_headers {
        ensure!(actual.get(name).is_some(), "no header {name}");
    }
    for name in &stated.forbid_headers {
        ensure!(actual.get(name).is_none(), "a header {name}");
    }
    Ok(())
}

fn squeezed(list: &str) -> String {
    list.replace(", ", ",")
}

/// Compares the query of a request target with that which a test states.
pub(super) fn query(stated: &Message, target: &str) -> Result<()> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let mut actual: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).collect();
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    for pair in &stated.query_params {
        let at = actual.iter().position(|found| found.trim_end_matches('=') == pair.trim_end_matches('='));
        actual.remove(at.with_context(|| format!("no query parameter {pair} in {query:?}"))?);
    }
    let all: Vec<String> = query.split('&').map(name).collect();
    for wanted in &stated.require_query_params {
        ensure!(all.contains(wanted), "no query parameter {wanted} in {query:?}");
    }
    for unwanted in &stated.forbid_query_params {
        ensure!(!all.contains(unwanted), "a query parameter {unwanted} in {query:?}");
    }
    Ok(())
}

/// Compares a body with the one that a test states.
pub(super) fn body(stated: &Message, actual: &[u8]) -> Result<()> {
    if stated.body.is_none() {
        return Ok(());
    }
    let wanted = stated.bytes()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let is_same = match stated.body_media_type.as_deref() {
        Some("application/json") if !wanted.is_empty() => {
            let [a, b] = [&wanted, actual].map(serde_json::from_slice::<Value>);
            same(&a?, &b.with_context(|| text(actual))?)
        }
        Some("application/xml") if !wanted.is_empty() => same_xml(&text(&wanted), &text(actual))?,
        Some("application/cbor") if !wanted.is_empty() => {
            let [a, b] = [&wanted, actual].map(|bytes| cbor::read(bytes).value);
            item(&a.context("the stated body is not CBOR")?) == item(&b.context("the body is not CBOR")?)
        }
        Some("application/x-www-form-urlencoded") => pairs(&text(&wanted)) == pairs(&text(actual)),
        _ => wanted == actual,
    };
    ensure!(is_same, "the body is {:?} instead of {:?}", text(actual), text(&wanted));
    Ok(())
}

/// A data item without the order of entries and the widths of numbers.
fn item(value: &CborValue) -> String {
    match value {
        CborValue::Array(items) => format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(",")),
        CborValue::Map(entries) => {
            let mut entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key:?}:{}", item(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        CborValue::Single(number) => f64::from(*number).to_string(),
        CborValue::Double(number) => number.to_string(),
        CborValue::Integer(number) => number.to_string(),
        CborValue::Timestamp(seconds) => format!("1({})", item(seconds)),
        other => format!("{other:?}"),
    }
}

fn pairs(form: &str) -> Vec<String> {
    let mut pairs: Vec<String> = form.split('&').map(|pair| pair.trim().to_owned()).collect();
    pairs.sort();
    pairs
}

/// The elements that hold the ID of a request.
const REQUEST_IDS: [&str; 4] = ["RequestId", "requestId", "RequestID", "ResponseMetadata"];

fn same_xml(stated: &str, actual: &str) -> Result<bool> {
    let options = || ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let [a, b] = [stated, actual].map(|text| Document::parse_with_options(text, options()));
    let (a, b) = (a?, b.with_context(|| actual.to_owned())?);
    // AWS sends its namespaces also where a test states none.
    let has_namespaces = stated.contains("xmlns");
    Ok(canonical(a.root_element(), has_namespaces) == canonical(b.root_element(), has_namespaces))
}

/// An element without the order of different children and the space between them.
fn canonical(element: Node<'_, '_>, has_namespaces: bool) -> String {
    let name = element.tag_name();
    let mut attributes: Vec<String> = element
        .attributes()
        .map(|attribute| {
            format!(" {}:{}={:?}", attribute.namespace().unwrap_or_default(), attribute.name(), attribute.value())
        })
        .collect();
    attributes.sort();
    let mut children: Vec<(String, String)> = element
        .children()
        .filter(Node::is_element)
        // Each response has an ID of its own.
        .filter(|child| !REQUEST_IDS.contains(&child.tag_name().name()))
        .map(|child| (child.tag_name().name().to_owned(), canonical(child, has_namespaces)))
        .collect();
    // The order of children of one name is that of a list.
    children.sort_by(|(a, _), (b, _)| a.cmp(b));
    let inner: String = if element.children().any(|child| child.is_element()) {
        children.into_iter().map(|(_, child)| child).collect()
    } else {
        element.text().unwrap_or_default().to_owned()
    };
    format!(
        "<{{{}}}{}{}>{inner}</>",
        name.namespace().filter(|_| has_namespaces).unwrap_or_default(),
        name.name(),
        attributes.concat()
    )
}
