//! Sets of case IDs as few patterns that a person can read. A pattern stands for exactly the IDs that it lists:
//! `sqs.{CreateQueue,GetQueueUrl}/QueueName/required/{absent,null}` are four.
//!
//! A pattern is a glob without wildcards. As in [`Glob`](crate::suite::Glob), braces with a comma list alternatives,
//! `[]`, `{}` and `{key}` stand for themselves, and a backslash precedes any other special character. So a pattern
//! selects its cases as the value of `--filter`, too.

use std::collections::{BTreeMap, BTreeSet};

/// The characters that need a backslash to stand for themselves.
const SPECIAL: &[char] = &['\\', '*', '?', '[', ']', '{', '}', ','];

/// More IDs than this are a mistake in a file that a person edited.
const MOST: usize = 100_000;

/// The patterns of a set of IDs, sorted. Equal sets have equal patterns.
pub(super) fn patterns<'i>(ids: impl IntoIterator<Item = &'i str>) -> Vec<String> {
    let ids: BTreeSet<Vec<&str>> = ids.into_iter().map(tokens).collect();
    factored(&ids)
}

/// Splits an ID where alternatives may start. Every token but the first starts with its separator.
fn tokens(id: &str) -> Vec<&str> {
    let of_operation = id.find(['.', '/', '#']).filter(|at| id[*at..].starts_with('.'));
    let borders = id.char_indices().filter(|(at, c)| matches!(c, '/' | '#') || Some(*at) == of_operation);
    let mut starts: Vec<usize> = borders.map(|(at, _)| at).filter(|at| *at > 0).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([id.len()]);
    starts.iter().zip(ends).map(|(start, end)| &id[*start..end]).collect()
}

/// Patterns of token lists: first tokens with the same rests share a pattern.
fn factored(lists: &BTreeSet<Vec<&str>>) -> Vec<String> {
    let mut rests: BTreeMap<&str, BTreeSet<Vec<&str>>> = BTreeMap::new();
    let mut found: Vec<String> = Vec::new();
    for list in lists {
        match list.split_first() {
            Some((first, rest)) => drop(rests.entry(*first).or_default().insert(rest.to_vec())),
            None => found.push(String::new()),
        }
    }
    let mut firsts: BTreeMap<(char, String), BTreeSet<&str>> = BTreeMap::new();
    for (first, rests) in rests {
        for rest in factored(&rests) {
            firsts.entry((separator(first), rest)).or_default().insert(first);
        }
    }
    found.extend(firsts.into_iter().map(|((separator, rest), firsts)| one_of(separator, &firsts) + &rest));
    found.sort();
    found
}

/// The separator that a token starts with; a space for the first token of an ID, which has none.
fn separator(token: &str) -> char {
    token.chars().next().filter(|c| matches!(c, '.' | '/' | '#')).unwrap_or(' ')
}

/// One of these tokens, which have the same separator.
fn one_of(separator: char, tokens: &BTreeSet<&str>) -> String {
    let escaped: Vec<String> = tokens.iter().map(|token| escaped(token)).collect();
    match escaped.as_slice() {
        [one] => one.clone(),
        several => {
            let separator = if separator == ' ' { String::new() } else { separator.to_string() };
            let names = several.iter().map(|token| token.strip_prefix(&*separator).unwrap_or(token));
            format!("{separator}{{{}}}", names.collect::<Vec<_>>().join(","))
        }
    }
}

/// A text that stands for itself in a pattern.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = plain_brackets(rest).unwrap_or(c.len_utf8());
        if length == c.len_utf8() && SPECIAL.contains(&c) {
            out.push('\\');
        }
        let (taken, next) = rest.split_at(length);
        out.push_str(taken);
        rest = next;
    }
    out
}

/// The length of brackets at the start of a text that stand for themselves: `[]`, `{}`, `{key}`.
fn plain_brackets(text: &str) -> Option<usize> {
    if text.starts_with("[]") {
        return Some(2);
    }
    let inner = text.strip_prefix('{')?;
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric())?;
    inner[end..].starts_with('}').then_some(end + 2)
}

/// The IDs that a pattern stands for.
///
/// # Errors
/// The text is not a pattern.
pub(super) fn expanded(pattern: &str) -> Result<Vec<String>, String> {
    let mut ids = vec![String::new()];
    let mut rest = pattern;
    while !rest.is_empty() {
        let (alternatives, next) = part(rest)?;
        if ids.len() * alternatives.len() > MOST {
            return Err(format!("lists more than {MOST} cases"));
        }
        ids = ids.iter().flat_map(|id| alternatives.iter().map(move |part| format!("{id}{part}"))).collect();
        rest = next;
    }
    Ok(ids)
}

/// The alternatives at the start of a pattern, and the rest. A text without braces has one.
fn part(text: &str) -> Result<(Vec<String>, &str), String> {
    let is_list = text.starts_with('{') && plain_brackets(text).is_none();
    let Some(mut rest) = text.strip_prefix('{').filter(|_| is_list) else {
        let (literal, rest) = literal(text, &['{'])?;
        return Ok((vec![literal], rest));
    };
    let mut alternatives = Vec::new();
    loop {
        let (alternative, next) = literal(rest, &[',', '}'])?;
        alternatives.push(alternative);
        if let Some(next) = next.strip_prefix(',') {
            rest = next;
        } else {
            let next = next.strip_prefix('}').ok_or("has a { without }")?;
            return Ok((alternatives, next));
        }
    }
}

/// The text up to one of these characters, and the rest.
fn literal<'t>(text: &'t str, ends: &[char]) -> Result<(String, &'t str), String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = plain_brackets(rest) {
            out.push_str(&rest[..length]);
            rest = &rest[length..];
        } else if ends.contains(&c) {
            break;
        } else if let Some(after) = rest.strip_prefix('\\') {
            let escaped = after.chars().next().ok_or("ends with a backslash")?;
            out.push(escaped);
            rest = &after[escaped.len_utf8()..];
        } else if SPECIAL.contains(&c) {
            return Err(format!("has a {c} that needs a backslash: a pattern lists cases, and has no wildcards"));
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok((out, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::suite::Glob;

    fn read_back(patterns: &[String]) -> BTreeSet<String> {
        patterns.iter().flat_map(|pattern| expanded(pattern).unwrap()).collect()
    }

    #[rstest]
    #[case(&["s.A/x/required/absent", "s.A/x/required/null", "s.B/x/required/absent", "s.B/x/required/null"], &["s.{A,B}/x/required/{absent,null}"])]
    #[case(&["s.A/m{}/type/a", "s.A/m{key}/type/a", "s.A/l[]/type/a"], &["s.A/{l[],m{key},m{}}/type/a"])]
    #[case(&["c/stop/id#a", "c/stop/id#b,c", "c/stop/id"], &["c/stop/id", "c/stop/id#{a,b\\,c}"])]
    #[case(&["s.A/x", "s.A/x/y", "s.B"], &["s.A/x", "s.A/x/y", "s.B"])]
    #[case(&["a{b,c}[d]*"], &["a\\{b\\,c\\}\\[d\\]\\*"])]
    fn a_set_has_few_patterns(#[case] ids: &[&str], #[case] expected: &[&str]) {
        let written = patterns(ids.iter().copied());
        assert_eq!(written, expected);
        assert_eq!(read_back(&written), ids.iter().map(|id| (*id).to_owned()).collect());
    }

    #[rstest]
    #[case("s.*", "has a * that needs a backslash")]
    #[case("s.{A,B", "has a { without }")]
    #[case("s.A}", "has a } that needs a backslash")]
    #[case("s.{A,{B,C}}", "has a { that needs a backslash")]
    #[case("s\\", "ends with a backslash")]
    #[case(&"{a,b,c,d,e,f,g,h,i,j}".repeat(6), "lists more than 100000 cases")]
    fn what_is_not_a_pattern_is_rejected(#[case] pattern: &str, #[case] starts: &str) {
        let error = expanded(pattern).unwrap_err();
        assert!(error.starts_with(starts), "{error}");
    }

    proptest! {
        /// Few characters, so that IDs share parts, and all that are special.
        #[test]
        fn any_set_of_ids_is_read_back(ids in prop::collection::btree_set("[ab./#{},\\[\\]\\\\*?é ]{0,12}", 0..12)) {
            let written = patterns(ids.iter().map(String::as_str));
            prop_assert_eq!(read_back(&written), ids.clone());
            let lengths: usize = written.iter().map(|pattern| expanded(pattern).unwrap().len()).sum();
            prop_assert_eq!(lengths, ids.len(), "no ID is in two patterns");
        }

        #[test]
        fn a_pattern_is_a_glob_for_its_cases(ids in prop::collection::btree_set("s\\.[AB](/[xy]{1,2}(\\[\\]|\\{\\}|\\{key\\})?){1,3}", 1..12)) {
            let globs: Vec<Glob> = patterns(ids.iter().map(String::as_str)).iter().map(|one| one.parse().unwrap()).collect();
            prop_assert!(ids.iter().all(|id| globs.iter().any(|glob| glob.matches_whole(id))));
            prop_assert!(!globs.iter().any(|glob| glob.matches_whole("s.A/z")));
        }
    }
}
