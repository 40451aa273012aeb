//! The argument with the location of botocore, for commands that find a model by the name of its service.

use std::path::PathBuf;

use clap::Args;

use crate::model::published::Places;

/// The location of botocore.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct BotocoreArguments {
    /// The botocore installation to use: its folder, or its data folder [default: search this machine].
    #[arg(long, value_name = "DIR", env = "WIREPROOF_BOTOCORE")]
    botocore: Option<PathBuf>,
}

impl BotocoreArguments {
    /// The places to search for models.
    pub(super) fn places(&self) -> Places {
        Places { botocore: self.botocore.clone(), path: std::env::var_os("PATH") }
    }
}
