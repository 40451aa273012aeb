//! Pages of a list: where one ends, and the token that leads on.
//!
//! A token holds the key after which the next page begins, so that a page stays right while others add and delete.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use super::{Refusal, refusal};

const DEFAULT_SIZE: u64 = 100;

/// One page of a list.
pub(super) struct ListPage {
    pub(super) items: Vec<Value>,
    /// Where the next page begins; `None` on the last one.
    pub(super) next: Option<String>,
}

impl ListPage {
    /// The answer whose list has the name `member`.
    pub(super) fn answer(self, member: &str) -> Value {
        let mut answer = Map::from_iter([(member.to_owned(), Value::Array(self.items))]);
        answer.extend(self.next.map(|token| ("nextToken".to_owned(), Value::String(token))));
        Value::Object(answer)
    }
}

/// The page that `input` asks for, out of items in the order of their keys.
pub(super) fn page(input: &Value, items: impl Iterator<Item = (String, Value)>) -> Result<ListPage, Refusal> {
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

fn decode(token: &str) -> Result<String, Refusal> {
    let unknown = || refusal::invalid("the nextToken is not one that this operation gave");
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
    fn pages_give_every_item_once_and_the_last_has_no_token() {
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
    fn a_token_stays_good_when_its_item_is_deleted() {
        let token = page(&json!({"maxResults": 2}), letters()).unwrap().next;
        let without_b = letters().filter(|(key, _)| key != "b");
        assert_eq!(page(&json!({"nextToken": token}), without_b).unwrap().items, [json!("c")]);
    }

    #[test]
    fn a_token_of_no_page_is_refused() {
        for token in ["!", "/w==", "a"] {
            let refusal = page(&json!({"nextToken": token}), letters()).err().unwrap();
            assert_eq!(refusal.error, "ValidationException");
        }
    }
}
