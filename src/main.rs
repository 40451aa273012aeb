//! The program `wireproof`: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(wireproof::cli::main(std::env::args_os()).code())
}
