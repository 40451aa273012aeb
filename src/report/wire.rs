//! What crossed the wire: one file a case, for those who want the bytes. Credentials are left out.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

use super::{Reporter, text};
use crate::{
    event::{CaseFinished, Event},
    scenario::CaseId,
    transcript::{Exchange, Role},
};

/// Writes `<folder>/<service>/<operation>/<case>.http` as each case ends.
#[derive(Debug)]
pub struct WireFiles {
    folder: PathBuf,
}

impl WireFiles {
    /// Files below `folder`, which is made when the first is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn write(&self, case: &CaseFinished) -> io::Result<()> {
        let path = self.folder.join(file(&case.report.id));
        write_whole(&path, &contents(case))
            .map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))
    }
}

impl Reporter for WireFiles {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::CaseFinished(case) => self.write(case),
            Event::RunStarted(_) | Event::Surveyed(_) | Event::TargetDied(_) | Event::RunFinished(_) => Ok(()),
        }
    }
}

/// Every exchange of a case, or why there is none: a file that an earlier run left must not pass for this one's.
fn contents(case: &CaseFinished) -> Vec<u8> {
    let mut out = Vec::new();
    for exchange in &case.transcript.exchanges {
        append(&mut out, exchange);
    }
    if out.is_empty() {
        let reason = text::line(&case.report.reason);
        out = format!("### nothing was sent: {}, {reason}\n", case.report.verdict).into_bytes();
    }
    out
}

fn append(out: &mut Vec<u8>, exchange: &Exchange) {
    let Exchange { step, role, operation, request, outcome, elapsed, .. } = exchange;
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    let title = format!("### step {step}, {}, {operation}, {milliseconds:.1} ms\n", in_words(*role));
    out.extend_from_slice(title.as_bytes());
    out.extend_from_slice(&request.to_bytes());
    out.extend_from_slice(b"\n\n");
    match outcome {
        Ok(response) => out.extend_from_slice(&response.to_bytes()),
        Err(error) => out.extend_from_slice(error.to_string().as_bytes()),
    }
    out.extend_from_slice(b"\n\n");
}

fn in_words(role: Role) -> String {
    match role {
        Role::Setup => "setup".to_owned(),
        Role::Before(guard) => format!("guard {} before", guard + 1),
        Role::Main => "main".to_owned(),
        Role::Control => "control".to_owned(),
        Role::After(guard) => format!("guard {} after", guard + 1),
        Role::Teardown => "teardown".to_owned(),
    }
}

/// The file of a case, below the folder: its id, part by part.
fn file(id: &CaseId) -> PathBuf {
    let mut path: PathBuf = id.0.split('/').map(file_name).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    path.set_file_name(format!("{name}.http"));
    path
}

/// The part of an id as every file system takes it: other characters are percent-encoded, so that two ids
/// never share a file.
fn file_name(part: &str) -> String {
    let legal = |c: char| !c.is_control() && !r#"<>:"/\|?*%"#.contains(c);
    let last = part.char_indices().next_back().map(|(at, _)| at);
    let encode = |(at, c): (usize, char)| {
        // `.` and `..` lead elsewhere, and Windows drops a dot or a space at the end.
        let dropped = Some(at) == last && (c == '.' || c == ' ');
        if legal(c) && !dropped { c.to_string() } else { percent_encoded(c) }
    };
    if part.is_empty() { "%".to_owned() } else { part.char_indices().map(encode).collect() }
}

fn percent_encoded(c: char) -> String {
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes).bytes().fold(String::new(), |encoded, byte| format!("{encoded}%{byte:02X}"))
}

/// Writes a file so that nobody ever sees a part of it.
fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", process::id()));
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let written = fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(contents))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to tell of.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::report::testing::{events, report_of, secrets_in};

    #[rstest]
    #[case::plain("codedeploy/stop-deployment/x", "codedeploy/stop-deployment/x.http")]
    #[case::row("s/o/x#101", "s/o/x#101.http")]
    #[case::dotted("s/o/x#1.5", "s/o/x#1.5.http")]
    #[case::illegal("s/o/x#a:b?\u{1b}\"ü", "s/o/x#a%3Ab%3F%1B%22ü.http")]
    #[case::upward("../../etc/passwd", ".%2E/.%2E/etc/passwd.http")]
    #[case::absolute("/etc//.", "%/etc/%/%2E.http")]
    fn the_path_is_the_id_and_stays_below_the_folder(#[case] id: &str, #[case] path: &str) {
        assert_eq!(file(&CaseId(id.to_owned())), Path::new(path));
    }

    #[test]
    fn a_case_has_its_bytes_in_order_and_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        report_of(&mut WireFiles::new(folder.path()), &events()).unwrap();
        let path = folder.path().join("codedeploy/stop-deployment/unknown-id.http");
        let text = String::from_utf8(fs::read(path).unwrap()).unwrap();
        insta::assert_snapshot!(text.replace('\r', "␍").replace('\u{1b}', "␛"), @r##"
        ### step 0, guard 1 before, StopDeployment, 2000.1 ms
        POST / HTTP/1.1␍
        host: 127.0.0.1:4566␍
        x-amz-target: CodeDeploy_20141006.StopDeployment␍
        authorization: <redacted>␍
        X-Amz-Security-Token: <redacted>␍
        ␍
        {"deploymentId":"d-000000001"}

        no whole answer within 2s

        ### step 1, main, StopDeployment, 1.2 ms
        POST / HTTP/1.1␍
        host: 127.0.0.1:4566␍
        x-amz-target: CodeDeploy_20141006.StopDeployment␍
        authorization: <redacted>␍
        X-Amz-Security-Token: <redacted>␍
        ␍
        {"deploymentId":"d-000000001"}

        HTTP/1.1 500␍
        content-type: application/x-amz-json-1.1␍
        x-echo: *****************************␍
        ␍
        {"__type":"InternalFailure","message":"␛[32mall good␛[0m␍conforms"}
        "##);
        assert_eq!(secrets_in(&text), Vec::<&str>::new());
    }

    #[test]
    fn every_case_has_a_file_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let stale = folder.path().join("codedeploy/stop-deployment/not-run.http");
        write_whole(&stale, b"### of an earlier run\n").unwrap();
        let events = events();
        report_of(&mut WireFiles::new(folder.path()), &events).unwrap();
        let mut files = Vec::new();
        for operation in ["codedeploy/stop-deployment", "proton/cancel-service-pipeline-deployment"] {
            files.extend(fs::read_dir(folder.path().join(operation)).unwrap().map(|entry| entry.unwrap().path()));
        }
        let cases = events.iter().filter(|event| matches!(event, Event::CaseFinished(_))).count();
        assert_eq!(files.len(), cases, "{files:?}");
        assert!(files.iter().all(|file| file.extension().is_some_and(|kind| kind == "http")), "{files:?}");
        let text = fs::read_to_string(stale).unwrap();
        assert_eq!(text, "### nothing was sent: inconclusive, the run was interrupted\n");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let occupied = folder.path().join("file");
        fs::write(&occupied, "x").unwrap();
        let error = report_of(&mut WireFiles::new(&occupied), &events()).unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains(".http: "), "{error}");
    }
}
