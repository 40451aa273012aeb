//! What a run holds: the peak of its memory by its number of cases, which must not grow with them.
//!
//! `cargo bench --bench memory`. Each size is a process of its own, because a peak never falls. Without `--bench`
//! among the arguments, as under `cargo test --benches`, it makes two small runs, to show that it still works.

mod support;

use std::{
    env, fs,
    hint::black_box,
    io::{self, Write as _},
    process::Command,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use wireproof::internals::{
    harness::Runner,
    run::{
        event::Event,
        observer::OnEvent,
        transport::{Settings, Wire},
    },
};

use support::{Probes, Stream, runner, start_server};

/// Says to a child how many cases it is to run.
const CASES: &str = "WIREPROOF_BENCH_CASES";

/// The one of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    if let Ok(cases) = env::var(CASES) {
        return child(cases.parse()?);
    }
    let sizes: &[usize] =
        if env::args().any(|arg| arg == "--bench") { &[10_000, 100_000, 1_000_000] } else { &[200, 400] };
    for size in sizes {
        let child = Command::new(env::current_exe()?).env(CASES, size.to_string()).status()?;
        ensure!(child.success(), "the run of {size} cases failed");
    }
    Ok(())
}

/// Runs so many probes, drops every event, and tells the peak.
fn child(cases: usize) -> Result<()> {
    let probes = Probes::new()?;
    let wire = Arc::new(Wire::new(&Settings::default())?);
    let runner = runner(Arc::clone(&probes.suite), start_server()?, wire, 32)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let started = Instant::now();
    runtime.block_on(runtime.spawn(run(runner, probes, cases)))??;
    let elapsed = started.elapsed();
    let mut out = io::stdout().lock();
    writeln!(out, "{cases:>9} cases  {:>6.1} MB at most  {:>7.1} s", peak()?, elapsed.as_secs_f64())?;
    Ok(())
}

async fn run(runner: Runner, probes: Probes, cases: usize) -> Result<()> {
    let mut sink = OnEvent(|event: &Event| {
        black_box(event);
    });
    let finished = runner.run(&mut Stream::new(&probes, cases), &mut sink).await;
    ensure!(finished.ledger.conforms == cases, "not all cases conform: {:?}", finished.ledger);
    Ok(())
}

/// The largest resident set of this process, in megabytes, as Linux tells it.
fn peak() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status").context("only Linux tells the peak of a process")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1e3)
}
