//! Writes files atomically: to a temporary file in the same folder, which is renamed at the end.
//!
//! A file that cannot be replaced, such as one that is mounted into a container, gets its new content at the end.

use std::{
    env,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

/// A file that is being written. [`PendingFile::commit`] moves it to its path; dropping it keeps the old file.
///
/// Devices and pipes are written to directly, because they must not be replaced.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    /// The temporary file; `None` for a device or a pipe.
    temporary: Option<PathBuf>,
    file: File,
}

impl PendingFile {
    /// Starts a file, and creates missing folders.
    ///
    /// # Errors
    /// The path is not writable.
    pub fn create(path: &Path) -> io::Result<Self> {
        // Replace the target of a link, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&path).ok();
        if there.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        if there.as_ref().is_some_and(|there| !there.is_file()) {
            return Ok(Self { file: File::options().write(true).open(&path)?, path, temporary: None });
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut temporary = beside(&path)?;
        let mut file = File::options().write(true).create_new(true).open(&temporary);
        if there.is_some() && file.as_ref().is_err_and(is_forbidden) {
            // The folder cannot be written to. The file in it can, or this fails.
            File::options().write(true).open(&path)?;
            temporary = beside(&env::temp_dir().join(path.file_name().unwrap_or_default()))?;
            file = File::options().write(true).create_new(true).open(&temporary);
        }
        let file = file?;
        // From here on, dropping it removes the temporary file.
        let pending = Self { path, temporary: Some(temporary), file };
        if let Some(there) = there {
            // Keep the permissions of the old file.
            pending.file.set_permissions(there.permissions())?;
        }
        Ok(pending)
    }

    /// Replaces the content of a file.
    ///
    /// # Errors
    /// The path is not writable. The old file is unchanged.
    pub fn replace(path: &Path, text: &str) -> io::Result<()> {
        let mut pending = Self::create(path)?;
        pending.file.write_all(text.as_bytes())?;
        pending.commit()
    }

    /// Starts a file that is read while it is written. It replaces the old file at once.
    ///
    /// # Errors
    /// The path is not writable.
    pub fn in_place(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(Self { file: File::create(path)?, path: path.to_owned(), temporary: None })
    }

    /// A buffered writer. Callers must flush it.
    ///
    /// # Errors
    /// The system provides no second file handle.
    pub fn writer(&self) -> io::Result<impl Write + Send + use<>> {
        self.file.try_clone().map(BufWriter::new)
    }

    /// Moves the file to its path.
    ///
    /// # Errors
    /// The file cannot be flushed to disk or renamed.
    pub fn commit(mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        self.file.sync_all()?;
        match fs::rename(temporary, &self.path) {
            Ok(()) => self.temporary = None,
            Err(error) if self.path.is_file() && (is_forbidden(&error) || is_mounted(&error)) => {
                let mut old = File::options().write(true).truncate(true).open(&self.path)?;
                // Dropping this value removes the temporary file.
                io::copy(&mut File::open(temporary)?, &mut old)?;
                old.sync_all()?;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Returns true if a file cannot be replaced because it, or its folder, is a mount of its own.
fn is_mounted(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices)
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // No reader depends on the temporary file.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A unique name in the same folder.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    Ok(path.with_file_name(format!(".{}.{}-{next}.tmp", name.to_string_lossy(), process::id())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    fn write(pending: &PendingFile, text: &str) {
        let mut writer = pending.writer().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let pending = PendingFile::create(&path).unwrap();
        write(&pending, "new");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        pending.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn an_abandoned_file_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/for/it/report.json");
        write(&PendingFile::create(&path).unwrap(), "half");
        assert_eq!(names(path.parent().unwrap()), Vec::<String>::new());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_device_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let pending = PendingFile::create(&link).unwrap();
        write(&pending, "new");
        pending.commit().unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        // A link to a device in a folder of its own: were it replaced, only the test's would be lost.
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        let pending = PendingFile::create(&null).unwrap();
        assert_eq!(pending.temporary, None);
        write(&pending, "gone");
        pending.commit().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_on_another_file_system_gets_the_new_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "an old report that is longer").unwrap();
        let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
        let temporary = elsewhere.path().join("new.tmp");
        let file = File::create(&temporary).unwrap();
        let renamed = fs::rename(&temporary, folder.path().join("x")).unwrap_err();
        assert_eq!(renamed.kind(), io::ErrorKind::CrossesDevices, "the test needs two file systems");
        let pending = PendingFile { path: path.clone(), temporary: Some(temporary), file };
        write(&pending, "new");
        pending.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.json"]);
        assert_eq!(names(elsewhere.path()), Vec::<String>::new());
    }

    #[test]
    fn a_folder_cannot_be_replaced_by_a_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(PendingFile::create(folder.path()).is_err());
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(PendingFile::create(&file.join("below")).is_err());
    }
}
