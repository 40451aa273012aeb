//! A baseline as TOML text. Unchanged members of entries stay as the user wrote them, with comments.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize as _, Deserializer, de::DeserializeOwned, de::Error as _};
use toml::Value;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, value};

use super::{
    Baseline, BaselineEntry, BaselineError, CasesByResponse, SCHEMA,
    case_pattern::{expanded, patterns},
    entry::UnstableEntry,
};

/// TOML has a date type of its own; a string is accepted as well.
pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(Some(text)),
        Value::Datetime(day) => Ok(Some(day.to_string())),
        _ => Err(D::Error::custom("expected a day such as 2026-12-31")),
    }
}

/// Reads a form of the file.
pub(super) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, BaselineError> {
    toml::from_str(text).map_err(|error| BaselineError::Form { file: file.to_owned(), problem: error.to_string() })
}

impl Baseline {
    /// The text of an older file with these entries. Members that stay are left unchanged.
    ///
    /// # Errors
    /// The older text is not TOML.
    pub fn text_over(&self, file: &str, older: &str) -> Result<String, BaselineError> {
        let document = older.parse::<DocumentMut>();
        let document =
            document.map_err(|error| BaselineError::Form { file: file.to_owned(), problem: error.to_string() })?;
        Ok(self.written(document))
    }

    fn written(&self, mut document: DocumentMut) -> String {
        if document.get("schema").is_none() {
            document.insert("schema", value(SCHEMA));
        }
        if self.implemented.is_empty() {
            document.remove("implemented");
        } else {
            set_cases(document.as_table_mut(), "implemented", &self.implemented);
        }
        if let Some(blocked) = &self.blocked {
            // An empty list differs from none.
            if document.get("blocked").is_none() {
                document.insert("blocked", value(Array::new()));
            }
            set_cases(document.as_table_mut(), "blocked", blocked);
        }
        if self.errors.is_empty() {
            document.remove("errors");
        } else if results(document.get("errors")).as_ref() != Some(&self.errors) {
            document.insert("errors", value(lines(self.errors.iter().cloned())));
        }
        let mut position = 0;
        let causes = entries(&mut document, "cause", &self.entries, &mut position);
        let warnings = entries(&mut document, "warning", self.warnings(), &mut position);
        if self.warnings.is_some() && warnings.is_empty() {
            // An empty list differs from none.
            document.insert("warning", value(Array::new()));
        }
        let mut known = tables(document.remove("unstable"), |table| results(table.get("results")));
        let mut unstable = ArrayOfTables::new();
        for entry in &self.unstable {
            let mut table = known.remove(&entry.results).unwrap_or_else(new_table);
            write_unstable(&mut table, entry);
            unstable.push(placed(table, &mut position));
        }
        for (name, tables) in [("cause", causes), ("warning", warnings), ("unstable", unstable)] {
            if !tables.is_empty() {
                document.insert(name, Item::ArrayOfTables(tables));
            }
        }
        document.to_string()
    }
}

/// The tables of entries, over those that the document has.
fn entries(document: &mut DocumentMut, name: &str, entries: &[BaselineEntry], position: &mut isize) -> ArrayOfTables {
    let mut known = tables(document.remove(name), of_cause);
    let mut written = ArrayOfTables::new();
    for entry in entries {
        let key = (entry.key.kind.clone(), entry.key.scope.clone());
        let mut table = known.remove(&key).unwrap_or_else(new_table);
        write_entry(&mut table, entry);
        written.push(placed(table, position));
    }
    written
}

/// Without a new position, a table stays where it was read.
fn placed(mut table: Table, position: &mut isize) -> Table {
    *position += 1;
    table.set_position(Some(*position));
    table
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

fn write_entry(table: &mut Table, entry: &BaselineEntry) {
    let rank = serde_json::to_value(entry.rank).ok();
    let rank = rank.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let members = [
        ("headline", entry.headline.as_str()),
        ("reason", &entry.reason),
        ("rank", rank),
        ("kind", &entry.key.kind),
        ("scope", &entry.key.scope),
    ];
    for (name, text) in members.into_iter().filter(|(_, text)| !text.is_empty()) {
        set_text(table, name, text);
    }
    write_cases(table, "cases", &entry.cases);
    write_cases(table, "unstable", &entry.unstable);
}

/// Writes cases by their responses.
fn write_cases(table: &mut Table, name: &str, by_response: &CasesByResponse) {
    if by_response.is_empty() {
        table.remove(name);
        return;
    }
    if table.get(name).and_then(Item::as_table_like).is_none() {
        let mut cases = Table::new();
        cases.set_dotted(true);
        table.insert(name, Item::Table(cases));
    }
    let Some(cases) = table.get_mut(name).and_then(Item::as_table_like_mut) else { return };
    let gone: Vec<String> = cases.iter().map(|(response, _)| response.to_owned()).collect();
    gone.iter()
        .filter(|response| !by_response.contains_key(*response))
        .for_each(|response| drop(cases.remove(response)));
    for (response, ids) in by_response {
        set_cases(cases, response, ids);
    }
    cases.sort_values();
}

fn write_unstable(table: &mut Table, entry: &UnstableEntry) {
    set_text(table, "reason", &entry.reason);
    if table.get("results").is_none() {
        table.insert("results", value(lines(entry.results.iter().cloned())));
    }
    set_cases(table, "cases", &entry.cases);
}

/// Writes a text, unless it is there.
fn set_text(table: &mut Table, name: &str, text: &str) {
    if table.get(name).and_then(Item::as_str) != Some(text) {
        table.insert(name, value(text));
    }
}

/// Writes cases, unless they are there.
fn set_cases(table: &mut dyn TableLike, name: &str, ids: &BTreeSet<String>) {
    let written = table.get(name).and_then(Item::as_array).into_iter().flatten();
    let written = written.filter_map(|pattern| expanded(pattern.as_str()?).ok()).flatten();
    if written.collect::<BTreeSet<String>>() != *ids {
        table.insert(name, value(lines(patterns(ids.iter().map(String::as_str)))));
    }
}

/// An array with a line for each text, or one line for one.
fn lines(texts: impl IntoIterator<Item = String>) -> Array {
    let mut array: Array = texts.into_iter().collect();
    if array.len() > 1 {
        array.iter_mut().for_each(|text| text.decor_mut().set_prefix("\n  "));
        array.set_trailing("\n");
        array.set_trailing_comma(true);
    }
    array
}

/// The tables of an array by their key.
fn tables<K: std::hash::Hash + Eq>(item: Option<Item>, key: impl Fn(&Table) -> Option<K>) -> HashMap<K, Table> {
    let tables = item.and_then(|item| item.into_array_of_tables().ok()).unwrap_or_default();
    tables.into_iter().filter_map(|table| Some((key(&table)?, table))).collect()
}

fn of_cause(table: &Table) -> Option<(String, String)> {
    let text = |name: &str| Some(table.get(name)?.as_str()?.to_owned());
    Some((text("kind")?, text("scope")?))
}

fn results(item: Option<&Item>) -> Option<BTreeSet<String>> {
    Some(item?.as_array()?.iter().filter_map(|result| result.as_str().map(str::to_owned)).collect())
}
