//! The locations that are searched for models by name: a given folder, the packages of Python, the bundle of the AWS
//! CLI.

use std::{
    ffi::OsString,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::ModelFileError;

/// The locations that are searched for models by name.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// A botocore installation, or its folder `data`; if given, nothing else is searched (`WIREPROOF_BOTOCORE`).
    pub botocore: Option<PathBuf>,
    /// The folders of programs, as in `PATH`, to find the AWS CLI.
    pub path: Option<OsString>,
}

impl Places {
    /// The folder of models of the first botocore that is found.
    pub(super) fn data(&self) -> Result<PathBuf, ModelFileError> {
        if let Some(given) = &self.botocore {
            return data_of(given).ok_or_else(|| ModelFileError::NotBotocore { folder: given.clone() });
        }
        let found = first(&python_packages()).or_else(|| first(&common_folders())).or_else(|| first(&self.bundles()));
        found.ok_or(ModelFileError::NoBotocore)
    }

    /// The botocore inside of version 2 of the AWS CLI, found from the program through its links.
    fn bundles(&self) -> Vec<PathBuf> {
        let folders = self.path.iter().flat_map(std::env::split_paths);
        let programs = folders.map(|folder| folder.join("aws")).filter_map(|program| program.canonicalize().ok());
        let installs = programs.filter_map(|program| Some(program.parent()?.parent()?.to_owned()));
        let mut found: Vec<PathBuf> = installs
            .flat_map(|install| [install.join("dist/awscli/botocore"), install.join("awscli/botocore")])
            .collect();
        let versions = below(Path::new("/usr/local/aws-cli/v2"), "").into_iter();
        found.extend(versions.map(|version| version.join("dist/awscli/botocore")));
        found
    }
}

fn first(folders: &[PathBuf]) -> Option<PathBuf> {
    folders.iter().find_map(|folder| data_of(folder))
}

/// The folder of models: `folder` itself, its `data`, or that of a `botocore` in it.
fn data_of(folder: &Path) -> Option<PathBuf> {
    let candidates = [folder.join("data"), folder.join("botocore/data"), folder.to_owned()];
    candidates.into_iter().find(|data| super::catalogue(data).is_ok_and(|services| !services.is_empty()))
}

/// Prints the location of botocore for Python, without importing it.
const FIND_BOTOCORE: &str = "
import sys; sys.path[:] = [p for p in sys.path if p]
import importlib.util as u
for name in ('botocore', 'awscli.botocore'):
    try: spec = u.find_spec(name)
    except Exception: continue
    for folder in (spec.submodule_search_locations or []) if spec else []: print(folder)
";

/// An interpreter that takes longer than this is stuck.
const PATIENCE: Duration = Duration::from_secs(5);

fn python_packages() -> Vec<PathBuf> {
    let output =
        ["python3", "python"].iter().find_map(|python| output_of(Command::new(python).args(["-c", FIND_BOTOCORE])));
    output.unwrap_or_default().lines().map(PathBuf::from).collect()
}

/// The output of a program; `None` if it fails or takes too long.
fn output_of(command: &mut Command) -> Option<String> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let ended = ends_in_time(&mut child);
    if !ended {
        // It may have ended just now; either way it must be waited for.
        let _ = child.kill();
        let _ = child.wait();
        return None;
    }
    let mut text = String::new();
    child.stdout.take()?.read_to_string(&mut text).ok()?;
    Some(text).filter(|text| !text.is_empty())
}

fn ends_in_time(child: &mut Child) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(10)),
            Err(_) => return false,
        }
    }
    false
}

/// Folders of packages that no `python3` on the path knows.
fn common_folders() -> Vec<PathBuf> {
    let mut packages = vec![PathBuf::from("/usr/lib/python3/dist-packages")];
    for prefix in ["/usr/lib", "/usr/local/lib", "/opt/homebrew/lib"] {
        for python in below(Path::new(prefix), "python3") {
            packages.extend(["site-packages", "dist-packages"].map(|name| python.join(name)));
        }
    }
    packages.into_iter().map(|packages| packages.join("botocore")).collect()
}

/// The folders in `parent` whose names start with `start`, in reverse order.
fn below(parent: &Path, start: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok);
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    let mut found: Vec<PathBuf> = named.map(|entry| entry.path()).collect();
    found.sort();
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn botocore_at(folder: &Path) {
        let version = folder.join("data/ssm/2014-11-06");
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("service-2.json"), "{}").unwrap();
    }

    #[test]
    fn a_folder_is_known_from_above_at_and_in_botocore() {
        let root = tempfile::tempdir().unwrap();
        botocore_at(&root.path().join("botocore"));
        let data = root.path().join("botocore/data");
        for folder in [root.path(), &root.path().join("botocore"), &data] {
            assert_eq!(data_of(folder), Some(data.clone()));
        }
        assert_eq!(data_of(&data.join("ssm")), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_bundle_of_the_aws_cli_is_found_through_the_link_on_the_path() {
        let root = tempfile::tempdir().unwrap();
        let dist = root.path().join("aws-cli/v2/2.30.0/dist");
        botocore_at(&dist.join("awscli/botocore"));
        fs::create_dir_all(root.path().join("aws-cli/v2/2.30.0/bin")).unwrap();
        fs::create_dir_all(root.path().join("bin")).unwrap();
        fs::write(dist.join("aws"), "").unwrap();
        let inner = root.path().join("aws-cli/v2/2.30.0/bin/aws");
        std::os::unix::fs::symlink("../dist/aws", &inner).unwrap();
        std::os::unix::fs::symlink(&inner, root.path().join("bin/aws")).unwrap();
        let places = Places { botocore: None, path: Some(root.path().join("bin").into()) };
        let expected = dist.join("awscli/botocore/data").canonicalize().unwrap();
        assert_eq!(first(&places.bundles()), Some(expected));
    }

    #[cfg(unix)]
    #[test]
    fn a_failed_or_missing_program_has_no_output() {
        assert_eq!(output_of(Command::new("false").arg("x")), None);
        assert_eq!(output_of(&mut Command::new("no-such-program-here")), None);
        assert_eq!(output_of(Command::new("echo").arg("x")), Some("x\n".to_owned()));
    }
}
