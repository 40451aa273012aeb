//! draft
/// draft
pub struct WireFiles;
