//! Smithy's `resource` shapes: which operation creates, reads, changes, deletes and lists what.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::shape::ShapeId;

/// What an operation of a resource's lifecycle does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Makes one; the service chooses its identifier.
    Create,
    /// Makes or replaces one; the caller chooses its identifier.
    Put,
    /// Returns one.
    Read,
    /// Changes one.
    Update,
    /// Ends one.
    Delete,
    /// Returns several.
    List,
}

impl Lifecycle {
    /// Every operation of a lifecycle.
    pub const ALL: [Self; 6] = [Self::Create, Self::Put, Self::Read, Self::Update, Self::Delete, Self::List];

    /// The name of the member of a resource shape.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Put => "put",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::List => "list",
        }
    }
}

/// A `resource` shape of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceShape {
    /// The shape id.
    pub id: ShapeId,
    /// The names of its identifiers, those of its parent first.
    pub identifiers: Vec<String>,
    /// The names of the operations of its lifecycle.
    pub lifecycle: Vec<(Lifecycle, String)>,
    /// The names of its other operations on one resource.
    pub operations: Vec<String>,
    /// The names of its other operations on no one resource.
    pub collection_operations: Vec<String>,
}

impl ResourceShape {
    /// Reads a shape from its AST node. `parents`: the identifiers of the resource that it belongs to.
    pub(super) fn read(id: &str, node: &Map<String, Value>, parents: &[String]) -> Self {
        let declared = node.get("identifiers").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let known: BTreeSet<&String> = parents.iter().collect();
        let own = declared.filter(|name| !known.contains(name)).cloned();
        let lifecycle = |role: Lifecycle| Some((role, name(node.get(role.name())?)?));
        Self {
            id: ShapeId::new(id),
            identifiers: parents.iter().cloned().chain(own).collect(),
            lifecycle: Lifecycle::ALL.into_iter().filter_map(lifecycle).collect(),
            operations: names(node.get("operations")),
            collection_operations: names(node.get("collectionOperations")),
        }
    }
}

/// The resources of a service, and theirs, by the AST nodes of all shapes. A resource comes before those that belong to it.
pub(super) fn resources(service: &str, nodes: &BTreeMap<String, Map<String, Value>>) -> Vec<ResourceShape> {
    let mut found: Vec<ResourceShape> = Vec::new();
    let mut open: VecDeque<(&str, Vec<String>)> = VecDeque::from([(service, Vec::new())]);
    let mut seen = BTreeSet::new();
    while let Some((id, parents)) = open.pop_front() {
        let Some(node) = nodes.get(id).filter(|_| seen.insert(id)) else { continue };
        let shape = ResourceShape::read(id, node, &parents);
        let inner = node.get("resources").and_then(Value::as_array).into_iter().flatten();
        open.extend(inner.filter_map(|target| Some((target["target"].as_str()?, shape.identifiers.clone()))));
        if id != service {
            found.push(shape);
        }
    }
    found
}

fn name(target: &Value) -> Option<String> {
    Some(ShapeId::new(target["target"].as_str()?).name().to_owned())
}

fn names(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_resource_has_its_parents_identifiers_first_and_its_operations_by_name() {
        let node = json!({"type": "resource", "identifiers": {"cityId": {"target": "x#Id"}, "apart": {"target": "x#Id"}},
            "create": {"target": "x#CreateCity"}, "list": {"target": "x#ListCities"},
            "operations": [{"target": "x#PaintCity"}], "collectionOperations": [{"target": "x#SearchCities"}]});
        let shape = ResourceShape::read("x#City", node.as_object().unwrap(), &["cityId".to_owned()]);
        assert_eq!((shape.id.name(), &shape.identifiers[..]), ("City", &["cityId".to_owned(), "apart".to_owned()][..]));
        let lifecycle =
            [(Lifecycle::Create, "CreateCity".to_owned()), (Lifecycle::List, "ListCities".to_owned())].to_vec();
        assert_eq!(shape.lifecycle, lifecycle);
        assert_eq!((&shape.operations[0][..], &shape.collection_operations[0][..]), ("PaintCity", "SearchCities"));
    }

    #[test]
    fn a_node_of_a_wrong_form_reads_as_a_resource_without_operations() {
        let node = json!({"identifiers": 5, "create": 5, "operations": {"target": "x#A"}, "read": {"target": 5}});
        let shape = ResourceShape::read("x#City", node.as_object().unwrap(), &[]);
        let is_empty = [shape.identifiers.len(), shape.lifecycle.len(), shape.operations.len()] == [0; 3];
        assert!(is_empty, "{shape:?}");
    }
}
