//! Bodies of S3 in signed chunks, and with a trailer: the content coding `aws-chunked`.

use super::{
    CredentialScope, Credentials, PathForm, PayloadForm, RequestSigner, SigningFault, SigningKeys, SigningProfile, hex,
};
use crate::wire::{Request, digest::Sha256};

/// The smallest chunk that S3 accepts, except for the last one.
pub const SMALLEST_CHUNK: usize = 8192;

/// A header field after the chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkTrailer {
    /// The name, in lower case.
    pub name: String,
    /// The value.
    pub value: String,
}

/// The chunks of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunking {
    /// The bytes of each chunk but the last one; at least 1.
    pub size: usize,
    /// Each chunk has a signature. S3 accepts chunks without signatures only with a trailer.
    pub is_signed: bool,
    /// The trailer.
    pub trailer: Option<ChunkTrailer>,
}

impl Default for Chunking {
    fn default() -> Self {
        Self { size: 8 * SMALLEST_CHUNK, is_signed: true, trailer: None }
    }
}

impl Chunking {
    /// The value of `x-amz-content-sha256`.
    fn payload(&self) -> &'static str {
        match (self.is_signed, &self.trailer) {
            (true, None) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            (true, Some(_)) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            (false, _) => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        }
    }
}

impl SigningKeys {
    /// Signs `request` in its headers by the rules of S3, and puts its body into chunks. `now` is in seconds since 1970.
    ///
    /// With [`SigningFault::ChangedBody`], the first byte of the body is another one than that which is signed.
    pub fn sign_chunked(
        &self,
        request: &mut Request,
        chunking: &Chunking,
        credentials: &Credentials,
        scope: &CredentialScope,
        now: i64,
        fault: Option<&SigningFault>,
    ) {
        let profile = SigningProfile { path: PathForm::AsSent, payload: PayloadForm::Chunks(chunking.payload()) };
        let signer = RequestSigner::new(self, &profile, credentials, scope, now, fault);
        set_headers(request, chunking);
        let seed = signer.sign_headers(request);
        let body = signer.chunks(&request.body, chunking, seed);
        if request.headers.get("content-length").is_some() {
            request.headers.set("content-length", body.len().to_string());
        }
        request.body = body.into();
    }
}

/// Sets the headers that describe the chunks. They are signed.
fn set_headers(request: &mut Request, chunking: &Chunking) {
    let coding = request.headers.get("content-encoding").map(|others| format!("{others},aws-chunked"));
    request.headers.set("content-encoding", coding.as_deref().unwrap_or("aws-chunked"));
    request.headers.set("x-amz-decoded-content-length", request.body.len().to_string());
    if let Some(trailer) = &chunking.trailer {
        request.headers.set("x-amz-trailer", &*trailer.name);
    }
}

impl RequestSigner<'_> {
    /// The chunks of a body; `seed` is the signature of the headers.
    pub(super) fn chunks(&self, body: &[u8], chunking: &Chunking, seed: String) -> Vec<u8> {
        let mut out = Vec::with_capacity(body.len() + 256);
        let mut previous = seed;
        for chunk in body.chunks(chunking.size.max(1)).chain([&[][..]]) {
            out.extend_from_slice(format!("{:x}", chunk.len()).as_bytes());
            if chunking.is_signed {
                previous = self.chunk_signature(&previous, chunk);
                out.extend_from_slice(format!(";chunk-signature={previous}").as_bytes());
            }
            out.extend_from_slice(b"\r\n");
            let start = out.len();
            out.extend_from_slice(chunk);
            self.change_first(body, chunk, &mut out[start..]);
            // The end of the last chunk is that of the trailer.
            if !chunk.is_empty() {
                out.extend_from_slice(b"\r\n");
            }
        }
        if let Some(trailer) = &chunking.trailer {
            self.push_trailer(trailer, chunking, &previous, &mut out);
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// Changes the first byte of the first chunk, if a fault says so.
    fn change_first(&self, body: &[u8], chunk: &[u8], written: &mut [u8]) {
        let is_first = chunk.as_ptr() == body.as_ptr();
        if let Some(byte) = written.first_mut().filter(|_| is_first && self.fault == Some(&SigningFault::ChangedBody)) {
            *byte ^= 1;
        }
    }

    fn chunk_signature(&self, previous: &str, chunk: &[u8]) -> String {
        let (nothing, hash) = (hex(&Sha256::digest([])), hex(&Sha256::digest(chunk)));
        let (date, scope) = (&self.date, &self.scope);
        self.code(&format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{nothing}\n{hash}"))
    }

    fn push_trailer(&self, trailer: &ChunkTrailer, chunking: &Chunking, previous: &str, out: &mut Vec<u8>) {
        let ChunkTrailer { name, value } = trailer;
        out.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        if chunking.is_signed {
            let signature = self.trailer_signature(previous, trailer);
            out.extend_from_slice(format!("x-amz-trailer-signature:{signature}\r\n").as_bytes());
        }
    }

    fn trailer_signature(&self, previous: &str, trailer: &ChunkTrailer) -> String {
        let hash = hex(&Sha256::digest(format!("{}:{}\n", trailer.name, trailer.value)));
        let (date, scope) = (&self.date, &self.scope);
        self.code(&format!("AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{previous}\n{hash}"))
    }
}
