//! The files of `wireproof init --probe`: a test in Rust, a baseline for each service, and a job.

use super::{Ci, Failure, FileDraft, GITHUB, GITLAB, InitArguments, Language};
use crate::model::published::{self, ModelFileError};

impl InitArguments {
    /// Rejects a service that botocore does not have. Without botocore on this machine, it cannot be checked.
    pub(super) fn check_services(&self) -> Result<(), Failure> {
        let places = self.botocore.places();
        for service in &self.probe {
            let found = published::find(format!("botocore:{service}"), &places);
            if let Err(error @ ModelFileError::UnknownService { .. }) = found {
                return Err(Failure::usage(error.to_string()));
            }
        }
        Ok(())
    }

    pub(super) fn probe_drafts(&self) -> Result<Vec<FileDraft>, Failure> {
        let first = match self.language() {
            Language::Rust => vec![self.manifest()?, FileDraft::file("tests/probes.rs", self.probe_test())],
            Language::Any => Vec::new(),
        };
        let baseline = include_str!("templates/baseline.toml");
        let baselines =
            self.probe.iter().map(|service| FileDraft::once(&self.probe_baseline(service), baseline.to_owned()));
        Ok(first.into_iter().chain(baselines).chain(self.probe_job()).collect())
    }

    fn probe_baseline(&self, service: &str) -> String {
        match self.language() {
            Language::Rust => format!("tests/probes/{service}.toml"),
            Language::Any => format!("probes/{service}.toml"),
        }
    }

    pub(super) fn probe_test(&self) -> String {
        let test = |service: &String| {
            let name = service.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            format!("\n#[test]\nfn probes_of_{name}() {{\n    probe({service:?});\n}}\n")
        };
        let tests: String = self.probe.iter().map(test).collect();
        include_str!("templates/probes.rs.txt")
            .replace("{tests}", &tests)
            .replace("{endpoint}", &format!("{:?}", self.endpoint))
    }

    /// The command that probes a service in a repository of any language.
    fn probe_command(&self, service: &str) -> String {
        let (endpoint, baseline) = (&self.endpoint, self.probe_baseline(service));
        format!("wireproof probe --model botocore:{service} --endpoint {endpoint} --seed 1 --baseline {baseline}")
    }

    pub(super) fn probe_job(&self) -> Option<FileDraft> {
        let (path, template, item) = match (self.ci(), self.language()) {
            (Ci::None, _) => return None,
            (Ci::Github, Language::Rust) => (GITHUB, include_str!("templates/github-probes-rust.yml"), ""),
            (Ci::Github, Language::Any) => (GITHUB, include_str!("templates/github-probes-any.yml"), "      - run: "),
            (Ci::Gitlab, Language::Rust) => (GITLAB, include_str!("templates/gitlab-probes-rust.yml"), ""),
            (Ci::Gitlab, Language::Any) => (GITLAB, include_str!("templates/gitlab-probes-any.yml"), "    - "),
        };
        let run = |service: &String| format!("{item}{} --allow not-implemented,blocked\n", self.probe_command(service));
        let runs: String = self.probe.iter().map(run).collect();
        let text = template.replace("{endpoint}", &self.endpoint).replace("{install}", &self.install());
        Some(FileDraft::file(path, text.replace("{runs}", &runs)))
    }

    /// The command that records today's deviations of the first service, or of all in a Rust repository.
    pub(super) fn first_probe_run(&self) -> String {
        const REASON: &str = "known when the gate was added";
        let first = self.probe.first().map(String::as_str).unwrap_or_default();
        match self.language() {
            Language::Rust => {
                format!("WIREPROOF_BASELINE_UPDATE=1 WIREPROOF_BASELINE_REASON={REASON:?} cargo test --test probes")
            }
            Language::Any => format!("{} --baseline-update --baseline-reason {REASON:?}", self.probe_command(first)),
        }
    }
}
