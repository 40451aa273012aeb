//! The whole suite against real emulators that lack both operations under test: nothing may conform by chance.
//!
//! An emulator that is not installed is skipped, and the skip is said on standard error;
//! `WIREPROOF_REQUIRE_REAL_ENDPOINTS` makes it a failure. `WIREPROOF_MOTO` and `WIREPROOF_MINISTACK` name a program
//! that is not on the path, `WIREPROOF_DYNALITE` and `WIREPROOF_KINESALITE` the folder of a Node.js module.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fs::File,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus as ProcessStatus, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use rstest::rstest;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use wireproof::internals::{
    harness::Runner,
    judge::{redaction::SensitiveValues, snapshots::Snapshots},
    run::{
        event::{Event, Presence, RunFinished},
        exit::ExitStatus,
        observer::OnEvent,
        resolved_target::ResolvedTarget,
        session::{PresenceChecks, RunOptions},
        transport::{Limits, Settings, Wire},
    },
    suite::{Batch, FixtureFiles, Fixtures},
    wire::{client_style::ClientStyle, sigv4::Credentials},
};

/// Interpreters on a busy machine take their time.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Emulators load a service at its first request.
const REQUEST_WITHIN: Duration = Duration::from_secs(60);

/// The time limit of a run. A run sends eight requests, so this is a bound, not an expectation.
const RUN_WITHIN: Duration = Duration::from_secs(120);

/// Operations by service.
type Handlers = BTreeMap<String, BTreeSet<String>>;

/// An emulator, and how it is started.
struct Emulator {
    name: &'static str,
    program: &'static str,
    named_by: &'static str,
    install: &'static str,
    /// The command that starts it, by its program or folder and a port.
    command: fn(&Path, u16) -> Command,
    /// Its services whose presence is compared with its sources.
    services: &'static [&'static str],
    /// The operations that it implements, by service, as its sources say.
    handlers: fn(&Path, &[&str]) -> Result<Handlers>,
}

const MOTO: Emulator = Emulator {
    name: "moto",
    program: "moto_server",
    named_by: "WIREPROOF_MOTO",
    install: "pip install 'moto[server]'",
    command: |program, port| {
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p"]).arg(port.to_string());
        command
    },
    services: &[
        "apigateway",
        "cloudformation",
        "cloudwatch",
        "comprehend",
        "dynamodb",
        "ec2",
        "events",
        "iam",
        "kinesis",
        "kms",
        "lambda",
        "logs",
        "rds",
        "route53",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "ssm",
        "stepfunctions",
        "sts",
    ],
    handlers: |program, services| python_handlers("moto_handlers.py", program, services),
};

const MINISTACK: Emulator = Emulator {
    name: "ministack",
    program: "ministack",
    named_by: "WIREPROOF_MINISTACK",
    install: "pip install ministack",
    command: |program, port| {
        let mut command = Command::new(program);
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        command
    },
    services: &["dynamodb", "ecs", "events", "kinesis", "kms", "logs", "secretsmanager", "sqs", "ssm", "stepfunctions"],
    handlers: |program, services| python_handlers("ministack_handlers.py", program, services),
};

const DYNALITE: Emulator = Emulator {
    name: "dynalite",
    program: "dynalite",
    named_by: "WIREPROOF_DYNALITE",
    install: "npm install dynalite",
    command: |program, port| {
        node(program, &format!("{{createTableMs: 0, updateTableMs: 0, deleteTableMs: 0}}).listen({port}, '127.0.0.1'"))
    },
    services: &["dynamodb"],
    handlers: node_handlers,
};

const KINESALITE: Emulator = Emulator {
    name: "kinesalite",
    program: "kinesalite",
    named_by: "WIREPROOF_KINESALITE",
    install: "npm install kinesalite",
    command: |program, port| {
        node(
            program,
            &format!("{{createStreamMs: 0, updateStreamMs: 0, deleteStreamMs: 0}}).listen({port}, '127.0.0.1'"),
        )
    },
    services: &["kinesis"],
    handlers: node_handlers,
};

/// Runs a Node.js module, called with these arguments.
fn node(program: &Path, arguments: &str) -> Command {
    let mut command = Command::new("node");
    command.arg("-e").arg(format!("require({})({arguments})", json!(module(program))));
    command
}

/// The folder of a Node.js module, by itself or by its program.
fn module(program: &Path) -> PathBuf {
    let program = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    if program.is_dir() { program } else { program.parent().map(Path::to_owned).unwrap_or_default() }
}

#[rstest]
#[case::moto(&MOTO)]
#[case::ministack(&MINISTACK)]
fn an_emulator_without_the_operations_gets_not_implemented_and_nothing_else(#[case] emulator: &Emulator) -> Result<()> {
    let Some(running) = emulator.start()? else { return Ok(()) };
    let run = run_all(&running.address)?;
    assert_eq!(run.absent.len(), 2, "both operations have a presence check: {:?}", run.absent);
    for (operation, absent) in &run.absent {
        assert_eq!(
            *absent,
            Presence::NotImplemented,
            "{} lacks {operation}, and the presence check did not detect it",
            emulator.name
        );
    }
    let ledger = run.finished.ledger;
    assert!(ledger.selected > 0, "the suite is empty");
    assert_eq!(ledger.not_implemented, ledger.selected, "{ledger:?}");
    assert!(ledger.balances(), "{ledger:?}");
    assert_eq!(ExitStatus::of_run(&ledger, &[], run.finished.interrupted), ExitStatus::Incomplete);
    Ok(())
}

#[rstest]
#[case::moto(&MOTO)]
#[case::ministack(&MINISTACK)]
#[case::dynalite(&DYNALITE)]
#[case::kinesalite(&KINESALITE)]
#[ignore = "probes up to 2,200 operations of an emulator: minutes without optimization"]
fn the_presence_of_each_operation_is_what_the_sources_say(#[case] emulator: &Emulator) -> Result<()> {
    let Some(program) = emulator.find() else { return emulator.absent().map(|_| ()) };
    let mut wrong = Vec::new();
    for (service, implemented) in &(emulator.handlers)(&program, emulator.services)? {
        let Some(running) = emulator.start()? else { return Ok(()) };
        let rows = probed_presences(service, &running.address)?;
        let found = rows.iter().filter(|row| row.presence != "not-implemented").count();
        // A macro would not do: the test runner would capture its output.
        let all = rows.len();
        writeln!(io::stderr(), "| {} | {service} | {all} | {} | {found} |", emulator.name, implemented.len())?;
        for PresenceRow { operation, presence, reason } in rows {
            let is_wrong = match presence.as_str() {
                "not-implemented" => implemented.contains(&operation) && !reason.contains(UNDECIDABLE),
                // An endpoint that knows the path of an operation and lacks the handler fails for every input.
                "crashes" => false,
                _ => !implemented.contains(&operation),
            };
            if is_wrong {
                wrong.push(format!("{service}.{operation} is {presence}: {reason}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// The response to every input is the server error of an unknown operation: no response can tell the two apart.
const UNDECIDABLE: &str = "it is not implemented, or every input that was tried crashes it";

/// The operations that a script reads from the sources of an emulator in Python.
fn python_handlers(script: &str, program: &Path, services: &[&str]) -> Result<Handlers> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration").join(script);
    let interpreter = program.with_file_name("python");
    let interpreter = if interpreter.is_file() { interpreter } else { PathBuf::from("python3") };
    let output = Command::new(interpreter).arg(script).args(services).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The operations that an emulator in JavaScript implements: each has a file.
fn node_handlers(program: &Path, services: &[&str]) -> Result<Handlers> {
    let mut operations = BTreeSet::new();
    for entry in std::fs::read_dir(module(program).join("actions"))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        operations.insert(name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect());
    }
    Ok(services.iter().map(|service| ((*service).to_owned(), operations.clone())).collect())
}

/// The protocol of a service that emulators do not speak in the first protocol of its model.
const OTHER_PROTOCOLS: [(&str, &str); 1] = [("cloudwatch", "awsQuery")];

/// The presence of an operation in a JSON report.
#[derive(Deserialize)]
struct PresenceRow {
    operation: String,
    presence: String,
    reason: String,
}

/// The presence of each operation of a service, by two probes each.
fn probed_presences(service: &str, address: &SocketAddr) -> Result<Vec<PresenceRow>> {
    #[derive(Deserialize)]
    struct Report {
        presence: Vec<PresenceRow>,
    }
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    let output = Command::new(env!("CARGO_BIN_EXE_wireproof"))
        .args(["probe", "--model", &format!("botocore:{service}"), "--endpoint", &format!("http://{address}")])
        .args(["--max-per-operation", "2", "--destructive", "--seed", "1"])
        .args(OTHER_PROTOCOLS.iter().filter(|(name, _)| *name == service).flat_map(|(_, id)| ["--protocol", *id]))
        .arg("--report")
        .arg(format!("json={}", report.display()))
        .current_dir(folder.path())
        .output()?;
    let text = std::fs::read(&report).with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(serde_json::from_slice::<Report>(&text)?.presence)
}

impl Emulator {
    /// Starts it on a free port and waits until it accepts connections; `None` where it is not installed.
    fn start(&self) -> Result<Option<Running>> {
        let Some(program) = self.find() else { return self.absent() };
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        let address = free_address()?;
        let mut command = (self.command)(&program, address.port());
        command.current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(File::create(&log)?).stderr(File::options().append(true).open(&log)?);
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let mut running = Running { child, address, _folder: folder };
        match running.wait_until_ready()? {
            None => Ok(Some(running)),
            // The status of a shell or a version manager for a missing program.
            Some(status) if status.code() == Some(127) => self.absent(),
            Some(status) => bail!("{} ended with {status}:\n{}", self.program, std::fs::read_to_string(&log)?),
        }
    }

    fn find(&self) -> Option<PathBuf> {
        if let Some(named) = env::var_os(self.named_by).filter(|named| !named.is_empty()) {
            return Some(PathBuf::from(named));
        }
        let path = env::var_os("PATH")?;
        env::split_paths(&path).map(|folder| folder.join(self.program)).find(|program| Path::is_file(program))
    }

    fn absent(&self) -> Result<Option<Running>> {
        let reason = format!("{} is not installed ({})", self.program, self.install);
        let required = env::var_os("WIREPROOF_REQUIRE_REAL_ENDPOINTS").is_some_and(|value| !value.is_empty());
        ensure!(!required, "{reason}, and WIREPROOF_REQUIRE_REAL_ENDPOINTS is set");
        // A macro would not do: the test runner would capture its output.
        writeln!(io::stderr(), "skipped: {reason}")?;
        Ok(None)
    }
}

/// A started emulator; it ends with this value.
struct Running {
    child: Child,
    address: SocketAddr,
    /// Its working folder: whatever it writes goes with it.
    _folder: tempfile::TempDir,
}

impl Running {
    /// Waits until it accepts a connection; its status where it ended instead.
    fn wait_until_ready(&mut self) -> Result<Option<ProcessStatus>> {
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_ok() {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("nothing accepts connections at {} after {READY_WITHIN:?}", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // That it has ended by itself is the only failure there is.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago: neither program can be given a listener, nor says which port it took.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The result of a run.
struct Run {
    /// The reason why each operation counts as not implemented.
    absent: BTreeMap<String, Presence>,
    finished: RunFinished,
}

fn run_all(address: &SocketAddr) -> Result<Run> {
    let suite = Fixtures::bundled()?;
    let cases = suite.cases();
    let limits = Limits { timeout: REQUEST_WITHIN, ..Limits::default() };
    let options = RunOptions {
        jobs: 16,
        seed: 1,
        case_timeout: REQUEST_WITHIN,
        patience: REQUEST_WITHIN,
        fail_fast: false,
        presence: PresenceChecks::all(),
        sensitive: SensitiveValues::Hidden,
    };
    let wire = Arc::new(Wire::new(&Settings { limits, ..Settings::default() })?);
    let runner = Runner::new(Arc::new(suite), target(address)?, wire, options)
        .snapshots(Arc::new(Snapshots::new(FixtureFiles::bundled_snapshots())));
    let mut absent = BTreeMap::new();
    let mut observer = OnEvent(|event: &Event| {
        if let Event::PresenceChecked(checked) = event {
            absent.insert(checked.operation.clone(), checked.presence);
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let finished =
        runtime.block_on(async { timeout(RUN_WITHIN, runner.run(&mut Batch::new(cases), &mut observer)).await })?;
    Ok(Run { absent, finished })
}

/// The target that the command line creates from `--endpoint` alone.
fn target(address: &SocketAddr) -> Result<ResolvedTarget> {
    Ok(ResolvedTarget {
        endpoint: format!("http://{address}").parse()?,
        name: address.to_string(),
        region: "us-east-1".to_owned(),
        other_region: Some("eu-west-1".to_owned()),
        owner: Credentials {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        },
        denied: None,
        other_account: None,
        state_handler: None,
        states: BTreeMap::new(),
        client: ClientStyle::default(),
    })
}
