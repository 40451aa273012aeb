//! The forms of a resource's identifiers: one resource has a name, an id, an ARN, and its operations return several of
//! them.

use super::{
    Resource,
    identifier::{ENDINGS, OWN, is_of, rank},
};

/// A form of identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityForm {
    /// The identifier that the operations require, if its name says nothing else.
    Own,
    /// An id.
    Id,
    /// A name.
    Name,
    /// An ARN.
    Arn,
    /// A URL.
    Url,
}

/// The forms of the endings of names, in the order of [`ENDINGS`].
const FORMS: [IdentityForm; ENDINGS.len()] =
    [IdentityForm::Id, IdentityForm::Id, IdentityForm::Name, IdentityForm::Arn, IdentityForm::Url];

impl Resource {
    /// The form in which a string identifies this resource, by the name of its member and those of the structures around
    /// it; `None` if it does not.
    #[must_use]
    pub fn identity_form(&self, member: &str, path: &[String]) -> Option<IdentityForm> {
        let own = self.identifiers.last();
        if let Some(own) = own.filter(|own| own.eq_ignore_ascii_case(member)) {
            let by_name = rank(own, &self.name).and_then(form);
            return Some(by_name.unwrap_or(IdentityForm::Own));
        }
        // What a request calls by the noun alone is a name.
        if own.is_some_and(|own| own.eq_ignore_ascii_case(&self.name)) && member.eq_ignore_ascii_case("Name") {
            return Some(IdentityForm::Own);
        }
        let rank = rank(member, &self.name).filter(|rank| *rank < OWN || is_of(path, &self.name))?;
        form(rank)
    }
}

fn form(rank: usize) -> Option<IdentityForm> {
    let ending = if rank < OWN { rank.checked_sub(1)? } else { (rank - OWN) % ENDINGS.len() };
    FORMS.get(ending).copied()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::own("KeyId", "Key", "KeyId", &[], Some(IdentityForm::Id))]
    #[case::other_form("KeyId", "Key", "KeyArn", &[], Some(IdentityForm::Arn))]
    #[case::without_noun("KeyId", "Key", "Arn", &["KeyMetadata"], Some(IdentityForm::Arn))]
    #[case::of_another("KeyId", "Key", "Arn", &["Owner"], None)]
    #[case::own_word("UUID", "Mapping", "UUID", &[], Some(IdentityForm::Own))]
    #[case::noun("Bucket", "Bucket", "Name", &[], Some(IdentityForm::Own))]
    #[case::last_word("VersionId", "PolicyVersion", "VersionId", &[], Some(IdentityForm::Id))]
    #[case::text("PolicyArn", "Policy", "Policy", &[], None)]
    #[case::other("KeyId", "Key", "Description", &[], None)]
    fn a_member_identifies_a_resource_in_a_form(
        #[case] own: &str,
        #[case] noun: &str,
        #[case] member: &str,
        #[case] path: &[&str],
        #[case] expected: Option<IdentityForm>,
    ) {
        let resource = Resource { name: noun.to_owned(), identifiers: vec![own.to_owned()], relations: Vec::new() };
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        assert_eq!(resource.identity_form(member, &path), expected);
    }
}
