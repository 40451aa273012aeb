//! The files of a published model, by its name: a path, or `botocore:SERVICE[@VERSION]`.
//!
//! Finds models on a machine and reads them, compressed or not; the readers of `model` parse them. Nothing is fetched,
//! and the environment is not read: callers pass the [`Places`].

mod places;

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    bounded_file::{self, FileKind},
    companion::Companion,
};

pub use places::Places;

/// The text of a model, and of its companions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFiles {
    /// The name that finds it again: `botocore:SERVICE@VERSION`, or the path of the file.
    pub source: String,
    /// The model's file.
    pub file: PathBuf,
    /// The text of the model.
    pub text: String,
    /// The other files that botocore has for the model.
    pub companions: Vec<CompanionFile>,
}

/// Another file that botocore has for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanionFile {
    /// The kind of the file.
    pub companion: Companion,
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

/// A model that cannot be found or read.
#[derive(Debug, Error)]
pub enum ModelFileError {
    /// The name is neither a file nor a service of botocore.
    #[error("unknown model {name:?}: expected a .json or .json.gz file, or botocore:SERVICE, such as botocore:ssm")]
    Name {
        /// The name as it was given.
        name: String,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// No botocore was found on this machine.
    #[error(
        "no botocore found: install it (pip install botocore, or AWS CLI version 2), set WIREPROOF_BOTOCORE to its \
         folder, or give the file of a model"
    )]
    NoBotocore,
    /// The given folder is not a botocore installation.
    #[error(
        "{folder} is not a botocore installation: expected <service>/<version>/service-2.json[.gz] in it or in its folder \"data\""
    )]
    NotBotocore {
        /// The folder.
        folder: PathBuf,
    },
    /// botocore does not have the service.
    #[error("{data} has no service {service:?}{hint}", hint = hint(nearest))]
    UnknownService {
        /// botocore's folder of models.
        data: PathBuf,
        /// The name as it was given.
        service: String,
        /// Similar names.
        nearest: Vec<String>,
    },
    /// botocore has the service in other API versions.
    #[error("{data} has {service} in {known}, not in {version:?}", known = known.join(", "))]
    UnknownVersion {
        /// botocore's folder of models.
        data: PathBuf,
        /// The service.
        service: String,
        /// The version as it was given.
        version: String,
        /// The available versions.
        known: Vec<String>,
    },
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!(": did you mean {}?", nearest.join(", ")) }
}

/// Reads the model of that name; a service of botocore is searched in `places`.
///
/// # Errors
/// An unknown name, a file that cannot be read, no botocore, or a botocore without that service or version.
pub fn find(name: impl AsRef<OsStr>, places: &Places) -> Result<ModelFiles, ModelFileError> {
    let (path, name) = (PathBuf::from(name.as_ref()), name.as_ref().to_string_lossy());
    if let Some(service) = name.strip_prefix("botocore:") {
        let file = botocore(service, places)?;
        return with_companions(in_botocore(&file), file);
    }
    let is_model = [".json", ".json.gz"].iter().any(|ending| name.ends_with(ending));
    if is_model {
        with_companions(name.into_owned(), path)
    } else {
        Err(ModelFileError::Name { name: name.into_owned() })
    }
}

/// The name of a model in botocore, with its version: the names of its two folders.
fn in_botocore(file: &Path) -> String {
    let folder = |above: usize| Some(file.ancestors().nth(above)?.file_name()?.to_string_lossy());
    format!("botocore:{}@{}", folder(2).unwrap_or_default(), folder(1).unwrap_or_default())
}

/// The services of this machine's botocore, each with its API versions, the newest last.
///
/// # Errors
/// No botocore, or one that cannot be read.
pub fn services(places: &Places) -> Result<BTreeMap<String, Vec<String>>, ModelFileError> {
    let services = catalogue(&places.data()?)?.into_iter();
    Ok(services.map(|(service, versions)| (service, versions.into_keys().collect())).collect())
}

/// The file of `SERVICE[@VERSION]`; the newest version where none is named.
fn botocore(name: &str, places: &Places) -> Result<PathBuf, ModelFileError> {
    let (service, version) = name.split_once('@').map_or((name, None), |(service, version)| (service, Some(version)));
    let data = places.data()?;
    let own = Some(data.join(service)).filter(|folder| !service.contains(['/', '\\']) && folder.is_dir());
    let versions = own.map(|folder| versions(&folder)).transpose()?.filter(|versions| !versions.is_empty());
    let Some(mut versions) = versions else {
        let services = catalogue(&data)?;
        let known: Vec<&str> = services.keys().map(String::as_str).collect();
        let nearest = nearest(service, &known);
        return Err(ModelFileError::UnknownService { data, service: service.to_owned(), nearest });
    };
    let found = match version {
        None => versions.pop_last().map(|(_, file)| file),
        Some(version) => versions.remove(version),
    };
    found.ok_or_else(|| ModelFileError::UnknownVersion {
        data,
        service: service.to_owned(),
        version: version.unwrap_or_default().to_owned(),
        known: versions.into_keys().collect(),
    })
}

fn nearest(wrong: &str, known: &[&str]) -> Vec<String> {
    let wrong = wrong.to_lowercase();
    let alike = close_matches(&wrong, known).into_iter();
    let longer = known.iter().copied().filter(|name| wrong.len() > 2 && name.contains(&*wrong)).take(3);
    let mut found: Vec<String> = Vec::new();
    for name in alike.chain(longer) {
        if !found.iter().any(|seen| seen == name) {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(feature = "diff")]
fn close_matches<'n>(wrong: &str, known: &[&'n str]) -> Vec<&'n str> {
    similar::get_close_matches(wrong, known, 3, 0.6)
}

#[cfg(not(feature = "diff"))]
fn close_matches<'n>(_wrong: &str, _known: &[&'n str]) -> Vec<&'n str> {
    Vec::new()
}

/// The model of each version of a service. Versions are dates: the last is the newest.
fn versions(service: &Path) -> Result<BTreeMap<String, PathBuf>, ModelFileError> {
    let versions = folders(service)?.into_iter();
    let models = versions.filter_map(|(version, folder)| Some((version, plain_or_gz(&folder, "service-2.json")?)));
    Ok(models.collect())
}

/// The models of every service.
fn catalogue(data: &Path) -> Result<BTreeMap<String, BTreeMap<String, PathBuf>>, ModelFileError> {
    let mut services = BTreeMap::new();
    for (service, folder) in folders(data)? {
        let models = versions(&folder)?;
        if !models.is_empty() {
            services.insert(service, models);
        }
    }
    Ok(services)
}

fn folders(parent: &Path) -> Result<Vec<(String, PathBuf)>, ModelFileError> {
    let failed = |error| ModelFileError::Read { path: parent.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_dir()) {
            found.push((name.to_owned(), path));
        }
    }
    Ok(found)
}

fn plain_or_gz(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.is_file())
}

/// Reads a model, with its companions if the file is botocore's.
fn with_companions(source: String, file: PathBuf) -> Result<ModelFiles, ModelFileError> {
    let is_botocore =
        file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("service-2."));
    let folder = file.parent().filter(|_| is_botocore);
    let named = |companion: Companion| Some((companion, plain_or_gz(folder?, companion.file_name())?));
    let companions = Companion::ALL.into_iter().filter_map(named).map(|(companion, file)| {
        let text = read(&file)?;
        Ok(CompanionFile { companion, file, text })
    });
    let companions = companions.collect::<Result<_, _>>()?;
    Ok(ModelFiles { source, text: read(&file)?, file, companions })
}

fn read(path: &Path) -> Result<String, ModelFileError> {
    let text = match path.extension() {
        Some(ending) if ending == "gz" => unpacked(path),
        _ => bounded_file::text(path, FileKind::Model),
    };
    text.map_err(|error| ModelFileError::Read { path: path.to_owned(), error })
}

/// The text of a compressed model. The limit is that of the text.
fn unpacked(path: &Path) -> io::Result<String> {
    let limit = FileKind::Model.limit();
    let mut text = String::new();
    let file = bounded_file::open(path, FileKind::Model)?;
    decompressed(file)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit { Err(FileKind::Model.too_large()) } else { Ok(text) }
}

#[cfg(feature = "gzip")]
#[expect(clippy::unnecessary_wraps, reason = "a build without the feature fails")]
fn decompressed(file: File) -> io::Result<impl Read> {
    Ok(flate2::read::GzDecoder::new(file))
}

#[cfg(not(feature = "gzip"))]
fn decompressed(_file: File) -> io::Result<File> {
    let problem = "this build of wireproof reads no compressed models: enable the feature `gzip`";
    Err(io::Error::new(io::ErrorKind::Unsupported, problem))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use rstest::rstest;
    use tempfile::TempDir;

    use super::*;

    fn compressed(text: &str) -> Vec<u8> {
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        gz.finish().unwrap()
    }

    /// A botocore with `ssm` in one version and `dynamodb` in two.
    fn botocore() -> (TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        for version in ["ssm/2014-11-06", "dynamodb/2011-12-05", "dynamodb/2012-08-10", "empty/2020-01-01"] {
            fs::create_dir_all(data.join(version)).unwrap();
        }
        fs::write(data.join("endpoints.json"), "{}").unwrap();
        fs::write(data.join("ssm/2014-11-06/service-2.json.gz"), compressed("ssm")).unwrap();
        fs::write(data.join("ssm/2014-11-06/examples-1.json"), "examples").unwrap();
        fs::write(data.join("ssm/2014-11-06/waiters-2.json.gz"), compressed("waiters")).unwrap();
        fs::write(data.join("dynamodb/2011-12-05/service-2.json"), "old").unwrap();
        fs::write(data.join("dynamodb/2012-08-10/service-2.json"), "new").unwrap();
        let places = Places { botocore: Some(folder.path().to_owned()), path: None };
        (folder, places)
    }

    #[rstest]
    #[case::compressed("botocore:ssm", "ssm")]
    #[case::newest("botocore:dynamodb", "new")]
    #[case::by_version("botocore:dynamodb@2011-12-05", "old")]
    fn a_model_of_botocore_is_found_by_its_service(#[case] name: &str, #[case] text: &str) {
        let (_folder, places) = botocore();
        let found = find(name, &places).unwrap();
        assert_eq!(found.text, text);
        assert_eq!(find(&found.source, &places).unwrap(), found);
    }

    #[test]
    fn companions_are_beside_the_model() {
        let (folder, places) = botocore();
        let of = |name: &str| -> Vec<(Companion, String)> {
            let files = find(name, &places).unwrap().companions.into_iter();
            files.map(|found| (found.companion, found.text)).collect()
        };
        let expected = [(Companion::Examples, "examples".to_owned()), (Companion::Waiters, "waiters".to_owned())];
        assert_eq!(of("botocore:ssm"), expected);
        assert_eq!(of("botocore:dynamodb"), []);
        let path = folder.path().join("data/ssm/2014-11-06/service-2.json.gz");
        assert_eq!(of(path.to_str().unwrap()), expected);
    }

    #[test]
    fn a_service_is_one_that_has_a_model() {
        let (_folder, places) = botocore();
        let found = services(&places).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["dynamodb", "ssm"]);
        assert_eq!(found["dynamodb"], ["2011-12-05", "2012-08-10"]);
    }

    #[rstest]
    #[case::misspelt("botocore:dynamdb", "has no service \"dynamdb\": did you mean dynamodb?")]
    #[case::part("botocore:DYNAMO", "did you mean dynamodb?")]
    #[case::strange("botocore:zzz", "has no service \"zzz\"")]
    #[case::above("botocore:../data/ssm", "has no service")]
    #[case::version("botocore:ssm@1999-01-01", "has ssm in 2014-11-06, not in \"1999-01-01\"")]
    #[case::form("ssm", "unknown model \"ssm\"")]
    #[case::no_file("no/such.json", "cannot read no/such.json")]
    fn an_error_says_what_there_is(#[case] name: &str, #[case] expected: &str) {
        let (_folder, places) = botocore();
        let error = find(name, &places).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_botocore_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places { botocore: Some(folder.path().to_owned()), path: None };
        let error = find("botocore:ssm", &places).unwrap_err().to_string();
        assert!(error.contains("is not a botocore installation"), "{error}");
    }

    #[test]
    fn a_broken_compressed_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.json.gz");
        fs::write(&path, "not gzip").unwrap();
        let error = find(path.to_str().unwrap(), &Places::default()).unwrap_err().to_string();
        assert!(error.contains("m.json.gz"), "{error}");
    }
}
