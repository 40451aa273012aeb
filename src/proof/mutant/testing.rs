//! The bundled operations, for the tests of this folder.

use std::sync::Arc;

use super::{Mutant, MutantSubject};
use crate::{
    suite::{FixtureFiles, Fixtures},
    wire::protocol::protocol_of,
};

/// The mutants that a family enumerates for an operation of the bundled fixtures.
pub(super) fn of_operation(
    service: &str,
    operation: &str,
    mutants: impl Fn(&MutantSubject<'_>) -> Vec<Mutant>,
) -> Vec<Mutant> {
    let fixtures = Fixtures::read(&FixtureFiles::bundled_fixtures()).unwrap();
    let contract = Arc::clone(fixtures.service(service).unwrap().contract());
    let operation = contract.operation(operation).unwrap();
    let protocol = protocol_of(&contract).unwrap();
    mutants(&MutantSubject { service, contract: &contract, protocol, operation })
}
