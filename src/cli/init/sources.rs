//! The source folder of wireproof (`--path`), as a committed manifest should name it.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use thiserror::Error;
use toml_edit::DocumentMut;

use crate::model::bounded_file::{self, FileKind};

/// A folder that is not usable as a path dependency.
#[derive(Debug, Error)]
pub(super) enum SourcesError {
    /// It does not exist or cannot be read.
    #[error("--path {}: {error}\nhelp: a relative path starts at the current folder", path.display())]
    Folder { path: PathBuf, error: io::Error },
    /// It exists, but it is not wireproof.
    #[error("--path {} is not the source folder of wireproof\nhelp: name the folder with the Cargo.toml of wireproof", .0.display())]
    NotWireproof(PathBuf),
}

/// The source folder for the manifest in `package`: a relative path from there, or an unchanged absolute path.
pub(super) fn named_from(package: &Path, sources: &Path) -> Result<String, SourcesError> {
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |error| SourcesError::Folder { path, error }
    };
    let to = sources.canonicalize().map_err(cannot(sources))?;
    if !is_wireproof(&to) {
        return Err(SourcesError::NotWireproof(sources.to_owned()));
    }
    if sources.is_absolute() {
        return Ok(sources.display().to_string());
    }
    let from = package.canonicalize().map_err(cannot(package))?;
    // A path typed in the package's own folder is already right, including its symbolic links.
    if Path::new(".").canonicalize().is_ok_and(|current| current == from) {
        return Ok(with_slashes(sources));
    }
    Ok(relative(&from, &to).map_or_else(|| to.display().to_string(), |path| with_slashes(&path)))
}

fn is_wireproof(folder: &Path) -> bool {
    let text = bounded_file::text(&folder.join("Cargo.toml"), FileKind::Setting).unwrap_or_default();
    let manifest: DocumentMut = text.parse().unwrap_or_default();
    let name = manifest.get("package").and_then(|package| package.get("name"));
    name.and_then(|name| name.as_str()) == Some(env!("CARGO_PKG_NAME"))
}

/// The relative path between two folders without links and `..`; `None` between two drives.
fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    (shared > 0).then(|| up.chain(to.components().skip(shared)).collect())
}

/// A relative path with slashes, which cargo accepts on every system.
fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/a/b", "/a/w", "../w")]
    #[case("/a/b/c", "/w", "../../../w")]
    #[case("/a", "/a/vendor/w", "vendor/w")]
    fn the_way_leads_from_one_folder_to_the_other(#[case] from: &str, #[case] to: &str, #[case] way: &str) {
        assert_eq!(relative(Path::new(from), Path::new(to)).as_deref(), Some(Path::new(way)));
    }

    #[test]
    fn a_folder_named_absolutely_stays_so_and_must_be_wireproof() {
        let own = env!("CARGO_MANIFEST_DIR");
        assert_eq!(named_from(Path::new("."), Path::new(own)).unwrap(), own);
        let other = tempfile::tempdir().unwrap();
        let rejected = || named_from(Path::new("."), other.path()).unwrap_err().to_string();
        assert!(rejected().contains("is not the source folder of wireproof"), "{}", rejected());
        fs::write(other.path().join("Cargo.toml"), "[package]\nname = \"another\"\n").unwrap();
        assert!(rejected().contains(&other.path().display().to_string()), "{}", rejected());
    }
}
