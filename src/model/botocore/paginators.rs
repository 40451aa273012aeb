//! Reads a `paginators-1.json` into the trait `smithy.api#paginated`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::model_error::{ModelError, decode};

#[derive(Deserialize)]
struct PaginatorsDocument {
    pagination: BTreeMap<String, Paginator>,
}

#[derive(Deserialize)]
struct Paginator {
    input_token: PaginatorNames,
    output_token: PaginatorNames,
    #[serde(default)]
    result_key: Option<PaginatorNames>,
    #[serde(default)]
    limit_key: Option<String>,
}

/// One name or several. A name may be an expression.
#[derive(Deserialize)]
#[serde(untagged)]
enum PaginatorNames {
    One(String),
    Several(Vec<String>),
}

impl PaginatorNames {
    /// The only name, if it is one, and not an expression.
    fn only(&self) -> Option<&str> {
        let name = match self {
            Self::One(name) => name,
            Self::Several(names) => names.first().filter(|_| names.len() == 1)?,
        };
        is_path(name).then_some(name)
    }

    fn first(&self) -> Option<&str> {
        let name = match self {
            Self::One(name) => Some(name),
            Self::Several(names) => names.first(),
        };
        name.map(String::as_str).filter(|name| is_path(name))
    }
}

/// Returns whether a text is a name, or names with dots between them.
fn is_path(text: &str) -> bool {
    text.split('.').all(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

impl Paginator {
    /// The value of the trait; `None` for several tokens and for expressions, which it cannot express.
    fn paginated(&self) -> Option<Value> {
        let tokens = [("inputToken", self.input_token.only()?), ("outputToken", self.output_token.only()?)];
        let items = self.result_key.as_ref().and_then(PaginatorNames::first).map(|name| ("items", name));
        let size = self.limit_key.as_deref().map(|name| ("pageSize", name));
        let members = tokens.into_iter().chain(items).chain(size);
        Some(Value::Object(members.map(|(key, name)| (key.to_owned(), name.into())).collect::<Map<_, _>>()))
    }
}

/// The value of `smithy.api#paginated` for each operation that has it.
pub(in crate::model) fn read_paginators(file: &str, text: &str) -> Result<BTreeMap<String, Value>, ModelError> {
    let document: PaginatorsDocument = decode(file, text)?;
    let all = document.pagination.into_iter();
    Ok(all.filter_map(|(operation, paginator)| Some((operation, paginator.paginated()?))).collect())
}
