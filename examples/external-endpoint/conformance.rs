//! An endpoint in another language, tested from Rust: moto, started by the test on a free port, and ended with it.
//!
//! `WIREPROOF_MOTO` names its program (`pip install 'moto[server]'`), `WIREPROOF_BOTOCORE` the botocore that comes with it,
//! where that is not found by the path. What moto is known to do otherwise stands in a baseline, with reasons.

use std::{
    env,
    error::Error,
    ffi::OsStr,
    io::{self, Write as _},
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::{net::TcpStream, time::sleep};
use wireproof::{Suite, Target};

/// Interpreters on a busy machine take their time.
const READY_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn queues_of_moto_answer_as_its_baseline_says() -> Result<(), Box<dyn Error>> {
    let Some(program) = env::var_os("WIREPROOF_MOTO").filter(|program| !program.is_empty()) else {
        // Not by a macro: the test runner would swallow it.
        writeln!(io::stderr(), "skipped: WIREPROOF_MOTO names no moto_server")?;
        return Ok(());
    };
    let moto = Moto::start(&program).await?;
    let suite = Suite::bundled()
        .probes("botocore:sqs")
        .operation("GetQueueUrl")
        .ignore("*/signing/*", "moto verifies no signatures")
        .ignore("*/request/*", "moto does not look whether a request is well-formed")
        .baseline("examples/external-endpoint/baseline.toml");
    let target = Target::at(&moto.url).named("moto").keeping(moto);
    suite.against(target).run().await.assert_conforms();
    Ok(())
}

/// A moto that ends with this value.
struct Moto {
    child: Child,
    url: String,
}

impl Moto {
    /// Starts it, and waits until it listens.
    async fn start(program: &OsStr) -> Result<Self, Box<dyn Error>> {
        // Free a moment ago: moto cannot be given a listener, nor does it say which port it took.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut moto = Self { child, url: format!("http://127.0.0.1:{port}") };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(status) = moto.child.try_wait()? {
                return Err(format!("moto ended with {status}").into());
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(format!("moto does not listen after {READY_WITHIN:?}").into());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(moto)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // By its process, and not by its name: others may run one, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
