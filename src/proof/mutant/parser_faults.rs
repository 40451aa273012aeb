//! Faults in parsing a body: it is not JSON, but a tolerant parser of a common language reads it.

use std::sync::Arc;

use regex::Regex;
use serde_json::{Map, Value};

use super::{
    FaultMemory, Mutant, MutantFamily, MutantSubject,
    behavior::{ReceivedCall, Understood},
};
use crate::judge::code::Code;

const KIND: &[Code] = &[Code::OUTCOME, Code::ERROR_IDENTITY, Code::SIDE_EFFECT];

/// The JSON text that a tolerant parser sees in a body.
type SeenJson = Arc<dyn Fn(&[u8]) -> Option<String> + Send + Sync>;

/// A name, the tolerance in words, a pattern outside of strings, and the JSON that stands for its matches.
const PATTERNS: &[(&str, &str, &str, &str)] = &[
    ("nan", "NaN is a value", r"\bNaN\b", "null"),
    ("infinity", "Infinity is a value", r"([^-\w])Infinity\b", "${1}null"),
    ("negative-infinity", "-Infinity is a value", r"-Infinity\b", "null"),
    ("block-comment", "a comment between /* and */ is skipped", r"(?s)/\*.*?\*/", " "),
    ("line-comment", "a comment after // is skipped", r"//[^\n]*", " "),
    ("hash-comment", "a comment after # is skipped", r"#[^\n]*", " "),
    ("trailing-comma", "a comma after the last member is skipped", r",(\s*[}\]])", "${1}"),
    ("double-comma", "a second comma is skipped", r",(\s*,)+", ","),
    ("missing-comma", "members are separated by blanks", r"^\s+$", ","),
    ("single-quotes", "strings are in single quotes", "'", "\""),
    ("bare-name", "names of members need no quotes", r"([{,]\s*)([A-Za-z_]\w*)(\s*:)", "${1}\"${2}\"${3}"),
    ("equals-sign", "an equals sign separates name and value", r"=>?", ":"),
    ("literal-case", "True is a value", r"\b(True|TRUE)\b", "true"),
    ("other-null", "None and undefined are values", r"\b(None|undefined|nil)\b", "null"),
    ("leading-zero", "a number starts with 0", r"([:\[,]\s*)0+(\d)", "${1}${2}"),
    ("plus-sign", "a number has a plus sign", r"\+(\d)", "${1}"),
    ("hexadecimal", "a number is hexadecimal", r"0[xX][0-9a-fA-F]+", "0"),
    ("leading-dot", "a number starts with a dot", r"([:\[,]\s*)\.(\d)", "${1}0.${2}"),
    ("trailing-dot", "a number ends with a dot", r"(\d)\.([,}\s])", "${1}${2}"),
    ("other-white-space", "any control character is white space", r"[\x00-\x1f]", " "),
];

/// Returns the JSON text that a body is taken for.
type ReadText = fn(&[u8]) -> Option<String>;

/// A name, the tolerance in words, and the text that it sees.
const READINGS: &[(&str, &str, ReadText)] = &[
    ("utf-16-mark", "UTF-16 is detected by its byte order mark", |body| match body {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => None,
    }),
    ("utf-16le", "UTF-16 is detected by its second byte", |body| match body {
        [first, 0, ..] if *first != 0 => utf16(body, u16::from_le_bytes),
        _ => None,
    }),
    ("utf-16be", "UTF-16 is detected by its first byte", |body| match body {
        [0, second, ..] if *second != 0 => utf16(body, u16::from_be_bytes),
        _ => None,
    }),
    ("latin-1", "bytes that are not UTF-8 are Latin-1", |body| {
        not_utf8(body).then(|| body.iter().map(|byte| char::from(*byte)).collect())
    }),
    ("replaced-bytes", "bytes that are not UTF-8 are replaced", |body| {
        not_utf8(body).then(|| String::from_utf8_lossy(body).into_owned())
    }),
    ("skipped-bytes", "bytes that are not UTF-8 are skipped", |body| {
        not_utf8(body).then(|| body.utf8_chunks().map(|chunk| chunk.valid()).collect())
    }),
    ("without-nul", "NUL bytes are skipped", |body| utf8(body).map(|text| text.replace('\0', ""))),
    ("first-value", "anything after the first value is ignored", |body| {
        let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
        values.next()?.ok().map(|value| value.to_string())
    }),
    ("text-of-json", "a string with JSON inside is an input", |body| serde_json::from_slice(body).ok()),
    ("unicode-white-space", "any Unicode white space around the value is skipped", |body| {
        utf8(body).map(|text| text.trim().to_owned())
    }),
    ("first-line", "anything after the first line is ignored", |body| {
        utf8(body)?.split_once('\n').map(|(line, _)| line.to_owned())
    }),
    ("statement", "a semicolon after the value is skipped", |body| {
        utf8(body)?.trim_end().strip_suffix(';').map(str::to_owned)
    }),
    ("second-brace", "a second brace at the end is skipped", |body| {
        utf8(body)?.trim_end().strip_suffix('}').map(str::to_owned)
    }),
    ("parentheses", "parentheses around the value are skipped", |body| {
        utf8(body)?.trim().strip_prefix('(')?.strip_suffix(')').map(str::to_owned)
    }),
    ("after-text", "anything before the first brace is ignored", |body| {
        let text = utf8(body)?;
        text.find('{').map(|start| text[start..].to_owned())
    }),
    ("script-guard", "a guard against inclusion as a script is skipped", |body| {
        utf8(body)?.strip_prefix(")]}'").map(|text| text.trim_start_matches([',', '\n']).to_owned())
    }),
    ("to-nul", "the body ends at the first NUL", |body| utf8(body)?.split_once('\0').map(|(text, _)| text.to_owned())),
    ("unclosed", "the end of a body that is cut off is completed", |body| {
        let text = utf8(body)?;
        ["}", "\"}"].iter().map(|end| format!("{text}{end}")).find(|text| object(text).is_some())
    }),
    ("raw-control-characters", "strings may contain control characters", |body| {
        Some(changed(utf8(body)?, |inside, text| {
            if inside { text.replace('\n', "\\n").replace('\t', "\\t") } else { text.to_owned() }
        }))
    }),
    ("other-escapes", "an unknown escape sequence is its character", |body| {
        Some(changed(
            utf8(body)?,
            |inside, text| {
                if inside { text.replace("\\'", "'").replace("\\x", "x") } else { text.to_owned() }
            },
        ))
    }),
    ("form", "a form is an input", |body| pair(body, '=')),
    ("yaml", "YAML is an input", |body| pair(body, ':')),
];

pub(super) fn mutants(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let patterns = PATTERNS.iter().filter_map(|&(name, says, pattern, json)| {
        let pattern = Regex::new(pattern).ok()?;
        let seen: SeenJson = Arc::new(move |body| {
            Some(changed(utf8(body)?, |inside, text| {
                if inside { text.to_owned() } else { pattern.replace_all(text, json).into_owned() }
            }))
        });
        Some(tolerant(subject, name, says, seen))
    });
    let readings = READINGS.iter().map(|&(name, says, read)| tolerant(subject, name, says, Arc::new(read)));
    patterns.chain(readings).collect()
}

fn tolerant(subject: &MutantSubject<'_>, name: &str, says: &str, seen: SeenJson) -> Mutant {
    let target = subject.target();
    let mutant = subject.mutant(MutantFamily::Parser, name, KIND, says, move || {
        let (target, seen) = (target.clone(), Arc::clone(&seen));
        Understood {
            rewrite: move |received: &ReceivedCall<'_>| {
                let body = &received.request.body[..];
                let is_input = serde_json::from_slice::<Value>(body).is_ok_and(|value| value.is_object());
                let input = if received.target() == target && !is_input { object(&seen(body)?) } else { None };
                input.map(|input| received.with_input(&Value::Object(input)))
            },
        }
    });
    mutant.remembering(FaultMemory::Nothing)
}

fn utf8(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok()
}

fn not_utf8(body: &[u8]) -> bool {
    utf8(body).is_none()
}

fn utf16(body: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units: Vec<u16> = body.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok()
}

fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

/// A text of one name and one value.
fn pair(body: &[u8], separator: char) -> Option<String> {
    let (name, value) = utf8(body)?.split_once(separator)?;
    let word = |text: &str| !text.contains(['"', '{', '\n', '<']);
    let (name, value) = (name.trim(), value.trim());
    (word(name) && word(value))
        .then(|| Value::Object([(name.to_owned(), value.into())].into_iter().collect()).to_string())
}

/// The text with its parts changed: strings with their quotes, and what stands between them.
fn changed(text: &str, change: impl Fn(bool, &str) -> String) -> String {
    let (mut out, mut rest, mut inside) = (String::new(), text, false);
    while let Some(at) = end_of_part(rest, inside) {
        out.push_str(&change(inside, &rest[..at]));
        (rest, inside) = (&rest[at..], !inside);
    }
    out.push_str(&change(inside, rest));
    out
}

/// The end of a string, or of what stands before the next one.
fn end_of_part(text: &str, inside: bool) -> Option<usize> {
    if !inside {
        return text.find('"');
    }
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// The JSON that the tolerance of a name sees in a body.
    fn seen(name: &str, body: &[u8]) -> Option<Map<String, Value>> {
        if let Some((.., read)) = READINGS.iter().find(|(reading, ..)| *reading == name) {
            return object(&read(body)?);
        }
        let (.., pattern, json) = PATTERNS.iter().find(|(pattern, ..)| *pattern == name).unwrap();
        let pattern = Regex::new(pattern).unwrap();
        let text =
            changed(
                utf8(body)?,
                |inside, text| {
                    if inside { text.to_owned() } else { pattern.replace_all(text, *json).into_owned() }
                },
            );
        object(&text)
    }

    #[rstest]
    #[case("nan", r#"{"a":"x","b":NaN}"#)]
    #[case("infinity", r#"{"a":"x","b":Infinity}"#)]
    #[case("negative-infinity", r#"{"a":"x","b":-Infinity}"#)]
    #[case("block-comment", r#"{"a":"x"/* } */}"#)]
    #[case("line-comment", "{\"a\":\"x\"// b\n}")]
    #[case("hash-comment", "{\"a\":\"x\"# b\n}")]
    #[case("trailing-comma", r#"{"a":"x",}"#)]
    #[case("double-comma", r#"{"a":"x",,"b":1}"#)]
    #[case("missing-comma", r#"{"a":"x" "b":1}"#)]
    #[case("single-quotes", "{'a':'x'}")]
    #[case("bare-name", r#"{a:"x"}"#)]
    #[case("equals-sign", r#"{"a"=>"x"}"#)]
    #[case("literal-case", r#"{"a":"x","b":True}"#)]
    #[case("other-null", r#"{"a":"x","b":None}"#)]
    #[case("leading-zero", r#"{"a":"x","b":01}"#)]
    #[case("plus-sign", r#"{"a":"x","b":+1}"#)]
    #[case("hexadecimal", r#"{"a":"x","b":0x1F}"#)]
    #[case("leading-dot", r#"{"a":"x","b":.5}"#)]
    #[case("trailing-dot", r#"{"a":"x","b":5.}"#)]
    #[case("other-white-space", "{\u{c}\"a\":\"x\"}")]
    #[case("without-nul", "{\"a\":\"x\"}\0")]
    #[case("first-value", r#"{"a":"x"}{}"#)]
    #[case("after-text", r#"b{"a":"x"}"#)]
    #[case("to-nul", "{\"a\":\"x\"}\0b")]
    #[case("unclosed", r#"{"a":"x"#)]
    #[case("raw-control-characters", "{\"a\":\"x\",\"b\":\"\n\"}")]
    #[case("other-escapes", r#"{"a":"x","b":"\x41"}"#)]
    #[case("form", "a=x")]
    #[case("yaml", "a: x\n")]
    fn a_tolerant_parser_reads_what_strict_json_forbids(#[case] name: &str, #[case] body: &str) {
        assert_eq!(object(body), None);
        assert_eq!(seen(name, body.as_bytes()).unwrap()["a"], json!("x"));
        assert_eq!(seen(name, b"]"), None);
    }

    #[rstest]
    #[case("utf-16-mark", &[0xff, 0xfe, b'{', 0, b'}', 0])]
    #[case("utf-16-mark", &[0xfe, 0xff, 0, b'{', 0, b'}'])]
    #[case("utf-16le", &[b'{', 0, b'}', 0])]
    #[case("utf-16be", &[0, b'{', 0, b'}'])]
    fn utf_16_is_read_by_its_mark_or_its_zero_bytes(#[case] name: &str, #[case] body: &[u8]) {
        assert_eq!(seen(name, body), Some(Map::new()));
        assert_eq!(seen(name, b"{}"), None);
    }

    #[test]
    fn tolerances_stay_outside_of_strings_and_have_their_own_names() {
        assert_eq!(seen("single-quotes", br#"{'a':"it's \" '"}"#).unwrap()["a"], "it's \" '");
        let names = PATTERNS.iter().map(|(name, ..)| name).chain(READINGS.iter().map(|(name, ..)| name));
        assert_eq!(names.collect::<BTreeSet<_>>().len(), PATTERNS.len() + READINGS.len());
    }
}
