//! Ctrl-C, SIGTERM and SIGHUP.

use tokio::sync::watch;

use crate::run::exit::ExitStatus;

/// Turns true at the first Ctrl-C, SIGTERM or SIGHUP. A second Ctrl-C or SIGTERM ends the process at once. A second SIGHUP
/// does not: a terminal that closes may send several.
pub(super) fn interrupt() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            () = end_requested() => {}
            () = hung_up() => {}
        }
        let _ = sender.send(true);
        end_requested().await;
        std::process::exit(i32::from(ExitStatus::Interrupted.code()));
    });
    receiver
}

/// Waits for Ctrl-C, or for SIGTERM, by which CI systems cancel a job. It waits forever where the system has neither.
async fn end_requested() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = ctrl_c => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    received(tokio::signal::unix::SignalKind::terminate()).await;
}

/// Waits for SIGHUP, unless the program was started by `nohup`.
#[cfg(unix)]
async fn hung_up() {
    if ignores_hangup() {
        std::future::pending::<()>().await;
    }
    received(tokio::signal::unix::SignalKind::hangup()).await;
}

#[cfg(unix)]
async fn received(kind: tokio::signal::unix::SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Returns true if the process ignores SIGHUP, as far as the system shows it: a mask in hexadecimal, SIGHUP is its first bit.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

#[cfg(not(unix))]
async fn hung_up() {
    std::future::pending().await
}
