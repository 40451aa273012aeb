//! Faults of second times: responses that are remembered, and calls that end otherwise when they are made again.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use serde_json::Value;

use super::{
    Mutant, MutantFamily, MutantSubject,
    behavior::{Acting, ReceivedCall, error_of, is_success, set_body},
    known_resources::key_member,
    sample::SeenMembers,
};
use crate::{
    judge::code::Code,
    wire::{Response, protocol::REQUEST_ID_HEADER},
};

/// A response or an effect that the documents promise is missing.
const KIND: &[Code] = &[
    Code::OUTCOME,
    Code::ERROR_IDENTITY,
    Code::EXPECTED_BODY,
    Code::EVENTUALLY,
    Code::CONSISTENTLY,
    Code::SIDE_EFFECT,
    Code::CONTROL,
];

const CRASH: &[Code] = &[Code::SERVER_ERROR];

/// The check that detects an end.
fn kind_of(way: &str) -> &'static [Code] {
    if way == "crashes" { CRASH } else { KIND }
}

/// The errors and calls that the faults of one operation under test need.
struct Course {
    operation: &'static str,
    /// The error for an unknown resource.
    unknown: &'static str,
    /// The error for a resource in another state.
    elsewhere: &'static str,
    /// The errors after which the same request can succeed, because the caller or the resource changed.
    lifted: &'static [&'static str],
    /// The errors that may go away by themselves, or that the documents let a success replace.
    passing: &'static [&'static str],
    /// The operation that creates its resource, with the input member of the owner and the output member of the name.
    created: Option<(&'static str, &'static str, &'static str)>,
}

const COURSES: [Course; 2] = [
    Course {
        operation: "StopDeployment",
        unknown: "DeploymentDoesNotExistException",
        elsewhere: "DeploymentAlreadyCompletedException",
        lifted: &["DeploymentDoesNotExistException", "AccessDeniedException", "InvalidSignatureException"],
        passing: &["DeploymentGroupDoesNotExistException"],
        created: Some(("CreateDeployment", "deploymentGroupName", "deploymentId")),
    },
    Course {
        operation: "CancelServicePipelineDeployment",
        unknown: "ResourceNotFoundException",
        elsewhere: "ConflictException",
        lifted: &[
            "ResourceNotFoundException",
            "ConflictException",
            "AccessDeniedException",
            "InvalidSignatureException",
        ],
        passing: &["ThrottlingException", "InternalServerException"],
        created: None,
    },
];

/// The reads that scenarios repeat with the same input after a change, by service.
const REPEATED_READS: [(&str, &str); 4] = [
    ("codedeploy", "GetDeployment"),
    ("codedeploy", "BatchGetDeployments"),
    ("codedeploy", "ListDeployments"),
    ("proton", "GetService"),
];

/// The mutants of an operation under test.
pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    let course = COURSES.iter().find(|course| course.operation == subject.operation.name);
    let Some((course, key)) = course.zip(key_member(subject.contract, subject.operation)) else { return Vec::new() };
    let mut mutants = vec![
        repeating(subject, "any", "every response", Remembered::Any),
        repeating(subject, "successes", "every success", Remembered::Successes),
        repeating(subject, "rejections", "every rejection", Remembered::Rejections),
    ];
    mutants.extend(course.lifted.iter().map(|error| repeating(subject, error, error, Remembered::Error(error))));
    let own = seen.rejections.keys().filter(|error| subject.contract.error(subject.operation, error).is_some());
    let lasting = own.filter(|error| !course.passing.contains(&error.as_str()));
    mutants.extend(lasting.flat_map(|error| rejected_again(subject, error, seen.output.as_ref())));
    mutants.extend([1, 2].map(|calls| forgetting(subject, course, &key, calls)));
    mutants.extend([2, 3].into_iter().flat_map(|time| done_again(subject, course, &key, time)));
    mutants.extend(recreated(subject, course, &key));
    mutants
}

/// The mutants of a read.
pub(super) fn of_read(subject: &MutantSubject<'_>) -> Vec<Mutant> {
    let is_repeated = REPEATED_READS.contains(&(subject.service, subject.operation.name.as_str()));
    is_repeated.then(|| repeating(subject, "any", "every response", Remembered::Any)).into_iter().collect()
}

/// The responses that are remembered.
#[derive(Debug, Clone, Copy)]
enum Remembered {
    Any,
    Successes,
    Rejections,
    Error(&'static str),
}

impl Remembered {
    fn includes(self, response: &Response) -> bool {
        match self {
            Self::Any => true,
            Self::Successes => is_success(response),
            Self::Rejections => !is_success(response),
            Self::Error(name) => error_of(response).as_deref() == Some(name),
        }
    }
}

/// A response is repeated for every later request with the same body, whoever sends it.
fn repeating(subject: &MutantSubject<'_>, name: &str, what: &str, remembered: Remembered) -> Mutant {
    let says = format!("{what} is repeated for the same input, without an effect");
    let target = subject.target();
    subject.mutant(MutantFamily::Memory, &format!("repeats/{name}"), KIND, says, move || {
        let (target, mut known) = (target.clone(), HashMap::<Bytes, Response>::new());
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                return None;
            }
            if let Some(response) = known.get(&received.request.body) {
                let right = received.rehearsed();
                if is_success(&right) || right.status != response.status {
                    received.deviate();
                }
                return Some(under_the_id_of(&right, response));
            }
            let response = received.reference();
            if remembered.includes(&response) {
                known.insert(received.request.body.clone(), response.clone());
            }
            Some(response)
        })
    })
}

/// A remembered response with the request ID of another one, so that only its content shows the fault.
fn under_the_id_of(fresh: &Response, remembered: &Response) -> Response {
    let mut response = remembered.clone();
    if let Some(id) = fresh.headers.get(REQUEST_ID_HEADER) {
        response.headers.set(REQUEST_ID_HEADER, id);
    }
    response
}

/// The end of a call that is made again.
#[derive(Debug, Clone)]
enum Again {
    Responds { status: u16, body: Bytes },
    NoEffect,
}

impl Again {
    fn error(subject: &MutantSubject<'_>, status: u16, error: &str) -> Self {
        Self::Responds { status, body: subject.error_body(error) }
    }

    /// The response instead of `right`.
    fn response(&self, right: &Response) -> Response {
        let mut response = right.clone();
        if let Self::Responds { status, body } = self {
            response.status = *status;
            set_body(&mut response, body.clone());
        }
        response
    }
}

/// The second or third request that is rejected in the same way ends otherwise.
fn rejected_again(subject: &MutantSubject<'_>, error: &str, output: Option<&Value>) -> Vec<Mutant> {
    let other = subject.operation.errors.iter().map(crate::model::ShapeId::name).find(|name| *name != error);
    let succeeds = output.map(|body| ("succeeds", Again::Responds { status: 200, body: body.to_string().into() }));
    let crashes = Some(("crashes", Again::error(subject, 500, "InternalFailure")));
    let changes = other.map(|name| ("changes", Again::error(subject, 400, name)));
    let ways = [succeeds, crashes, changes].into_iter().flatten();
    ways.flat_map(|(way, again)| [2, 3].map(|time| nth_rejection(subject, error, time, (way, again.clone())))).collect()
}

fn nth_rejection(subject: &MutantSubject<'_>, error: &str, time: usize, (way, again): (&str, Again)) -> Mutant {
    let (target, error) = (subject.target(), error.to_owned());
    let says = format!("a request that gets {error} {way} from time {time} on");
    subject.mutant(MutantFamily::Memory, &format!("{error}/{way}-at-{time}"), kind_of(way), says, move || {
        let (target, error, again) = (target.clone(), error.clone(), again.clone());
        let mut times = HashMap::<Bytes, usize>::new();
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                return None;
            }
            let right = received.reference();
            if error_of(&right).as_deref() != Some(&error) {
                return Some(right);
            }
            let times = times.entry(received.request.body.clone()).and_modify(|times| *times += 1).or_insert(1);
            if *times < time {
                return Some(right);
            }
            received.deviate();
            Some(again.response(&right))
        })
    })
}

/// A resource is unknown after some calls.
fn forgetting(subject: &MutantSubject<'_>, course: &Course, key: &str, calls: usize) -> Mutant {
    let (target, key, unknown) = (subject.target(), key.to_owned(), Again::error(subject, 400, course.unknown));
    let name = format!("forgets/after-{calls}");
    subject.mutant(MutantFamily::Memory, &name, KIND, format!("a resource is unknown after {calls} calls"), move || {
        let (target, key, unknown) = (target.clone(), key.clone(), unknown.clone());
        let mut counts = HashMap::<String, usize>::new();
        Acting(move |received: &ReceivedCall<'_>| {
            let named = received.input().filter(|_| received.target() == target)?[&key].as_str()?;
            let count = counts.entry(named.to_owned()).and_modify(|count| *count += 1).or_insert(1);
            if *count <= calls {
                return None;
            }
            received.deviate();
            Some(unknown.response(&received.rehearsed()))
        })
    })
}

/// The owners of resources, by the name of the resource; without a creating operation, a resource is its own owner.
struct Owners {
    created: Option<(&'static str, &'static str, &'static str)>,
    known: HashMap<String, String>,
}

impl Owners {
    fn of(course: &Course) -> Self {
        Self { created: course.created, known: HashMap::new() }
    }

    /// Learns from the response to a creating call.
    fn learn(&mut self, received: &ReceivedCall<'_>, response: &Response) {
        let Some((operation, owner, name)) = self.created else { return };
        if received.target().ends_with(&format!(".{operation}")) && is_success(response) {
            let output: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            let owner = received.input().and_then(|input| input[owner].as_str());
            self.known
                .extend(output[name].as_str().zip(owner).map(|(name, owner)| (name.to_owned(), owner.to_owned())));
        }
    }

    fn get(&self, name: &str) -> String {
        self.known.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// The second or third success for one owner ends otherwise.
fn done_again(subject: &MutantSubject<'_>, course: &'static Course, key: &str, time: usize) -> Vec<Mutant> {
    let ways = [
        ("crashes", Again::error(subject, 500, "InternalFailure")),
        ("unknown", Again::error(subject, 400, course.unknown)),
        ("elsewhere", Again::error(subject, 400, course.elsewhere)),
        ("no-effect", Again::NoEffect),
    ];
    ways.into_iter()
        .map(|(way, again)| {
            let (target, key) = (subject.target(), key.to_owned());
            let says = format!("success {time} for the same owner ends otherwise: {way}");
            subject.mutant(MutantFamily::Memory, &format!("success/{way}-at-{time}"), kind_of(way), says, move || {
                let (target, key, again) = (target.clone(), key.clone(), again.clone());
                let (mut owners, mut done) = (Owners::of(course), HashMap::<String, HashSet<String>>::new());
                Acting(move |received: &ReceivedCall<'_>| {
                    if received.target() != target {
                        let response = received.reference();
                        owners.learn(received, &response);
                        // A new attempt for the same name counts as another resource.
                        return Some(response);
                    }
                    let named = received.input()?[&key].as_str()?;
                    let right = received.rehearsed();
                    if !is_success(&right) {
                        return None;
                    }
                    let attempts = done.entry(owners.get(named)).or_default();
                    attempts.insert(attempt(named, &right));
                    if attempts.len() < time {
                        return None;
                    }
                    received.deviate();
                    Some(again.response(&right))
                })
            })
        })
        .collect()
}

/// A name for one attempt: the resource, with the time of the attempt in the response.
fn attempt(named: &str, response: &Response) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    format!("{named} {}", body["pipeline"]["lastDeploymentAttemptedAt"])
}

/// A resource whose owner, or which itself, was deleted and created again under the same name.
fn recreated(subject: &MutantSubject<'_>, course: &'static Course, key: &str) -> Vec<Mutant> {
    let unknown = if course.created.is_some() { "DeploymentGroupDoesNotExistException" } else { course.unknown };
    let mut ways = vec![
        ("unknown", Some(Again::error(subject, 400, unknown))),
        ("elsewhere", Some(Again::error(subject, 400, course.elsewhere))),
        ("no-effect", Some(Again::NoEffect)),
    ];
    // The response of the other operation names nothing of its resource.
    ways.extend(course.created.is_none().then_some(("stale", None)));
    ways.into_iter().map(|(way, again)| after_deletion(subject, course, key, (way, again))).collect()
}

fn after_deletion(
    subject: &MutantSubject<'_>,
    course: &'static Course,
    key: &str,
    (way, again): (&str, Option<Again>),
) -> Mutant {
    let (target, key) = (subject.target(), key.to_owned());
    let says = format!("a deleted name is remembered when it exists again: {way}");
    subject.mutant(MutantFamily::Memory, &format!("recreated/{way}"), KIND, says, move || {
        let (target, key, again) = (target.clone(), key.clone(), again.clone());
        let (mut owners, mut deleted) = (Owners::of(course), HashSet::<String>::new());
        let mut last = HashMap::<String, Response>::new();
        Acting(move |received: &ReceivedCall<'_>| {
            if received.target() != target {
                let response = received.reference();
                owners.learn(received, &response);
                if received.target().contains(".Delete") && is_success(&response) {
                    deleted.extend(received.texts());
                }
                return Some(response);
            }
            let named = received.input()?[&key].as_str()?;
            let rehearses = matches!(again, Some(Again::NoEffect));
            let right = if rehearses { received.rehearsed() } else { received.reference() };
            if !is_success(&right) || !deleted.contains(&owners.get(named)) {
                last.insert(named.to_owned(), right.clone());
                return if rehearses { None } else { Some(right) };
            }
            received.deviate();
            Some(match &again {
                Some(again) => again.response(&right),
                None => under_the_id_of(&right, last.get(named).unwrap_or(&right)),
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::json;

    use super::*;
    use crate::proof::mutant::testing::of_operation;

    fn ids(service: &str, operation: &str, errors: &[&str]) -> BTreeSet<String> {
        let rejections: BTreeMap<String, u16> = errors.iter().map(|error| ((*error).to_owned(), 400)).collect();
        let seen = SeenMembers { rejections, output: Some(json!({})), ..SeenMembers::default() };
        let prefix = format!("{service}/{operation}/memory/");
        let all = of_operation(service, operation, |subject| mutants(subject, &seen));
        all.into_iter().map(|mutant| mutant.id.strip_prefix(&prefix).unwrap().to_owned()).collect()
    }

    #[test]
    fn each_rejection_ends_otherwise_in_every_way_the_second_and_the_third_time() {
        let none = ids("codedeploy", "StopDeployment", &[]);
        let errors =
            ["InvalidDeploymentIdException", "DeploymentGroupDoesNotExistException", "InvalidSignatureException"];
        let some = ids("codedeploy", "StopDeployment", &errors);
        let added: BTreeSet<&str> = some.difference(&none).map(String::as_str).collect();
        let expected =
            ["changes-at-2", "changes-at-3", "crashes-at-2", "crashes-at-3", "succeeds-at-2", "succeeds-at-3"];
        let expected = expected.map(|way| format!("InvalidDeploymentIdException/{way}"));
        assert_eq!(added, expected.iter().map(String::as_str).collect());
    }

    #[test]
    fn a_stale_response_is_enumerated_only_where_responses_name_their_resource() {
        assert!(ids("proton", "CancelServicePipelineDeployment", &[]).contains("recreated/stale"));
        let stop = ids("codedeploy", "StopDeployment", &[]);
        assert!(stop.contains("recreated/unknown") && !stop.contains("recreated/stale"), "{stop:?}");
        assert!(ids("codedeploy", "GetDeployment", &[]).is_empty());
    }

    #[test]
    fn reads_are_repeated_where_scenarios_read_again() {
        let read = |service, operation| of_operation(service, operation, of_read).len();
        assert_eq!((read("codedeploy", "ListDeployments"), read("proton", "ListDeployments")), (1, 0));
        assert_eq!((read("proton", "GetDeployment"), read("proton", "GetService")), (0, 1));
    }
}
