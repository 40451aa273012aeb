//! A location in an output, which may be inside of lists and maps.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{
    Contract,
    pointer::child,
    shape::{ShapeId, ShapeKind},
};

/// A location in an output: names of members, and `[]` for the items of a list or the values of a map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputPath(pub Vec<String>);

impl fmt::Display for OutputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let dot = if index == 0 || step == Self::ITEMS { "" } else { "." };
            write!(f, "{dot}{step}")?;
        }
        Ok(())
    }
}

impl Serialize for OutputPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl OutputPath {
    /// The step to the items of a list.
    pub const ITEMS: &'static str = "[]";

    /// The JSON pointer, if no step leads into a list.
    #[must_use]
    pub fn pointer(&self) -> Option<String> {
        let leads_into_a_list = self.0.iter().any(|step| step == Self::ITEMS);
        (!leads_into_a_list).then(|| self.0.iter().fold(String::new(), |pointer, step| child(&pointer, step)))
    }

    /// The same location with the first item of each list.
    #[must_use]
    pub fn of_first_items(&self) -> Self {
        let step = |step: &String| if step == Self::ITEMS { "0".to_owned() } else { step.clone() };
        Self(self.0.iter().map(step).collect())
    }

    /// Reads a location as it is displayed, such as `Things[].Id`, in the shape `root`; `None` if it has no such location.
    #[must_use]
    pub fn read(contract: &Contract, root: &ShapeId, text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut shape = root;
        for part in text.split('.') {
            let name = part.trim_end_matches(Self::ITEMS);
            let member = contract.members(shape).iter().find(|member| member.name == name)?;
            steps.push(name.to_owned());
            shape = &member.target;
            for _ in 0..(part.len() - name.len()) / Self::ITEMS.len() {
                match &contract.shape(shape)?.kind {
                    ShapeKind::List(item) | ShapeKind::Map { value: item, .. } => shape = &item.target,
                    _ => return None,
                }
                steps.push(Self::ITEMS.to_owned());
            }
        }
        Some(Self(steps))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::read;

    const MODEL: &str = r#"{"smithy":"2.0","shapes":{
        "x#S":{"type":"service","version":"1"},
        "x#Out":{"type":"structure","members":{"Things":{"target":"x#Things"},"Next":{"target":"smithy.api#String"},
            "ByName":{"target":"x#ByName"},"Rows":{"target":"x#Rows"},"Inner":{"target":"x#Out"}}},
        "x#Things":{"type":"list","member":{"target":"x#Out"}},
        "x#Names":{"type":"list","member":{"target":"smithy.api#String"}},
        "x#Rows":{"type":"list","member":{"target":"x#Names"}},
        "x#ByName":{"type":"map","key":{"target":"smithy.api#String"},"value":{"target":"x#Out"}}}}"#;

    #[rstest]
    #[case("Next", Some("/Next"))]
    #[case("Inner.Inner.Next", Some("/Inner/Inner/Next"))]
    #[case("Things[].Next", None)]
    #[case("Rows[][]", None)]
    #[case("ByName[].Things[].Inner", None)]
    fn a_location_reads_as_it_is_displayed(#[case] text: &str, #[case] pointer: Option<&str>) {
        let path = OutputPath::read(&read("m", MODEL).unwrap(), &ShapeId::new("x#Out"), text).unwrap();
        assert_eq!(path.to_string(), text);
        assert_eq!(path.pointer().as_deref(), pointer);
        assert_eq!(serde_json::to_value(&path).unwrap(), text);
        assert_eq!(path.of_first_items().to_string(), text.replace("[]", ".0"));
    }

    #[rstest]
    #[case::empty("")]
    #[case::unknown("Things[].Nex")]
    #[case::no_list("Next[]")]
    #[case::list_without_items("Things.Next")]
    #[case::member_of_a_string("Next.Next")]
    #[case::nothing_between_dots("Inner..Next")]
    #[case::brackets_alone("[]")]
    #[case::one_bracket("Things[")]
    fn a_location_that_is_not_there_does_not_read(#[case] text: &str) {
        assert_eq!(OutputPath::read(&read("m", MODEL).unwrap(), &ShapeId::new("x#Out"), text), None);
    }
}
