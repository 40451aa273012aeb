//! Fixtures and snapshots are compiled in, and tests are made of them: a file that is new or gone must build again. The
//! digest of the sources is compiled in, too: a proof of the judge names it.

use std::{fs, io, path::Path};

// This is how a build script speaks to cargo.
#[allow(clippy::print_stdout)]
fn main() -> io::Result<()> {
    for watched in ["fixtures", "snapshots", "src", "build.rs"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    println!("cargo::rustc-env=WIREPROOF_SOURCES={}", digest(Path::new("src"))?);
    Ok(())
}

/// The SHA-256 of the lines that `sha256sum` prints for the files below a folder, sorted by path.
fn digest(folder: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort_unstable();
    let line = |(path, sum): &(String, String)| format!("{sum}  {path}\n");
    Ok(sha256(files.iter().map(line).collect::<String>().as_bytes()))
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push((path.to_string_lossy().replace('\\', "/"), sha256(&with_line_feeds(&fs::read(&path)?))));
        }
    }
    Ok(())
}

/// Git may check out texts with CRLF.
fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let is_kept = |at: &usize| bytes[*at] != b'\r' || bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(is_kept).map(|at| bytes[at]).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hmac_sha256::Hash::hash(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
