//! Prints profiles and the result of a certificate.

use std::{
    io::{self, Write},
    path::Path,
};

use super::bench::CertifyBench;
use crate::{
    certificate::{
        decision::{Decision, Missing},
        key::CertificateKey,
        probe_decision::{ProbedModel, StatedCause},
        profile::{Level, Profile},
        proof_statement::MutantSums,
        statement::{StatedTarget, Statement},
    },
    judge::verdict::Ledger,
    report::text::{count, line},
};

pub(super) fn list(bench: &CertifyBench) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    for profile in bench.profiles.iter() {
        let Profile { service, name, says, .. } = profile;
        let (core, extended) = (profile.count(Level::Core), profile.count(Level::Extended));
        let cases = profile.cases(&bench.suite);
        writeln!(out, "{service} {name}: {says}")?;
        writeln!(out, "  {core} core and {extended} extended requirements, {}", count(cases.len(), "case"))?;
        for level in [Level::Core, Level::Extended] {
            let ids = profile.requirements.iter().filter(|(_, of)| **of == level).map(|(id, _)| id.as_str());
            let ids: Vec<&str> = ids.collect();
            if !ids.is_empty() {
                writeln!(out, "  {}: {}", level.name(), ids.join(" "))?;
            }
        }
    }
    for (id, reason) in bench.profiles.outside() {
        writeln!(out, "{id} is not in any profile: {reason}")?;
    }
    out.flush()
}

/// The number of missing items that are printed for all profiles; the statement has all of them.
const MOST_MISSING: usize = 4;

/// The number of causes that are printed.
const MOST_CAUSES: usize = 3;

/// The number of operations that are printed for each reason.
const MOST_OPERATIONS: usize = 8;

pub(super) fn print(root: &Path, statement: &Statement, key: Option<&CertificateKey>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    conclusions(&mut out, statement)?;
    if let Some(proof) = proof_in_words(statement) {
        writeln!(out, "{proof}")?;
    }
    match key {
        Some(key) => writeln!(out, "signed by {}", key.public().id())?,
        None => writeln!(out, "unsigned: the author is unknown")?,
    }
    writeln!(out, "bundle in {}", root.display())?;
    out.flush()
}

/// Describes the proof that the suite detects faults; `None` without one.
pub(in crate::cli) fn proof_in_words(statement: &Statement) -> Option<String> {
    let claims = &statement.predicate.wireproof;
    let MutantSums { mutants, stated_by, .. } = claims.mutants.as_ref()?;
    let by = match stated_by {
        Some(key) => format!("the statement of {key} for {}", claims.stated.tool),
        None => "the kill matrix in the bundle".to_owned(),
    };
    Some(line(&format!("the suite detects faults, by {by} ({})", count(*mutants, "mutant"))))
}

/// Prints what a certificate grants, what is missing, and what it covers.
pub(in crate::cli) fn conclusions(out: &mut impl Write, statement: &Statement) -> io::Result<()> {
    let claims = &statement.predicate.wireproof;
    let StatedTarget { name, version, endpoint, .. } = &claims.stated.target;
    let granted = if claims.granted { "granted" } else { "not granted" };
    // The author of the certificate chose these texts.
    let target = line(&format!("{name} {version} at {endpoint}"));
    writeln!(out, "{granted} to {target}, seed {}", claims.seed)?;
    for missing in &claims.missing {
        writeln!(out, "missing: {}", line(missing))?;
    }
    claims.profiles.iter().try_for_each(|decision| level(out, decision))?;
    missing(out, &claims.profiles)?;
    claims.probed.as_ref().map_or(Ok(()), |probed| covered(out, probed))?;
    let Ledger { conforms, deviates, blocked, inconclusive, not_implemented, not_applicable, .. } = claims.ledger;
    writeln!(
        out,
        "cases: {conforms} conform, {deviates} deviate, {blocked} blocked, {inconclusive} inconclusive, \
         {not_implemented} not implemented, {not_applicable} not applicable"
    )?;
    claims.probed.as_ref().map_or(Ok(()), |probed| known_deviations(out, probed))
}

/// Prints the level of a profile or of a group of probes.
fn level(out: &mut impl Write, decision: &Decision) -> io::Result<()> {
    let Decision { service, profile, granted, cases, requirements, .. } = decision;
    let granted = granted.map_or("not granted", Level::name);
    let requirements = (*requirements > 0).then(|| format!(", {}", count(*requirements, "requirement")));
    let name = line(&format!("{service} {profile}"));
    writeln!(out, "{name}: {granted} ({}{})", count(*cases, "case"), requirements.unwrap_or_default())
}

/// Prints the first missing items of all profiles. Operations that are absent are printed elsewhere.
fn missing(out: &mut impl Write, profiles: &[Decision]) -> io::Result<()> {
    let all: Vec<&Missing> =
        profiles.iter().flat_map(|profile| &profile.missing).filter(|one| one.gap.is_none()).collect();
    for missing in all.iter().take(MOST_MISSING) {
        let missing_item = line(&format!("{}: {}", missing.what, missing.because));
        writeln!(out, "  {} lacks {missing_item}", missing.level.name())?;
    }
    match all.len().saturating_sub(MOST_MISSING) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more, in statement.json"),
    }
}

fn covered(out: &mut impl Write, probed: &ProbedModel) -> io::Result<()> {
    let ProbedModel { operations, covered, not_shown, not_implemented, not_probed, .. } = probed;
    writeln!(
        out,
        "covers {} of {operations} operations; {} of {} have probes of these groups",
        covered.len(),
        probed.constraints_probed,
        count(probed.constraints, "constraint")
    )?;
    let absent = [
        ("not implemented", not_implemented),
        ("implemented, but no valid request is accepted", not_shown),
        ("not probed", not_probed),
    ];
    for (reason, names) in absent {
        if !names.is_empty() {
            let shown: Vec<&str> = names.iter().take(MOST_OPERATIONS).map(String::as_str).collect();
            let more = names.len().saturating_sub(MOST_OPERATIONS);
            let more = if more > 0 { format!(" and {more} more, in statement.json") } else { String::new() };
            writeln!(out, "{reason} ({}): {}{more}", names.len(), line(&shown.join(", ")))?;
        }
    }
    Ok(())
}

fn known_deviations(out: &mut impl Write, probed: &ProbedModel) -> io::Result<()> {
    if !probed.causes.is_empty() {
        writeln!(out, "known deviations: {}", count(probed.causes.len(), "cause"))?;
    }
    for StatedCause { says, cases, .. } in probed.causes.iter().take(MOST_CAUSES) {
        writeln!(out, "  {} ({})", line(says), count(*cases, "case"))?;
    }
    Ok(())
}
