//! The arguments for the execution of cases: concurrency, time limits and transport.

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use clap::{Args, builder::BoolishValueParser};

use super::{Failure, interrupt::interrupt, target_arguments::EndpointUnderTest};
use crate::{
    harness::Runner,
    judge::redaction::SensitiveValues,
    model::bounded_file::{self, FileKind},
    run::{
        session::{self, PresenceChecks, ReachError, Restart, RunOptions},
        transport::{ClientIdentity, Limits, Settings, Wire, proxy_credentials},
    },
    suite::Fixtures,
    wire::TransportError,
};

/// Concurrency, time limits and transport.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Execution")]
pub(super) struct ExecutionArguments {
    /// Number of cases to run concurrently.
    #[arg(short, long = "jobs", value_name = "N", env = "WIREPROOF_JOBS", default_value_t = session::JOBS, value_parser = jobs)]
    jobs: usize,

    /// Seed for generated names; makes a run reproducible [default: random].
    #[arg(long, value_name = "N", env = "WIREPROOF_SEED")]
    seed: Option<u64>,

    /// Timeout for one request, in seconds.
    #[arg(long, value_name = "SECONDS", env = "WIREPROOF_TIMEOUT", default_value_t = Limits::default().timeout.as_secs_f64())]
    timeout: f64,

    /// Timeout for one case, in seconds.
    #[arg(long, value_name = "SECONDS", env = "WIREPROOF_CASE_TIMEOUT", default_value_t = session::CASE_TIMEOUT.as_secs_f64())]
    case_timeout: f64,

    /// Time to wait for a change in progress, in seconds; a change that takes longer is inconclusive.
    #[arg(long, value_name = "SECONDS", env = "WIREPROOF_PATIENCE", default_value_t = session::PATIENCE.as_secs_f64())]
    patience: f64,

    /// Maximum size of a response body, in bytes; a case that gets a larger one is inconclusive.
    #[arg(long, value_name = "BYTES", env = "WIREPROOF_MAX_BODY", default_value_t = Limits::default().body)]
    max_body: usize,

    /// Stop at the first case that deviates.
    #[arg(long, env = "WIREPROOF_FAIL_FAST", value_parser = BoolishValueParser::new())]
    fail_fast: bool,

    /// Judge this operation although the presence check does not find it; `all`: every operation. Repeatable.
    #[arg(long, value_name = "OPERATION", env = "WIREPROOF_ASSUME_IMPLEMENTED", value_delimiter = ',')]
    assume_implemented: Vec<String>,

    /// Send every request on its own connection, and keep every response byte for byte.
    #[arg(long, env = "WIREPROOF_EXACT", value_parser = BoolishValueParser::new())]
    exact: bool,

    /// Shell command that restarts the endpoint after a crash, so that the run continues, and before the second run of
    /// --baseline-update.
    #[arg(long, value_name = "COMMAND", env = "WIREPROOF_RESTART")]
    restart: Option<String>,

    /// Send requests through this HTTP proxy; proxy variables of the environment are ignored.
    #[arg(long, value_name = "URL", env = "WIREPROOF_PROXY")]
    proxy: Option<String>,

    /// Also trust the certificates in this PEM file.
    #[arg(long, value_name = "FILE", env = "AWS_CA_BUNDLE")]
    ca_file: Option<PathBuf>,

    /// Client certificate in PEM, for an endpoint that requires one.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_CLIENT_CERT")]
    client_cert: Option<PathBuf>,

    /// Private key of the client certificate in PEM [default: the file of --client-cert].
    #[arg(long, value_name = "FILE", env = "WIREPROOF_CLIENT_KEY")]
    client_key: Option<PathBuf>,

    /// Accept every certificate of the endpoint; the report says so, and no certificate bundle can be made.
    #[arg(long, env = "WIREPROOF_INSECURE", value_parser = BoolishValueParser::new())]
    insecure: bool,
}

/// The display of sensitive values.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Outcome")]
pub(super) struct SensitiveArguments {
    /// Show values that the model marks as sensitive instead of placeholders; credentials are never shown.
    #[arg(long, env = "WIREPROOF_SHOW_SENSITIVE", value_parser = BoolishValueParser::new())]
    show_sensitive: bool,
}

impl SensitiveArguments {
    pub(super) fn values(&self) -> SensitiveValues {
        if self.show_sensitive { SensitiveValues::Shown } else { SensitiveValues::Hidden }
    }
}

fn unreachable(endpoint: &str, error: &ReachError) -> Failure {
    let error = match error {
        ReachError::Transport(error) => error,
        ReachError::Silent(waited) => {
            return Failure::usage(format!(
                "{endpoint} accepts connections but does not respond: no complete response within {:.0} s\n\
                 help: wait until the endpoint has started, or restart it; if it is only slow, raise --timeout",
                waited.as_secs_f64().max(1.0)
            ));
        }
        ReachError::NotAws(status) => {
            return Failure::usage(format!(
                "{endpoint} is not an AWS endpoint: it rejects POST with {status}, whatever the operation\nhelp: correct --endpoint"
            ));
        }
    };
    let help = match error {
        TransportError::Refused | TransportError::ConnectTimeout(_) => "start the endpoint, or correct --endpoint",
        TransportError::Tls { problem, help } => {
            return Failure::usage(format!("cannot reach {endpoint}: {problem}\nhelp: {help}"));
        }
        TransportError::NotHttp { received, .. } if received.starts_with("HTTP/") => {
            "correct --endpoint, or the HTTP of the endpoint"
        }
        TransportError::NotHttp { .. } => "an endpoint with TLS has an https URL",
        _ => "correct --endpoint",
    };
    Failure::usage(format!("cannot reach {endpoint}: {error}\nhelp: {help}"))
}

fn jobs(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|jobs| (1..=1024).contains(jobs))
        .ok_or_else(|| "expected a number from 1 to 1024".to_owned())
}

impl ExecutionArguments {
    /// A runner on this endpoint, which must be reachable. It ends early when the user interrupts the program.
    pub(super) async fn runner(
        &self,
        fixtures: Arc<Fixtures>,
        EndpointUnderTest { target, embedded }: EndpointUnderTest,
        seed: u64,
        sensitive: SensitiveValues,
    ) -> Result<Runner, Failure> {
        let wire = Wire::new(&self.settings()?).map_err(|error| Failure::usage(error.to_string()))?;
        let transport = embedded.unwrap_or_else(|| Arc::new(wire));
        let endpoint = target.endpoint.to_string();
        let runner = Runner::new(fixtures, target, transport, self.options(seed, sensitive)?);
        let mut runner = runner.hiding(&self.proxy.as_deref().map(proxy_credentials).unwrap_or_default());
        // A command that restarts the endpoint may have to start it first.
        if self.restart.is_none() {
            runner.reach().await.map_err(|error| unreachable(&endpoint, &error))?;
        }
        Ok(runner.interrupt(interrupt()).restart(self.restart()))
    }

    /// These arguments without `--fail-fast`, because a certificate needs the whole run of a known endpoint, and with the
    /// default patience, which a verifier assumes.
    pub(super) fn for_certificate(&self) -> Result<Self, Failure> {
        if self.insecure {
            return Err(Failure::usage(
                "--insecure is not allowed for a certificate: nothing would show which endpoint was tested\n\
                 help: trust the certificate of the endpoint with --ca-file",
            ));
        }
        Ok(Self { fail_fast: false, patience: session::PATIENCE.as_secs_f64(), ..self.clone() })
    }

    /// True if the user passed a seed.
    pub(super) fn has_seed(&self) -> bool {
        self.seed.is_some()
    }

    /// The given seed, or a new one with each call.
    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or_else(session::fresh_seed)
    }

    fn options(&self, seed: u64, sensitive: SensitiveValues) -> Result<RunOptions, Failure> {
        Ok(RunOptions {
            jobs: self.jobs,
            seed,
            case_timeout: seconds(self.case_timeout, "--case-timeout")?,
            patience: seconds(self.patience, "--patience")?,
            fail_fast: self.fail_fast,
            presence: self.presence(),
            sensitive,
        })
    }

    fn presence(&self) -> PresenceChecks {
        let mut presence = PresenceChecks::all();
        self.assume_implemented.iter().for_each(|operation| presence.assume(operation.clone()));
        presence
    }

    /// Starts the endpoint again.
    fn restart(&self) -> Option<Restart> {
        let command = self.restart.clone()?;
        let restart = move || -> Pin<Box<dyn Future<Output = ()> + Send>> {
            let command = command.clone();
            // If the endpoint listens again afterwards, the restart worked.
            Box::pin(async move { drop(tokio::task::spawn_blocking(move || start(&command)).await) })
        };
        Some(Arc::new(restart))
    }

    fn client_identity(&self) -> Result<Option<ClientIdentity>, Failure> {
        match (&self.client_cert, &self.client_key) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Failure::alone("--client-key", "--client-cert FILE")),
            (Some(certificate), key) => {
                let key = key.as_ref().unwrap_or(certificate);
                Ok(Some(ClientIdentity { certificate: read(certificate)?, key: read(key)? }))
            }
        }
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let timeout = seconds(self.timeout, "--timeout")?;
        let limits = Limits { timeout, body: self.max_body, ..Limits::default() };
        Ok(Settings {
            limits: Limits { connect_timeout: limits.connect_timeout.min(timeout), ..limits },
            extra_ca: self.ca_file.as_deref().map(read).transpose()?,
            client_identity: self.client_identity()?,
            insecure: self.insecure,
            proxy: self.proxy.clone(),
            exact_always: self.exact,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded_file::bytes(path, FileKind::Setting)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

fn seconds(value: f64, flag: &str) -> Result<Duration, Failure> {
    let duration = Duration::try_from_secs_f64(value).ok().filter(|duration| !duration.is_zero());
    duration.ok_or_else(|| Failure::usage(format!("{flag} must be a number of seconds greater than 0, not {value}")))
}

/// Runs a shell command to its end. A server that it starts has to run in the background.
fn start(command: &str) -> std::io::Result<ExitStatus> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let (input, output) = (Stdio::null(), Stdio::null());
    Command::new(shell).arg(flag).arg(command).stdin(input).stdout(output).stderr(Stdio::null()).status()
}
