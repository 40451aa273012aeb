//! The published suites of Signature Version 4: that of AWS's documentation, that of `aws-c-auth`, and recorded chunks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::*;
use crate::wire::{Headers, signing_date::amz_date_seconds, vectors};

/// 2015-08-30T12:36:00Z, the time of all cases.
const NOW: &str = "20150830T123600Z";

struct VectorCase {
    name: String,
    request: Request,
    credentials: Credentials,
    /// A token that is sent, but not signed.
    unsigned_token: bool,
    profile: SigningProfile,
    lifetime: u32,
    folder: PathBuf,
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A request as the suites write it: lines may end without a carriage return, and a value may go on in the next line.
fn request(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, rest) = lines.next().unwrap().split_once(' ').unwrap();
    let target = rest.strip_suffix(" HTTP/1.1").unwrap_or(rest);
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        match line.split_once(':').filter(|_| !line.starts_with(' ')) {
            Some((name, value)) => fields.push((name.to_owned(), value.to_owned())),
            None => fields.last_mut().unwrap().1.extend(["\n", line]),
        }
    }
    let headers: Headers = fields.into_iter().collect();
    let (method, target) = (method.to_owned(), target.to_owned());
    Request { method, target, headers, body: body.to_owned().into(), ..Request::default() }
}

fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: session_token.map(str::to_owned),
    }
}

fn scope() -> CredentialScope {
    CredentialScope { region: "us-east-1".to_owned(), service: "service".to_owned() }
}

/// The canonical request, the string to sign and the signature of a request, with every header signed that it has.
fn steps(signer: &RequestSigner<'_>, request: &Request) -> [String; 3] {
    let mut signed: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    signed.sort();
    signed.dedup();
    let payload = signer.profile.payload_hash(&request.body);
    let canonical = canonical_request(request, &signed, signer.profile.path, &payload);
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{}\n{hash}", signer.date, signer.scope);
    [canonical, to_sign, signer.signature(request, &signed)]
}

/// The cases of the suite in AWS's documentation: folders with a `.req` file.
fn documented_cases(folder: &Path, cases: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            documented_cases(&path, cases);
        } else if path.extension().is_some_and(|extension| extension == "req") {
            cases.push(path);
        }
    }
}

#[test]
fn the_documented_suite_is_signed_step_by_step() {
    let Some(folder) = vectors::folder("sigv4/aws4_testsuite") else { return };
    let mut cases = Vec::new();
    documented_cases(&folder, &mut cases);
    assert_eq!(cases.len(), 34);
    for case in cases {
        let expected = |extension| read(&case.with_extension(extension)).trim_end().to_owned();
        // One case has its token only in the signed request.
        let sent = request(&expected("sreq"));
        let token = sent.headers.get("x-amz-security-token");
        let credentials = credentials(token.filter(|_| expected("creq").contains("x-amz-security-token")));
        let (keys, now) = (SigningKeys::default(), amz_date_seconds(NOW).unwrap());
        let signer = RequestSigner::new(&keys, &SigningProfile::GENERAL, &credentials, &scope(), now, None);
        let mut request = request(&read(&case));
        signer.sign_headers(&mut request);
        let signed = request.headers.get("authorization").map(str::to_owned);
        request.headers.remove("authorization");
        let [canonical, to_sign, signature] = steps(&signer, &request);
        assert_eq!(canonical, expected("creq"), "{}", case.display());
        assert_eq!(to_sign, expected("sts"), "{}", case.display());
        let authorization = expected("authz");
        assert!(authorization.ends_with(&signature), "{}", case.display());
        assert_eq!(signed, Some(authorization), "{}", case.display());
    }
}

fn vector_case(folder: PathBuf) -> VectorCase {
    let context: Value = serde_json::from_str(&read(&folder.join("context.json"))).unwrap();
    let path = if context["normalize"] == true { PathForm::Normalized } else { PathForm::AsSent };
    let payload = if context["sign_body"] == true { PayloadForm::HashInHeader } else { PayloadForm::Hash };
    assert_eq!((&context["timestamp"], &context["region"]), (&"2015-08-30T12:36:00Z".into(), &"us-east-1".into()));
    VectorCase {
        name: folder.file_name().unwrap().to_string_lossy().into_owned(),
        request: request(&read(&folder.join("request.txt"))),
        credentials: credentials(context["credentials"]["token"].as_str()),
        unsigned_token: context["omit_session_token"] == true,
        profile: SigningProfile { path, payload },
        lifetime: context["expiration_in_seconds"].as_u64().unwrap().try_into().unwrap(),
        folder,
    }
}

impl VectorCase {
    fn all() -> Option<Vec<Self>> {
        let folder = vectors::folder("sigv4/aws-c-auth/tests/aws-signing-test-suite/v4")?;
        let cases = fs::read_dir(folder).unwrap().map(|entry| vector_case(entry.unwrap().path()));
        let cases: Vec<Self> = cases.collect();
        assert_eq!(cases.len(), 38);
        Some(cases)
    }

    /// A signer with the token, unless the token is not signed.
    fn check(&self, kind: &str, sign: impl FnOnce(&RequestSigner<'_>, Request) -> (Request, Request)) {
        let mut credentials = self.credentials.clone();
        if self.unsigned_token {
            credentials.session_token = None;
        }
        let (keys, now) = (SigningKeys::default(), amz_date_seconds(NOW).unwrap());
        let signer = RequestSigner::new(&keys, &self.profile, &credentials, &scope(), now, None);
        let (unsigned, signed) = sign(&signer, self.request.clone());
        let [canonical, to_sign, signature] = steps(&signer, &unsigned);
        let expected = |name: &str| read(&self.folder.join(format!("{kind}-{name}.txt"))).trim_end().to_owned();
        assert_eq!(canonical, expected("canonical-request"), "{} {kind}", self.name);
        assert_eq!(to_sign, expected("string-to-sign"), "{} {kind}", self.name);
        assert_eq!(signature, expected("signature"), "{} {kind}", self.name);
        // The suite signs content-length, which clients may leave to their HTTP library.
        if self.request.headers.get("content-length").is_none() {
            let sent = [signed.target.as_str(), signed.headers.get("authorization").unwrap_or_default()].concat();
            assert!(sent.ends_with(&signature), "{} {kind}: {sent}", self.name);
        }
    }
}

#[test]
fn the_suite_of_aws_c_auth_is_signed_in_headers() {
    for case in VectorCase::all().into_iter().flatten() {
        case.check("header", |signer, mut request| {
            signer.sign_headers(&mut request);
            let mut unsigned = request.clone();
            unsigned.headers.remove("authorization");
            (unsigned, request)
        });
    }
}

#[test]
fn the_suite_of_aws_c_auth_is_signed_in_the_query() {
    for mut case in VectorCase::all().into_iter().flatten() {
        // No header has the hash of the body there.
        case.profile.payload = PayloadForm::Hash;
        let lifetime = case.lifetime;
        let lists_length = case.request.headers.get("content-length").is_some();
        case.check("query", |signer, mut request| {
            let mut signed = request.clone();
            signer.presign(&mut signed, lifetime);
            let (target, _) = signed.target.split_once("&X-Amz-Signature=").unwrap();
            let names = if lists_length { "content-length%3B" } else { "" };
            request.target = target.replace("SignedHeaders=", &format!("SignedHeaders={names}"));
            (request, signed)
        });
    }
}

/// The events of recorded traffic that carry the body of a request, as one text.
fn recorded_body(events: &[Value]) -> String {
    let data = events.iter().map(|event| &event["action"]["Data"]).filter(|data| data["direction"] == "Request");
    data.filter_map(|data| data["data"]["Utf8"].as_str()).collect()
}

#[test]
fn recorded_chunks_of_an_sdk_are_signed_alike() {
    let Some(folder) = vectors::folder("smithy-rs-traffic/sdk/integration-tests/s3/tests/data/aws_chunked") else {
        return;
    };
    let credentials = Credentials::new("ANOTREAL", "notrealrnrELgWzOk3IfjzDKtFBhDby");
    let scope = CredentialScope { service: "s3".to_owned(), ..scope() };
    for (file, length, size, is_signed, checksum) in [
        ("chunk-signing", 10_240, 8192, true, "X9RA0w=="),
        ("custom-chunk-size", 10_240, 8192, false, "X9RA0w=="),
        ("no-chunking", 66_560, 66_560, false, "sK4Y7A=="),
    ] {
        let traffic: Value = serde_json::from_str(&read(&folder.join(format!("{file}.json")))).unwrap();
        let events = traffic["events"].as_array().unwrap();
        let recorded = &events[0]["action"]["Request"]["request"]["headers"];
        let text = |name: &str| recorded[name][0].as_str().unwrap();
        let trailer = ChunkTrailer { name: text("x-amz-trailer").to_owned(), value: checksum.to_owned() };
        let chunking = Chunking { size, is_signed, trailer: Some(trailer) };
        let profile = SigningProfile {
            path: PathForm::AsSent,
            payload: PayloadForm::Chunks(text("x-amz-content-sha256").to_owned().leak()),
        };
        let (keys, now) = (SigningKeys::default(), amz_date_seconds(text("x-amz-date")).unwrap());
        let signer = RequestSigner::new(&keys, &profile, &credentials, &scope, now, None);
        // The seed covers a content length, which this crate does not sign.
        let (_, seed) = text("authorization").rsplit_once("Signature=").unwrap();
        let body = signer.chunks(&vec![b'a'; length], &chunking, seed.to_owned());
        assert_eq!(String::from_utf8(body).unwrap(), recorded_body(events), "{file}");
    }
}
