//! How the resources of well-known services are created, so that probes refer to resources that exist.
//!
//! A recipe is a `states.yaml` of the service whose section `members` maps members to values.

use include_dir::{Dir, include_dir};

static RECIPES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/probe/recipes");

/// The recipe of a service, by the name that botocore gives it.
#[must_use]
pub fn recipe(service: &str) -> Option<&'static str> {
    RECIPES.get_file(format!("{service}.yaml"))?.contents_utf8()
}
