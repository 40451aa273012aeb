//! The endpoint under test, as a test describes it. Nothing is opened, read or rejected before the run.

use std::{any::Any, collections::BTreeMap, env, fmt, path::PathBuf, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::time;

use super::Problem;
use crate::{
    model::bounded_file::{self, FileKind},
    run::{
        resolved_target::{self, BoxError, StateChange, StateFunction, StateHandler},
        transport::{ClientIdentity, Endpoint, ExchangeFuture, IN_PROCESS, Limits, Settings, Transport, Wire},
    },
    wire::{
        Request, TransportError,
        client_style::{ClientStyle, S3Addressing},
        sigv4::Credentials,
    },
};

/// The endpoint under test: its address, its callers, and how its states are established.
///
/// By default, calls are signed with `test` / `test` in `us-east-1`, as emulators expect it.
///
/// ```
/// use wireproof::{Credentials, Target};
///
/// let target = Target::at("https://127.0.0.1:4566")
///     .region("eu-central-1")
///     .credentials(Credentials::new("AKIAEXAMPLE", "secret"))
///     .ca_file("tests/ca.pem");
/// ```
#[derive(Clone)]
pub struct Target {
    url: String,
    name: Option<String>,
    region: String,
    other_region: Option<String>,
    owner: Credentials,
    denied: Option<Credentials>,
    other_account: Option<Credentials>,
    states: TargetStates,
    by_hand: BTreeMap<String, Value>,
    ca_file: Option<PathBuf>,
    /// The files of a client certificate and of its key.
    client: Option<(PathBuf, PathBuf)>,
    insecure: bool,
    transport: Option<Arc<dyn Transport>>,
    allow_aws: bool,
    client_style: ClientStyle,
    kept: Vec<Arc<dyn Any + Send + Sync>>,
    /// The model of a model server, which has no transport before the run.
    #[cfg(feature = "reference")]
    pub(super) model: Option<String>,
    /// True if the model server keeps nothing.
    #[cfg(feature = "reference")]
    pub(super) is_stateless: bool,
}

#[derive(Debug, Clone)]
enum TargetStates {
    /// Only by documented calls.
    Calls,
    /// Also by this URL.
    Url(String),
    /// Also by a function.
    Function(StateFunction),
}

impl Target {
    /// The endpoint at this URL, such as `http://127.0.0.1:4566`.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: None,
            region: "us-east-1".to_owned(),
            other_region: Some("eu-west-1".to_owned()),
            owner: Credentials::new("test", "test"),
            denied: None,
            other_account: None,
            states: TargetStates::Calls,
            by_hand: BTreeMap::new(),
            ca_file: None,
            client: None,
            insecure: false,
            transport: None,
            allow_aws: false,
            client_style: ClientStyle::default(),
            kept: Vec::new(),
            #[cfg(feature = "reference")]
            model: None,
            #[cfg(feature = "reference")]
            is_stateless: false,
        }
    }

    /// An endpoint of this process, called without a socket.
    ///
    /// ```
    /// use wireproof::{InProcess, Reply, Response, Target};
    ///
    /// let target = Target::in_process(InProcess::new(|_: &_| Reply::Answer(Response::default())));
    /// ```
    #[must_use]
    pub fn in_process(transport: impl Transport + 'static) -> Self {
        Self { transport: Some(Arc::new(transport)), ..Self::at(IN_PROCESS) }
    }

    /// The model server of a service, in this process: an endpoint that is derived from the published model alone. It
    /// rejects what violates the model, and responds to anything else with a valid example. What is created exists until it
    /// is deleted. The model is named as for [`Suite::probes`](super::Suite::probes), whose protocol it speaks.
    ///
    /// ```no_run
    /// use wireproof::{Suite, Target};
    ///
    /// let suite = Suite::bundled().probes("botocore:sqs");
    /// suite.against(Target::model("botocore:sqs")).run_blocking().assert_conforms();
    /// ```
    #[cfg(feature = "reference")]
    #[must_use]
    pub fn model(model: impl Into<String>) -> Self {
        let model = model.into();
        let name = format!("the model server of {model}");
        Self { model: Some(model), name: Some(name), ..Self::at(IN_PROCESS) }
    }

    /// The model server keeps nothing: it accepts every valid request. Other targets ignore it.
    ///
    /// ```
    /// use wireproof::Target;
    ///
    /// let target = Target::model("botocore:sqs").stateless();
    /// ```
    #[cfg(feature = "reference")]
    #[must_use]
    pub fn stateless(self) -> Self {
        Self { is_stateless: true, ..self }
    }

    /// The endpoint in the environment, by the variables of the program: `WIREPROOF_ENDPOINT`, and with it
    /// `WIREPROOF_REGION`, `WIREPROOF_OTHER_REGION`, `WIREPROOF_STATE_CHANGE_URL`, `AWS_CA_BUNDLE`,
    /// `WIREPROOF_CLIENT_CERT`, `WIREPROOF_CLIENT_KEY` and the access keys `AWS_…`, `WIREPROOF_DENIED_…` and
    /// `WIREPROOF_OTHER_ACCOUNT_…` (`ACCESS_KEY_ID`, `SECRET_ACCESS_KEY`, `SESSION_TOKEN`).
    #[must_use]
    pub fn from_env() -> Option<Self> {
        Self::of(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let keys = |prefix: &str| {
            let part = |name: &str| variable(&format!("{prefix}_{name}"));
            let (access_key_id, secret_access_key) = (part("ACCESS_KEY_ID")?, part("SECRET_ACCESS_KEY")?);
            Some(Credentials { access_key_id, secret_access_key, session_token: part("SESSION_TOKEN") })
        };
        let client = variable("WIREPROOF_CLIENT_CERT").map(|certificate| {
            let key = variable("WIREPROOF_CLIENT_KEY").unwrap_or_else(|| certificate.clone());
            (PathBuf::from(certificate), PathBuf::from(key))
        });
        let target = Self::at(variable("WIREPROOF_ENDPOINT")?);
        Some(Self {
            region: variable("WIREPROOF_REGION").unwrap_or(target.region),
            other_region: variable("WIREPROOF_OTHER_REGION").or(target.other_region),
            owner: keys("AWS").unwrap_or(target.owner),
            denied: keys("WIREPROOF_DENIED"),
            other_account: keys("WIREPROOF_OTHER_ACCOUNT"),
            states: variable("WIREPROOF_STATE_CHANGE_URL").map_or(TargetStates::Calls, TargetStates::Url),
            ca_file: variable("AWS_CA_BUNDLE").map(PathBuf::from),
            client,
            ..target
        })
    }

    /// The name in reports. The default is the URL.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The region of the calls.
    #[must_use]
    pub fn region(self, region: impl Into<String>) -> Self {
        Self { region: region.into(), ..self }
    }

    /// Another region, which must not show resources of the first. The default is `eu-west-1`.
    #[must_use]
    pub fn other_region(self, region: impl Into<String>) -> Self {
        Self { other_region: Some(region.into()), ..self }
    }

    /// The endpoint has only one region: cases that need two are not applicable.
    #[must_use]
    pub fn one_region(self) -> Self {
        Self { other_region: None, ..self }
    }

    /// Complete valid requests as an AWS SDK does: with the default values of absent members, idempotency tokens, host
    /// prefixes and compressed bodies. By default, a request is what its case says.
    #[must_use]
    pub fn sdk_requests(mut self) -> Self {
        self.client_style.completes = true;
        self
    }

    /// Name the buckets of S3 in the header `Host`, as `BUCKET.s3.HOST`, instead of the path. Requests still go to the
    /// host of the URL.
    #[must_use]
    pub fn s3_virtual_host(mut self) -> Self {
        self.client_style.s3_addressing = S3Addressing::VirtualHost;
        self
    }

    /// The credentials that sign calls.
    #[must_use]
    pub fn credentials(self, owner: Credentials) -> Self {
        Self { owner, ..self }
    }

    /// An identity of the same account that may not call the operations under test. Without one, cases that need it are
    /// not applicable.
    #[must_use]
    pub fn denied(self, denied: Credentials) -> Self {
        Self { denied: Some(denied), ..self }
    }

    /// An identity of another account. Without one, cases that need it are not applicable.
    #[must_use]
    pub fn other_account(self, other: Credentials) -> Self {
        Self { other_account: Some(other), ..self }
    }

    /// The URL that establishes states, as Pact's provider states: `POST {state, params, action}` returns `{variables}`.
    #[must_use]
    pub fn state_change_url(self, url: impl Into<String>) -> Self {
        Self { states: TargetStates::Url(url.into()), ..self }
    }

    /// Establishes states by a function. An endpoint of this process needs no request for it.
    ///
    /// The function returns the variables of the state, or `None` for an unknown state, which is then established by
    /// documented calls.
    ///
    /// ```
    /// use serde_json::json;
    /// use wireproof::{StateChange, Target};
    ///
    /// let target = Target::at("http://127.0.0.1:4566").state_handler(|change: StateChange| async move {
    ///     Ok(match change.state.as_str() {
    ///         "an open deployment" => Some(json!({ "deploymentId": "d-EXAMPLE01" })),
    ///         _ => None,
    ///     })
    /// });
    /// ```
    #[must_use]
    pub fn state_handler<F, R, V>(self, handler: F) -> Self
    where
        F: Fn(StateChange) -> R + Send + Sync + 'static,
        R: Future<Output = Result<V, BoxError>> + Send + 'static,
        V: Into<Option<Value>>,
    {
        Self { states: TargetStates::Function(StateFunction::new(handler)), ..self }
    }

    /// Variables of a state that was established by hand.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>, variables: Value) -> Self {
        self.by_hand.insert(state.into(), variables);
        self
    }

    /// Also trusts the certificates in this PEM file.
    #[must_use]
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        Self { ca_file: Some(path.into()), ..self }
    }

    /// Identifies itself with a client certificate and its private key, both PEM files.
    #[must_use]
    pub fn client_certificate(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { client: Some((certificate.into(), key.into())), ..self }
    }

    /// Accepts every certificate of the endpoint. The report says so.
    #[must_use]
    pub fn insecure(self) -> Self {
        Self { insecure: true, ..self }
    }

    /// Sends requests through this transport instead of sockets.
    #[must_use]
    pub fn through(self, transport: impl Transport + 'static) -> Self {
        Self { transport: Some(Arc::new(transport)), ..self }
    }

    /// Allows a host of AWS. A run there costs money and changes real resources.
    #[must_use]
    pub fn allow_aws(self) -> Self {
        Self { allow_aws: true, ..self }
    }

    /// Keeps a value until the end of the run, such as a handle that stops the endpoint when it is dropped.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send + Sync) -> Self {
        self.kept.push(Arc::new(guard));
        self
    }

    /// Its URL.
    #[cfg(feature = "libtest")]
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The target with its transport. `otherwise` establishes states if the target has no handler.
    pub(super) fn open(
        &self,
        timeout: Duration,
        otherwise: Option<&StateFunction>,
    ) -> Result<(resolved_target::ResolvedTarget, Arc<dyn Transport>), Problem> {
        let target = resolved_target::ResolvedTarget {
            endpoint: self.endpoint(self.url.parse()?)?,
            name: self.name.clone().unwrap_or_else(|| self.called().to_owned()),
            region: self.region.clone(),
            other_region: self.other_region.clone(),
            owner: self.owner.clone(),
            denied: self.denied.clone(),
            other_account: self.other_account.clone(),
            state_handler: self.handler(otherwise)?,
            states: self.by_hand.clone(),
            client: self.client_style,
        };
        Ok((target, self.carrier(timeout)?))
    }

    fn called(&self) -> &str {
        let in_process = self.transport.is_some() && self.url == IN_PROCESS;
        if in_process { "the endpoint of this process" } else { &self.url }
    }

    fn endpoint(&self, endpoint: Endpoint) -> Result<Endpoint, Problem> {
        if endpoint.is_aws() && !self.allow_aws && self.transport.is_none() {
            return Err(Problem::Aws { host: endpoint.host().to_owned() });
        }
        Ok(endpoint)
    }

    fn handler(&self, otherwise: Option<&StateFunction>) -> Result<Option<StateHandler>, Problem> {
        let handler = match &self.states {
            TargetStates::Calls => return Ok(otherwise.cloned().map(StateHandler::Function)),
            TargetStates::Function(function) => StateHandler::Function(function.clone()),
            TargetStates::Url(url) => StateHandler::at(url)?,
        };
        if let StateHandler::Url { endpoint, .. } = &handler {
            self.endpoint(endpoint.clone())?;
        }
        Ok(Some(handler))
    }

    fn carrier(&self, timeout: Duration) -> Result<Arc<dyn Transport>, Problem> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::new(Timed { transport: Arc::clone(transport), timeout }));
        }
        let read = |path: &PathBuf| {
            bounded_file::bytes(path, FileKind::Setting).map_err(|error| Problem::Read { path: path.clone(), error })
        };
        let limits = Limits::default();
        let limits = Limits { timeout, connect_timeout: limits.connect_timeout.min(timeout), ..limits };
        let extra_ca = self.ca_file.as_ref().map(read).transpose()?;
        let identity = |(certificate, key): &(PathBuf, PathBuf)| {
            Ok::<_, Problem>(ClientIdentity { certificate: read(certificate)?, key: read(key)? })
        };
        let client_identity = self.client.as_ref().map(identity).transpose()?;
        let insecure = self.insecure;
        Ok(Arc::new(Wire::new(&Settings { limits, extra_ca, client_identity, insecure, ..Settings::default() })?))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may contain a password, which is rejected only later.
        f.debug_struct("Target").field("region", &self.region).finish_non_exhaustive()
    }
}

/// A transport of the user, with the time limit of a request.
struct Timed {
    transport: Arc<dyn Transport>,
    timeout: Duration,
}

impl Transport for Timed {
    fn send<'a>(&'a self, endpoint: &'a Endpoint, request: &'a Request) -> ExchangeFuture<'a> {
        Box::pin(async move {
            let exchange = self.transport.send(endpoint, request);
            time::timeout(self.timeout, exchange).await.unwrap_or(Err(TransportError::Timeout(self.timeout)))
        })
    }

    fn cannot_carry(&self, request: &Request) -> Option<String> {
        self.transport.cannot_carry(request)
    }

    fn notes(&self) -> Vec<String> {
        self.transport.notes()
    }

    fn settle(&self) {
        self.transport.settle();
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn opened(target: &Target) -> Result<resolved_target::ResolvedTarget, Problem> {
        target.open(Duration::from_secs(1), None).map(|(target, _)| target)
    }

    #[test]
    fn a_target_has_the_defaults_of_emulators() {
        let target = opened(&Target::at("http://127.0.0.1:4566")).unwrap();
        assert_eq!((target.region.as_str(), target.name.as_str()), ("us-east-1", "http://127.0.0.1:4566"));
        assert_eq!(target.owner, Credentials::new("test", "test"));
        assert_eq!(target.other_region.as_deref(), Some("eu-west-1"));
        assert!(target.denied.is_none() && target.state_handler.is_none());
        assert!(opened(&Target::at("http://127.0.0.1").one_region()).unwrap().other_region.is_none());
    }

    #[rstest]
    #[case::no_url(Target::at("localhost"), "cannot be used")]
    #[case::aws(Target::at("https://codedeploy.us-east-1.amazonaws.com"), "is a host of AWS: ")]
    #[case::aws_state(
        Target::at("http://127.0.0.1").state_change_url("https://x.amazonaws.com/s"),
        "is a host of AWS: "
    )]
    #[case::no_file(Target::at("http://127.0.0.1").ca_file("no/such.pem"), "cannot read no/such.pem")]
    #[case::no_client(Target::at("http://127.0.0.1").client_certificate("no.pem", "no.key"), "cannot read no.pem")]
    fn a_file_that_cannot_be_opened_is_reported(#[case] target: Target, #[case] says: &str) {
        let problem = opened(&target).unwrap_err().to_string();
        assert!(problem.contains(says), "{problem}");
    }

    #[test]
    fn the_environment_may_give_the_target() {
        let given = |variables: &[(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
            Target::of(|name| find(name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(given(&[("WIREPROOF_REGION", "x")]).is_none());
        let keys =
            [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("WIREPROOF_DENIED_ACCESS_KEY_ID", "c")];
        let target = given(&[&[("WIREPROOF_ENDPOINT", "http://127.0.0.1:1")][..], &keys].concat()).unwrap();
        assert_eq!((target.owner.access_key_id.as_str(), target.denied.is_none()), ("a", true));
        let certificate = [("WIREPROOF_ENDPOINT", "https://127.0.0.1:1"), ("WIREPROOF_CLIENT_CERT", "c.pem")];
        let key = [("WIREPROOF_CLIENT_KEY", "k.pem")];
        let client = |variables: &[(&str, &str)]| given(variables).unwrap().client;
        assert_eq!(client(&certificate), Some(("c.pem".into(), "c.pem".into())));
        assert_eq!(client(&[&certificate[..], &key].concat()), Some(("c.pem".into(), "k.pem".into())));
    }
}
