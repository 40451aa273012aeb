//! What the crate promises: its public API, item by item. A change of it is seen in review, and named in CHANGELOG.md.
//!
//! The list is read from rustdoc's JSON, whose form is not stable: with a compiler that writes another form than the
//! reader knows, the test says that it is skipped. Modules that are public for the program and for these tests alone
//! are hidden, and are no part of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic here is a failed test")]

mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Rustdoc's JSON of this crate with every feature.
fn described(target: &Path) -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .current_dir(support::package())
        .args(["rustdoc", "--lib", "--all-features", "--quiet", "--target-dir"])
        .arg(target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        // The form of the output is unstable, and needs this on a stable compiler.
        .env("RUSTC_BOOTSTRAP", "1")
        .status()
        .expect("cargo starts");
    assert!(done.success(), "rustdoc fails");
    target.join("doc/wireproof.json")
}

#[test]
fn the_public_api_is_the_one_that_was_reviewed() {
    // The folder of this build, where the dependencies may be already.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder above");
    let json = described(target);
    let read = public_api::Builder::from_rustdoc_json(&json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build();
    let api = match read {
        Ok(api) => api,
        Err(error) => {
            let version = fs::read_to_string(&json).unwrap_or_default();
            let version = version.rsplit("\"format_version\":").next().unwrap_or_default();
            return eprintln!("skipped: this compiler's rustdoc writes form {version}, which is not known: {error}");
        }
    };
    insta::assert_snapshot!("public-api", api.to_string());
}
