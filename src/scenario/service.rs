//! One service as fixtures see it.

use std::{collections::BTreeMap, sync::Arc};

use super::State;
use crate::{
    contract::{Contract, Schemas},
    statement::Statements,
    wire::Protocol,
};

/// The services that fixtures may speak of, by folder.
pub(super) type Services = BTreeMap<String, ServiceSuite>;

/// One service: its contract, its statements and its states.
#[derive(Debug, Clone)]
pub struct ServiceSuite {
    /// The folder's name, by which fixtures call it.
    pub name: String,
    /// The contract, with its compiled schemas.
    pub schemas: Arc<Schemas>,
    /// The statements.
    pub statements: Statements,
    /// The states.
    pub states: BTreeMap<String, State>,
    /// How it is spoken to.
    pub protocol: &'static dyn Protocol,
}

impl ServiceSuite {
    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &Arc<Contract> {
        self.schemas.contract()
    }
}
