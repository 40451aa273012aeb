//! Updates and cancellations of pipelines and instances.

use serde_json::Value;

use super::{
    RegionState, Rejection,
    proton_error::{conflict, invalid, not_found},
    rollout::{Attempt, RolloutCause, RolloutContents, RolloutOutcome, UPDATE},
    text,
};

/// The pipeline of a service, or one of its instances.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpdatePart<'a> {
    pub(super) service: &'a str,
    /// The name of the instance. `None` means the pipeline.
    pub(super) instance: Option<&'a str>,
}

/// The four modes of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    None,
    CurrentVersion,
    MinorVersion,
    MajorVersion,
}

impl Mode {
    fn of(input: &Value) -> Result<Self, Rejection> {
        let version = input.get("templateMajorVersion").or(input.get("templateMinorVersion"));
        match text(input, "deploymentType") {
            "CURRENT_VERSION" if version.is_some() => {
                Err(invalid("a template version must not be given together with the deploymentType CURRENT_VERSION"))
            }
            "CURRENT_VERSION" => Ok(Self::CurrentVersion),
            "MINOR_VERSION" => Ok(Self::MinorVersion),
            "MAJOR_VERSION" => Ok(Self::MajorVersion),
            _ => Ok(Self::None),
        }
    }
}

impl RegionState {
    /// Starts the update that `input` requests. The mode `NONE` deploys nothing and keeps the live contents.
    pub(super) fn update(&mut self, part: UpdatePart<'_>, input: &Value, now: f64) -> Result<(), Rejection> {
        let mode = Mode::of(input)?;
        let service = self.service(part.service)?;
        service.check_active()?;
        let rollout = service.rollout(part.instance)?;
        if rollout.is_busy() {
            return Err(conflict(format!("A deployment to {} is {}.", rollout.arn, rollout.status())));
        }
        if mode == Mode::None {
            return Ok(());
        }
        let wanted = self.wanted(mode, rollout.live(), input)?;
        let attempt = Attempt { ticket: self.location.ticket(), cause: RolloutCause::Update, wanted, lasts: UPDATE };
        self.service_mut(part.service)?.rollout_mut(part.instance)?.attempt(attempt, now);
        Ok(())
    }

    fn wanted(&self, mode: Mode, live: &RolloutContents, input: &Value) -> Result<RolloutContents, Rejection> {
        let spec = input["spec"].as_str().map_or_else(|| live.spec.clone(), Into::into);
        let current = live.version.major.to_string();
        let (major, minor) = (input["templateMajorVersion"].as_str(), input["templateMinorVersion"].as_str());
        let version = match mode {
            Mode::None | Mode::CurrentVersion => Some(live.version),
            Mode::MinorVersion if major.is_some_and(|major| major != current) => {
                return Err(invalid(format!("the deploymentType MINOR_VERSION stays in the major version {current}")));
            }
            Mode::MinorVersion => self.published(live, Some(&current), minor),
            // Without a major version, the latest one applies. The minor version is optional in both cases.
            Mode::MajorVersion => {
                let latest = self.published(live, major, None).map(|version| version.major.to_string());
                latest.and_then(|major| self.published(live, Some(&major), minor))
            }
        };
        let missing = || not_found("such published version of the service template", &live.template);
        Ok(RolloutContents { template: live.template.clone(), version: version.ok_or_else(missing)?, spec })
    }

    fn published(
        &self,
        live: &RolloutContents,
        major: Option<&str>,
        minor: Option<&str>,
    ) -> Option<super::version::Version> {
        self.service_templates.get(&live.template)?.published(major, minor)
    }

    /// Requests the cancellation of an update. Any other state of the deployment is a conflict and does not change.
    pub(super) fn cancel(&mut self, part: UpdatePart<'_>, now: f64) -> Result<(), Rejection> {
        let service = self.service_mut(part.service)?;
        let outcome = if part.instance.is_none() { service.cancellation_outcome()? } else { RolloutOutcome::Cancelled };
        service.check_active()?;
        let rollout = service.rollout_mut(part.instance)?;
        rollout.cancel(outcome, now).map_err(|status| {
            conflict(format!("The deployment to {} is {status} and cannot be cancelled.", rollout.arn))
        })
    }
}
