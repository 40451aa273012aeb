//! The bundled operations, for the tests of this folder.

use super::{Mutant, MutantSubject};
use crate::{suite::testing::BUNDLED, wire::protocol::protocol_of};

/// The mutants that a family enumerates for an operation of the bundled fixtures.
pub(super) fn of_operation(
    service: &str,
    operation: &str,
    mutants: impl Fn(&MutantSubject<'_>) -> Vec<Mutant>,
) -> Vec<Mutant> {
    let contract = BUNDLED.service(service).unwrap().contract();
    let operation = contract.operation(operation).unwrap();
    let protocol = protocol_of(contract).unwrap();
    mutants(&MutantSubject { service, contract, protocol, operation })
}
