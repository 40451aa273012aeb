//! The models of many services, in a folder or in the botocore of this machine.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Failure;
use crate::model::{
    self, Contract,
    bounded_file::{self, FileKind, FolderFailure, files_below},
    published::{self, ModelFileError, Places},
};

/// The place to find the model of a service by name.
#[derive(Debug)]
pub(super) enum ModelSource {
    /// A folder of Smithy models.
    Folder(ModelFolder),
    /// A botocore installation.
    Botocore(Places),
}

impl ModelSource {
    /// The model of a service, by its name in botocore.
    pub(super) fn find(&self, service: &str) -> Result<Option<Contract>, Failure> {
        let places = match self {
            Self::Folder(folder) => return folder.find(service),
            Self::Botocore(places) => places,
        };
        match published::find(format!("botocore:{service}"), places) {
            Ok(found) => contract(&found.file, &found.text).map(Some),
            Err(ModelFileError::UnknownService { .. }) => Ok(None),
            Err(error) => Err(Failure::usage(error.to_string())),
        }
    }
}

fn contract(file: &Path, text: &str) -> Result<Contract, Failure> {
    model::read(&file.display().to_string(), text).map_err(|error| Failure::usage(error.to_string()))
}

/// The models below a folder.
#[derive(Debug)]
pub(super) struct ModelFolder {
    models: Vec<(PathBuf, FolderNames)>,
}

/// The names of a service in its model (`aws.api#service`).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FolderNames {
    sdk_id: String,
    endpoint_prefix: String,
    arn_namespace: String,
}

impl ModelFolder {
    /// Searches a folder. A model is fully parsed only when it is needed.
    pub(super) fn open(root: &Path) -> Result<Self, Failure> {
        let mut models = Vec::new();
        let failed = |failure: FolderFailure| {
            Failure::usage(format!("cannot read {}: {}", failure.path.display(), failure.error))
        };
        let files = files_below(root).map_err(failed)?;
        for path in files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "json")) {
            let names = names(&text(&path)?);
            models.push((path, names));
        }
        if models.is_empty() {
            return Err(Failure::usage(format!(
                "no model in {}\nhelp: name a folder of Smithy JSON files",
                root.display()
            )));
        }
        Ok(Self { models })
    }

    /// The model of a service, by its name in botocore. The SDK ID is compared first, then the file name, the endpoint prefix
    /// and the ARN namespace. If several match, the last path wins, which ends with the latest API version.
    pub(super) fn find(&self, service: &str) -> Result<Option<Contract>, Failure> {
        let wanted = plain(service);
        let ways: [fn(&Path, &FolderNames) -> String; 4] = [
            |_, names| plain(&names.sdk_id),
            |path, _| file_name(path),
            |_, names| plain(&names.endpoint_prefix),
            |_, names| plain(&names.arn_namespace),
        ];
        let found = ways.iter().find_map(|name| self.models.iter().rfind(|(path, names)| name(path, names) == wanted));
        let Some((path, _)) = found else { return Ok(None) };
        contract(path, &text(path)?).map(Some)
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    bounded_file::text(path, FileKind::Model)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// Reads only the trait, because the folder may have hundreds of models of many megabytes.
fn names(text: &str) -> FolderNames {
    const TRAIT: &str = "\"aws.api#service\"";
    let rest = text.split_once(TRAIT).and_then(|(_, rest)| rest.trim_start().strip_prefix(':'));
    let mut values = rest.map(|rest| serde_json::Deserializer::from_str(rest).into_iter::<FolderNames>());
    values.as_mut().and_then(Iterator::next).and_then(Result::ok).unwrap_or_default()
}

/// `ssm` of `ssm-2014-11-06.json`.
fn file_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let is_date = |text: &str| text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let cut = stem.len().checked_sub(11).and_then(|at| stem.split_at_checked(at)).filter(|(_, date)| is_date(date));
    plain(cut.map_or(stem.as_str(), |(name, _)| name))
}

/// A name without case and punctuation, which differ between lists.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rstest::rstest;

    use super::*;

    fn model(name: &str, traits: &str) -> String {
        format!(
            r#"{{"smithy":"2.0","shapes":{{"x#{name}":{{"type":"service","traits":{{"aws.api#service": {traits}}}}}}}}}"#
        )
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "logs/cloudwatch-logs-2014-03-28.json",
            &model("Logs", r#"{"sdkId":"CloudWatch Logs","endpointPrefix":"logs"}"#),
        );
        write(
            "sc/service-catalog-2015-12-10.json",
            &model("Catalog", r#"{"sdkId":"Service Catalog","endpointPrefix":"servicecatalog"}"#),
        );
        write(
            "sc/appregistry-2020-06-24.json",
            &model("Registry", r#"{"sdkId":"AppRegistry","endpointPrefix":"servicecatalog"}"#),
        );
        write("twice/twice-2001-01-01.json", &model("Old", "{}"));
        write("twice/twice-2002-01-01.json", &model("New", "{}"));
        write("notes.txt", "?");
        folder
    }

    #[rstest]
    #[case::by_endpoint("logs", Some("Logs"))]
    #[case::by_sdk("servicecatalog", Some("Catalog"))]
    #[case::by_file("twice", Some("New"))]
    #[case::in_another_spelling("app-registry", Some("Registry"))]
    #[case::unknown("ssm", None)]
    fn a_model_is_found_by_the_name_of_its_service(#[case] service: &str, #[case] expected: Option<&str>) {
        let folder = folder();
        let found = ModelFolder::open(folder.path()).unwrap().find(service).unwrap();
        assert_eq!(found.as_ref().map(|contract| contract.service().id.name()), expected);
    }

    #[test]
    fn a_folder_without_models_and_a_missing_folder_are_rejected() {
        let empty = tempfile::tempdir().unwrap();
        let rejected = |path: &Path| ModelFolder::open(path).unwrap_err().to_string();
        assert!(rejected(empty.path()).contains("no model in"));
        assert!(rejected(Path::new("not/there")).contains("cannot read not/there"));
    }
}
