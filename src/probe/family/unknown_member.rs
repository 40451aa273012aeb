//! A member that a structure does not have, which services ignore.

use serde_json::json;

use super::{Asked, Change, Draft, Subject, Want};
use crate::model::Kind;

pub(super) fn ask(subject: &Subject<'_>) -> Option<Asked> {
    matches!(subject.shape.kind, Kind::Structure(_)).then(|| {
        let change = Change::Add("WireproofUnknown".to_owned(), json!("x"));
        Asked::of(
            "unknown members are ignored",
            vec![Draft::new("ignored", "has a member that its shape lacks", change, Want::Admitted)],
        )
    })
}
