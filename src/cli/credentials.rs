//! Credentials: the `AWS_*` variables, then the shared profile files, then `test`/`test`.
//!
//! Credentials are never printed, and the `Debug` output of their types does not show them.

use std::{env, path::PathBuf};

use super::Failure;
use crate::{
    model::bounded_file::{self, FileKind},
    wire::sigv4::Credentials,
};

/// The credentials of the owner, in the usual order. A named profile comes only from the profile files.
pub(super) fn owner(profile: Option<&str>) -> Result<Credentials, Failure> {
    if let Some(name) = profile {
        return of_profile(name);
    }
    if let Some(credentials) = of_environment("AWS") {
        return Ok(credentials);
    }
    let default = env::var("AWS_PROFILE").unwrap_or_else(|_| "default".to_owned());
    Ok(of_profile(&default).unwrap_or_else(|_| emulators()))
}

/// Another identity: a profile, or the variables `<prefix>_ACCESS_KEY_ID` and so on.
pub(super) fn identity(profile: Option<&str>, prefix: &str) -> Result<Option<Credentials>, Failure> {
    match profile {
        Some(name) => of_profile(name).map(Some),
        None => Ok(of_environment(prefix)),
    }
}

/// The credentials that every emulator accepts.
fn emulators() -> Credentials {
    Credentials { access_key_id: "test".to_owned(), secret_access_key: "test".to_owned(), session_token: None }
}

fn of_environment(prefix: &str) -> Option<Credentials> {
    let variable = |name: &str| env::var(format!("{prefix}_{name}")).ok().filter(|value| !value.is_empty());
    Some(Credentials {
        access_key_id: variable("ACCESS_KEY_ID")?,
        secret_access_key: variable("SECRET_ACCESS_KEY")?,
        session_token: variable("SESSION_TOKEN"),
    })
}

fn of_profile(name: &str) -> Result<Credentials, Failure> {
    let files = [("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config")];
    for (variable, file) in files {
        let path = env::var_os(variable).map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".aws").join(file)));
        let text = path.and_then(|path| bounded_file::text(&path, FileKind::Setting).ok()).unwrap_or_default();
        if let Some(credentials) = parse(&text, name) {
            return Ok(credentials);
        }
    }
    Err(Failure::usage(format!("no access key for the profile {name:?} in the AWS profile files")))
}

/// The access key of a profile in the text of a shared file, whose sections are `[name]` or `[profile name]`.
fn parse(text: &str, name: &str) -> Option<Credentials> {
    let mut inside = false;
    let (mut id, mut secret, mut token) = (None, None, None);
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let section = section.trim();
            inside = section == name || section.strip_prefix("profile ").is_some_and(|section| section.trim() == name);
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| inside && !line.starts_with(['#', ';'])) else {
            continue;
        };
        let value = Some(value.trim().to_owned());
        match key.trim() {
            "aws_access_key_id" => id = value,
            "aws_secret_access_key" => secret = value,
            "aws_session_token" => token = value,
            _ => {}
        }
    }
    Some(Credentials { access_key_id: id?, secret_access_key: secret?, session_token: token })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[default]\naws_access_key_id = A\naws_secret_access_key = B\n# x = y\n\n[profile two]\naws_access_key_id=C\naws_secret_access_key=D\naws_session_token=E\n[empty]\nregion = x\n";

    #[test]
    fn a_profile_is_read_from_either_kind_of_section() {
        let default = parse(FILE, "default").unwrap();
        assert_eq!((default.access_key_id.as_str(), default.session_token), ("A", None));
        let two = parse(FILE, "two").unwrap();
        assert_eq!((two.secret_access_key.as_str(), two.session_token.as_deref()), ("D", Some("E")));
    }

    #[test]
    fn a_profile_without_a_key_is_not_a_profile() {
        assert!(parse(FILE, "empty").is_none() && parse(FILE, "gone").is_none());
    }
}
