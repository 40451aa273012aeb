//! stub
use std::path::Path;
pub(crate) struct ModelFiles { pub(crate) service: String, pub(crate) text: String }
pub(crate) fn find(name: &str, _botocore: Option<&Path>) -> Result<ModelFiles, std::io::Error> {
    let text = std::fs::read_to_string(name)?;
    let service = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(ModelFiles { service, text })
}
