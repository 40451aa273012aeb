//! Prints profiles and the result of a certificate.

use std::{
    io::{self, Write},
    path::Path,
};

use super::bench::CertifyBench;
use crate::{
    certificate::{
        decision::Decision,
        key::CertificateKey,
        profile::{Level, Profile},
        statement::{StatedTarget, Statement},
    },
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

/// The number of missing items that are printed; the statement has all of them.
const MOST: usize = 12;

pub(super) fn print(root: &Path, statement: &Statement, key: Option<&CertificateKey>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    conclusions(&mut out, statement)?;
    match key {
        Some(key) => writeln!(out, "signed by {}", key.public().id())?,
        None => writeln!(out, "unsigned: the author is unknown")?,
    }
    writeln!(out, "bundle in {}", root.display())?;
    out.flush()
}

/// Prints what a certificate grants, and what is missing.
pub(in crate::cli) fn conclusions(out: &mut impl Write, statement: &Statement) -> io::Result<()> {
    let claims = &statement.predicate.wireproof;
    for Decision { service, profile, granted, cases, requirements, missing } in &claims.profiles {
        let granted = granted.map_or("not granted", Level::name);
        let name = line(&format!("{service} {profile}"));
        writeln!(out, "{name}: {granted} ({}, {})", count(*cases, "case"), count(*requirements, "requirement"))?;
        for missing in missing.iter().take(MOST) {
            let missing_item = line(&format!("{}: {}", missing.what, missing.because));
            writeln!(out, "  {} lacks {missing_item}", missing.level.name())?;
        }
        if missing.len() > MOST {
            writeln!(out, "  and {} more, in statement.json", missing.len() - MOST)?;
        }
    }
    for missing in &claims.missing {
        writeln!(out, "missing: {}", line(missing))?;
    }
    let StatedTarget { name, version, endpoint, .. } = &claims.stated.target;
    let granted = if claims.granted { "granted" } else { "not granted" };
    // The author of the certificate chose these texts.
    let target = line(&format!("{name} {version} at {endpoint}"));
    writeln!(out, "{granted} to {target}, seed {}", claims.seed)
}
