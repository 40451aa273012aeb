//! The model server as a target: an endpoint of this process, derived from a model.

use super::{Problem, Target, test_environment::TestEnvironment};
use crate::{
    probe::derivation::Derivation,
    reference::ModelServer,
    run::transport::{InProcess, Reply},
    wire::{Request, protocol::ServerProtocol},
};

impl Target {
    /// The target with the transport to its model server, if it is one: in `protocol`, or in all supported ones of the model.
    pub(super) fn served(&self, protocol: Option<&'static dyn ServerProtocol>) -> Result<Self, Problem> {
        let Some(model) = &self.model else { return Ok(self.clone()) };
        let derivation = Derivation { protocol, ..Derivation::of(model, TestEnvironment::read()?.places) };
        let suite = derivation.suite()?;
        let contract = suite.services().next().map(|service| service.contract().clone());
        let contract = contract.ok_or(crate::probe::derivation::DerivationError::NoService)?;
        let server = ModelServer::new(contract, protocol)
            .map_err(|unknown| Problem::Protocol { name: unknown.used, known: unknown.supported })?;
        let server = if self.is_stateless { server.stateless() } else { server };
        let respond = InProcess::new(move |request: &Request| Reply::Answer(server.respond(request)));
        Ok(self.clone().through(respond))
    }
}
