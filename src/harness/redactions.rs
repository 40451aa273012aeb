//! The redactions of snapshots as filters of insta, for the snapshots of a user's own tests.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, Suite, loaded::LoadedSuite};
use crate::{
    judge::observation::Placeholder,
    model::{Contract, Member, ShapeKind},
    wire::protocol::REQUEST_ID_HEADER,
};

/// A JSON string that is not a placeholder yet.
const TEXT: &str = r#""(?:[^"\\<]|\\.)(?:[^"\\]|\\.)*""#;
const NUMBER: &str = r"-?\d[\d.eE+-]*";

/// The filters that hold for any service: a pattern, and its replacement. `HEADER` stands for the header of the request
/// id.
const OF_ANY: [(&str, &str); 3] = [
    (r#"(?i)("HEADER"\s*:\s*)"[^"<][^"]*""#, "${1}\"<request-id>\""),
    (r"(?im)^(HEADER:[ \t]*)[^<\s]\S*", "${1}<request-id>"),
    (r#"("[Mm]essage"\s*:\s*)"(?:[^"\\<]|\\.)(?:[^"\\]|\\.)*""#, "${1}\"<message>\""),
];

impl Suite {
    /// The redactions of snapshots as filters of insta 1, for JSON in the snapshots of your own tests. They replace ids
    /// (`<deployment-id>`), times (`<timestamp>`) and secrets (`<sensitive>`) by the models of the suite's services.
    /// They also replace request ids, and messages, which no document promises.
    ///
    /// A filter knows a member only by its name: a name that is an id anywhere in the service is an id everywhere. A
    /// structure that is sensitive as a whole stays as it is. [`Outcome::observation`](super::Outcome::observation) is
    /// redacted by its model, and needs none of these filters.
    ///
    /// ```
    /// use wireproof::Suite;
    ///
    /// let response = r#"{"deploymentId":"d-A1B2C3D4E","createTime":1732190400.1,"status":"Stopped"}"#;
    /// Suite::bundled().service("codedeploy").insta_settings()?.bind(|| {
    ///     insta::assert_snapshot!(response, @r#"{"deploymentId":"<deployment-id>","createTime":"<timestamp>","status":"Stopped"}"#);
    /// });
    /// # Ok::<(), wireproof::Problem>(())
    /// ```
    ///
    /// # Errors
    /// The fixtures or the model cannot be used, or a name matches no case.
    pub fn insta_settings(&self) -> Result<insta::Settings, Problem> {
        let loaded = LoadedSuite::load(self, None)?;
        let mut redactions = Redactions::default();
        let services = &self.selection.services;
        for service in loaded.suite.services() {
            if services.is_empty() || services.contains(&service.name) {
                redactions.add(service.contract());
            }
        }
        let mut settings = insta::Settings::clone_current();
        for (pattern, replacement) in redactions.filters() {
            settings.add_filter(&pattern, replacement);
        }
        Ok(settings)
    }
}

/// The placeholders of members, by their names. If several fit, the first [`Placeholder`] counts.
#[derive(Debug, Default)]
struct Redactions {
    values: BTreeMap<String, Placeholder>,
    lists: BTreeMap<String, Placeholder>,
}

impl Redactions {
    fn add(&mut self, contract: &Contract) {
        for shape in contract.shapes() {
            if let ShapeKind::Structure(members) | ShapeKind::Union(members) = &shape.kind {
                for member in members {
                    self.add_member(contract, member);
                }
            }
        }
    }

    fn add_member(&mut self, contract: &Contract, member: &Member) {
        if let Some(placeholder) = Placeholder::of(contract, member) {
            insert(&mut self.values, member, placeholder);
        }
        if let Some(ShapeKind::List(item)) = contract.shape(&member.target).map(|shape| &shape.kind)
            && let Some(placeholder) = Placeholder::of(contract, item)
        {
            insert(&mut self.lists, member, placeholder);
        }
    }

    /// One pattern for all members with the same placeholder, and its replacement.
    fn filters(&self) -> Vec<(String, String)> {
        let values = by_placeholder(&self.values).into_iter().map(|(placeholder, names)| {
            let (value, reported) = (pattern(placeholder), reported(placeholder));
            (format!(r#"("(?:{names})"\s*:\s*){value}"#), format!("${{1}}\"<{reported}>\""))
        });
        let lists = by_placeholder(&self.lists).into_iter().map(|(placeholder, names)| {
            let (value, reported) = (pattern(placeholder), reported(placeholder));
            let items = format!(r"\[\s*{value}(?:\s*,\s*{value})*\s*\]");
            (format!(r#"("(?:{names})"\s*:\s*){items}"#), format!("${{1}}[\"<{reported}>\"]"))
        });
        let of_any =
            OF_ANY.map(|(pattern, replacement)| (pattern.replace("HEADER", REQUEST_ID_HEADER), replacement.to_owned()));
        values.chain(lists).chain(of_any).collect()
    }
}

fn insert(into: &mut BTreeMap<String, Placeholder>, member: &Member, placeholder: Placeholder) {
    let known = into.entry(member.name.clone()).or_insert_with(|| placeholder.clone());
    if placeholder < *known {
        *known = placeholder;
    }
}

/// The names of each placeholder, as alternatives of a pattern.
fn by_placeholder(members: &BTreeMap<String, Placeholder>) -> BTreeMap<&Placeholder, String> {
    let mut names: BTreeMap<&Placeholder, BTreeSet<String>> = BTreeMap::new();
    for (name, placeholder) in members {
        names.entry(placeholder).or_default().insert(regex::escape(name));
    }
    names.into_iter().map(|(placeholder, names)| (placeholder, Vec::from_iter(names).join("|"))).collect()
}

fn pattern(placeholder: &Placeholder) -> String {
    match placeholder {
        Placeholder::Sensitive => format!("(?:{TEXT}|{NUMBER}|true|false)"),
        Placeholder::Timestamp => NUMBER.to_owned(),
        Placeholder::Identity(_) => TEXT.to_owned(),
    }
}

fn reported(placeholder: &Placeholder) -> &str {
    match placeholder {
        Placeholder::Sensitive => "sensitive",
        Placeholder::Timestamp => "timestamp",
        Placeholder::Identity(label) => label,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use regex::Regex;
    use rstest::rstest;

    use super::*;
    use crate::model;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#Op"}],"traits":{"aws.protocols#awsJson1_0":{}}},
        "x#Op":{"type":"operation","input":{"target":"x#Other"},"output":{"target":"x#Out"}},
        "x#Out":{"type":"structure","members":{
            "taskId":{"target":"smithy.api#String"},
            "task":{"target":"x#TaskId"},
            "tasks":{"target":"x#Tasks"},
            "at":{"target":"smithy.api#Timestamp"},
            "count":{"target":"smithy.api#Integer"},
            "planName":{"target":"x#Plan"},
            "a.b":{"target":"x#TaskId"},
            "pin":{"target":"smithy.api#Integer","traits":{"smithy.api#sensitive":{}}}}},
        "x#Other":{"type":"structure","members":{
            "taskId":{"target":"smithy.api#String","traits":{"smithy.api#sensitive":{}}}}},
        "x#Plan":{"type":"enum","members":{"A":{"target":"smithy.api#Unit","traits":{"smithy.api#enumValue":"Basic"}}}},
        "x#TaskId":{"type":"string"},
        "x#Tasks":{"type":"list","member":{"target":"x#TaskId"}}}}"#;

    fn filtered(text: &str) -> String {
        let mut redactions = Redactions::default();
        redactions.add(&model::read("m", MODEL).unwrap());
        redactions.filters().iter().fold(text.to_owned(), |text, (pattern, replacement)| {
            Regex::new(pattern).unwrap().replace_all(&text, replacement).into_owned()
        })
    }

    #[rstest]
    #[case::id(r#"{"task": "t-1"}"#, r#"{"task": "<task-id>"}"#)]
    #[case::with_an_escape(r#"{"task":"\"x\\","count":1}"#, r#"{"task":"<task-id>","count":1}"#)]
    #[case::no_id(r#"{"task": ""}"#, r#"{"task": ""}"#)]
    #[case::list(r#"{"tasks":["a", "b]"]}"#, r#"{"tasks":["<task-id>"]}"#)]
    #[case::indented_list("\"tasks\": [\n  \"a\"\n]", r#""tasks": ["<task-id>"]"#)]
    #[case::empty_list(r#"{"tasks":[]}"#, r#"{"tasks":[]}"#)]
    #[case::time(r#"{"at":1.7e9}"#, r#"{"at":"<timestamp>"}"#)]
    #[case::time_as_text(r#"{"at":"noon"}"#, r#"{"at":"noon"}"#)]
    #[case::number(r#"{"count":3}"#, r#"{"count":3}"#)]
    #[case::closed_list(r#"{"planName":"Basic"}"#, r#"{"planName":"Basic"}"#)]
    #[case::secret(r#"{"pin":1234}"#, r#"{"pin":"<sensitive>"}"#)]
    #[case::secret_somewhere(r#"{"taskId":"t"}"#, r#"{"taskId":"<sensitive>"}"#)]
    #[case::name_that_is_no_pattern(r#"{"a.b":"t","axb":"t"}"#, r#"{"a.b":"<task-id>","axb":"t"}"#)]
    #[case::message(r#"{"__type":"E","Message":"m"}"#, r#"{"__type":"E","Message":"<message>"}"#)]
    #[case::request_id(r#"{"X-Amzn-RequestId":"0-1"}"#, r#"{"X-Amzn-RequestId":"<request-id>"}"#)]
    #[case::header("a: b\r\nx-amzn-requestid: 0-1\r\n", "a: b\r\nx-amzn-requestid: <request-id>\r\n")]
    fn the_model_says_what_is_filtered(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(filtered(text), expected);
        assert_eq!(filtered(expected), expected, "a second time");
    }

    #[test]
    fn settings_hold_for_the_services_that_are_selected() {
        let text = r#"{"deploymentId":"d-1","pipelineProvisionedCount":2,"servicePipeline":{"arn":"arn:aws:x"}}"#;
        Suite::bundled().service("codedeploy").insta_settings().unwrap().bind(|| {
            assert_snapshot!(text, @r#"{"deploymentId":"<deployment-id>","pipelineProvisionedCount":2,"servicePipeline":{"arn":"arn:aws:x"}}"#);
        });
        Suite::bundled().insta_settings().unwrap().bind(|| {
            assert_snapshot!(text, @r#"{"deploymentId":"<deployment-id>","pipelineProvisionedCount":2,"servicePipeline":{"arn":"<arn>"}}"#);
        });
    }

    #[test]
    fn a_suite_that_cannot_be_read_has_no_settings() {
        let problem = Suite::bundled().service("codedeplo").insta_settings().err().unwrap();
        assert!(problem.to_string().contains("did you mean codedeploy"), "{problem}");
    }
}
