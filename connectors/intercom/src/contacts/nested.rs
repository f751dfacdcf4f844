//! Lists inside a contact: cut after ten items, and tags without their names.

use std::collections::HashMap;

use atlas_connect::Request;
use serde_json::{Map, Value, json};

use crate::{fields, paging};

/// All tags of the workspace, which names those in contacts. The same call for every contact, so its answer can be shared.
const ALL_TAGS: &str = "/tags";

/// The calls for what the answer cut short or left out.
pub fn calls(contact: &Value) -> Vec<Request> {
    let Some(id) = fields::id(contact, "id") else {
        return Vec::new();
    };
    let place = format!("/contacts/{}", fields::segment(&id));
    let mut calls = Vec::new();
    if cut_short(contact, "companies") {
        calls.push(Request::get(format!("{place}/companies?per_page=150")));
    }
    if cut_short(contact, "tags") {
        calls.push(Request::get(format!("{place}/tags")));
    } else if !all_named(contact) {
        calls.push(Request::get(ALL_TAGS));
    }
    calls
}

/// Puts one page of a nested list into the contact; answers the call for its next page.
pub fn attach(contact: &mut Value, request: &Request, answer: &Value) -> Option<Request> {
    let path = request.path.split('?').next().unwrap_or_default();
    if path == ALL_TAGS {
        name_tags(contact, answer);
        return None;
    }
    let list = if path.ends_with("/companies") { "companies" } else { "tags" };
    let found = fields::items(answer, &["data", list]).cloned().unwrap_or_default();
    let next = paging::next_page(answer).filter(|_| !found.is_empty()).map(|page| with_page(path, page));
    let next = next.filter(|next| next != request);
    // Without a list in the answer nothing was proved, so the list stays marked as cut short.
    let ended = next.is_none() && fields::items(answer, &["data", list]).is_some();
    merge(contact, list, found, ended);
    next
}

/// Whether the contact's companies are all there.
pub fn companies_complete(contact: &Value) -> bool {
    whole(contact, "companies")
}

/// Whether the contact's tags are all there, with names.
pub fn tags_complete(contact: &Value) -> bool {
    whole(contact, "tags") && all_named(contact)
}

fn whole(contact: &Value, list: &str) -> bool {
    entries(contact, list).is_some() && !cut_short(contact, list)
}

fn cut_short(contact: &Value, list: &str) -> bool {
    let Some(nested) = contact.get(list) else {
        return false;
    };
    let stated = fields::number(nested, "total_count").unwrap_or(0);
    let there = entries(contact, list).map_or(0, |items| i64::try_from(items.len()).unwrap_or(i64::MAX));
    match nested.get("has_more").and_then(Value::as_bool) {
        Some(more) => more,
        None => stated > there,
    }
}

fn all_named(contact: &Value) -> bool {
    entries(contact, "tags").is_none_or(|tags| tags.iter().all(|tag| fields::text(tag, "name").is_some()))
}

fn entries<'a>(contact: &'a Value, list: &str) -> Option<&'a Vec<Value>> {
    fields::items(contact.get(list)?, &["data", list])
}

fn with_page(path: &str, page: i64) -> Request {
    Request::get(format!("{path}?per_page=150&page={page}"))
}

/// Adds what is new by id, replaces what is known, and says whether the list is whole now.
fn merge(contact: &mut Value, list: &str, found: Vec<Value>, ended: bool) {
    let mut items = entries(contact, list).cloned().unwrap_or_default();
    let mut places: HashMap<String, usize> =
        items.iter().enumerate().filter_map(|(at, item)| Some((fields::id(item, "id")?, at))).collect();
    for item in found {
        let Some(id) = fields::id(&item, "id") else {
            continue;
        };
        match places.get(&id) {
            Some(&at) => items[at] = item,
            None => {
                places.insert(id, items.len());
                items.push(item);
            }
        }
    }
    put(contact, list, items, ended);
}

fn put(contact: &mut Value, list: &str, items: Vec<Value>, ended: bool) {
    let Some(contact) = contact.as_object_mut() else {
        return;
    };
    let before = contact.get(list).and_then(Value::as_object).cloned();
    let mut nested: Map<String, Value> = before.unwrap_or_default();
    nested.remove(list);
    nested.insert("has_more".into(), json!(!ended));
    nested.insert("data".into(), Value::Array(items));
    contact.insert(list.into(), Value::Object(nested));
}

/// Gives the tags in the contact their names.
fn name_tags(contact: &mut Value, answer: &Value) {
    let all = fields::items(answer, &["data", "tags"]);
    let names: HashMap<String, String> =
        all.into_iter().flatten().filter_map(|tag| Some((fields::id(tag, "id")?, fields::text(tag, "name")?))).collect();
    let Some(tags) = contact.get_mut("tags") else {
        return;
    };
    let list = if tags.get("data").is_some() { tags.get_mut("data") } else { tags.get_mut("tags") };
    for tag in list.and_then(Value::as_array_mut).into_iter().flatten() {
        let name = fields::id(tag, "id").and_then(|id| names.get(&id));
        if let (Some(name), Some(tag)) = (name, tag.as_object_mut()) {
            tag.insert("name".into(), Value::String(name.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(kind: &str, ids: std::ops::Range<u32>) -> Vec<Value> {
        ids.map(|n| json!({"type": kind, "id": n.to_string(), "url": format!("/{kind}/{n}")})).collect()
    }

    fn contact() -> Value {
        json!({
            "id": "c1",
            "companies": {"data": references("company", 1..11), "total_count": 12, "has_more": true},
            "tags": {"data": references("tag", 1..11), "total_count": 25, "has_more": true},
        })
    }

    #[test]
    fn lists_that_were_cut_are_fetched_to_their_end() {
        let mut contact = contact();
        let calls = calls(&contact);
        assert_eq!(calls, [Request::get("/contacts/c1/companies?per_page=150"), Request::get("/contacts/c1/tags")]);
        assert!(!companies_complete(&contact) && !tags_complete(&contact));

        let first =
            json!({"type": "list", "companies": references("company", 1..8), "pages": {"page": 1, "total_pages": 2, "next": {"page": 2}}});
        let second = attach(&mut contact, &calls[0], &first).unwrap();
        assert_eq!(second, Request::get("/contacts/c1/companies?per_page=150&page=2"));
        assert!(!companies_complete(&contact));
        let last = json!({"type": "list", "data": references("company", 8..13), "pages": {"page": 2, "total_pages": 2, "next": null}});
        assert_eq!(attach(&mut contact, &second, &last), None);
        assert!(companies_complete(&contact));
        assert_eq!(fields::ids(&contact, "companies", &["data"]).len(), 12);

        let named: Vec<_> = (1..26).map(|n| json!({"id": n.to_string(), "name": format!("Tag {n}")})).collect();
        assert_eq!(attach(&mut contact, &calls[1], &json!({"type": "list", "data": named})), None);
        assert!(tags_complete(&contact));
        assert_eq!(fields::tag_names(&contact).len(), 25);
        assert_eq!(super::calls(&contact), []);
    }

    #[test]
    fn a_few_tags_need_only_their_names() {
        let mut contact = json!({"id": "c1", "tags": {"data": references("tag", 1..3), "has_more": false, "total_count": 2}});
        assert_eq!(calls(&contact), [Request::get("/tags")]);
        assert!(!tags_complete(&contact));
        attach(
            &mut contact,
            &Request::get("/tags"),
            &json!({"data": [{"id": 1, "name": "VIP"}, {"id": "2", "name": "Trial"}, {"id": "3", "name": "Other"}]}),
        );
        assert_eq!(fields::tag_names(&contact), ["VIP", "Trial"]);
        assert!(tags_complete(&contact));
    }

    #[test]
    fn nothing_is_asked_for_lists_that_are_whole_or_absent() {
        assert_eq!(
            calls(&json!({"id": "c1", "tags": {"data": [], "has_more": false}, "companies": {"data": [{"id": "a"}], "has_more": false}})),
            []
        );
        assert_eq!(calls(&json!({"id": "c1"})), []);
        assert!(!companies_complete(&json!({"id": "c1"})), "a list that is not there says nothing");
    }

    #[test]
    fn an_answer_without_a_list_proves_nothing() {
        let mut contact = contact();
        assert_eq!(attach(&mut contact, &Request::get("/contacts/c1/companies?per_page=150"), &json!({"type": "error.list"})), None);
        assert!(!companies_complete(&contact));
        assert_eq!(fields::ids(&contact, "companies", &["data"]).len(), 10);
    }
}
