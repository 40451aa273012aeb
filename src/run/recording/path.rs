//! The paths of the files of a recording. They are valid on every file system, and below the folder for every id.

use std::path::{Component, Path};

use super::sha256;
use crate::suite::CaseId;

/// The file of a case, below the folder: its id, part by part.
#[must_use]
pub fn path(id: &CaseId) -> String {
    let parts: Vec<String> = id.0.split('/').map(file_name).collect();
    format!("{}.har", parts.join("/"))
}

/// The file of an operation's presence check, below the folder.
#[must_use]
pub fn presence_path(service: &str, operation: &str) -> String {
    format!("_presence/{}.har", file_name(&format!("{service}.{operation}")))
}

/// Returns true if the path stays below the folder. An index may come from an untrusted source.
pub(super) fn is_below(path: &str) -> bool {
    let path = Path::new(path);
    path.components().all(|part| matches!(part, Component::Normal(_))) && path.components().count() > 0
}

/// The maximum length of a file name without its extension. File systems reject longer names.
const LONGEST: usize = 200;

/// A part of an id as a valid file name. Other characters are percent-encoded, so that two ids never share a file.
fn file_name(part: &str) -> String {
    let allowed = |c: char| !c.is_control() && !r#"<>:"/\|?*%"#.contains(c);
    let last = part.char_indices().next_back().map(|(at, _)| at);
    let encode = |(at, c): (usize, char)| {
        // `.` and `..` name other folders, and Windows drops a trailing dot or space.
        let dropped = Some(at) == last && (c == '.' || c == ' ');
        if allowed(c) && !dropped { c.to_string() } else { percent_encoded(c) }
    };
    let name: String = if part.is_empty() { "%".to_owned() } else { part.char_indices().map(encode).collect() };
    if name.len() <= LONGEST {
        return name;
    }
    let digest = sha256(part.as_bytes());
    let kept = name.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST - 17).last().unwrap_or_default();
    format!("{}%{}", &name[..kept], &digest[..16])
}

fn percent_encoded(c: char) -> String {
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("codedeploy/stop-deployment/x", "codedeploy/stop-deployment/x.har")]
    #[case::row("s/o/x#101", "s/o/x#101.har")]
    #[case::dotted("s/o/x#1.5", "s/o/x#1.5.har")]
    #[case::forbidden("s/o/x#a:b?\u{1b}\"ü", "s/o/x#a%3Ab%3F%1B%22ü.har")]
    #[case::upward("../../etc/passwd", ".%2E/.%2E/etc/passwd.har")]
    #[case::absolute("/etc//.", "%/etc/%/%2E.har")]
    fn the_path_is_the_id_and_stays_below_the_folder(#[case] id: &str, #[case] expected: &str) {
        let path = path(&CaseId(id.to_owned()));
        assert_eq!(path, expected);
        assert!(is_below(&path));
    }

    #[test]
    fn long_names_are_truncated_and_stay_different() {
        let [a, b] = ["a", "b"].map(|end| path(&CaseId(format!("s/{}{end}", "ü".repeat(300)))));
        assert!(a != b && a.split('/').all(|part| part.len() <= LONGEST + 4), "{a}");
    }

    #[rstest]
    #[case("a/b.har", true)]
    #[case("../a.har", false)]
    #[case("a/../../b", false)]
    #[case("/etc/passwd", false)]
    #[case("", false)]
    fn an_index_cannot_name_a_file_outside_of_its_folder(#[case] path: &str, #[case] expected: bool) {
        assert_eq!(is_below(path), expected);
    }
}
