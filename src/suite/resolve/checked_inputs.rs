//! The inputs that were checked against the model: scenarios repeat most of theirs.

use std::{cell::RefCell, collections::HashMap};

use serde_json::Value;

use crate::{
    model::{Operation, SchemaError, Violation},
    suite::service_fixtures::ServiceFixtures,
};

/// The first violation of each input that was checked, by service, operation, text and unknown places.
#[derive(Default)]
pub(in crate::suite) struct CheckedInputs(RefCell<HashMap<String, Option<Violation>>>);

impl CheckedInputs {
    /// [`ServiceFixtures::violation`], computed once for each input.
    pub(super) fn violation(
        &self,
        service: &ServiceFixtures,
        operation: &Operation,
        input: &Value,
        unknown: &[String],
    ) -> Result<Option<Violation>, SchemaError> {
        let key = format!("{}/{} {unknown:?} {input}", service.name, operation.name);
        if let Some(known) = self.0.borrow().get(&key) {
            return Ok(known.clone());
        }
        let violation = service.violation(operation, input, unknown)?;
        self.0.borrow_mut().insert(key, violation.clone());
        Ok(violation)
    }
}
