//! A baseline as TOML text. Unchanged entries stay as the user wrote them, with comments.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize as _, Deserializer, de::Error as _};
use toml::Value;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Baseline, BaselineDocument, BaselineEntry, BaselineError, EntryKey, SCHEMA};

/// TOML has a date type of its own; a string is accepted as well.
pub(super) fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(Some(text)),
        Value::Datetime(day) => Ok(Some(day.to_string())),
        _ => Err(D::Error::custom("expected a day such as 2026-12-31")),
    }
}

/// Reads the file's form.
pub(super) fn document(file: &str, text: &str) -> Result<BaselineDocument, BaselineError> {
    toml::from_str(text).map_err(|error| BaselineError::Form { file: file.to_owned(), problem: error.to_string() })
}

impl Baseline {
    /// The text of the file, sorted by case and code.
    #[must_use]
    pub fn text(&self) -> String {
        self.written(DocumentMut::new())
    }

    /// The text of an older file with these entries. Entries that stay are left unchanged.
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
        if self.implemented != operations(document.get("implemented")) {
            let mut implemented: Array = self.implemented.iter().collect();
            implemented.iter_mut().for_each(|operation| operation.decor_mut().set_prefix("\n  "));
            implemented.set_trailing("\n");
            document.insert("implemented", value(implemented));
        }
        let mut known = tables(document.remove("deviation"));
        let mut deviations = ArrayOfTables::new();
        for (position, (key, entry)) in (1..).zip(&self.entries) {
            let mut table = known.remove(key).unwrap_or_else(|| Table::from(entry));
            if table.get("fingerprint").and_then(Item::as_str) != Some(&entry.fingerprint) {
                table.insert("fingerprint", value(&entry.fingerprint));
            }
            // Without a new position, a table stays where it was read.
            table.set_position(Some(position));
            deviations.push(table);
        }
        if !deviations.is_empty() {
            document.insert("deviation", Item::ArrayOfTables(deviations));
        }
        document.to_string()
    }
}

/// The operations that a file lists.
fn operations(item: Option<&Item>) -> BTreeSet<String> {
    let listed = item.and_then(Item::as_array).into_iter().flatten();
    listed.filter_map(|operation| operation.as_str().map(str::to_owned)).collect()
}

/// The entries that a file has, by case and code.
fn tables(item: Option<Item>) -> HashMap<EntryKey, Table> {
    let tables = item.and_then(|item| item.into_array_of_tables().ok()).unwrap_or_default();
    let text = |table: &Table, name: &str| Some(table.get(name)?.as_str()?.to_owned());
    tables.into_iter().filter_map(|table| Some(((text(&table, "case")?, text(&table, "code")?), table))).collect()
}

impl From<&BaselineEntry> for Table {
    fn from(entry: &BaselineEntry) -> Self {
        let BaselineEntry { case, code, fingerprint, reason, issue, expires } = entry;
        let mut table = Self::new();
        for (name, text) in [("case", case), ("code", code), ("fingerprint", fingerprint), ("reason", reason)] {
            table.insert(name, value(text));
        }
        for (name, text) in [("issue", issue), ("expires", expires)] {
            if let Some(text) = text {
                table.insert(name, value(text));
            }
        }
        table.decor_mut().set_prefix("\n");
        table
    }
}
