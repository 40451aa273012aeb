//! Applications: names that contain deployment groups.

use serde_json::{Value, json};

use super::{
    CodeDeployResult, Rejection,
    estate::Estate,
    input::{required, revision},
};

#[derive(Debug, Clone)]
pub(super) struct Application {
    id: String,
    pub(super) platform: Platform,
    created: f64,
}

/// The compute platform of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Server,
    Lambda,
    Ecs,
}

impl Platform {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("Lambda") => Self::Lambda,
            Some("ECS") => Self::Ecs,
            _ => Self::Server,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Lambda => "Lambda",
            Self::Ecs => "ECS",
        }
    }

    /// The deployment configuration for a group without an explicit one.
    pub(super) fn default_config(self) -> &'static str {
        match self {
            Self::Server => "CodeDeployDefault.OneAtATime",
            Self::Lambda => "CodeDeployDefault.LambdaAllAtOnce",
            Self::Ecs => "CodeDeployDefault.ECSAllAtOnce",
        }
    }
}

impl Estate {
    pub(super) fn create_application(&mut self, input: &Value, now: f64) -> CodeDeployResult {
        let name = required(input, "applicationName")?;
        if self.application(name).is_ok() {
            return Err(Rejection::new("ApplicationAlreadyExistsException", format!("{name} exists already")));
        }
        let id = self.ids.uuid();
        let platform = Platform::of(input["computePlatform"].as_str());
        let application = Application { id: id.clone(), platform, created: now };
        if let Some((dropped, _)) = self.applications.insert(name.to_owned(), application) {
            self.drop_groups(&dropped);
        }
        Ok(json!({"applicationId": id}))
    }

    pub(super) fn get_application(&self, input: &Value) -> CodeDeployResult {
        let name = required(input, "applicationName")?;
        let application = self.application(name)?;
        Ok(json!({"application": {
            "applicationId": application.id,
            "applicationName": name,
            "createTime": application.created,
            "linkedToGitHub": false,
            "computePlatform": application.platform.name(),
        }}))
    }

    /// Deletes the application and its groups. The model declares no error for an unknown application.
    pub(super) fn delete_application(&mut self, input: &Value) -> CodeDeployResult {
        let name = required(input, "applicationName")?;
        self.applications.remove(&name.to_owned());
        self.drop_groups(name);
        Ok(json!({}))
    }

    /// Accepts a revision. No implemented operation returns registered revisions, so the revision is not stored.
    pub(super) fn register_revision(&self, input: &Value) -> CodeDeployResult {
        self.application(required(input, "applicationName")?)?;
        revision(input)?;
        Ok(json!({}))
    }

    fn drop_groups(&mut self, application: &str) {
        let keys: Vec<_> = self.groups.keys().filter(|(of, _)| of == application).cloned().collect();
        for key in keys {
            self.groups.remove(&key);
        }
    }
}
