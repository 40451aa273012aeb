//! The operations on templates and their versions, for both kinds of templates.

use serde_json::{Value, json};

use super::{
    ProtonResult, RegionState,
    proton_error::{conflict, invalid, not_found},
    proton_template::{ProtonTemplate, TemplateKind, TemplateVersion},
    resource_store::ResourceStore,
    text,
    version::Version,
};

/// The lifetime of a client token, in seconds.
const TOKEN_LASTS: f64 = 8.0 * 3600.0;

impl RegionState {
    fn templates(&mut self, kind: TemplateKind) -> &mut ResourceStore<String, ProtonTemplate> {
        match kind {
            TemplateKind::Environment => &mut self.environment_templates,
            TemplateKind::Service => &mut self.service_templates,
        }
    }

    pub(super) fn create_template(&mut self, kind: TemplateKind, input: &Value, now: f64) -> ProtonResult {
        let name = text(input, "name");
        let arn = self.location.arn(&format!("{}/{name}", kind.noun()));
        let templates = self.templates(kind);
        if let Some(template) = templates.get(name) {
            if template.is_unmodified() && template.request == *input {
                return Ok(json!({ kind.member(): template.view(kind) }));
            }
            return Err(conflict(format!("A {} of the name {name} exists.", kind.noun())));
        }
        let template = ProtonTemplate::new(arn, input, now);
        let view = template.view(kind);
        templates.insert(name.to_owned(), template);
        Ok(json!({ kind.member(): view }))
    }

    /// Deletes a template.
    ///
    /// A call for an unknown template returns an empty response, because a repeated delete must succeed.
    pub(super) fn delete_template(&mut self, kind: TemplateKind, input: &Value) -> ProtonResult {
        let name = text(input, "name");
        let templates = self.templates(kind);
        let Some(template) = templates.get(name) else { return Ok(json!({})) };
        if !template.versions.is_empty() {
            return Err(conflict(format!("The {} {name} still has versions: delete them first.", kind.noun())));
        }
        let view = template.view(kind);
        templates.remove(name);
        Ok(json!({ kind.member(): view }))
    }

    pub(super) fn create_template_version(&mut self, kind: TemplateKind, input: &Value, now: f64) -> ProtonResult {
        let name = text(input, "templateName");
        let template = self.templates(kind).get_mut(name).ok_or_else(|| not_found(kind.noun(), name))?;
        let repeated = input["clientToken"].as_str().and_then(|token| with_token(template, token, now));
        let version = match repeated {
            Some((version, request)) if request == input => version,
            Some(_) => return Err(invalid("the clientToken was used with other parameters before")),
            None => {
                let major = input["majorVersion"].as_str();
                template.register(major, input, now).ok_or_else(|| unknown_version(kind, input))?
            }
        };
        version_response(kind, template, version)
    }

    pub(super) fn get_template_version(&mut self, kind: TemplateKind, input: &Value) -> ProtonResult {
        let (template, version) = self.version(kind, input).ok_or_else(|| unknown_version(kind, input))?;
        version_response(kind, template, version)
    }

    pub(super) fn update_template_version(&mut self, kind: TemplateKind, input: &Value, now: f64) -> ProtonResult {
        let status = input["status"].as_str();
        if status.is_some_and(|status| status.starts_with("REGISTRATION")) {
            return Err(invalid("the status of a version can only be set to DRAFT or PUBLISHED"));
        }
        let (template, version) = self.version(kind, input).ok_or_else(|| unknown_version(kind, input))?;
        if let Some(entry) = template.versions.get_mut(&version) {
            entry.modified_at = now;
            entry.published = status.map_or(entry.published, |status| status == "PUBLISHED");
            entry.change(input);
        }
        version_response(kind, template, version)
    }

    /// Deletes a version. A call for an unknown version succeeds, as in [`RegionState::delete_template`].
    pub(super) fn delete_template_version(&mut self, kind: TemplateKind, input: &Value) -> ProtonResult {
        let Some((template, version)) = self.version(kind, input) else { return Ok(json!({})) };
        let response = version_response(kind, template, version)?;
        let name = text(input, "templateName");
        if self.is_version_used(kind, name, version) {
            return Err(conflict(format!("The version {version} of the {} {name} is in use.", kind.noun())));
        }
        if let Some(template) = self.templates(kind).get_mut(name) {
            template.versions.remove(&version);
        }
        Ok(response)
    }

    fn version(&mut self, kind: TemplateKind, input: &Value) -> Option<(&mut ProtonTemplate, Version)> {
        let template = self.templates(kind).get_mut(text(input, "templateName"))?;
        let version = template.find(input["majorVersion"].as_str(), input["minorVersion"].as_str())?;
        Some((template, version))
    }

    fn is_version_used(&self, kind: TemplateKind, name: &str, version: Version) -> bool {
        match kind {
            TemplateKind::Environment => self.environments.values().any(|environment| environment.uses(name, version)),
            TemplateKind::Service => self.services.values().any(|service| service.uses(name, version)),
        }
    }
}

impl TemplateVersion {
    fn change(&mut self, input: &Value) {
        for name in ["description", "compatibleEnvironmentTemplates", "supportedComponentSources"] {
            if let (Some(details), Some(value)) = (self.details.as_object_mut(), input.get(name)) {
                details.insert(name.to_owned(), value.clone());
            }
        }
    }
}

/// The version that this client token created, and its input.
fn with_token<'t>(template: &'t ProtonTemplate, token: &str, now: f64) -> Option<(Version, &'t Value)> {
    let matches = |entry: &TemplateVersion| {
        entry.request["clientToken"].as_str() == Some(token) && now - entry.created_at < TOKEN_LASTS
    };
    let found = template.versions.iter().find(|(_, entry)| matches(entry));
    found.map(|(version, entry)| (*version, &entry.request))
}

fn version_response(kind: TemplateKind, template: &ProtonTemplate, version: Version) -> ProtonResult {
    let view = template.version_view(kind, version).ok_or_else(|| not_found(kind.noun(), &version.to_string()))?;
    Ok(json!({ kind.version_member(): view }))
}

fn unknown_version(kind: TemplateKind, input: &Value) -> super::Rejection {
    let part = |name| input[name].as_str().unwrap_or("*");
    let name = format!("{} {}.{}", text(input, "templateName"), part("majorVersion"), part("minorVersion"));
    not_found(&format!("{} version", kind.noun()), &name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{super::testing::Bench, *};

    fn named(operation: &str, kind: &str) -> String {
        operation.replace('*', kind)
    }

    fn new_version(more: &Value) -> Value {
        let mut input = json!({"templateName": "t", "source": {"s3": {"bucket": "abc", "key": "k"}}});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    }

    /// The members that only the versions of service templates require.
    fn required(kind: &str) -> Value {
        match kind {
            "Service" => json!({"compatibleEnvironmentTemplates": [{"templateName": "e", "majorVersion": "1"}]}),
            _ => json!({}),
        }
    }

    #[rstest]
    fn a_version_is_a_draft_until_it_is_published(#[values("Service", "Environment")] kind: &str) {
        let mut bench = Bench::new();
        let member = format!("{}TemplateVersion", kind.to_ascii_lowercase());
        bench.ok(1.0, &named("Create*Template", kind), &json!({"name": "t", "displayName": "T"}));
        let made =
            bench.ok(2.0, &named("Create*TemplateVersion", kind), &new_version(&required(kind)))[&member].clone();
        assert_eq!(
            (&made["status"], &made["majorVersion"], &made["minorVersion"]),
            (&json!("DRAFT"), &json!("1"), &json!("0"))
        );
        assert!(made.get("recommendedMinorVersion").is_none());
        let key = json!({"templateName": "t", "majorVersion": "1", "minorVersion": "0"});
        let mut publish = key.clone();
        publish["status"] = json!("PUBLISHED");
        publish["description"] = json!("d");
        bench.ok(3.0, &named("Update*TemplateVersion", kind), &publish);
        let version = bench.ok(4.0, &named("Get*TemplateVersion", kind), &key)[&member].clone();
        assert_eq!((&version["status"], &version["description"]), (&json!("PUBLISHED"), &json!("d")));
        assert_eq!((&version["createdAt"], &version["lastModifiedAt"]), (&json!(2.0), &json!(3.0)));
        publish["status"] = json!("REGISTRATION_FAILED");
        assert_eq!(bench.rejection(5.0, &named("Update*TemplateVersion", kind), &publish), "ValidationException");
    }

    #[rstest]
    fn a_template_is_deleted_after_its_versions_and_deletes_are_repeatable(
        #[values("Service", "Environment")] kind: &str,
    ) {
        let mut bench = Bench::new();
        bench.ok(1.0, &named("Create*Template", kind), &json!({"name": "t"}));
        bench.ok(2.0, &named("Create*TemplateVersion", kind), &new_version(&required(kind)));
        let (delete, delete_version) = (named("Delete*Template", kind), named("Delete*TemplateVersion", kind));
        assert_eq!(bench.rejection(3.0, &delete, &json!({"name": "t"})), "ConflictException");
        let key = json!({"templateName": "t", "majorVersion": "1", "minorVersion": "0"});
        assert_ne!(bench.ok(3.0, &delete_version, &key), json!({}));
        assert_eq!(bench.ok(3.0, &delete_version, &key), json!({}));
        assert_eq!(bench.rejection(3.0, &named("Get*TemplateVersion", kind), &key), "ResourceNotFoundException");
        assert_ne!(bench.ok(4.0, &delete, &json!({"name": "t"})), json!({}));
        assert_eq!(bench.ok(4.0, &delete, &json!({"name": "t"})), json!({}));
    }

    #[test]
    fn a_version_that_a_service_uses_cannot_be_deleted() {
        let mut bench = Bench::with_service();
        bench.update(100.0);
        let key = |minor| json!({"templateName": "tpl", "majorVersion": "1", "minorVersion": minor});
        for minor in ["0", "1"] {
            assert_eq!(bench.rejection(101.0, "DeleteServiceTemplateVersion", &key(minor)), "ConflictException");
        }
        assert_eq!(bench.outcome(101.0, "DeleteServiceTemplateVersion", &key("2")), "ok");
        bench.ok(102.0, "CancelServicePipelineDeployment", &json!({"serviceName": "svc"}));
        assert_eq!(bench.outcome(103.0, "DeleteServiceTemplateVersion", &key("1")), "ok");
        bench.ok(104.0, "DeleteService", &json!({"name": "svc"}));
        assert_eq!(bench.outcome(105.0, "DeleteServiceTemplateVersion", &key("0")), "ok");
    }

    #[test]
    fn a_client_token_returns_the_same_version_for_eight_hours() {
        let mut bench = Bench::new();
        bench.ok(1.0, "CreateEnvironmentTemplate", &json!({"name": "t"}));
        let operation = "CreateEnvironmentTemplateVersion";
        let input = new_version(&json!({"clientToken": "t1"}));
        let first = bench.ok(2.0, operation, &input);
        assert_eq!(bench.ok(3.0, operation, &input), first);
        let other = new_version(&json!({"clientToken": "t1", "description": "other"}));
        assert_eq!(bench.rejection(3.0, operation, &other), "ValidationException");
        let expired = bench.ok(2.0 + TOKEN_LASTS, operation, &input);
        assert_eq!(expired["environmentTemplateVersion"]["majorVersion"], "2");
    }

    #[test]
    fn repeating_a_creation_succeeds_until_the_template_has_versions() {
        let mut bench = Bench::new();
        let input = json!({"name": "t"});
        let first = bench.ok(1.0, "CreateServiceTemplate", &input);
        assert_eq!(bench.ok(2.0, "CreateServiceTemplate", &input), first);
        let other = json!({"name": "t", "description": "other"});
        assert_eq!(bench.rejection(2.0, "CreateServiceTemplate", &other), "ConflictException");
        bench.ok(2.0, "CreateServiceTemplateVersion", &new_version(&required("Service")));
        assert_eq!(bench.rejection(3.0, "CreateServiceTemplate", &input), "ConflictException");
    }

    #[rstest]
    #[case("nope", None)]
    #[case("tpl", Some("7"))]
    fn a_version_of_an_unknown_template_or_major_version_is_not_found(#[case] name: &str, #[case] major: Option<&str>) {
        let mut input = new_version(&required("Service"));
        input["templateName"] = json!(name);
        if let Some(major) = major {
            input["majorVersion"] = json!(major);
        }
        let mut bench = Bench::with_template();
        assert_eq!(bench.rejection(1.0, "CreateServiceTemplateVersion", &input), "ResourceNotFoundException");
    }
}
