//! A test bench that checks the input and the output of every call against the model.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::{Partition, Proton, ReferenceService, Rejection, ServiceCall};
use crate::{
    model::{PayloadSide, Schemas, ShapeRule, read},
    wire::{AwsJson, Protocol as _},
};

pub(super) static SCHEMAS: LazyLock<Schemas> = LazyLock::new(|| {
    let model = include_str!("../../../fixtures/proton/model.json");
    Schemas::new(Arc::new(read("fixtures/proton/model.json", model).unwrap()), AwsJson::V1_0.body_rules())
});

pub(super) const SPEC: &str = r#"proton: ServiceSpec

pipeline:
  input: "hello"

instances:
  - name: "one"
    environment: "env"
    spec:
      input: "hi"
"#;
pub(super) const HERE: Partition<'_> = Partition { account: "123456789012", region: "us-east-1" };

pub(super) struct Bench {
    pub(super) proton: Proton,
    pub(super) partition: Partition<'static>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { proton: Proton::new(), partition: HERE }
    }

    /// A bench with the service template `tpl`, created at 0 s: 1.0, 1.1 and 2.0 are published, 1.2 is a draft.
    pub(super) fn with_template() -> Self {
        let mut bench = Self::new();
        bench.make_template("tpl", &json!({}));
        bench
    }

    pub(super) fn make_template(&mut self, name: &str, more: &Value) {
        let mut template = json!({ "name": name });
        template.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ok(0.0, "CreateServiceTemplate", &template);
        for major in [None, Some("1"), None, Some("1")] {
            let mut input = json!({"templateName": name, "source": {"s3": {"bucket": "abc", "key": "k"}},
                "compatibleEnvironmentTemplates": [{"templateName": "env-tpl", "majorVersion": "1"}]});
            if let Some(major) = major {
                input["majorVersion"] = json!(major);
            }
            self.ok(0.0, "CreateServiceTemplateVersion", &input);
        }
        for (major, minor) in [("1", "0"), ("1", "1"), ("2", "0")] {
            self.publish(name, major, minor);
        }
    }

    pub(super) fn publish(&mut self, name: &str, major: &str, minor: &str) {
        let input = json!({"templateName": name, "majorVersion": major, "minorVersion": minor, "status": "PUBLISHED"});
        self.ok(0.0, "UpdateServiceTemplateVersion", &input);
    }

    pub(super) fn new_service(name: &str) -> Value {
        json!({"name": name, "spec": SPEC, "templateName": "tpl", "templateMajorVersion": "1",
            "templateMinorVersion": "0", "repositoryId": "org/app", "branchName": "main",
            "repositoryConnectionArn": "arn:aws:codestar-connections:us-east-1:123456789012:connection/1"})
    }

    /// A bench with the service `svc` of version 1.0, created at 10 s.
    pub(super) fn with_service() -> Self {
        let mut bench = Self::with_template();
        bench.ok(10.0, "CreateService", &Self::new_service("svc"));
        bench
    }

    /// Updates the pipeline of `svc` to 1.1 and another spec.
    pub(super) fn update(&mut self, now: f64) -> Value {
        let input = json!({"serviceName": "svc", "deploymentType": "MINOR_VERSION", "spec": "new",
            "templateMajorVersion": "1", "templateMinorVersion": "1"});
        self.ok(now, "UpdateServicePipeline", &input)["pipeline"].clone()
    }

    pub(super) fn service(&mut self, now: f64, name: &str) -> Value {
        self.ok(now, "GetService", &json!({ "name": name }))["service"].clone()
    }

    pub(super) fn pipeline(&mut self, now: f64) -> Value {
        self.service(now, "svc")["pipeline"].clone()
    }

    pub(super) fn notify(&mut self, now: f64, details: &Value) {
        let mut input = json!({"resourceArn": "arn:aws:proton:us-east-1:123456789012:service/svc/pipeline"});
        input.as_object_mut().unwrap().extend(details.as_object().unwrap().clone());
        self.ok(now, "NotifyResourceDeploymentStatusChange", &input);
    }

    pub(super) fn establish(&mut self, now: f64, state: &str, params: &Value) -> Option<Value> {
        self.proton.establish(state, params, self.partition, now)
    }

    /// The output of a call that must succeed.
    pub(super) fn ok(&mut self, now: f64, operation: &str, input: &Value) -> Value {
        self.call(now, operation, input).unwrap_or_else(|rejection| panic!("{operation} {input}: {rejection:?}"))
    }

    /// The name of the error of a call that must fail.
    pub(super) fn rejection(&mut self, now: f64, operation: &str, input: &Value) -> &'static str {
        self.call(now, operation, input).expect_err(operation).error
    }

    /// `ok` or the name of the error.
    pub(super) fn outcome(&mut self, now: f64, operation: &str, input: &Value) -> &'static str {
        self.call(now, operation, input).map_or_else(|rejection| rejection.error, |_| "ok")
    }

    fn call(&mut self, now: f64, operation: &str, input: &Value) -> Result<Value, Rejection> {
        let model = SCHEMAS.contract().operation(operation).expect(operation).clone();
        let mut violations = SCHEMAS.violations(&model.input, PayloadSide::Input, input).unwrap();
        violations.retain(|violation| violation.rule != ShapeRule::UnknownMember);
        assert!(violations.is_empty(), "input of {operation}: {violations:?}");
        let result = self.proton.call(ServiceCall { operation, input, partition: self.partition, now });
        match &result {
            Ok(output) => {
                let violations = SCHEMAS.violations(&model.output, PayloadSide::Output, output).unwrap();
                assert!(violations.is_empty(), "output of {operation}: {violations:?}");
            }
            Err(rejection) => {
                let declared = SCHEMAS.contract().error(&model, rejection.error);
                assert!(declared.is_some(), "{operation} does not declare {}", rejection.error);
            }
        }
        result
    }
}
