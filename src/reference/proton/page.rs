//! The pages of a list and their tokens.
//!
//! A token contains the last key of its page, so it stays valid when other calls add or delete items.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{Rejection, proton_error};

const DEFAULT_SIZE: u64 = 100;

/// One page of a list.
pub(super) struct ListPage {
    pub(super) items: Vec<Value>,
    /// The token of the next page. `None` on the last page.
    pub(super) next: Option<String>,
}

impl ListPage {
    /// The response, with the list in the member `member`.
    pub(super) fn response(self, member: &str) -> Value {
        let mut response = Map::from_iter([(member.to_owned(), Value::Array(self.items))]);
        response.extend(self.next.map(|token| ("nextToken".to_owned(), Value::String(token))));
        Value::Object(response)
    }
}

/// Selects the page that `input` requests. The items are sorted by key.
pub(super) fn page(input: &Value, items: impl Iterator<Item = (String, Value)>) -> Result<ListPage, Rejection> {
    let after = input["nextToken"].as_str().map(decode).transpose()?;
    let size = usize::try_from(input["maxResults"].as_u64().unwrap_or(DEFAULT_SIZE)).unwrap_or(usize::MAX);
    let mut rest = items.skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after)).peekable();
    let mut page = ListPage { items: Vec::new(), next: None };
    let mut last = String::new();
    for (key, item) in rest.by_ref().take(size) {
        page.items.push(item);
        last = key;
    }
    page.next = rest.peek().is_some().then(|| STANDARD.encode(last));
    Ok(page)
}

fn decode(token: &str) -> Result<String, Rejection> {
    let unknown = || proton_error::invalid("the nextToken is not from an earlier response of this operation");
    let bytes = STANDARD.decode(token).map_err(|_| unknown())?;
    String::from_utf8(bytes).map_err(|_| unknown())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn letters() -> impl Iterator<Item = (String, Value)> {
        ["a", "b", "c"].into_iter().map(|letter| (letter.to_owned(), json!(letter)))
    }

    #[test]
    fn pages_contain_every_item_once_and_the_last_has_no_token() {
        let first = page(&json!({"maxResults": 2}), letters()).unwrap();
        assert_eq!(first.items, [json!("a"), json!("b")]);
        let second = page(&json!({"maxResults": 2, "nextToken": first.next}), letters()).unwrap();
        assert_eq!((second.items, second.next), (vec![json!("c")], None));
    }

    #[test]
    fn a_page_that_ends_with_the_list_has_no_token() {
        assert_eq!(page(&json!({"maxResults": 3}), letters()).unwrap().next, None);
    }

    #[test]
    fn a_token_stays_valid_when_its_item_is_deleted() {
        let token = page(&json!({"maxResults": 2}), letters()).unwrap().next;
        let without_b = letters().filter(|(key, _)| key != "b");
        assert_eq!(page(&json!({"nextToken": token}), without_b).unwrap().items, [json!("c")]);
    }

    #[test]
    fn an_unknown_token_is_rejected() {
        for token in ["!", "/w==", "a"] {
            let rejection = page(&json!({"nextToken": token}), letters()).err().unwrap();
            assert_eq!(rejection.error, "ValidationException");
        }
    }
}
