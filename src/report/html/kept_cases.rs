//! The cases and exchanges of a page. A large page has the exchanges of causes only, so that it opens quickly.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use crate::{
    cause::Cause,
    judge::verdict::Verdict,
    run::event::{CaseFinished, CaseReport},
    suite::CaseId,
};

/// A page with more cases than this lacks most exchanges, and most cases without scripts.
const WHOLE: usize = 500;

/// The cases of a run. Exchanges are compressed until the end, because only then it is known which of them are kept.
#[derive(Debug, Default)]
pub(super) struct CollectedCases {
    pub(super) reports: Vec<CaseReport>,
    exchanges: BTreeMap<CaseId, Vec<u8>>,
}

impl CollectedCases {
    pub(super) fn enter(&mut self, case: &CaseFinished) -> io::Result<()> {
        let report = CaseReport { exchange: None, ..case.report.clone() };
        if self.reports.len() < WHOLE || report.verdict == Verdict::Deviates {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            let (exchanges, difference) = (case.exchanges.clone(), case.difference.clone());
            serde_json::to_writer(&mut encoder, &CaseFinished { report: report.clone(), exchanges, difference })?;
            self.exchanges.insert(report.id.clone(), encoder.finish()?);
        }
        self.reports.push(report);
        Ok(())
    }

    /// The case with its exchanges.
    pub(super) fn whole(&self, id: &CaseId) -> io::Result<Option<CaseFinished>> {
        let packed = self.exchanges.get(id);
        Ok(packed.map(|packed| serde_json::from_reader(GzDecoder::new(packed.as_slice()))).transpose()?)
    }
}

/// The cases that a page has more of than their findings.
pub(super) struct KeptCases<'c> {
    /// True if every case has its exchanges, and is readable without scripts.
    pub(super) is_whole: bool,
    representatives: BTreeSet<&'c CaseId>,
    shown: BTreeSet<&'c CaseId>,
    causes: BTreeMap<&'c CaseId, Vec<&'c Cause>>,
}

impl<'c> KeptCases<'c> {
    /// The cases that are kept for these causes, and for those of what is probably wrong.
    pub(super) fn of(cases: usize, causes: &'c [Cause], likely: &'c [Cause]) -> Self {
        let mut by_case: BTreeMap<&CaseId, Vec<&Cause>> = BTreeMap::new();
        for cause in causes {
            cause.cases.iter().for_each(|id| by_case.entry(id).or_default().push(cause));
        }
        Self {
            is_whole: cases <= WHOLE,
            representatives: causes.iter().chain(likely).map(|cause| &cause.representative).collect(),
            shown: causes.iter().flat_map(Cause::shown).collect(),
            causes: by_case,
        }
    }

    /// Returns whether the page has the exchanges of a case.
    pub(super) fn has_exchanges(&self, id: &CaseId) -> bool {
        self.is_whole || self.shown.contains(id)
    }

    /// Returns whether a case is readable without scripts.
    pub(super) fn is_written_out(&self, id: &CaseId) -> bool {
        self.is_whole || self.representatives.contains(id)
    }

    /// The causes of a case.
    pub(super) fn causes(&self, id: &CaseId) -> &[&'c Cause] {
        self.causes.get(id).map(Vec::as_slice).unwrap_or_default()
    }
}
