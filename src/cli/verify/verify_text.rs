//! The result of `wireproof verify` as one screen of text.

use std::io::{self, Write};

use super::{
    Verification,
    verify_report::{Rerun, VerifyReport},
};
use crate::{
    certificate::{
        probe_scope::{ModelStanding, StatedProbes, recipe_in_words},
        statement::Statement,
        verify::{VerifiedModel, VerifyProblem},
    },
    cli::certify::{conclusions, proof_in_words},
    report::text::{CommandFreeJson, count, line},
    suite::{ModelIdentity, RequestGroup},
};

/// Prints the result as text, or as one JSON document.
pub(super) fn print(verification: &Verification<'_>, json: bool) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    if json {
        serde_json::to_writer_pretty(CommandFreeJson::new(&mut out), &VerifyReport::of(verification))?;
        writeln!(out)?;
    } else {
        human(&mut out, verification)?;
    }
    out.flush()
}

fn human(out: &mut impl Write, verification: &Verification<'_>) -> io::Result<()> {
    let verified = verification.verified;
    for VerifyProblem { check, says } in &verified.problems {
        writeln!(out, "{}: {}", check.name(), line(says))?;
    }
    let Some(statement) = verified.statement.as_ref().filter(|_| verified.is_sound()) else {
        return writeln!(out, "not verified: {}", count(verified.problems.len(), "problem"));
    };
    conclusions(out, statement)?;
    if let (Some(model), Some(stated)) = (&verified.model, &statement.predicate.wireproof.stated.probes) {
        writeln!(out, "model: {}", line(&model_in_words(model, stated)))?;
    }
    writeln!(out, "verified:")?;
    shown(out, verification, statement)?;
    writeln!(out, "not proven:")?;
    not_shown(out, verification, statement)
}

/// The model of the probes, and what the verifier knows of it.
fn model_in_words(model: &VerifiedModel, stated: &StatedProbes) -> String {
    let known = match &model.standing {
        ModelStanding::Same => "the same as on this machine".to_owned(),
        ModelStanding::Differs(files) => format!("NOT that of this machine: {} differ", files.join(", ")),
        ModelStanding::Unknown => "the vendor's copy: this machine has none to compare".to_owned(),
    };
    let ModelIdentity { source, digest, .. } = &stated.model;
    let digest = digest.get(..12).unwrap_or_default();
    format!("{source}, sha256 {digest}…, {known}; {}", recipe_in_words(model.recipe))
}

/// Writes the facts that the verification proved.
fn shown(out: &mut impl Write, verification: &Verification<'_>, statement: &Statement) -> io::Result<()> {
    let Verification { verified, keys, nonce, done } = *verification;
    let claims = &statement.predicate.wireproof;
    let cases = claims.ledger.selected;
    let requests = match verified.underived {
        0 => "every request derived again from the seed".to_owned(),
        some => format!("the requests of {} derived again from the seed", count(cases.saturating_sub(some), "case")),
    };
    let files = count(claims.files.len() + 2, "file");
    writeln!(out, "  {files} intact, {} judged again, {requests}", count(cases, "case"))?;
    keys.iter().try_for_each(|key| writeln!(out, "  signed by {}", key.id()))?;
    if let (Some(stated), Some(_)) = (&claims.stated.nonce, nonce) {
        writeln!(out, "  nonce {}: the run is not older than the nonce", line(stated))?;
    }
    if let Some(Rerun { seed, compared, .. }) = done.rerun {
        let verb = if compared == 1 { "was" } else { "were" };
        let cases = count(compared, "case");
        writeln!(out, "  {cases} {verb} rerun with the same result (--rerun-seed {seed})")?;
    }
    if let Some(proof) = proof_in_words(statement).filter(|_| is_stated(statement)) {
        writeln!(out, "  {proof}")?;
    }
    if let Some(rows) = done.proven {
        writeln!(
            out,
            "  the kill matrix of {rows} mutants and constant endpoints was produced again with the same result"
        )?;
    }
    Ok(())
}

/// Writes the facts that a reader must trust without proof.
fn not_shown(out: &mut impl Write, verification: &Verification<'_>, statement: &Statement) -> io::Result<()> {
    let Verification { verified, keys, nonce, done } = *verification;
    let claims = &statement.predicate.wireproof;
    if done.rerun.is_none() {
        let name = line(&claims.stated.target.name);
        writeln!(out, "  that {name} sent these responses: --rerun N asks it again")?;
    }
    if keys.is_empty() {
        writeln!(out, "  who made it: unsigned, the author is unknown, and the responses may be invented")?;
    }
    match (&claims.stated.nonce, nonce) {
        (Some(_), Some(_)) => {}
        (Some(stated), None) => {
            let stated = line(stated);
            writeln!(
                out,
                "  when it was made: nonce {stated} proves it to the verifier who chose it and passes --nonce"
            )?;
        }
        (None, _) => writeln!(out, "  when it was made: no nonce, so the vendor chose the time and the seed")?,
    }
    if claims.stated.probes.is_some() {
        let groups = RequestGroup::ALL.map(RequestGroup::name).into_iter();
        let absent: Vec<&str> = groups.filter(|name| !claims.stated.requested.iter().any(|of| of == name)).collect();
        let absent = if absent.is_empty() { "none".to_owned() } else { absent.join(", ") };
        writeln!(out, "  what no probe of these groups covers (groups left out: {absent})")?;
        if verified.underived > 0 {
            let cases = count(verified.underived, "case");
            writeln!(out, "  the requests of {cases}: they name sensitive values, which the bundle does not contain")?;
        }
    } else if done.proven.is_none() && is_stated(statement) {
        writeln!(out, "  that the statement about the suite is true: --prove makes the kill matrix again")?;
    } else if done.proven.is_none() {
        writeln!(out, "  that the suite detects faults: the kill matrix is the vendor's, --prove makes it again")?;
    }
    Ok(())
}

/// Returns whether a signed statement replaces the kill matrix.
fn is_stated(statement: &Statement) -> bool {
    statement.predicate.wireproof.mutants.as_ref().is_some_and(|sums| sums.stated_by.is_some())
}
