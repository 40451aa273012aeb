//! The four questions that tell whether an operation is there.

use serde_json::{Map, Value};

use super::{Executor, now};
use crate::{
    contract::Operation,
    scenario::{Bindings, Call, Caller, Region, ServiceSuite, Template},
    transcript::{Survey, UNKNOWN_OPERATION, UNKNOWN_SERVICE},
    wire::{
        Request, Response, TransportError,
        sigv4::{self, Scope},
    },
};

impl Executor<'_> {
    /// Asks the four questions of one operation, one after the other: with `sample`, else with the first of the
    /// model's examples.
    pub async fn survey(&self, service: &ServiceSuite, operation: &Operation, sample: Option<&Value>) -> Survey {
        let empty = Value::Object(Map::new());
        let sample = sample.or_else(|| operation.example_input()).unwrap_or(&empty);
        let operation = operation.name.as_str();
        // An empty sample compared with itself tells nothing.
        let second = if *sample == empty {
            Err(TransportError::Unsendable("the sample is the empty input".to_owned()))
        } else {
            self.question(service, operation, &empty)
        };
        let sample = self.question(service, operation, sample);
        let own_service = service.contract().service().id.name();
        let answered = self.ask(sample.clone()).await;
        if let Err(error) = &answered {
            // Whoever does not answer a good request is not asked three more.
            let none = || Err(error.clone());
            return Survey {
                unknown_operation: none(),
                unknown_service: none(),
                empty_input: none(),
                sample: answered,
            };
        }
        Survey {
            sample: answered,
            unknown_operation: self.ask(self.renamed(&sample, service, own_service, UNKNOWN_OPERATION)).await,
            unknown_service: self.ask(self.renamed(&sample, service, UNKNOWN_SERVICE, operation)).await,
            empty_input: self.ask(second).await,
        }
    }

    fn question(&self, service: &ServiceSuite, operation: &str, input: &Value) -> Result<Request, TransportError> {
        let call = Call {
            service: service.name.clone(),
            operation: operation.to_owned(),
            input: Template::Literal(input.clone()),
            // An empty input is asked with, whatever the model says of it.
            legal: false,
            caller: Caller::Owner,
            region: Region::Home,
            fault: None,
            raw: None,
        };
        let written = self.written(&call, &call.input, service, &Bindings::default());
        written.map_err(|reason| TransportError::Unsendable(reason.to_string()))
    }

    /// The same request to another service or operation, signed anew.
    fn renamed(
        &self,
        sample: &Result<Request, TransportError>,
        service: &ServiceSuite,
        name: &str,
        operation: &str,
    ) -> Result<Request, TransportError> {
        let mut request = sample.clone()?;
        request.headers.remove("authorization");
        service.protocol.rename(&mut request, name, operation);
        let scope =
            Scope { region: self.target.region.clone(), service: service.contract().service().signing_name.clone() };
        sigv4::sign(&mut request, &self.target.owner, &scope, now(), None);
        Ok(request)
    }

    /// A request that says nothing, to see whether somebody listens.
    ///
    /// # Errors
    /// No answer came, which may mean that nobody does.
    pub async fn knock(&self) -> Result<Response, TransportError> {
        let headers = [("host", self.target.endpoint.host_header()), ("accept", "*/*".to_owned())];
        let request = Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: headers.into_iter().collect(),
            ..Request::default()
        };
        self.ask(Ok(request)).await
    }

    async fn ask(&self, request: Result<Request, TransportError>) -> Result<Response, TransportError> {
        self.transport.send(&self.target.endpoint, &request?).await
    }
}
