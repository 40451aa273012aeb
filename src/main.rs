//! The program `wireproof`: parse, run, exit.

use std::process::ExitCode;

/// A run makes and drops many small texts; the system's allocator takes a fifth of the time for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(wireproof::internals::cli::main(std::env::args_os()).code())
}
