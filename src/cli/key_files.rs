//! Reads key files, and writes new ones that only their owner can read.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use super::{Failure, written};
use crate::{
    certificate::key::{CertificateKey, KeyError, PublicKey},
    model::bounded_file::{self, FileKind},
    run::exit::ExitStatus,
};

pub(super) fn signing_key(path: &Path) -> Result<CertificateKey, Failure> {
    read(path, CertificateKey::read)
}

pub(super) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    read(path, PublicKey::read)
}

fn read<K>(path: &Path, key: fn(&str) -> Result<K, KeyError>) -> Result<K, Failure> {
    let failed = |error: String| Failure::usage(format!("{}: {error}", path.display()));
    let text = bounded_file::text(path, FileKind::Setting).map_err(|error| failed(error.to_string()))?;
    key(&text).map_err(|error| failed(error.to_string()))
}

/// Writes a new key to a file that only its owner can read, and its public key next to it.
pub(super) fn new_key(path: &Path) -> Result<ExitStatus, Failure> {
    let failed = |error: io::Error| Failure::usage(format!("cannot write {}: {error}", path.display()));
    let text = CertificateKey::fresh().map_err(|error| Failure::internal(error.to_string()))?;
    let public = CertificateKey::read(&text).map_err(|error| Failure::internal(error.to_string()))?.public();
    private(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    fs::write(&beside, public.pem()).map_err(failed)?;
    written(writeln!(io::stdout(), "{}", public.id()))?;
    Ok(ExitStatus::Conforms)
}

/// Creates a new file that only its owner can read.
fn private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
