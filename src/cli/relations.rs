//! `wireproof relations`: prints the resources of a service, and the operations that create, read, change and delete them.

use std::{io::Write as _, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{Failure, botocore::BotocoreArguments, terminal::width, written};
use crate::{
    probe::{
        Relations,
        derivation::{Derivation, DerivationError},
    },
    report::relations_report::RelationsDocument,
    run::exit::ExitStatus,
};

const EXAMPLES: &str = "Examples:
  wireproof relations --model botocore:kms                     print the resources of a service of botocore
  wireproof relations --model botocore:kms --recipe kms.yaml   print them with the corrections of a recipe
  wireproof relations --model model.json --format json         print JSON by `wireproof schema relations`";

/// Arguments of `wireproof relations`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RelationsArguments {
    /// Model of the service: a Smithy JSON AST, a botocore service-2.json[.gz], or botocore:SERVICE for the installed botocore.
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL")]
    model: String,

    #[command(flatten)]
    botocore: BotocoreArguments,

    /// Recipe whose section `relations` corrects what names and shapes say [default: built in].
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECIPE")]
    recipe: Option<PathBuf>,

    /// Format of the output.
    #[arg(long, value_enum, default_value_t = RelationsFormat::Human, env = "WIREPROOF_FORMAT")]
    format: RelationsFormat,
}

/// A format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RelationsFormat {
    /// Columns for a person.
    Human,
    /// One JSON document.
    Json,
}

pub(super) fn run(arguments: &RelationsArguments) -> Result<ExitStatus, Failure> {
    let (model, recipe) = (arguments.model.clone(), arguments.recipe.clone());
    let derivation = Derivation { model: model.into(), recipe, protocol: None, places: arguments.botocore.places() };
    let suite = derivation.suite()?;
    let service = suite.services().next().ok_or(DerivationError::NoService)?;
    let document = RelationsDocument::of(&service.name, service.contract(), Relations::of_service(service));
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let print = match arguments.format {
        RelationsFormat::Human => document.human(width(), &mut out),
        RelationsFormat::Json => document.json(&mut out),
    };
    written(print.and_then(|()| out.flush())).map(|()| ExitStatus::Conforms)
}
