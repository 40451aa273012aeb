//! Pages of a list: their limit, and the tokens that lead to the next ones.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    model::{Contract, Member, Operation, ShapeId, ShapeKind},
    probe::Examples,
    reference::bounded::Bounded,
    wire::digest::Sha256,
};

/// At most this many tokens are kept. A new one beyond it drops the oldest.
const MOST: usize = 4_096;

/// The size of a page without a limit.
const DEFAULT_LIMIT: usize = 1_000;

/// Input members that limit a page, in lower case.
const LIMITS: [&str; 20] = [
    "maxresults",
    "maxrecords",
    "maxitems",
    "limit",
    "pagesize",
    "maxkeys",
    "maxbuckets",
    "maxdirectorybuckets",
    "maxuploads",
    "maxparts",
    "maximumpagesize",
    "resourcesperpage",
    "maxnumberofdomains",
    "maxjobs",
    "maxrows",
    "maxannotationresults",
    "maxnamespaces",
    "maxtables",
    "maxentries",
    "maxnumberofresults",
];

/// Output members that lead to the next page, in lower case.
const NEXT: [&str; 7] = [
    "nexttoken",
    "nextmarker",
    "nextpagetoken",
    "nextcontinuationtoken",
    "nextpagemarker",
    "paginationtoken",
    "position",
];

/// Names of members that are in inputs and outputs alike, in lower case.
const BOTH: [&str; 3] = ["marker", "continuationtoken", "pagetoken"];

/// Input members that take a token, in lower case, beside those of the output.
const TAKEN: [&str; 6] = ["nexttoken", "marker", "continuationtoken", "pagetoken", "startingtoken", "nextmarker"];

/// Output members that say whether pages follow, in lower case.
const MORE: [&str; 6] =
    ["istruncated", "truncated", "hasmoreresults", "hasmore", "additionaldatapending", "hasmorestreams"];

/// Output members with the number of items on a page, in lower case.
const COUNTS: [&str; 3] = ["quantity", "keycount", "count"];

/// The members of an operation that make pages.
pub(super) struct PageMembers<'c> {
    contract: &'c Contract,
    limit: Option<&'c Member>,
    token: Option<&'c Member>,
    /// The member for the next token, and whether it is beside the list.
    next: Option<(&'c Member, bool)>,
}

/// The digest of an input without its limit and its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilterDigest([u8; 32]);

impl FilterDigest {
    pub(super) fn of(filter: &Map<String, Value>) -> Self {
        let sorted: BTreeMap<&String, String> = filter.iter().map(|(name, value)| (name, value.to_string())).collect();
        Self(Sha256::digest(format!("{sorted:?}")))
    }
}

/// Where a page begins, and what it is of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PageStart {
    pub(super) operation: String,
    pub(super) filter: FilterDigest,
    /// The number of the first item.
    pub(super) from: u64,
}

impl<'c> PageMembers<'c> {
    /// The members of an operation whose output has the list in a structure.
    pub(super) fn of(contract: &'c Contract, operation: &Operation, holder: &ShapeId) -> Self {
        let inputs = contract.members(&operation.input);
        let is_text = |member: &&Member| {
            matches!(contract.shape(&member.target).map(|shape| &shape.kind), Some(ShapeKind::String))
        };
        let is_integer = |member: &&Member| {
            matches!(contract.shape(&member.target).map(|shape| &shape.kind), Some(ShapeKind::Number(_)))
        };
        let find = |members: &'c [Member], names: &[&str]| {
            names.iter().find_map(|name| members.iter().filter(is_text).find(|one| one.name.eq_ignore_ascii_case(name)))
        };
        let next = [(holder, true), (&operation.output, false)].into_iter().find_map(|(shape, is_beside)| {
            let members = contract.members(shape);
            find(members, &NEXT).or_else(|| find(members, &BOTH)).map(|member| (member, is_beside))
        });
        let same = next.and_then(|(member, _)| find(inputs, &[member.name.as_str()]));
        let limits = inputs.iter().filter(is_integer);
        let limit = limits.clone().find(|member| LIMITS.contains(&member.name.to_ascii_lowercase().as_str()));
        Self { contract, limit, token: same.or_else(|| find(inputs, &TAKEN)), next }
    }

    /// The greatest number of items on a page that starts here.
    pub(super) fn limit(&self, input: &Map<String, Value>) -> Option<usize> {
        let value = self.limit.and_then(|member| input.get(&member.name))?;
        usize::try_from(value.as_u64()?).ok().filter(|limit| *limit > 0)
    }

    /// The same, by the model where the input gives none.
    pub(super) fn size(&self, input: &Map<String, Value>, list: Option<&Member>) -> usize {
        let shape = list.and_then(|list| self.contract.shape(&list.target));
        let most = shape.and_then(|shape| shape.traits.length()?.max).and_then(|max| usize::try_from(max).ok());
        self.limit(input).unwrap_or(DEFAULT_LIMIT).min(most.unwrap_or(usize::MAX)).max(1)
    }

    /// The token of the input, if it has one.
    pub(super) fn given<'i>(&self, input: &'i Map<String, Value>) -> Option<&'i str> {
        input.get(&self.token?.name)?.as_str().filter(|token| !token.is_empty())
    }

    /// Returns whether pages can follow one another.
    pub(super) fn continues(&self) -> bool {
        self.token.is_some() && self.next.is_some()
    }

    /// The input without its limit and its token.
    pub(super) fn filter(&self, input: &Map<String, Value>) -> Map<String, Value> {
        let mut filter = input.clone();
        for member in [self.limit, self.token].into_iter().flatten() {
            filter.shift_remove(&member.name);
        }
        filter
    }

    /// Writes the next token, and the members that depend on it, beside the list and into the output.
    pub(super) fn write(&self, output: &mut Value, path: &[String], holder: &ShapeId, page: &WrittenPage<'_>) {
        let root = page.output;
        self.write_into(output, root, !path.is_empty(), page);
        if !path.is_empty() {
            let inner = path.iter().try_fold(output, |value, step| value.get_mut(step));
            if let Some(inner) = inner {
                self.write_into(inner, holder, false, page);
            }
        }
    }

    fn write_into(&self, value: &mut Value, shape: &ShapeId, is_around: bool, page: &WrittenPage<'_>) {
        let Value::Object(members) = value else { return };
        for member in self.contract.members(shape) {
            let name = member.name.to_ascii_lowercase();
            let kind = self.contract.shape(&member.target).map(|shape| &shape.kind);
            let is_next = self.next.is_some_and(|(next, is_beside)| next.name == member.name && is_beside != is_around);
            match kind {
                Some(ShapeKind::String) if is_next => match page.token {
                    Some(token) => drop(members.insert(member.name.clone(), token.into())),
                    None => drop(members.shift_remove(&member.name)),
                },
                Some(ShapeKind::Boolean) if MORE.contains(&name.as_str()) => {
                    members.insert(member.name.clone(), page.token.is_some().into());
                }
                Some(ShapeKind::Number(_)) if COUNTS.contains(&name.as_str()) => {
                    members.insert(member.name.clone(), page.items.into());
                }
                _ => {}
            }
        }
    }
}

/// What is written of a page beside its items.
pub(super) struct WrittenPage<'p> {
    pub(super) output: &'p ShapeId,
    pub(super) token: Option<&'p str>,
    pub(super) items: usize,
}

/// The tokens that were returned.
#[derive(Debug)]
pub(super) struct PageTokens(Bounded<String, PageStart>);

impl Default for PageTokens {
    fn default() -> Self {
        Self(Bounded::new(MOST))
    }
}

impl PageTokens {
    /// The page that a token leads to, if the operation returned it for the same input.
    pub(super) fn start(&self, token: &str, operation: &Operation, filter: FilterDigest) -> Option<u64> {
        let start = self.0.get(&token.to_owned())?;
        (start.operation == operation.name && start.filter == filter).then_some(start.from)
    }

    /// Returns whether another operation returned a token.
    pub(super) fn is_foreign(&self, token: &str, operation: &Operation) -> bool {
        self.0.get(&token.to_owned()).is_some_and(|start| start.operation != operation.name)
    }

    /// A new token to a page, if the model allows one in the output and in the input.
    pub(super) fn issue(
        &mut self,
        members: &PageMembers<'_>,
        examples: &Examples,
        mut salt: impl FnMut() -> u64,
        start: PageStart,
    ) -> Option<String> {
        const TURNS: usize = 16;
        let (next, taken) = (members.next?.0, members.token?);
        let token = (0..TURNS).find_map(|_| {
            let text = examples.text(next, salt())?;
            (examples.allows(taken, &text) && !self.0.contains(&text)).then_some(text)
        })?;
        self.0.insert(token.clone(), start);
        Some(token)
    }
}
