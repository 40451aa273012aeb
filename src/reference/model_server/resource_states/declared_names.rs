//! The errors of an operation for an identifier of nothing, a name that is taken, and a token that is not one. Only names
//! decide: models do not say when an error is returned.

use std::cmp::Reverse;

use crate::{
    model::{Contract, Operation, ShapeId},
    probe::Resource,
};

/// What an error says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorMeaning {
    /// The resource does not exist.
    Absent,
    /// The name of a new resource is taken.
    Duplicate,
}

const ABSENT: [&str; 6] = ["NotFound", "DoesNotExist", "NoSuch", "NonExist", "NotExist", "Unknown"];
const DUPLICATE: [&str; 6] = ["AlreadyExist", "AlreadyOwned", "Exists", "Duplicate", "InUse", "Conflict"];

/// Words of errors that are about no kind of resource in particular.
const GENERIC: [&str; 3] = ["Resource", "Entity", "Object"];

/// The errors that an operation on a resource declares.
pub(super) struct DeclaredNames<'a> {
    pub(super) contract: &'a Contract,
    pub(super) operation: &'a Operation,
    pub(super) resource: &'a Resource,
}

/// How near an error is to the resource: the least is nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Named,
    Generic,
    Other,
}

impl DeclaredNames<'_> {
    /// The error that says so most plainly, if one does.
    pub(super) fn best(&self, meaning: ErrorMeaning) -> Option<String> {
        let words = match meaning {
            ErrorMeaning::Absent => &ABSENT,
            ErrorMeaning::Duplicate => &DUPLICATE,
        };
        let names = self.operation.errors.iter().filter(|id| self.contract.shape(id).is_some()).map(ShapeId::name);
        let ranked = names.filter_map(|name| {
            let word = words.iter().position(|word| name.contains(word))?;
            let nearness = self.nearness(name, words.get(word)?);
            let is_of_another = nearness == Nearness::Other && meaning == ErrorMeaning::Duplicate && word >= 4;
            (!is_of_another).then_some(((nearness, word), name))
        });
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, name)| name.to_owned())
    }

    fn nearness(&self, name: &str, word: &str) -> Nearness {
        let noun = &self.resource.name;
        let own = self.resource.identifiers.last().map(|own| bare(own)).filter(|own| !own.is_empty());
        let lower = name.to_ascii_lowercase();
        let has = |word: &str| lower.contains(&word.to_ascii_lowercase());
        if has(noun) || own.is_some_and(has) {
            return Nearness::Named;
        }
        let subject = name.split(word).next().unwrap_or_default();
        let is_generic = subject.is_empty() || GENERIC.contains(&subject);
        if is_generic { Nearness::Generic } else { Nearness::Other }
    }
}

/// The name of an identifier without its ending.
fn bare(own: &str) -> &str {
    ["Identifier", "Id", "Name", "Arn", "Url"].iter().find_map(|end| own.strip_suffix(end)).unwrap_or(own)
}

/// The declared error that rejects the token of a page.
pub(super) fn token_error(contract: &Contract, operation: &Operation) -> Option<String> {
    const OF_PAGES: [&str; 4] = ["NextToken", "Pagination", "Marker", "PageToken"];
    const OF_CALLERS: [&str; 7] = ["Grant", "Client", "Idempoten", "Security", "Identity", "Access", "Id"];
    const FAULTS: [&str; 3] = ["Invalid", "Expired", "Malformed"];
    let has = |name: &str, words: &[&str]| words.iter().any(|word| name.contains(word));
    let names = operation.errors.iter().filter(|id| contract.shape(id).is_some()).map(ShapeId::name);
    let of_token = names.filter(|name| {
        let is_of_page = has(name, &OF_PAGES) || (name.contains("Token") && !has(name, &OF_CALLERS));
        has(name, &FAULTS) && is_of_page
    });
    of_token.min_by_key(|name| Reverse(has(name, &["Invalid"]))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::read;

    fn contract(errors: &[&str]) -> Contract {
        let targets: Vec<_> = errors.iter().map(|name| json!({"target": format!("x#{name}")})).collect();
        let mut shapes = json!({
            "x#S": {"type": "service", "version": "1", "operations": [{"target": "x#Get"}]},
            "x#Get": {"type": "operation", "errors": targets},
        });
        for name in errors {
            shapes[format!("x#{name}")] =
                json!({"type": "structure", "members": {}, "traits": {"smithy.api#error": "client"}});
        }
        read("m", &json!({"smithy": "2.0", "shapes": shapes}).to_string()).unwrap()
    }

    #[rstest]
    #[case(ErrorMeaning::Absent, &["LimitExceeded", "NotFoundException"], Some("NotFoundException"))]
    #[case(ErrorMeaning::Absent, &["OwnerNotFound", "ResourceNotFound", "ThingNotFound"], Some("ThingNotFound"))]
    #[case(ErrorMeaning::Absent, &["OwnerNotFound", "ResourceNotFound"], Some("ResourceNotFound"))]
    #[case(ErrorMeaning::Absent, &["NoSuchBucket", "NoSuchThing"], Some("NoSuchThing"))]
    #[case(ErrorMeaning::Absent, &["ThingExists"], None)]
    #[case(ErrorMeaning::Duplicate, &["ThingDoesNotExist"], None)]
    #[case(ErrorMeaning::Duplicate, &["OwnerInUse"], None)]
    #[case(ErrorMeaning::Duplicate, &["OwnerInUse", "ThingNameInUse"], Some("ThingNameInUse"))]
    #[case(ErrorMeaning::Duplicate, &["ResourceConflict", "EntityAlreadyExists"], Some("EntityAlreadyExists"))]
    fn the_nearest_error_is_taken(
        #[case] meaning: ErrorMeaning,
        #[case] errors: &[&str],
        #[case] expected: Option<&str>,
    ) {
        let contract = contract(errors);
        let operation = contract.operation("Get").unwrap();
        let resource =
            Resource { name: "Thing".to_owned(), identifiers: vec!["ThingId".to_owned()], relations: Vec::new() };
        let names = DeclaredNames { contract: &contract, operation, resource: &resource };
        assert_eq!(names.best(meaning).as_deref(), expected);
    }

    #[rstest]
    #[case(&["InvalidNextTokenException"], true)]
    #[case(&["InvalidMarkerException"], true)]
    #[case(&["ExpiredNextTokenException"], true)]
    #[case(&["InvalidGrantTokenException"], false)]
    #[case(&["InvalidIdentityTokenException"], false)]
    #[case(&["NextTokenException"], false)]
    fn some_errors_reject_the_token_of_a_page(#[case] errors: &[&str], #[case] expected: bool) {
        let contract = contract(errors);
        assert_eq!(token_error(&contract, contract.operation("Get").unwrap()).is_some(), expected);
    }
}
