//! The bindings of members to the parts of an HTTP message, as restJson1 and restXml share them.
//!
//! Only the members of an input, an output or an error itself are bound. Bodies are documents of the protocol; this
//! folder knows which members they hold, not how they are written.
//!
//! | module | holds |
//! |---|---|
//! | `bucket_host` | the bucket of S3 in the host of a request |
//! | `body_binding` | what a body holds: nothing, a document of several members, or one member |
//! | `header_list` | lists in the value of one header |
//! | `header_members` | members in headers, in both directions |
//! | `http_route` | the operation that a request calls |
//! | `percent_text` | percent-encoding of paths and queries |
//! | `query_pairs` | the parameters of a query |
//! | `request_head` | inputs in requests: method, path, query, headers, host prefix |
//! | `response_head` | outputs and errors in responses: status and headers |
//! | `value_places` | the part of a request that carries each member of an input |
//! | `uri_pattern` | the URI of an operation: literals, labels and constant query parameters |

mod body_binding;
mod bucket_host;
mod header_list;
mod header_members;
mod http_route;
mod percent_text;
mod query_pairs;
mod request_head;
mod response_head;
mod uri_pattern;
mod value_places;

use thiserror::Error;

use super::{TimestampLocation, scalar_text::ScalarText};
use crate::model::{Contract, Member, ShapeKind, TimestampFormat};

pub(super) use body_binding::{BodyBinding, PayloadKind, binds_content_type, due_media_type};
pub use bucket_host::move_bucket_to_host;
pub use header_list::HeaderListProblem;
pub(super) use http_route::{
    distinguishes, has_path, has_subresource, names, route, subresource, successor, unknown_method, unknown_path,
    unknown_subresource,
};
pub use request_head::host_prefix;
pub(super) use response_head::{compare_status, is_rejection, success_status};
pub(super) use value_places::place;

/// The bindings of a contract, and the formats of timestamps that the model gives no format.
#[derive(Debug, Clone, Copy)]
pub(super) struct HttpBinding<'c> {
    contract: &'c Contract,
    format: fn(TimestampLocation) -> TimestampFormat,
}

/// A value that the head of a message cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum BindingError {
    /// The model gives the operation no method and URI.
    #[error("the model gives it no HTTP method and URI")]
    NoHttp,
    /// A label of the path has no value.
    #[error("the path needs a value for {0}")]
    NoLabel(String),
    /// A label of the path has an empty value.
    #[error("the path cannot hold an empty {0}")]
    EmptyLabel(String),
    /// A value with control characters, or with white space around it.
    #[error("the header {0} cannot hold control characters, or start or end with white space")]
    HeaderText(String),
    /// A map key that is not part of a header name.
    #[error("{0:?} is not the name of a header")]
    HeaderName(String),
    /// Something else than a map of headers or query parameters.
    #[error("only a map of {0} can be sent")]
    NotAMap(String),
}

impl<'c> HttpBinding<'c> {
    pub(super) fn new(contract: &'c Contract, format: fn(TimestampLocation) -> TimestampFormat) -> Self {
        Self { contract, format }
    }

    fn scalars(self, location: TimestampLocation) -> ScalarText<'c> {
        ScalarText::at(self.contract, location, self.format)
    }

    fn kind(self, member: &Member) -> Option<&'c ShapeKind> {
        self.contract.shape(&member.target).map(|shape| &shape.kind)
    }
}
