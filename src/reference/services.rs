//! The implemented services, by the name of the service shape.

use super::{codedeploy::CodeDeploy, proton::Proton, service::ReferenceService};

type Constructor = fn() -> Box<dyn ReferenceService>;

/// One row for each service.
const IMPLEMENTED: &[(&str, Constructor)] =
    &[("CodeDeploy_20141006", || Box::new(CodeDeploy::new())), ("AwsProton20200720", || Box::new(Proton::new()))];

/// A new service without state.
pub(super) fn implementation(name: &str) -> Option<Box<dyn ReferenceService>> {
    IMPLEMENTED.iter().find(|(known, _)| *known == name).map(|(_, new)| new())
}

/// The names of all services, for messages.
pub(super) fn names() -> String {
    IMPLEMENTED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
