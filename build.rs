//! Fixtures and goldens are compiled in, and tests are made of them: a file that is new or gone must build again.

// This is how a build script speaks to cargo.
#[allow(clippy::print_stdout)]
fn main() {
    for watched in ["fixtures", "snapshots", "build.rs"] {
        println!("cargo::rerun-if-changed={watched}");
    }
}
