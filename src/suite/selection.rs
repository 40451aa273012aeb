//! The selection of cases to run.

use std::collections::{BTreeSet, HashSet};

use super::{Case, Fixtures, Glob, UnknownName};

/// Conditions that a case must meet to run. An empty list selects everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Folders, files or IDs; a case matches if its ID is one of them or is below one of them.
    pub paths: Vec<String>,
    /// Folder names of services.
    pub services: Vec<String>,
    /// Names of operations.
    pub operations: Vec<String>,
    /// Tags; a case needs one of them.
    pub tags: Vec<String>,
    /// Globs; an ID must match one of them.
    pub filters: Vec<Glob>,
    /// Globs of IDs to exclude.
    pub excludes: Vec<Glob>,
    /// IDs of cases that need not run again.
    pub settled: HashSet<String>,
}

impl Selection {
    /// The selected cases, sorted by ID.
    #[must_use]
    pub fn cases(&self, suite: &Fixtures) -> Vec<Case> {
        suite.cases().into_iter().filter(|case| self.holds(case)).collect()
    }

    /// The names in the selection that match no case, each with the known names.
    #[must_use]
    pub fn unknown(&self, suite: &Fixtures) -> Vec<(String, Vec<String>)> {
        let cases = suite.cases();
        let missing = |wanted: &[String], names: Vec<String>, fits: &dyn Fn(&Case, &str) -> bool| {
            let unknown = wanted.iter().filter(|word| !cases.iter().any(|case| fits(case, word)));
            unknown.map(|word| (word.clone(), names.clone())).collect::<Vec<_>>()
        };
        let each = |name: &dyn Fn(&Case) -> Vec<String>| {
            let names: BTreeSet<String> = cases.iter().flat_map(name).collect();
            names.into_iter().collect::<Vec<_>>()
        };
        let scenario = |case: &Case| vec![case.scenario.id.clone()];
        let service = |case: &Case| vec![case.scenario.service.clone()];
        let operation = |case: &Case| vec![case.scenario.operation.clone()];
        let tags = |case: &Case| case.scenario.tags.clone();
        let mut unknown = missing(&self.paths, each(&scenario), &|case, path| is_below(&case.id.0, path));
        unknown.extend(missing(&self.services, each(&service), &|case, name| case.scenario.service == name));
        let same = |case: &Case, name: &str| case.scenario.operation.eq_ignore_ascii_case(name);
        unknown.extend(missing(&self.operations, each(&operation), &same));
        unknown.extend(missing(&self.tags, each(&tags), &|case, tag| case.scenario.tags.iter().any(|own| own == tag)));
        unknown
    }

    /// The first name in the selection that matches no case. An unknown path may be intended as a filter.
    #[must_use]
    pub fn unknown_name(&self, suite: &Fixtures) -> Option<UnknownName> {
        let (word, known) = self.unknown(suite).into_iter().next()?;
        let (meant, paths): (Vec<String>, Vec<String>) = self.paths.iter().cloned().partition(|path| *path == word);
        let as_filter = || Self { paths, filters: vec![Glob::of_part(&word)], ..self.clone() }.cases(suite).len();
        let filtered = if meant.is_empty() { 0 } else { as_filter() };
        Some(UnknownName { word, known, filtered })
    }

    fn holds(&self, case: &Case) -> bool {
        let (id, scenario) = (case.id.0.as_str(), &case.scenario);
        let any =
            |wanted: &[String], fits: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|word| fits(word));
        any(&self.paths, &|path| is_below(id, path))
            && any(&self.services, &|service| scenario.service == service)
            && any(&self.operations, &|operation| scenario.operation.eq_ignore_ascii_case(operation))
            && any(&self.tags, &|tag| scenario.tags.iter().any(|own| own == tag))
            && (self.filters.is_empty() || self.filters.iter().any(|glob| glob.matches(id)))
            && !self.excludes.iter().any(|glob| glob.matches(id))
            && !self.settled.contains(id)
    }
}

/// True if an ID equals a path or is below it. The path may also be that of a fixture file.
fn is_below(id: &str, path: &str) -> bool {
    // A report prints the path of a file with line and column.
    let at = path.find(".yaml:").map_or(path.len(), |at| at + ".yaml".len());
    let path = path[..at].trim_start_matches("./").trim_end_matches('/');
    let path = path.strip_prefix("fixtures/").unwrap_or(path);
    let path = path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".json")).unwrap_or(path);
    id == path || id.strip_prefix(path).is_some_and(|rest| rest.starts_with(['/', '#']))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::suite::testing::{read, text};

    #[rstest]
    #[case("codedeploy", true)]
    #[case("codedeploy/stop-deployment", true)]
    #[case("fixtures/codedeploy/stop-deployment/unknown-id.yaml", true)]
    #[case("fixtures/codedeploy/stop-deployment/unknown-id.yaml:12:3", true)]
    #[case("fixtures/codedeploy/stop-deployment/known-id.yaml:12:3", false)]
    #[case("codedeploy/stop-deployment/unknown-id#random", true)]
    #[case("codedeploy/stop", false)]
    #[case("proton", false)]
    fn a_path_selects_what_lies_below_it(#[case] path: &str, #[case] selects: bool) {
        assert_eq!(is_below("codedeploy/stop-deployment/unknown-id#random", path), selects);
    }

    fn suite() -> Fixtures {
        let slow = text(
            "tags: [slow, odd]\ntable: [{ id: a }, { id: b }]\nsteps:\n  - { call: MakeThing, input: { name: a } }",
        );
        let plain = text("steps:\n  - { call: GetThing }");
        read(&[("works/make-thing/slow.yaml", &slow), ("works/get-thing/plain.yaml", &plain)]).unwrap()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn globs(words: &[&str]) -> Vec<Glob> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    const PLAIN: &str = "works/get-thing/plain";
    const A: &str = "works/make-thing/slow#a";
    const B: &str = "works/make-thing/slow#b";

    #[rstest]
    #[case::all(Selection::default(), &[PLAIN, A, B])]
    #[case::path(Selection { paths: words(&["works/make-thing"]), ..Selection::default() }, &[A, B])]
    #[case::paths(Selection { paths: words(&["works/get-thing", "works/make-thing/slow#b"]), ..Selection::default() }, &[PLAIN, B])]
    #[case::service(Selection { services: words(&["works"]), ..Selection::default() }, &[PLAIN, A, B])]
    #[case::another_service(Selection { services: words(&["other"]), ..Selection::default() }, &[])]
    #[case::operation(Selection { operations: words(&["getthing"]), ..Selection::default() }, &[PLAIN])]
    #[case::tag(Selection { tags: words(&["odd"]), ..Selection::default() }, &[A, B])]
    #[case::another_tag(Selection { tags: words(&["fast"]), ..Selection::default() }, &[])]
    #[case::filter(Selection { filters: globs(&["*#b", "plain"]), ..Selection::default() }, &[PLAIN, B])]
    #[case::exclude(Selection { excludes: globs(&["slow"]), ..Selection::default() }, &[PLAIN])]
    #[case::settled(Selection { settled: words(&[A]).into_iter().collect(), ..Selection::default() }, &[PLAIN, B])]
    #[case::filter_and_exclude(Selection { filters: globs(&["slow"]), excludes: globs(&["#a"]), ..Selection::default() }, &[B])]
    fn a_case_runs_if_it_matches_all_filters(#[case] selection: Selection, #[case] ids: &[&str]) {
        let cases = selection.cases(&suite());
        assert_eq!(cases.iter().map(|case| case.id.0.as_str()).collect::<Vec<_>>(), ids);
    }

    #[test]
    fn an_unknown_name_is_reported_with_similar_names() {
        let known = Selection {
            paths: words(&["works/make-thing/slow.yaml"]),
            services: words(&["works"]),
            operations: words(&["makething"]),
            tags: words(&["slow"]),
            ..Selection::default()
        };
        assert_eq!(known.unknown(&suite()), []);
        let unknown = Selection {
            paths: words(&["works/make"]),
            services: words(&["work"]),
            operations: words(&["Make"]),
            tags: words(&["fast", "slow"]),
            ..Selection::default()
        };
        let expected = [
            ("works/make", words(&[PLAIN, "works/make-thing/slow"])),
            ("work", words(&["works"])),
            ("Make", words(&["GetThing", "MakeThing"])),
            ("fast", words(&["odd", "slow"])),
        ]
        .map(|(word, names)| (word.to_owned(), names));
        assert_eq!(unknown.unknown(&suite()), expected);
    }

    #[rstest]
    #[case::path(Selection { paths: words(&["slow"]), ..Selection::default() }, "slow", 2)]
    #[case::of_an_operation(Selection { paths: words(&["slow"]), operations: words(&["GetThing"]), ..Selection::default() }, "slow", 0)]
    #[case::no_path(Selection { operations: words(&["slow"]), ..Selection::default() }, "slow", 0)]
    fn a_path_that_is_none_is_counted_as_a_filter(
        #[case] selection: Selection,
        #[case] word: &str,
        #[case] filtered: usize,
    ) {
        let unknown_name = selection.unknown_name(&suite()).unwrap();
        assert_eq!((unknown_name.word.as_str(), unknown_name.filtered), (word, filtered));
    }

    #[rstest]
    #[case("./fixtures/s/op/", true)]
    #[case("s/op/case.json", true)]
    #[case("s/op/cas", false)]
    #[case("op", false)]
    fn a_path_may_be_that_of_a_file(#[case] path: &str, #[case] selects: bool) {
        assert_eq!(is_below("s/op/case", path), selects);
    }
}
