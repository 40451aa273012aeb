//! The operations on services: creation, edit, deletion and list.

use serde_json::{Value, json};

use super::{
    ProtonResult, RegionState, Rejection,
    deployment_location::{LONGEST_ARN, is_resource_name},
    instance::Instance,
    page::page,
    proton_error::{conflict, invalid, not_found, over_quota},
    proton_template::kept,
    rollout::{Attempt, Rollout, RolloutCause, RolloutContents},
    service_record::{PipelineStage, ServiceRecord, UNSPECIFIED},
    spec, text,
};

/// The duration of a creation, in seconds.
const CREATION: f64 = 0.25;
/// The duration of an edit, in seconds.
const EDIT: f64 = 1.0;
/// The duration of a deletion, in seconds.
const DELETION: f64 = 0.3;

/// The maximum number of instances of one service.
const INSTANCES: usize = 20;

impl RegionState {
    pub(super) fn service(&self, name: &str) -> Result<&ServiceRecord, Rejection> {
        self.services.get(name).ok_or_else(|| not_found("service", name))
    }

    pub(super) fn service_mut(&mut self, name: &str) -> Result<&mut ServiceRecord, Rejection> {
        self.services.get_mut(name).ok_or_else(|| not_found("service", name))
    }

    pub(super) fn create_service(&mut self, input: &Value, now: f64) -> ProtonResult {
        let name = text(input, "name");
        if let Some(service) = self.services.get(name) {
            let is_repeated = service.is_unmodified() && service.details == *input;
            let conflicting = || conflict(format!("A service of the name {name} exists."));
            return if is_repeated { Ok(json!({ "service": service.view() })) } else { Err(conflicting()) };
        }
        let service = self.new_service(input, now)?;
        let view = service.view();
        self.services.insert(name.to_owned(), service);
        Ok(json!({ "service": view }))
    }

    fn new_service(&mut self, input: &Value, now: f64) -> Result<ServiceRecord, Rejection> {
        let name = text(input, "name");
        let (contents, has_pipeline) = self.service_contents(input)?;
        let arn = self.location.arn(&format!("service/{name}"));
        let entries = checked_entries(&arn, &contents.spec)?;
        let pipeline = has_pipeline.then(|| self.begin(format!("{arn}/pipeline"), &contents, CREATION, now));
        let instances = entries.into_iter().map(|entry| self.instance(&arn, entry, &contents, CREATION, now));
        let instances = instances.collect();
        Ok(ServiceRecord {
            name: name.to_owned(),
            arn,
            created_at: now,
            modified_at: now,
            details: input.clone(),
            is_edited: false,
            version: contents.version,
            stage: PipelineStage::Creating { until: now + CREATION },
            pipeline,
            instances,
            fault: None,
        })
    }

    /// The contents that a new service deploys, and true if it has a pipeline.
    fn service_contents(&self, input: &Value) -> Result<(RolloutContents, bool), Rejection> {
        let name = text(input, "templateName");
        let (major, minor) = (input["templateMajorVersion"].as_str(), input["templateMinorVersion"].as_str());
        let template = self.service_templates.get(name);
        let published = template.and_then(|template| Some((template, template.published(major, minor)?)));
        let (template, version) =
            published.ok_or_else(|| not_found("published version of the service template", name))?;
        let contents = RolloutContents { template: name.to_owned(), version, spec: text(input, "spec").into() };
        Ok((contents, !template.is_without_pipeline()))
    }

    fn begin(&mut self, arn: String, contents: &RolloutContents, lasts: f64, now: f64) -> Rollout {
        let attempt =
            Attempt { ticket: self.location.ticket(), cause: RolloutCause::Create, wanted: contents.clone(), lasts };
        Rollout::begin(arn, attempt, now)
    }

    fn instance(
        &mut self,
        service: &str,
        entry: spec::SpecEntry,
        contents: &RolloutContents,
        lasts: f64,
        now: f64,
    ) -> (String, Instance) {
        let rollout = self.begin(instance_arn(service, &entry.name), contents, lasts, now);
        let environment = entry.environment.unwrap_or_else(|| UNSPECIFIED.to_owned());
        (entry.name, Instance { environment, rollout, token: None })
    }

    pub(super) fn get_service(&self, input: &Value) -> ProtonResult {
        Ok(json!({ "service": self.service(text(input, "name"))?.view() }))
    }

    /// Edits the description at once and the list of instances in [`EDIT`] seconds. The edit blocks the pipeline.
    pub(super) fn update_service(&mut self, input: &Value, now: f64) -> ProtonResult {
        let name = text(input, "name");
        let service = self.service(name)?;
        service.check_active()?;
        if service.is_busy() {
            return Err(conflict(format!("A deployment of the service {name} is in progress.")));
        }
        if let Some(spec) = input["spec"].as_str() {
            self.edit(name, spec, now)?;
        }
        let service = self.service_mut(name)?;
        service.is_edited = true;
        service.modified_at = now;
        if let Some(details) = service.details.as_object_mut() {
            details.extend(kept(input, &["description", "spec"]));
        }
        Ok(json!({ "service": service.view() }))
    }

    /// Adds and removes instances according to a new spec. The other instances do not change.
    fn edit(&mut self, name: &str, spec: &str, now: f64) -> Result<(), Rejection> {
        let service = self.service(name)?;
        let arn = service.arn.clone();
        let template = text(&service.details, "templateName").to_owned();
        let contents = RolloutContents { template, version: service.version, spec: spec.into() };
        let entries = checked_entries(&arn, spec)?;
        let kept_names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let added: Vec<_> = entries.into_iter().filter(|entry| !service.instances.contains_key(&entry.name)).collect();
        let added: Vec<_> = added.into_iter().map(|entry| self.instance(&arn, entry, &contents, EDIT, now)).collect();
        let ticket = self.location.ticket();
        let service = self.service_mut(name)?;
        service.instances.retain(|name, _| kept_names.contains(name));
        service.instances.extend(added);
        service.stage = PipelineStage::Updating { until: now + EDIT };
        if let Some(pipeline) = &mut service.pipeline {
            let wanted = pipeline.live().clone();
            pipeline.attempt(Attempt { ticket, cause: RolloutCause::Edit, wanted, lasts: EDIT }, now);
        }
        Ok(())
    }

    /// Deletes a service.
    ///
    /// A call for an unknown service or a service in deletion succeeds, because a repeated delete must succeed.
    pub(super) fn delete_service(&mut self, input: &Value, now: f64) -> Value {
        let Some(service) = self.services.get_mut(text(input, "name")) else { return json!({}) };
        if !matches!(service.stage, PipelineStage::Deleting { .. }) {
            service.stage = PipelineStage::Deleting { until: now + DELETION };
            service.is_edited = true;
            service.modified_at = now;
        }
        json!({ "service": service.view() })
    }

    pub(super) fn list_services(&self, input: &Value) -> ProtonResult {
        let services = self.services.iter().map(|(name, service)| (name.clone(), service.summary().into()));
        Ok(page(input, services)?.response("services"))
    }
}

fn instance_arn(service: &str, instance: &str) -> String {
    format!("{service}/service-instance/{instance}")
}

/// The instances of a spec. An instance that a valid response cannot contain is an error.
fn checked_entries(service: &str, spec: &str) -> Result<Vec<spec::SpecEntry>, Rejection> {
    let entries = spec::instances(spec);
    if entries.len() > INSTANCES {
        return Err(over_quota(format!("A service can have at most {INSTANCES} instances.")));
    }
    for entry in &entries {
        let is_valid = is_resource_name(&entry.name) && entry.environment.as_deref().is_none_or(is_resource_name);
        if !is_valid || instance_arn(service, &entry.name).len() > LONGEST_ARN {
            return Err(invalid("the spec has an instance with an invalid or too long name or environment"));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::super::testing::{Bench, SPEC};

    #[test]
    fn a_service_is_created_in_a_quarter_second_with_its_pipeline_and_instances() {
        let mut bench = Bench::with_template();
        let created = bench.ok(10.0, "CreateService", &Bench::new_service("svc"));
        assert_eq!(created["service"]["status"], "CREATE_IN_PROGRESS");
        assert_eq!(created["service"]["pipeline"]["deploymentStatus"], "IN_PROGRESS");
        assert_eq!(bench.service(10.24, "svc")["status"], "CREATE_IN_PROGRESS");
        let service = bench.service(10.25, "svc");
        assert_eq!(service["status"], "ACTIVE");
        assert_eq!(service["pipeline"]["deploymentStatus"], "SUCCEEDED");
        assert_eq!(service["pipeline"]["arn"], "arn:aws:proton:us-east-1:123456789012:service/svc/pipeline");
        assert_eq!(service["pipeline"]["spec"], SPEC);
        let instance = bench.ok(10.25, "GetServiceInstance", &json!({"name": "one", "serviceName": "svc"}));
        assert_eq!(instance["serviceInstance"]["deploymentStatus"], "SUCCEEDED");
        assert_eq!(instance["serviceInstance"]["environmentName"], "env");
    }

    #[test]
    fn repeating_a_creation_returns_the_same_service_until_it_is_modified() {
        let mut bench = Bench::with_service();
        let repeated = bench.ok(20.0, "CreateService", &Bench::new_service("svc"));
        assert_eq!(repeated["service"]["status"], "ACTIVE");
        let mut other = Bench::new_service("svc");
        other["branchName"] = json!("other");
        assert_eq!(bench.rejection(20.0, "CreateService", &other), "ConflictException");
        bench.update(20.0);
        assert_eq!(bench.rejection(20.0, "CreateService", &Bench::new_service("svc")), "ConflictException");
    }

    #[rstest]
    #[case::unknown_template(json!({"templateName": "nope"}))]
    #[case::unpublished_version(json!({"templateMinorVersion": "2"}))]
    #[case::unknown_version(json!({"templateMajorVersion": "99999999999999999999"}))]
    fn a_service_needs_a_published_version(#[case] change: serde_json::Value) {
        let mut bench = Bench::with_template();
        let mut input = Bench::new_service("svc");
        for (name, value) in change.as_object().unwrap() {
            input[name] = value.clone();
        }
        assert_eq!(bench.rejection(1.0, "CreateService", &input), "ResourceNotFoundException");
    }

    #[rstest]
    #[case::bad_name("instances:\n  - name: \"a b\"\n", "ValidationException")]
    #[case::bad_environment("instances:\n  - name: a\n    environment: -\n", "ValidationException")]
    #[case::long_arn(&format!("instances:\n  - name: {}\n", "a".repeat(100)), "ok")]
    #[case::too_many(&format!("instances:\n{}", "- name: a\n".repeat(21)), "ServiceQuotaExceededException")]
    #[case::no_instance("anything", "ok")]
    fn a_spec_needs_valid_instance_names_and_environments(#[case] spec: &str, #[case] expected: &str) {
        let mut bench = Bench::with_template();
        let mut input = Bench::new_service("svc");
        input["spec"] = json!(spec);
        assert_eq!(bench.outcome(1.0, "CreateService", &input), expected);
        let mut input = Bench::new_service(&"s".repeat(100));
        input["spec"] = json!(format!("instances:\n  - name: {}\n", "a".repeat(100)));
        assert_eq!(bench.outcome(1.0, "CreateService", &input), "ValidationException");
    }

    #[test]
    fn an_edit_blocks_the_service_for_a_second_and_changes_only_the_instances() {
        let mut bench = Bench::with_service();
        let spec = "instances:\n  - name: two\n    environment: env\n";
        let edited = bench.ok(20.0, "UpdateService", &json!({"name": "svc", "spec": spec, "description": "d"}));
        assert_eq!(edited["service"]["status"], "UPDATE_IN_PROGRESS");
        assert_eq!(edited["service"]["pipeline"]["deploymentStatus"], "IN_PROGRESS");
        assert_eq!(bench.rejection(20.9, "UpdateService", &json!({"name": "svc"})), "ConflictException");
        let service = bench.service(21.0, "svc");
        assert_eq!((&service["status"], &service["spec"]), (&json!("ACTIVE"), &json!(spec)));
        assert_eq!(service["pipeline"]["deploymentStatus"], "SUCCEEDED");
        assert_eq!(service["pipeline"]["spec"], SPEC);
        let instance = |name| json!({"name": name, "serviceName": "svc"});
        assert_eq!(bench.rejection(21.0, "GetServiceInstance", &instance("one")), "ResourceNotFoundException");
        assert_eq!(bench.outcome(21.0, "GetServiceInstance", &instance("two")), "ok");
    }

    #[test]
    fn an_edit_of_the_description_deploys_nothing_and_one_during_a_deployment_conflicts() {
        let mut bench = Bench::with_service();
        let input = json!({"name": "svc", "description": "new"});
        assert_eq!(bench.ok(20.0, "UpdateService", &input)["service"]["status"], "ACTIVE");
        bench.update(21.0);
        assert_eq!(bench.rejection(22.0, "UpdateService", &input), "ConflictException");
    }

    #[test]
    fn a_deletion_takes_a_while_and_repeating_it_succeeds() {
        let mut bench = Bench::with_service();
        let input = json!({"name": "svc"});
        let deleted = bench.ok(20.0, "DeleteService", &input);
        assert_eq!(deleted["service"]["status"], "DELETE_IN_PROGRESS");
        assert_eq!(deleted["service"]["pipeline"]["deploymentStatus"], "DELETE_IN_PROGRESS");
        assert_eq!(bench.ok(20.2, "DeleteService", &input), deleted);
        assert_eq!(bench.rejection(20.2, "CreateService", &Bench::new_service("svc")), "ConflictException");
        assert_eq!(bench.rejection(20.3, "GetService", &input), "ResourceNotFoundException");
        assert_eq!(bench.ok(20.3, "DeleteService", &input), json!({}));
        assert_eq!(bench.outcome(20.3, "CreateService", &Bench::new_service("svc")), "ok");
    }

    #[test]
    fn services_are_listed_page_by_page_in_the_order_of_their_names() {
        let mut bench = Bench::with_template();
        for name in ["b", "c", "a"] {
            bench.ok(1.0, "CreateService", &Bench::new_service(name));
        }
        let first = bench.ok(2.0, "ListServices", &json!({"maxResults": 2}));
        let second = bench.ok(2.0, "ListServices", &json!({"maxResults": 2, "nextToken": first["nextToken"]}));
        let pages = [first, second];
        let names: Vec<_> =
            pages.iter().flat_map(|page| page["services"].as_array().unwrap()).map(|s| &s["name"]).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(pages[1].get("nextToken").is_none());
    }

    #[test]
    fn the_thousand_and_first_service_drops_the_oldest() {
        let mut bench = Bench::with_template();
        for number in 0..=1000 {
            bench.ok(1.0, "CreateService", &Bench::new_service(&format!("s{number}")));
        }
        assert_eq!(bench.rejection(2.0, "GetService", &json!({"name": "s0"})), "ResourceNotFoundException");
        assert_eq!(bench.outcome(2.0, "GetService", &json!({"name": "s1"})), "ok");
    }
}
