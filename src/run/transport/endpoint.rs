//! The endpoint of requests: the scheme, host and port of a URL, and the path that all requests are below.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use thiserror::Error;
use url::Url;

/// An endpoint under test, such as `http://127.0.0.1:4566`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    https: bool,
    host: String,
    port: u16,
    /// Cached, because every request sends it.
    host_header: String,
    /// Without a trailing slash; empty for nearly every endpoint.
    prefix: String,
}

/// A string that is not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the endpoint {given} cannot be used: {problem}; expected a URL such as http://127.0.0.1:4566")]
pub struct EndpointError {
    /// The string in quotes. It is not shown if it may contain a password.
    pub given: String,
    /// The problem.
    pub problem: String,
}

/// The DNS suffixes of every AWS partition, including their dual-stack names.
const AWS_SUFFIXES: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
];

impl Endpoint {
    /// Returns true if requests use TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host name in lower case, or the address; an IPv6 address has no brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, or the default port of the scheme if the URL has none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the `host` header, without the default port of the scheme.
    #[must_use]
    pub fn host_header(&self) -> String {
        self.host_header.clone()
    }

    /// The path below which all requests are, without a trailing slash: empty, or such as `/prod`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns true if the host is a loopback address, `localhost` or a subdomain of it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => address.is_loopback(),
            Ok(IpAddr::V6(address)) => is_loopback_v6(address),
            Err(_) => is_or_below(self.name(), "localhost"),
        }
    }

    /// Returns true if the host belongs to AWS. The caller rejects such an endpoint unless an option allows it.
    #[must_use]
    pub fn is_aws(&self) -> bool {
        AWS_SUFFIXES.iter().any(|suffix| is_or_below(self.name(), suffix))
    }

    /// The scheme, host and port as a URL without a path.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.host_header)
    }

    /// The host without the trailing dot of an absolute name.
    fn name(&self) -> &str {
        self.host.trim_end_matches('.')
    }
}

fn host_header(https: bool, host: &str, port: u16) -> String {
    let own = if https { 443 } else { 80 };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    if port == own { host } else { format!("{host}:{port}") }
}

fn is_loopback_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
}

fn is_or_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.prefix)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| {
            let given = if text.contains('@') { "(not shown)".to_owned() } else { format!("{text:?}") };
            EndpointError { given, problem }
        })
    }
}

fn parse(text: &str) -> Result<Endpoint, String> {
    if !text.contains("://") {
        return Err("it does not start with http:// or https://".to_owned());
    }
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let https = match url.scheme() {
        "http" => false,
        #[cfg(feature = "tls")]
        "https" => true,
        #[cfg(not(feature = "tls"))]
        "https" => return Err(super::tls::NO_TLS.to_owned()),
        other => return Err(format!("{other:?} is not a supported scheme: use http or https")),
    };
    reject_the_rest(&url)?;
    let host = url.host_str().ok_or("it names no host")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
    match url.port_or_known_default() {
        None | Some(0) => Err("it names no port that a server can have".to_owned()),
        Some(port) => {
            let prefix = url.path().trim_end_matches('/').to_owned();
            Ok(Endpoint { host_header: host_header(https, &host, port), https, host, port, prefix })
        }
    }
}

fn reject_the_rest(url: &Url) -> Result<(), String> {
    let problem = if !url.username().is_empty() || url.password().is_some() {
        "it holds a user name or a password, which an endpoint does not have"
    } else if url.query().is_some() || url.fragment().is_some() {
        "it has a query or a fragment"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:4566", "http://127.0.0.1:4566", "127.0.0.1:4566")]
    #[case("http://localhost/", "http://localhost", "localhost")]
    #[case("HTTPS://Example.COM:443", "https://example.com", "example.com")]
    #[case("https://example.com:80", "https://example.com:80", "example.com:80")]
    #[case("http://[::1]:99", "http://[::1]:99", "[::1]:99")]
    #[case::a_path("http://h/some/prod//", "http://h/some/prod", "h")]
    #[case::an_encoded_path("http://h/a b", "http://h/a%20b", "h")]
    fn an_endpoint_is_parsed_and_printed(#[case] text: &str, #[case] shown: &str, #[case] header: &str) {
        let endpoint: Endpoint = text.parse().unwrap();
        assert_eq!((endpoint.to_string().as_str(), endpoint.host_header().as_str()), (shown, header));
    }

    #[rstest]
    #[case::no_scheme("localhost:4566", "http://")]
    #[case::an_address_alone("127.0.0.1:4566", "http://")]
    #[case::another_scheme("ftp://h", "ftp")]
    #[case::a_query("http://h/?x", "query")]
    #[case::empty("", "http://")]
    #[case::port_zero("http://h:0", "port")]
    #[case::a_port_too_large("http://h:65536", "port")]
    fn an_invalid_endpoint_is_rejected_with_a_reason(#[case] text: &str, #[case] named: &str) {
        let message = text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(message.contains(named) && message.contains("http://127.0.0.1:4566"), "{message}");
    }

    #[test]
    fn a_password_is_not_shown() {
        let message = "http://user:secret@h".parse::<Endpoint>().unwrap_err().to_string();
        assert!(!message.contains("secret") && message.contains("password"), "{message}");
    }

    #[rstest]
    #[case("http://127.9.9.9", true)]
    #[case("http://[::1]", true)]
    #[case("http://[::ffff:127.0.0.1]", true)]
    #[case("http://0x7f.1", true)]
    #[case("http://s3.LOCALHOST.", true)]
    #[case("http://notlocalhost", false)]
    #[case("http://10.0.0.1", false)]
    #[case("http://127.0.0.1.example", false)]
    fn a_loopback_host_is_detected(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(text.parse::<Endpoint>().unwrap().is_loopback(), expected);
    }

    #[rstest]
    #[case("https://codedeploy.us-east-1.amazonaws.com", true)]
    #[case("https://codedeploy.us-east-1.AMAZONAWS.com.", true)]
    #[case("https://codedeploy.cn-north-1.amazonaws.com.cn", true)]
    #[case("https://codedeploy.us-east-1.api.aws", true)]
    #[case("https://amazonaws.com.example", false)]
    #[case("https://myamazonaws.com", false)]
    #[case("http://localhost", false)]
    fn a_host_of_aws_is_detected(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(text.parse::<Endpoint>().unwrap().is_aws(), expected);
    }
}
