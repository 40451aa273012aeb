//! The names of shapes and members in XML and in forms, by the XML binding traits.

use serde_json::Value;

use crate::model::{Contract, Member, Traits};

/// The name of the items of a list whose model gives none.
pub(super) const ITEM: &str = "member";

/// The name of the entries of a map, which no trait changes.
pub(super) const ENTRY: &str = "entry";

const XML_NAME: &str = "smithy.api#xmlName";
const XML_NAMESPACE: &str = "smithy.api#xmlNamespace";

/// The name that the traits give.
pub(super) fn given_name(traits: &Traits) -> Option<&str> {
    traits.get(XML_NAME)?.as_str()
}

/// The name of a member of a structure, with the prefix that the model gives it.
pub(super) fn member_name(member: &Member) -> &str {
    given_name(&member.traits).unwrap_or(&member.name)
}

/// The name of the items of a list that is not flattened.
pub(super) fn item_name(item: &Member) -> &str {
    given_name(&item.traits).unwrap_or(ITEM)
}

/// The names of the keys and of the values of a map.
pub(super) fn entry_names<'m>(key: &'m Member, value: &'m Member) -> (&'m str, &'m str) {
    (member_name(key), member_name(value))
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Returns whether the items or entries stand where the member would, without an element around them.
pub(super) fn is_flattened(member: &Member) -> bool {
    member.traits.get("smithy.api#xmlFlattened").is_some()
}

/// Returns whether the member is an attribute of the element of its structure.
pub(super) fn is_attribute(member: &Member) -> bool {
    member.traits.get("smithy.api#xmlAttribute").is_some()
}

/// The attribute that declares the namespace of these traits.
pub(super) fn namespace(traits: &Traits) -> Option<(String, String)> {
    declaration(traits.get(XML_NAMESPACE)?)
}

/// The attribute that declares the namespace of the service.
pub(super) fn service_namespace(contract: &Contract) -> Option<(String, String)> {
    namespace(&contract.service().traits)
}

fn declaration(namespace: &Value) -> Option<(String, String)> {
    let uri = namespace.get("uri")?.as_str()?;
    let prefix = namespace.get("prefix").and_then(Value::as_str).filter(|prefix| !prefix.is_empty());
    Some((prefix.map_or("xmlns".to_owned(), |prefix| format!("xmlns:{prefix}")), uri.to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"uri": "http://a"}), Some(("xmlns", "http://a")))]
    #[case(json!({"uri": "http://a", "prefix": "xsi"}), Some(("xmlns:xsi", "http://a")))]
    #[case(json!({}), None)]
    fn a_namespace_is_declared_with_its_prefix(#[case] given: Value, #[case] expected: Option<(&str, &str)>) {
        let expected = expected.map(|(name, uri)| (name.to_owned(), uri.to_owned()));
        assert_eq!(declaration(&given), expected);
    }

    #[test]
    fn a_local_name_has_no_prefix() {
        assert_eq!(["xsi:type", "Name"].map(local), ["type", "Name"]);
    }
}
