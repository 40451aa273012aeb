//! The parts of a request that name its operation.

use thiserror::Error;

use super::SUPPORTED;
use crate::wire::{Headers, Request};

/// A part of a request by which a protocol finds the operation.
#[derive(Debug, Clone, Copy)]
pub struct RoutePart {
    /// Its name in ids.
    pub name: &'static str,
    /// Its role.
    pub role: RouteRole,
    /// Reads it.
    pub read: fn(&Request) -> Option<&str>,
    /// Writes it.
    pub write: fn(&mut Request, &str),
}

impl RoutePart {
    /// The method.
    pub(super) const fn method(role: RouteRole) -> Self {
        Self {
            name: "method",
            role,
            read: |request| Some(&request.method),
            write: |request, value| value.clone_into(&mut request.method),
        }
    }

    /// The path. The query stays.
    pub(super) const fn path(role: RouteRole) -> Self {
        Self {
            name: "path",
            role,
            read: |request| Some(path(request)),
            write: |request, value| request.target = with_query_of(request, value.to_owned()),
        }
    }

    /// The content type.
    pub(super) const fn content_type() -> Self {
        Self {
            name: "content-type",
            role: RouteRole::Protocol,
            read: |request| request.headers.get("content-type"),
            write: |request, value| replace(&mut request.headers, "content-type", value),
        }
    }
}

/// A path with the query of a request.
pub(super) fn with_query_of(request: &Request, path: String) -> String {
    match request.target.split_once('?') {
        Some((_, query)) => format!("{path}?{query}"),
        None => path,
    }
}

/// Removes a header and adds it at the end.
pub(super) fn replace(headers: &mut Headers, name: &str, value: &str) {
    headers.remove(name);
    headers.push(name, value);
}

/// The parts of a request by which a REST protocol finds the operation.
pub(super) const REST_ROUTE_PARTS: [RoutePart; 3] =
    [RoutePart::method(RouteRole::Operation), RoutePart::path(RouteRole::Operation), RoutePart::content_type()];

/// The role of a part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteRole {
    /// It is the same for every call.
    Fixed,
    /// It distinguishes operations.
    Operation,
    /// It distinguishes protocols.
    Protocol,
}

/// The recognized part of a call: a request names nothing, the protocol, or the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recognition {
    /// Neither.
    Nothing,
    /// The protocol.
    Protocol,
    /// The service.
    Service,
}

/// A request that calls no operation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RoutingError {
    /// Another method or path than that of calls.
    #[error("Operations are called by {method} on the path {path}")]
    Line {
        /// The method of calls.
        method: &'static str,
        /// The path of calls.
        path: &'static str,
    },
    /// Another method or path than those of all operations.
    #[error("No operation is called by {method} on the path {path}")]
    Path {
        /// The method of the request.
        method: String,
        /// The path of the request.
        path: String,
    },
    /// A subresource that the path does not have.
    #[error("No operation is called by the subresource {0}")]
    Subresource(String),
    /// No operation is named.
    #[error("The request needs one {header} header of the form SERVICE.OPERATION")]
    Unnamed {
        /// The header that names it.
        header: &'static str,
    },
    /// Another service.
    #[error("No service {0} is here")]
    Service(String),
    /// A header that calls must not have.
    #[error("The protocol excludes the header {0}")]
    Excluded(&'static str),
    /// Another protocol.
    #[error("The header {header} of this protocol is {value}")]
    Protocol {
        /// The header that names it.
        header: &'static str,
        /// Its value.
        value: &'static str,
    },
    /// Another content type.
    #[error("The content type of this protocol is {0}")]
    ContentType(&'static str),
    /// No field names the operation.
    #[error("The request has no field Action")]
    NoAction,
    /// Another version of the service.
    #[error("The service has no version {0}")]
    Version(String),
    /// An operation that the service does not have.
    #[error("{service} has no operation {operation}")]
    Operation {
        /// The service.
        service: String,
        /// The operation.
        operation: String,
    },
}

impl RoutingError {
    /// The name of the error that servers of JSON protocols send.
    pub const NAME: &'static str = "UnknownOperationException";

    /// The HTTP status that servers send.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Line { .. } | Self::Path { .. } => 404,
            Self::Subresource(_) => 501,
            _ => 400,
        }
    }
}

/// The operation as a request names it, in any supported protocol.
#[must_use]
pub fn called(request: &Request) -> Option<&str> {
    SUPPORTED.into_iter().find_map(|protocol| protocol.call(request))
}

/// The service and the operation of a name that [`called`] gave.
#[must_use]
pub fn split_call(call: &str) -> Option<(&str, &str)> {
    call.split_once('.')
}

/// Returns true if the request has the request line of every call in an RPC protocol.
#[must_use]
pub fn is_rpc_line(request: &Request) -> bool {
    request.method == RPC_METHOD && request.target == RPC_PATH
}

/// The method of every call of an RPC protocol.
pub(super) const RPC_METHOD: &str = "POST";

/// The path of every call of an RPC protocol.
pub(super) const RPC_PATH: &str = "/";

/// The path of a request, without its query.
pub(super) fn path(request: &Request) -> &str {
    request.target.split_once('?').map_or(request.target.as_str(), |(path, _)| path)
}

/// The media type of a request, without parameters.
pub(super) fn media_type(request: &Request) -> Option<&str> {
    let value = request.headers.get("content-type")?;
    Some(value.split_once(';').map_or(value, |(media_type, _)| media_type).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wrong_request_line_has_the_status_404() {
        assert_eq!(RoutingError::Line { method: "POST", path: "/" }.status(), 404);
        assert_eq!(RoutingError::Service("S".to_owned()).status(), 400);
    }

    #[test]
    fn recognition_grows_from_nothing_to_the_service() {
        assert!(Recognition::Nothing < Recognition::Protocol && Recognition::Protocol < Recognition::Service);
    }

    #[test]
    fn a_call_is_split_at_its_first_dot() {
        assert_eq!((split_call("S.Op.x"), split_call("S")), (Some(("S", "Op.x")), None));
    }
}
