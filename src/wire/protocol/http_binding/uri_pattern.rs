//! The URI of an operation: literals, labels and constant query parameters.

use std::{cmp::Ordering, collections::BTreeSet};

use super::{
    percent_text::{decode, encode, encode_segments},
    query_pairs::QueryPairs,
};

/// The pattern of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UriPattern<'t> {
    path: &'t str,
    segments: Vec<UriSegment<'t>>,
    /// The parameters that every request has, by name and value.
    constants: Vec<(&'t str, Option<&'t str>)>,
}

/// A part of a path between slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UriSegment<'t> {
    Literal(&'t str),
    Label(&'t str),
    /// A label for at least one segment.
    Greedy(&'t str),
}

impl<'t> UriSegment<'t> {
    fn parse(text: &'t str) -> Self {
        let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            return Self::Literal(text);
        };
        name.strip_suffix('+').map_or(Self::Label(name), Self::Greedy)
    }

    /// Returns whether a segment of a request matches, and adds its label.
    fn matches(self, segment: &str, labels: &mut LabelValues<'t>) -> bool {
        match self {
            Self::Literal(text) => text == segment || text == decode(segment),
            Self::Label(name) | Self::Greedy(name) => {
                labels.push((name, decode(segment).into_owned()));
                !segment.is_empty()
            }
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Literal(_) => 2,
            Self::Label(_) => 1,
            Self::Greedy(_) => 0,
        }
    }
}

/// The literals of a pattern, with `None` for a label and `+` for a greedy one, and its constant parameters.
pub(super) type PatternForm<'t> = (Vec<Option<&'t str>>, BTreeSet<(&'t str, Option<&'t str>)>);

/// The values of the labels of a path, by their names.
pub(super) type LabelValues<'t> = Vec<(&'t str, String)>;

impl<'t> UriPattern<'t> {
    pub(super) fn parse(uri: &'t str) -> Self {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let constants = query.split('&').filter(|pair| !pair.is_empty());
        let constants =
            constants.map(|pair| pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value))));
        Self { path, segments: segments(path).map(UriSegment::parse).collect(), constants: constants.collect() }
    }

    /// The literal segments before the first label.
    pub(super) fn literals(&self) -> impl Iterator<Item = &'t str> {
        self.segments.iter().map_while(|segment| match segment {
            UriSegment::Literal(text) => Some(*text),
            _ => None,
        })
    }

    /// The pattern without the names of its labels, and without the parameter that only names the operation.
    pub(super) fn form(&self) -> PatternForm<'t> {
        let literal = |segment: &UriSegment<'t>| match *segment {
            UriSegment::Literal(text) => Some(text),
            UriSegment::Label(_) => None,
            UriSegment::Greedy(_) => Some("+"),
        };
        let constants = self.constants.iter().filter(|(name, _)| *name != "x-id").copied();
        (self.segments.iter().map(literal).collect(), constants.collect())
    }

    /// Returns whether a parameter is a constant of the pattern.
    pub(super) fn has_constant(&self, name: &str) -> bool {
        self.constants.iter().any(|(known, _)| *known == name)
    }

    /// Writes the path, with the value of each label.
    ///
    /// # Errors
    /// The first error of a label.
    pub(super) fn path<E>(&self, mut label: impl FnMut(&'t str) -> Result<String, E>) -> Result<String, E> {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            match *segment {
                UriSegment::Literal(text) => path.push_str(text),
                UriSegment::Label(name) => path.push_str(&encode(&label(name)?)),
                UriSegment::Greedy(name) => path.push_str(&encode_segments(&label(name)?)),
            }
        }
        if self.path.ends_with('/') {
            path.push('/');
        }
        Ok(path)
    }

    /// The query of the constants, as the pattern has it; empty without any.
    pub(super) fn constant_query(&self) -> String {
        let pairs = self.constants.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => (*name).to_owned(),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The labels of a path that matches. A slash at the end of either counts only in a greedy label.
    pub(super) fn matched(&self, path: &str) -> Option<LabelValues<'t>> {
        let given: Vec<&str> = segments(path).collect();
        let at = self.segments.iter().position(|segment| matches!(segment, UriSegment::Greedy(_)));
        let Some(at) = at else { return matched(&self.segments, &given) };
        let (before, rest) = (self.segments.get(..at)?, self.segments.get(at + 1..)?);
        // A slash at the end belongs to a greedy label that ends the path.
        let given = if rest.is_empty() { whole_segments(path) } else { given };
        let end = given.len().checked_sub(rest.len()).filter(|end| *end > at)?;
        let greedy = Some(given.get(at..end)?.join("/")).filter(|text| !text.is_empty())?;
        let mut labels = matched(before, given.get(..at)?)?;
        self.segments.get(at)?.matches(&greedy, &mut labels).then_some(())?;
        labels.extend(matched(rest, given.get(end..)?)?);
        Some(labels)
    }

    /// Returns whether a query has the constants.
    pub(super) fn admits(&self, query: &QueryPairs) -> bool {
        self.constants.iter().all(|(name, value)| {
            let value = decode(value.unwrap_or_default());
            query.all(name).any(|given| given == value)
        })
    }

    /// The order of two patterns by how specific they are: literals before labels before greedy labels, then more
    /// segments, then more constants.
    pub(super) fn specificity(&self, other: &Self) -> Ordering {
        let ranks = |pattern: &Self| pattern.segments.iter().map(|segment| segment.rank()).collect::<Vec<_>>();
        ranks(self).cmp(&ranks(other)).then(self.constants.len().cmp(&other.constants.len()))
    }
}

/// The segments of a path, without an empty one at its end.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').filter(move |_| !path.is_empty())
}

/// The segments of a path, with an empty one at its end.
fn whole_segments(path: &str) -> Vec<&str> {
    path.strip_prefix('/').unwrap_or(path).split('/').collect()
}

fn matched<'t>(pattern: &[UriSegment<'t>], given: &[&str]) -> Option<LabelValues<'t>> {
    if pattern.len() != given.len() {
        return None;
    }
    let mut labels = Vec::new();
    let is_match = pattern.iter().zip(given).all(|(segment, text)| segment.matches(text, &mut labels));
    is_match.then_some(labels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::root("/", "/", Some(""))]
    #[case::empty_path("/", "", Some(""))]
    #[case::literal("/a/b", "/a/b", Some(""))]
    #[case::other_literal("/a/b", "/a/c", None)]
    #[case::slash_at_the_end("/a/b", "/a/b/", Some(""))]
    #[case::slash_in_the_pattern("/a/{x}/", "/a/1", Some("x=1"))]
    #[case::label("/a/{x}", "/a/b%20c", Some("x=b c"))]
    #[case::slash_in_a_label("/a/{x}/c", "/a/b%2Fd/c", Some("x=b/d"))]
    #[case::empty_label("/a/{x}/c", "/a//c", None)]
    #[case::longer("/a/{x}", "/a/b/c", None)]
    #[case::greedy("/{b}/{k+}", "/bucket/x/y%2Fz", Some("b=bucket k=x/y/z"))]
    #[case::greedy_with_a_slash_at_the_end("/{b}/{k+}", "/bucket/x/", Some("b=bucket k=x/"))]
    #[case::greedy_with_double_slashes("/{b}/{k+}", "/bucket//x", Some("b=bucket k=/x"))]
    #[case::empty_greedy("/{b}/{k+}", "/bucket/", None)]
    #[case::greedy_in_the_middle("/a/{k+}/tags", "/a/x/y/tags/", Some("k=x/y"))]
    #[case::nothing_for_greedy("/a/{k+}/tags", "/a/tags", None)]
    #[case::parentheses("/(a+)+", "/(a+)+", Some(""))]
    #[case::encoded_literal("/a:b", "/a%3Ab", Some(""))]
    fn a_path_matches_segment_by_segment(#[case] pattern: &str, #[case] path: &str, #[case] expected: Option<&str>) {
        let found = UriPattern::parse(pattern).matched(path);
        let found = found.map(|labels| labels.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" "));
        assert_eq!(found.as_deref(), expected);
    }

    #[rstest]
    #[case("/?acl", "/?acl", true)]
    #[case("/?acl", "/?acl=&b", true)]
    #[case("/?acl", "/?b", false)]
    #[case("/?mode=import", "/?mode=import", true)]
    #[case("/?mode=import", "/?mode=put", false)]
    #[case("/", "/?anything", true)]
    fn constants_must_be_in_the_query(#[case] pattern: &str, #[case] target: &str, #[case] expected: bool) {
        assert_eq!(UriPattern::parse(pattern).admits(&QueryPairs::of_target(target)), expected);
    }

    #[rstest]
    #[case::literal_before_label("/a/b", "/a/{x}")]
    #[case::label_before_greedy("/a/{x}", "/a/{x+}")]
    #[case::from_the_left("/a/{x}/c", "/{x}/b/c")]
    #[case::more_segments("/a/{x}/{y}", "/a/{x}")]
    #[case::more_constants("/a?b&c", "/a?b")]
    fn the_more_specific_pattern_is_greater(#[case] more: &str, #[case] less: &str) {
        let (more, less) = (UriPattern::parse(more), UriPattern::parse(less));
        assert_eq!((more.specificity(&less), less.specificity(&more)), (Ordering::Greater, Ordering::Less));
    }

    #[test]
    fn a_path_is_written_with_its_labels() {
        let pattern = UriPattern::parse("/a/{x}/{k+}/?mode=import&on");
        let path = pattern.path(|name| Ok::<_, ()>(format!("{name} /?")));
        assert_eq!(
            (path, pattern.constant_query()),
            (Ok("/a/x%20%2F%3F/k%20/%3F/".to_owned()), "mode=import&on".to_owned())
        );
        assert_eq!(pattern.path(|_| Err::<String, _>("no value")), Err("no value"));
        assert!(pattern.has_constant("on") && !pattern.has_constant("off"));
        assert_eq!(pattern.literals().collect::<Vec<_>>(), ["a"]);
    }

    proptest! {
        #[test]
        fn labels_are_read_as_they_were_written(label in ".{1,12}", greedy in ".{1,12}") {
            let pattern = UriPattern::parse("/{label}/x/{greedy+}");
            let path = pattern.path(|name| Ok::<_, ()>(if name == "label" { label.clone() } else { greedy.clone() })).unwrap();
            prop_assert_eq!(pattern.matched(&path), Some(vec![("label", label), ("greedy", greedy)]), "{}", path);
        }

        #[test]
        fn any_path_is_matched_without_a_panic(pattern in "[/a{}+?=&]{0,20}", path in "[/a%2F]{0,20}") {
            let _ = UriPattern::parse(&pattern).matched(&path);
        }
    }
}
