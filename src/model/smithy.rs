//! Reads a Smithy JSON AST, 1.0 or 2.0, into a [`Contract`].
//!
//! Reads AWS's published files unchanged: mixins, `apply` statements, the `enum` trait of Smithy 1.0, operations bound
//! to resources. An error names the file and the JSON pointer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    Contract, MemberBinding, Operation, PayloadSide, Service,
    model_error::{ModelError, ModelProblem, decode},
    resource_shape,
    shape::{EnumValue, Member, NumberKind, OWN_NAME, Shape, ShapeId, ShapeKind, Traits},
};
use crate::model::pointer::escape;

/// Reads a model. `file` is only used in errors.
pub(super) fn read(file: &str, text: &str) -> Result<Contract, ModelError> {
    let reader = SmithyReader { file };
    let mut ast: Value = decode(file, text)?;
    reader.check_version(&ast)?;
    let Some(Value::Object(raw)) = ast.get_mut("shapes").map(Value::take) else {
        return Err(reader.error("/shapes", ModelProblem::NoShapes));
    };
    let nodes = reader.expand(raw)?;
    reader.contract(nodes)
}

/// AWS's models nest mixins twice at most.
const DEEPEST_MIXIN: usize = 64;

/// Shapes after `apply` and mixins: id to its AST node.
type Nodes = BTreeMap<String, Map<String, Value>>;

struct SmithyReader<'a> {
    file: &'a str,
}

impl SmithyReader<'_> {
    fn error(&self, pointer: &str, problem: ModelProblem) -> ModelError {
        ModelError { file: self.file.to_owned(), pointer: pointer.to_owned(), problem }
    }

    fn check_version(&self, ast: &Value) -> Result<(), ModelError> {
        match ast.get("smithy").and_then(Value::as_str) {
            Some(version) if version.starts_with("1.") || version.starts_with("2.") => Ok(()),
            Some("1" | "2") => Ok(()),
            Some(other) => Err(self.error("/smithy", ModelProblem::UnknownVersion(other.to_owned()))),
            None => Err(self.error("/smithy", ModelProblem::NoVersion)),
        }
    }

    /// Folds `apply` statements into their targets and mixins into the shapes that use them.
    fn expand(&self, raw: Map<String, Value>) -> Result<Nodes, ModelError> {
        let mut nodes = Nodes::new();
        let mut applied = Vec::new();
        for (id, node) in raw {
            let Value::Object(node) = node else {
                return Err(self.error(&shape_pointer(&id), ModelProblem::NotAShape));
            };
            if node.get("type").and_then(Value::as_str) == Some("apply") {
                applied.push((id, node));
            } else {
                nodes.insert(id, node);
            }
        }
        let ids: Vec<String> =
            nodes.iter().filter(|(_, node)| node.contains_key("mixins")).map(|(id, _)| id.clone()).collect();
        for id in &ids {
            self.mix_in(id, &mut nodes, &mut BTreeSet::new())?;
        }
        for (id, requirement) in applied {
            self.apply(&id, requirement, &mut nodes)?;
        }
        Ok(nodes)
    }

    fn apply(&self, id: &str, mut requirement: Map<String, Value>, nodes: &mut Nodes) -> Result<(), ModelError> {
        let (shape, member) = id.split_once('$').map_or((id, None), |(shape, member)| (shape, Some(member)));
        let unknown = || self.error(&shape_pointer(id), ModelProblem::UnknownApplied(id.to_string()));
        let node = nodes.get_mut(shape).ok_or_else(unknown)?;
        let target = match member {
            None => node,
            Some(name @ ("member" | "key" | "value")) if node.contains_key(name) => {
                node.get_mut(name).and_then(Value::as_object_mut).ok_or_else(unknown)?
            }
            Some(name) => node
                .get_mut("members")
                .and_then(|members| members.get_mut(name))
                .and_then(Value::as_object_mut)
                .ok_or_else(unknown)?,
        };
        let traits = target.entry("traits").or_insert_with(|| Value::Object(Map::new()));
        if let (Some(traits), Some(Value::Object(more))) = (traits.as_object_mut(), requirement.remove("traits")) {
            traits.extend(more);
        }
        Ok(())
    }

    fn mix_in(&self, id: &str, nodes: &mut Nodes, open: &mut BTreeSet<String>) -> Result<(), ModelError> {
        let Some(Value::Array(mixins)) = nodes.get_mut(id).and_then(|node| node.remove("mixins")) else {
            return Ok(());
        };
        if open.len() > DEEPEST_MIXIN {
            return Err(self.error(&shape_pointer(id), ModelProblem::DeepMixins));
        }
        open.insert(id.to_owned());
        let mut members = Map::new();
        let mut traits = Map::new();
        for (index, mixin) in mixins.iter().enumerate() {
            let at = format!("{}/mixins/{index}", shape_pointer(id));
            let target = mixin["target"].as_str().ok_or_else(|| self.error(&at, ModelProblem::NoTarget))?;
            if open.contains(target) {
                return Err(self.error(&at, ModelProblem::CircularMixin));
            }
            self.mix_in(target, nodes, open)?;
            let node =
                nodes.get(target).ok_or_else(|| self.error(&at, ModelProblem::UnknownShape(target.to_owned())))?;
            members.extend(node.get("members").and_then(Value::as_object).cloned().unwrap_or_default());
            traits.extend(inherited_traits(node));
        }
        open.remove(id);
        let Some(node) = nodes.get_mut(id) else { return Ok(()) };
        merge_under(node, "members", members);
        merge_under(node, "traits", traits);
        Ok(())
    }

    fn contract(&self, mut nodes: Nodes) -> Result<Contract, ModelError> {
        let mut shapes = BTreeMap::new();
        for (id, node) in &mut nodes {
            if let Some(kind) = self.kind(id, node)? {
                let id = ShapeId::new(id.as_str());
                shapes.insert(id.clone(), Shape { id, kind, traits: take_traits(node) });
            }
        }
        let (service, node) = self.service(&nodes)?;
        let mut operations = BTreeMap::new();
        for id in self.operation_ids(service.id.as_str(), &nodes)? {
            let operation = self.operation(&id, node, &nodes)?;
            operations.insert(operation.name.clone(), operation);
        }
        name_as_on_the_wire(&service, &mut shapes);
        let resources = resource_shape::resources(service.id.as_str(), &nodes);
        let contract = Contract { resources, ..Contract::new(service, operations, shapes) };
        self.check_targets(&contract)?;
        Ok(contract)
    }

    fn service<'n>(&self, nodes: &'n Nodes) -> Result<(Service, &'n Map<String, Value>), ModelError> {
        let mut services = nodes.iter().filter(|(_, node)| node.get("type") == Some(&Value::from("service")));
        let Some((id, node)) = services.next() else {
            return Err(self.error("/shapes", ModelProblem::NoService));
        };
        if let Some((other, _)) = services.next() {
            return Err(self.error(&shape_pointer(other), ModelProblem::SecondService(id.clone())));
        }
        let traits = traits(node);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let sigv4 = text(traits.get("aws.auth#sigv4").map(|value| &value["name"]));
        let arn = text(traits.get("aws.api#service").map(|value| &value["arnNamespace"]));
        let service = Service {
            id: ShapeId::new(id.as_str()),
            version: text(node.get("version")).unwrap_or_default(),
            title: text(traits.get("smithy.api#title")).unwrap_or_else(|| ShapeId::new(id.as_str()).name().to_owned()),
            signing_name: sigv4.or(arn).unwrap_or_default(),
            protocols: traits.ids().filter(|id| is_protocol(id)).map(ShapeId::new).collect(),
            traits,
        };
        Ok((service, node))
    }

    /// The operations of a service, those of its resources and of theirs included.
    fn operation_ids(&self, service: &str, nodes: &Nodes) -> Result<BTreeSet<String>, ModelError> {
        let mut found = BTreeSet::new();
        let (mut seen, mut open) = (BTreeSet::new(), vec![service]);
        while let Some(id) = open.pop().filter(|id| seen.insert(*id)) {
            let Some(node) = nodes.get(id) else { continue };
            for list in ["operations", "collectionOperations"] {
                found.extend(targets(node.get(list)).map(str::to_owned));
            }
            for lifecycle in ["create", "put", "read", "update", "delete", "list"] {
                found.extend(node.get(lifecycle).and_then(|target| target["target"].as_str()).map(str::to_owned));
            }
            for resource in targets(node.get("resources")) {
                let at = format!("{}/resources", shape_pointer(id));
                let known = nodes.contains_key(resource);
                known
                    .then_some(())
                    .ok_or_else(|| self.error(&at, ModelProblem::UnknownResource(resource.to_owned())))?;
                open.push(resource);
            }
        }
        Ok(found)
    }

    fn operation(&self, id: &str, service: &Map<String, Value>, nodes: &Nodes) -> Result<Operation, ModelError> {
        let at = shape_pointer(id);
        let node = nodes.get(id).ok_or_else(|| self.error(&at, ModelProblem::UnknownOperation(id.to_owned())))?;
        let target = |name: &str| {
            let target = node.get(name).and_then(|target| target["target"].as_str());
            ShapeId::new(target.unwrap_or("smithy.api#Unit"))
        };
        let mut errors: Vec<ShapeId> = targets(node.get("errors")).map(ShapeId::new).collect();
        for common in targets(service.get("errors")).map(ShapeId::new) {
            if !errors.contains(&common) {
                errors.push(common);
            }
        }
        let shape = ShapeId::new(id);
        Ok(Operation {
            name: shape.name().to_owned(),
            id: shape,
            input: target("input"),
            output: target("output"),
            errors,
            traits: with_pages_of(service, traits(node)),
        })
    }

    /// The kind of a shape that describes a value; `None` for services, operations and resources.
    fn kind(&self, id: &str, node: &mut Map<String, Value>) -> Result<Option<ShapeKind>, ModelError> {
        let at = shape_pointer(id);
        let Some(kind) = node.get("type").and_then(Value::as_str).map(str::to_owned) else {
            return Err(self.error(&format!("{at}/type"), ModelProblem::NoType));
        };
        Ok(Some(match kind.as_str() {
            "structure" => ShapeKind::Structure(self.members(&at, node)?),
            "union" => ShapeKind::Union(self.members(&at, node)?),
            "list" | "set" => ShapeKind::List(self.member(&format!("{at}/member"), "member", node.remove("member"))?),
            "map" => ShapeKind::Map {
                key: self.member(&format!("{at}/key"), "key", node.remove("key"))?,
                value: self.member(&format!("{at}/value"), "value", node.remove("value"))?,
            },
            "string" => string_kind(node),
            "enum" => ShapeKind::Enum(enum_values(node, |name, member| EnumValue {
                value: member["traits"]["smithy.api#enumValue"].as_str().unwrap_or(name).to_owned(),
                traits: member.as_object_mut().map(take_traits).unwrap_or_default(),
            })),
            "intEnum" => ShapeKind::IntEnum(enum_values(node, |_, member| {
                member["traits"]["smithy.api#enumValue"].as_i64().unwrap_or_default()
            })),
            "boolean" => ShapeKind::Boolean,
            "byte" => ShapeKind::Number(NumberKind::Byte),
            "short" => ShapeKind::Number(NumberKind::Short),
            "integer" => ShapeKind::Number(NumberKind::Integer),
            "long" => ShapeKind::Number(NumberKind::Long),
            "bigInteger" => ShapeKind::Number(NumberKind::BigInteger),
            "float" => ShapeKind::Number(NumberKind::Float),
            "double" => ShapeKind::Number(NumberKind::Double),
            "bigDecimal" => ShapeKind::Number(NumberKind::BigDecimal),
            "blob" => ShapeKind::Blob,
            "timestamp" => ShapeKind::Timestamp,
            "document" => ShapeKind::Document,
            "service" | "operation" | "resource" => return Ok(None),
            other => return Err(self.error(&format!("{at}/type"), ModelProblem::UnknownType(other.to_owned()))),
        }))
    }

    fn members(&self, at: &str, node: &mut Map<String, Value>) -> Result<Vec<Member>, ModelError> {
        take_members(node)
            .map(|(name, member)| self.member(&format!("{at}/members/{}", escape(&name)), &name, Some(member)))
            .collect()
    }

    fn member(&self, at: &str, name: &str, node: Option<Value>) -> Result<Member, ModelError> {
        if let Some(Value::Object(mut node)) = node
            && let Some(Value::String(target)) = node.remove("target")
        {
            return Ok(Member { name: name.to_owned(), target: ShapeId::new(target), traits: take_traits(&mut node) });
        }
        Err(self.error(at, ModelProblem::NoTarget))
    }

    fn check_targets(&self, contract: &Contract) -> Result<(), ModelError> {
        let known = |at: &str, id: &ShapeId| match contract.shape(id) {
            Some(_) => Ok(()),
            None => Err(self.error(&format!("{at}/target"), ModelProblem::UnknownShape(id.to_string()))),
        };
        for shape in contract.shapes() {
            let at = shape_pointer(shape.id.as_str());
            match &shape.kind {
                ShapeKind::Structure(members) | ShapeKind::Union(members) => {
                    for member in members {
                        known(&format!("{at}/members/{}", escape(&member.name)), &member.target)?;
                    }
                }
                ShapeKind::List(member) => known(&format!("{at}/member"), &member.target)?,
                ShapeKind::Map { key, value } => {
                    known(&format!("{at}/key"), &key.target)?;
                    known(&format!("{at}/value"), &value.target)?;
                }
                _ => {}
            }
        }
        for operation in contract.operations() {
            let at = shape_pointer(operation.id.as_str());
            known(&format!("{at}/input"), &operation.input)?;
            known(&format!("{at}/output"), &operation.output)?;
            for (index, error) in operation.errors.iter().enumerate() {
                known(&format!("{at}/errors/{index}"), error)?;
            }
        }
        Ok(())
    }
}

/// Traits that shapes do not inherit from their mixins.
fn inherited_traits(node: &Map<String, Value>) -> Map<String, Value> {
    let own = node.get("traits").and_then(Value::as_object).cloned().unwrap_or_default();
    let local: Vec<String> = own
        .get("smithy.api#mixin")
        .and_then(|mixin| mixin["localTraits"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    own.into_iter().filter(|(id, _)| id != "smithy.api#mixin" && !local.contains(id)).collect()
}

/// Adds `inherited` to a node; the node's own members win.
fn merge_under(node: &mut Map<String, Value>, field: &str, inherited: Map<String, Value>) {
    let own = node.remove(field).and_then(|value| match value {
        Value::Object(map) => Some(map),
        _ => None,
    });
    let mut merged = inherited;
    merged.extend(own.unwrap_or_default());
    node.insert(field.to_owned(), Value::Object(merged));
}

fn string_kind(node: &Map<String, Value>) -> ShapeKind {
    let values = node.get("traits").and_then(|traits| traits["smithy.api#enum"].as_array());
    values.map_or(ShapeKind::String, |values| {
        let plain = |value: &str| EnumValue { value: value.to_owned(), traits: Traits::default() };
        ShapeKind::Enum(values.iter().filter_map(|entry| entry["value"].as_str().map(plain)).collect())
    })
}

fn enum_values<T>(node: &mut Map<String, Value>, value: impl Fn(&str, &mut Value) -> T) -> Vec<T> {
    take_members(node).map(|(name, mut member)| value(&name, &mut member)).collect()
}

fn take_members(node: &mut Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    let members = match node.remove("members") {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.into_iter()
}

fn take_traits(node: &mut Map<String, Value>) -> Traits {
    match node.remove("traits") {
        Some(Value::Object(traits)) => Traits(traits.into_iter().collect()),
        _ => Traits::default(),
    }
}

fn traits(node: &Map<String, Value>) -> Traits {
    take_traits(&mut node.get("traits").map(|traits| ("traits".to_owned(), traits.clone())).into_iter().collect())
}

/// The traits of an operation; its `smithy.api#paginated` has the members of that of the service, unless it has its own.
fn with_pages_of(service: &Map<String, Value>, mut operation: Traits) -> Traits {
    const PAGINATED: &str = "smithy.api#paginated";
    let common = service.get("traits").and_then(|traits| traits[PAGINATED].as_object());
    if let (Some(common), Some(Value::Object(own))) = (common, operation.0.get_mut(PAGINATED)) {
        for (name, value) in common {
            own.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
    operation
}

/// restJson1 gives members of bodies another name by `smithy.api#jsonName`; awsJson ignores it. A label has the name of
/// its member.
fn name_as_on_the_wire(service: &Service, shapes: &mut BTreeMap<ShapeId, Shape>) {
    if !service.protocols.iter().any(|protocol| protocol.name() == "restJson1") {
        return;
    }
    for shape in shapes.values_mut() {
        let (ShapeKind::Structure(members) | ShapeKind::Union(members)) = &mut shape.kind else { continue };
        for member in members.iter_mut().filter(|member| is_in_body(member)) {
            if let Some(name) = member.traits.get("smithy.api#jsonName").and_then(Value::as_str) {
                let own = std::mem::replace(&mut member.name, name.to_owned());
                member.traits.0.insert(OWN_NAME.to_owned(), own.into());
            }
        }
    }
}

fn is_in_body(member: &Member) -> bool {
    [PayloadSide::Input, PayloadSide::Output].map(|side| member.binding(side)) == [MemberBinding::Body; 2]
}

fn targets(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(|target| target["target"].as_str())
}

/// Protocol definition traits that AWS services carry.
fn is_protocol(id: &str) -> bool {
    const NAMES: [&str; 8] =
        ["awsJson1_0", "awsJson1_1", "restJson1", "restXml", "awsQuery", "ec2Query", "rpcv2Cbor", "rpcv2Json"];
    id.rsplit_once('#').is_some_and(|(namespace, name)| namespace.ends_with("protocols") && NAMES.contains(&name))
}

fn shape_pointer(id: &str) -> String {
    format!("/shapes/{}", escape(id))
}

#[cfg(test)]
mod tests;
