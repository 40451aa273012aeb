//! `wireproof serve`: starts the reference implementation as a server.

use std::{io::Write as _, net::SocketAddr};

use clap::Args;

use super::{Failure, runtime, select::FixtureArguments, target_arguments::start, written};
use crate::{
    reference::{Clock, ReferenceOptions},
    run::exit::ExitStatus,
};

/// Arguments of `wireproof serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Address to listen on; port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS", env = "WIREPROOF_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Allow an address that other machines can reach; the credentials of the reference implementation are public.
    #[arg(long)]
    allow_non_loopback: bool,

    /// Speed of the server's clock relative to real time.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    speed: f64,

    #[command(flatten)]
    fixtures: FixtureArguments,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor >= 0.0);
    factor.ok_or_else(|| "expected a number that is 0 or greater".to_owned())
}

pub(super) fn run(arguments: &ServeArguments) -> Result<ExitStatus, Failure> {
    let suite = arguments.fixtures.suite()?;
    let clock = Clock::new();
    clock.speed(arguments.speed);
    let options = ReferenceOptions {
        listen: arguments.listen,
        allow_non_loopback: arguments.allow_non_loopback,
        clock,
        ..ReferenceOptions::default()
    };
    runtime()?.block_on(async {
        let reference = start(&suite, options).await?;
        let endpoint = reference.endpoint();
        let state = reference.state_change_url();
        let text = format!("{endpoint}\nstate-change URL: {state}\nto test it: wireproof run --endpoint {endpoint} --as-reference\nPress Ctrl-C to stop.");
        written(writeln!(std::io::stdout(), "{text}"))?;
        tokio::signal::ctrl_c().await.map_err(|error| Failure::internal(format!("cannot wait for Ctrl-C: {error}")))?;
        reference.stop().await;
        Ok(ExitStatus::Conforms)
    })
}
