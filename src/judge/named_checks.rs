//! Verifies that the checks that requirements name exist. The room of fixtures cannot: it does not know any check.

use std::collections::BTreeSet;

use crate::{
    judge::{check::CHECKS, code::Code},
    suite::{
        FixtureFiles, Fixtures, FixturesError, ServiceFixtures, nearest,
        source::{Diagnostic, Source},
    },
};

/// Reads and validates fixtures, including the checks that their requirements name.
///
/// # Errors
/// Each broken file, with its position.
pub fn read_fixtures(files: &FixtureFiles) -> Result<Fixtures, FixturesError> {
    let fixtures = Fixtures::read(files)?;
    let unknown: Vec<Diagnostic> = fixtures.services().filter_map(|service| unknown_check(files, service)).collect();
    if unknown.is_empty() { Ok(fixtures) } else { Err(FixturesError(unknown)) }
}

/// Reads the fixtures that single cases need. `None` if an id has no file, or if a file is broken: [`read_fixtures`] says so.
#[must_use]
pub fn read_cases(files: &FixtureFiles, ids: &BTreeSet<String>) -> Option<Fixtures> {
    let fixtures = Fixtures::of_cases(files, ids)?;
    let unknown = fixtures.services().find_map(|service| unknown_check(files, service));
    unknown.is_none().then_some(fixtures)
}

/// The first check of a service's requirements that does not exist.
fn unknown_check(files: &FixtureFiles, service: &ServiceFixtures) -> Option<Diagnostic> {
    let named = service.requirements.iter().enumerate().flat_map(|(index, requirement)| {
        let checks = requirement.checks.iter().enumerate();
        checks.map(move |(at, name)| (format!("/requirements/{index}/checks/{at}"), name))
    });
    let (pointer, name) = named.into_iter().find(|(_, name)| Code::named(name).is_none())?;
    let path = format!("{}/requirements.yaml", service.name);
    let message = format!("unknown check `{name}`");
    let read = files.get(&path).map(|text| Source::read(&files.display(&path), text));
    let diagnostic = match read {
        Some(Ok(source)) => source.at(&pointer, message),
        Some(Err(diagnostic)) => diagnostic,
        None => Diagnostic::of_file(&path, message),
    };
    Some(diagnostic.help(help(name)))
}

fn help(name: &str) -> String {
    let names = || CHECKS.iter().map(|check| check.code.name());
    nearest(name, names()).map_or_else(
        || format!("the checks are {}", names().collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::suite::testing::BUNDLED;

    /// The services of the bundled fixtures, without scenarios, with one more check on the first requirement that names one.
    fn with_check(name: &str) -> FixtureFiles {
        let files = FixtureFiles::bundled_fixtures();
        let of_services = files.iter().filter(|(path, _)| path.split('/').count() == 2);
        let texts = of_services.map(|(path, text)| {
            let is_changed = path == "codedeploy/requirements.yaml";
            let text =
                if is_changed { text.replacen("checks: [", &format!("checks: [{name}, "), 1) } else { text.to_owned() };
            (path.to_owned(), text)
        });
        FixtureFiles::from_texts(texts)
    }

    #[test]
    fn the_bundled_requirements_name_checks_that_exist() {
        let files = FixtureFiles::bundled_fixtures();
        assert!(BUNDLED.services().all(|service| unknown_check(&files, service).is_none()));
        assert!(read_fixtures(&with_check("status")).is_ok());
    }

    #[rstest]
    #[case::misspelled("statsu", "did you mean `status`?")]
    #[case::another("qqqqqqqqqqqq", "the checks are implementation, server-error, outcome,")]
    fn an_unknown_check_is_reported_at_its_position(#[case] name: &str, #[case] help: &str) {
        let error = read_fixtures(&with_check(name)).unwrap_err();
        let [diagnostic] = &error.0[..] else { panic!("{error}") };
        let text = diagnostic.to_string();
        assert!(text.starts_with(&format!("error: unknown check `{name}`")), "{text}");
        assert!(text.contains("codedeploy/requirements.yaml:") && text.contains(&"^".repeat(name.len())), "{text}");
        assert!(text.contains(help), "{text}");
    }
}
