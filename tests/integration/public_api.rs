//! The public API of the crate, item by item. A change is visible in review, and is listed in CHANGELOG.md.
//!
//! The list is read from rustdoc's JSON, whose format is not stable. If the compiler writes another format than the
//! reader knows, the test reports that it is skipped. Hidden modules are public only for the program and for these
//! tests. They do not belong to the API, but everything that the root re-exports does, from any module.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::support;
use regex::Regex;
use serde_json::Value;

/// Rustdoc's JSON of this crate with every feature.
fn described(target: &Path) -> PathBuf {
    let done = support::cargo()
        .args(["rustdoc", "--lib", "--all-features", "--quiet", "--target-dir"])
        .arg(target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--document-hidden-items"])
        .env("RUSTDOC", unlocked_rustdoc())
        .status()
        .expect("cargo starts");
    assert!(done.success(), "rustdoc fails");
    target.join("doc/wireproof.json")
}

/// The form of the output is unstable, and needs a variable on a stable compiler. Only rustdoc may see it: build scripts of
/// dependencies look at it, and the folder of this build would be built again while its tests run.
fn unlocked_rustdoc() -> PathBuf {
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unlocked-rustdoc");
    let rustdoc = env::var("RUSTDOC").unwrap_or_else(|_| "rustdoc".to_owned());
    fs::write(&script, format!("#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec {rustdoc} \"$@\"\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

/// The re-exports of the root: a pattern of the path of each, and its promised path.
fn promised(json: &Path) -> Vec<(String, String)> {
    let described: Value = serde_json::from_str(&fs::read_to_string(json).expect("rustdoc's JSON")).unwrap();
    let item = |id: &Value| &described["index"][id.to_string()]["inner"];
    let items = item(&described["root"])["module"]["items"].as_array().expect("the items of the root");
    let uses = items.iter().map(|id| &item(id)["use"]).filter(|reexport| reexport.is_object());
    let named = |reexport: &Value| {
        let (source, name) = (reexport["source"].as_str().unwrap(), reexport["name"].as_str().unwrap());
        (format!("wireproof::(?:internals::)?{source}"), format!("wireproof::{name}"))
    };
    uses.map(named).collect()
}

/// The lines about what is promised, by the paths by which it is.
fn lines_of(api: &str, promised: &[(String, String)]) -> String {
    let patterns = promised.iter().map(|(path, name)| (Regex::new(&format!(r"\b{path}\b")).unwrap(), name));
    let patterns: Vec<_> = patterns.collect();
    let subject =
        Regex::new(r"^(?:#\[[^ ]*\] )*(?:impl(?:<[^ ]*>)? (?:.* for )?|pub (?:[a-z]+ )*)&?(wireproof::\w+)").unwrap();
    let renamed = |line: &str| {
        patterns.iter().fold(line.to_owned(), |line, (path, name)| path.replace_all(&line, name.as_str()).into_owned())
    };
    let is_promised = |line: &String| {
        let of = subject.captures(line).map(|found| found[1].to_owned());
        of.is_some_and(|of| promised.iter().any(|(_, name)| *name == of))
    };
    let mut lines: Vec<String> = api.lines().map(renamed).filter(is_promised).collect();
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

#[test]
#[ignore = "it documents the crate with cargo rustdoc"]
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
    insta::assert_snapshot!("public-api", lines_of(&api.to_string(), &promised(&json)));
}
