//! Writes the relations of a service as text and as JSON.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;

use super::{
    Tool,
    json_schema::Schema,
    text::{self, count},
};
use crate::{
    model::Contract,
    probe::{Relation, Relations, Resource},
};

/// The JSON Schema of [`RelationsDocument`].
pub const RELATIONS: Schema = Schema {
    name: "relations",
    of: "wireproof relations --format json",
    own: include_str!("relations.schema.json"),
    refers: false,
};

/// The JSON document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RelationsDocument {
    /// The schema and its version.
    pub schema: String,
    /// The program that wrote it.
    pub tool: Tool,
    /// The name of the service.
    pub service: String,
    /// The number of operations of the service.
    pub operations: usize,
    /// The number of operations that have a relation.
    pub related: usize,
    #[serde(flatten)]
    pub relations: Relations,
    /// The operations without a relation, by name.
    pub unrelated: Vec<String>,
}

impl RelationsDocument {
    /// The document of a service by this program.
    #[must_use]
    pub fn of(service: &str, contract: &Contract, relations: Relations) -> Self {
        let names = contract.operations().map(|operation| operation.name.clone());
        let unrelated = names.filter(|name| relations.of_operation(name).next().is_none()).collect();
        Self {
            schema: "wireproof/relations/v1".to_owned(),
            tool: Tool::this(),
            service: service.to_owned(),
            operations: contract.operations().count(),
            related: relations.related(),
            relations,
            unrelated,
        }
    }

    /// Writes the document as JSON.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(text::CommandFreeJson::new(&mut *out), self)?;
        writeln!(out)
    }

    /// Writes the document as text for a person; `width` in columns is that of the list at the end.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn human(&self, width: usize, out: &mut impl Write) -> io::Result<()> {
        let resources = &self.relations.resources;
        let rows = resources.iter().flat_map(|resource| &resource.relations).map(cells);
        let widths = Widths::of(std::iter::once(HEAD.map(str::to_owned)).chain(rows));
        let mut page = format!("{}\n\n", self.summary());
        if !resources.is_empty() {
            widths.line(&mut page, &HEAD.map(str::to_owned));
        }
        for resource in resources {
            page += &heading(resource);
            resource.relations.iter().for_each(|relation| widths.line(&mut page, &cells(relation)));
        }
        self.list_unrelated(&mut page, width);
        out.write_all(page.as_bytes())
    }

    fn summary(&self) -> String {
        let resources = count(self.relations.resources.len(), "resource");
        let operations = count(self.operations, "operation");
        text::line(&format!("{}: {resources}, {} of {operations} related", self.service, self.related))
    }

    fn list_unrelated(&self, page: &mut String, width: usize) {
        if self.unrelated.is_empty() {
            return;
        }
        let names = self.unrelated.iter().map(|name| text::line(name)).collect::<Vec<_>>().join(", ");
        let room = width.saturating_sub(INDENT.len()).max(20);
        let _ = writeln!(page, "\nno relation ({})", self.unrelated.len());
        for line in text::wrap(&names, room, room) {
            let _ = writeln!(page, "{INDENT}{line}");
        }
    }
}

const INDENT: &str = "  ";

/// The columns of a relation.
const HEAD: [&str; 5] = ["role", "operation", "input", "output", "confidence"];

fn heading(resource: &Resource) -> String {
    let identifiers = match resource.identifiers.join(" + ") {
        names if names.is_empty() => String::new(),
        names => format!(" by {names}"),
    };
    format!("{}\n", text::line(&format!("{}{identifiers}", resource.name)))
}

fn cells(relation: &Relation) -> [String; 5] {
    let or_none = |text: String| if text.is_empty() { "-".to_owned() } else { text::line(&text) };
    let output = relation.output.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        relation.role.name().to_owned(),
        text::line(&relation.operation),
        or_none(relation.input.join(" + ")),
        or_none(output),
        format!("{:.1}", relation.confidence),
    ]
}

/// The width of each column.
struct Widths([usize; 5]);

impl Widths {
    fn of(rows: impl Iterator<Item = [String; 5]>) -> Self {
        let mut widths = [0; 5];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(&row) {
                *width = text::width(cell).max(*width);
            }
        }
        Self(widths)
    }

    fn line(&self, page: &mut String, cells: &[String; 5]) {
        let padded = cells.iter().zip(self.0).map(|(cell, width)| format!("{cell:<width$}"));
        let line = padded.collect::<Vec<_>>().join(INDENT);
        let _ = writeln!(page, "{INDENT}{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::json_schema::problems;

    /// A service with `CreateThing`, `DescribeThing` and `Encrypt`.
    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1","operations":[{"target":"x#CreateThing"},{"target":"x#DescribeThing"},{"target":"x#Encrypt"}]},
        "x#CreateThing":{"type":"operation","output":{"target":"x#Thing"}},
        "x#DescribeThing":{"type":"operation","input":{"target":"x#One"},"output":{"target":"x#Thing"}},
        "x#Encrypt":{"type":"operation"},
        "x#One":{"type":"structure","members":{"ThingId":{"target":"smithy.api#String","traits":{"smithy.api#required":{}}}}},
        "x#Thing":{"type":"structure","members":{"ThingId":{"target":"smithy.api#String"}}}}}"#;

    fn document(service: &str) -> RelationsDocument {
        let contract = crate::model::read("m", MODEL).unwrap();
        RelationsDocument::of(service, &contract, Relations::of(&contract))
    }

    fn printed(document: &RelationsDocument, width: usize) -> String {
        let mut out = Vec::new();
        document.human(width, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_page_has_sums_aligned_columns_and_what_is_left() {
        let expected = "toy: 1 resource, 2 of 3 operations related

  role     operation      input    output   confidence
Thing by ThingId
  creates  CreateThing    -        ThingId  0.9
  reads    DescribeThing  ThingId  ThingId  0.9

no relation (1)
  Encrypt
";
        assert_eq!(printed(&document("toy"), 80), expected);
    }

    #[test]
    fn a_service_without_relations_has_no_columns() {
        let contract = crate::model::read("m", r#"{"smithy":"2.0","shapes":{"x#S":{"type":"service"}}}"#).unwrap();
        let empty = RelationsDocument::of("empty", &contract, Relations::default());
        assert_eq!(printed(&empty, 80), "empty: 0 resources, 0 of 0 operations related\n\n");
    }

    #[test]
    fn names_from_a_model_neither_move_the_cursor_nor_command_a_ci_system() {
        let page = printed(&document("a\u{1b}[2J\n::error::x"), 80);
        assert!(!page.contains('\u{1b}') && !page.lines().any(|line| line.starts_with("::")), "{page}");
    }

    #[test]
    fn the_document_is_valid_by_its_schema_and_a_changed_one_is_not() {
        let mut out = Vec::new();
        document("toy").json(&mut out).unwrap();
        let mut document: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(problems(&RELATIONS, &document), Vec::<String>::new());
        let relation = &document["resources"][0]["relations"][0];
        let expected =
            json!({"role": "creates", "operation": "CreateThing", "input": [], "output": "ThingId", "confidence": 0.9});
        assert_eq!(relation, &expected);
        document["resources"][0]["relations"][0]["role"] = json!("eats");
        document["more"] = json!(1);
        assert_eq!(problems(&RELATIONS, &document).len(), 2);
    }
}
