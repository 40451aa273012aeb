//! The account settings of a region.

use serde_json::{Map, Value, json};

use super::{ProtonResult, RegionState, deployment_location::DeploymentLocation, proton_error::invalid, text};

const REPOSITORY: &str = "pipelineProvisioningRepository";

impl RegionState {
    pub(super) fn get_account_settings(&self) -> Value {
        json!({ "accountSettings": self.settings })
    }

    /// Changes the given settings. An empty role removes the role.
    pub(super) fn update_account_settings(&mut self, input: &Value) -> ProtonResult {
        let delete = input["deletePipelineProvisioningRepository"] == true;
        if delete && input.get(REPOSITORY).is_some() {
            return Err(invalid(format!("{REPOSITORY} cannot be set and deleted in one request")));
        }
        for name in ["pipelineServiceRoleArn", "pipelineCodebuildRoleArn"] {
            if let Some(role) = input[name].as_str() {
                set_or_remove(&mut self.settings, name, Some(json!(role)).filter(|_| !role.is_empty()));
            }
        }
        if let Some(repository) = input.get(REPOSITORY) {
            set_or_remove(&mut self.settings, REPOSITORY, Some(linked(&self.location, repository)));
        } else if delete {
            set_or_remove(&mut self.settings, REPOSITORY, None);
        }
        Ok(self.get_account_settings())
    }
}

fn set_or_remove(settings: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(settings.insert(name.to_owned(), value)),
        None => drop(settings.remove(name)),
    }
}

/// Converts a `RepositoryBranchInput` to a `RepositoryBranch`.
pub(super) fn linked(location: &DeploymentLocation, branch: &Value) -> Value {
    let provider = text(branch, "provider");
    let name = text(branch, "name");
    json!({
        "arn": location.arn(&format!("repository/{}:{name}", provider.to_ascii_lowercase())),
        "name": name,
        "provider": provider,
        "branch": text(branch, "branch"),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::testing::Bench, *};

    #[test]
    fn an_update_changes_only_the_given_settings() {
        let mut bench = Bench::new();
        assert_eq!(bench.ok(1.0, "GetAccountSettings", &json!({})), json!({"accountSettings": {}}));
        let role = "arn:aws:iam::123456789012:role/AWSProtonServiceRole";
        let repository = json!({"provider": "GITHUB", "name": "org/app", "branch": "main"});
        let update = "UpdateAccountSettings";
        bench.ok(1.0, update, &json!({"pipelineServiceRoleArn": role}));
        let both = bench.ok(1.0, update, &json!({ REPOSITORY: repository }))["accountSettings"].clone();
        assert_eq!(both["pipelineServiceRoleArn"], role);
        assert_eq!(both[REPOSITORY]["arn"], "arn:aws:proton:us-east-1:123456789012:repository/github:org/app");
        let clash = json!({"deletePipelineProvisioningRepository": true, REPOSITORY: repository});
        assert_eq!(bench.rejection(1.0, update, &clash), "ValidationException");
        bench.ok(1.0, update, &json!({"deletePipelineProvisioningRepository": true, "pipelineServiceRoleArn": ""}));
        assert_eq!(bench.ok(1.0, "GetAccountSettings", &json!({})), json!({"accountSettings": {}}));
    }
}
