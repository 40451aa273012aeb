use bytes::Bytes;
use rstest::rstest;

use super::*;

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: None,
    }
}

fn scope() -> CredentialScope {
    CredentialScope { region: "us-east-1".to_owned(), service: "service".to_owned() }
}

/// 2015-08-30T12:36:00Z, the time of AWS's published test vectors.
const VECTOR_TIME: i64 = 1_440_938_160;

fn vanilla(method: &str, target: &str) -> Request {
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: [("Host", "example.amazonaws.com")].into_iter().collect(),
        ..Request::default()
    }
}

#[rstest]
#[case::get_vanilla("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
#[case::post_vanilla("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
#[case::get_vanilla_query_order(
    "GET",
    "/?Param2=value2&Param1=value1",
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
)]
fn the_published_test_vectors_match(#[case] method: &str, #[case] target: &str, #[case] expected: &str) {
    let mut request = vanilla(method, target);
    sign(&mut request, &credentials(), &scope(), VECTOR_TIME, None);
    let authorization = request.headers.get("authorization").unwrap();
    assert!(authorization.ends_with(expected), "{authorization}");
    assert_eq!(request.headers.get("x-amz-date"), Some("20150830T123600Z"));
}

#[test]
fn each_fault_changes_what_is_sent() {
    let signed = |fault: Option<SigningFault>| {
        let mut request = vanilla("POST", "/");
        request.headers.push("user-agent", "x");
        request.headers.push("content-length", "2");
        request.body = Bytes::from_static(b"{}");
        sign(&mut request, &credentials(), &scope(), VECTOR_TIME, fault.as_ref());
        request
    };
    let correct = signed(None);
    for fault in [
        SigningFault::None,
        SigningFault::FlippedDigit,
        SigningFault::FirstDigit,
        SigningFault::HalfSignature,
        SigningFault::EmptySignature,
        SigningFault::NoSignature,
        SigningFault::LongerSignature,
        SigningFault::OtherService,
        SigningFault::OtherRegion,
        SigningFault::OtherTerminator,
        SigningFault::OtherDay,
        SigningFault::SkewedClock(-960),
        SigningFault::UnknownKey,
        SigningFault::Garbage,
        SigningFault::ChangedHeader,
        SigningFault::ChangedBody,
        SigningFault::EmptyPayload,
        SigningFault::UnsignedPayload,
        SigningFault::OtherPayload,
        SigningFault::ChangedQuery,
        SigningFault::NoDate,
        SigningFault::UnsignedDate,
        SigningFault::OtherAlgorithm,
        SigningFault::UnsignedHost,
        SigningFault::UnsignedUserAgent,
        SigningFault::PayloadHash,
        SigningFault::ReorderedHeaders,
    ] {
        assert_ne!(signed(Some(fault.clone())), correct, "{fault:?}");
    }
}

#[test]
fn a_cached_key_signs_like_a_newly_derived_one() {
    let keys = SigningKeys::default();
    // More scopes and secrets than fit, each twice.
    for round in 0..2 {
        for day in 0..20 {
            let secret_access_key = format!("secret-{}", day % 3);
            let credentials = Credentials { secret_access_key, ..credentials() };
            let [mut cached, mut derived] = [vanilla("POST", "/"), vanilla("POST", "/")];
            let now = VECTOR_TIME + day * 86_400;
            keys.sign(&mut cached, &credentials, &scope(), now, None);
            sign(&mut derived, &credentials, &scope(), now, None);
            assert_eq!(cached, derived, "round {round}, day {day}");
        }
    }
}

#[test]
fn debug_output_does_not_show_credentials() {
    assert_eq!(format!("{:?}", credentials()), "Credentials(…)");
}

/// A `POST` of `{}` that is signed with this fault.
fn faulty_request(fault: Option<&SigningFault>, scope: &CredentialScope) -> Request {
    let mut request = vanilla("POST", "/");
    request.headers.push("user-agent", "x");
    request.headers.push("content-length", "2");
    request.body = Bytes::from_static(b"{}");
    sign(&mut request, &credentials(), scope, VECTOR_TIME, fault);
    request
}

fn authorization_of(request: &Request) -> String {
    request.headers.get("authorization").unwrap().to_owned()
}

#[rstest]
#[case::correct(None, "20150830/us-east-1/service/aws4_request")]
#[case::service(Some(SigningFault::OtherService), "20150830/us-east-1/sts/aws4_request")]
#[case::region(Some(SigningFault::OtherRegion), "20150830/eu-central-1/service/aws4_request")]
#[case::end(Some(SigningFault::OtherTerminator), "20150830/us-east-1/service/aws3_request")]
#[case::clock(Some(SigningFault::SkewedClock(86_400)), "20150831/us-east-1/service/aws4_request")]
fn a_faulty_scope_is_sent_and_signed(#[case] fault: Option<SigningFault>, #[case] expected: &str) {
    let request = faulty_request(fault.as_ref(), &scope());
    let date = request.headers.get("x-amz-date").unwrap();
    let signed = ["host", "user-agent", "x-amz-date"].map(str::to_owned);
    let signature = signature(&request, &signed, &credentials().secret_access_key, expected, date);
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{expected}, SignedHeaders=host;user-agent;x-amz-date, Signature={signature}"
    );
    assert_eq!(authorization_of(&request), expected);
}

#[test]
fn the_faulty_region_differs_from_the_correct_one() {
    let scope = CredentialScope { region: "eu-central-1".to_owned(), ..scope() };
    assert!(authorization_of(&faulty_request(Some(&SigningFault::OtherRegion), &scope)).contains("/eu-west-3/"));
}

#[test]
fn only_the_last_digit_is_flipped_and_always_to_another_one() {
    let correct = authorization_of(&faulty_request(None, &scope()));
    let flipped = authorization_of(&faulty_request(Some(&SigningFault::FlippedDigit), &scope()));
    assert_eq!(correct[..correct.len() - 1], flipped[..flipped.len() - 1]);
    let flip = |last: &str| {
        let authorization = ["a".repeat(SIGNATURE_LENGTH - 1).as_str(), last].concat();
        falsified(authorization, Some(&SigningFault::FlippedDigit)).split_off(SIGNATURE_LENGTH - 1)
    };
    assert_eq!([flip("0"), flip("1"), flip("f")], ["1", "0", "0"]);
}

#[rstest]
#[case::first(SigningFault::FirstDigit, 64)]
#[case::half(SigningFault::HalfSignature, 32)]
#[case::empty(SigningFault::EmptySignature, 0)]
#[case::longer(SigningFault::LongerSignature, 65)]
fn only_the_signature_is_falsified(#[case] fault: SigningFault, #[case] length: usize) {
    let correct = authorization_of(&faulty_request(None, &scope()));
    let falsified = authorization_of(&faulty_request(Some(&fault), &scope()));
    let start = correct.len() - SIGNATURE_LENGTH;
    assert_eq!((&falsified[..start], falsified.len() - start), (&correct[..start], length));
    let is_start = correct.starts_with(&falsified) || falsified.starts_with(&correct);
    assert_eq!(is_start, fault != SigningFault::FirstDigit);
    assert!(is_start || falsified[start + 1..] == correct[start + 1..]);
}

#[test]
fn an_authorization_without_a_signature_ends_before_it() {
    let correct = authorization_of(&faulty_request(None, &scope()));
    let cut = authorization_of(&faulty_request(Some(&SigningFault::NoSignature), &scope()));
    assert_eq!(correct.split_once(", Signature=").map(|(before, _)| before), Some(&*cut));
}

#[test]
fn an_unsigned_target_is_sent_and_not_signed() {
    let mut request = vanilla("POST", "/");
    request.headers.push("x-amz-target", "A.B");
    sign(&mut request, &credentials(), &scope(), VECTOR_TIME, Some(&SigningFault::UnsignedTarget));
    assert_eq!(request.headers.get("x-amz-target"), Some("A.B"));
    assert!(authorization_of(&request).contains("SignedHeaders=host;x-amz-date,"));
}

#[test]
fn reordered_headers_have_the_same_signature() {
    let correct = faulty_request(None, &scope());
    let reordered = faulty_request(Some(&SigningFault::ReorderedHeaders), &scope());
    assert_eq!(authorization_of(&reordered), authorization_of(&correct));
    let names =
        |request: &Request| request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect::<Vec<_>>();
    let (mut sorted, sent) = (names(&correct), names(&reordered));
    assert!(sent[0] == "host" && sent[1] == "authorization" && sent != sorted);
    sorted.sort();
    let mut same = sent;
    same.sort();
    assert_eq!(same, sorted);
}

#[rstest]
#[case::host(SigningFault::UnsignedHost, "host")]
#[case::user_agent(SigningFault::UnsignedUserAgent, "user-agent")]
fn an_unsigned_header_is_sent_but_not_listed(#[case] fault: SigningFault, #[case] header: &str) {
    let request = faulty_request(Some(&fault), &scope());
    let signed = authorization_of(&request);
    assert!(request.headers.get(header).is_some() && !signed.contains(header), "{signed}");
}

#[rstest]
#[case::not_sent(SigningFault::NoDate, None)]
#[case::not_signed(SigningFault::UnsignedDate, Some("20150830T123600Z"))]
fn a_date_is_left_out_of_the_request_or_of_the_signed_headers(
    #[case] fault: SigningFault,
    #[case] expected: Option<&str>,
) {
    let request = faulty_request(Some(&fault), &scope());
    let signed = signature(
        &request,
        &["host", "user-agent"],
        &credentials().secret_access_key,
        "20150830/us-east-1/service/aws4_request",
        "20150830T123600Z",
    );
    assert_eq!(request.headers.get("x-amz-date"), expected);
    let authorization = authorization_of(&request);
    assert!(authorization.ends_with(&format!("SignedHeaders=host;user-agent, Signature={signed}")), "{authorization}");
}

#[rstest]
#[case::unsigned(SigningFault::UnsignedPayload, "UNSIGNED-PAYLOAD", false)]
#[case::of_another_body(
    SigningFault::OtherPayload,
    "867ad8c10a26b2e9273f73e17e4d0005c77b54c85fdebe168b354dee49477d7e",
    false
)]
#[case::of_the_body(
    SigningFault::PayloadHash,
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    true
)]
fn a_signed_header_has_the_payload_that_is_signed(
    #[case] fault: SigningFault,
    #[case] payload: &str,
    #[case] is_valid: bool,
) {
    let request = faulty_request(Some(&fault), &scope());
    let (names, secret) = (["host", "user-agent", PAYLOAD_HEADER, "x-amz-date"], credentials().secret_access_key);
    let (day, date) = ("20150830/us-east-1/service/aws4_request", "20150830T123600Z");
    assert_eq!(request.headers.get(PAYLOAD_HEADER), Some(payload));
    let of_payload = signature_of_payload(&request, &names, payload, &secret, day, date);
    let authorization = authorization_of(&request);
    assert!(authorization.ends_with(&format!("SignedHeaders={}, Signature={of_payload}", names.join(";"))));
    assert_eq!(signature(&request, &names, &secret, day, date) == of_payload, is_valid);
}

#[test]
fn another_algorithm_and_another_query_leave_the_signature_as_it_is() {
    let correct = authorization_of(&faulty_request(None, &scope()));
    let algorithm = authorization_of(&faulty_request(Some(&SigningFault::OtherAlgorithm), &scope()));
    assert_eq!(algorithm, correct.replace("SHA256", "SHA512"));
    let query = faulty_request(Some(&SigningFault::ChangedQuery), &scope());
    assert_eq!((authorization_of(&query), query.target.as_str()), (correct, "/?wireproof=1"));
}

#[test]
fn another_day_is_that_before_the_date() {
    let signed = authorization_of(&faulty_request(Some(&SigningFault::OtherDay), &scope()));
    assert!(signed.contains("/20150829/us-east-1/"), "{signed}");
}

#[test]
fn a_change_after_signing_does_not_change_the_signature() {
    let correct = faulty_request(None, &scope());
    let header = faulty_request(Some(&SigningFault::ChangedHeader), &scope());
    assert_eq!(authorization_of(&header), authorization_of(&correct));
    assert_eq!(header.headers.get("user-agent"), Some("changed-after-signing"));
    let body = faulty_request(Some(&SigningFault::ChangedBody), &scope());
    assert_eq!(authorization_of(&body), authorization_of(&correct));
    assert_eq!((&body.body[..], body.headers.get("content-length")), (&b"{} "[..], Some("3")));
}

#[test]
fn a_request_without_a_signature_has_only_a_date() {
    let request = faulty_request(Some(&SigningFault::None), &scope());
    assert_eq!(
        (request.headers.get("authorization"), request.headers.get("x-amz-date")),
        (None, Some("20150830T123600Z"))
    );
    assert_eq!(authorization_of(&faulty_request(Some(&SigningFault::Garbage), &scope())), "garbage");
    assert!(
        authorization_of(&faulty_request(Some(&SigningFault::UnknownKey), &scope())).contains("=AKIAWIREPROOFUNKNOWN/")
    );
}

#[test]
fn a_session_token_is_sent_and_signed_and_hop_by_hop_headers_are_not_signed() {
    let mut request = vanilla("POST", "/");
    for name in ["connection", "transfer-encoding", "content-length", "accept", "Authorization", "Host"] {
        request.headers.push(name, "x");
    }
    let credentials = Credentials { session_token: Some("token".to_owned()), ..credentials() };
    sign(&mut request, &credentials, &scope(), VECTOR_TIME, None);
    assert_eq!(request.headers.get("x-amz-security-token"), Some("token"));
    assert!(authorization_of(&request).contains("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

/// The faults of every form of signature.
const FAULTS: [SigningFault; 20] = [
    SigningFault::None,
    SigningFault::FlippedDigit,
    SigningFault::FirstDigit,
    SigningFault::HalfSignature,
    SigningFault::EmptySignature,
    SigningFault::NoSignature,
    SigningFault::LongerSignature,
    SigningFault::OtherService,
    SigningFault::OtherRegion,
    SigningFault::OtherTerminator,
    SigningFault::OtherDay,
    SigningFault::SkewedClock(-960),
    SigningFault::UnknownKey,
    SigningFault::Garbage,
    SigningFault::ChangedHeader,
    SigningFault::ChangedBody,
    SigningFault::EmptyPayload,
    SigningFault::UnsignedHost,
    SigningFault::UnsignedUserAgent,
    SigningFault::ReorderedHeaders,
];

/// A `PUT` of an object of ten bytes.
fn put() -> Request {
    let mut request = vanilla("PUT", "/bucket/a/../b%20c");
    for (name, value) in [("user-agent", "x"), ("content-length", "10")] {
        request.headers.push(name, value);
    }
    Request { body: Bytes::from_static(b"0123456789"), ..request }
}

fn s3() -> CredentialScope {
    CredentialScope { service: "s3".to_owned(), ..scope() }
}

type Sign = fn(&mut Request, Option<&SigningFault>);

fn presign(request: &mut Request, fault: Option<&SigningFault>) {
    SigningKeys::default().presign(request, &credentials(), &s3(), VECTOR_TIME, 60, fault);
}

fn sign_chunked(request: &mut Request, fault: Option<&SigningFault>) {
    let chunking = Chunking { size: 4, ..Chunking::default() };
    SigningKeys::default().sign_chunked(request, &chunking, &credentials(), &s3(), VECTOR_TIME, fault);
}

fn sign_s3(request: &mut Request, fault: Option<&SigningFault>) {
    sign(request, &credentials(), &s3(), VECTOR_TIME, fault);
}

#[rstest]
#[case::headers(sign_s3)]
#[case::query(presign)]
#[case::chunks(sign_chunked)]
fn each_fault_changes_what_is_sent_to_s3(#[case] by: Sign) {
    let signed = |fault: Option<&SigningFault>| {
        let mut request = put();
        by(&mut request, fault);
        request
    };
    let mut all: Vec<Request> = FAULTS.iter().map(|fault| signed(Some(fault))).collect();
    all.push(signed(None));
    for (index, request) in all.iter().enumerate() {
        assert!(!all[..index].contains(request), "{:?}", FAULTS.get(index));
    }
}

#[test]
fn s3_gets_the_hash_of_the_payload_in_a_signed_header_and_others_do_not() {
    let (mut of_s3, mut general) = (put(), put());
    sign_s3(&mut of_s3, None);
    sign(&mut general, &credentials(), &scope(), VECTOR_TIME, None);
    let hash = hex(&Sha256::digest(b"0123456789"));
    assert_eq!(of_s3.headers.get("x-amz-content-sha256"), Some(&*hash));
    assert!(authorization_of(&of_s3).contains("SignedHeaders=host;user-agent;x-amz-content-sha256;x-amz-date,"));
    assert_eq!(general.headers.get("x-amz-content-sha256"), None);
}

#[test]
fn a_payload_that_is_not_signed_is_named_so() {
    let mut request = put();
    let profile = SigningProfile::GENERAL.without_payload();
    SigningKeys::default().sign_by(&profile, &mut request, &credentials(), &scope(), VECTOR_TIME, None);
    assert_eq!(request.headers.get("x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
    let mut other = Request { body: Bytes::from_static(b"other"), ..put() };
    SigningKeys::default().sign_by(&profile, &mut other, &credentials(), &scope(), VECTOR_TIME, None);
    assert_eq!(authorization_of(&request), authorization_of(&other));
}

#[test]
fn a_presigned_url_ends_in_its_signature_and_has_no_header_of_its_own() {
    let mut request = vanilla("GET", "/bucket/key?versionId=1");
    let credentials = Credentials { session_token: Some("a/b".to_owned()), ..credentials() };
    SigningKeys::default().presign(&mut request, &credentials, &s3(), VECTOR_TIME, 604_800, None);
    let (pairs, signature) = request.target.rsplit_once("&X-Amz-Signature=").unwrap();
    assert_eq!(
        pairs,
        "/bucket/key?versionId=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2F\
         s3%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Security-Token=a%2Fb"
    );
    assert_eq!((signature.len(), request.headers.iter().count()), (SIGNATURE_LENGTH, 1));
}

#[test]
fn chunks_are_framed_and_their_headers_say_so() {
    let mut request = put();
    request.headers.push("content-encoding", "gzip");
    let trailer = ChunkTrailer { name: "x-amz-checksum-crc32".to_owned(), value: "pjpNkg==".to_owned() };
    let chunking = Chunking { size: 4, is_signed: false, trailer: Some(trailer) };
    SigningKeys::default().sign_chunked(&mut request, &chunking, &credentials(), &s3(), VECTOR_TIME, None);
    let expected = "4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\nx-amz-checksum-crc32:pjpNkg==\r\n\r\n";
    assert_eq!(request.body, expected);
    for (name, value) in [
        ("content-encoding", "gzip,aws-chunked"),
        ("content-length", &*expected.len().to_string()),
        ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
        ("x-amz-decoded-content-length", "10"),
        ("x-amz-trailer", "x-amz-checksum-crc32"),
    ] {
        assert_eq!(request.headers.get(name), Some(value), "{name}");
    }
}

/// The example of S3's documentation: 66,560 bytes in chunks of 64 KiB.
#[test]
fn the_documented_chunks_match() {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let (keys, profile) = (SigningKeys::default(), SigningProfile::S3);
    let now = crate::wire::signing_date::amz_date_seconds("20130524T000000Z").unwrap();
    let signer = RequestSigner::new(&keys, &profile, &credentials, &s3(), now, None);
    let chunking = Chunking { size: 65_536, ..Chunking::default() };
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9".to_owned();
    let body = String::from_utf8(signer.chunks(&vec![b'a'; 66_560], &chunking, seed)).unwrap();
    let signatures: Vec<&str> = body.split("signature=").skip(1).map(|rest| &rest[..SIGNATURE_LENGTH]).collect();
    let expected = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    assert_eq!((signatures, body.len()), (expected.to_vec(), 66_824));
}

#[test]
fn an_empty_body_has_one_chunk() {
    let mut request = Request { body: Bytes::new(), ..put() };
    sign_chunked(&mut request, None);
    let text = std::str::from_utf8(&request.body).unwrap();
    assert!(text.starts_with("0;chunk-signature=") && text.ends_with("\r\n\r\n"), "{text}");
}
