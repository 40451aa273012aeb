//! Text from elsewhere, made safe and fit for a terminal. Pure.
//!
//! What an endpoint sends is shown to people: it must not move their cursor, change their colours or forge
//! a line of the report.

/// The text as one line, in which nothing is left that a terminal would act on.
pub(super) fn line(text: &str) -> String {
    text.chars().map(|c| if is_unsafe(c) || c == '\n' || c == '\t' { escaped(c) } else { c.to_string() }).collect()
}

/// The text line by line, in which nothing is left that a terminal would act on; tabs stay.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| line.chars().map(|c| if is_unsafe(c) { escaped(c) } else { c.to_string() }).collect())
}

fn is_unsafe(c: char) -> bool {
    let is_control = c.is_control() && c != '\n' && c != '\t';
    is_control || REORDERING.contains(&c)
}

/// Characters that show the text after them in another order, or as another line.
const REORDERING: [char; 13] = [
    '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

fn escaped(c: char) -> String {
    match c {
        '\n' => r"\n".to_owned(),
        '\t' => r"\t".to_owned(),
        c => c.escape_unicode().to_string(),
    }
}

/// The text, cut where it is longer than people read.
pub(super) fn shorten(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], width(text)),
        None => text.to_owned(),
    }
}

/// The text broken at spaces: so much room on the first line, so much on the others.
///
/// A word that is longer than the room stays whole, so that it can be copied. One that CI systems would take for a
/// command begins no line.
pub(super) fn wrap(text: &str, first: usize, others: usize) -> Vec<String> {
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
            // Several blanks at a break are one.
            if !line.is_empty() || lines.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(line);
    lines
}

/// How many columns a text takes, near enough.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// A count with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A time in the unit that fits.
pub(super) fn duration(milliseconds: u64) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

/// A word as a POSIX shell reads it back.
pub(super) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_.,:=+@%-#".contains(c);
    // A `#` begins a comment only where a word does.
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
    #[case::order("\u{202e}txt", r"\u{202e}txt")]
    #[case::letters("Zürich 東京", "Zürich 東京")]
    fn what_a_terminal_would_act_on_is_escaped(#[case] text: &str, #[case] shown: &str) {
        assert_eq!(line(text), shown);
    }

    #[test]
    fn a_block_keeps_its_lines_and_tabs_and_nothing_else() {
        let shown: Vec<String> = lines("HTTP/1.1 200\r\n\r\n{\t\"a\": \u{1b}}\n").collect();
        assert_eq!(shown, ["HTTP/1.1 200", "", "{\t\"a\": \\u{1b}}"]);
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
    fn a_duration_is_told_in_the_unit_that_fits(#[case] milliseconds: u64, #[case] told: &str) {
        assert_eq!(duration(milliseconds), told);
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
        fn wrapping_loses_no_word_and_keeps_to_the_room(text in "[a-c]{1,6}( [a-c]{1,6}){0,12}", room in 6..30_usize) {
            let lines = wrap(&text, room, room);
            prop_assert_eq!(lines.join(" "), text);
            prop_assert!(lines.iter().all(|line| width(line) <= room));
        }
    }
}
