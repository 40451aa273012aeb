//! Makes text from outside safe, and formats it for people. Pure.
//!
//! Text from an endpoint must not move the cursor, change colors, forge a line of the report, be invisible, or change
//! the order of its surroundings. The terminal and pages escape the same characters. Nor must a CI system take a line of
//! it for a command: the second `#` of a command such as `##[group]`, and the first colon of a line that starts with
//! `::`, are escaped too.

use std::{
    fmt::Write as _,
    io::{self, Write},
    ops::RangeInclusive,
};

/// The text as one line without control characters.
pub(crate) fn line(text: &str) -> String {
    without_command(spelled(text, is_unseen))
}

/// The lines of the text without control characters, except tabs.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(block)
}

/// The text with invisible and reordering characters escaped. Newlines and tabs stay.
pub(crate) fn block(text: &str) -> String {
    let shown = spelled(text, |c| is_unseen(c) && c != '\n' && c != '\t');
    if !may_hold_command(&shown) {
        return shown;
    }
    shown.split('\n').map(|line| without_command(line.to_owned())).collect::<Vec<_>>().join("\n")
}

/// The line with the start of each command of a CI system escaped.
///
/// GitHub and Azure find `##[` and `##vso[` anywhere in a line, TeamCity `##teamcity[`; GitHub finds `::` after spaces.
fn without_command(line: String) -> String {
    if !may_hold_command(&line) {
        return line;
    }
    let start = line.len() - line.trim_start().len();
    let mut shown = String::with_capacity(line.len() + 6);
    for (at, c) in line.char_indices() {
        let rest = &line[at..];
        let is_command = match c {
            ':' => at == start && rest.starts_with("::"),
            '#' => line[..at].ends_with('#') && is_bracketed(&rest[1..]),
            _ => false,
        };
        if is_command { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Returns true if a text has the characters with which commands start.
fn may_hold_command(text: &str) -> bool {
    text.contains("::") || text.contains("##")
}

/// Returns true if a text starts with a bracket, or with a word and a bracket.
fn is_bracketed(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_alphanumeric() || "-_.".contains(c)).starts_with('[')
}

/// Writes JSON whose strings hold no command of a CI system: in a run of `#`, all but the first are escaped. The values
/// stay the same.
pub(crate) struct CommandFreeJson<W> {
    writer: W,
    after_mark: bool,
}

impl<W: Write> CommandFreeJson<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { writer, after_mark: false }
    }
}

impl<W: Write> Write for CommandFreeJson<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        for part in bytes.split_inclusive(|byte| *byte == b'#') {
            let (text, has_mark) = part.strip_suffix(b"#").map_or((part, false), |text| (text, true));
            self.writer.write_all(text)?;
            let follows = self.after_mark && text.is_empty();
            if has_mark {
                self.writer.write_all(if follows { b"\\u0023" } else { b"#" })?;
            }
            self.after_mark = has_mark;
            written += part.len();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn spelled(text: &str, is_spelled: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            c if !is_spelled(c) => shown.write_char(c),
            '\n' => shown.write_str(r"\n"),
            '\t' => shown.write_str(r"\t"),
            c => write!(shown, "{}", c.escape_unicode()),
        };
    }
    shown
}

/// Returns whether a character is a control, is invisible, or changes the direction of the text.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control() || UNSEEN.iter().any(|range| range.contains(&c))
}

/// The default-ignorable characters of Unicode, line and paragraph separators, and interlinear annotations. The
/// selectors for text and emoji presentation are not among them, because their effect is visible.
pub(crate) const UNSEEN: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0d}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// The text, cut to a number of characters.
pub(crate) fn shorten(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], width(text)),
        None => text.to_owned(),
    }
}

/// Wraps the text at spaces: `first` columns on the first line, `others` on the others.
///
/// A longer word stays whole, so that it can be copied. A word that a CI system reads as a command never starts a
/// line.
pub(crate) fn wrap(text: &str, first: usize, others: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split(' ');
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        let room = if lines.is_empty() { first } else { others };
        let is_command = word.starts_with("::") || word.starts_with("##");
        if width(&line) + 1 + width(word) > room && !is_command {
            lines.push(line.trim_end().to_owned());
            word.clone_into(&mut line);
        } else {
            // Collapse spaces at a break.
            if !line.is_empty() || lines.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(line);
    lines
}

/// The approximate number of columns of a text.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// A number with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A duration in a suitable unit.
pub(crate) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

/// Quotes a word for a POSIX shell.
pub(crate) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_.,:=+@%-#".contains(c);
    // A `#` starts a comment only at the start of a word.
    if !word.is_empty() && !word.starts_with('#') && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::colour("\u{1b}[31mred\u{1b}[0m", r"\u{1b}[31mred\u{1b}[0m")]
    #[case::carriage_return("ok\rno", r"ok\u{d}no")]
    #[case::newline("a\nb\tc", r"a\nb\tc")]
    #[case::c1("\u{9b}2J", r"\u{9b}2J")]
    #[case::bell_and_delete("\u{7}\u{7f}", r"\u{7}\u{7f}")]
    #[case::order("\u{202e}txt\u{61c}", r"\u{202e}txt\u{61c}")]
    #[case::unseen("a\u{200b}b\u{feff}\u{ad}\u{e0041}\u{3164}", r"a\u{200b}b\u{feff}\u{ad}\u{e0041}\u{3164}")]
    #[case::letters("Zürich 東京 مرحبا 👩 ❤\u{fe0f}", "Zürich 東京 مرحبا 👩 ❤\u{fe0f}")]
    fn what_a_terminal_would_act_on_is_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(line(text), shown);
    }

    #[rstest]
    #[case::github("::error file=a::b", r"\u{3a}:error file=a::b")]
    #[case::indented("\t ::debug::x", "\t \\u{3a}:debug::x")]
    #[case::github_before("x ##[group]y", r"x #\u{23}[group]y")]
    #[case::azure("a ##vso[task.setvariable variable=x]y", r"a #\u{23}vso[task.setvariable variable=x]y")]
    #[case::teamcity("##teamcity[testFailed]", r"#\u{23}teamcity[testFailed]")]
    #[case::more_marks("####[x]", r"###\u{23}[x]")]
    #[case::second_line("a\n::set-output name=x::y\nz", "a\n\\u{3a}:set-output name=x::y\nz")]
    #[case::path("std::fmt ## heading [link] # x", "std::fmt ## heading [link] # x")]
    #[case::own_escape(r"\u{3a}:error", r"\u{3a}:error")]
    fn what_a_ci_system_would_run_is_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(block(text), shown);
        assert_eq!(lines(text).collect::<Vec<_>>().join("\n"), shown);
    }

    #[rstest]
    #[case("##[group]a", r"#\u0023[group]a")]
    #[case("###", r"#\u0023\u0023")]
    #[case("a#b # #", "a#b # #")]
    fn json_holds_no_command_and_the_same_values(#[case] text: &str, #[case] shown: &str) {
        let mut out = Vec::new();
        serde_json::to_writer(CommandFreeJson::new(&mut out), text).unwrap();
        assert_eq!(String::from_utf8(out.clone()).unwrap(), format!("\"{shown}\""));
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn a_block_keeps_its_lines_and_tabs_and_nothing_else() {
        let shown: Vec<String> = lines("HTTP/1.1 200\r\n\r\n{\t\"a\": \u{1b}}\n").collect();
        assert_eq!(shown, ["HTTP/1.1 200", "", "{\t\"a\": \\u{1b}}"]);
    }

    #[test]
    fn invisible_characters_are_those_of_unicode() {
        let unseen =
            r"[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}\u{fff9}-\u{fffb}--\u{fe0e}\u{fe0f}]";
        let unseen = regex::Regex::new(unseen).unwrap();
        for c in '\0'..=char::MAX {
            assert_eq!(is_unseen(c), unseen.is_match(c.encode_utf8(&mut [0; 4])), "{}", c.escape_unicode());
        }
    }

    #[rstest]
    #[case("a bb ccc", 4, 4, &["a bb", "ccc"])]
    #[case("a bb ccc", 2, 6, &["a", "bb ccc"])]
    #[case("a  bb", 9, 9, &["a  bb"])]
    #[case("wider-than-the-room a", 4, 4, &["wider-than-the-room", "a"])]
    #[case("", 4, 4, &[""])]
    #[case("aaaa  bb", 4, 4, &["aaaa", "bb"])]
    #[case("aaa ::error::b ##[group]c d", 4, 4, &["aaa ::error::b ##[group]c", "d"])]
    fn text_is_broken_at_spaces(
        #[case] text: &str,
        #[case] first: usize,
        #[case] others: usize,
        #[case] lines: &[&str],
    ) {
        assert_eq!(wrap(text, first, others), lines);
    }

    #[rstest]
    #[case("codedeploy/stop-deployment/x#101", "codedeploy/stop-deployment/x#101")]
    #[case("x#an empty name", "'x#an empty name'")]
    #[case("it's", r"'it'\''s'")]
    #[case("", "''")]
    fn a_word_reaches_the_shell_as_it_is(#[case] word: &str, #[case] shown: &str) {
        assert_eq!(shell_word(word), shown);
    }

    #[rstest]
    #[case(0, "0 ms")]
    #[case(999, "999 ms")]
    #[case(4_250, "4.2 s")]
    #[case(59_999, "59.9 s")]
    #[case(125_000, "2 min 5 s")]
    fn a_duration_is_reported_in_the_unit_that_fits(#[case] milliseconds: u64, #[case] printed: &str) {
        assert_eq!(duration(milliseconds), printed);
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(shorten("äbcd", 4), "äbcd");
        assert_eq!(shorten("äbcde", 4), "äbcd… (5 characters)");
    }

    proptest! {
        #[test]
        fn no_text_reaches_the_terminal_with_a_control_character(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(char::is_control));
            prop_assert!(lines(&text).all(|line| !line.chars().any(|c| c.is_control() && c != '\t')));
        }

        #[test]
        fn escaping_again_changes_nothing(text in "[#:\\[a \n]{0,24}") {
            let once = block(&text);
            prop_assert_eq!(block(&once), once);
        }

        #[test]
        fn wrapping_keeps_every_word_and_the_width(text in "[a-c]{1,6}( [a-c]{1,6}){0,12}", room in 6..30_usize) {
            let lines = wrap(&text, room, room);
            prop_assert_eq!(lines.join(" "), text);
            prop_assert!(lines.iter().all(|line| width(line) <= room));
        }
    }
}
