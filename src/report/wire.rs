//! draft
/// draft
pub struct WireFiles;

impl WireFiles {
    /// d
    #[must_use]
    pub fn new(_: std::path::PathBuf) -> Self {
        Self
    }
}
impl super::Reporter for WireFiles {
    fn event(&mut self, _: &crate::event::Event) -> std::io::Result<()> {
        Ok(())
    }
}
