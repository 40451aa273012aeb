//! Which services the reference implements, by the name of the service's shape.

use super::{codedeploy::CodeDeploy, proton::Proton, service::ReferenceService};

type Constructor = fn() -> Box<dyn ReferenceService>;

/// One line a service.
const IMPLEMENTED: &[(&str, Constructor)] =
    &[("CodeDeploy_20141006", || Box::new(CodeDeploy::new())), ("AwsProton20200720", || Box::new(Proton::new()))];

/// A fresh service, without any state.
pub(super) fn implementation(name: &str) -> Option<Box<dyn ReferenceService>> {
    IMPLEMENTED.iter().find(|(known, _)| *known == name).map(|(_, new)| new())
}

/// The names of all, for a person.
pub(super) fn names() -> String {
    IMPLEMENTED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
