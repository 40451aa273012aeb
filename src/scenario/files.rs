//! Where fixtures and goldens come from: compiled in, or a folder. The only reader of either.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};
use thiserror::Error;

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");
static SNAPSHOTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/snapshots");

/// Text files by their path below a root, with `/` between its parts.
#[derive(Debug, Clone, Default)]
pub struct Files {
    root: Option<PathBuf>,
    texts: BTreeMap<String, String>,
}

/// A folder that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {path}: {error}")]
pub struct FilesError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

impl Files {
    /// The fixtures that are compiled in.
    #[must_use]
    pub fn bundled_fixtures() -> Self {
        Self::embedded(&FIXTURES)
    }

    /// The goldens that are compiled in.
    #[must_use]
    pub fn bundled_snapshots() -> Self {
        Self::embedded(&SNAPSHOTS)
    }

    fn embedded(root: &Dir<'_>) -> Self {
        let mut texts = BTreeMap::new();
        let mut open = vec![root];
        while let Some(dir) = open.pop() {
            open.extend(dir.dirs());
            for file in dir.files() {
                if let Some(text) = file.contents_utf8() {
                    texts.insert(file.path().to_string_lossy().replace('\\', "/"), text.to_owned());
                }
            }
        }
        Self { root: None, texts }
    }

    /// Reads every `.yaml`, `.json` and `.snap` file below a folder.
    ///
    /// # Errors
    /// A folder or file that cannot be read, or is not UTF-8.
    pub fn folder(root: &Path) -> Result<Self, FilesError> {
        let mut texts = BTreeMap::new();
        let mut open = vec![root.to_owned()];
        while let Some(dir) = open.pop() {
            let failed = |path: &Path| {
                let path = path.to_owned();
                move |error| FilesError { path, error }
            };
            for entry in fs::read_dir(&dir).map_err(failed(&dir))? {
                let path = entry.map_err(failed(&dir))?.path();
                if path.is_dir() {
                    open.push(path);
                } else if path
                    .extension()
                    .is_some_and(|kind| ["yaml", "json", "snap"].iter().any(|known| kind == *known))
                {
                    let text = fs::read_to_string(&path).map_err(failed(&path))?;
                    texts.insert(relative(root, &path), text);
                }
            }
        }
        Ok(Self { root: Some(root.to_owned()), texts })
    }

    /// Files given as text: for tests, and for callers that keep fixtures elsewhere.
    #[must_use]
    pub fn from_texts(texts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { root: None, texts: texts.into_iter().collect() }
    }

    /// Every file, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text of one file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// The path as a person would open it.
    #[must_use]
    pub fn display(&self, path: &str) -> String {
        self.root.as_ref().map_or_else(|| format!("fixtures/{path}"), |root| root.join(path).display().to_string())
    }
}

fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bundled_services_are_compiled_in() {
        let files = Files::bundled_fixtures();
        assert!(files.get("codedeploy/model.json").is_some() && files.get("proton/statements.yaml").is_some());
    }

    #[test]
    fn a_folder_gives_its_fixtures_by_relative_path() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("s/op")).unwrap();
        fs::write(dir.path().join("s/op/a.yaml"), "x").unwrap();
        fs::write(dir.path().join("s/op/notes.txt"), "x").unwrap();
        let files = Files::folder(dir.path()).unwrap();
        assert_eq!(files.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["s/op/a.yaml"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_it() {
        let error = Files::folder(Path::new("not/there")).unwrap_err().to_string();
        assert!(error.contains("not/there"), "{error}");
    }

    #[test]
    fn every_kind_of_fixture_is_read_and_told_by_the_path_that_a_person_would_open() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.yaml", "b.json", "c.snap", "d.snap.new"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let files = Files::folder(dir.path()).unwrap();
        assert_eq!(
            files.iter().collect::<Vec<_>>(),
            [("a.yaml", "a.yaml"), ("b.json", "b.json"), ("c.snap", "c.snap")]
        );
        assert_eq!(files.display("a.yaml"), dir.path().join("a.yaml").display().to_string());
        assert_eq!(Files::default().display("s/a.yaml"), "fixtures/s/a.yaml");
    }

    #[test]
    fn goldens_are_compiled_in() {
        assert!(Files::bundled_snapshots().iter().any(|(path, text)| path.contains(".snap") && !text.is_empty()));
    }

    #[test]
    fn a_text_is_had_by_its_path_and_no_other() {
        let files = Files::from_texts([("s/a.yaml".to_owned(), "text".to_owned())]);
        assert_eq!((files.get("s/a.yaml"), files.get("a.yaml")), (Some("text"), None));
        assert_eq!(files.iter().collect::<Vec<_>>(), [("s/a.yaml", "text")]);
    }
}
