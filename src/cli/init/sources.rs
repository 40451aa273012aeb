//! Where wireproof's sources are (`--path`): the folder, as a manifest that is committed names it.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use thiserror::Error;
use toml_edit::DocumentMut;

/// A folder that nothing can depend on as wireproof.
#[derive(Debug, Error)]
pub(super) enum SourcesError {
    /// It is not there, or cannot be looked into.
    #[error("--path {}: {error}; a relative one starts at the current folder", path.display())]
    Folder { path: PathBuf, error: io::Error },
    /// It is there, and something else.
    #[error("--path {}: no Cargo.toml of wireproof is in it; give the folder of wireproof's sources", .0.display())]
    NotWireproof(PathBuf),
}

/// The folder of the sources as the manifest in `package` names it: a relative one from there, an absolute one as it is.
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
    // What was typed in the package's own folder holds as it is, symbolic links included.
    if Path::new(".").canonicalize().is_ok_and(|current| current == from) {
        return Ok(with_slashes(sources));
    }
    Ok(relative(&from, &to).map_or_else(|| to.display().to_string(), |path| with_slashes(&path)))
}

fn is_wireproof(folder: &Path) -> bool {
    let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let manifest: DocumentMut = text.parse().unwrap_or_default();
    let name = manifest.get("package").and_then(|package| package.get("name"));
    name.and_then(|name| name.as_str()) == Some(env!("CARGO_PKG_NAME"))
}

/// The way from one folder to another, of which neither has a link or a `..` in it; `None` between two drives.
fn relative(from: &Path, to: &Path) -> Option<PathBuf> {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    (shared > 0).then(|| up.chain(to.components().skip(shared)).collect())
}

/// A relative path as cargo takes it on every system.
fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
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
        let refused = || named_from(Path::new("."), other.path()).unwrap_err().to_string();
        assert!(refused().contains("no Cargo.toml of wireproof"), "{}", refused());
        fs::write(other.path().join("Cargo.toml"), "[package]\nname = \"another\"\n").unwrap();
        assert!(refused().contains(&other.path().display().to_string()), "{}", refused());
    }
}
