//! Paths as they were given. A path of Unix is bytes, which need not be UTF-8.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::report::text::shell_word;

/// A path in a recording: its text, or its bytes where it is not UTF-8.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RecordedPath {
    Text(String),
    Bytes(Vec<u8>),
}

pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = || RecordedPath::Bytes(path.as_os_str().as_encoded_bytes().to_owned());
    path.to_str().map_or_else(bytes, |text| RecordedPath::Text(text.to_owned())).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    Ok(match RecordedPath::deserialize(deserializer)? {
        RecordedPath::Text(text) => text.into(),
        RecordedPath::Bytes(bytes) => of_bytes(bytes).into(),
    })
}

/// The text before the first `=`, and the text after it.
pub(super) fn split_at_equals(text: &OsStr) -> (OsString, Option<OsString>) {
    let bytes = text.as_encoded_bytes();
    let Some(at) = bytes.iter().position(|byte| *byte == b'=') else { return (text.to_owned(), None) };
    let (name, path) = bytes.split_at(at);
    (of_bytes(name.to_owned()), Some(of_bytes(path.iter().skip(1).copied().collect())))
}

/// A path as a word of a shell. Bytes that are not UTF-8 need the quotes of bash, zsh and ksh.
pub(super) fn shell_path(path: &Path) -> String {
    path.to_str().map_or_else(|| escaped(path.as_os_str().as_encoded_bytes()), shell_word)
}

fn escaped(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"'\\".contains(&byte);
    let escape = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("\\x{byte:02x}") };
    format!("$'{}'", bytes.iter().map(escape).collect::<String>())
}

#[cfg(unix)]
fn of_bytes(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn of_bytes(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(all(test, unix))]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn path(bytes: &[u8]) -> PathBuf {
        of_bytes(bytes.to_owned()).into()
    }

    #[rstest]
    #[case::text("m\u{e9}.json".as_bytes(), json!("m\u{e9}.json"))]
    #[case::bytes(b"m\xff", json!([109, 255]))]
    fn a_recorded_path_is_read_back(#[case] bytes: &[u8], #[case] expected: Value) {
        let recorded = serialize(&path(bytes), serde_json::value::Serializer).unwrap();
        assert_eq!(recorded, expected);
        assert_eq!(deserialize(recorded).unwrap(), path(bytes));
    }

    #[rstest]
    #[case::text(b"a b", "'a b'")]
    #[case::bytes(b"a b\xff'\\$", r"$'a\x20b\xff\x27\x5c$'")]
    fn a_path_is_one_word_of_a_shell(#[case] bytes: &[u8], #[case] expected: &str) {
        assert_eq!(shell_path(&path(bytes)), expected);
    }

    #[test]
    fn only_the_first_equals_sign_splits() {
        let (name, rest) = split_at_equals(&of_bytes(b"json=a=\xff".to_vec()));
        assert_eq!((name, rest), ("json".into(), Some(of_bytes(b"a=\xff".to_vec()))));
        assert_eq!(split_at_equals("json".as_ref()), ("json".into(), None));
    }
}
