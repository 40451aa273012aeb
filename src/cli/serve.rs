//! `wireproof serve`: starts the reference implementation, or the model server of a service.

use std::{
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, builder::PossibleValuesParser};

use super::{Failure, given_path::shell_path, runtime, select::FixtureArguments, target_arguments::start, written};
use crate::{
    probe::derivation::{Derivation, DerivationError},
    reference::{Clock, ModelServer, ReferenceOptions, ServedModel},
    run::exit::ExitStatus,
    wire::protocol::{protocol_named, supported_protocols},
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

    /// Serve this model instead: reject what violates it, respond to anything else with a valid example, and keep what
    /// is created until it is deleted.
    #[arg(long, value_name = "FILE|botocore:SERVICE", conflicts_with_all = ["fixtures", "speed"])]
    model: Option<PathBuf>,

    /// Protocol of the model server [default: all supported protocols of the model].
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(supported_protocols()), requires = "model")]
    protocol: Option<String>,

    /// The model server keeps nothing: it accepts every valid request.
    #[arg(long, requires = "model")]
    stateless: bool,

    #[command(flatten)]
    fixtures: FixtureArguments,
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor >= 0.0);
    factor.ok_or_else(|| "expected a number that is 0 or greater".to_owned())
}

pub(super) fn run(arguments: &ServeArguments) -> Result<ExitStatus, Failure> {
    match &arguments.model {
        Some(model) => serve_model(arguments, model),
        None => serve_reference(arguments),
    }
}

fn serve_reference(arguments: &ServeArguments) -> Result<ExitStatus, Failure> {
    let suite = arguments.fixtures.suite()?;
    let options = arguments.options();
    options.clock.speed(arguments.speed);
    runtime()?.block_on(async {
        let reference = start(&suite, options).await?;
        let endpoint = reference.endpoint();
        let state = reference.state_change_url();
        let text = format!("{endpoint}\nstate-change URL: {state}\nto test it: wireproof run --endpoint {endpoint} --as-reference\nPress Ctrl-C to stop.");
        until_interrupted(&text).await?;
        reference.stop().await;
        Ok(ExitStatus::Conforms)
    })
}

fn serve_model(arguments: &ServeArguments, model: &Path) -> Result<ExitStatus, Failure> {
    let server = arguments.model_server(model)?;
    let protocols = server.protocols().collect::<Vec<_>>().join(", ");
    runtime()?.block_on(async {
        let served = ServedModel::start(server, &arguments.options()).await;
        let served = served.map_err(|error| Failure::usage(format!("cannot start the model server: {error}")))?;
        let endpoint = served.endpoint();
        let text = format!("{endpoint}\nprotocols: {protocols}\nto test it: wireproof probe --model {} --endpoint {endpoint}\nPress Ctrl-C to stop.", shell_path(model));
        until_interrupted(&text).await?;
        served.stop().await;
        Ok(ExitStatus::Conforms)
    })
}

impl ServeArguments {
    fn options(&self) -> ReferenceOptions {
        ReferenceOptions {
            listen: self.listen,
            allow_non_loopback: self.allow_non_loopback,
            clock: Clock::new(),
            ..ReferenceOptions::default()
        }
    }

    fn model_server(&self, model: &Path) -> Result<ModelServer, Failure> {
        let protocol = self.protocol.as_deref().and_then(protocol_named);
        let suite = Derivation { protocol, ..Derivation::of(model, self.fixtures.botocore.places()) }.suite()?;
        let service = suite.services().next().ok_or(DerivationError::NoService)?;
        let server = ModelServer::new(service.contract().clone(), protocol);
        let server = server.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(if self.stateless { server.stateless() } else { server })
    }
}

/// Prints the addresses of a server, and waits for Ctrl-C.
async fn until_interrupted(text: &str) -> Result<(), Failure> {
    written(writeln!(std::io::stdout(), "{text}"))?;
    tokio::signal::ctrl_c().await.map_err(|error| Failure::internal(format!("cannot wait for Ctrl-C: {error}")))
}
