//! The resources that a mutant has seen in successful calls: a fault can act on them.

use std::collections::HashMap;

use serde_json::Value;

use super::behavior::{Behavior, ReceivedCall, is_success};
use crate::{
    model::{Contract, Operation, ShapeKind},
    reference::Identity,
    wire::{Request, Response, protocol::protocol_of},
};

/// A resource: its name and its owner.
#[derive(Debug, Clone)]
pub(super) struct KnownResource {
    pub(super) name: String,
    owner: Identity,
    region: String,
}

impl KnownResource {
    /// The account that owns it.
    pub(super) fn account(&self) -> &str {
        self.owner.account()
    }

    /// Signs a request as the owner, for the region of the resource.
    pub(super) fn signed(&self, received: &ReceivedCall<'_>, request: Request) -> Request {
        received.signed_by(request, &self.owner, &self.region)
    }

    /// The region of the resource.
    pub(super) fn region(&self) -> &str {
        &self.region
    }
}

/// The known resources, in the order in which they were first named.
#[derive(Debug, Clone)]
pub(super) struct KnownResources {
    member: String,
    resources: Vec<KnownResource>,
}

/// The input member that names the resource of an operation: the first string.
pub(super) fn key_member(contract: &Contract, operation: &Operation) -> Option<String> {
    let is_text = |target| contract.shape(target).is_some_and(|shape| matches!(shape.kind, ShapeKind::String));
    let mut members = contract.members(&operation.input).iter();
    members.find(|member| is_text(&member.target)).map(|member| member.name.clone())
}

impl KnownResources {
    pub(super) fn by(member: &str) -> Self {
        Self { member: member.to_owned(), resources: Vec::new() }
    }

    /// Adds the resource that a successful call named in its input or output.
    fn learn(&mut self, received: &ReceivedCall<'_>, response: &Response) {
        if !is_success(response) {
            return;
        }
        let output = received.output(response);
        let named = [received.input().and_then(|input| input[&self.member].as_str()), output[&self.member].as_str()];
        for name in named.into_iter().flatten() {
            if self.find(name).is_none() {
                let (owner, region) = received.signer();
                self.resources.push(KnownResource { name: name.to_owned(), owner, region });
            }
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&KnownResource> {
        // Most calls are about a recent resource.
        self.resources.iter().rev().find(|resource| resource.name == name)
    }

    /// The resource whose name differs in case only.
    pub(super) fn find_folded(&self, name: &str) -> Option<&KnownResource> {
        self.resources.iter().find(|resource| resource.name.eq_ignore_ascii_case(name))
    }

    /// The latest resource with such a name.
    pub(super) fn find_by(&self, is: impl Fn(&str) -> bool) -> Option<&KnownResource> {
        self.resources.iter().rev().find(|resource| is(&resource.name))
    }

    /// The latest resource that the bytes of a request name.
    pub(super) fn named_in(&self, request: &Request) -> Option<&KnownResource> {
        let text = String::from_utf8_lossy(&request.body);
        self.resources.iter().rev().find(|resource| text.contains(&resource.name))
    }

    /// The latest resource with a different name.
    pub(super) fn other_than(&self, name: &str) -> Option<&KnownResource> {
        self.resources.iter().rev().find(|resource| resource.name != name)
    }

    /// An unused name of the same form.
    pub(super) fn neighbour(&self) -> String {
        let name = self.resources.last().map_or("d-000000000", |resource| resource.name.as_str());
        let mut neighbour = name.to_owned();
        while self.find(&neighbour).is_some() {
            let last = neighbour.pop();
            neighbour.push(if last == Some('Z') { 'Y' } else { 'Z' });
            if self.find(&neighbour).is_some() {
                neighbour.pop();
                neighbour.push('Q');
                break;
            }
        }
        neighbour
    }

    /// A valid call of the operation on that resource, signed by its owner.
    pub(super) fn call(
        &self,
        received: &ReceivedCall<'_>,
        contract: &Contract,
        operation: &Operation,
        resource: &KnownResource,
    ) -> Option<Request> {
        let input = serde_json::json!({ &self.member: resource.name });
        let mut request = protocol_of(contract).ok()?.build_request(contract, operation, &input).ok()?;
        request.headers.set("host", received.request.headers.get("host").unwrap_or("localhost"));
        Some(resource.signed(received, request))
    }
}

/// The calls that created deployments, by the ID of the deployment.
#[derive(Default)]
pub(super) struct KnownCreations(HashMap<String, Request>);

impl KnownCreations {
    /// Remembers a call that created a deployment.
    pub(super) fn learn(&mut self, received: &ReceivedCall<'_>, response: &Response) {
        if !received.target().ends_with(".CreateDeployment") {
            return;
        }
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        if let Some(id) = body["deploymentId"].as_str() {
            self.0.insert(id.to_owned(), received.request.clone());
        }
    }

    /// The call that created the deployment of an input.
    pub(super) fn of(&self, input: &Value) -> Option<&Request> {
        input["deploymentId"].as_str().and_then(|id| self.0.get(id))
    }
}

/// A fault in one operation that depends on earlier calls.
pub(super) struct KnowingFault<F> {
    pub(super) target: String,
    pub(super) known: KnownResources,
    pub(super) act: F,
}

impl<F: FnMut(&ReceivedCall<'_>, &KnownResources) -> Option<Response> + Send> Behavior for KnowingFault<F> {
    fn respond(&mut self, received: &ReceivedCall<'_>) -> Option<Response> {
        if received.is_control() {
            return None;
        }
        if received.target() == self.target
            && let Some(response) = (self.act)(received, &self.known)
        {
            return Some(response);
        }
        let response = received.reference();
        self.known.learn(received, &response);
        Some(response)
    }
}
