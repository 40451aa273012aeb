//! The fault of a call's signature: the same in every case of a scenario, or a value of its row.

use serde_json::Value;

use super::{BindError, Bindings, Template};
use crate::wire::sigv4::SigningFault;

/// The way in which the signature of a call differs from that of a careful signer.
#[derive(Debug, Clone, PartialEq)]
pub enum CallSigning {
    /// The same fault in every case.
    Always(SigningFault),
    /// The fault that a value of the row names.
    OfRow(Template),
}

impl CallSigning {
    /// The fault for these bindings.
    ///
    /// # Errors
    /// A value of the row is missing.
    pub fn fault(&self, bindings: &Bindings) -> Result<Option<SigningFault>, BindError> {
        match self {
            Self::Always(fault) => Ok(Some(fault.clone())),
            // Resolving has checked the value of every row.
            Self::OfRow(template) => Ok(Self::named(template.fill(bindings)?).ok()),
        }
    }

    /// The fault that a value names.
    pub(super) fn named(value: Value) -> Result<SigningFault, serde_json::Error> {
        serde_json::from_value(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_names_the_fault_of_its_case() {
        let signing = CallSigning::OfRow(Template::read(&json!("${row.sign}")).unwrap());
        let fault = |row: Value| {
            let mut bindings = Bindings::default();
            bindings.bind("row", row);
            signing.fault(&bindings)
        };
        assert_eq!(fault(json!({"sign": "first-digit"})), Ok(Some(SigningFault::FirstDigit)));
        assert_eq!(fault(json!({"sign": {"skewed-clock": -5}})), Ok(Some(SigningFault::SkewedClock(-5))));
        assert!(fault(json!({})).is_err());
        assert_eq!(CallSigning::Always(SigningFault::None).fault(&Bindings::default()), Ok(Some(SigningFault::None)));
    }
}
