//! The arguments that select the probes of a certificate.

use std::path::{Path, PathBuf};

use clap::{
    Args,
    builder::{BoolishValueParser, PossibleValuesParser},
};

use serde_json::{Map, Value};

use crate::{
    certificate::{
        held_states::HeldStates,
        probe_scope::{ProbeScope, StatedProbes},
    },
    cli::Failure,
    model::published::Places,
    probe::derivation::Derivation,
    run::recording::{Recording, RecordingEntry, RecordingError},
    suite::RequestGroup,
    wire::protocol::{protocol_named, supported_protocols},
};

/// The model whose probes are certified.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Probes")]
pub(super) struct CertifiedModelArguments {
    /// Certify the probes of this model instead of profiles: a model file, or botocore:SERVICE for the installed botocore.
    #[arg(long, value_name = "FILE|botocore:SERVICE", env = "WIREPROOF_MODEL", conflicts_with_all = ["certified", "mutants", "proof"])]
    pub(super) model: Option<PathBuf>,

    /// Recipe that creates the resources of the service [default: built in].
    #[arg(long, value_name = "FILE", env = "WIREPROOF_RECIPE", requires = "model")]
    recipe: Option<PathBuf>,

    /// Protocol of the requests [default: the first of the model that is supported].
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(supported_protocols()), env = "WIREPROOF_PROTOCOL", requires = "model")]
    protocol: Option<String>,

    /// Groups of probes: sdk (what an SDK can send), behaviour (several calls on one resource), wire (malformed requests),
    /// signing, or all.
    #[arg(long, value_name = "GROUP", value_delimiter = ',', env = "WIREPROOF_PROBES", default_value = "sdk,behaviour", value_parser = PossibleValuesParser::new(GROUPS))]
    probes: Vec<String>,

    /// Also probe operations that destroy resources: delete, terminate, purge, deregister.
    #[arg(long, env = "WIREPROOF_DESTRUCTIVE", value_parser = BoolishValueParser::new(), requires = "model")]
    destructive: bool,

    /// Probe operations that write also on an endpoint that is not on loopback, which a certificate needs.
    #[arg(long, env = "WIREPROOF_ALLOW_WRITES", value_parser = BoolishValueParser::new(), requires = "model")]
    allow_writes: bool,
}

const GROUPS: [&str; 5] = ["sdk", "behaviour", "wire", "signing", "all"];

impl CertifiedModelArguments {
    /// The probes to certify; `None` without a model.
    pub(super) fn scope(&self, places: &Places) -> Result<Option<(ProbeScope, StatedProbes)>, Failure> {
        let Some(model) = &self.model else { return Ok(None) };
        let derivation = Derivation {
            model: model.clone().into(),
            recipe: self.recipe.clone(),
            protocol: self.protocol.as_deref().and_then(protocol_named),
            places: places.clone(),
        };
        // Its errors have positions in the files of this machine.
        derivation.suite()?;
        let broken = || Failure::usage(format!("{} is not a readable model", model.display()));
        let scope = ProbeScope::of(derivation.portable()?).ok_or_else(broken)?;
        let stated = StatedProbes {
            model: scope.identity(),
            protocol: self.protocol.clone(),
            groups: self.groups(),
            destructive: self.destructive,
        };
        Ok(Some((scope, stated)))
    }

    /// The groups in their order, each once.
    fn groups(&self) -> Vec<RequestGroup> {
        let is_named = |group: &RequestGroup| self.probes.iter().any(|name| name == "all" || name == group.name());
        RequestGroup::ALL.into_iter().filter(is_named).collect()
    }

    /// Checks that the endpoint may be written to.
    pub(super) fn check_writes(&self, is_loopback: bool) -> Result<(), Failure> {
        if self.model.is_none() || is_loopback || self.allow_writes {
            return Ok(());
        }
        Err(Failure::usage(
            "the endpoint is not on this machine, and a certificate covers operations that write\n\
             help: pass --allow-writes to probe them",
        ))
    }
}

/// Hides the sensitive values among those of states: the recording has placeholders for them.
pub(super) fn without_sensitive(
    mut held: Vec<HeldStates>,
    recording: &Path,
) -> Result<Vec<HeldStates>, RecordingError> {
    let recording = Recording::open(recording)?;
    for entry in recording.entries() {
        let RecordingEntry::Opened(opened) = entry? else { continue };
        let Some(file) = opened.file else { continue };
        let recorded = Value::Object(recording.transcript(&file)?.variables);
        let mut of_operation = held.iter_mut().filter(|held| held.operation == opened.checked.operation).peekable();
        let Some(first) = of_operation.peek() else { continue };
        let mut hidden = Vec::new();
        placeholders(&Value::Object(first.variables.clone()), &recorded, &mut Vec::new(), &mut hidden);
        for held in of_operation.filter(|_| !hidden.is_empty()) {
            for (path, placeholder) in &hidden {
                hide(&mut held.variables, path, placeholder);
            }
            held.hidden = true;
        }
    }
    Ok(held)
}

/// The paths at which values differ from recorded ones, each with the recorded one.
fn placeholders(value: &Value, recorded: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    match (value, recorded) {
        (Value::Object(members), Value::Object(others)) if members.len() == others.len() => {
            for (name, member) in members {
                path.push(name.clone());
                placeholders(member, others.get(name).unwrap_or(&Value::Null), path, found);
                path.pop();
            }
        }
        _ if value != recorded => found.push((path.clone(), recorded.clone())),
        _ => {}
    }
}

/// Puts a placeholder at a path. A value whose path ends earlier is hidden whole.
fn hide(variables: &mut Map<String, Value>, path: &[String], placeholder: &Value) {
    let Some((name, rest)) = path.split_first() else { return variables.clear() };
    match variables.get_mut(name) {
        Some(Value::Object(inner)) if !rest.is_empty() => hide(inner, rest, placeholder),
        Some(value) => *value = placeholder.clone(),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_values_that_the_recording_hides_are_hidden() {
        let held = json!({"a secret": {"name": "n", "text": "hunter"}, "plain": {"tags": [{"Key": "k"}]}});
        let recorded = json!({"a secret": {"name": "n", "text": "xxxxxx"}, "plain": {"tags": [{"Key": "k"}]}});
        let mut hidden = Vec::new();
        placeholders(&held, &recorded, &mut Vec::new(), &mut hidden);
        let Value::Object(mut later) = json!({"a secret": {"name": "m", "text": "hunter-2"}, "plain": {}}) else {
            panic!("an object")
        };
        for (path, placeholder) in &hidden {
            hide(&mut later, path, placeholder);
        }
        assert_eq!(Value::Object(later), json!({"a secret": {"name": "m", "text": "xxxxxx"}, "plain": {}}));
    }

    #[test]
    fn states_of_another_form_are_hidden_whole() {
        let mut hidden = Vec::new();
        placeholders(&json!({"a": 1}), &json!({}), &mut Vec::new(), &mut hidden);
        let Value::Object(mut later) = json!({"a": 1}) else { panic!("an object") };
        for (path, placeholder) in &hidden {
            hide(&mut later, path, placeholder);
        }
        assert!(later.is_empty());
    }
}
