//! Checksums of bodies: the headers `x-amz-checksum-*` and `content-md5`, the tree hash of Glacier, and the operations
//! that require one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Table};
use serde_json::Value;

use super::{Headers, Request, digest::Sha256, sigv4::hex};
use crate::model::{Contract, MemberBinding, Operation, PayloadSide};

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
static CRC64NVME: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

/// The header of a checksum that has no header of its own.
const CONTENT_MD5: &str = "content-md5";

/// The header that names the algorithm of a request.
const ALGORITHM_HEADER: &str = "x-amz-sdk-checksum-algorithm";

/// The header of the tree hash of an archive, and that of the plain hash that goes with it.
const TREE_HASH_HEADERS: [&str; 2] = ["x-amz-sha256-tree-hash", "x-amz-content-sha256"];

/// The bytes of one leaf of a tree hash.
const LEAF: usize = 1 << 20;

/// What the headers of checksums begin with.
const PREFIX: &str = "x-amz-checksum-";

/// The algorithm of a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksumAlgorithm {
    /// CRC-32 of ISO/IEC 8802-3.
    Crc32,
    /// CRC-32C, Castagnoli.
    Crc32c,
    /// CRC-64 of the NVM Express specification.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// MD5.
    Md5,
}

/// A checksum header that does not match its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecksumMismatch {
    /// The header.
    pub header: &'static str,
    /// Its value.
    pub given: String,
    /// The checksum of the body.
    pub computed: String,
}

impl ChecksumAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 6] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256, Self::Md5];

    /// The algorithm of that name, as inputs and models spell it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Md5 => "MD5",
        }
    }

    /// The header.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
            Self::Md5 => "x-amz-checksum-md5",
        }
    }

    /// The checksum of a body, in base64.
    #[must_use]
    pub fn of(self, body: &[u8]) -> String {
        match self {
            Self::Crc32 => STANDARD.encode(crc32(body).to_be_bytes()),
            Self::Crc32c => STANDARD.encode(CRC32C.checksum(body).to_be_bytes()),
            Self::Crc64Nvme => STANDARD.encode(CRC64NVME.checksum(body).to_be_bytes()),
            Self::Sha1 => STANDARD.encode(sha1_smol::Sha1::from(body).digest().bytes()),
            Self::Sha256 => STANDARD.encode(Sha256::digest(body)),
            Self::Md5 => STANDARD.encode(md5::compute(body).0),
        }
    }
}

/// CRC-32, as frames of event streams have it.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    CRC32.checksum(bytes)
}

/// Adds the checksum that a request must have: in the algorithm that the input names, or in CRC-32 if the operation
/// requires one. Operations that let nobody choose get `content-md5`, and uploads of archives a tree hash. A checksum that
/// the request has already stays.
pub fn add_checksum(contract: &Contract, operation: &Operation, input: &Value, request: &mut Request) {
    if has_checksum(&request.headers) {
        return;
    }
    if takes_tree_hash(contract, operation) {
        let hashes = [tree_hash(&request.body), Sha256::digest(&request.body)];
        for (header, hash) in TREE_HASH_HEADERS.into_iter().zip(hashes) {
            request.headers.set(header, hex(&hash));
        }
    }
    match DueChecksum::of(operation, input) {
        Some(DueChecksum::Header(algorithm)) => {
            if request.headers.get(ALGORITHM_HEADER).is_none() {
                request.headers.push(ALGORITHM_HEADER, algorithm.name());
            }
            request.headers.push(algorithm.header(), algorithm.of(&request.body));
        }
        Some(DueChecksum::ContentMd5) => request.headers.push(CONTENT_MD5, ChecksumAlgorithm::Md5.of(&request.body)),
        None => {}
    }
}

/// Returns true for the operations whose body is an archive, or a part of one.
fn takes_tree_hash(contract: &Contract, operation: &Operation) -> bool {
    let members = contract.members(&operation.input);
    let is_bound = |is_wanted: &dyn Fn(MemberBinding<'_>) -> bool| {
        members.iter().any(|member| is_wanted(member.binding(PayloadSide::Input)))
    };
    let is_hash = |name: &str| name.eq_ignore_ascii_case(TREE_HASH_HEADERS[0]);
    is_bound(&|binding| matches!(binding, MemberBinding::Header(name) if is_hash(name)))
        && is_bound(&|binding| binding == MemberBinding::Payload)
}

/// SHA-256 of each MiB, then of each pair of hashes until one is left. A hash without a partner moves up as it is.
fn tree_hash(body: &[u8]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = body.chunks(LEAF).map(Sha256::digest).collect();
    while level.len() > 1 {
        let pairs = level.chunks(2);
        let hashes = pairs.map(|pair| match pair {
            [one] => *one,
            pair => Sha256::digest(pair.concat()),
        });
        level = hashes.collect();
    }
    level.pop().unwrap_or_else(|| Sha256::digest(body))
}

fn has_checksum(headers: &Headers) -> bool {
    headers.iter().any(|(name, _)| is_checksum_header(name))
}

/// Returns true for the headers that hold a checksum.
#[must_use]
pub fn is_checksum_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == CONTENT_MD5
        || name == TREE_HASH_HEADERS[0]
        || name.strip_prefix(PREFIX).is_some_and(|rest| !["type", "mode"].contains(&rest))
}

/// The checksum that a request must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueChecksum {
    /// In the header of its algorithm.
    Header(ChecksumAlgorithm),
    /// MD5 in the header `content-md5`.
    ContentMd5,
}

impl DueChecksum {
    /// The checksum that a request of this input must have. There is none in an algorithm that nobody knows.
    #[must_use]
    pub fn of(operation: &Operation, input: &Value) -> Option<Self> {
        let rule = operation.traits.get("aws.protocols#httpChecksum");
        let chosen = rule.and_then(|rule| input.get(rule.get("requestAlgorithmMember")?.as_str()?));
        if let Some(chosen) = chosen.filter(|chosen| !chosen.is_null()) {
            return ChecksumAlgorithm::named(chosen.as_str()?).map(Self::Header);
        }
        if !Self::is_required(operation) {
            return None;
        }
        let can_choose = rule.is_some_and(|rule| rule.get("requestAlgorithmMember").is_some());
        Some(if can_choose { Self::Header(ChecksumAlgorithm::Crc32) } else { Self::ContentMd5 })
    }

    /// Returns true if requests of the operation must have a checksum.
    #[must_use]
    pub fn is_required(operation: &Operation) -> bool {
        let rule = operation.traits.get("aws.protocols#httpChecksum");
        rule.is_some_and(|rule| rule.get("requestChecksumRequired") == Some(&Value::Bool(true)))
            || operation.traits.get("smithy.api#httpChecksumRequired").is_some()
    }
}

/// The checksum headers that do not match a body. The checksum of several parts is not that of the body: it ends in
/// their number.
#[must_use]
pub fn checksum_mismatches(headers: &Headers, body: &[u8]) -> Vec<ChecksumMismatch> {
    let own = ChecksumAlgorithm::ALL.into_iter().map(|algorithm| (algorithm.header(), algorithm));
    let known = own.chain([(CONTENT_MD5, ChecksumAlgorithm::Md5)]);
    let mismatch = |(header, algorithm): (&'static str, ChecksumAlgorithm)| {
        let given = headers.get(header).filter(|given| !given.contains('-'))?.trim();
        let computed = algorithm.of(body);
        (given != computed).then(|| ChecksumMismatch { header, given: given.to_owned(), computed })
    };
    known.filter_map(mismatch).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::Contract;

    /// The check values that catalogues and RFCs have for `123456789`.
    #[rstest]
    #[case(ChecksumAlgorithm::Crc32, "y/Q5Jg==")]
    #[case(ChecksumAlgorithm::Crc32c, "4waSgw==")]
    #[case(ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg=")]
    #[case(ChecksumAlgorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE=")]
    #[case(ChecksumAlgorithm::Sha256, "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=")]
    #[case(ChecksumAlgorithm::Md5, "JfnnlDI7RTiF9RgfG2JNCw==")]
    fn each_algorithm_has_its_check_value(#[case] algorithm: ChecksumAlgorithm, #[case] expected: &str) {
        assert_eq!(algorithm.of(b"123456789"), expected);
        assert_eq!(ChecksumAlgorithm::named(algorithm.name()), Some(algorithm));
        assert_eq!(algorithm.header(), format!("{PREFIX}{}", algorithm.name().to_ascii_lowercase()));
    }

    fn contract(traits: &str) -> Contract {
        let model = format!(
            r#"{{"smithy":"2.0","shapes":{{
            "x#S":{{"type":"service","version":"1","operations":[{{"target":"x#Op"}}]}},
            "x#Op":{{"type":"operation","traits":{{{traits}}}}}}}}}"#
        );
        crate::model::read("m", &model).unwrap()
    }

    fn request(headers: &[(&str, &str)]) -> Request {
        let headers = headers.iter().copied().collect();
        Request { headers, body: Bytes::from_static(b"123456789"), ..Request::default() }
    }

    const CHOICE: &str =
        r#""aws.protocols#httpChecksum":{"requestAlgorithmMember":"Algorithm","requestChecksumRequired":false}"#;
    const REQUIRED_CHOICE: &str =
        r#""aws.protocols#httpChecksum":{"requestAlgorithmMember":"Algorithm","requestChecksumRequired":true}"#;
    const REQUIRED: &str = r#""aws.protocols#httpChecksum":{"requestChecksumRequired":true}"#;
    const OLD: &str = r#""smithy.api#httpChecksumRequired":{}"#;

    #[rstest]
    #[case::no_rule("", json!({}), &[], None)]
    #[case::no_choice(CHOICE, json!({}), &[], None)]
    #[case::null(CHOICE, json!({"Algorithm": null}), &[], None)]
    #[case::choice(CHOICE, json!({"Algorithm": "SHA1"}), &[], Some(("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE=")))]
    #[case::unknown_choice(REQUIRED_CHOICE, json!({"Algorithm": "CRC8"}), &[], None)]
    #[case::wrong_type(REQUIRED_CHOICE, json!({"Algorithm": 8}), &[], None)]
    #[case::required_choice(REQUIRED_CHOICE, json!({}), &[], Some(("x-amz-checksum-crc32", "y/Q5Jg==")))]
    #[case::required(REQUIRED, json!({}), &[], Some(("content-md5", "JfnnlDI7RTiF9RgfG2JNCw==")))]
    #[case::old(OLD, json!({}), &[], Some(("content-md5", "JfnnlDI7RTiF9RgfG2JNCw==")))]
    #[case::given(REQUIRED_CHOICE, json!({}), &[("X-Amz-Checksum-SHA256", "x")], None)]
    #[case::given_md5(OLD, json!({}), &[("Content-MD5", "x")], None)]
    #[case::type_alone(REQUIRED, json!({}), &[("x-amz-checksum-type", "FULL_OBJECT")], Some(("content-md5", "JfnnlDI7RTiF9RgfG2JNCw==")))]
    fn a_request_gets_the_checksum_that_it_must_have(
        #[case] traits: &str,
        #[case] input: Value,
        #[case] headers: &[(&str, &str)],
        #[case] expected: Option<(&str, &str)>,
    ) {
        let contract = contract(traits);
        let mut sent = request(headers);
        add_checksum(&contract, contract.operation("Op").unwrap(), &input, &mut sent);
        let added = sent.headers.iter().skip(headers.len()).filter(|(name, _)| *name != ALGORITHM_HEADER);
        assert_eq!(added.collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        let has_algorithm = expected.is_some_and(|(name, _)| name.starts_with(PREFIX));
        assert_eq!(sent.headers.get(ALGORITHM_HEADER).is_some(), has_algorithm);
    }

    const ARCHIVE: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","operations":[{"target":"x#Op"}]},"x#Op":{"type":"operation","input":{"target":"x#In"}},
        "x#In":{"type":"structure","members":{
            "checksum":{"target":"smithy.api#String","traits":{"smithy.api#httpHeader":"x-amz-sha256-tree-hash"}},
            "body":{"target":"smithy.api#Blob","traits":{"smithy.api#httpPayload":{}}}}}}}"#;

    fn archive_headers(model: &str, headers: &[(&str, &str)]) -> Vec<(String, String)> {
        let contract = crate::model::read("m", model).unwrap();
        let mut sent = request(headers);
        add_checksum(&contract, contract.operation("Op").unwrap(), &json!({}), &mut sent);
        sent.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn an_archive_gets_its_hash_and_its_tree_hash() {
        let hash = hex(&Sha256::digest(b"123456789"));
        let expected = TREE_HASH_HEADERS.map(|name| (name.to_owned(), hash.clone()));
        assert_eq!(archive_headers(ARCHIVE, &[]), expected);
        let own = ("x-amz-sha256-tree-hash", "own");
        assert_eq!(archive_headers(ARCHIVE, &[own]), [(own.0.to_owned(), own.1.to_owned())]);
        assert_eq!(archive_headers(&ARCHIVE.replace("httpPayload", "deprecated"), &[]), []);
    }

    #[test]
    fn a_tree_hash_is_that_of_pairs_of_hashes() {
        let leaf = |byte: u8, length: usize| Sha256::digest(vec![byte; length]);
        let body = [vec![b'a'; LEAF], vec![b'b'; LEAF], vec![b'c'; 5]].concat();
        let pair = Sha256::digest([leaf(b'a', LEAF), leaf(b'b', LEAF)].concat());
        assert_eq!(tree_hash(&body), Sha256::digest([pair, leaf(b'c', 5)].concat()));
        assert_eq!(tree_hash(&body[..LEAF]), leaf(b'a', LEAF));
        assert_eq!(tree_hash(b""), Sha256::digest(b""));
    }

    #[rstest]
    #[case::right("x-amz-checksum-crc32", "y/Q5Jg==", false)]
    #[case::wrong("x-amz-checksum-crc32", "AAAAAA==", true)]
    #[case::malformed("content-md5", "no base64", true)]
    #[case::parts("x-amz-checksum-sha1", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=-2", false)]
    #[case::other("x-amz-checksum-type", "COMPOSITE", false)]
    fn a_checksum_of_another_body_is_a_mismatch(#[case] header: &str, #[case] value: &str, #[case] expected: bool) {
        let sent = request(&[(header, value)]);
        let mismatches = checksum_mismatches(&sent.headers, &sent.body);
        assert_eq!(mismatches.first().map(|mismatch| mismatch.header), expected.then_some(header));
    }
}
