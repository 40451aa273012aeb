//! Relations with the corrections of a recipe.

use super::{Relation, RelationRole, Relations, Resource};
use crate::suite::{CorrectedRelation, RelationCorrections};

/// The confidence in what a person states.
const STATED: f64 = 1.0;

impl Relations {
    /// The same with these relations instead of all others of their operations. A resource that is left without operations
    /// is left out. The identifiers of a resource are those by which a stated operation reads it, else deletes it.
    #[must_use]
    pub fn corrected(mut self, corrections: &RelationCorrections) -> Self {
        for resource in &mut self.resources {
            resource.relations.retain(|relation| !corrections.contains_key(&relation.operation));
        }
        for (operation, stated) in corrections {
            for one in stated {
                self.resource_named(&one.resource).relations.push(relation(operation, one));
            }
        }
        self.resources.retain(|resource| !resource.relations.is_empty());
        let stated: Vec<&CorrectedRelation> = corrections.values().flatten().collect();
        for resource in &mut self.resources {
            resource.identify_by(&stated);
            resource.relations.sort_by(|one, other| (one.role, &one.operation).cmp(&(other.role, &other.operation)));
        }
        self.resources.sort_by(|one, other| one.name.cmp(&other.name));
        self
    }

    /// The resource of that name, which may be new.
    fn resource_named(&mut self, name: &str) -> &mut Resource {
        let at = self.resources.iter().position(|resource| resource.name == name).unwrap_or_else(|| {
            let (identifiers, relations) = (Vec::new(), Vec::new());
            self.resources.push(Resource { name: name.to_owned(), identifiers, relations });
            self.resources.len() - 1
        });
        &mut self.resources[at]
    }
}

impl Resource {
    fn identify_by(&mut self, stated: &[&CorrectedRelation]) {
        let by = |wanted: &dyn Fn(RelationRole) -> bool| {
            let own = stated.iter().filter(|one| one.resource == self.name && !one.input.is_empty());
            own.filter(|one| wanted(one.role)).map(|one| one.input.clone()).next()
        };
        let plain = by(&|role| role == RelationRole::Reads).or_else(|| by(&|role| role == RelationRole::Deletes));
        let any = || by(&RelationRole::identifies).filter(|_| self.identifiers.is_empty());
        if let Some(identifiers) = plain.or_else(any) {
            self.identifiers = identifiers;
        }
    }
}

fn relation(operation: &str, stated: &CorrectedRelation) -> Relation {
    let CorrectedRelation { role, input, output, .. } = stated.clone();
    Relation { role, operation: operation.to_owned(), input, output, confidence: STATED }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(role: RelationRole, operation: &str, input: &str) -> Relation {
        let input = vec![input.to_owned()];
        Relation { role, operation: operation.to_owned(), input, output: None, confidence: 0.9 }
    }

    fn thing() -> Relations {
        let relations =
            vec![found(RelationRole::Reads, "GetThing", "Name"), found(RelationRole::Updates, "PaintThing", "Name")];
        Relations {
            resources: vec![Resource { name: "Thing".to_owned(), identifiers: vec!["Name".to_owned()], relations }],
        }
    }

    fn stated(resource: &str, role: RelationRole, input: &str) -> CorrectedRelation {
        CorrectedRelation { resource: resource.to_owned(), role, input: vec![input.to_owned()], output: None }
    }

    fn shown(corrections: &[(&str, Vec<CorrectedRelation>)]) -> Vec<String> {
        let corrections = corrections.iter().map(|(name, all)| ((*name).to_owned(), all.clone())).collect();
        let all = thing().corrected(&corrections).resources.into_iter();
        let of = |Resource { name, identifiers, relations }: Resource| {
            let roles: Vec<String> = relations
                .iter()
                .map(|one| format!("{} {} {}", one.role.name(), one.operation, one.confidence))
                .collect();
            format!("{name} by {}: {}", identifiers.join("+"), roles.join(", "))
        };
        all.map(of).collect()
    }

    #[test]
    fn without_corrections_all_stays() {
        assert_eq!(shown(&[]), ["Thing by Name: reads GetThing 0.9, updates PaintThing 0.9"]);
    }

    #[test]
    fn an_operation_without_relations_leaves_its_resource() {
        assert_eq!(shown(&[("PaintThing", vec![])]), ["Thing by Name: reads GetThing 0.9"]);
        assert_eq!(shown(&[("PaintThing", vec![]), ("GetThing", vec![])]), [""; 0]);
    }

    #[test]
    fn an_operation_has_the_stated_relations_and_no_others() {
        let both = vec![stated("Paint", RelationRole::Creates, "Color"), stated("Thing", RelationRole::Reads, "Id")];
        let expected = ["Paint by : creates PaintThing 1", "Thing by Id: reads GetThing 0.9, reads PaintThing 1"];
        assert_eq!(shown(&[("PaintThing", both)]), expected);
    }

    #[test]
    fn a_new_resource_is_identified_by_any_stated_operation_on_it() {
        let expected = ["Coat by Coat: updates PaintThing 1", "Thing by Name: reads GetThing 0.9"];
        assert_eq!(shown(&[("PaintThing", vec![stated("Coat", RelationRole::Updates, "Coat")])]), expected);
        let known = ["Thing by Name: reads GetThing 0.9, updates PaintThing 1"];
        assert_eq!(shown(&[("PaintThing", vec![stated("Thing", RelationRole::Updates, "Coat")])]), known);
    }
}
