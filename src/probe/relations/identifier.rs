//! The members that identify a resource, in inputs and outputs.

use std::collections::{BTreeSet, VecDeque};

use super::{Named, OutputPath, Relation, RelationRole, Resource};
use crate::model::{Contract, Member, Operation, ShapeId, ShapeKind};

/// The deepest structures of an output that are searched for an identifier.
const DEEPEST: usize = 3;

/// Endings of a member's name after the noun of a resource, the likeliest first. They also stand alone.
pub(super) const ENDINGS: [&str; 5] = ["Id", "Identifier", "Name", "Arn", "Url"];

/// A resource with the identifiers of its operations; `tagging`: operations on the tags of any resource; `stated`: its
/// identifiers by the model.
pub(super) fn resource(
    contract: &Contract,
    name: String,
    named: &Named<'_>,
    tagging: &Named<'_>,
    stated: Option<&[String]>,
) -> Resource {
    let identifiers = stated.map_or_else(|| identifiers(contract, &name, named), <[String]>::to_vec);
    let relations = named.iter().map(|(role, operation)| relation(contract, &name, &identifiers, *role, operation));
    let mut relations: Vec<Relation> = relations.collect();
    let is_made = relations.iter().any(|relation| relation.role == RelationRole::Creates);
    if is_made {
        let has_tags = is_taggable(contract, &name, named);
        // What is identified by the ARN of another resource has no tags of its own.
        let is_meant = has_tags || !identifiers.last().is_some_and(|own| is_general_arn(own));
        let own = tagging.iter().filter(|_| is_meant);
        relations.extend(own.filter_map(|(role, operation)| of_tags(contract, &identifiers, *role, operation)));
        let others = tagging.iter().filter(|_| has_tags);
        let others = others.filter(|(_, one)| !relations.iter().any(|known| known.operation == one.name));
        let others: Vec<Relation> =
            others.filter_map(|(role, operation)| of_any_tags(contract, *role, operation)).collect();
        relations.extend(others);
    }
    relations.sort_by(|one, other| (one.role, &one.operation).cmp(&(other.role, &other.operation)));
    Resource { name, identifiers, relations }
}

/// An operation that tags any resource, if it identifies this one as others do.
fn of_tags(contract: &Contract, identifiers: &[String], role: RelationRole, operation: &Operation) -> Option<Relation> {
    let own = identifiers.last()?;
    let member = contract.members(&operation.input).iter().find(|member| member.name == *own)?;
    let input = vec![member.name.clone()];
    Some(Relation { role, operation: operation.name.clone(), input, output: None, confidence: 0.9 })
}

/// An operation that tags any resource by its ARN.
fn of_any_tags(contract: &Contract, role: RelationRole, operation: &Operation) -> Option<Relation> {
    let is_arn = |member: &&Member| {
        is_general_arn(&member.name) && member.traits.required() && is_text(contract, &member.target)
    };
    let input = vec![contract.members(&operation.input).iter().find(is_arn)?.name.clone()];
    Some(Relation { role, operation: operation.name.clone(), input, output: None, confidence: 0.8 })
}

/// Returns whether a member takes the ARN of any resource.
pub(super) fn is_general_arn(name: &str) -> bool {
    ["ResourceArn", "Resource", "Arn"].iter().any(|general| general.eq_ignore_ascii_case(name))
}

/// Returns whether a resource is made with tags, and its ARN is returned then.
fn is_taggable(contract: &Contract, noun: &str, named: &Named<'_>) -> bool {
    let is_tags = |member: &Member| ["tags", "taglist"].contains(&member.name.to_ascii_lowercase().as_str());
    named.iter().filter(|(role, _)| *role == RelationRole::Creates).any(|(_, operation)| {
        contract.members(&operation.input).iter().any(is_tags) && arn_in_output(contract, operation, noun).is_some()
    })
}

/// Where an output has the ARN of a resource.
pub(super) fn arn_in_output(contract: &Contract, operation: &Operation, noun: &str) -> Option<OutputPath> {
    in_output(contract, operation, noun, Some(&format!("{noun}Arn")))
}

/// The members that most operations on one resource require.
fn identifiers(contract: &Contract, noun: &str, named: &Named<'_>) -> Vec<String> {
    let ends = |role: RelationRole| matches!(role, RelationRole::Reads | RelationRole::Deletes);
    let plain: Vec<&Operation> =
        named.iter().filter(|(role, _)| ends(*role)).map(|(_, operation)| *operation).collect();
    let any = || named.iter().filter(|(role, _)| role.identifies()).map(|(_, operation)| *operation).collect();
    let operations: Vec<&Operation> = if plain.is_empty() { any() } else { plain };
    let required = |member: &&Member| member.traits.required() && may_identify(contract, member);
    let named_so = |member: &&Member| may_identify(contract, member) && rank(&member.name, noun).is_some();
    let common = most_common(&operations, |operation| {
        contract.members(&operation.input).iter().filter(required).map(|member| member.name.clone()).collect()
    });
    // What one operation alone requires may be a value.
    let is_sure = operations.iter().map(|operation| &operation.name).collect::<BTreeSet<_>>().len() > 1;
    let named: Vec<String> = common.iter().filter(|name| rank(name, noun).is_some()).cloned().collect();
    match (common.is_empty(), is_sure, named.is_empty()) {
        (true, ..) => {}
        (false, true, _) => return common,
        (false, false, true) => return common.into_iter().take(1).collect(),
        (false, false, false) => return named,
    }
    most_common(&operations, |operation| {
        contract.members(&operation.input).iter().filter(named_so).map(|member| member.name.clone()).collect()
    })
}

/// The names that more than half of the operations have, in the order of the first one that has them.
fn most_common(operations: &[&Operation], names: impl Fn(&Operation) -> Vec<String>) -> Vec<String> {
    let all: Vec<Vec<String>> = operations.iter().map(|operation| names(operation)).collect();
    let mut common: Vec<String> = Vec::new();
    for name in all.iter().flatten() {
        let having = all.iter().filter(|names| names.contains(name)).count();
        if 2 * having > all.len() && !common.contains(name) {
            common.push(name.clone());
        }
    }
    common
}

/// Returns whether a member may identify a resource: a text that is no secret, no choice and no position in a list.
fn may_identify(contract: &Contract, member: &Member) -> bool {
    let is_string = contract.shape(&member.target).is_some_and(|shape| matches!(shape.kind, ShapeKind::String));
    let name = member.name.to_ascii_lowercase();
    is_string && !["token", "iterator"].iter().any(|word| name.contains(word))
}

pub(super) fn is_text(contract: &Contract, target: &ShapeId) -> bool {
    let kind = contract.shape(target).map(|shape| &shape.kind);
    matches!(kind, Some(ShapeKind::String | ShapeKind::Enum(_)))
}

/// Ranks below this one are of names that have the noun.
pub(super) const OWN: usize = ENDINGS.len() + 1;

/// The last word of a noun: `Task` of `ExportTask`.
fn last_word(noun: &str) -> &str {
    noun.rfind(|c: char| c.is_ascii_uppercase()).map_or(noun, |at| &noun[at..])
}

/// How well a name fits an identifier of a noun: the least is best; `None` if it does not.
pub(in crate::probe) fn rank(name: &str, noun: &str) -> Option<usize> {
    let bare = |noun: &str| {
        let head = name.get(..noun.len()).filter(|head| head.eq_ignore_ascii_case(noun));
        head.map(|head| &name[head.len()..])
    };
    let ends = |rest: &str| ENDINGS.iter().position(|ending| rest.eq_ignore_ascii_case(ending));
    if let Some(rest) = bare(noun) {
        return if rest.is_empty() { Some(0) } else { ends(rest).map(|at| at + 1) };
    }
    let of_last_word = || bare(last_word(noun)).filter(|rest| !rest.is_empty()).and_then(ends);
    ends(name).map(|at| at + OWN).or_else(|| of_last_word().map(|at| at + OWN + ENDINGS.len()))
}

fn relation(
    contract: &Contract,
    noun: &str,
    identifiers: &[String],
    role: RelationRole,
    operation: &Operation,
) -> Relation {
    let members = contract.members(&operation.input);
    let has = |name: &&String| members.iter().any(|member| member.name == **name);
    let mut input: Vec<String> = identifiers.iter().filter(has).cloned().collect();
    let own = identifiers.last();
    if role == RelationRole::Creates && own.is_some_and(|own| !input.contains(own)) {
        let chosen = chosen_name(contract, noun, operation);
        input.extend(chosen.filter(|chosen| !input.contains(chosen)));
    }
    if role == RelationRole::Lists {
        input.clear();
    }
    let output = match role {
        RelationRole::Lists => in_list(contract, operation, noun, own),
        RelationRole::Creates | RelationRole::Reads | RelationRole::Updates => {
            in_output(contract, operation, noun, own)
        }
        _ => None,
    };
    let is_found = !input.is_empty() || output.is_some();
    Relation { role, operation: operation.name.clone(), input, output, confidence: if is_found { 0.9 } else { 0.6 } }
}

/// The member by which the caller names a new resource.
pub(super) fn chosen_name(contract: &Contract, noun: &str, operation: &Operation) -> Option<String> {
    let members = contract.members(&operation.input).iter();
    let is_name = |name: &str| name.eq_ignore_ascii_case("Name") || name.eq_ignore_ascii_case(&format!("{noun}Name"));
    let mut texts = members.filter(|member| is_text(contract, &member.target));
    texts.find(|member| is_name(&member.name)).map(|member| member.name.clone())
}

/// Returns whether a member holds an identifier of a noun, and how well: the name of the input comes first.
fn fits(name: &str, noun: &str, own: Option<&String>) -> Option<usize> {
    if own.is_some_and(|own| own.eq_ignore_ascii_case(name)) {
        return Some(0);
    }
    // What a request calls by the noun alone is a name.
    if own.is_some_and(|own| own.eq_ignore_ascii_case(noun)) && name.eq_ignore_ascii_case("Name") {
        return Some(0);
    }
    let suits = own.is_none_or(|own| suits(name, own));
    // A member that is named as the resource is the resource: the text of a policy, and not its name.
    rank(name, noun).filter(|rank| *rank > 0 && suits)
}

/// Returns whether a value can be given as an identifier: an ARN is not a name, and the reverse.
fn suits(name: &str, own: &str) -> bool {
    let ends = |text: &str, ending: &str| text.to_ascii_lowercase().ends_with(ending);
    ["arn", "url", "name"].iter().all(|ending| !ends(own, ending) || ends(name, ending))
}

/// The identifier in the output, without the items of lists.
pub(super) fn in_output(
    contract: &Contract,
    operation: &Operation,
    noun: &str,
    own: Option<&String>,
) -> Option<OutputPath> {
    in_structure(contract, &operation.output, noun, own).map(OutputPath)
}

/// The shallowest member that identifies a resource, in structures inside structures.
fn in_structure(contract: &Contract, root: &ShapeId, noun: &str, own: Option<&String>) -> Option<Vec<String>> {
    let mut open = VecDeque::from([(root, Vec::new())]);
    while let Some((id, path)) = open.pop_front() {
        let members = contract.members(id);
        let texts = members.iter().filter(|member| is_text(contract, &member.target));
        let ranked = texts.filter_map(|member| Some((fits(&member.name, noun, own)?, member)));
        let best = ranked.filter(|(rank, _)| *rank < OWN || is_of(&path, noun)).min_by_key(|(rank, _)| *rank);
        if let Some((_, member)) = best {
            return Some([path, vec![member.name.clone()]].concat());
        }
        if path.len() + 1 < DEEPEST {
            let inner =
                members.iter().map(|member| (&member.target, [path.clone(), vec![member.name.clone()]].concat()));
            open.extend(inner);
        }
    }
    None
}

/// Returns whether a structure is about a noun: a bare `Id` in it identifies the resource, and not its owner.
pub(super) fn is_of(path: &[String], noun: &str) -> bool {
    let word = last_word(noun).to_ascii_lowercase();
    path.last().is_none_or(|name| name.to_ascii_lowercase().contains(&word))
}

/// The identifiers in the output of an operation that lists. A list of texts that is named otherwise, such as warnings,
/// counts only where there is nothing else.
fn in_list(contract: &Contract, operation: &Operation, noun: &str, own: Option<&String>) -> Option<OutputPath> {
    let mut open = VecDeque::from([(&operation.output, Vec::new())]);
    let mut other = None;
    while let Some((id, path)) = open.pop_front() {
        for member in contract.members(id) {
            let at = [path.clone(), vec![member.name.clone()]].concat();
            match contract.shape(&member.target).map(|shape| &shape.kind) {
                Some(ShapeKind::List(item) | ShapeKind::Map { value: item, .. }) => {
                    let at = [at, vec![OutputPath::ITEMS.to_owned()]].concat();
                    if is_text(contract, &item.target) {
                        if is_list_of(&member.name, noun, own) {
                            return Some(OutputPath(at));
                        }
                        other = other.or(Some(OutputPath(at)));
                    } else if let Some(inner) = in_structure(contract, &item.target, noun, own) {
                        return Some(OutputPath([at, inner].concat()));
                    }
                }
                Some(ShapeKind::Structure(_)) if at.len() < DEEPEST => open.push_back((&member.target, at)),
                _ => {}
            }
        }
    }
    other
}

/// Returns whether a list of texts is named after the identifiers of a noun, or after the noun.
fn is_list_of(name: &str, noun: &str, own: Option<&String>) -> bool {
    let singular = name.strip_suffix('s').unwrap_or(name);
    rank(singular, noun).is_some() || own.is_some_and(|own| own.eq_ignore_ascii_case(singular))
}
