//! `ListDeployments`: pages of deployment IDs, newest first.

use serde_json::{Value, json};

use super::{CodeDeployResult, Rejection, deployment::CodeDeployDeployment, estate::Estate, input::missing};

/// The maximum number of IDs on one page.
const PAGE: usize = 100;

/// The filter of a list.
struct Filter<'a> {
    /// The ID of the group: a new group with the name of a deleted one has no deployments.
    group: Option<&'a str>,
    statuses: Vec<&'a str>,
    from: f64,
    to: f64,
    external_id: Option<&'a str>,
}

impl Filter<'_> {
    fn accepts(&self, deployment: &CodeDeployDeployment) -> bool {
        self.group.is_none_or(|group| group == deployment.group_id)
            && (self.statuses.is_empty() || self.statuses.contains(&deployment.status()))
            && (self.from..=self.to).contains(&deployment.created)
            // No deployment has an external ID.
            && self.external_id.is_none()
    }
}

impl Estate {
    pub(super) fn list_deployments(&self, input: &Value) -> CodeDeployResult {
        let filter = self.filter(input)?;
        let mut page: Vec<&str> = Vec::new();
        let mut oldest = None;
        for (age, id, _) in self.deployments.older_than(continued_from(input)?).filter(|(_, _, d)| filter.accepts(d)) {
            if page.len() == PAGE {
                return Ok(json!({"deployments": page, "nextToken": oldest.map(token)}));
            }
            page.push(id);
            oldest = Some(age);
        }
        Ok(json!({"deployments": page}))
    }

    fn filter<'a>(&'a self, input: &'a Value) -> Result<Filter<'a>, Rejection> {
        let range = &input["createTimeRange"];
        let from = range["start"].as_f64().unwrap_or(f64::NEG_INFINITY);
        let to = range["end"].as_f64().unwrap_or(f64::INFINITY);
        if from > to {
            return Err(Rejection::new("InvalidTimeRangeException", "The range ends before it starts"));
        }
        Ok(Filter {
            group: self.listed_group(input)?,
            statuses: input["includeOnlyStatuses"].as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
            from,
            to,
            external_id: input["externalId"].as_str(),
        })
    }

    /// The ID of the group to list. The input must have both names or neither.
    fn listed_group(&self, input: &Value) -> Result<Option<&str>, Rejection> {
        match (input.get("applicationName"), input.get("deploymentGroupName")) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(missing("applicationName")),
            (Some(_), None) => Err(missing("deploymentGroupName")),
            (Some(_), Some(_)) => {
                let group = self.group(&self.group_key(input)?)?;
                Ok(Some(&group.id))
            }
        }
    }
}

/// The exclusive upper bound of the ages on the page.
fn continued_from(input: &Value) -> Result<u64, Rejection> {
    let Some(token) = input["nextToken"].as_str() else { return Ok(u64::MAX) };
    token
        .strip_prefix("older-than-")
        .and_then(|age| age.parse().ok())
        .ok_or_else(|| Rejection::new("InvalidNextTokenException", "The token is not from an earlier response"))
}

fn token(age: u64) -> String {
    format!("older-than-{age}")
}
