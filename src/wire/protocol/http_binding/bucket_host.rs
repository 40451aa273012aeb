//! Virtual-hosted-style requests to S3: the host names the bucket, and the path begins after it.

use std::borrow::Cow;

use super::percent_text::{decode, encode};
use crate::{
    model::{Contract, Operation},
    wire::{Request, protocol::routing},
};

/// What the URI of an operation of S3 begins with, if it is about a bucket.
const BUCKET_LABEL: &str = "/{Bucket}";

/// The labels between the bucket and the rest of a host of S3.
const BEFORE_S3: [&str; 2] = [".s3.", ".s3-"];

/// Moves the bucket of a request to its host. `host` is the host without a bucket; it gets the label `s3` if it does
/// not start with it, since this label ends the name of a bucket. A request without a bucket, or with one that no host
/// name can hold, stays as it is.
pub fn move_bucket_to_host(contract: &Contract, operation: &Operation, host: &str, request: &mut Request) {
    let uri = operation.traits.get("smithy.api#http").and_then(|http| http.get("uri")?.as_str());
    if !is_s3(contract) || !uri.is_some_and(|uri| uri.starts_with(BUCKET_LABEL)) {
        return;
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, rest) = path.split_once('/').unwrap_or((path, ""));
    let bucket = decode(bucket);
    if !fits_host(&bucket) {
        return;
    }
    let s3 = if host.starts_with("s3.") || host.starts_with("s3-") { "" } else { "s3." };
    request.headers.set("host", format!("{bucket}.{s3}{host}"));
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    request.target = format!("/{rest}{query}");
}

/// The path of a request as the URIs of operations have it, with the bucket that its host may name.
pub(super) fn called_path<'r>(contract: &Contract, request: &'r Request) -> Cow<'r, str> {
    let path = routing::path(request);
    match request.headers.get("host").filter(|_| is_s3(contract)).and_then(bucket_of) {
        Some(bucket) if path == "/" => format!("/{}", encode(bucket)).into(),
        Some(bucket) => format!("/{}{path}", encode(bucket)).into(),
        None => path.into(),
    }
}

fn is_s3(contract: &Contract) -> bool {
    let service = contract.service().traits.get("aws.api#service");
    service.and_then(|service| service.get("sdkId")) == Some(&"S3".into())
}

fn bucket_of(host: &str) -> Option<&str> {
    let ends = BEFORE_S3.iter().filter_map(|label| host.rfind(label));
    host.get(..ends.max()?).filter(|bucket| !bucket.is_empty())
}

/// Returns whether a bucket can be part of a host name. Clients name others in the path.
fn fits_host(bucket: &str) -> bool {
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let is_inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        bytes.iter().all(is_inner) && ![bytes.first(), bytes.last()].iter().any(|end| matches!(end, None | Some(b'-')))
    };
    (3..=63).contains(&bucket.len()) && bucket.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::{model::read, wire::protocol::http_binding::route};

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#List"},{"target":"x#Get"},{"target":"x#All"}],
            "traits":{"aws.api#service":{"sdkId":"S3"},"aws.protocols#restXml":{}}},
        "x#All":{"type":"operation","traits":{"smithy.api#http":{"method":"GET","uri":"/"}}},
        "x#List":{"type":"operation","input":{"target":"x#In"},"traits":{
            "smithy.api#http":{"method":"GET","uri":"/{Bucket}?list-type=2"}}},
        "x#Get":{"type":"operation","input":{"target":"x#Key"},"traits":{
            "smithy.api#http":{"method":"GET","uri":"/{Bucket}/{Key+}"}}},
        "x#In":{"type":"structure","members":{
            "Bucket":{"target":"smithy.api#String","traits":{"smithy.api#httpLabel":{}}}}},
        "x#Key":{"type":"structure","members":{
            "Bucket":{"target":"smithy.api#String","traits":{"smithy.api#httpLabel":{}}},
            "Key":{"target":"smithy.api#String","traits":{"smithy.api#httpLabel":{}}}}}}}"#;

    fn contract() -> Contract {
        read("m", MODEL).unwrap()
    }

    fn moved(operation: &str, target: &str, host: &str) -> (String, String) {
        let contract = contract();
        let headers = [("host", host)].into_iter().collect();
        let mut request = Request { method: "GET".into(), target: target.into(), headers, ..Request::default() };
        move_bucket_to_host(&contract, contract.operation(operation).unwrap(), host, &mut request);
        (request.headers.get("host").unwrap().to_owned(), request.target)
    }

    #[rstest]
    #[case::bucket("List", "/mine?list-type=2", "s3.example", ("mine.s3.example", "/?list-type=2"))]
    #[case::key("Get", "/mine/a/../b%20c", "s3.example:9", ("mine.s3.example:9", "/a/../b%20c"))]
    #[case::slash_in_front("Get", "/mine//a", "s3.example", ("mine.s3.example", "//a"))]
    #[case::another_host("Get", "/mine/a", "localhost:9", ("mine.s3.localhost:9", "/a"))]
    #[case::dots("Get", "/my.own/a", "s3.example", ("my.own.s3.example", "/a"))]
    #[case::no_bucket("All", "/", "s3.example", ("s3.example", "/"))]
    #[case::capitals("Get", "/Mine/a", "s3.example", ("s3.example", "/Mine/a"))]
    #[case::short("Get", "/ab/a", "s3.example", ("s3.example", "/ab/a"))]
    #[case::two_dots("Get", "/a..b/a", "s3.example", ("s3.example", "/a..b/a"))]
    #[case::hyphen("Get", "/-ab/a", "s3.example", ("s3.example", "/-ab/a"))]
    fn a_bucket_moves_to_the_host_if_the_host_can_name_it(
        #[case] operation: &str,
        #[case] target: &str,
        #[case] host: &str,
        #[case] expected: (&str, &str),
    ) {
        assert_eq!(moved(operation, target, host), (expected.0.to_owned(), expected.1.to_owned()));
    }

    #[rstest]
    #[case::virtual_host("mine.s3.localhost:9", "/a/b", "Get", "/mine/a/b")]
    #[case::region("mine.s3.us-west-2.amazonaws.com", "/a", "Get", "/mine/a")]
    #[case::old_region("mine.s3-us-west-2.amazonaws.com", "/a", "Get", "/mine/a")]
    #[case::list("mine.s3-accelerate.dualstack.amazonaws.com", "/?list-type=2", "List", "/mine")]
    #[case::path("s3.example", "/mine/a", "Get", "/mine/a")]
    #[case::buckets("s3.example", "/", "All", "/")]
    #[case::address("127.0.0.1:4566", "/mine/a", "Get", "/mine/a")]
    fn the_host_of_a_request_may_name_its_bucket(
        #[case] host: &str,
        #[case] target: &str,
        #[case] operation: &str,
        #[case] path: &str,
    ) {
        let contract = contract();
        let headers = [("Host", host)].into_iter().collect();
        let request = Request { method: "GET".into(), target: target.into(), headers, ..Request::default() };
        assert_eq!(called_path(&contract, &request), path);
        assert_eq!(route(&contract, &request).map(|operation| operation.name.as_str()), Some(operation));
    }

    #[test]
    fn the_host_of_another_service_names_no_bucket() {
        let contract = read("m", &MODEL.replace("\"S3\"", "\"S3 Control\"")).unwrap();
        let headers = [("host", "mine.s3.example")].into_iter().collect();
        let request = Request { method: "GET".into(), target: "/b/a".into(), headers, ..Request::default() };
        assert_eq!(called_path(&contract, &request), "/b/a");
    }

    proptest! {
        #[test]
        fn a_server_finds_the_path_that_a_client_moved(bucket in "[a-z0-9.-]{3,12}", key in "[!-~&&[^?#%]]{1,9}", host in "[a-z]{1,5}") {
            let target = format!("/{bucket}/{key}");
            let (host, moved) = moved("Get", &target, &host);
            let headers = [("host", host)].into_iter().collect();
            let request = Request { method: "GET".into(), target: moved, headers, ..Request::default() };
            prop_assert_eq!(called_path(&contract(), &request).into_owned(), target);
        }
    }
}
