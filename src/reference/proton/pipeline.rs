//! The two operations on a pipeline: its update and its cancellation.

use serde_json::{Value, json};

use super::{ProtonResult, RegionState, text, update::UpdatePart};

impl RegionState {
    pub(super) fn update_pipeline(&mut self, input: &Value, now: f64) -> ProtonResult {
        self.update(of(input), input, now)?;
        self.pipeline_response(input)
    }

    pub(super) fn cancel_pipeline(&mut self, input: &Value, now: f64) -> ProtonResult {
        self.cancel(of(input), now)?;
        self.pipeline_response(input)
    }

    /// The response of both operations: the pipeline without its spec.
    fn pipeline_response(&self, input: &Value) -> ProtonResult {
        let service = self.service(text(input, "serviceName"))?;
        Ok(json!({ "pipeline": service.part(service.rollout(None)?, false) }))
    }
}

fn of(input: &Value) -> UpdatePart<'_> {
    UpdatePart { service: text(input, "serviceName"), instance: None }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{
        super::testing::{Bench, SPEC},
        *,
    };

    const CANCEL: &str = "CancelServicePipelineDeployment";
    const UPDATE: &str = "UpdateServicePipeline";

    fn svc() -> Value {
        json!({"serviceName": "svc"})
    }

    /// Removes the members that an unsuccessful deployment may change.
    fn without_attempt(mut pipeline: Value) -> Value {
        for name in
            ["deploymentStatus", "deploymentStatusMessage", "lastAttemptedDeploymentId", "lastDeploymentAttemptedAt"]
        {
            pipeline.as_object_mut().unwrap().remove(name);
        }
        pipeline
    }

    #[test]
    fn a_cancelled_update_goes_through_the_documented_states() {
        let mut bench = Bench::with_service();
        let before = bench.pipeline(99.0);
        let updated = bench.update(100.0);
        assert_eq!(updated["deploymentStatus"], "IN_PROGRESS");
        assert_eq!(updated["lastDeploymentAttemptedAt"], json!(100.0));
        assert_eq!(updated["templateMinorVersion"], "0");
        assert!(updated.get("spec").is_none());
        let cancelled = bench.ok(110.0, CANCEL, &svc())["pipeline"].clone();
        let mut expected = updated.clone();
        expected["deploymentStatus"] = json!("CANCELLING");
        assert_eq!(cancelled, expected);
        assert_eq!(bench.pipeline(110.19)["deploymentStatus"], "CANCELLING");
        let service = bench.service(110.2, "svc");
        let after = &service["pipeline"];
        assert_eq!(service["status"], "ACTIVE");
        assert_eq!(after["deploymentStatus"], "CANCELLED");
        assert_eq!(after["deploymentStatusMessage"], "User initiated cancellation.");
        assert_eq!(after["lastDeploymentAttemptedAt"], json!(100.0));
        assert_eq!(after["lastAttemptedDeploymentId"], updated["lastAttemptedDeploymentId"]);
        assert_ne!(after["lastAttemptedDeploymentId"], after["lastSucceededDeploymentId"]);
        assert_eq!(without_attempt(after.clone()), without_attempt(before));
        assert_eq!(after["spec"], SPEC);
    }

    #[test]
    fn version_and_spec_change_when_the_update_succeeds() {
        let mut bench = Bench::with_service();
        bench.update(100.0);
        assert_eq!(bench.pipeline(399.9)["templateMinorVersion"], "0");
        let after = bench.pipeline(400.0);
        assert_eq!(after["deploymentStatus"], "SUCCEEDED");
        assert_eq!((&after["templateMinorVersion"], &after["spec"]), (&json!("1"), &json!("new")));
        assert_eq!(after["lastDeploymentSucceededAt"], json!(100.0));
        assert_eq!(after["lastSucceededDeploymentId"], after["lastAttemptedDeploymentId"]);
    }

    fn create(bench: &mut Bench) {
        bench.ok(50.0, "CreateService", &Bench::new_service("new"));
    }

    fn edit(bench: &mut Bench) {
        bench.ok(50.0, "UpdateService", &json!({"name": "svc", "spec": "s"}));
    }

    fn succeed(bench: &mut Bench) {
        bench.update(40.0);
        bench.notify(41.0, &json!({"status": "SUCCEEDED"}));
    }

    fn fail(bench: &mut Bench) {
        bench.update(40.0);
        bench.notify(41.0, &json!({"status": "FAILED"}));
    }

    fn cancel_now(bench: &mut Bench) {
        bench.update(40.0);
        bench.ok(50.0, CANCEL, &svc());
    }

    fn cancel_before(bench: &mut Bench) {
        bench.update(40.0);
        bench.ok(49.0, CANCEL, &svc());
    }

    fn update_by_none(bench: &mut Bench) {
        bench.ok(50.0, UPDATE, &json!({"serviceName": "svc", "deploymentType": "NONE", "spec": "s"}));
    }

    fn create_bare(bench: &mut Bench) {
        bench.make_template("bare", &json!({"pipelineProvisioning": "CUSTOMER_MANAGED"}));
        let mut input = Bench::new_service("bare");
        input["templateName"] = json!("bare");
        assert!(bench.ok(40.0, "CreateService", &input)["service"].get("pipeline").is_none());
    }

    fn delete_now(bench: &mut Bench) {
        bench.ok(50.0, "DeleteService", &json!({"name": "svc"}));
    }

    fn delete_while_updating(bench: &mut Bench) {
        bench.update(40.0);
        delete_now(bench);
    }

    fn delete_before(bench: &mut Bench) {
        bench.ok(49.0, "DeleteService", &json!({"name": "svc"}));
    }

    /// Each state before a cancel, with the error that the cancel returns.
    #[rstest]
    #[case::created(create, "new", "ConflictException")]
    #[case::edited(edit, "svc", "ConflictException")]
    #[case::succeeded(|_: &mut Bench| (), "svc", "ConflictException")]
    #[case::succeeded_by_an_update(succeed, "svc", "ConflictException")]
    #[case::failed(fail, "svc", "ConflictException")]
    #[case::cancelling(cancel_now, "svc", "ConflictException")]
    #[case::cancelled(cancel_before, "svc", "ConflictException")]
    #[case::updated_by_none(update_by_none, "svc", "ConflictException")]
    #[case::without_pipeline(create_bare, "bare", "ResourceNotFoundException")]
    #[case::deleting(delete_now, "svc", "ConflictException")]
    #[case::deleting_while_updating(delete_while_updating, "svc", "ConflictException")]
    #[case::deleted(delete_before, "svc", "ResourceNotFoundException")]
    #[case::unknown(|_: &mut Bench| (), "nope", "ResourceNotFoundException")]
    #[case::other_letter_case(|_: &mut Bench| (), "SVC", "ResourceNotFoundException")]
    fn a_cancel_without_an_update_in_progress_is_rejected_and_changes_nothing(
        #[case] reach: fn(&mut Bench),
        #[case] service: &str,
        #[case] error: &str,
    ) {
        let mut bench = Bench::with_service();
        reach(&mut bench);
        let now = 50.1;
        let services = |bench: &mut Bench| bench.ok(now, "ListServices", &json!({}))["services"].clone();
        let deployments = |bench: &mut Bench| bench.ok(now, "ListDeployments", &json!({}))["deployments"].clone();
        let before = (services(&mut bench), deployments(&mut bench));
        assert_eq!(bench.rejection(now, CANCEL, &json!({"serviceName": service})), error);
        assert_eq!((services(&mut bench), deployments(&mut bench)), before);
    }

    #[test]
    fn repeating_a_creation_after_a_rejected_cancel_returns_the_service() {
        let mut bench = Bench::with_service();
        bench.rejection(20.0, CANCEL, &svc());
        assert_eq!(bench.outcome(20.0, "CreateService", &Bench::new_service("svc")), "ok");
    }

    #[rstest]
    #[case::before_the_attempt_starts(110.04, "SUCCEEDED", "1")]
    #[case::after_the_attempt_started(110.06, "CANCELLED", "0")]
    fn the_first_of_cancel_and_notification_wins(#[case] notified_at: f64, #[case] status: &str, #[case] minor: &str) {
        let mut bench = Bench::with_service();
        bench.update(100.0);
        bench.ok(110.0, CANCEL, &svc());
        bench.notify(notified_at, &json!({"status": "SUCCEEDED"}));
        let after = bench.pipeline(111.0);
        assert_eq!((&after["deploymentStatus"], &after["templateMinorVersion"]), (&json!(status), &json!(minor)));
    }

    #[test]
    fn a_stale_notification_does_not_complete_a_later_update() {
        let mut bench = Bench::with_service();
        let stale = bench.update(100.0)["lastAttemptedDeploymentId"].clone();
        bench.ok(110.0, CANCEL, &svc());
        bench.notify(120.0, &json!({"status": "SUCCEEDED", "deploymentId": stale}));
        assert_eq!(bench.pipeline(120.0)["deploymentStatus"], "CANCELLED");
        let current = bench.update(130.0)["lastAttemptedDeploymentId"].clone();
        bench.notify(131.0, &json!({"status": "SUCCEEDED", "deploymentId": stale}));
        assert_eq!(bench.pipeline(131.0)["deploymentStatus"], "IN_PROGRESS");
        bench.notify(132.0, &json!({"status": "SUCCEEDED", "deploymentId": current}));
        assert_eq!(bench.pipeline(132.0)["deploymentStatus"], "SUCCEEDED");
    }

    #[rstest]
    #[case::current(json!({"deploymentType": "CURRENT_VERSION"}), "1", "0")]
    #[case::minor(json!({"deploymentType": "MINOR_VERSION", "templateMinorVersion": "1"}), "1", "1")]
    #[case::latest_minor(json!({"deploymentType": "MINOR_VERSION"}), "1", "1")]
    #[case::major(json!({"deploymentType": "MAJOR_VERSION", "templateMajorVersion": "2", "templateMinorVersion": "0"}), "2", "0")]
    #[case::latest_major(json!({"deploymentType": "MAJOR_VERSION"}), "2", "0")]
    fn each_mode_deploys_its_version_and_can_be_cancelled(
        #[case] mode: Value,
        #[case] major: &str,
        #[case] minor: &str,
    ) {
        let mut input = mode;
        input["serviceName"] = json!("svc");
        input["spec"] = json!("new");
        let mut bench = Bench::with_service();
        bench.ok(100.0, UPDATE, &input);
        bench.ok(110.0, CANCEL, &svc());
        let reverted = bench.pipeline(111.0);
        assert_eq!(reverted["deploymentStatus"], "CANCELLED");
        assert_eq!((&reverted["templateMajorVersion"], &reverted["templateMinorVersion"]), (&json!("1"), &json!("0")));
        bench.ok(120.0, UPDATE, &input);
        let done = bench.pipeline(420.0);
        assert_eq!((&done["templateMajorVersion"], &done["templateMinorVersion"]), (&json!(major), &json!(minor)));
        assert_eq!(done["spec"], "new");
    }

    #[rstest]
    #[case::version_with_current(json!({"deploymentType": "CURRENT_VERSION", "templateMinorVersion": "1"}), "ValidationException")]
    #[case::major_with_minor(json!({"deploymentType": "MINOR_VERSION", "templateMajorVersion": "2"}), "ValidationException")]
    #[case::draft(json!({"deploymentType": "MINOR_VERSION", "templateMinorVersion": "2"}), "ResourceNotFoundException")]
    #[case::unknown_major(json!({"deploymentType": "MAJOR_VERSION", "templateMajorVersion": "9"}), "ResourceNotFoundException")]
    #[case::unknown_service(json!({"deploymentType": "CURRENT_VERSION", "serviceName": "nope"}), "ResourceNotFoundException")]
    fn an_invalid_update_is_rejected(#[case] input: Value, #[case] error: &str) {
        let mut full = json!({"serviceName": "svc", "spec": "new"});
        full.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        let mut bench = Bench::with_service();
        let before = bench.pipeline(20.0);
        assert_eq!(bench.rejection(20.0, UPDATE, &full), error);
        assert_eq!(bench.pipeline(20.0), before);
    }

    #[test]
    fn the_mode_none_deploys_nothing_and_changes_nothing() {
        let mut bench = Bench::with_service();
        let before = bench.pipeline(20.0);
        let input = json!({"serviceName": "svc", "deploymentType": "NONE", "spec": "new"});
        assert_eq!(bench.ok(20.0, UPDATE, &input)["pipeline"]["deploymentStatus"], "SUCCEEDED");
        assert_eq!(bench.pipeline(20.0), before);
    }

    #[test]
    fn a_second_update_is_rejected_until_the_first_is_cancelled() {
        let mut bench = Bench::with_service();
        let input = json!({"serviceName": "svc", "deploymentType": "CURRENT_VERSION", "spec": "new"});
        bench.ok(100.0, UPDATE, &input);
        assert_eq!(bench.rejection(101.0, UPDATE, &input), "ConflictException");
        bench.ok(110.0, CANCEL, &svc());
        assert_eq!(bench.rejection(110.1, UPDATE, &input), "ConflictException");
        assert_eq!(bench.outcome(111.0, UPDATE, &input), "ok");
        assert!(bench.pipeline(111.0).get("deploymentStatusMessage").is_none());
        assert_eq!(bench.pipeline(411.0)["deploymentStatus"], "SUCCEEDED");
    }

    #[test]
    fn an_update_is_rejected_until_the_service_is_active() {
        let mut bench = Bench::with_template();
        bench.ok(10.0, "CreateService", &Bench::new_service("svc"));
        let input = json!({"serviceName": "svc", "deploymentType": "CURRENT_VERSION", "spec": "new"});
        assert_eq!(bench.rejection(10.2, UPDATE, &input), "ConflictException");
        assert_eq!(bench.outcome(10.25, UPDATE, &input), "ok");
    }

    #[test]
    fn a_cancel_changes_only_its_own_service() {
        let mut bench = Bench::with_service();
        bench.ok(10.0, "CreateService", &Bench::new_service("sibling"));
        bench.update(100.0);
        let input = json!({"serviceName": "sibling", "deploymentType": "CURRENT_VERSION", "spec": "new"});
        bench.ok(100.0, UPDATE, &input);
        bench.ok(110.0, CANCEL, &svc());
        assert_eq!(bench.service(111.0, "sibling")["pipeline"]["deploymentStatus"], "IN_PROGRESS");
        assert_eq!(bench.service(400.0, "sibling")["pipeline"]["deploymentStatus"], "SUCCEEDED");
    }
}
