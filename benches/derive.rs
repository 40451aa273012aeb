//! How long the probes of the largest AWS JSON service take to be built: `sagemaker`, with every operation.
//!
//! `cargo bench --bench derive`. Its model is botocore's: what Python or the AWS CLI has installed, or
//! `WIREPROOF_BOTOCORE`; without it there is nothing to measure, and it says so.

use std::{
    env,
    hint::black_box,
    io::{self, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result;
use wireproof::internals::{
    model::{
        self,
        published::{self, ModelFileError, Places},
    },
    probe::{Effect, ProbeOptions, Probes},
    suite::{Plan as _, ServiceFixtures, source::Source},
    wire,
};

/// The service with the most constraints.
const LARGEST: &str = "sagemaker";

/// The one of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let mut out = io::stdout().lock();
    let given = env::var_os("WIREPROOF_BOTOCORE").filter(|folder| !folder.is_empty());
    let places = Places { botocore: given.map(Into::into), path: env::var_os("PATH") };
    let files = match published::find(format!("botocore:{LARGEST}"), &places) {
        Err(ModelFileError::NoBotocore) => {
            return Ok(writeln!(out, "skipped: no botocore is installed, and WIREPROOF_BOTOCORE is not set")?);
        }
        files => files?,
    };
    let rounds = if env::args().any(|arg| arg == "--bench") { 5 } else { 1 };
    let mut read = Vec::new();
    let mut built = Vec::new();
    let mut told = String::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        let contract = model::read(&files.file.display().to_string(), &files.text)?;
        read.push(begun.elapsed());
        let protocol = wire::protocol_of(&contract)?;
        let service = ServiceFixtures::of(LARGEST, contract, protocol);
        let options = ProbeOptions { effect: Effect::Destroys, ..ProbeOptions::default() };
        let begun = Instant::now();
        let probes = black_box(Probes::new(&service, &Arc::new(Source::none(LARGEST)), options));
        built.push(begun.elapsed());
        told = format!("{} cases, {} constraints", probes.selected(), probes.coverage().constraints().total);
    }
    writeln!(out, "{LARGEST}: {told}; median of {rounds} rounds")?;
    writeln!(out, "  model read    {:>8.1?}", median(read))?;
    Ok(writeln!(out, "  probes built  {:>8.1?}", median(built))?)
}

fn median(mut values: Vec<Duration>) -> Duration {
    values.sort();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
