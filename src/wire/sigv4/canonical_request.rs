//! The canonical request: what a signature covers.

use super::PathForm;
use crate::wire::{Headers, Request};

/// The canonical request over the `signed` headers, whose names are sorted and in lower case.
pub(super) fn canonical_request(
    request: &Request,
    signed: &[impl AsRef<str>],
    form: PathForm,
    payload: &str,
) -> String {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut out = String::with_capacity(512);
    out.push_str(&request.method);
    out.push('\n');
    canonical_path(path, form, &mut out);
    out.push('\n');
    canonical_query(query, &mut out);
    out.push('\n');
    for name in signed {
        out.push_str(name.as_ref());
        out.push(':');
        canonical_value(&request.headers, name.as_ref(), &mut out);
        out.push('\n');
    }
    out.push('\n');
    push_joined(signed.iter().map(AsRef::as_ref), ';', &mut out);
    out.push('\n');
    out.push_str(payload);
    out
}

fn canonical_path(path: &str, form: PathForm, out: &mut String) {
    match form {
        PathForm::AsSent if path.is_empty() => out.push('/'),
        PathForm::AsSent => push_encoded(path, b"/%", out),
        PathForm::Normalized if is_normal(path) => push_encoded(path, b"/", out),
        PathForm::Normalized => push_encoded(&normalized(path), b"/", out),
    }
}

/// Returns true if a path has neither dot segments nor empty ones. Nearly all paths have none.
fn is_normal(path: &str) -> bool {
    path.starts_with('/') && !path.contains("//") && !path.contains("/.")
}

/// The path without dot segments and empty segments. A slash at its end stays.
fn normalized(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    let is_folder = path.ends_with('/') && !kept.is_empty();
    format!("/{}{}", kept.join("/"), if is_folder { "/" } else { "" })
}

/// The pairs of a query, encoded where they are not, and sorted by name and then by value.
fn canonical_query(query: &str, out: &mut String) {
    let encoded = |text: &str| {
        let mut out = String::with_capacity(text.len());
        push_encoded(text, b"%", &mut out);
        out
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<(String, String)> = pairs.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
}

/// Percent-encodes all bytes but letters, digits, `-._~`, and those in `kept`.
pub(super) fn push_encoded(text: &str, kept: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 0xf].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
}

fn canonical_value(headers: &Headers, name: &str, out: &mut String) {
    for (index, value) in headers.all(name).enumerate() {
        if index > 0 {
            out.push(',');
        }
        if is_tidy(value) {
            out.push_str(value);
        } else {
            push_joined(value.split_ascii_whitespace(), ' ', out);
        }
    }
}

/// Returns true if single spaces separate the words of a value. Nearly all values have this form.
fn is_tidy(value: &str) -> bool {
    let bytes = value.as_bytes();
    // Most values are one word. Their minimum byte shows it without a branch per byte.
    if bytes.iter().copied().fold(u8::MAX, u8::min) > b' ' {
        return true;
    }
    let blank = |byte: u8| byte.is_ascii_whitespace();
    let double = bytes.windows(2).any(|pair| blank(pair[0]) && (pair[0] != b' ' || blank(pair[1])));
    !double && !bytes.first().is_some_and(|byte| blank(*byte)) && !bytes.last().is_some_and(|byte| blank(*byte))
}

fn push_joined<'p>(parts: impl Iterator<Item = &'p str>, by: char, out: &mut String) {
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(by);
        }
        out.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn path(path: &str, form: PathForm) -> String {
        let mut out = String::new();
        canonical_path(path, form, &mut out);
        out
    }

    #[rstest]
    #[case::root("/", "/", "/")]
    #[case::nothing("", "/", "/")]
    #[case::encoded("/a%20b", "/a%2520b", "/a%20b")]
    #[case::dots("/a/../b/./c", "/b/c", "/a/../b/./c")]
    #[case::above("/../a", "/a", "/../a")]
    #[case::empty_segments("//a//", "/a/", "//a//")]
    #[case::hidden_file("/.a/", "/.a/", "/.a/")]
    #[case::plus("/a+b=c", "/a%2Bb%3Dc", "/a%2Bb%3Dc")]
    #[case::not_ascii("/é", "/%C3%A9", "/%C3%A9")]
    fn a_path_is_signed_in_two_forms(#[case] sent: &str, #[case] normalized: &str, #[case] as_sent: &str) {
        assert_eq!(path(sent, PathForm::Normalized), normalized);
        assert_eq!(path(sent, PathForm::AsSent), as_sent);
    }

    #[rstest]
    #[case::value_order("b=2&b=1&a", "a=&b=1&b=2")]
    #[case::name_before_value("a-b=1&a=2", "a=2&a-b=1")]
    #[case::encoded("k=%20&k=a/b+c", "k=%20&k=a%2Fb%2Bc")]
    #[case::equal_sign("k=a=b", "k=a%3Db")]
    #[case::empty_pairs("&&c=", "c=")]
    fn a_query_is_sorted_by_name_and_then_by_value(#[case] query: &str, #[case] expected: &str) {
        let mut out = String::new();
        canonical_query(query, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn the_canonical_request_is_the_documented_one() {
        let headers = [("X-A", " 1   2 "), ("x-a", "3"), ("host", "h")].into_iter().collect();
        let target = "/a b/%41~?b&a=1&&c=".to_owned();
        let request = Request { method: "GET".to_owned(), target, headers, ..Request::default() };
        let canonical = canonical_request(&request, &["host", "x-a"], PathForm::Normalized, "PAYLOAD");
        assert_eq!(canonical, "GET\n/a%20b/%2541~\na=1&b=&c=\nhost:h\nx-a:1 2,3\n\nhost;x-a\nPAYLOAD");
    }
}
