//! Published test vectors, which are not part of this repository.

use std::{env, path::PathBuf};

/// The folder of vectors beside that which `WIREPROOF_PROTOCOL_TESTS` names. Without the variable, the skip is said on
/// standard error.
pub(super) fn folder(name: &str) -> Option<PathBuf> {
    let Some(given) = env::var_os("WIREPROOF_PROTOCOL_TESTS").filter(|given| !given.is_empty()) else {
        eprintln!("skipped: the vectors of {name}: WIREPROOF_PROTOCOL_TESTS is not set");
        return None;
    };
    let folder = PathBuf::from(given).parent().unwrap().join(name);
    assert!(folder.is_dir(), "{} is not a folder", folder.display());
    Some(folder)
}
