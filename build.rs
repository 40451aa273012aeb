//! The tests are made of these files: `rstest` looks for them when it compiles, and so does `include_dir`.

fn main() {
    println!("cargo::rerun-if-changed=fixtures");
    println!("cargo::rerun-if-changed=snapshots");
}
