//! The argument that says where botocore lies, for all that take a model by its service's name.

use std::path::PathBuf;

use clap::Args;

use crate::model::published::Places;

/// Where botocore is.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct BotocoreArguments {
    /// Where botocore lies, if it is not found by itself: its folder, or its folder of data.
    #[arg(long, value_name = "DIR", env = "WIREPROOF_BOTOCORE")]
    botocore: Option<PathBuf>,
}

impl BotocoreArguments {
    /// Where models are looked for by name.
    pub(super) fn places(&self) -> Places {
        Places { botocore: self.botocore.clone(), path: std::env::var_os("PATH") }
    }
}
