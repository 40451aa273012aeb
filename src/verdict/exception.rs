//! Rules that real AWS breaks in one place: what is an error elsewhere is a warning there.

use crate::contract::Rule;

/// A required member that AWS itself leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The service, by the name that its requests are signed with.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The member, as a JSON pointer into the answer in which `*` is any item or entry, and without regard to case:
    /// `/tags/*/key`. Everything below it is meant too; an empty one is the whole answer.
    pub pointer: &'static str,
    /// Why AWS leaves it out.
    pub reason: &'static str,
}

/// Every known one, by service.
pub const EXCEPTIONS: &[Exception] = &[];

impl Exception {
    fn covers(&self, pointer: &str) -> bool {
        let mut tokens = pointer.split('/').skip(1);
        self.pointer
            .split('/')
            .skip(1)
            .all(|step| tokens.next().is_some_and(|token| step == "*" || token.eq_ignore_ascii_case(step)))
    }
}

/// The exception that a broken rule falls under, if it does.
#[must_use]
pub fn exception(service: &str, operation: &str, rule: Rule, pointer: &str) -> Option<&'static Exception> {
    let mut known = EXCEPTIONS.iter().filter(|_| rule == Rule::Required);
    known.find(|one| one.service == service && one.operation == operation && one.covers(pointer))
}
