//! draft
use super::Reporter;
use crate::{event::Event, verdict::Verdict};
use std::io::{self, Write};
/// draft
pub struct HumanOptions {
    /// d
    pub color: bool,
    /// d
    pub width: usize,
    /// d
    pub verbose: bool,
    /// d
    pub quiet: bool,
    /// d
    pub curl: bool,
    /// d
    pub rerun: String,
}
/// draft
pub struct Human<W>(pub W);
impl<W> Human<W> {
    /// d
    pub fn new(w: W, _: HumanOptions) -> Self {
        Self(w)
    }
}
impl<W: Write + Send> Reporter for Human<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::CaseFinished(c) if c.report.verdict != Verdict::Conforms => {
                writeln!(self.0, "{} {} {}", c.report.verdict, c.report.id, c.report.reason)?;
                for f in &c.report.findings {
                    writeln!(
                        self.0,
                        "    [{}] {} step {} {} expected {} got {} {:?}",
                        f.severity, f.code, f.step, f.pointer, f.expected, f.actual, f.cites
                    )?;
                }
                if let Some(e) = &c.report.exchange {
                    writeln!(self.0, "{}\n{}", e.request, e.response)?;
                }
            }
            Event::RunFinished(r) => writeln!(self.0, "{:?} {} ms", r.ledger, r.duration_ms)?,
            _ => {}
        }
        Ok(())
    }
}
