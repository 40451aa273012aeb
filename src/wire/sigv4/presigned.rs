//! Signatures in the query string of a URL.

use super::{
    CredentialScope, Credentials, PayloadForm, RequestSigner, SigningFault, SigningKeys, SigningProfile, append_byte,
    canonical_request::push_encoded, falsified, signed_headers,
};
use crate::wire::Request;

/// The name of the signature, which is the last pair of the query.
const SIGNATURE: &str = "X-Amz-Signature";

impl SigningKeys {
    /// Signs `request` in its query string, by the rules of the service in `scope`. The URL is valid for `lifetime`
    /// seconds; AWS accepts 1 to 604,800.
    ///
    /// All headers that the request has are signed, so a URL that anyone may open needs a request with no header but
    /// `host`. The body is not signed for S3. `now` is in seconds since 1970.
    pub fn presign(
        &self,
        request: &mut Request,
        credentials: &Credentials,
        scope: &CredentialScope,
        now: i64,
        lifetime: u32,
        fault: Option<&SigningFault>,
    ) {
        let profile = SigningProfile::of_service(&scope.service);
        let sends_hash = profile.payload == PayloadForm::HashInHeader;
        let profile = if sends_hash { profile.without_payload() } else { profile };
        let signer = RequestSigner::new(self, &profile, credentials, scope, now, fault);
        signer.presign(request, lifetime);
        if fault == Some(&SigningFault::ChangedBody) {
            append_byte(request);
        }
    }
}

impl RequestSigner<'_> {
    pub(super) fn presign(&self, request: &mut Request, lifetime: u32) {
        match self.fault {
            Some(SigningFault::None) => return,
            Some(SigningFault::Garbage) => {
                return push_pairs(&mut request.target, &[("X-Amz-Algorithm", "garbage"), (SIGNATURE, "garbage")]);
            }
            _ => {}
        }
        let signed = signed_headers(&request.headers, self.fault);
        let credential = format!("{}/{}", self.credentials.access_key_id, self.scope);
        let (names, lifetime) = (signed.join(";"), lifetime.to_string());
        let pairs = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &self.date),
            ("X-Amz-Expires", &lifetime),
            ("X-Amz-SignedHeaders", &names),
        ];
        push_pairs(&mut request.target, &pairs);
        if let Some(token) = &self.credentials.session_token {
            push_pairs(&mut request.target, &[("X-Amz-Security-Token", token)]);
        }
        let signature = self.signature(request, &signed);
        push_pairs(&mut request.target, &[(SIGNATURE, &signature)]);
        request.target = falsified(std::mem::take(&mut request.target), self.fault);
        self.change_after_signing(request);
    }
}

pub(super) fn push_pairs(target: &mut String, pairs: &[(&str, &str)]) {
    for (name, value) in pairs {
        let separator = match target.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        target.push_str(separator);
        target.push_str(name);
        target.push('=');
        push_encoded(value, b"", target);
    }
}
