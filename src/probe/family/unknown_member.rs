//! A member that a structure does not have, which services ignore.

use serde_json::json;

use super::{DraftProbe, InputChange, ProbeDraft, ProbeSubject, Want};
use crate::model::ShapeKind;

pub(super) fn ask(subject: &ProbeSubject<'_>) -> Option<DraftProbe> {
    matches!(subject.shape.kind, ShapeKind::Structure(_)).then(|| {
        let change = InputChange::Add("WireproofUnknown".to_owned(), json!("x"));
        DraftProbe::of(
            "unknown members are ignored",
            vec![ProbeDraft::new("ignored", "has a member that its shape lacks", change, Want::Admitted)],
        )
    })
}
