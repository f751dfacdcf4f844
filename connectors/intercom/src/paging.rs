//! How Intercom pages: cursors in the body of searches, page numbers and addresses elsewhere.

use atlas_connect::{Listed, Request, Window};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::fields;

/// Items a page in searches and cursor lists, the most that Intercom gives.
pub const PER_PAGE: i64 = 150;

/// A search call for its first page.
pub fn search(path: &str, query: Value, order: &str) -> Request {
    let sort = json!({"field": "updated_at", "order": order});
    Request::post(path, json!({"query": query, "sort": sort, "pagination": {"per_page": PER_PAGE}}))
}

/// The call for the next page of a search; none on the last.
///
/// # Errors
/// When the answer points at the page that was just read, which would never end.
pub fn next_search(request: &Request, answer: &Value) -> Result<Option<Request>, String> {
    let Some(cursor) = next_cursor(answer) else {
        return Ok(None);
    };
    let mut next = request.clone();
    let body = next.body.get_or_insert_with(|| json!({}));
    let Some(body) = body.as_object_mut() else {
        return Err("the search has no body to put a cursor in".into());
    };
    let pagination = body.entry("pagination").or_insert_with(|| json!({"per_page": PER_PAGE}));
    let Some(pagination) = pagination.as_object_mut() else {
        return Err("the search's pagination is not an object".into());
    };
    pagination.insert("starting_after".into(), Value::String(cursor));
    if next == *request { Err("the next page is the page that was just read".into()) } else { Ok(Some(next)) }
}

/// The cursor of the next page. Intercom writes it as `next.starting_after`, some answers as an address.
fn next_cursor(answer: &Value) -> Option<String> {
    match answer.get("pages")?.get("next")? {
        Value::String(address) => parameter(address, "starting_after"),
        next => fields::text(next, "starting_after"),
    }
}

/// The number of the next page of a list that counts pages; none on the last.
pub fn next_page(answer: &Value) -> Option<i64> {
    let pages = answer.get("pages")?;
    let stated = match pages.get("next") {
        Some(Value::String(address)) => parameter(address, "page").and_then(|page| page.parse().ok()),
        Some(next @ Value::Object(_)) => fields::number(next, "page"),
        _ => None,
    };
    let page = fields::number(pages, "page")?;
    let last = fields::number(pages, "total_pages").unwrap_or(page);
    stated.or_else(|| page.checked_add(1).filter(|&next| next <= last)).filter(|&next| next > page)
}

/// A parameter of a path's or address's query.
pub fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
}

/// One parameter as a query.
pub fn query(name: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()
}

/// The items of a listing that belong to the window; items without an id cannot be kept and are left out.
///
/// Intercom's contact search answers whole days, so rows older than the window are normal and dropped here.
pub fn listed(window: &Window, items: &[Value], identify: fn(&Value) -> Option<(String, i64)>) -> Vec<Listed> {
    let found = items.iter().filter_map(|item| identify(item).map(|(id, version)| Listed { id, version, value: item.clone() }));
    found.filter(|item| belongs(window, item.version)).collect()
}

/// Whether a version is inside the window; one that Intercom does not state always is.
pub fn belongs(window: &Window, version: i64) -> bool {
    match window {
        Window::History => true,
        Window::Since(since) => version == 0 || version >= *since,
    }
}

/// The items of a listing's answer.
///
/// # Errors
/// When there is no list: an unreadable page is never the end of the data.
pub fn page<'a>(answer: &'a Value, keys: &[&str]) -> Result<&'a Vec<Value>, String> {
    let unlisted = || format!("the answer has no list under {}", keys.join(" or "));
    answer.as_object().ok_or_else(unlisted)?;
    fields::items(answer, keys).ok_or_else(unlisted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first() -> Request {
        search("/contacts/search", json!({"field": "updated_at", "operator": ">", "value": 0}), "descending")
    }

    #[test]
    fn a_cursor_goes_into_the_body() {
        let answer = json!({"pages": {"page": 1, "per_page": "150", "next": {"page": 2, "starting_after": "WzE3OTU="}}});
        let next = next_search(&first(), &answer).unwrap().unwrap();
        assert_eq!(next.path, "/contacts/search");
        assert_eq!(next.body.unwrap()["pagination"], json!({"per_page": 150, "starting_after": "WzE3OTU="}));
    }

    #[test]
    fn no_next_absent_or_null_is_the_last_page() {
        for pages in [json!({"page": 1}), json!({"next": null}), json!(null), json!({"next": {"page": 2}}), json!({"next": ""})] {
            assert_eq!(next_search(&first(), &json!({"pages": pages})), Ok(None));
        }
    }

    #[test]
    fn the_same_cursor_again_is_an_error_and_no_loop() {
        let answer = json!({"pages": {"next": {"starting_after": "abc"}}});
        let second = next_search(&first(), &answer).unwrap().unwrap();
        assert!(next_search(&second, &answer).is_err());
    }

    #[test]
    fn page_numbers_come_as_address_object_or_count() {
        let check = |pages: Value, expect| assert_eq!(next_page(&json!({"pages": pages})), expect);
        check(json!({"page": 1, "next": "https://api.intercom.io/conversations/deleted?per_page=60&page=2"}), Some(2));
        check(json!({"page": 2, "total_pages": 3, "next": {"page": 3}}), Some(3));
        check(json!({"page": "2", "total_pages": "3"}), Some(3));
        check(json!({"page": 3, "total_pages": 3, "next": null}), None);
        check(json!({"page": 3, "next": {"page": 3}}), None);
    }
}
