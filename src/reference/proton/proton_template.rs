//! Environment templates and service templates. A [`TemplateKind`] distinguishes them.

use serde_json::{Map, Value, json};

use super::{deployment_location::timestamp, resource_store::ResourceStore, version::Version};

/// The maximum number of versions of one template. A new version beyond it drops the oldest one.
const VERSIONS: usize = 100;

/// The kind of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TemplateKind {
    Environment,
    Service,
}

impl TemplateKind {
    /// The resource type in ARNs and messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Environment => "environment-template",
            Self::Service => "service-template",
        }
    }

    /// The output member that holds a template.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Environment => "environmentTemplate",
            Self::Service => "serviceTemplate",
        }
    }

    /// The output member that holds a version.
    pub(super) fn version_member(self) -> &'static str {
        match self {
            Self::Environment => "environmentTemplateVersion",
            Self::Service => "serviceTemplateVersion",
        }
    }

    /// The members of a template that responses return unchanged.
    fn kept(self) -> &'static [&'static str] {
        match self {
            Self::Environment => &["name", "description", "displayName", "encryptionKey", "provisioning"],
            Self::Service => &["name", "description", "displayName", "encryptionKey", "pipelineProvisioning"],
        }
    }

    /// The members of a version that responses return unchanged.
    fn version_kept(self) -> &'static [&'static str] {
        match self {
            Self::Environment => &["templateName", "description"],
            Self::Service => {
                &["templateName", "description", "compatibleEnvironmentTemplates", "supportedComponentSources"]
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct ProtonTemplate {
    pub(super) arn: String,
    /// The input that created it.
    pub(super) request: Value,
    pub(super) created_at: f64,
    pub(super) modified_at: f64,
    pub(super) versions: ResourceStore<Version, TemplateVersion>,
    /// The latest minor number of each major version, including deleted ones. Numbers are never reused.
    numbers: Vec<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct TemplateVersion {
    /// The input that created it.
    pub(super) request: Value,
    /// The input with the changes of later updates.
    pub(super) details: Value,
    pub(super) created_at: f64,
    pub(super) modified_at: f64,
    pub(super) published: bool,
}

impl ProtonTemplate {
    pub(super) fn new(arn: String, request: &Value, now: f64) -> Self {
        Self {
            arn,
            request: request.clone(),
            created_at: now,
            modified_at: now,
            versions: ResourceStore::bounded(VERSIONS),
            numbers: Vec::new(),
        }
    }

    /// Returns true if the template is unchanged since its creation.
    pub(super) fn is_unmodified(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Returns true if services of this template have no Proton pipeline.
    pub(super) fn is_without_pipeline(&self) -> bool {
        self.request["pipelineProvisioning"].is_string()
    }

    /// Registers the next minor version of `major`, or a new major version if `major` is absent.
    ///
    /// Returns `None` if the template does not have the major version.
    pub(super) fn register(&mut self, major: Option<&str>, request: &Value, now: f64) -> Option<Version> {
        let version = match major {
            Some(part) => self.next_minor(part)?,
            None => self.next_major(),
        };
        let registered = TemplateVersion {
            request: request.clone(),
            details: request.clone(),
            created_at: now,
            modified_at: now,
            published: false,
        };
        self.versions.insert(version, registered);
        self.modified_at = now;
        Some(version)
    }

    fn next_major(&mut self) -> Version {
        self.numbers.push(0);
        Version { major: self.numbers.len() as u64, minor: 0 }
    }

    fn next_minor(&mut self, part: &str) -> Option<Version> {
        let major = self.versions.iter().map(|(version, _)| version.major).find(|major| major.to_string() == part)?;
        let index = usize::try_from(major).ok()?.checked_sub(1)?;
        let minor = self.numbers.get_mut(index)?;
        *minor += 1;
        Some(Version { major, minor: *minor })
    }

    /// The first version that matches the given parts.
    pub(super) fn find(&self, major: Option<&str>, minor: Option<&str>) -> Option<Version> {
        self.versions.iter().map(|(version, _)| *version).find(|version| version.matches(major, minor))
    }

    /// The latest published version that matches the given parts.
    pub(super) fn published(&self, major: Option<&str>, minor: Option<&str>) -> Option<Version> {
        let published =
            self.versions.iter().filter(|(version, entry)| entry.published && version.matches(major, minor));
        published.map(|(version, _)| *version).next_back()
    }

    pub(super) fn view(&self, kind: TemplateKind) -> Value {
        let mut view = kept(&self.request, kind.kept());
        view.insert("arn".to_owned(), json!(self.arn));
        view.insert("createdAt".to_owned(), timestamp(self.created_at));
        view.insert("lastModifiedAt".to_owned(), timestamp(self.modified_at));
        if let Some(version) = self.published(None, None) {
            view.insert("recommendedVersion".to_owned(), json!(version.to_string()));
        }
        Value::Object(view)
    }

    pub(super) fn version_view(&self, kind: TemplateKind, version: Version) -> Option<Value> {
        let entry = self.versions.get(&version)?;
        let mut view = kept(&entry.details, kind.version_kept());
        let major = version.major.to_string();
        view.insert("arn".to_owned(), json!(format!("{}:{version}", self.arn)));
        view.insert("createdAt".to_owned(), timestamp(entry.created_at));
        view.insert("lastModifiedAt".to_owned(), timestamp(entry.modified_at));
        view.insert("status".to_owned(), json!(if entry.published { "PUBLISHED" } else { "DRAFT" }));
        if let Some(recommended) = self.published(Some(&major), None) {
            view.insert("recommendedMinorVersion".to_owned(), json!(recommended.minor.to_string()));
        }
        view.insert("majorVersion".to_owned(), json!(major));
        view.insert("minorVersion".to_owned(), json!(version.minor.to_string()));
        Some(Value::Object(view))
    }
}

/// Copies the members with these names from `input`.
pub(super) fn kept(input: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), input.get(*name)?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> ProtonTemplate {
        ProtonTemplate::new("arn".to_owned(), &json!({"name": "t"}), 0.0)
    }

    #[test]
    fn version_numbers_increase_and_are_never_reused() {
        let mut template = template();
        let register = |template: &mut ProtonTemplate, major| {
            template.register(major, &json!({}), 0.0).map(|version| version.to_string())
        };
        assert_eq!(register(&mut template, Some("1")), None);
        assert_eq!(register(&mut template, None).as_deref(), Some("1.0"));
        assert_eq!(register(&mut template, Some("1")).as_deref(), Some("1.1"));
        assert_eq!(register(&mut template, None).as_deref(), Some("2.0"));
        template.versions.remove(&Version { major: 1, minor: 1 });
        assert_eq!(register(&mut template, Some("1")).as_deref(), Some("1.2"));
        assert_eq!(register(&mut template, Some("3")), None);
    }

    #[test]
    fn the_recommended_version_is_the_latest_published_one() {
        let mut template = template();
        for major in [None, Some("1"), None] {
            template.register(major, &json!({}), 0.0);
        }
        assert_eq!(template.published(None, None), None);
        for entry in template.versions.values_mut() {
            entry.published = true;
        }
        assert_eq!(template.published(None, None), Some(Version { major: 2, minor: 0 }));
        assert_eq!(template.published(Some("1"), None), Some(Version { major: 1, minor: 1 }));
        assert_eq!(template.published(Some("1"), Some("7")), None);
    }
}
