//! The expected response of a step, and the comparison with an actual one.

use crate::wire::{ParsedResponse, RejectionClass, Response, TransportError};

use super::{
    Bindings, Template,
    matcher::{self, Hidden},
};

/// One or more responses that the documents allow; the first match is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The alternatives in the order of the fixture; never empty.
    pub alternatives: Vec<Alternative>,
}

/// One response that the documents allow.
#[derive(Debug, Clone, PartialEq)]
pub enum Alternative {
    /// The operation succeeds.
    Success {
        /// The HTTP status.
        status: u16,
        /// A [`matcher`] pattern for the body.
        body: Option<Template>,
    },
    /// The operation is rejected.
    Rejection {
        /// The allowed error names.
        errors: Vec<String>,
        /// The allowed classes of errors, if the name is not documented.
        classes: Vec<RejectionClass>,
        /// The allowed HTTP statuses; if empty, the status that the contract declares for the error.
        statuses: Vec<u16>,
    },
    /// Any response except a server error, for requests whose response is not documented.
    Responded,
    /// The input is accepted as valid: a success, or a rejection for a reason other than the form of the input.
    Accepted {
        /// The operation's own errors for malformed input, besides those of the common classes.
        except: Vec<String>,
    },
    /// The connection is closed without a response.
    Closed,
}

/// The most errors that a description names.
const MOST_NAMES: usize = 6;

impl Alternative {
    /// A short description for reports.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Success { status, body: None } => format!("a success ({status})"),
            Self::Success { status, body: Some(_) } => format!("a success ({status}) with the expected body"),
            Self::Rejection { errors, classes, .. } => {
                let shown = if errors.len() > MOST_NAMES { &errors[..MOST_NAMES - 1] } else { errors };
                let more = errors.len() - shown.len();
                let names = shown
                    .iter()
                    .cloned()
                    .chain((more > 0).then(|| format!("one of {more} similar errors")))
                    .chain(classes.iter().map(|class| format!("a rejection of class {}", class.name())));
                names.collect::<Vec<_>>().join(" or ")
            }
            Self::Responded => "any response except a server error".to_owned(),
            Self::Accepted { .. } => "this valid request is accepted".to_owned(),
            Self::Closed => "a closed connection".to_owned(),
        }
    }

    /// True if the response is a success or an error as expected, without comparing the details.
    #[must_use]
    pub fn is_kind_of(&self, parsed: &ParsedResponse) -> bool {
        match self {
            Self::Success { .. } => parsed.rejection.is_none(),
            Self::Rejection { .. } => parsed.rejection.is_some(),
            Self::Responded => true,
            Self::Accepted { .. } | Self::Closed => false,
        }
    }

    /// True if this alternative allows the error of the response.
    #[must_use]
    pub fn allows_error(&self, response: &Response, parsed: &ParsedResponse) -> bool {
        let Self::Rejection { errors, classes, .. } = self else { return false };
        let Some(identity) = &parsed.rejection else { return false };
        let named = parsed.error().is_some_and(|name| errors.iter().any(|error| error == name));
        named || classes.iter().any(|class| class.holds(response.status, identity))
    }

    /// True if the response matches this alternative in every detail.
    #[must_use]
    pub fn holds(&self, outcome: Result<(&Response, &ParsedResponse), &TransportError>, bindings: &Bindings) -> bool {
        let (response, parsed) = match outcome {
            Ok(received) => received,
            Err(error) => {
                return *self == Self::Closed && matches!(error, TransportError::Closed | TransportError::Reset);
            }
        };
        match self {
            Self::Success { status, body } => {
                parsed.rejection.is_none()
                    && response.status == *status
                    && body_holds(body.as_ref(), response, parsed, bindings)
            }
            Self::Rejection { statuses, .. } => {
                self.allows_error(response, parsed) && (statuses.is_empty() || statuses.contains(&response.status))
            }
            Self::Responded => response.status < 500,
            Self::Accepted { except } => response.status < 500 && !is_rejected_as_invalid(response, parsed, except),
            Self::Closed => false,
        }
    }
}

/// True if the request was rejected for its form, its signature or an unknown operation. A rejection without an error
/// name may mean any of these.
fn is_rejected_as_invalid(response: &Response, parsed: &ParsedResponse, names: &[String]) -> bool {
    let Some(identity) = &parsed.rejection else { return false };
    let classes = [
        RejectionClass::Constraint,
        RejectionClass::Serialization,
        RejectionClass::UnknownOperation,
        RejectionClass::Auth,
    ];
    !identity.is_named()
        || classes.iter().any(|class| class.holds(response.status, identity))
        || parsed.error().is_some_and(|name| names.iter().any(|known| known == name))
}

fn body_holds(body: Option<&Template>, response: &Response, parsed: &ParsedResponse, bindings: &Bindings) -> bool {
    let Some(template) = body else { return true };
    match (template.filled(bindings), &parsed.value) {
        (Ok(pattern), Some(value)) => {
            matcher::mismatches(&pattern, value, Hidden::of(response, bindings.origin())).is_empty()
        }
        _ => false,
    }
}

impl Expectation {
    /// The index of the first alternative that matches.
    #[must_use]
    pub fn held(
        &self,
        outcome: Result<(&Response, &ParsedResponse), &TransportError>,
        bindings: &Bindings,
    ) -> Option<usize> {
        self.alternatives.iter().position(|alternative| alternative.holds(outcome, bindings))
    }

    /// True if every alternative is a rejection, so that the request is intended to be invalid.
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        self.alternatives
            .iter()
            .all(|alternative| matches!(alternative, Alternative::Rejection { .. } | Alternative::Closed))
    }

    /// Every error name that any alternative allows.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().flat_map(|alternative| match alternative {
            Alternative::Rejection { errors, .. } => errors.iter().map(String::as_str).collect::<Vec<_>>(),
            _ => Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::wire::ErrorIdentity;

    fn rejection(status: u16, name: &str) -> (Response, ParsedResponse) {
        let identity = ErrorIdentity { name: Some(name.to_owned()), ..ErrorIdentity::default() };
        (
            Response { status, ..Response::default() },
            ParsedResponse { rejection: Some(identity), value: None, problems: Vec::new(), limit: None },
        )
    }

    fn success(status: u16, body: serde_json::Value) -> (Response, ParsedResponse) {
        (
            Response { status, ..Response::default() },
            ParsedResponse { rejection: None, value: Some(body), problems: Vec::new(), limit: None },
        )
    }

    fn errors(names: &[&str], statuses: &[u16]) -> Alternative {
        Alternative::Rejection {
            errors: names.iter().map(|name| (*name).to_owned()).collect(),
            classes: Vec::new(),
            statuses: statuses.to_vec(),
        }
    }

    #[rstest]
    #[case::named(errors(&["A", "B"], &[]), rejection(404, "B"), true)]
    #[case::other_name(errors(&["A"], &[]), rejection(400, "B"), false)]
    #[case::other_status(errors(&["A"], &[400]), rejection(404, "A"), false)]
    #[case::class(Alternative::Rejection { errors: vec![], classes: vec![RejectionClass::Auth], statuses: vec![] }, rejection(403, "RequestExpired"), true)]
    #[case::named_with_its_status(errors(&["A"], &[400, 404]), rejection(404, "A"), true)]
    #[case::no_class(Alternative::Rejection { errors: vec![], classes: vec![RejectionClass::Auth], statuses: vec![] }, rejection(403, "Other"), false)]
    #[case::rejection_for_success(Alternative::Success { status: 400, body: None }, rejection(400, "A"), false)]
    #[case::success(Alternative::Success { status: 200, body: None }, success(200, json!({})), true)]
    #[case::unbound_body(Alternative::Success { status: 200, body: Some(Template::read(&json!({"a": "${gone}"})).unwrap()) }, success(200, json!({"a": 1})), false)]
    #[case::success_for_rejection(errors(&["A"], &[]), success(200, json!({})), false)]
    #[case::body(Alternative::Success { status: 200, body: Some(Template::Literal(json!({"a": 1}))) }, success(200, json!({"a": 1, "b": 2})), true)]
    #[case::other_body(Alternative::Success { status: 200, body: Some(Template::Literal(json!({"a": 1}))) }, success(200, json!({"a": 2})), false)]
    #[case::created(Alternative::Success { status: 200, body: None }, success(201, json!({})), false)]
    #[case::responded(Alternative::Responded, rejection(404, "X"), true)]
    #[case::server_error(Alternative::Responded, rejection(500, "X"), false)]
    #[case::closed(Alternative::Closed, success(200, json!({})), false)]
    fn an_alternative_holds_in_every_detail_or_not(
        #[case] alternative: Alternative,
        #[case] received: (Response, ParsedResponse),
        #[case] holds: bool,
    ) {
        assert_eq!(alternative.holds(Ok((&received.0, &received.1)), &Bindings::default()), holds);
    }

    #[test]
    fn a_closed_connection_is_expected_only_if_stated() {
        let closed = Expectation { alternatives: vec![errors(&["A"], &[]), Alternative::Closed] };
        assert_eq!(closed.held(Err(&TransportError::Closed), &Bindings::default()), Some(1));
        assert_eq!(closed.held(Err(&TransportError::Refused), &Bindings::default()), None);
        assert!(closed.is_rejection());
    }

    #[test]
    fn an_alternative_has_a_description() {
        let classes = vec![RejectionClass::Auth];
        let rejection = Alternative::Rejection { errors: vec!["A".to_owned()], classes, statuses: vec![400] };
        let body = Some(Template::Literal(json!({})));
        let reported = [
            Alternative::Success { status: 201, body: None },
            Alternative::Success { status: 200, body },
            rejection,
            Alternative::Responded,
            Alternative::Closed,
        ]
        .map(|alternative| alternative.describe());
        let expected = [
            "a success (201)",
            "a success (200) with the expected body",
            "A or a rejection of class auth",
            "any response except a server error",
            "a closed connection",
        ];
        assert_eq!(reported, expected);
    }

    #[test]
    fn successes_and_rejections_are_different_kinds() {
        let kinds = |parsed: &ParsedResponse| {
            let alternatives = [
                Alternative::Success { status: 200, body: None },
                errors(&["A"], &[]),
                Alternative::Responded,
                Alternative::Closed,
            ];
            alternatives.map(|alternative| alternative.is_kind_of(parsed))
        };
        assert_eq!(kinds(&success(200, json!({})).1), [true, false, true, false]);
        assert_eq!(kinds(&rejection(400, "B").1), [false, true, true, false]);
    }

    #[test]
    fn only_a_rejection_allows_an_error() {
        let (response, parsed) = rejection(400, "A");
        assert!(errors(&["A"], &[404]).allows_error(&response, &parsed));
        assert!(!errors(&["B"], &[]).allows_error(&response, &parsed));
        assert!(!Alternative::Responded.allows_error(&response, &parsed));
        let (response, parsed) = success(200, json!({}));
        assert!(!errors(&["A"], &[]).allows_error(&response, &parsed));
    }

    #[test]
    fn a_reset_counts_as_closed_and_only_for_that() {
        let bindings = Bindings::default();
        assert!(Alternative::Closed.holds(Err(&TransportError::Reset), &bindings));
        assert!(!Alternative::Responded.holds(Err(&TransportError::Closed), &bindings));
    }

    #[test]
    fn an_expectation_that_allows_a_success_is_not_a_rejection() {
        let either =
            Expectation { alternatives: vec![errors(&["A", "B"], &[]), Alternative::Responded, errors(&["C"], &[])] };
        assert!(!either.is_rejection());
        assert_eq!(either.errors().collect::<Vec<_>>(), ["A", "B", "C"]);
    }
}
