//! Inputs that a fault reads as different ones.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    FaultMemory, Mutant, MutantFamily, MutantSubject,
    behavior::{ReceivedCall, error_of},
    known_resources::{KnowingFault, KnownResources},
};
use crate::{judge::code::Code, reference::is_of_signature};

/// The input as a fault reads it; `None` if it reads it correctly.
pub(super) type InputReading =
    Arc<dyn Fn(&Map<String, Value>, &KnownResources) -> Option<Map<String, Value>> + Send + Sync>;

/// Reads another value of a string member.
pub(super) fn on_text(
    member: &str,
    reading: impl Fn(&str, &KnownResources) -> Option<String> + Send + Sync + 'static,
) -> InputReading {
    let member = member.to_owned();
    Arc::new(move |given, known| {
        let text = reading(given.get(&member)?.as_str()?, known)?;
        let mut read = given.clone();
        read.insert(member.clone(), json!(text));
        Some(read)
    })
}

/// A mutant that reads the inputs of an operation differently. `key` is the member that names its resource.
pub(super) fn misreading(
    subject: &MutantSubject<'_>,
    family: MutantFamily,
    key: &str,
    name: &str,
    kind: &'static [Code],
    says: impl Into<String>,
    reading: InputReading,
) -> Mutant {
    let (target, known) = (subject.target(), KnownResources::by(key));
    let mutant = subject.mutant(family, name, kind, says, move || {
        let reading = Arc::clone(&reading);
        let act = move |received: &ReceivedCall<'_>, known: &KnownResources| {
            let read = Value::Object(reading(received.input()?.as_object()?, known)?);
            // An unknown caller is rejected, however the input is read.
            if error_of(&received.rehearsed()).is_some_and(|error| is_of_signature(&error)) {
                return None;
            }
            received.deviate();
            Some(received.instead(&received.with_input(&read)))
        };
        KnowingFault { target: target.clone(), known: known.clone(), act }
    });
    mutant.remembering(FaultMemory::Calls)
}
