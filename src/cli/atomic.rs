//! Files that are replaced as a whole: whoever reads one sees the older or the newer, never a part.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

/// Replaces a file. Its permissions stay, and so does what a link points from.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = beside(&path);
    let replaced = fs::write(&beside, text)
        .and_then(|()| match fs::metadata(&path) {
            Ok(known) => fs::set_permissions(&beside, known.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&beside, &path));
    if replaced.is_err() {
        // The first error is the one to tell of.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("occupied");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, "one").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
