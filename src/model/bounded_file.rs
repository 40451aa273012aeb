//! Reads files of bounded size. Every file that a user or a stranger names is read here.
//!
//! Only regular files are read, because a pipe or a device may never end. The standard input of the program and the
//! descriptors that a shell opens for it are exceptions, if they are named as such.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The kind of a file, with its maximum size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A configuration file, credentials, a certificate of a server, or a key.
    Setting,
    /// A fixture, a state, a snapshot or a recipe.
    Fixture,
    /// A baseline.
    Baseline,
    /// A published model.
    Model,
    /// A transcript of a recording, or another file of a bundle.
    Recorded,
    /// A report of a run, or recorded responses of AWS.
    Report,
}

const MIB: u64 = 1 << 20;

impl FileKind {
    /// The maximum size in bytes.
    #[must_use]
    pub fn limit(self) -> u64 {
        match self {
            Self::Setting | Self::Fixture => MIB,
            Self::Baseline => 8 * MIB,
            Self::Model => 16 * MIB,
            Self::Recorded => 64 * MIB,
            Self::Report => 256 * MIB,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Setting => "a settings file",
            Self::Fixture => "a fixture",
            Self::Baseline => "a baseline",
            Self::Model => "a model",
            Self::Recorded => "a recorded file",
            Self::Report => "a report",
        }
    }

    /// The error of a file above the limit.
    #[must_use]
    pub fn too_large(self) -> io::Error {
        let problem = format!("it is larger than {} MiB, the limit for {}", self.limit() / MIB, self.noun());
        io::Error::new(io::ErrorKind::FileTooLarge, problem)
    }
}

/// The bytes of a file.
///
/// # Errors
/// The file cannot be read, is not a regular file, or is too large.
pub fn bytes(path: &Path, kind: FileKind) -> io::Result<Vec<u8>> {
    let file = open(path, kind)?;
    // A buffer that grows would take twice the memory.
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len()).unwrap_or_default());
    file.take(kind.limit() + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > kind.limit() { Err(kind.too_large()) } else { Ok(bytes) }
}

/// The text of a file.
///
/// # Errors
/// The file cannot be read, is not a regular file, is too large, or is not UTF-8.
pub fn text(path: &Path, kind: FileKind) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    String::from_utf8(bytes(path, kind)?).map_err(not_text)
}

/// Opens a file to read it in parts. The reader must not read more than the limit at a time.
///
/// # Errors
/// The file cannot be opened, is not a regular file, or is too large.
pub fn open(path: &Path, kind: FileKind) -> io::Result<File> {
    let file = open_of_any_size(path)?;
    if file.metadata()?.len() > kind.limit() { Err(kind.too_large()) } else { Ok(file) }
}

/// Opens a regular file that is read in parts of bounded size.
///
/// # Errors
/// The file cannot be opened, or is not a regular file.
pub fn open_of_any_size(path: &Path) -> io::Result<File> {
    // Opening a pipe waits for its other end.
    regular(path, &fs::metadata(path)?)?;
    let file = File::open(path)?;
    regular(path, &file.metadata()?)?;
    Ok(file)
}

fn regular(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() || (is_inherited(path) && !metadata.is_dir()) {
        return Ok(());
    }
    let what = if metadata.is_dir() { "a folder" } else { "a device, a pipe or a socket" };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}; expected a regular file")))
}

/// Returns true for the standard input, and for the descriptors of a shell's process substitution.
fn is_inherited(path: &Path) -> bool {
    path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd")
}

/// The maximum depth of folders below a root.
const DEEPEST: usize = 16;

/// The maximum number of files and folders below a root.
const MOST: usize = 100_000;

/// A folder that is not readable, or has too much in it.
#[derive(Debug)]
pub struct FolderFailure {
    /// The file or folder.
    pub path: PathBuf,
    /// The problem.
    pub error: io::Error,
}

/// The files below a folder, sorted. Links to files and folders are followed.
///
/// # Errors
/// A folder cannot be read, there are too many files, or folders are nested too deeply, as in a loop of links.
pub fn files_below(root: &Path) -> Result<Vec<PathBuf>, FolderFailure> {
    let mut files = Vec::new();
    let mut open = vec![(root.to_owned(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        let failed = |error| FolderFailure { path: folder.clone(), error };
        let refused = |problem: String| failed(io::Error::new(io::ErrorKind::InvalidInput, problem));
        if depth > DEEPEST {
            return Err(refused(format!("folders are nested more than {DEEPEST} deep; look for a loop of links")));
        }
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            seen += 1;
            if seen > MOST {
                return Err(refused(format!("there are more than {MOST} files in {}", root.display())));
            }
            if path.is_dir() { open.push((path, depth + 1)) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use tempfile::TempDir;

    use super::*;

    fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_regular_file_is_read() {
        let (_folder, path) = file("a.yaml", "ü");
        assert_eq!(text(&path, FileKind::Fixture).unwrap(), "ü");
        assert_eq!(bytes(&path, FileKind::Fixture).unwrap(), "ü".as_bytes());
    }

    #[rstest]
    fn a_file_of_the_maximum_size_is_read_and_a_larger_one_is_not(#[values(0, 1)] surplus: u64) {
        let (_folder, path) = file("a", "");
        File::options().write(true).open(&path).unwrap().set_len(FileKind::Setting.limit() + surplus).unwrap();
        let read = bytes(&path, FileKind::Setting).map_err(|error| error.to_string());
        let refused = "it is larger than 1 MiB, the limit for a settings file".to_owned();
        assert_eq!(read.map(|bytes| bytes.len() as u64), if surplus == 0 { Ok(MIB) } else { Err(refused) });
    }

    #[test]
    fn a_sparse_file_of_gigabytes_is_refused_without_reading_it() {
        let (_folder, path) = file("a", "");
        File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(open(&path, FileKind::Report).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[cfg(unix)]
    #[rstest]
    #[case::device("/dev/zero")]
    #[case::terminal("/dev/tty")]
    #[case::folder("/dev")]
    fn only_regular_files_are_read(#[case] target: &str) {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.yaml");
        std::os::unix::fs::symlink(target, &link).unwrap();
        for path in [Path::new(target), &link] {
            let error = bytes(path, FileKind::Fixture).unwrap_err().to_string();
            assert!(error.contains("expected a regular file"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe.yaml");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let error = text(&pipe, FileKind::Fixture).unwrap_err().to_string();
        assert_eq!(error, "it is a device, a pipe or a socket; expected a regular file");
    }

    #[test]
    fn text_is_utf_8() {
        let (_folder, path) = file("a", "");
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(text(&path, FileKind::Fixture).unwrap_err().to_string(), "it is not UTF-8 text");
        assert!(text(Path::new("no/such"), FileKind::Fixture).is_err());
    }

    #[test]
    fn the_files_of_folders_are_listed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        for name in ["b/c/1", "a", "b/0"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = files_below(folder.path()).unwrap();
        assert_eq!(found, ["a", "b/0", "b/c/1"].map(|name| folder.path().join(name)));
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_end() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["one", "two"] {
            std::os::unix::fs::symlink(".", folder.path().join(name)).unwrap();
        }
        let failure = files_below(folder.path()).unwrap_err();
        assert!(failure.error.to_string().contains("look for a loop of links"), "{failure:?}");
    }
}
