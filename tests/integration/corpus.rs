//! Responses of eleven real emulators to some 4,300 requests, recorded byte for byte, and the judgement of them.
//!
//! The recordings are not part of this repository: `WIREPROOF_CORPUS` names the folder that holds
//! `emulator-transcripts.tar.xz`. Without it the tests are skipped, and the skip is said on standard error.
//! Every recording goes over a real socket, so that the transport reads it as it read it from the emulator.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::support::{self, SUITE};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use wireproof::internals::{
    judge::{
        check::implementation::{PresenceDecision, PresenceSubject, not_implemented, presence},
        transcript::PresenceResponses,
    },
    run::transport::{Endpoint, Exact, Limits, Settings, Transport as _},
    suite::Fixtures,
    wire::{AwsJson, Delivery, Protocol as _, Request, Response, TransportError},
};

type Outcome = Result<Response, TransportError>;

#[test]
#[ignore = "it reads the recordings of 20 emulators"]
fn every_recorded_response_is_read_completely() -> Result<()> {
    let Some(corpus) = Corpus::unpack()? else { return Ok(()) };
    let recordings = corpus.recordings()?;
    ensure!(recordings.len() > 4_000, "only {} recordings", recordings.len());
    let outcomes = replay(&recordings)?;
    for (recording, outcome) in recordings.iter().zip(outcomes) {
        let name = &recording.name;
        let Some(status) = recording.status() else {
            assert_eq!(outcome, Err(TransportError::Closed), "{name}: the emulator gave no response");
            continue;
        };
        let response = outcome.with_context(|| name.clone())?;
        assert_eq!(response.status, status, "{name}");
        assert_eq!((response.missing, response.surplus), (0, 0), "{name}");
        assert!(recording.response.ends_with(&response.to_bytes()), "{name}: bytes were lost or changed");
        judge(&response);
    }
    Ok(())
}

/// The judge must not panic: these responses contain every body that emulators were seen to send.
fn judge(response: &Response) {
    let contract = SUITE.service("codedeploy").unwrap().contract();
    for protocol in [AwsJson::V1_0, AwsJson::V1_1] {
        let parsed = protocol.parse_response(contract, None, response);
        let absent = not_implemented(response, &parsed);
        assert!(absent.is_none() || parsed.rejection.is_some(), "a success never says that an operation is absent");
    }
}

#[test]
#[ignore = "it reads the recordings of 20 emulators"]
fn one_recorded_emulator_implements_one_of_the_operations() -> Result<()> {
    let Some(corpus) = Corpus::unpack()? else { return Ok(()) };
    let suite = Fixtures::bundled()?;
    let (mut present, mut decided) = (BTreeSet::new(), 0);
    for emulator in corpus.emulators()? {
        for operation in OPERATIONS {
            let Some(found) = corpus.presence(&suite, &emulator, operation)? else { continue };
            decided += 1;
            match found {
                PresenceDecision::Implemented(_) => drop(present.insert(format!("{emulator} {}", operation.name))),
                PresenceDecision::NotImplemented(_) => {}
                PresenceDecision::Crashes(status) => ensure!(false, "{emulator} {}: {status}", operation.name),
                PresenceDecision::Unreachable(error) => ensure!(false, "{emulator} {}: {error}", operation.name),
            }
        }
    }
    assert_eq!(decided, 20, "ten emulators were checked for two operations");
    assert_eq!(present, BTreeSet::from(["fakecloud StopDeployment".to_owned()]));
    Ok(())
}

/// An operation under test, and the recordings of its presence check.
struct Questions {
    service: &'static str,
    name: &'static str,
    sample: &'static str,
    unknown_operation: &'static str,
    unknown_service: &'static str,
    empty_input: &'static str,
}

const OPERATIONS: [&Questions; 2] = [
    &Questions {
        service: "codedeploy",
        name: "StopDeployment",
        sample: "cd_23_Stop_docsample",
        unknown_operation: "cd_p_unknown_op",
        unknown_service: "cd_p_unknown_service_auth",
        empty_input: "cd_n_empty_object",
    },
    &Questions {
        service: "proton",
        name: "CancelServicePipelineDeployment",
        sample: "pr_21_Cancel_unknown",
        unknown_operation: "pr_p_unknown_op",
        unknown_service: "pr_p_unknown_service_auth",
        empty_input: "pr_n_empty_object",
    },
];

/// The names of operations and services that no endpoint has: those of the recordings, and those of the presence check.
const RENAMED: [(&str, &str); 4] = [
    ("NoSuchOperation", "WireproofUnknownOperation"),
    ("no_such_operation", "wireproof_unknown_operation"),
    ("FooBar_20200101", "WireproofUnknown_20000101"),
    ("foobar_20200101", "wireproofunknown_20000101"),
];

/// The unpacked recordings; they go with this value.
struct Corpus(TempDir);

impl Corpus {
    /// `None`, where no corpus is given.
    fn unpack() -> Result<Option<Self>> {
        Ok(support::corpus::unpack("emulator-transcripts.tar.xz")?.map(Self))
    }

    fn emulators(&self) -> Result<Vec<String>> {
        entries(self.0.path())?.iter().map(|folder| file_name(folder)).collect()
    }

    fn recordings(&self) -> Result<Vec<Arc<Recording>>> {
        let mut recordings = Vec::new();
        for folder in entries(self.0.path())? {
            for file in entries(&folder)? {
                recordings.push(Arc::new(Recording::read(&file)?));
            }
        }
        Ok(recordings)
    }

    /// Returns whether an emulator implements the operation; `None` if a request of the presence check was not
    /// recorded.
    fn presence(&self, suite: &Fixtures, emulator: &str, operation: &Questions) -> Result<Option<PresenceDecision>> {
        let questions =
            [operation.sample, operation.unknown_operation, operation.unknown_service, operation.empty_input];
        let files = questions.map(|question| self.0.path().join(emulator).join(question).with_extension("http"));
        if !files.iter().all(|file| file.is_file()) {
            return Ok(None);
        }
        let recordings: Result<Vec<_>> = files.iter().map(|file| Recording::read(file).map(Arc::new)).collect();
        let mut responses = replay(&recordings?)?.into_iter().map(|outcome| outcome.map(renamed));
        let mut next = || responses.next().context("a response is missing");
        let survey = PresenceResponses {
            sample: next()?,
            unknown_operation: next()?,
            unknown_service: next()?,
            empty_input: next()?,
            unknown_subresource: None,
            unknown_method: None,
            fallback: None,
        };
        let service = suite.service(operation.service).context("no such service")?;
        let modelled = service.contract().operation(operation.name).context("no such operation")?;
        let (contract, protocol) = (service.contract(), service.protocol);
        Ok(Some(presence(PresenceSubject { contract, operation: modelled, protocol }, &survey)))
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> Result<String> {
    Ok(path.file_name().and_then(|name| name.to_str()).context("a name that is not text")?.to_owned())
}

fn renamed(response: Response) -> Response {
    let mut body = String::from_utf8_lossy(&response.body).into_owned();
    for (recorded, ours) in RENAMED {
        body = body.replace(recorded, ours);
    }
    Response { body: Bytes::from(body), ..response }
}

/// One request, and the response of an emulator.
struct Recording {
    name: String,
    method: String,
    response: Vec<u8>,
}

impl Recording {
    fn read(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let bytes = fs::read(file)?;
        let request = bytes.strip_prefix(b"### REQUEST\r\n").with_context(|| format!("{name}: no request"))?;
        let method = request.split(|byte| *byte == b' ').next().unwrap_or_default();
        let method = String::from_utf8(method.to_vec())?;
        let (_, received) = split_at(request, b"\r\n### RESPONSE (").with_context(|| format!("{name}: no response"))?;
        let (_, response) = split_at(received, b"\r\n").with_context(|| format!("{name}: no response"))?;
        // The last line end belongs to the file.
        let response = response.strip_suffix(b"\r\n").unwrap_or(response).to_vec();
        Ok(Self { name, method, response })
    }

    /// The status of the last head, which belongs to the response itself; `None` without a response.
    fn status(&self) -> Option<u16> {
        let mut rest = self.response.as_slice();
        while let Some((_, next)) = rest.starts_with(b"HTTP/1.1 1").then(|| split_at(rest, b"\r\n\r\n")).flatten() {
            rest = next;
        }
        std::str::from_utf8(rest.get(9..12)?).ok()?.parse().ok()
    }
}

fn split_at<'b>(bytes: &'b [u8], at: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let start = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..start)?, bytes.get(start + at.len()..)?))
}

/// The header that says which recording is wanted.
const WANTED: &str = "x-recording";

/// Fetches every recording from a server that sends it; in the same order.
fn replay(recordings: &[Arc<Recording>]) -> Result<Vec<Outcome>> {
    Runtime::new()?.block_on(async {
        let address = serve(recordings.to_vec()).await?;
        let endpoint: Endpoint = format!("http://{address}").parse()?;
        let limits = Limits { timeout: Duration::from_secs(30), ..Limits::default() };
        let transport = Exact::new(&Settings { limits, ..Settings::default() })?;
        let (endpoint, transport) = (&endpoint, &transport);
        let fetched = recordings.iter().enumerate().map(|(index, recording)| async move {
            let request = Request {
                method: recording.method.clone(),
                target: "/".to_owned(),
                headers: [("host", endpoint.host_header()), (WANTED, index.to_string())].into_iter().collect(),
                delivery: Delivery::Exact,
                ..Request::default()
            };
            transport.send(endpoint, &request).await
        });
        Ok(stream::iter(fetched).buffered(32).collect().await)
    })
}

async fn serve(recordings: Vec<Arc<Recording>>) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let recordings: Arc<[_]> = recordings.into();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(respond(stream, Arc::clone(&recordings)));
        }
    });
    Ok(address)
}

/// Responds to one request with the recording that it names, and closes the connection.
async fn respond(mut stream: TcpStream, recordings: Arc<[Arc<Recording>]>) -> Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        ensure!(stream.read_buf(&mut request).await? > 0, "the request broke off");
    }
    let request = String::from_utf8(request)?;
    let wanted = request.lines().find_map(|line| line.strip_prefix(WANTED)?.strip_prefix(": "));
    let index: usize = wanted.context("no recording is named")?.parse()?;
    let recording = recordings.get(index).context("no such recording")?;
    stream.write_all(&recording.response).await?;
    Ok(stream.shutdown().await?)
}
