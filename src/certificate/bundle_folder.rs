//! Reads the files of a bundle strictly, because bundles come from strangers.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::model::bounded_file::{self, FileKind};

pub const STATEMENT: &str = "statement.json";
pub const ENVELOPE: &str = "envelope.json";

/// A folder that is not a bundle.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A file or folder is not readable.
    #[error("cannot read {}: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    /// A link, device or pipe, whose content can change between two reads.
    #[error("{} is neither a regular file nor a folder; a bundle contains nothing else", path.display())]
    Odd { path: PathBuf },
}

/// The maximum size of all files, in bytes.
const LARGEST: usize = 512 << 20;

/// The maximum number of files.
const MOST: usize = 100_000;

/// The maximum depth of folders.
const DEEPEST: usize = 16;

fn too_large() -> io::Error {
    let problem = format!(
        "the bundle is larger than {} MiB or {MOST} files, or nested more than {DEEPEST} deep; it was not made by wireproof",
        LARGEST >> 20
    );
    io::Error::new(io::ErrorKind::FileTooLarge, problem)
}

/// Reads every file below a folder, by its path with `/`. Links are rejected.
///
/// # Errors
/// Something is not readable, or neither a file nor a folder.
pub fn read(root: &Path) -> Result<BTreeMap<String, Vec<u8>>, FolderError> {
    let mut files = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    let (mut left, mut seen) = (LARGEST, 0);
    while let Some(folder) = open.pop() {
        let failed = |error| FolderError::Read { path: folder.clone(), error };
        let entries: Vec<fs::DirEntry> = fs::read_dir(&folder).and_then(Iterator::collect).map_err(failed)?;
        if entries.is_empty() && folder != root {
            // An empty folder counts as an entry.
            files.insert(format!("{}/", below(root, &folder)), Vec::new());
        }
        seen += entries.len();
        if seen > MOST || below(root, &folder).matches('/').count() > DEEPEST {
            return Err(failed(too_large()));
        }
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                let bytes = bounded_file::bytes(&path, FileKind::Recorded).and_then(|bytes| {
                    left = left.checked_sub(bytes.len()).ok_or_else(too_large)?;
                    Ok(bytes)
                });
                let bytes = bytes.map_err(|error| FolderError::Read { path: path.clone(), error })?;
                files.insert(below(root, &path), bytes);
            } else {
                return Err(FolderError::Odd { path });
            }
        }
    }
    Ok(files)
}

fn below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_by_its_path() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/c"), "1").unwrap();
        fs::create_dir(dir.path().join("a/e")).unwrap();
        fs::write(dir.path().join("d"), "2").unwrap();
        let files = read(dir.path()).unwrap();
        assert_eq!(
            files,
            [("a/b/c", "1"), ("a/e/", ""), ("d", "2")].map(|(path, text)| (path.to_owned(), text.into())).into()
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_rejected_regardless_of_its_target() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("d"), "2").unwrap();
        std::os::unix::fs::symlink("d", dir.path().join("e")).unwrap();
        assert!(read(dir.path()).unwrap_err().to_string().contains("neither a regular file nor a folder"));
    }

    #[test]
    fn a_missing_folder_is_reported() {
        assert!(read(Path::new("not/there")).unwrap_err().to_string().contains("not/there"));
    }
}
