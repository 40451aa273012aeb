//! The argument of the matcher `$completes`: two parts of a list hold every item of the whole once.

use serde_json::Value;

use crate::model::JsonText;

/// A whole list, and the part of it that was seen before.
pub(super) struct CompletedList<'a> {
    whole: &'a [Value],
    part: &'a [Value],
    /// The names on the way from an item to what identifies it.
    by: Vec<&'a str>,
}

impl<'a> CompletedList<'a> {
    /// Reads the argument; `None` if it has another form.
    pub(super) fn of(argument: &'a Value) -> Option<Self> {
        let list = |name: &str| argument.get(name)?.as_array().map(Vec::as_slice);
        let by = list("by")?.iter().map(Value::as_str).collect::<Option<_>>()?;
        let is_known = |name: &String| ["whole", "part", "by"].contains(&name.as_str());
        let is_complete = argument.as_object()?.keys().all(is_known);
        is_complete.then_some(Self { whole: list("whole")?, part: list("part")?, by })
    }

    /// The identifiers that the part and the rest lack, and those that both have.
    pub(super) fn faults(&self, rest: &[Value]) -> (Vec<Value>, Vec<Value>) {
        let has = |items: &[Value], id: &Value| items.iter().any(|item| self.id(item) == Some(id));
        let ids: Vec<&Value> = self.whole.iter().filter_map(|item| self.id(item)).collect();
        let of =
            |is_fault: &dyn Fn(&Value) -> bool| ids.iter().filter(|id| is_fault(id)).map(|id| (*id).clone()).collect();
        let lacking = of(&|id| !has(self.part, id) && !has(rest, id));
        let repeated = of(&|id| has(self.part, id) && has(rest, id));
        (lacking, repeated)
    }

    /// Describes the list that was expected instead of this one.
    pub(super) fn words(&self, rest: &[Value]) -> String {
        let (lacking, repeated) = self.faults(rest);
        let shown = |ids: Vec<Value>| JsonText(&Value::Array(ids)).to_string();
        if repeated.is_empty() {
            format!("a list with {}, which earlier pages lack", shown(lacking))
        } else {
            format!("a list without {}, which an earlier page has", shown(repeated))
        }
    }

    fn id<'v>(&self, item: &'v Value) -> Option<&'v Value> {
        self.by.iter().try_fold(item, |value, name| value.get(name))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::all(json!([2, 3]), &[], &[])]
    #[case::in_another_order(json!([3, 2]), &[], &[])]
    #[case::new_items_do_not_matter(json!([2, 3, 4]), &[], &[])]
    #[case::a_gap(json!([3]), &[2], &[])]
    #[case::a_repetition(json!([1, 2, 3]), &[], &[1])]
    #[case::nothing(json!([]), &[2, 3], &[])]
    fn two_parts_are_the_whole(#[case] rest: Value, #[case] lacking: &[u64], #[case] repeated: &[u64]) {
        let list = |ids: &Value| ids.as_array().unwrap().iter().map(|id| json!({"a": {"id": id}})).collect::<Vec<_>>();
        let argument = json!({"whole": list(&json!([1, 2, 3])), "part": list(&json!([1])), "by": ["a", "id"]});
        let (found, twice) = CompletedList::of(&argument).unwrap().faults(&list(&rest));
        assert_eq!((json!(found), json!(twice)), (json!(lacking), json!(repeated)));
    }

    #[test]
    fn what_is_wrong_is_described() {
        let argument = json!({"whole": [1, 2], "part": [1], "by": []});
        let list = CompletedList::of(&argument).unwrap();
        assert_eq!(list.words(&[]), "a list with [2], which earlier pages lack");
        assert_eq!(list.words(&[json!(1), json!(2)]), "a list without [1], which an earlier page has");
    }

    #[rstest]
    #[case(json!({"whole": [], "part": []}))]
    #[case(json!({"whole": [], "part": [], "by": [1]}))]
    #[case(json!({"whole": [], "part": [], "by": [], "more": 1}))]
    #[case(json!({"whole": {}, "part": [], "by": []}))]
    #[case(json!([]))]
    fn another_form_is_none(#[case] argument: Value) {
        assert!(CompletedList::of(&argument).is_none());
    }
}
