//! The gate on a real emulator: moto with one changed line is red, with the change as the first difference on one screen,
//! and moto without it is green.
//!
//! `WIREPROOF_MOTO` names moto's program; without it, the test is skipped and says so on standard error.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::program::{assert_status, err, out, program};

/// An interpreter on a busy machine takes its time.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Two runs of the probes of a service, unoptimised, on a busy machine.
const PROBES_END_WITHIN: Duration = Duration::from_secs(300);

/// A change of one line of moto.
struct ChangedLine {
    kind: &'static str,
    service: &'static str,
    file: &'static str,
    line: &'static str,
    instead: &'static str,
    /// The start of the first difference, and a part of it.
    first: [&'static str; 2],
}

const CHANGES: [ChangedLine; 11] = [
    ChangedLine {
        kind: "error status",
        service: "secretsmanager",
        file: "exceptions.py",
        line: "    code = 400",
        instead: "    code = 409",
        first: ["known errors have another status", "InvalidParameterException (409)"],
    },
    ChangedLine {
        kind: "dropped member",
        service: "sqs",
        file: "responses.py",
        line: r#"                "MessageId": msg.id,"#,
        instead: "",
        first: ["a new cause", "MessageId"],
    },
    ChangedLine {
        kind: "crash",
        service: "sqs",
        file: "responses.py",
        line: "        queues = self.sqs_backend.list_queues(queue_name_prefix)",
        instead: "        queues = self.sqs_backend.list_queues(queue_name_prefix.strip())",
        first: ["a new cause", "ListQueues: server error for a valid request"],
    },
    ChangedLine {
        kind: "operation removed",
        service: "sqs",
        file: "responses.py",
        line: "    def list_queue_tags(self) -> ActionResult:",
        instead: "    def list_tags(self) -> ActionResult:",
        first: ["an operation vanished", "sqs.ListQueueTags"],
    },
    ChangedLine {
        kind: "error name",
        service: "sqs",
        file: "exceptions.py",
        line: r#"            "AWS.SimpleQueueService.NonExistentQueue","#,
        instead: r#"            "AWS.SimpleQueueService.NoQueue","#,
        first: ["known cases respond differently", "AWS.SimpleQueueService.NoQueue (400)"],
    },
    ChangedLine {
        kind: "request rejected",
        service: "sqs",
        file: "responses.py",
        line: r#"        tag_keys = self._get_param("TagKeys", [])"#,
        instead: r#"        raise EmptyBatchRequest("Tag")"#,
        first: ["a new cause", "UntagQueue: EmptyBatchRequest (400)"],
    },
    ChangedLine {
        kind: "wrong type",
        service: "secretsmanager",
        file: "responses.py",
        line: "        return json.dumps(secret.to_dict())",
        instead: r#"        return json.dumps({**secret.to_dict(), "Name": 1})"#,
        first: ["a new cause", "`Name`"],
    },
    ChangedLine {
        kind: "not JSON",
        service: "secretsmanager",
        file: "responses.py",
        line: "        return json.dumps(secret.to_dict())",
        instead: "        return json.dumps(secret.to_dict())[1:]",
        first: ["a new cause", "DescribeSecret: expected a JSON object"],
    },
    ChangedLine {
        kind: "validation removed",
        service: "secretsmanager",
        file: "models.py",
        line: "        if token_length < 32 or token_length > 64:",
        instead: "        if token_length > 64:",
        first: ["a known cause grew", "`length` is not enforced"],
    },
    ChangedLine {
        kind: "wrong pagination token",
        service: "secretsmanager",
        file: "responses.py",
        line: r#"        return json.dumps({"SecretList": secret_list, "NextToken": next_token})"#,
        instead: r#"        return json.dumps({"SecretList": secret_list, "NextToken": 7})"#,
        first: ["a new cause", "`NextToken`"],
    },
    ChangedLine {
        kind: "wrong timestamp",
        service: "secretsmanager",
        file: "models.py",
        line: r#"            "CreatedDate": self.created_date,"#,
        instead: r#"            "CreatedDate": "now","#,
        first: ["a new cause", "CreatedDate`"],
    },
];

/// Moto as it listens; ends with its test.
struct Moto {
    process: Child,
    url: String,
    /// The installed botocore, which moto needs.
    botocore: PathBuf,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    /// Starts moto with a folder before its installed package.
    fn start(program: &Path, before: Option<&Path>) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(folder) = before {
            command.env("PYTHONPATH", folder);
        }
        let (url, botocore) = (format!("http://127.0.0.1:{port}"), package(program, "botocore"));
        let moto = Self { process: command.spawn().unwrap(), url, botocore };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < READY_WITHIN, "moto does not listen");
            thread::sleep(Duration::from_millis(100));
        }
        moto
    }

    fn gate(&self, service: &str, baseline: &Path, more: &[&str]) -> Output {
        let (model, file) = (format!("botocore:{service}"), baseline.display().to_string());
        let common = ["probe", "--model", &model, "--endpoint", &self.url, "--seed", "1", "--baseline", &file];
        let allowed = ["--allow", "not-implemented,blocked,inconclusive"];
        let mut command = program(&[&common[..], &allowed, &AT_RANDOM, more].concat());
        command.arg("--botocore").arg(&self.botocore);
        assert_cmd::Command::from_std(command).timeout(PROBES_END_WITHIN).output().expect("the program ends in time")
    }
}

/// The operations that moto responds to at random.
const AT_RANDOM: [&str; 4] = ["--exclude", "sqs.AddPermission/", "--exclude", "secretsmanager.RotateSecret/"];

/// A copy of moto's package, as links, in which one line of a service is another one.
fn changed(package: &Path, folder: &Path, change: &ChangedLine) {
    let copy = folder.join("moto");
    fs::create_dir_all(copy.join(change.service)).unwrap();
    for (from, to) in [(package.to_owned(), copy.clone()), (package.join(change.service), copy.join(change.service))] {
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            if ![change.service, change.file, "__pycache__"].contains(&name.to_str().unwrap()) {
                symlink(entry.path(), to.join(name)).unwrap();
            }
        }
    }
    let text = fs::read_to_string(package.join(change.service).join(change.file)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| *line == change.line);
    let at = at.unwrap_or_else(|| panic!("{}: this moto has no line {:?}", change.kind, change.line));
    let with: Vec<&str> =
        lines.iter().enumerate().map(|(index, line)| if index == at { change.instead } else { line }).collect();
    fs::write(copy.join(change.service).join(change.file), with.join("\n") + "\n").unwrap();
}

/// The folder of a package that is installed beside moto.
fn package(program: &Path, name: &str) -> PathBuf {
    let python = program.with_file_name("python");
    let found =
        Command::new(python).args(["-c", &format!("import {name}; print({name}.__path__[0])")]).output().unwrap();
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim())
}

#[test]
#[ignore = "starts moto fifteen times: some minutes"]
fn one_changed_line_of_moto_is_red_with_its_cause_first_and_moto_without_it_is_green() {
    let Some(moto) = env::var_os("WIREPROOF_MOTO").map(PathBuf::from) else {
        eprintln!("skipped: set WIREPROOF_MOTO to moto_server (pip install 'moto[server]')");
        return;
    };
    let (package, folder) = (package(&moto, "moto"), tempfile::tempdir().unwrap());
    for service in ["sqs", "secretsmanager"] {
        let baseline = folder.path().join(format!("{service}.toml"));
        let update = ["--baseline-update", "--baseline-reason", "it is moto"];
        assert_status(&Moto::start(&moto, None).gate(service, &baseline, &update), 0);
        let green = Moto::start(&moto, None).gate(service, &baseline, &[]);
        assert!(err(&green).contains("nothing differs"), "{}", out(&green));
        assert_status(&green, 0);
        for change in CHANGES.iter().filter(|change| change.service == service) {
            let before = folder.path().join(change.kind);
            changed(&package, &before, change);
            let red = Moto::start(&moto, Some(&before)).gate(service, &baseline, &[]);
            assert_status(&red, 1);
            let printed = out(&red);
            let first = printed.lines().skip_while(|line| !line.starts_with("baseline ")).nth(2).unwrap_or_default();
            eprintln!("{}: {} lines, {}", change.kind, printed.lines().count(), first.trim());
            let paragraph = &printed[printed.find(first).unwrap()..];
            let head = paragraph.lines().take(2).map(str::trim).collect::<Vec<_>>().join(" ");
            assert!(change.first.iter().all(|part| head.contains(part)), "{}:\n{printed}", change.kind);
        }
    }
}
