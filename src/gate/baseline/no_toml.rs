//! Replaces TOML in a build without it: every use is an error that names the feature.

use super::{Baseline, BaselineError};

/// Always fails.
pub(super) fn read<T>(file: &str, _text: &str) -> Result<T, BaselineError> {
    Err(BaselineError::Unsupported { file: file.to_owned() })
}

impl Baseline {
    /// Always fails.
    ///
    /// # Errors
    /// Always.
    pub fn text_over(&self, file: &str, _older: &str) -> Result<String, BaselineError> {
        Err(BaselineError::Unsupported { file: file.to_owned() })
    }
}
