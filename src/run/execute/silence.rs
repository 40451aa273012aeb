//! What the requests of a run show of an endpoint that does not respond. Pure: the caller passes the times.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

/// After this many unanswered requests in a row, the endpoint is in doubt.
const ROW: usize = 2;

/// After this many waits in vain, one after the other, no further request of an operation is sent.
const WAITS: usize = 2;

/// The time that a run may wait in vain.
const LOST_LIMIT: Duration = Duration::from_secs(20);

/// After this time in vain, the run waits less for each request.
const LOST_WARNING: Duration = Duration::from_secs(5);

/// The run waits at least this long for each request.
const SHORTEST_LIMIT: Duration = Duration::from_secs(1);

/// The run waits at least this long for the health request.
const SHORTEST_HEALTH_LIMIT: Duration = Duration::from_secs(5);

/// The run waits at least this many times as long as the slowest response took.
const SLOWEST_TIMES: u32 = 4;

/// A service and an operation; both are empty for a plain request.
pub(super) type OperationRef<'a> = (&'a str, &'a str);

/// A plain request.
pub(super) const PLAIN: OperationRef<'static> = ("", "");

/// What an unanswered request says about other requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// The endpoint should have responded.
    Regular,
    /// Nothing: its bytes are faulty on purpose, so the endpoint may wait for more of them.
    Faulty,
    /// It went to another endpoint, such as that of state changes.
    Elsewhere,
}

/// The requests of a run that got no complete response in time, and the time that they took.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// Unanswered requests since the last response.
    row: usize,
    /// Responses so far.
    answered: u64,
    /// Unanswered requests so far.
    unanswered: usize,
    /// The time in which requests waited in vain and nothing was answered.
    lost: Duration,
    /// The time of the last response or of the last wait in vain: what was before is counted.
    counted_until: Option<Instant>,
    /// The duration of the slowest response.
    slowest: Duration,
    operations: HashMap<String, HashMap<String, OperationSilence>>,
}

/// The waits for one operation since its last response.
#[derive(Debug, Clone, Copy)]
struct OperationSilence {
    waits: usize,
    unanswered: usize,
    /// The end of the last wait. Requests that were sent before belong to it.
    until: Instant,
}

impl Silence {
    /// Enters a response, or an error that came before the time limit.
    pub(super) fn responded(
        &mut self,
        (service, operation): OperationRef<'_>,
        kind: RequestKind,
        sent: Instant,
        now: Instant,
    ) {
        if kind != RequestKind::Elsewhere {
            self.row = 0;
            self.answered += 1;
        }
        self.slowest = self.slowest.max(now.saturating_duration_since(sent));
        self.counted_until = Some(now);
        if let Some(operations) = self.operations.get_mut(service) {
            operations.remove(operation);
        }
    }

    /// Enters a request that got no complete response in time.
    pub(super) fn unanswered(&mut self, operation: OperationRef<'_>, kind: RequestKind, sent: Instant, now: Instant) {
        let since = self.counted_until.map_or(sent, |until| until.max(sent));
        self.lost += now.saturating_duration_since(since);
        self.counted_until = Some(now);
        self.unanswered += 1;
        self.row += usize::from(kind == RequestKind::Regular);
        if kind != RequestKind::Faulty {
            self.wait_for(operation, sent, now);
        }
    }

    fn wait_for(&mut self, (service, operation): OperationRef<'_>, sent: Instant, now: Instant) {
        let operations = self.operations.entry(service.to_owned()).or_default();
        let first = OperationSilence { waits: 0, unanswered: 0, until: sent };
        let known = operations.entry(operation.to_owned()).or_insert(first);
        known.unanswered += 1;
        // Concurrent requests wait together.
        if sent >= known.until {
            known.waits += 1;
            known.until = now;
        }
    }

    /// The number of unanswered requests, if no further request of the operation is to be sent.
    pub(super) fn is_mute(&self, (service, operation): OperationRef<'_>) -> Option<usize> {
        let known = self.operations.get(service)?.get(operation)?;
        (known.waits >= WAITS).then_some(known.unanswered)
    }

    /// The endpoint may be dead.
    pub(super) fn is_doubtful(&self) -> bool {
        self.row >= ROW
    }

    /// The last request was not answered.
    pub(super) fn is_suspicious(&self) -> bool {
        self.row > 0
    }

    /// The responses so far.
    pub(super) fn answers(&self) -> u64 {
        self.answered
    }

    /// Forgets the row, because the endpoint responded to the health request.
    pub(super) fn is_healthy(&mut self) {
        self.row = 0;
    }

    /// The reason to end the run although the endpoint still responds to some requests.
    pub(super) fn excess(&self) -> Option<String> {
        let Self { unanswered, lost, .. } = self;
        (*lost >= LOST_LIMIT).then(|| {
            format!(
                "the endpoint left {unanswered} requests without a response, and the run waited {:.0} s for them in vain",
                lost.as_secs_f64()
            )
        })
    }

    /// The reason to end the run after a health request without a response.
    pub(super) fn death(&self) -> String {
        let requests = if self.row == 1 { "request" } else { "requests in a row" };
        format!("the endpoint does not respond: {} {requests} and a plain GET got no response in time", self.row)
    }

    /// A time limit of requests that is shorter than that of the transport.
    pub(super) fn limit(&self) -> Option<Duration> {
        (self.lost >= LOST_WARNING).then(|| SHORTEST_LIMIT.max(SLOWEST_TIMES * self.slowest))
    }

    /// The time limit of the health request.
    pub(super) fn health_limit(&self) -> Duration {
        SHORTEST_HEALTH_LIMIT.max(SLOWEST_TIMES * self.slowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: OperationRef<'static> = ("s", "Stop");
    const GET: OperationRef<'static> = ("s", "Get");

    fn at(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    /// Enters requests: the operation, the seconds of sending and end, and whether there was a response.
    fn silence(requests: &[(OperationRef<'_>, u64, u64, bool)]) -> Silence {
        let (begun, mut silence) = (Instant::now(), Silence::default());
        for (operation, sent, ended, responded) in requests {
            if *responded {
                silence.responded(*operation, RequestKind::Regular, at(begun, *sent), at(begun, *ended));
            } else {
                silence.unanswered(*operation, RequestKind::Regular, at(begun, *sent), at(begun, *ended));
            }
        }
        silence
    }

    #[test]
    fn two_unanswered_requests_in_a_row_put_the_endpoint_in_doubt() {
        assert!(!silence(&[(STOP, 0, 10, false)]).is_doubtful());
        assert!(silence(&[(STOP, 0, 10, false), (GET, 10, 20, false)]).is_doubtful());
        assert!(silence(&[(STOP, 0, 10, false), (STOP, 0, 10, false)]).is_doubtful());
        assert!(!silence(&[(STOP, 0, 10, false), (GET, 10, 11, true), (STOP, 11, 21, false)]).is_doubtful());
    }

    #[test]
    fn a_request_with_faulty_bytes_may_be_waited_for_as_long_as_the_endpoint_likes() {
        let (now, mut silence) = (Instant::now(), Silence::default());
        for second in 0..5 {
            silence.unanswered(STOP, RequestKind::Faulty, at(now, second), at(now, second + 1));
        }
        assert!(!silence.is_doubtful() && silence.is_mute(STOP).is_none());
        assert_eq!(silence.lost, Duration::from_secs(5));
    }

    #[test]
    fn another_endpoint_says_nothing_about_this_one() {
        let (now, mut silence) = (Instant::now(), Silence::default());
        let states = ("", "state change");
        silence.unanswered(STOP, RequestKind::Regular, now, at(now, 1));
        for second in 1..3 {
            silence.unanswered(states, RequestKind::Elsewhere, at(now, second), at(now, second + 1));
        }
        assert!(!silence.is_doubtful() && silence.is_mute(states) == Some(2));
        silence.responded(states, RequestKind::Elsewhere, at(now, 3), at(now, 4));
        assert!(silence.is_suspicious() && silence.is_mute(states).is_none());
    }

    #[test]
    fn only_time_without_any_response_is_lost() {
        assert_eq!(silence(&[(STOP, 0, 10, false), (STOP, 0, 10, false)]).lost.as_secs(), 10);
        assert_eq!(silence(&[(STOP, 0, 10, false), (STOP, 5, 15, false)]).lost.as_secs(), 15);
        assert_eq!(silence(&[(GET, 0, 9, true), (STOP, 0, 10, false)]).lost.as_secs(), 1);
        assert_eq!(silence(&[(STOP, 0, 10, false), (STOP, 30, 40, false)]).lost.as_secs(), 20);
        assert!(silence(&[(STOP, 0, 10, false), (GET, 10, 11, true), (STOP, 30, 40, false)]).excess().is_some());
        assert!(silence(&[(STOP, 0, 10, false), (STOP, 30, 39, false)]).excess().is_none());
    }

    #[test]
    fn an_operation_is_mute_after_two_waits_however_many_requests_wait_together() {
        let together = [(STOP, 0, 10, false), (STOP, 1, 10, false), (STOP, 2, 10, false)];
        assert_eq!(silence(&together).is_mute(STOP), None);
        let again = [&together[..], &[(STOP, 10, 11, false)]].concat();
        assert_eq!((silence(&again).is_mute(STOP), silence(&again).is_mute(GET)), (Some(4), None));
        let between = [&together[..], &[(STOP, 10, 11, true), (STOP, 11, 12, false)]].concat();
        assert_eq!(silence(&between).is_mute(STOP), None);
    }

    #[test]
    fn limits_follow_the_slowest_response() {
        assert_eq!(silence(&[(STOP, 0, 4, false)]).limit(), None);
        assert_eq!(silence(&[(STOP, 0, 10, false)]).limit(), Some(Duration::from_secs(1)));
        let slow = silence(&[(STOP, 0, 3, true), (STOP, 3, 13, false)]);
        assert_eq!((slow.limit(), slow.health_limit().as_secs()), (Some(Duration::from_secs(12)), 12));
        assert_eq!(silence(&[]).health_limit().as_secs(), 5);
    }
}
