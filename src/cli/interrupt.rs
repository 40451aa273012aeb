//! Ctrl-C and SIGTERM.

use tokio::sync::watch;

use crate::run::exit::ExitStatus;

/// Turns true at the first Ctrl-C or SIGTERM. The second one ends the process at once.
pub(super) fn interrupt() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        end_requested().await;
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
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
