//! The arguments for the endpoint under test, its callers and its states.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::{Failure, credentials, runtime};
use crate::{
    model::{
        Contract,
        bounded_file::{self, FileKind},
    },
    reference::{Clock, Identity, Reference, ReferenceEndpoint, ReferenceOptions, STATE_PATH, real_now},
    run::{
        resolved_target::{ResolvedTarget, StateHandler},
        transport::{Endpoint, IN_PROCESS, InProcess, Reply, Transport},
    },
    suite::{Fixtures, source::Source},
    wire::{
        Request,
        client_style::{ClientStyle, S3Addressing},
        sigv4::Credentials,
    },
};

/// The endpoint under test.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetArguments {
    /// URL of the endpoint under test [default: the embedded reference implementation].
    #[arg(long, value_name = "URL", env = "WIREPROOF_ENDPOINT")]
    pub(super) endpoint: Option<String>,

    /// Name of the endpoint in reports.
    #[arg(long, value_name = "TEXT", env = "WIREPROOF_NAME")]
    name: Option<String>,

    /// The endpoint is a `wireproof serve`: use its identities and its state-change URL.
    #[arg(long, env = "WIREPROOF_AS_REFERENCE", value_parser = BoolishValueParser::new())]
    as_reference: bool,

    #[command(flatten)]
    access: AccessArguments,
}

/// Regions, credentials and states for any endpoint.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct AccessArguments {
    /// Region of the calls.
    #[arg(long, value_name = "REGION", env = "WIREPROOF_REGION", default_value = "us-east-1")]
    region: String,

    /// A second Region, which must not show resources of the first.
    #[arg(long, value_name = "REGION", env = "WIREPROOF_OTHER_REGION", default_value = "eu-west-1")]
    other_region: String,

    /// The endpoint has only one Region; cases that need two are not applicable.
    #[arg(long, env = "WIREPROOF_ONE_REGION", value_parser = BoolishValueParser::new())]
    one_region: bool,

    /// AWS profile that signs requests [default: the AWS_* variables, then the default profile, then test/test].
    #[arg(long, value_name = "NAME", env = "WIREPROOF_PROFILE")]
    profile: Option<String>,

    /// AWS profile of the same account without permission for the operations under test (or set
    /// `WIREPROOF_DENIED_ACCESS_KEY_ID` and `WIREPROOF_DENIED_SECRET_ACCESS_KEY`).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_DENIED_PROFILE")]
    denied_profile: Option<String>,

    /// AWS profile of another account (or set `WIREPROOF_OTHER_ACCOUNT_ACCESS_KEY_ID` and
    /// `WIREPROOF_OTHER_ACCOUNT_SECRET_ACCESS_KEY`).
    #[arg(long, value_name = "NAME", env = "WIREPROOF_OTHER_ACCOUNT_PROFILE")]
    other_account_profile: Option<String>,

    /// URL that establishes states, with the protocol of Pact provider states.
    #[arg(long, value_name = "URL", env = "WIREPROOF_STATE_CHANGE_URL")]
    state_change_url: Option<String>,

    /// YAML or JSON file with the variables of states that exist already, by state name.
    #[arg(long, value_name = "FILE", env = "WIREPROOF_STATES")]
    states: Option<PathBuf>,

    /// Complete valid requests as an AWS SDK does: default values, idempotency tokens, host prefixes, compression.
    #[arg(long, env = "WIREPROOF_SDK_REQUESTS", value_parser = BoolishValueParser::new())]
    sdk_requests: bool,

    /// Where requests to S3 name the bucket: in the path, or in the header `Host` as BUCKET.s3.HOST [default: path].
    #[arg(long, value_name = "STYLE", env = "WIREPROOF_S3_ADDRESSING")]
    s3_addressing: Option<AddressingArgument>,

    /// Allow AWS hosts; this costs money and changes real resources.
    #[arg(long, env = "WIREPROOF_ALLOW_AWS", value_parser = BoolishValueParser::new())]
    allow_aws: bool,
}

/// The values of `--s3-addressing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum AddressingArgument {
    #[default]
    Path,
    VirtualHost,
}

impl From<AddressingArgument> for S3Addressing {
    fn from(argument: AddressingArgument) -> Self {
        match argument {
            AddressingArgument::Path => Self::Path,
            AddressingArgument::VirtualHost => Self::VirtualHost,
        }
    }
}

/// The endpoint of a run, with its callers and its states.
pub(super) struct EndpointUnderTest {
    pub(super) target: ResolvedTarget,
    /// The embedded reference, which is called without a socket.
    pub(super) embedded: Option<Arc<dyn Transport>>,
}

/// The name of the embedded reference in reports.
pub(super) const EMBEDDED: &str = "the embedded reference";

impl TargetArguments {
    /// The name of the endpoint in reports.
    pub(super) fn called(&self) -> String {
        let endpoint = self.endpoint.as_deref().unwrap_or(EMBEDDED);
        self.name.as_deref().filter(|_| self.endpoint.is_some()).unwrap_or(endpoint).to_owned()
    }

    /// Rejects what no certificate states.
    ///
    /// # Errors
    /// Requests would not be what the cases say.
    pub(super) fn check_certifiable(&self) -> Result<(), Failure> {
        if self.access.client_style() == ClientStyle::default() {
            return Ok(());
        }
        let problem = "a certificate covers requests exactly as the cases have them";
        Err(Failure::usage(format!("{problem}\nhelp: remove --sdk-requests and --s3-addressing")))
    }

    /// The endpoint under test.
    pub(super) fn resolved(&self, suite: &Fixtures) -> Result<EndpointUnderTest, Failure> {
        let mut resolved = match &self.endpoint {
            Some(url) if self.as_reference => {
                EndpointUnderTest { target: self.access.reference(url.trim_end_matches('/'))?, embedded: None }
            }
            None if self.as_reference => return Err(Failure::alone("--as-reference", "--endpoint URL")),
            endpoint => self.access.resolved(endpoint.as_deref(), suite)?,
        };
        if let Some(name) = self.name.as_ref().filter(|_| self.endpoint.is_some()) {
            resolved.target.name.clone_from(name);
        }
        Ok(resolved)
    }

    /// The runtime for a run against the endpoint.
    pub(super) fn runtime(&self) -> Result<Runtime, Failure> {
        runtime_for(self.endpoint.as_deref())
    }
}

impl AccessArguments {
    /// The endpoint at a URL, or the embedded reference.
    pub(super) fn resolved(&self, url: Option<&str>, suite: &Fixtures) -> Result<EndpointUnderTest, Failure> {
        if let Some(url) = url {
            return Ok(EndpointUnderTest { target: self.endpoint_at(url)?, embedded: None });
        }
        let target = ResolvedTarget { name: EMBEDDED.to_owned(), ..self.reference(IN_PROCESS)? };
        Ok(EndpointUnderTest { target, embedded: Some(embedded(suite)?) })
    }

    fn endpoint_at(&self, url: &str) -> Result<ResolvedTarget, Failure> {
        let state_handler = self.state_change_url.as_deref().map(|url| self.state_handler(url)).transpose()?;
        Ok(ResolvedTarget {
            endpoint: self.endpoint(url)?,
            name: url.to_owned(),
            region: self.region.clone(),
            other_region: self.other_region(),
            owner: credentials::owner(self.profile.as_deref())?,
            denied: credentials::identity(self.denied_profile.as_deref(), "WIREPROOF_DENIED")?,
            other_account: credentials::identity(self.other_account_profile.as_deref(), "WIREPROOF_OTHER_ACCOUNT")?,
            state_handler,
            states: self.states()?,
            client: self.client_style(),
        })
    }

    /// A reference implementation at a URL.
    fn reference(&self, url: &str) -> Result<ResolvedTarget, Failure> {
        let credentials = |identity: &Identity| -> Credentials { identity.credentials().clone() };
        Ok(ResolvedTarget {
            endpoint: self.endpoint(url)?,
            name: url.to_owned(),
            region: self.region.clone(),
            other_region: self.other_region(),
            owner: credentials(&Identity::test()),
            denied: Some(credentials(&Identity::denied())),
            other_account: Some(credentials(&Identity::other_account())),
            state_handler: Some(self.state_handler(&format!("{url}{STATE_PATH}"))?),
            states: self.states()?,
            client: self.client_style(),
        })
    }

    fn client_style(&self) -> ClientStyle {
        let s3_addressing = self.s3_addressing.unwrap_or_default().into();
        ClientStyle { completes: self.sdk_requests, s3_addressing }
    }

    fn other_region(&self) -> Option<String> {
        (!self.one_region).then(|| self.other_region.clone())
    }

    fn endpoint(&self, url: &str) -> Result<Endpoint, Failure> {
        let endpoint: Endpoint =
            url.parse().map_err(|error: crate::run::transport::EndpointError| Failure::usage(error.to_string()))?;
        self.check(&endpoint)?;
        Ok(endpoint)
    }

    fn check(&self, endpoint: &Endpoint) -> Result<(), Failure> {
        if endpoint.is_aws() && !self.allow_aws {
            return Err(Failure::usage(format!(
                "{} is an AWS host, and scenarios create, change and delete resources\nhelp: pass --allow-aws to run against AWS",
                endpoint.host()
            )));
        }
        Ok(())
    }

    fn state_handler(&self, url: &str) -> Result<StateHandler, Failure> {
        let handler = StateHandler::at(url).map_err(|error| Failure::usage(error.to_string()))?;
        if let StateHandler::Url { endpoint, .. } = &handler {
            self.check(endpoint)?;
        }
        Ok(handler)
    }

    fn states(&self) -> Result<BTreeMap<String, Value>, Failure> {
        let Some(path) = &self.states else { return Ok(BTreeMap::new()) };
        let text = bounded_file::text(path, FileKind::Fixture)
            .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
        let source =
            Source::read(&path.display().to_string(), &text).map_err(|error| Failure::usage(error.to_string()))?;
        source.decode().map_err(|error| Failure::usage(error.to_string()))
    }
}

/// The runtime for a run against the endpoint at a URL; against the embedded reference, one whose clock advances while
/// every task waits.
pub(super) fn runtime_for(url: Option<&str>) -> Result<Runtime, Failure> {
    if url.is_some() {
        return runtime();
    }
    let built = Builder::new_current_thread().enable_all().start_paused(true).build();
    built.map_err(|error| Failure::internal(format!("cannot start: {error}")))
}

/// The reference implementation of the services of the suite, called without a socket.
fn embedded(suite: &Fixtures) -> Result<Arc<dyn Transport>, Failure> {
    let reference = ReferenceEndpoint::new(contracts(suite), Identity::defaults(), Clock::new());
    let reference = reference.map_err(|error| not_started(&error))?;
    Ok(Arc::new(InProcess::new(move |request: &Request| Reply::Answer(reference.handle(request, real_now())))))
}

/// Starts the reference implementation of the services of the suite.
pub(super) async fn start(suite: &Fixtures, options: ReferenceOptions) -> Result<Reference, Failure> {
    Reference::start(contracts(suite), options).await.map_err(|error| not_started(&error))
}

fn contracts(suite: &Fixtures) -> Vec<Arc<Contract>> {
    suite.services().map(|service| Arc::clone(service.contract())).collect()
}

fn not_started(error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("cannot start the reference implementation: {error}"))
}
