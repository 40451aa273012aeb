//! Profiles: the requirements that a certificate covers, their levels, and the cases that count.
//!
//! The `profiles.yaml` of a service lists them. The profile [`FULL`] is the union of the others and is not listed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::suite::{
    CallerName, Case, FixtureFiles, Fixtures, Given, ServiceFixtures,
    requirement::Requirements,
    source::{Diagnostic, Source},
};

/// The name of the union of all profiles of a service.
pub const FULL: &str = "full";

/// A level of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The requirements that documented calls can test on any endpoint.
    Core,
    /// Everything, including what needs help from the target.
    Extended,
}

impl Level {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Extended => "extended",
        }
    }
}

/// A profile of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The folder name of the service.
    pub service: String,
    pub name: String,
    /// Its subject, in one line.
    pub says: String,
    pub requirements: BTreeMap<String, Level>,
    /// The reasons why requirements are not in the core, by ID.
    pub reasons: BTreeMap<String, String>,
}

/// The profiles of all services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles {
    profiles: Vec<Profile>,
    /// The requirements that are in no profile, with the reason.
    outside: BTreeMap<String, String>,
}

/// The format of a `profiles.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfiles {
    service: String,
    profiles: BTreeMap<String, RawProfile>,
    #[serde(default)]
    outside: Vec<RawReason>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    says: String,
    core: Vec<String>,
    #[serde(default)]
    extended: Vec<RawReason>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReason {
    because: String,
    requirements: Vec<String>,
}

impl Profiles {
    /// Reads the profiles of the services of `suite`.
    ///
    /// # Errors
    /// A file is malformed, or a requirement is unknown, duplicate, or neither in a profile nor below `outside`.
    pub fn read(files: &FixtureFiles, suite: &Fixtures) -> Result<Self, Diagnostic> {
        let mut all = Self::default();
        for service in suite.services() {
            let path = format!("{}/profiles.yaml", service.name);
            if let Some(text) = files.get(&path) {
                all.add(&Source::read(&files.display(&path), text)?, service)?;
            }
        }
        Ok(all)
    }

    fn add(&mut self, source: &Source, service: &ServiceFixtures) -> Result<(), Diagnostic> {
        let raw: RawProfiles = source.decode()?;
        if raw.service != service.name {
            let problem = format!("the service is {:?}, but the folder is {:?}", raw.service, service.name);
            return Err(source.at("/service", problem));
        }
        check(source, &raw, &service.requirements)?;
        let profiles: Vec<Profile> =
            raw.profiles.into_iter().map(|(name, raw)| profile(&service.name, name, raw)).collect();
        self.profiles.push(union(&service.name, &profiles));
        self.profiles.extend(profiles);
        self.profiles.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
        self.outside.extend(raw.outside.into_iter().flat_map(pairs));
        Ok(())
    }

    /// Every profile, sorted by service and name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter()
    }

    /// The profiles with these names. An empty list of services selects all services.
    #[must_use]
    pub fn select(&self, names: &[String], services: &[String]) -> Vec<&Profile> {
        let wanted = |profile: &&Profile| {
            names.contains(&profile.name) && (services.is_empty() || services.contains(&profile.service))
        };
        self.profiles.iter().filter(wanted).collect()
    }

    /// The requirements that are in no profile, with the reason.
    pub fn outside(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outside.iter().map(|(id, reason)| (id.as_str(), reason.as_str()))
    }
}

impl Profile {
    /// The level at which a case counts; `None` if it does not count for this profile.
    ///
    /// A case is in the core if it cites a core requirement and needs only documented calls.
    #[must_use]
    pub fn level_of(&self, suite: &Fixtures, case: &Case) -> Option<Level> {
        let cited = case.scenario.cites.iter().filter_map(|id| self.requirements.get(id));
        let level = cited.min().copied()?;
        Some(if needs_help(suite, case) { Level::Extended } else { level })
    }

    /// The cases that count, with their levels.
    #[must_use]
    pub fn cases(&self, suite: &Fixtures) -> Vec<(Case, Level)> {
        let counted = |case: Case| self.level_of(suite, &case).map(|level| (case, level));
        suite.cases().into_iter().filter(|case| case.scenario.service == self.service).filter_map(counted).collect()
    }

    /// The number of requirements at exactly that level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.requirements.values().filter(|each| **each == level).count()
    }
}

/// Returns whether a case needs a state that no documented call reaches, another identity, or another region.
fn needs_help(suite: &Fixtures, case: &Case) -> bool {
    let others = case.needs_caller(CallerName::Denied) || case.needs_caller(CallerName::OtherAccount);
    let unreached = |given: &Given| {
        suite.service(&case.scenario.service).is_none_or(|service| !is_reached(service, given, &mut BTreeSet::new()))
    };
    others || case.needs_other_region() || case.scenario.given.iter().any(unreached)
}

/// Returns whether documented calls reach a state and the states that it requires.
fn is_reached<'s>(service: &'s ServiceFixtures, given: &'s Given, above: &mut BTreeSet<&'s str>) -> bool {
    let Some(state) = service.states.get(&given.state).filter(|_| above.insert(&given.state)) else { return false };
    let reached = state.is_reached_by_calls() && state.given.iter().all(|given| is_reached(service, given, above));
    above.remove(given.state.as_str());
    reached
}

fn pairs(raw: RawReason) -> impl Iterator<Item = (String, String)> {
    let RawReason { because, requirements } = raw;
    requirements.into_iter().map(move |id| (id, because.clone()))
}

fn profile(service: &str, name: String, raw: RawProfile) -> Profile {
    let reasons: BTreeMap<String, String> = raw.extended.into_iter().flat_map(pairs).collect();
    let core = raw.core.into_iter().map(|id| (id, Level::Core));
    let requirements = core.chain(reasons.keys().map(|id| (id.clone(), Level::Extended))).collect();
    Profile { service: service.to_owned(), name, says: raw.says, requirements, reasons }
}

/// A requirement that is in the core of one profile is in the core of the union.
fn union(service: &str, profiles: &[Profile]) -> Profile {
    let mut requirements: BTreeMap<String, Level> = BTreeMap::new();
    for (id, level) in profiles.iter().flat_map(|profile| &profile.requirements) {
        let known = requirements.entry(id.clone()).or_insert(*level);
        *known = (*known).min(*level);
    }
    let reasons = profiles.iter().flat_map(|profile| profile.reasons.clone());
    let reasons = reasons.filter(|(id, _)| requirements.get(id) == Some(&Level::Extended)).collect();
    let says = "All other profiles of the service.".to_owned();
    Profile { service: service.to_owned(), name: FULL.to_owned(), says, requirements, reasons }
}

/// Checks that every requirement exists, is listed once per profile, and is in a profile or below `outside`.
fn check(source: &Source, raw: &RawProfiles, requirements: &Requirements) -> Result<(), Diagnostic> {
    let mut seen = BTreeSet::new();
    for (name, profile) in &raw.profiles {
        let at = format!("/profiles/{name}");
        if name == FULL || profile.core.is_empty() {
            let problem = if name == FULL {
                "is the union of the others and must not be listed"
            } else {
                "has no core requirement"
            };
            return Err(source.at(&at, format!("the profile {name} {problem}")));
        }
        let mut own = BTreeSet::new();
        for id in profile.core.iter().chain(profile.extended.iter().flat_map(|reason| &reason.requirements)) {
            if requirements.get(id).is_none() {
                return Err(source.at(&at, format!("{name} lists {id}, which is not in requirements.yaml")));
            }
            if !own.insert(id) {
                return Err(source.at(&at, format!("{name} lists {id} twice")));
            }
        }
        seen.extend(own);
    }
    check_outside(source, raw, requirements, &seen)
}

fn check_outside(
    source: &Source,
    raw: &RawProfiles,
    requirements: &Requirements,
    seen: &BTreeSet<&String>,
) -> Result<(), Diagnostic> {
    let outside: BTreeSet<&String> = raw.outside.iter().flat_map(|reason| &reason.requirements).collect();
    if let Some(id) = outside.iter().find(|id| seen.contains(*id) || requirements.get(id).is_none()) {
        return Err(source.at("/outside", format!("{id} is below `outside`, but it is in a profile or unknown")));
    }
    let open =
        requirements.iter().find(|requirement| !seen.contains(&requirement.id) && !outside.contains(&requirement.id));
    match open {
        Some(requirement) => Err(source
            .at("/profiles", format!("{} is in no profile", requirement.id))
            .help("add it to a profile, or below `outside` with a reason")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::suite::testing::BUNDLED;

    fn bundled() -> Profiles {
        Profiles::read(&FixtureFiles::bundled_fixtures(), &BUNDLED).unwrap()
    }

    fn one(service: &str, name: &str) -> Profile {
        bundled().select(&[name.to_owned()], &[service.to_owned()])[0].clone()
    }

    #[test]
    fn every_bundled_requirement_is_in_a_profile_or_is_left_out_with_a_reason() {
        let profiles = bundled();
        for requirement in BUNDLED.services().flat_map(|service| service.requirements.iter()) {
            let inside = profiles.iter().any(|profile| profile.requirements.contains_key(&requirement.id));
            let outside = profiles.outside().any(|(id, reason)| id == requirement.id && !reason.is_empty());
            assert!(inside != outside, "{}", requirement.id);
            assert!(requirement.untestable.is_none() || outside, "{} cannot be tested", requirement.id);
        }
    }

    #[test]
    fn each_service_has_the_same_profiles_and_the_full_one_is_their_union() {
        let profiles = bundled();
        for service in ["codedeploy", "proton"] {
            let own: Vec<&Profile> = profiles.iter().filter(|profile| profile.service == service).collect();
            let names: Vec<&str> = own.iter().map(|profile| profile.name.as_str()).collect();
            assert_eq!(names, ["auth", "behaviour", "constraints", FULL, "wire"]);
            let full = own[3];
            let others = || own.iter().filter(|profile| profile.name != FULL).flat_map(|profile| &profile.requirements);
            assert_eq!(full.requirements.len(), others().map(|(id, _)| id).collect::<BTreeSet<_>>().len());
            for (id, level) in others() {
                assert!(full.requirements[id] <= *level, "{id}");
            }
        }
    }

    #[test]
    fn every_case_of_the_suite_counts_for_the_full_profile() {
        let profiles = bundled();
        let full = profiles.select(&[FULL.to_owned()], &[]);
        assert_eq!(full.iter().map(|full| full.cases(&BUNDLED).len()).sum::<usize>(), BUNDLED.cases().len());
    }

    #[rstest]
    #[case::of_the_core("open-stops", Some(Level::Core))]
    #[case::of_a_state_that_no_call_reaches("forced", Some(Level::Extended))]
    #[case::of_a_requirement_that_is_extended("minted-ids", Some(Level::Extended))]
    #[case::of_another_profile("method-get", None)]
    fn the_level_of_a_case_is_that_of_what_it_cites_and_needs(#[case] name: &str, #[case] level: Option<Level>) {
        let profile = one("codedeploy", "constraints");
        let case = BUNDLED.cases().into_iter().find(|case| case.id.0.ends_with(&format!("/{name}"))).unwrap();
        assert_eq!(profile.level_of(&BUNDLED, &case), level);
    }

    #[test]
    fn a_case_that_needs_another_identity_is_extended_though_its_requirement_is_not() {
        let cases = one("proton", "behaviour").cases(&BUNDLED);
        let level = |name: &str| cases.iter().find(|(case, _)| case.id.0.ends_with(name)).unwrap().1;
        assert_eq!((level("/other-account"), level("/unknown-name")), (Level::Extended, Level::Core));
    }

    fn broken(change: impl Fn(&str) -> String) -> String {
        let files = FixtureFiles::bundled_fixtures();
        let texts = files.iter().map(|(path, text)| {
            (path.to_owned(), if path == "proton/profiles.yaml" { change(text) } else { text.to_owned() })
        });
        Profiles::read(&FixtureFiles::from_texts(texts), &BUNDLED).unwrap_err().to_string()
    }

    #[rstest]
    #[case::unknown("CSP-32, CSP-33", "CSP-32, CSP-99", "wire lists CSP-99, which is not in requirements.yaml")]
    #[case::twice("CSP-32, CSP-33", "CSP-33, CSP-33", "wire lists CSP-33 twice")]
    #[case::in_none("CSP-32, CSP-33", "CSP-33", "CSP-32 is in no profile")]
    #[case::both(
        "requirements: [UG-P-03]",
        "requirements: [UG-P-03, CSP-01]",
        "CSP-01 is below `outside`, but it is in a profile"
    )]
    #[case::reserved("  wire:\n", "  full:\n", "is the union of the others and must not be listed")]
    #[case::no_core("core: [CSP-10, CSP-36, SV-P-01, SV-P-02]", "core: []", "the profile auth has no core requirement")]
    #[case::of_another_service(
        "service: proton",
        "service: other",
        "the service is \"other\", but the folder is \"proton\""
    )]
    #[case::form("    says: Sig", "    what: x\n    says: Sig", "unknown field")]
    fn a_broken_file_is_rejected(#[case] from: &str, #[case] to: &str, #[case] says: &str) {
        let error = broken(|text| {
            assert!(text.contains(from));
            text.replacen(from, to, 1)
        });
        assert!(error.contains(says) && error.contains("proton/profiles.yaml"), "{error}");
    }
}
