//! The program as a process, in a clean environment.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

const LIMIT: Duration = Duration::from_secs(120);

/// The program; what it runs is not remembered unless the test says where.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wireproof"));
    command.env_clear().env("WIREPROOF_STATE", "").env("NO_COLOR", "1").args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn ended(command: Command) -> Output {
    assert_cmd::Command::from_std(command).timeout(LIMIT).output().expect("the program ends in time")
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    ended(program(arguments))
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
pub(crate) fn assert_status(output: &Output, status: i32) {
    assert_eq!(output.status.code(), Some(status), "stdout:\n{}\nstderr:\n{}", out(output), err(output));
}

/// A JSON report, read.
pub(crate) fn report(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `wireproof serve` as a process that ends with the test.
pub(crate) struct Served {
    child: Child,
    pub(crate) endpoint: String,
}

impl Served {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with these arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let mut child = program(&[&["serve"], arguments].concat()).stdout(Stdio::piped()).spawn().unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        Self { child, endpoint: endpoint.trim().to_owned() }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The change of a [`Proxy`] to the responses of `StopDeployment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No change.
    None,
    /// Rejections have this name.
    Name(&'static str),
    /// Rejections have this status.
    Status(u16),
    /// There is no response.
    Silence,
}

/// Stands before a reference, and changes one thing at a time.
pub(crate) struct Proxy {
    pub(crate) endpoint: String,
    fault: Arc<Mutex<Fault>>,
    _reference: Served,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let reference = Served::start();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let fault = Arc::new(Mutex::new(Fault::None));
        let (behind, shared) = (reference.endpoint.trim_start_matches("http://").to_owned(), Arc::clone(&fault));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (behind, fault) = (behind.clone(), *shared.lock().unwrap());
                // A connection that breaks is the peer's affair.
                thread::spawn(move || drop(pass(stream, &behind, fault)));
            }
        });
        Self { endpoint, fault, _reference: reference }
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
}

fn pass(mut stream: TcpStream, behind: &str, fault: Fault) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (head, body) = message(&mut reader)?;
    let under_test = [".stopdeployment\r\n", ".cancelservicepipelinedeployment\r\n"];
    let is_under_test = under_test.iter().any(|target| head.to_lowercase().contains(target));
    let fault = if is_under_test { fault } else { Fault::None };
    if fault == Fault::Silence {
        return Ok(());
    }
    let mut server = TcpStream::connect(behind)?;
    write!(server, "{}connection: close\r\n\r\n", head.trim_end_matches("\r\n").to_owned() + "\r\n")?;
    server.write_all(&body)?;
    let (head, body) = message(&mut BufReader::new(server))?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let is_rejection = head.starts_with("HTTP/1.1 400");
    let (head, body) = match fault {
        Fault::Name(name) if is_rejection => {
            let mut error: serde_json::Value = serde_json::from_str(&body).unwrap();
            error["__type"] = name.into();
            (without_length(&head, "x-amzn-errortype"), error.to_string())
        }
        Fault::Status(status) if is_rejection => {
            (without_length(&head, "-").replacen("400", &status.to_string(), 1), body)
        }
        _ => (without_length(&head, "-"), body),
    };
    write!(stream, "{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn without_length(head: &str, also: &str) -> String {
    let dropped = ["content-length", "connection", also];
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default().to_lowercase();
        !line.is_empty() && !dropped.contains(&name.as_str())
    });
    kept.fold(String::new(), |head, line| head + line + "\r\n")
}

/// A head with its empty line taken off, and a body by its length.
fn message(reader: &mut BufReader<TcpStream>) -> std::io::Result<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}
