//! Builds the exact request of a call: input, byte changes, signature. Pure.

use std::fmt;

use bytes::Bytes;

use super::{Executor, now};
use crate::{
    model::Operation,
    run::resolved_target::ResolvedTarget,
    suite::{BindError, Bindings, Body, ByteChanges, Call, CallerName, Region, ServiceFixtures, Template},
    wire::{
        Delivery, Request,
        checksum::{add_checksum, is_checksum_header},
        client_style::{ClientCall, put_below},
        sigv4::{CredentialScope, Credentials, SigningKeys, SigningProfile},
    },
};

/// The reason why the request of a call cannot be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unwritable {
    /// A value is missing.
    Unbound(String),
    /// The target lacks an identity or a region, or the protocol cannot carry the input.
    NotApplicable(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Unbound(reason) | Self::NotApplicable(reason)) = self;
        f.write_str(reason)
    }
}

impl Executor<'_> {
    /// Builds the request of `call` with `input` instead of its own input, signed for the current time. `number` is that
    /// of the request in its case.
    pub(super) fn written(
        &self,
        call: &Call,
        input: &Template,
        service: &ServiceFixtures,
        bindings: &Bindings,
        number: usize,
    ) -> Result<Request, Unwritable> {
        let mut request = write(call, input, service, (bindings, number), self.target)?;
        self.sign(call, service, bindings, &mut request)?;
        if let Some(changes) = &call.raw {
            request.delivery = Delivery::Exact;
            restore_after_signing(changes, &mut request, bindings).map_err(|error| unbound(&error))?;
        }
        Ok(request)
    }

    fn sign(
        &self,
        call: &Call,
        service: &ServiceFixtures,
        bindings: &Bindings,
        request: &mut Request,
    ) -> Result<(), Unwritable> {
        let contract = service.contract();
        let signing_name = contract.service().signing_name.clone();
        let profile = contract.operation(&call.operation).and_then(|one| SigningProfile::of_operation(contract, one));
        // A fault needs a signature, even where AWS needs none.
        let of_fault = || call.signing.as_ref().map(|_| SigningProfile::of_service(&signing_name));
        let Some(profile) = profile.or_else(of_fault) else { return Ok(()) };
        let scope = CredentialScope { region: region(call, self.target)?.to_owned(), service: signing_name };
        let credentials = credentials(call, self.target)?;
        let fault = match &call.signing {
            Some(signing) => signing.fault(bindings).map_err(|error| unbound(&error))?,
            None => None,
        };
        let new = SigningKeys::default();
        self.keys.unwrap_or(&new).sign_by(&profile, request, credentials, &scope, now(), fault.as_ref());
        Ok(())
    }
}

/// The request before it is signed.
fn write(
    call: &Call,
    input: &Template,
    service: &ServiceFixtures,
    (bindings, number): (&Bindings, usize),
    target: &ResolvedTarget,
) -> Result<Request, Unwritable> {
    let contract = service.contract();
    let operation = operation(service, call)?;
    let input = input.filled(bindings).map_err(|error| unbound(&error))?;
    let (host, token) = (target.endpoint.host_header(), bindings.idempotency_token(number));
    let sent = ClientCall { protocol: service.protocol, contract, operation, host: &host, token: &token };
    // An invalid request is sent exactly as the case has it.
    let style = if call.valid { target.client } else { target.client.without_additions() };
    let input = style.input(sent, &input);
    let built = style.request(sent, &input);
    let mut request = built.map_err(|error| Unwritable::NotApplicable(error.to_string()))?;
    // A pooled client adds this header anyway. The recorded request must be the request that is sent.
    if request.headers.get("accept").is_none() {
        request.headers.set("accept", "*/*");
    }
    request.headers.set("user-agent", concat!("wireproof/", env!("CARGO_PKG_VERSION")));
    if let Some(changes) = &call.raw {
        apply(changes, &mut request, bindings).map_err(|error| unbound(&error))?;
    }
    // A checksum is that of the body as sent; a scenario may remove it or write another one.
    let removes_checksum = |changes: &ByteChanges| changes.remove.iter().any(|name| is_checksum_header(name));
    if !call.raw.as_ref().is_some_and(removes_checksum) {
        add_checksum(contract, operation, &input, &mut request);
    }
    put_below(target.endpoint.prefix(), &mut request);
    set_length(call.raw.as_ref(), &mut request);
    Ok(request)
}

fn operation<'s>(service: &'s ServiceFixtures, call: &Call) -> Result<&'s Operation, Unwritable> {
    let unknown = || unbound(&format!("no operation {}", call.operation));
    service.contract().operation(&call.operation).ok_or_else(unknown)
}

fn unbound(error: &dyn fmt::Display) -> Unwritable {
    Unwritable::Unbound(error.to_string())
}

fn credentials<'t>(call: &Call, target: &'t ResolvedTarget) -> Result<&'t Credentials, Unwritable> {
    let missing = |what: &str| Unwritable::NotApplicable(format!("the target has no {what}"));
    match call.caller {
        CallerName::Owner => Ok(&target.owner),
        CallerName::Denied => target.denied.as_ref().ok_or_else(|| missing("denied identity")),
        CallerName::OtherAccount => target.other_account.as_ref().ok_or_else(|| missing("identity of another account")),
    }
}

fn region<'t>(call: &Call, target: &'t ResolvedTarget) -> Result<&'t str, Unwritable> {
    match call.region {
        Region::Home => Ok(&target.region),
        Region::Other => {
            let missing = || Unwritable::NotApplicable("the target has no other region".to_owned());
            target.other_region.as_deref().ok_or_else(missing)
        }
    }
}

fn apply(changes: &ByteChanges, request: &mut Request, bindings: &Bindings) -> Result<(), BindError> {
    if let Some(method) = &changes.method {
        request.method.clone_from(method);
    }
    if let Some(path) = &changes.path {
        path.fill(bindings)?.as_str().unwrap_or_default().clone_into(&mut request.target);
    }
    if let Some(query) = &changes.query {
        request.target.push('?');
        request.target.push_str(query.fill(bindings)?.as_str().unwrap_or_default());
    }
    for name in &changes.remove {
        request.headers.remove(name);
    }
    for (name, value) in &changes.set {
        let value = value.fill(bindings)?;
        request.headers.set(name, value.as_str().unwrap_or_default());
    }
    match &changes.body {
        Some(Body::Text(template, encoding)) => {
            request.body = encoding.encode(template.fill(bindings)?.as_str().unwrap_or_default()).into();
        }
        Some(Body::Bytes(bytes)) => request.body = Bytes::from(bytes.clone()),
        None => {}
    }
    if let Some((before, after)) = &changes.around {
        request.body = [before, &request.body[..], after].concat().into();
    }
    request.chunked = changes.chunked;
    Ok(())
}

/// The methods whose requests usually have no body.
const BODILESS: [&str; 4] = ["GET", "HEAD", "DELETE", "OPTIONS"];

fn set_length(changes: Option<&ByteChanges>, request: &mut Request) {
    if request.chunked {
        request.headers.set("transfer-encoding", "chunked");
        return;
    }
    let given = changes.and_then(|changes| changes.content_length);
    // RFC 9110: without a body, only a method that usually has one is sent with a length.
    let is_bodiless = request.body.is_empty() && BODILESS.contains(&request.method.as_str());
    if given.is_some() || !is_bodiless {
        request.headers.set("content-length", given.unwrap_or(request.body.len() as u64).to_string());
    }
}

/// Applies the changes of the scenario to the headers that signing sets.
fn restore_after_signing(changes: &ByteChanges, request: &mut Request, bindings: &Bindings) -> Result<(), BindError> {
    let signing = ["authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];
    let is_signing = |name: &str| signing.iter().any(|header| name.eq_ignore_ascii_case(header));
    for name in changes.remove.iter().filter(|name| is_signing(name)) {
        request.headers.remove(name);
    }
    for (name, value) in changes.set.iter().filter(|(name, _)| is_signing(name)) {
        request.headers.set(name, value.fill(bindings)?.as_str().unwrap_or_default());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_to_the_end_of_the_path() {
        let mut request = Request::default();
        let [path, query] = ["/x", "a=b"].map(|text| Some(Template::Literal(text.into())));
        apply(&ByteChanges { path, query, ..ByteChanges::default() }, &mut request, &Bindings::default()).unwrap();
        assert_eq!(request.target, "/x?a=b");
    }

    #[test]
    fn bytes_go_around_the_body_that_the_protocol_built() {
        let mut request = Request { body: Bytes::from_static(b"\xa0"), ..Request::default() };
        let around = Some((b"<".to_vec(), b">".to_vec()));
        apply(&ByteChanges { around, ..ByteChanges::default() }, &mut request, &Bindings::default()).unwrap();
        assert_eq!(request.body, b"<\xa0>"[..]);
    }
}
