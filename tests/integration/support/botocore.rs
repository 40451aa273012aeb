//! The models of the installed botocore, which `WIREPROOF_BOTOCORE` or the search path names.

use std::{collections::BTreeMap, env};

use anyhow::Result;
use wireproof::internals::model::{
    self, Contract,
    published::{self, ModelFileError, ModelFiles, Places},
};

use super::corpus::say;

fn places() -> Places {
    let given = env::var_os("WIREPROOF_BOTOCORE").filter(|folder| !folder.is_empty());
    Places { botocore: given.map(Into::into), path: env::var_os("PATH") }
}

/// What was found; `None`, and said so, where no botocore is installed.
fn installed<T>(found: Result<T, ModelFileError>) -> Result<Option<T>> {
    match found {
        Err(ModelFileError::NoBotocore) => {
            say("skipped: no botocore is installed, and WIREPROOF_BOTOCORE is not set")?;
            Ok(None)
        }
        found => Ok(Some(found?)),
    }
}

/// A model with its companions, by the name `SERVICE` or `SERVICE@VERSION`.
pub(crate) fn model_files(name: &str) -> Result<Option<ModelFiles>> {
    installed(published::find(format!("botocore:{name}"), &places()))
}

/// The services with their versions.
pub(crate) fn services() -> Result<Option<BTreeMap<String, Vec<String>>>> {
    installed(published::services(&places()))
}

/// The contract of a model, with what its companions add.
pub(crate) fn contract(files: ModelFiles) -> Result<Contract> {
    let mut contract = model::read(&files.file.display().to_string(), &files.text)?;
    for found in files.companions {
        contract = contract.with_companion(found.companion, &found.file.display().to_string(), &found.text)?;
    }
    Ok(contract)
}
