//! Adds the test and its dependency to a `Cargo.toml`. Everything else keeps its formatting.

use thiserror::Error;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

/// The name of the test.
const NAME: &str = "conformance";

/// The features that the test of scenarios needs: known deviations, the bundled scenarios, one test per case.
const FEATURES: [&str; 3] = ["baseline", "bundled", "libtest"];

/// The features that the test of probes needs: known deviations, compressed models.
const PROBE_FEATURES: [&str; 2] = ["baseline", "gzip"];

/// The source of the dependency on wireproof, if it is not the published version.
#[derive(Debug, Clone, Copy)]
pub(super) enum DependencySource<'a> {
    /// A folder.
    Path(&'a str),
    /// A git repository.
    Git(&'a str),
}

impl<'a> DependencySource<'a> {
    /// The key of the dependency, and its value.
    fn entry(self) -> (&'static str, &'a str) {
        match self {
            Self::Path(folder) => ("path", folder),
            Self::Git(url) => ("git", url),
        }
    }
}

/// The reason why a manifest cannot be edited.
#[derive(Debug, Error)]
pub(super) enum ManifestError {
    /// The manifest is not TOML.
    #[error("{0}")]
    Form(#[from] toml_edit::TomlError),
    /// The manifest has no package.
    #[error("no [package] in the manifest\nhelp: name the folder of the workspace member to test")]
    NoPackage,
    /// A value that should be a table has another type.
    #[error("{0} is not a table")]
    NoTable(&'static str),
    /// Another test has the same name.
    #[error(
        "a test named {NAME:?} with the default harness already exists, so nothing was written\nhelp: pass --force to replace it"
    )]
    OtherTest,
    /// The manifest already has another dependency on wireproof.
    #[error(
        "the manifest already has another dependency on wireproof, so nothing was written\nhelp: pass --force to set its source"
    )]
    OtherDependency,
}

/// Adds `[[test]]` and the dependency that the test of scenarios needs.
pub(super) fn with_test(
    text: &str,
    source: Option<DependencySource<'_>>,
    force: bool,
) -> Result<String, ManifestError> {
    let mut document = package(text)?;
    depend(&mut document, source, &FEATURES, force)?;
    enter_test(&mut document, force)?;
    Ok(document.to_string())
}

/// Adds the dependency that the test of probes needs.
pub(super) fn with_probes(
    text: &str,
    source: Option<DependencySource<'_>>,
    force: bool,
) -> Result<String, ManifestError> {
    let mut document = package(text)?;
    depend(&mut document, source, &PROBE_FEATURES, force)?;
    Ok(document.to_string())
}

fn package(text: &str) -> Result<DocumentMut, ManifestError> {
    let document: DocumentMut = text.parse()?;
    if document.contains_key("package") { Ok(document) } else { Err(ManifestError::NoPackage) }
}

fn depend(
    document: &mut DocumentMut,
    source: Option<DependencySource<'_>>,
    features: &[&str],
    force: bool,
) -> Result<(), ManifestError> {
    const SECTION: &str = "dev-dependencies";
    let section = document.entry(SECTION).or_insert_with(|| Item::Table(Table::new()));
    let section = section.as_table_like_mut().ok_or(ManifestError::NoTable(SECTION))?;
    match section.get_mut("wireproof") {
        None => drop(section.insert("wireproof", value(dependency(source, features)))),
        Some(there) => {
            if let Some(source) = source {
                set_source(there, source, force)?;
            }
            if let Some(there) = there.as_table_like_mut() {
                add_features(there, features);
            }
        }
    }
    Ok(())
}

/// Sets the source of the dependency. A dependency that `init` did not write is changed only with `force`.
fn set_source(there: &mut Item, source: DependencySource<'_>, force: bool) -> Result<(), ManifestError> {
    /// The keys for the source of a dependency.
    const PLACES: [&str; 8] = ["version", "git", "branch", "tag", "rev", "registry", "workspace", "path"];
    let (key, source) = source.entry();
    if there.get(key).and_then(Item::as_str) == Some(source) {
        return Ok(());
    }
    if !force && !is_of_init(there) {
        return Err(ManifestError::OtherDependency);
    }
    let Some(table) = there.as_table_like_mut() else {
        *there = value(InlineTable::from_iter([(key, source)]));
        return Ok(());
    };
    for place in PLACES {
        table.remove(place);
    }
    table.insert(key, value(source));
    if let Some(inline) = there.as_inline_table_mut() {
        inline.sort_values_by(|a, _, b, _| (a != key).cmp(&(b != key)));
        inline.fmt();
    }
    Ok(())
}

/// True if `init` wrote the dependency, with any source.
fn is_of_init(there: &Item) -> bool {
    let Some(table) = there.as_table_like() else { return false };
    let features = table.get("features").and_then(Item::as_array);
    let features = features.map(|names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    table.iter().all(|(key, _)| matches!(key, "version" | "path" | "git" | "default-features" | "features"))
        && table.get("default-features").and_then(Item::as_bool) == Some(false)
        && features.is_some_and(|features| features == FEATURES || features == PROBE_FEATURES)
}

fn dependency(source: Option<DependencySource<'_>>, features: &[&str]) -> InlineTable {
    let mut dependency = InlineTable::new();
    let (key, source) = source.map_or(("version", env!("CARGO_PKG_VERSION")), DependencySource::entry);
    dependency.insert(key, source.into());
    dependency.insert("default-features", false.into());
    dependency.insert("features", features.iter().copied().collect::<Array>().into());
    dependency
}

/// Adds the features to a dependency without default features.
fn add_features(dependency: &mut dyn TableLike, wanted: &[&str]) {
    if dependency.get("default-features").and_then(Item::as_bool) != Some(false) {
        return;
    }
    let features = dependency.entry("features").or_insert_with(|| value(Array::new()));
    let Some(features) = features.as_array_mut() else { return };
    for feature in wanted {
        if !features.iter().any(|there| there.as_str() == Some(feature)) {
            features.push(*feature);
        }
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

/// Sets `harness = false`, because the test has its own `main`.
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
             [\"baseline\", \"bundled\", \"libtest\"] }}\n\n[[test]]\nname = \"conformance\"\nharness = false\n"
        );
        assert_eq!(edited, expected);
        assert_eq!(with_test(&edited, None, false).unwrap(), expected, "a second time");
    }

    #[test]
    fn the_test_of_probes_needs_only_the_dependency() {
        let git = Some(DependencySource::Git("https://example.com/w"));
        let edited = with_probes(PACKAGE, git, false).unwrap();
        let expected = format!(
            "{PACKAGE}\n[dev-dependencies]\nwireproof = {{ git = \"https://example.com/w\", default-features = false, \
             features = [\"baseline\", \"gzip\"] }}\n"
        );
        assert_eq!(edited, expected);
        assert_eq!(with_probes(&edited, git, false).unwrap(), expected, "a second time");
        let both = with_test(&edited, None, false).unwrap();
        assert!(both.contains("[\"baseline\", \"gzip\", \"bundled\", \"libtest\"]"), "{both}");
    }

    #[test]
    fn existing_text_stays_unchanged() {
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
        "features = [\"tower\", \"baseline\", \"bundled\", \"libtest\"]"
    )]
    fn a_dependency_that_is_there_is_kept_and_has_the_features(#[case] section: &str, #[case] holds: &str) {
        let at_the_front = section.starts_with("dev-");
        let there = if at_the_front { format!("{section}{PACKAGE}") } else { format!("{PACKAGE}{section}") };
        let edited = with_test(&there, None, false).unwrap();
        assert!(edited.contains(holds), "{edited}");
        assert_eq!(edited.matches("wireproof").count(), 1, "{edited}");
    }

    #[test]
    fn a_dependency_that_init_wrote_gets_the_requested_path() {
        let written = with_test(PACKAGE, None, false).unwrap();
        let by_path = with_test(&written, Some(DependencySource::Path("../w")), false).unwrap();
        assert_eq!(
            by_path,
            with_test(PACKAGE, Some(DependencySource::Path("../w")), false).unwrap(),
            "as if it had been asked for at once"
        );
        assert_eq!(with_test(&by_path, Some(DependencySource::Path("../w")), false).unwrap(), by_path, "a second time");
        assert!(with_test(&by_path, Some(DependencySource::Path("../v")), false).unwrap().contains("path = \"../v\""));
        assert_eq!(with_test(&by_path, None, true).unwrap(), by_path, "nobody asked for another");
    }

    #[rstest]
    #[case::text("wireproof = \"0.1\"", "wireproof = { path = \"../w\" }\n")]
    #[case::workspace("wireproof.workspace = true", "wireproof.path = \"../w\"\n")]
    #[case::git(
        "wireproof = { git = \"https://example.com/w\", rev = \"1\", features = [\"tower\"] }",
        "wireproof = { path = \"../w\", features = [\"tower\"] }\n"
    )]
    #[case::table(
        "[dev-dependencies.wireproof]\nversion = \"0.1\" # old",
        "[dev-dependencies.wireproof]\npath = \"../w\"\n"
    )]
    fn a_dependency_of_somebody_else_gets_the_path_only_by_force(#[case] line: &str, #[case] forced: &str) {
        let section = if line.starts_with('[') { "" } else { "[dev-dependencies]\n" };
        let there = format!("{PACKAGE}{section}{line}\n");
        assert!(matches!(
            with_test(&there, Some(DependencySource::Path("../w")), false),
            Err(ManifestError::OtherDependency)
        ));
        let edited = with_test(&there, Some(DependencySource::Path("../w")), true).unwrap();
        assert!(edited.contains(forced) && edited.matches("wireproof").count() == 1, "{edited}");
        assert_eq!(with_test(&edited, Some(DependencySource::Path("../w")), false).unwrap(), edited, "it is there now");
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
    #[case::dependencies("dev-dependencies = 1\n[package]\n", "dev-dependencies is not a table")]
    #[case::tests("test = 1\n[package]\n", "test is not a table")]
    fn a_manifest_that_cannot_be_edited_is_reported(#[case] text: &str, #[case] says: &str) {
        let error = with_test(text, None, false).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
