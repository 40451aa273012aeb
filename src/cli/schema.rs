//! `wireproof schema`: the published forms of what the program writes for programs.

use std::io::{self, Write as _};

use clap::Args;

use super::{Failure, written};
use crate::{
    exit::ExitStatus,
    report::{SCHEMAS, Schema},
    scenario::nearest,
};

const EXAMPLES: &str = "Examples:
  wireproof schema                     every schema in one line
  wireproof schema report > report.schema.json";

/// Arguments of `wireproof schema`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The schema that is printed; without it, all are listed.
    #[arg(value_name = "NAME", value_parser = schema)]
    name: Option<Schema>,
}

fn schema(name: &str) -> Result<Schema, String> {
    Schema::named(name).copied().ok_or_else(|| {
        let names = || SCHEMAS.iter().map(|schema| schema.name);
        let near = nearest(name, names()).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        format!("{near}there are {}", names().collect::<Vec<_>>().join(", "))
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus, Failure> {
    let mut out = io::stdout().lock();
    let result = match &arguments.name {
        Some(schema) => out.write_all(schema.text().as_bytes()),
        None => SCHEMAS.iter().try_for_each(|schema| writeln!(out, "{:<8} {}", schema.name, schema.of)),
    };
    written(result).map(|()| ExitStatus::Conforms)
}
