//! A small matrix with every fate, and one with good fates only.

use crate::{
    judge::{
        code::Code,
        verdict::{Ledger, Severity},
    },
    proof::matrix::{ConstantRow, Detection, Fate, KillMatrix, MatrixCell, MutantRow},
};

pub(super) const CASE: &str = "codedeploy/stop-deployment/finished";

/// A mutant that those checks detect in one case.
pub(super) fn mutant(id: &str, fate: Fate, found: &[(Code, Severity)]) -> MutantRow {
    let first = found.first().map(|(code, severity)| Detection {
        case: CASE.to_owned(),
        code: *code,
        severity: *severity,
        expected: "a JSON string".to_owned(),
        actual: "null".to_owned(),
    });
    let is_excused = matches!(fate, Fate::Equivalent | Fate::FalsePositive);
    MutantRow {
        id: id.to_owned(),
        family: id.split('/').nth(2).unwrap_or_default().to_owned(),
        says: "the member is null".to_owned(),
        kind: vec![Code::ERROR_IDENTITY, Code::RESPONSE_SHAPE],
        fate,
        reason: is_excused.then(|| "the page promises no such member".to_owned()),
        codes: found.iter().map(|(code, severity)| (*code, MatrixCell { severity: *severity, cases: 1 })).collect(),
        detection: first,
        cases: 3,
        deviations: if fate == Fate::Idle { 0 } else { 8 },
    }
}

fn constant(name: &str, conforms_unchecked: usize) -> ConstantRow {
    let ledger = Ledger { selected: 466, not_implemented: 466, ..Ledger::default() };
    ConstantRow {
        name: name.to_owned(),
        says: "200 with an empty object".to_owned(),
        ledger,
        conforms_unchecked,
        reasons: [("it is right there".to_owned(), 1)].into_iter().filter(|_| conforms_unchecked > 0).collect(),
        unexplained: (1..conforms_unchecked).map(|_| CASE.to_owned()).collect(),
        unused_allowances: Vec::new(),
    }
}

/// A matrix with every problem.
pub(super) fn matrix() -> KillMatrix {
    use Severity::{Error, Note, Warning};
    let mutants = vec![
        mutant("codedeploy/GetDeployment/output/a.*.b/null", Fate::Killed, &[(Code::RESPONSE_SHAPE, Error)]),
        mutant("codedeploy/GetDeployment/output/c/empty", Fate::Killed, &[(Code::RESPONSE_SHAPE, Warning)]),
        mutant("codedeploy/GetDeployment/output/d/dropped", Fate::Survived, &[(Code::SNAPSHOT, Note)]),
        mutant("codedeploy/GetDeployment/view/e/undone", Fate::FalsePositive, &[(Code::EVENTUALLY, Error)]),
        mutant("codedeploy/GetDeployment/view/f/late", Fate::Idle, &[]),
        mutant("codedeploy/StopDeployment/error/g/renamed", Fate::Killed, &[(Code::ERROR_IDENTITY, Error)]),
        mutant("codedeploy/StopDeployment/header/h/gone", Fate::Equivalent, &[]),
    ];
    KillMatrix {
        schema: "wireproof/mutants/v2".to_owned(),
        tool: "wireproof 0.0.0".to_owned(),
        suite: "532c1b04".to_owned(),
        seed: 7,
        only: Vec::new(),
        exhaustive: false,
        reference: Ledger { selected: 466, conforms: 466, ..Ledger::default() },
        mutants,
        constant_endpoints: vec![constant("empty-object", 0), constant("parrot", 2)],
        unused_equivalents: vec!["codedeploy/Gone/*".to_owned()],
        duration_ms: 277_125,
    }
}

/// A matrix that proves the judge.
pub(super) fn proven() -> KillMatrix {
    let mut matrix = matrix();
    matrix.mutants.retain(|row| row.fate.is_good());
    matrix.constant_endpoints.retain(|row| row.conforms_unchecked == 0);
    matrix.unused_equivalents.clear();
    matrix
}

/// A matrix whose texts contain markup and escape sequences.
pub(super) fn hostile() -> KillMatrix {
    const MARKUP: &str = "</script><script>alert('x')</script>\u{1b}[2J\u{202e}{{data}}";
    let mut matrix = matrix();
    for row in &mut matrix.mutants {
        row.id += MARKUP;
        row.says += MARKUP;
        row.family += MARKUP;
        row.reason = row.reason.take().map(|reason| reason + MARKUP);
        if let Some(detection) = &mut row.detection {
            detection.case += MARKUP;
            detection.expected += MARKUP;
            detection.actual += MARKUP;
        }
    }
    for row in &mut matrix.constant_endpoints {
        row.name += MARKUP;
        row.says += MARKUP;
        row.unexplained.push(MARKUP.to_owned());
    }
    matrix.suite += MARKUP;
    matrix.unused_equivalents = vec![MARKUP.to_owned()];
    matrix
}
