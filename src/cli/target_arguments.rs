//! The arguments for the endpoint under test, its callers and its states.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use serde_json::Value;

use super::{Failure, credentials};
use crate::{
    model::bounded_file::{self, FileKind},
    reference::{Identity, Reference, ReferenceOptions},
    run::{
        resolved_target::{ResolvedTarget, StateHandler},
        transport::Endpoint,
    },
    suite::{Fixtures, source::Source},
    wire::{
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

    /// The target, and the embedded reference if the target is that.
    pub(super) async fn target(&self, suite: &Fixtures) -> Result<(ResolvedTarget, Option<Reference>), Failure> {
        let (mut target, reference) = match &self.endpoint {
            Some(url) if self.as_reference => {
                let state_change = format!("{}/_wireproof/state", url.trim_end_matches('/'));
                (self.access.reference(url, &state_change)?, None)
            }
            None if self.as_reference => return Err(Failure::alone("--as-reference", "--endpoint URL")),
            endpoint => self.access.target(endpoint.clone(), suite).await?,
        };
        if let Some(name) = self.name.as_ref().filter(|_| self.endpoint.is_some()) {
            target.name.clone_from(name);
        }
        Ok((target, reference))
    }
}

impl AccessArguments {
    /// The target at a URL, or the embedded reference.
    pub(super) async fn target(
        &self,
        url: Option<String>,
        suite: &Fixtures,
    ) -> Result<(ResolvedTarget, Option<Reference>), Failure> {
        if let Some(url) = url {
            return Ok((self.endpoint_at(&url)?, None));
        }
        let reference = start(suite, ReferenceOptions::default()).await?;
        let mut target = self.reference(&reference.endpoint(), &reference.state_change_url())?;
        EMBEDDED.clone_into(&mut target.name);
        Ok((target, Some(reference)))
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

    fn reference(&self, url: &str, state_change: &str) -> Result<ResolvedTarget, Failure> {
        let credentials = |identity: &Identity| -> Credentials { identity.credentials().clone() };
        Ok(ResolvedTarget {
            endpoint: self.endpoint(url)?,
            name: url.to_owned(),
            region: self.region.clone(),
            other_region: self.other_region(),
            owner: credentials(&Identity::test()),
            denied: Some(credentials(&Identity::denied())),
            other_account: Some(credentials(&Identity::other_account())),
            state_handler: Some(self.state_handler(state_change)?),
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

/// Stops the reference that a run used.
pub(super) async fn stop(reference: Option<Reference>) {
    if let Some(reference) = reference {
        reference.stop().await;
    }
}

/// Starts the reference implementation with the contracts of the suite.
pub(super) async fn start(suite: &Fixtures, options: ReferenceOptions) -> Result<Reference, Failure> {
    let contracts = suite.services().map(|service| Arc::clone(service.contract())).collect();
    Reference::start(contracts, options)
        .await
        .map_err(|error| Failure::usage(format!("cannot start the reference implementation: {error}")))
}
