//! Cases as the JSON report stores them. What several cases have in common beside their names, such as the same long
//! findings, is stored once, in `results`.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

use crate::{
    judge::verdict::{Finding, Verdict},
    run::event::{CaseReport, ShownExchange},
    suite::{CaseAim, CaseId},
};

/// The members `results` and `cases` of the document.
#[derive(Serialize, Deserialize)]
struct StoredCases {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    results: Vec<StoredResult>,
    cases: Vec<StoredCase>,
}

/// A case with its own result, or with the index of one that it shares.
#[derive(Serialize, Deserialize)]
struct StoredCase {
    id: CaseId,
    service: String,
    operation: String,
    title: String,
    #[serde(default)]
    aim: CaseAim,
    verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<usize>,
    #[serde(flatten)]
    own: StoredResult,
    position: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exchange: Option<ShownExchange>,
    duration_ms: u64,
}

/// What a case found. Every member is absent from a case that shares it.
#[derive(Clone, Default, Serialize, Deserialize)]
struct StoredResult {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    findings: Option<Vec<Finding>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checks: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alternatives: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cites: Option<Vec<String>>,
}

/// A result of at most so many bytes stays with its cases.
const SHORT: usize = 100;

impl StoredResult {
    fn of(case: &CaseReport) -> Self {
        Self {
            reason: case.reason.clone(),
            findings: Some(case.findings.clone()),
            checks: Some(case.checks),
            alternatives: case.alternatives.clone(),
            errors: case.errors.iter().cloned().collect(),
            cites: Some(case.cites.clone()),
        }
    }
}

impl StoredCases {
    fn of(cases: &[CaseReport]) -> Result<Self, serde_json::Error> {
        let texts = cases.iter().map(|case| serde_json::to_string(&StoredResult::of(case)));
        let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for text in &texts {
            *counts.entry(text).or_default() += 1;
        }
        let (mut stored, mut known) = (Self { results: Vec::new(), cases: Vec::new() }, HashMap::new());
        for (case, text) in cases.iter().zip(&texts) {
            let is_shared = text.len() > SHORT && counts.get(text.as_str()).is_some_and(|count| *count > 1);
            let result = is_shared.then(|| {
                *known.entry(text.as_str()).or_insert_with(|| {
                    stored.results.push(StoredResult::of(case));
                    stored.results.len() - 1
                })
            });
            stored.cases.push(StoredCase::of(case, result));
        }
        Ok(stored)
    }
}

impl StoredCase {
    fn of(case: &CaseReport, result: Option<usize>) -> Self {
        Self {
            id: case.id.clone(),
            service: case.service.clone(),
            operation: case.operation.clone(),
            title: case.title.clone(),
            aim: case.aim.clone(),
            verdict: case.verdict,
            result,
            own: if result.is_some() { StoredResult::default() } else { StoredResult::of(case) },
            position: case.position.clone(),
            exchange: case.exchange.clone(),
            duration_ms: case.duration_ms,
        }
    }

    /// The case with its result; `Err` has the problem.
    fn whole(self, results: &[StoredResult]) -> Result<CaseReport, String> {
        let StoredCase { id, service, operation, title, aim, verdict, position, exchange, duration_ms, .. } = self;
        let missing = |name: &str| format!("{id}: missing field `{name}`");
        let result = match self.result {
            None => self.own,
            Some(index) => results.get(index).cloned().ok_or_else(|| format!("{id}: there is no result {index}"))?,
        };
        Ok(CaseReport {
            service,
            operation,
            title,
            aim,
            verdict,
            reason: result.reason,
            findings: result.findings.ok_or_else(|| missing("findings"))?,
            checks: result.checks.ok_or_else(|| missing("checks"))?,
            alternatives: result.alternatives,
            errors: result.errors.into_iter().collect(),
            cites: result.cites.ok_or_else(|| missing("cites"))?,
            position,
            exchange,
            duration_ms,
            id,
        })
    }
}

/// Writes cases as the members `results` and `cases`.
///
/// # Errors
/// The serializer fails.
pub(super) fn serialize<S: Serializer>(cases: &[CaseReport], serializer: S) -> Result<S::Ok, S::Error> {
    StoredCases::of(cases).map_err(S::Error::custom)?.serialize(serializer)
}

/// Reads cases from the members `results` and `cases`.
///
/// # Errors
/// A case has neither its own result nor an existing one.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CaseReport>, D::Error> {
    let StoredCases { results, cases } = StoredCases::deserialize(deserializer)?;
    cases.into_iter().map(|case| case.whole(&results).map_err(D::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::testing::deviation;

    #[derive(Serialize, Deserialize)]
    struct Document {
        #[serde(flatten, with = "super")]
        cases: Vec<CaseReport>,
    }

    fn named(id: &str) -> CaseReport {
        CaseReport { id: CaseId(id.to_owned()), ..deviation("x").report }
    }

    #[test]
    fn what_several_cases_share_is_stored_once_and_read_back() {
        let mut other = named("c");
        other.reason.push_str(" and more");
        let mut short = named("d");
        (short.reason, short.findings, short.cites) = (String::new(), Vec::new(), Vec::new());
        let again = CaseReport { id: CaseId("e".to_owned()), ..short.clone() };
        let cases = vec![named("a"), named("b"), other, short, again];
        let document = serde_json::to_value(Document { cases: cases.clone() }).unwrap();
        assert_eq!(document["results"].as_array().unwrap().len(), 1);
        let results: Vec<&Value> = document["cases"].as_array().unwrap().iter().map(|case| &case["result"]).collect();
        assert_eq!(results, [&json!(0), &json!(0), &Value::Null, &Value::Null, &Value::Null]);
        assert_eq!(document["results"][0]["findings"], document["cases"][2]["findings"]);
        assert_eq!(document["cases"][0].get("findings"), None);
        assert_eq!(serde_json::from_value::<Document>(document).unwrap().cases, cases);
    }

    #[test]
    fn a_case_without_a_result_is_rejected() {
        let mut document = serde_json::to_value(Document { cases: vec![named("a")] }).unwrap();
        document["cases"][0]["result"] = json!(7);
        let problem =
            |document: &Value| serde_json::from_value::<Document>(document.clone()).err().unwrap().to_string();
        assert_eq!(problem(&document), "a: there is no result 7");
        document["cases"][0]["result"] = Value::Null;
        drop(document["cases"][0].as_object_mut().unwrap().remove("checks"));
        assert_eq!(problem(&document), "a: missing field `checks`");
    }
}
