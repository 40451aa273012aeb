//! The files that probes are derived from, without their places on a machine.
//!
//! Equal files give the same probes on every machine, so a certificate can contain them.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ProbeOptions, Probes,
    recipe::{helpers, recipe},
};
use crate::{
    judge::named_checks::read_fixtures,
    suite::{FixtureFiles, Fixtures, source::Source},
    wire::protocol::ServerProtocol,
};

const MODEL: &str = "model.json";
const RECIPE: &str = "states.yaml";

/// A model with its companions and its recipe.
#[derive(Debug, Clone)]
pub struct PortableModel {
    /// The name of the service in ids.
    pub service: String,
    /// The name that finds the model again: `botocore:SERVICE@VERSION`, or a file.
    pub source: String,
    /// The text of each file, by its name in the folder of the service.
    pub texts: BTreeMap<String, String>,
    /// The protocol; `None`: the first of the model that is supported.
    pub protocol: Option<&'static dyn ServerProtocol>,
}

/// The author of the recipe that creates the resources of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipeOrigin {
    /// The program's.
    BuiltIn,
    /// The program has one, and there is none here.
    Removed,
    /// Another one.
    Own,
    /// There is none, and the program has none either.
    None,
}

impl PortableModel {
    /// The fixtures of the service and of those that help it.
    #[must_use]
    pub fn files(&self) -> FixtureFiles {
        let texts = self.texts.iter().map(|(name, text)| (self.path(name), text.clone()));
        let mut files = FixtureFiles::from_texts(texts);
        files.name_model(&self.service, self.source.clone());
        // Built-in recipes are written for the newest models; an error in any other one is its author's.
        if self.recipe() == RecipeOrigin::BuiltIn {
            files.allow_newer_states(&self.service);
        }
        if let Some(protocol) = self.protocol {
            files.speak(protocol);
        }
        for (helper, model) in helpers(&self.service, self.recipe_text().unwrap_or_default()) {
            files.add_helper(helper, model);
        }
        files
    }

    /// A suite of these files; `None` if one is broken.
    #[must_use]
    pub fn suite(&self) -> Option<Fixtures> {
        read_fixtures(&self.files()).ok()
    }

    /// The probes of such a suite; `None` if it does not have the service.
    #[must_use]
    pub fn probes(&self, suite: &Fixtures, options: ProbeOptions) -> Option<Probes> {
        Some(Probes::new(suite.service(&self.service)?, &Arc::new(Source::none(&self.source)), options))
    }

    /// The author of its recipe.
    #[must_use]
    pub fn recipe(&self) -> RecipeOrigin {
        match (self.recipe_text(), recipe(&self.service)) {
            (None, None) => RecipeOrigin::None,
            (None, Some(_)) => RecipeOrigin::Removed,
            (Some(own), Some(known)) if own == known => RecipeOrigin::BuiltIn,
            (Some(_), _) => RecipeOrigin::Own,
        }
    }

    /// The names of the files of the model that differ from another one. The recipe is not part of a model.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names = self.texts.keys().chain(other.texts.keys().filter(|name| !self.texts.contains_key(*name)));
        let differs = |name: &&String| *name != RECIPE && self.texts.get(*name) != other.texts.get(*name);
        names.filter(differs).cloned().collect()
    }

    /// The text of the model itself.
    #[must_use]
    pub fn model(&self) -> &str {
        self.texts.get(MODEL).map_or("", String::as_str)
    }

    /// Returns whether botocore has the model, by its name.
    #[must_use]
    pub fn is_of_botocore(&self) -> bool {
        self.source.starts_with("botocore:")
    }

    /// The path of a file among fixtures.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.service)
    }

    fn recipe_text(&self) -> Option<&str> {
        self.texts.get(RECIPE).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn model(texts: &[(&str, &str)]) -> PortableModel {
        let texts = texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        PortableModel { service: "sqs".to_owned(), source: "botocore:sqs@2012-11-05".to_owned(), texts, protocol: None }
    }

    #[rstest]
    #[case::built_in(&[("states.yaml", recipe("sqs").unwrap())], RecipeOrigin::BuiltIn)]
    #[case::another_one(&[("states.yaml", "states: {}")], RecipeOrigin::Own)]
    #[case::none(&[], RecipeOrigin::Removed)]
    fn a_recipe_of_someone_else_is_recognized(#[case] texts: &[(&str, &str)], #[case] expected: RecipeOrigin) {
        assert_eq!(model(texts).recipe(), expected);
        let unknown = PortableModel { service: "nobody".to_owned(), ..model(texts) };
        assert_eq!(unknown.recipe() == RecipeOrigin::None, texts.is_empty());
    }

    #[test]
    fn two_models_differ_by_every_file_but_the_recipe() {
        let own = model(&[("model.json", "{}"), ("paginators-1.json", "{}"), ("states.yaml", "a")]);
        let other = model(&[("model.json", "{ }"), ("states.yaml", "b")]);
        assert_eq!(own.differences(&other), ["model.json", "paginators-1.json"]);
        assert_eq!(other.differences(&own), ["model.json", "paginators-1.json"]);
        assert_eq!(own.differences(&own), [""; 0]);
    }
}
