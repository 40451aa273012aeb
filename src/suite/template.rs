//! Values with `${…}` in them, and the bindings that fill them.
//!
//! An expression is a path (`${row.name}`, `${created.deploymentId}`, `${items/0/id}`) or one of four
//! functions: `repeat('a', 101)`, `unique('svc')` (a new valid name), `deployment_id('x')` (a well-formed
//! one that no endpoint assigned) and `uuid('x')`. The last three are derived from the seed, the case and their
//! argument: the same in one case, different in any other, and the same again when a run is repeated.
//! Filters after a `|` change the text of an expression: `${created.deploymentId | cut(1)}`.
//! `$${` is a literal `${`. A string that is one expression keeps the type of its value.

mod text_filter;

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{
    model::{JsonText, pointer::child},
    wire::{digest::Sha256, sigv4::hex},
};

pub use text_filter::TextFilter;

/// A JSON value whose strings may contain expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// A value without expressions.
    Literal(Value),
    /// One expression, whose value keeps its type.
    Whole(Expression),
    /// A string with expressions in it.
    Text(Vec<TemplatePart>),
    /// An array.
    Array(Vec<Template>),
    /// An object, whose keys may contain expressions, too.
    Object(Vec<(Template, Template)>),
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    /// A literal part.
    Literal(String),
    /// An expression to fill in.
    Expression(Expression),
}

/// The expression between `${` and `}`.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A variable, and where to go in its value.
    Path {
        /// The variable's name.
        root: String,
        /// The member names and indices below it.
        tokens: Vec<String>,
    },
    /// The same, or null where the value has nothing there. Only probes use it.
    IfKnown {
        /// The variable's name.
        root: String,
        /// The member names and indices below it.
        tokens: Vec<String>,
    },
    /// A string, repeated.
    Repeat {
        /// The string to repeat.
        text: String,
        /// The number of repetitions.
        times: usize,
    },
    /// A new name that every AWS name pattern allows.
    Unique(String),
    /// A well-formed deployment id that no endpoint assigned.
    DeploymentId(String),
    /// A UUID.
    Uuid(String),
    /// The text of another expression, changed.
    Filtered {
        /// The expression.
        of: Box<Expression>,
        /// The filters, in the order of application.
        filters: Vec<TextFilter>,
    },
}

/// The longest string that `repeat` makes: a fixture must not exhaust the memory.
const LONGEST_REPEAT: usize = 16 << 20;

/// A template that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct TemplateError {
    /// The JSON pointer of the string inside the template.
    pub pointer: String,
    /// The reason why it cannot be read.
    pub problem: TemplateProblem,
}

/// The reason why a template cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TemplateProblem {
    /// An expression without its closing brace.
    #[error("the expression that starts with \"${{\" does not end")]
    OpenExpression,
    /// An argument that is not quoted.
    #[error("expected a string in single quotes, got {0}")]
    NotQuoted(String),
    /// `repeat` does not have its two arguments.
    #[error("repeat needs a string and a number: repeat('a', 101)")]
    RepeatArguments,
    /// A count of `repeat` that is not a number.
    #[error("expected a number of times, got {0}")]
    NotACount(String),
    /// The result of `repeat` is longer than the limit.
    #[error("repeat makes at most {LONGEST_REPEAT} bytes")]
    RepeatTooLong,
    /// `replace` does not have its two arguments.
    #[error("replace needs two strings: replace('-', '_')")]
    ReplaceArguments,
    /// An unknown filter.
    #[error("unknown filter {0:?}: expected swap_case, full_width, digits, cut(1) or replace('-', '_')")]
    UnknownFilter(String),
    /// An unknown function.
    #[error("unknown function {0:?}: expected repeat, unique, deployment_id or uuid")]
    UnknownFunction(String),
    /// The expression is neither a path nor a function.
    #[error("expected a path such as created.deploymentId or a function such as unique('svc'), got {0:?}")]
    NotAnExpression(String),
}

/// A template that cannot be filled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BindError {
    /// The variable is not bound.
    #[error("no value for {0:?}")]
    Unknown(String),
    /// The variable has nothing at that path.
    #[error("{} has no {path:?}", named(root, state.as_deref()))]
    Missing {
        /// The variable.
        root: String,
        /// The state whose variables it holds.
        state: Option<String>,
        /// The path that leads nowhere.
        path: String,
    },
    /// The filters of an expression do not change its text, so that the step would send another request than it says.
    #[error("the filters leave {0:?} as it is")]
    Unchanged(String),
}

fn named(variable: &str, state: Option<&str>) -> String {
    let state = state.map(|state| format!(" (the state {state:?})")).unwrap_or_default();
    format!("{variable:?}{state}")
}

impl Template {
    /// Reads every `${…}` of a value.
    ///
    /// # Errors
    /// An unknown expression, or one that does not end.
    pub fn read(value: &Value) -> Result<Self, TemplateError> {
        Self::read_at(value, "")
    }

    fn read_at(value: &Value, pointer: &str) -> Result<Self, TemplateError> {
        match value {
            Value::String(text) => {
                parse(text).map_err(|problem| TemplateError { pointer: pointer.to_owned(), problem })
            }
            Value::Array(items) => {
                let items =
                    items.iter().enumerate().map(|(index, item)| Self::read_at(item, &format!("{pointer}/{index}")));
                Ok(Self::collapse_array(items.collect::<Result<_, _>>()?))
            }
            Value::Object(map) => {
                let members = map.iter().map(|(name, value)| {
                    let at = child(pointer, name);
                    let key = parse(name).map_err(|problem| TemplateError { pointer: at.clone(), problem })?;
                    Ok((key, Self::read_at(value, &at)?))
                });
                Ok(Self::collapse_object(members.collect::<Result<_, _>>()?))
            }
            other => Ok(Self::Literal(other.clone())),
        }
    }

    fn collapse_array(items: Vec<Self>) -> Self {
        let literals: Option<Vec<Value>> = items.iter().map(Self::literal).collect();
        literals.map_or(Self::Array(items), |values| Self::Literal(Value::Array(values)))
    }

    fn collapse_object(members: Vec<(Self, Self)>) -> Self {
        let literals: Option<Map<String, Value>> =
            members.iter().map(|(name, value)| Some((as_text(&name.literal()?), value.literal()?))).collect();
        literals.map_or(Self::Object(members), |map| Self::Literal(Value::Object(map)))
    }

    fn literal(&self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            _ => None,
        }
    }

    /// The value with every expression filled in.
    ///
    /// # Errors
    /// A variable, or a part of one, that the bindings do not have.
    pub fn fill(&self, bindings: &Bindings) -> Result<Value, BindError> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Whole(expression) => bindings.evaluate(expression),
            Self::Text(parts) => parts
                .iter()
                .try_fold(String::new(), |mut text, part| {
                    match part {
                        TemplatePart::Literal(literal) => text.push_str(literal),
                        TemplatePart::Expression(expression) => {
                            text.push_str(&as_text(&bindings.evaluate(expression)?));
                        }
                    }
                    Ok(text)
                })
                .map(Value::String),
            Self::Array(items) => {
                items.iter().map(|item| item.fill(bindings)).collect::<Result<_, _>>().map(Value::Array)
            }
            Self::Object(members) => members
                .iter()
                .map(|(name, value)| Ok((as_text(&name.fill(bindings)?), value.fill(bindings)?)))
                .collect::<Result<_, _>>()
                .map(Value::Object),
        }
    }

    /// The same without a copy of a value that holds no expression.
    ///
    /// # Errors
    /// A variable, or a part of one, that the bindings do not have.
    pub fn filled(&self, bindings: &Bindings) -> Result<Cow<'_, Value>, BindError> {
        match self {
            Self::Literal(value) => Ok(Cow::Borrowed(value)),
            other => other.fill(bindings).map(Cow::Owned),
        }
    }

    /// The value with the known expressions filled in, and the pointers of the unknown ones, where a null is.
    #[must_use]
    pub fn fill_known(&self, bindings: &Bindings) -> (Value, Vec<String>) {
        let mut unknown = Vec::new();
        let value = self.fill_known_at(bindings, "", &mut unknown);
        (value, unknown)
    }

    fn fill_known_at(&self, bindings: &Bindings, pointer: &str, unknown: &mut Vec<String>) -> Value {
        match self {
            Self::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| item.fill_known_at(bindings, &child(pointer, &index.to_string()), unknown))
                .collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    // A name that only a run knows cannot be looked up before it.
                    let name = name.fill(bindings).map(|name| as_text(&name)).unwrap_or_default();
                    let at = child(pointer, &name);
                    (name, value.fill_known_at(bindings, &at, unknown))
                })
                .collect(),
            other => other.fill(bindings).unwrap_or_else(|_| {
                unknown.push(pointer.to_owned());
                Value::Null
            }),
        }
    }

    /// The variables that it uses, once for each use.
    #[must_use]
    pub fn roots(&self) -> Vec<&str> {
        let expressions = self.expressions().into_iter();
        expressions.filter_map(|(_, expression)| expression.path()).map(|(root, _)| root).collect()
    }

    /// Every expression, with the JSON pointer of the string that contains it; for a key, that of its object.
    #[must_use]
    pub fn expressions(&self) -> Vec<(String, &Expression)> {
        let mut found = Vec::new();
        self.add_expressions("", &mut found);
        found
    }

    fn add_expressions<'t>(&'t self, pointer: &str, found: &mut Vec<(String, &'t Expression)>) {
        match self {
            Self::Literal(_) => {}
            Self::Whole(expression) => found.push((pointer.to_owned(), expression)),
            Self::Text(parts) => found.extend(parts.iter().filter_map(|part| match part {
                TemplatePart::Expression(expression) => Some((pointer.to_owned(), expression)),
                TemplatePart::Literal(_) => None,
            })),
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.add_expressions(&format!("{pointer}/{index}"), found);
                }
            }
            Self::Object(members) => {
                for (name, value) in members {
                    name.add_expressions(pointer, found);
                    // The text of a key with an expression is not kept: its object is the nearest location.
                    let at = name.literal().map_or_else(|| pointer.to_owned(), |name| child(pointer, &as_text(&name)));
                    value.add_expressions(&at, found);
                }
            }
        }
    }
}

impl Expression {
    /// The variable, and where to go in its value; `None` for a function.
    #[must_use]
    pub fn path(&self) -> Option<(&str, &[String])> {
        match self {
            Self::Path { root, tokens } | Self::IfKnown { root, tokens } => Some((root, tokens)),
            Self::Filtered { of, .. } => of.path(),
            _ => None,
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| JsonText(value).to_string(), str::to_owned)
}

fn parse(text: &str) -> Result<Template, TemplateProblem> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            literal.push_str(&rest[..at - 1]);
            literal.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        literal.push_str(&rest[..at]);
        let end = rest[at..].find('}').ok_or(TemplateProblem::OpenExpression)?;
        if !literal.is_empty() {
            parts.push(TemplatePart::Literal(std::mem::take(&mut literal)));
        }
        parts.push(TemplatePart::Expression(expression(rest[at + 2..at + end].trim())?));
        rest = &rest[at + end + 1..];
    }
    literal.push_str(rest);
    if parts.is_empty() {
        return Ok(Template::Literal(Value::String(literal)));
    }
    if !literal.is_empty() {
        parts.push(TemplatePart::Literal(literal));
    }
    match parts.as_slice() {
        [TemplatePart::Expression(expression)] => Ok(Template::Whole(expression.clone())),
        _ => Ok(Template::Text(parts)),
    }
}

fn expression(text: &str) -> Result<Expression, TemplateProblem> {
    let mut parts = piped(text).into_iter();
    let of = function_or_path(parts.next().unwrap_or_default())?;
    let filters: Vec<TextFilter> = parts.map(TextFilter::read).collect::<Result<_, _>>()?;
    Ok(if filters.is_empty() { of } else { Expression::Filtered { of: Box::new(of), filters } })
}

/// The parts between the `|` that are not in quotes.
fn piped(text: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '\'';
        c == '|' && !quoted
    });
    parts.map(str::trim).collect()
}

fn argument(text: &str) -> Result<String, TemplateProblem> {
    let quoted = text.trim().strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    quoted.map(str::to_owned).ok_or_else(|| TemplateProblem::NotQuoted(text.trim().to_owned()))
}

fn function_or_path(text: &str) -> Result<Expression, TemplateProblem> {
    let Some((name, arguments)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        return path(text);
    };
    match name.trim() {
        "repeat" => {
            let (what, times) = arguments.rsplit_once(',').ok_or(TemplateProblem::RepeatArguments)?;
            let times: usize = times.trim().parse().map_err(|_| TemplateProblem::NotACount(times.trim().to_owned()))?;
            let what = argument(what)?;
            if times.saturating_mul(what.len()) > LONGEST_REPEAT {
                return Err(TemplateProblem::RepeatTooLong);
            }
            Ok(Expression::Repeat { text: what, times })
        }
        "unique" => argument(arguments).map(Expression::Unique),
        "deployment_id" => argument(arguments).map(Expression::DeploymentId),
        "uuid" => argument(arguments).map(Expression::Uuid),
        other => Err(TemplateProblem::UnknownFunction(other.to_owned())),
    }
}

fn path(text: &str) -> Result<Expression, TemplateProblem> {
    let mut tokens = text.split(['.', '/']).map(str::to_owned);
    let root = tokens.next().unwrap_or_default();
    let valid = |token: &str| !token.is_empty() && token.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    let tokens: Vec<String> = tokens.collect();
    if valid(&root) && tokens.iter().all(|token| valid(token)) {
        return Ok(Expression::Path { root, tokens });
    }
    Err(TemplateProblem::NotAnExpression(text.to_owned()))
}

/// The variables of a case, and the seed of its generated names.
#[derive(Debug, Clone, Default)]
pub struct Bindings {
    origin: String,
    /// A handful: a list is searched faster than a map is built.
    variables: Vec<(String, Value)>,
    /// The received variables, each with its state if a state yielded it.
    received: BTreeMap<String, Option<String>>,
}

impl Bindings {
    /// Bindings without variables. Generated names are derived from `seed` and `case`.
    #[must_use]
    pub fn new(seed: u64, case: &str) -> Self {
        Self { origin: format!("{seed}/{case}"), ..Self::default() }
    }

    /// The seed of generated names and placeholders.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The idempotency token of a request, by its number in the case.
    #[must_use]
    pub fn idempotency_token(&self, number: usize) -> String {
        self.uuid(&format!("idempotency token {number}"))
    }

    /// Binds a variable to a value that the harness made.
    pub fn bind(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        self.received.remove(&name);
        self.put(name, value);
    }

    /// Binds a variable to a value that an endpoint returned.
    pub fn bind_received(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        self.received.insert(name.clone(), None);
        self.put(name, value);
    }

    /// Binds a variable to the value that a state yielded.
    pub fn bind_state(&mut self, name: impl Into<String>, state: &str, value: Value) {
        let name = name.into();
        self.received.insert(name.clone(), Some(state.to_owned()));
        self.put(name, value);
    }

    fn put(&mut self, name: String, value: Value) {
        match self.variables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.variables.push((name, value)),
        }
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns whether a template uses a received value.
    #[must_use]
    pub fn is_received(&self, template: &Template) -> bool {
        template.roots().into_iter().any(|root| self.received.contains_key(root))
    }

    /// The same bindings without received values.
    #[must_use]
    pub fn own(&self) -> Self {
        let mut own = self.clone();
        let received = std::mem::take(&mut own.received);
        own.variables.retain(|(name, _)| !received.contains_key(name));
        own
    }

    /// Returns whether there is a variable of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.variable(name).is_some()
    }

    fn evaluate(&self, expression: &Expression) -> Result<Value, BindError> {
        match expression {
            Expression::Path { root, tokens } => self.look_up(root, tokens),
            Expression::IfKnown { root, tokens } => match self.look_up(root, tokens) {
                Err(BindError::Missing { .. }) => Ok(Value::Null),
                other => other,
            },
            Expression::Repeat { text, times } => Ok(Value::String(text.repeat(*times))),
            Expression::Unique(prefix) => Ok(Value::String(format!("{prefix}-{}", self.letters(prefix, LOWER, 10)))),
            Expression::DeploymentId(label) => Ok(Value::String(format!("d-{}", self.letters(label, UPPER, 9)))),
            Expression::Uuid(label) => Ok(Value::String(self.uuid(label))),
            Expression::Filtered { of, filters } => {
                let text = as_text(&self.evaluate(of)?);
                let changed = filters.iter().fold(text.clone(), |text, filter| filter.apply(&text));
                if changed == text { Err(BindError::Unchanged(text)) } else { Ok(Value::String(changed)) }
            }
        }
    }

    fn look_up(&self, root: &str, tokens: &[String]) -> Result<Value, BindError> {
        let value = self.variable(root).ok_or_else(|| BindError::Unknown(root.to_owned()))?;
        let found = tokens.iter().try_fold(value, |value, token| match value {
            Value::Object(map) => map.get(token),
            Value::Array(items) => token.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        });
        found.cloned().ok_or_else(|| BindError::Missing {
            root: root.to_owned(),
            state: self.received.get(root).cloned().flatten(),
            path: tokens.join("."),
        })
    }

    fn digest(&self, label: &str) -> Vec<u8> {
        Sha256::digest(format!("{}/{label}", self.origin).as_bytes()).to_vec()
    }

    fn letters(&self, label: &str, alphabet: &[u8], count: usize) -> String {
        self.digest(label)
            .iter()
            .take(count)
            .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]))
            .collect()
    }

    fn uuid(&self, label: &str) -> String {
        let hex = hex(&self.digest(label));
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }
}

const LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[cfg(test)]
mod tests;
