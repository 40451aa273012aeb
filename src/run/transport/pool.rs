//! Open connections that wait for the next request, and what is known of the bytes that arrive on them meanwhile.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    connection::{Connection, Quiet},
    late_bytes::{self, LateBytes},
};

/// The idle timeout of connections. Most servers keep them for at least two seconds.
const IDLE: Duration = Duration::from_secs(1);

/// Connections by the origin of their endpoint.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<PoolState>);

#[derive(Default)]
struct PoolState {
    idle: Mutex<HashMap<String, Vec<IdleConnection>>>,
    first_response: Mutex<FirstResponse>,
    /// No connection is kept any more: the peer closed one, or sent bytes after a response.
    is_closed: AtomicBool,
    sends_late_bytes: AtomicBool,
}

struct IdleConnection {
    connection: Connection,
    since: Instant,
    late: Option<LateBytes>,
}

/// The connection of the first watched response stays unused for a while. Until then, no other response is trusted.
#[derive(Default)]
enum FirstResponse {
    #[default]
    Awaited,
    /// The responses that were received meanwhile.
    Observed(Vec<LateBytes>),
    Known,
}

impl Pool {
    /// A connection that the peer has not closed yet, and on which nothing has arrived.
    pub(super) fn take(&self, origin: &str) -> Option<Connection> {
        loop {
            let idle = self.idle().get_mut(origin)?.pop()?;
            let since = idle.since;
            if let Some(connection) = self.quiet(idle)
                && since.elapsed() < IDLE
            {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection after a response, unless none is kept any more. The first one is observed for `wait`.
    pub(super) fn keep(&self, origin: String, connection: Connection, wait: Duration) {
        if self.0.is_closed.load(Ordering::Relaxed) {
            return;
        }
        let late = late_bytes::handle();
        let idle = IdleConnection { connection, since: Instant::now(), late: late.clone() };
        let Some(late) = late else {
            self.idle().entry(origin).or_default().push(idle);
            return;
        };
        let is_first = match &mut *self.first_response() {
            first @ FirstResponse::Awaited => {
                *first = FirstResponse::Observed(vec![late]);
                true
            }
            FirstResponse::Observed(others) => {
                others.push(late);
                false
            }
            FirstResponse::Known => false,
        };
        if is_first {
            tokio::spawn(self.clone().observe(origin, idle, wait));
        } else {
            self.idle().entry(origin).or_default().push(idle);
        }
    }

    async fn observe(self, origin: String, idle: IdleConnection, wait: Duration) {
        tokio::time::sleep(wait).await;
        if let Some(connection) = self.quiet(IdleConnection { late: idle.late.clone(), ..idle }) {
            let kept = IdleConnection { connection, since: Instant::now(), late: None };
            self.idle().entry(origin).or_default().push(kept);
        }
        let others = std::mem::replace(&mut *self.first_response(), FirstResponse::Known);
        if let FirstResponse::Observed(others) = others
            && self.sends_late_bytes()
        {
            others.iter().for_each(LateBytes::doubt);
        }
    }

    /// Looks at all connections.
    pub(super) fn look(&self) {
        let all: Vec<_> = self.idle().drain().collect();
        for (origin, idle) in all {
            for one in idle {
                let since = one.since;
                if let Some(connection) = self.quiet(one) {
                    self.idle().entry(origin.clone()).or_default().push(IdleConnection {
                        connection,
                        since,
                        late: None,
                    });
                }
            }
        }
    }

    /// The connection, if nothing happened on it. Its response is settled.
    fn quiet(&self, idle: IdleConnection) -> Option<Connection> {
        let IdleConnection { mut connection, late, .. } = idle;
        match connection.is_quiet() {
            Quiet::Yes => Some(connection),
            Quiet::Closed => None,
            Quiet::Bytes(count) => {
                self.0.sends_late_bytes.store(true, Ordering::Relaxed);
                self.keep_none();
                if let Some(late) = late {
                    late.found(count);
                }
                None
            }
        }
    }

    /// Keeps no connection from now on.
    pub(super) fn keep_none(&self) {
        self.0.is_closed.store(true, Ordering::Relaxed);
        let all = std::mem::take(&mut *self.idle());
        // What arrived on them counts.
        for idle in all.into_values().flatten() {
            let IdleConnection { mut connection, late, .. } = idle;
            if let Quiet::Bytes(count) = connection.is_quiet() {
                self.0.sends_late_bytes.store(true, Ordering::Relaxed);
                if let Some(late) = late {
                    late.found(count);
                }
            }
        }
    }

    /// Bytes arrived after a response.
    pub(super) fn sends_late_bytes(&self) -> bool {
        self.0.sends_late_bytes.load(Ordering::Relaxed)
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<IdleConnection>>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first_response(&self) -> MutexGuard<'_, FirstResponse> {
        self.0.first_response.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
