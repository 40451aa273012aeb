//! Frames of event streams: `application/vnd.amazon.eventstream`.
//!
//! A frame is its total length, the length of its headers, the CRC-32 of these eight bytes, the headers, the payload,
//! and the CRC-32 of everything before. All numbers are big-endian.

use bytes::Bytes;
use thiserror::Error;

use super::checksum::crc32;

/// The longest payload of a frame, in bytes.
pub const LONGEST_PAYLOAD: usize = 24 << 20;

/// The longest headers of a frame, in bytes.
pub const LONGEST_HEADERS: usize = 128 << 10;

/// The bytes of a frame without headers and payload.
const SHORTEST: usize = 16;

/// The two lengths and their checksum.
const PRELUDE: usize = 12;

/// A frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFrame {
    /// The headers, in the order of the wire.
    pub headers: Vec<(String, FrameValue)>,
    /// The payload.
    pub payload: Bytes,
}

/// The value of a header of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameValue {
    /// `true` or `false`.
    Bool(bool),
    /// 8-bit signed.
    Byte(i8),
    /// 16-bit signed.
    Short(i16),
    /// 32-bit signed.
    Integer(i32),
    /// 64-bit signed.
    Long(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A string.
    Text(String),
    /// Milliseconds since 1970.
    Timestamp(i64),
    /// A UUID.
    Uuid([u8; 16]),
}

impl FrameValue {
    /// The type, as messages name it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Byte(_) => "a byte",
            Self::Short(_) => "a short",
            Self::Integer(_) => "an integer",
            Self::Long(_) => "a long",
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "a string",
            Self::Timestamp(_) => "a timestamp",
            Self::Uuid(_) => "a UUID",
        }
    }
}

/// The reason why a stream ends before its last byte. Offsets are in bytes from the start of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameProblem {
    /// The stream ends within the frame at this offset.
    #[error("the frame at offset {0} is cut off")]
    Truncated(usize),
    /// The checksum of the lengths is wrong.
    #[error("the checksum of the prelude at offset {0} is wrong")]
    PreludeChecksum(usize),
    /// The checksum of the frame is wrong.
    #[error("the checksum of the frame at offset {0} is wrong")]
    MessageChecksum(usize),
    /// The lengths contradict each other, or exceed the limits of the format.
    #[error("the lengths of the frame at offset {0} are not possible")]
    Lengths(usize),
    /// The headers of the frame cannot be read.
    #[error("the frame at offset {at} has a header {problem}")]
    Header {
        /// The offset of the frame.
        at: usize,
        /// The problem.
        problem: FrameHeaderProblem,
    },
}

/// The problem of a header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameHeaderProblem {
    /// It is longer than the headers.
    #[error("that is longer than its frame says")]
    Truncated,
    /// It has no name.
    #[error("without a name")]
    Unnamed,
    /// Its name or its string is not UTF-8.
    #[error("that is not UTF-8")]
    NotUtf8,
    /// It has an unknown type.
    #[error("of the unknown type {0}")]
    Type(u8),
}

/// The frames of a finished stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFrames {
    /// The frames up to the first problem.
    pub frames: Vec<EventFrame>,
    /// The problem that ends the stream.
    pub problem: Option<FrameProblem>,
}

impl EventFrame {
    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&FrameValue> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Writes the frame. A string that is longer than its length can say is cut off.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let headers = self.header_bytes();
        let total = SHORTEST + headers.len() + self.payload.len();
        let mut out = Vec::with_capacity(total);
        out.extend_from_slice(&u32::try_from(total).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&u32::try_from(headers.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&crc32(&out).to_be_bytes());
        out.extend_from_slice(&headers);
        out.extend_from_slice(&self.payload);
        out.extend_from_slice(&crc32(&out).to_be_bytes());
        out
    }

    fn header_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in &self.headers {
            let name = &name.as_bytes()[..name.len().min(u8::MAX.into())];
            out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(name);
            push_value(value, &mut out);
        }
        out
    }
}

fn push_value(value: &FrameValue, out: &mut Vec<u8>) {
    let mut push = |kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend_from_slice(bytes);
    };
    match value {
        FrameValue::Bool(value) => push(u8::from(!value), &[]),
        FrameValue::Byte(value) => push(2, &value.to_be_bytes()),
        FrameValue::Short(value) => push(3, &value.to_be_bytes()),
        FrameValue::Integer(value) => push(4, &value.to_be_bytes()),
        FrameValue::Long(value) => push(5, &value.to_be_bytes()),
        FrameValue::Bytes(bytes) => push(6, &with_length(bytes)),
        FrameValue::Text(text) => push(7, &with_length(text.as_bytes())),
        FrameValue::Timestamp(value) => push(8, &value.to_be_bytes()),
        FrameValue::Uuid(bytes) => push(9, bytes),
    }
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[..bytes.len().min(u16::MAX.into())];
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// Reads the frames of a finished stream.
#[must_use]
pub fn read(bytes: &[u8]) -> EventFrames {
    let (mut read, mut at) = (EventFrames::default(), 0);
    while at < bytes.len() {
        match frame(&bytes[at..], at) {
            Ok((frame, length)) => {
                read.frames.push(frame);
                at += length;
            }
            Err(problem) => {
                read.problem = Some(problem);
                break;
            }
        }
    }
    read
}

/// The first frame of `bytes`, which begin at the offset `at`, and its length.
fn frame(bytes: &[u8], at: usize) -> Result<(EventFrame, usize), FrameProblem> {
    let number = |from: usize| number_at(bytes, from).ok_or(FrameProblem::Truncated(at));
    let (total, headers, checksum) = (number(0)?, number(4)?, number(8)?);
    if crc32(&bytes[..PRELUDE - 4]) != checksum {
        return Err(FrameProblem::PreludeChecksum(at));
    }
    let (total, headers) = lengths(total, headers).ok_or(FrameProblem::Lengths(at))?;
    let whole = bytes.get(..total).ok_or(FrameProblem::Truncated(at))?;
    let (content, checksum) = whole.split_at(total - 4);
    if Some(crc32(content)) != number_at(checksum, 0) {
        return Err(FrameProblem::MessageChecksum(at));
    }
    let (head, payload) = content[PRELUDE..].split_at(headers);
    let headers = FrameHeaders(head).all().map_err(|problem| FrameProblem::Header { at, problem })?;
    Ok((EventFrame { headers, payload: Bytes::copy_from_slice(payload) }, total))
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The length of a frame and that of its headers, if a frame can have them.
fn lengths(total: u32, headers: u32) -> Option<(usize, usize)> {
    let (total, headers) = (usize::try_from(total).ok()?, usize::try_from(headers).ok()?);
    let payload = total.checked_sub(SHORTEST)?.checked_sub(headers)?;
    (payload <= LONGEST_PAYLOAD && headers <= LONGEST_HEADERS).then_some((total, headers))
}

/// The bytes of headers that are not read yet.
struct FrameHeaders<'b>(&'b [u8]);

impl FrameHeaders<'_> {
    fn all(mut self) -> Result<Vec<(String, FrameValue)>, FrameHeaderProblem> {
        let mut headers = Vec::new();
        while !self.0.is_empty() {
            let [length] = self.array()?;
            if length == 0 {
                return Err(FrameHeaderProblem::Unnamed);
            }
            let name = self.text(length.into())?;
            headers.push((name, self.value()?));
        }
        Ok(headers)
    }

    fn value(&mut self) -> Result<FrameValue, FrameHeaderProblem> {
        let [kind] = self.array()?;
        Ok(match kind {
            0 | 1 => FrameValue::Bool(kind == 0),
            2 => FrameValue::Byte(i8::from_be_bytes(self.array()?)),
            3 => FrameValue::Short(i16::from_be_bytes(self.array()?)),
            4 => FrameValue::Integer(i32::from_be_bytes(self.array()?)),
            5 => FrameValue::Long(i64::from_be_bytes(self.array()?)),
            6 => {
                let length = u16::from_be_bytes(self.array()?);
                FrameValue::Bytes(self.take(length.into())?.to_vec())
            }
            7 => {
                let length = u16::from_be_bytes(self.array()?);
                FrameValue::Text(self.text(length.into())?)
            }
            8 => FrameValue::Timestamp(i64::from_be_bytes(self.array()?)),
            9 => FrameValue::Uuid(self.array()?),
            other => return Err(FrameHeaderProblem::Type(other)),
        })
    }

    fn take(&mut self, length: usize) -> Result<&[u8], FrameHeaderProblem> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FrameHeaderProblem::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameHeaderProblem> {
        self.take(N)?.try_into().map_err(|_| FrameHeaderProblem::Truncated)
    }

    fn text(&mut self, length: usize) -> Result<String, FrameHeaderProblem> {
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| FrameHeaderProblem::NotUtf8)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::wire::vectors;

    /// A frame with these bytes as its headers, and correct checksums.
    fn with_headers(headers: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for length in [SHORTEST + headers.len(), headers.len()] {
            out.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        }
        out.extend_from_slice(&crc32(&out).to_be_bytes());
        out.extend_from_slice(headers);
        out.extend_from_slice(&crc32(&out).to_be_bytes());
        out
    }

    #[rstest]
    #[case::cut_off(b"\x02ab\x07\x00\x05abc", FrameHeaderProblem::Truncated)]
    #[case::long_name(b"\xffab", FrameHeaderProblem::Truncated)]
    #[case::no_type(b"\x02ab", FrameHeaderProblem::Truncated)]
    #[case::no_name(b"\x00\x00", FrameHeaderProblem::Unnamed)]
    #[case::not_utf8(b"\x01a\x07\x00\x01\xff", FrameHeaderProblem::NotUtf8)]
    #[case::other_type(b"\x01a\x0a", FrameHeaderProblem::Type(10))]
    fn a_header_that_cannot_be_read_ends_the_stream(#[case] headers: &[u8], #[case] problem: FrameHeaderProblem) {
        let good = EventFrame::default();
        let stream = [good.to_bytes(), with_headers(headers), good.to_bytes()].concat();
        let expected =
            EventFrames { frames: vec![good], problem: Some(FrameProblem::Header { at: SHORTEST, problem }) };
        assert_eq!(read(&stream), expected);
    }

    fn with_lengths(total: u32, headers: u32) -> Vec<u8> {
        let prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        [&prelude[..], &crc32(&prelude).to_be_bytes(), &[0; 64]].concat()
    }

    #[rstest]
    #[case::cut_off(EventFrame::default().to_bytes()[..15].to_vec(), FrameProblem::Truncated(0))]
    #[case::three_bytes(vec![0; 3], FrameProblem::Truncated(0))]
    #[case::short(with_lengths(15, 0), FrameProblem::Lengths(0))]
    #[case::headers_beyond_the_frame(with_lengths(20, 5), FrameProblem::Lengths(0))]
    #[case::large_payload(with_lengths(0x0180_0011, 0), FrameProblem::Lengths(0))]
    #[case::large_headers(with_lengths(0x0002_0011, 0x0002_0001), FrameProblem::Lengths(0))]
    #[case::largest_payload(with_lengths(0x0180_0010, 0), FrameProblem::Truncated(0))]
    #[case::prelude(vec![0; 16], FrameProblem::PreludeChecksum(0))]
    #[case::message(with_lengths(16, 0), FrameProblem::MessageChecksum(0))]
    fn a_broken_frame_ends_the_stream(#[case] stream: Vec<u8>, #[case] problem: FrameProblem) {
        assert_eq!(read(&stream), EventFrames { frames: Vec::new(), problem: Some(problem) });
    }

    #[test]
    fn a_stream_without_bytes_has_no_frames() {
        assert_eq!(read(&[]), EventFrames::default());
    }

    fn value() -> impl Strategy<Value = FrameValue> {
        prop_oneof![
            any::<bool>().prop_map(FrameValue::Bool),
            any::<i8>().prop_map(FrameValue::Byte),
            any::<i16>().prop_map(FrameValue::Short),
            any::<i32>().prop_map(FrameValue::Integer),
            any::<i64>().prop_map(FrameValue::Long),
            proptest::collection::vec(any::<u8>(), 0..8).prop_map(FrameValue::Bytes),
            ".{0,8}".prop_map(FrameValue::Text),
            any::<i64>().prop_map(FrameValue::Timestamp),
            any::<[u8; 16]>().prop_map(FrameValue::Uuid),
        ]
    }

    proptest! {
        #[test]
        fn a_frame_is_read_as_it_was_written(
            headers in proptest::collection::vec((".{1,8}", value()), 0..4),
            payload in proptest::collection::vec(any::<u8>(), 0..16),
            flipped in any::<prop::sample::Index>(),
        ) {
            let frame = EventFrame { headers, payload: payload.into() };
            let mut bytes = [frame.to_bytes(), frame.to_bytes()].concat();
            prop_assert_eq!(read(&bytes), EventFrames { frames: vec![frame.clone(), frame], problem: None });
            let at = flipped.index(bytes.len());
            bytes[at] ^= 1;
            prop_assert!(read(&bytes).problem.is_some());
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
        }
    }

    /// A header in the form of the decoded vectors.
    fn described(value: &FrameValue) -> (u8, Value) {
        match value {
            FrameValue::Bool(value) => (u8::from(!value), json!(value)),
            FrameValue::Byte(value) => (2, json!(value)),
            FrameValue::Short(value) => (3, json!(value)),
            FrameValue::Integer(value) => (4, json!(value)),
            FrameValue::Long(value) => (5, json!(value)),
            FrameValue::Bytes(value) => (6, json!(STANDARD.encode(value))),
            FrameValue::Text(value) => (7, json!(STANDARD.encode(value))),
            FrameValue::Timestamp(value) => (8, json!(value)),
            FrameValue::Uuid(value) => (9, json!(STANDARD.encode(value))),
        }
    }

    fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        entries.map(|path| (name(&path), fs::read(&path).unwrap())).collect()
    }

    #[test]
    fn the_vectors_of_an_sdk_are_read_and_written() {
        let Some(folder) = vectors::folder("eventstream/aws-sdk-go") else { return };
        let positive = files(&folder.join("encoded/positive"));
        for (name, bytes) in &positive {
            let decoded: Value =
                serde_json::from_slice(&fs::read(folder.join("decoded/positive").join(name)).unwrap()).unwrap();
            let EventFrames { frames, problem } = read(bytes);
            assert_eq!((frames.len(), problem), (1, None), "{name}");
            let headers: Vec<Value> = frames[0]
                .headers
                .iter()
                .map(|(name, value)| {
                    let (kind, value) = described(value);
                    json!({"name": name, "type": kind, "value": value})
                })
                .collect();
            assert_eq!(Value::Array(headers), decoded["headers"], "{name}");
            assert_eq!(STANDARD.encode(&frames[0].payload), decoded["payload"], "{name}");
            assert_eq!(frames[0].to_bytes(), *bytes, "{name}");
        }
        let negative = files(&folder.join("encoded/negative"));
        for (name, bytes) in &negative {
            let expected = String::from_utf8(fs::read(folder.join("decoded/negative").join(name)).unwrap()).unwrap();
            let problem = match read(bytes).problem.unwrap() {
                FrameProblem::PreludeChecksum(0) => "Prelude checksum mismatch",
                FrameProblem::MessageChecksum(0) => "Message checksum mismatch",
                other => panic!("{name}: {other}"),
            };
            assert_eq!(problem, expected.trim(), "{name}");
        }
        assert_eq!((positive.len(), negative.len()), (5, 4));
    }

    #[test]
    fn the_vectors_of_a_runtime_are_read_by_their_names() {
        let Some(folder) = vectors::folder("eventstream/smithy-rs") else { return };
        let all = files(&folder);
        for (name, bytes) in &all {
            let EventFrames { frames, problem } = read(bytes);
            assert_eq!(problem.is_none(), name.starts_with("valid_"), "{name}: {problem:?}");
            let written: Vec<u8> = frames.iter().flat_map(EventFrame::to_bytes).collect();
            assert!(problem.is_some() || written == *bytes, "{name}");
        }
        assert_eq!(all.len(), 11);
    }
}
