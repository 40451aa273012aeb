//! `Cargo.toml` with the test and the dependency that it needs. What is there stays as its owner wrote it.

use std::path::Path;

use thiserror::Error;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

/// The name of the test.
const NAME: &str = "conformance";

/// The feature that makes a test of each case.
const FEATURE: &str = "libtest";

/// A manifest that the test cannot be entered into.
#[derive(Debug, Error)]
pub(super) enum ManifestError {
    /// Not TOML.
    #[error("{0}")]
    Form(#[from] toml_edit::TomlError),
    /// Nothing has tests here.
    #[error("it has no [package]: give the folder of the workspace's member that is to be tested")]
    NoPackage,
    /// What should be a table is none.
    #[error("{0} is no table")]
    NoTable(&'static str),
    /// Somebody else's test.
    #[error("a test named {NAME:?} with the usual harness is there already; nothing was written; --force replaces it")]
    OtherTest,
}

/// The manifest with `[[test]]` and the dependency; by a folder where wireproof's sources are given.
pub(super) fn with_test(text: &str, sources: Option<&Path>, force: bool) -> Result<String, ManifestError> {
    let mut document: DocumentMut = text.parse()?;
    if !document.contains_key("package") {
        return Err(ManifestError::NoPackage);
    }
    depend(&mut document, sources)?;
    enter_test(&mut document, force)?;
    Ok(document.to_string())
}

fn depend(document: &mut DocumentMut, sources: Option<&Path>) -> Result<(), ManifestError> {
    const SECTION: &str = "dev-dependencies";
    let section = document.entry(SECTION).or_insert_with(|| Item::Table(Table::new()));
    let section = section.as_table_like_mut().ok_or(ManifestError::NoTable(SECTION))?;
    match section.get_mut("wireproof") {
        None => drop(section.insert("wireproof", value(dependency(sources)))),
        Some(there) => {
            if let Some(there) = there.as_table_like_mut() {
                add_feature(there);
            }
        }
    }
    Ok(())
}

fn dependency(sources: Option<&Path>) -> InlineTable {
    let mut dependency = InlineTable::new();
    match sources {
        Some(folder) => dependency.insert("path", folder.display().to_string().into()),
        None => dependency.insert("version", env!("CARGO_PKG_VERSION").into()),
    };
    dependency.insert("default-features", false.into());
    dependency.insert("features", Array::from_iter([FEATURE]).into());
    dependency
}

/// A dependency that leaves the default features out needs that one.
fn add_feature(dependency: &mut dyn TableLike) {
    if dependency.get("default-features").and_then(Item::as_bool) != Some(false) {
        return;
    }
    let features = dependency.entry("features").or_insert_with(|| value(Array::new()));
    let Some(features) = features.as_array_mut() else { return };
    if !features.iter().any(|feature| feature.as_str() == Some(FEATURE)) {
        features.push(FEATURE);
    }
}

fn enter_test(document: &mut DocumentMut, force: bool) -> Result<(), ManifestError> {
    match document.entry("test").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(tests) => {
            if let Some(test) = tests.iter_mut().find(|test| is_ours(*test)) {
                return own_harness(test, force);
            }
            tests.push([("name", value(NAME)), ("harness", value(false))].into_iter().collect());
            Ok(())
        }
        Item::Value(Value::Array(tests)) => {
            if let Some(test) = tests.iter_mut().filter_map(Value::as_inline_table_mut).find(|test| is_ours(*test)) {
                return own_harness(test, force);
            }
            tests.push(InlineTable::from_iter([("name", Value::from(NAME)), ("harness", false.into())]));
            Ok(())
        }
        _ => Err(ManifestError::NoTable("test")),
    }
}

fn is_ours(test: &dyn TableLike) -> bool {
    test.get("name").and_then(Item::as_str) == Some(NAME)
}

/// The test brings its own `main`.
fn own_harness(test: &mut dyn TableLike, force: bool) -> Result<(), ManifestError> {
    let is_own = test.get("harness").and_then(Item::as_bool) == Some(false);
    if !is_own && !force {
        return Err(ManifestError::OtherTest);
    }
    if !is_own {
        test.insert("harness", value(false));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PACKAGE: &str = "[package]\nname = \"emulator\" # of a day\nversion = \"0.1.0\"\n";

    #[test]
    fn a_package_gets_the_test_and_the_dependency() {
        let edited = with_test(PACKAGE, None, false).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "{PACKAGE}\n[dev-dependencies]\nwireproof = {{ version = \"{version}\", default-features = false, features = \
             [\"libtest\"] }}\n\n[[test]]\nname = \"conformance\"\nharness = false\n"
        );
        assert_eq!(edited, expected);
        assert_eq!(with_test(&edited, None, false).unwrap(), expected, "a second time");
    }

    #[test]
    fn what_is_there_stays_as_it_is_written() {
        let there = format!("{PACKAGE}\n# Theirs.\n[dev-dependencies] # and mine\nanyhow   =  \"1\"\n\n[features]\n");
        let edited = with_test(&there, None, false).unwrap();
        let kept = edited.lines().filter(|line| !line.starts_with("wireproof")).collect::<Vec<_>>().join("\n");
        assert!(kept.starts_with(there.trim_end()), "{edited}");
    }

    #[rstest]
    #[case::text("[dev-dependencies]\nwireproof = \"0.1\"\n", "wireproof = \"0.1\"")]
    #[case::workspace("[dev-dependencies]\nwireproof.workspace = true\n", "wireproof.workspace = true")]
    #[case::table("[dev-dependencies.wireproof]\npath = \"../w\"\n", "path = \"../w\"\n")]
    #[case::small(
        "dev-dependencies = { wireproof = { version = \"0.1\", default-features = false } }\n",
        "\"libtest\""
    )]
    #[case::some(
        "[dev-dependencies]\nwireproof = { version = \"0.1\", default-features = false, features = [\"tower\"] }\n",
        "features = [\"tower\", \"libtest\"]"
    )]
    fn a_dependency_that_is_there_is_kept_and_has_the_feature(#[case] section: &str, #[case] holds: &str) {
        let at_the_front = section.starts_with("dev-");
        let there = if at_the_front { format!("{section}{PACKAGE}") } else { format!("{PACKAGE}{section}") };
        let edited = with_test(&there, None, false).unwrap();
        assert!(edited.contains(holds), "{edited}");
        assert_eq!(edited.matches("wireproof").count(), 1, "{edited}");
    }

    #[rstest]
    #[case::tables("[[test]]\nname = \"conformance\"\n")]
    #[case::array("[dependencies]\n")]
    fn a_test_of_that_name_with_the_usual_harness_is_replaced_only_by_force(#[case] section: &str) {
        let there = match section {
            "[dependencies]\n" => format!("test = [{{ name = \"conformance\" }}]\n{PACKAGE}"),
            section => format!("{PACKAGE}{section}"),
        };
        assert!(matches!(with_test(&there, None, false), Err(ManifestError::OtherTest)));
        let forced = with_test(&there, None, true).unwrap();
        assert!(forced.contains("harness = false") && forced.matches("conformance").count() == 1, "{forced}");
    }

    #[rstest]
    #[case::broken("[package\n", "TOML parse error")]
    #[case::workspace("[workspace]\nmembers = [\"a\"]\n", "member")]
    #[case::dependencies("dev-dependencies = 1\n[package]\n", "dev-dependencies is no table")]
    #[case::tests("test = 1\n[package]\n", "test is no table")]
    fn a_manifest_that_cannot_take_it_is_told(#[case] text: &str, #[case] says: &str) {
        let error = with_test(text, None, false).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
