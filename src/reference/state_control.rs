//! The two paths outside every contract: one changes states, as Pact's provider states do, and one controls the clock.
//! Their requests are not signed, and no check applies to them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{clock::Clock, service::Partition};

/// The path that changes states.
pub const STATE_PATH: &str = "/_wireproof/state";

/// The path that controls the clock.
pub(super) const CLOCK_PATH: &str = "/_wireproof/clock";

/// The longest step of the clock: a century, in seconds.
const LONGEST_STEP: f64 = 100.0 * 366.0 * 86_400.0;

/// A state to establish.
#[derive(Debug, Clone, Copy)]
pub(super) struct SetupRequest<'a> {
    pub(super) state: &'a str,
    pub(super) params: &'a Value,
    pub(super) partition: Partition<'a>,
    /// The signing name of the service, if the caller restricts the state to one.
    pub(super) service: Option<&'a str>,
}

/// Responds to a state change. `establish` returns the state's variables, or `None` for an unknown state.
pub(super) fn change_state(body: &[u8], establish: impl FnOnce(SetupRequest<'_>) -> Option<Value>) -> (u16, Value) {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return problem(400, "the body is not JSON; send {\"state\": …, \"params\": {…}, \"action\": \"setup\"}");
    };
    let Some(state) = body["state"].as_str() else {
        return problem(400, "the body has no string member \"state\"");
    };
    match body["action"].as_str().unwrap_or("setup") {
        "teardown" => return (200, json!({"variables": {}})),
        "setup" => {}
        other => return problem(400, &format!("the action {other:?} is neither \"setup\" nor \"teardown\"")),
    }
    let params = &body["params"];
    let partition = Partition {
        account: params["account"].as_str().unwrap_or("000000000000"),
        region: params["region"].as_str().unwrap_or("us-east-1"),
    };
    match establish(SetupRequest { state, params, partition, service: params["service"].as_str() }) {
        Some(variables) => (200, json!({"variables": variables})),
        None => problem(404, &format!("no service of this endpoint has the state {state:?}")),
    }
}

/// Applies one command to the clock, and responds with its time.
pub(super) fn control_clock(clock: &Clock, body: &[u8]) -> (u16, Value) {
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let command = body.as_object().filter(|members| members.len() == 1).and_then(|members| members.iter().next());
    let is_valid = command.is_some_and(|(name, value)| apply(clock, name, value));
    if is_valid {
        return (200, json!({"now": clock.now()}));
    }
    problem(400, "send one of {\"hold\": true}, {\"resume\": true}, {\"step\": SECONDS}, {\"speed\": FACTOR}")
}

fn apply(clock: &Clock, name: &str, value: &Value) -> bool {
    match (name, value, value.as_f64()) {
        ("hold", Value::Bool(true), _) => clock.hold(),
        ("resume", Value::Bool(true), _) => clock.resume(),
        ("step", _, Some(seconds)) if (0.0..=LONGEST_STEP).contains(&seconds) => {
            clock.step(Duration::from_secs_f64(seconds));
        }
        ("speed", _, Some(factor)) if factor >= 0.0 => clock.speed(factor),
        _ => return false,
    }
    true
}

fn problem(status: u16, message: &str) -> (u16, Value) {
    (status, json!({"error": message}))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"state":"known","params":{"account":"1","region":"r"}}"#, 200, json!({"variables": {"at": "1 r"}}))]
    #[case(r#"{"state":"known","action":"setup","params":null}"#, 200, json!({"variables": {"at": "000000000000 us-east-1"}}))]
    #[case(r#"{"state":"known","action":"teardown"}"#, 200, json!({"variables": {}}))]
    fn a_known_state_returns_its_variables(#[case] body: &str, #[case] status: u16, #[case] expected: Value) {
        let response = change_state(body.as_bytes(), |setup| {
            Some(json!({"at": format!("{} {}", setup.partition.account, setup.partition.region)}))
        });
        assert_eq!(response, (status, expected));
    }

    #[rstest]
    #[case("{", 400)]
    #[case("{}", 400)]
    #[case(r#"{"state":1}"#, 400)]
    #[case(r#"{"state":"x","action":"undo"}"#, 400)]
    #[case(r#"{"state":"unknown"}"#, 404)]
    fn an_invalid_or_unknown_state_change_returns_an_error_message(#[case] body: &str, #[case] status: u16) {
        let (got, body) = change_state(body.as_bytes(), |_| None);
        assert!(got == status && body["error"].is_string(), "{got} {body}");
    }

    #[test]
    fn the_clock_accepts_one_command_per_request() {
        let clock = Clock::held_at(10.0);
        assert_eq!(control_clock(&clock, br#"{"step":2.5}"#), (200, json!({"now": 12.5})));
        for body in [r#"{"resume":true}"#, r#"{"speed":3}"#, r#"{"hold":true}"#] {
            assert_eq!(control_clock(&clock, body.as_bytes()).0, 200, "{body}");
        }
        for body in
            ["", "[]", "{}", r#"{"step":-1}"#, r#"{"step":1e300}"#, r#"{"hold":false}"#, r#"{"hold":true,"step":1}"#]
        {
            assert_eq!(control_clock(&clock, body.as_bytes()).0, 400, "{body}");
        }
    }
}
