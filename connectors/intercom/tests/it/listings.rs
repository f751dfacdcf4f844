//! Reading lists: first calls, pages, and what a broken page means.

use atlas_connect::{Request, Window};
use serde_json::{Value, json};

use crate::{json_of, stream};

fn ids(name: &str, window: Window, answer: &Value) -> Vec<(String, i64)> {
    let stream = stream(name);
    let listing = (stream.read)(&window, &(stream.open)(&window), answer).unwrap();
    listing.items.into_iter().map(|item| (item.id, item.version)).collect()
}

#[test]
fn the_contact_question_is_the_documented_one() {
    let open = stream("contacts").open;
    assert_eq!(open(&Window::Since(1_795_300_000)), Request::post("/contacts/search", json_of!("contacts_search_request")));
}

#[test]
fn contacts_page_by_cursor_to_the_end() {
    let contacts = stream("contacts");
    let first = (contacts.open)(&Window::History);
    let mut answer = json_of!("contacts_search_response");
    let page = (contacts.read)(&Window::History, &first, &answer).unwrap();
    assert_eq!((page.items.len(), page.total), (1, Some(2)));
    let second = page.next.unwrap();
    assert_eq!(
        second.body.as_ref().unwrap()["pagination"],
        json!({"per_page": 150, "starting_after": "WzE3OTUzMDAwMDAwMDAsIjY5MjBhMWM0IiwyXQ=="})
    );
    assert_eq!(second.body.as_ref().unwrap()["query"], first.body.unwrap()["query"]);
    answer["pages"]["next"] = Value::Null;
    assert_eq!((contacts.read)(&Window::History, &second, &answer).unwrap().next, None);
}

#[test]
fn a_change_later_the_same_day_is_inside_the_window() {
    // Changed 10:00 and 16:00, read at 12:00: the whole day is asked for, only what lies before noon is dropped.
    let noon = 1_795_262_400;
    let day = json!({"data": [{"id": "morning", "updated_at": noon - 7_200}, {"id": "afternoon", "updated_at": noon + 14_400}]});
    assert_eq!(ids("contacts", Window::Since(noon), &day), [("afternoon".to_owned(), noon + 14_400)]);
}

#[test]
fn every_list_of_the_fixtures_is_read() {
    let one = |id: &str, version: i64| vec![(id.to_owned(), version)];
    assert_eq!(ids("contacts", Window::History, &json_of!("contacts_search_response")), one("6920a1c4e8b7d3f05a9c1e42", 1_795_300_000));
    assert_eq!(ids("conversations", Window::History, &json_of!("conversations_search_response")), one("215470000000123", 1_795_299_940));
    assert_eq!(ids("companies", Window::History, &json_of!("companies_scroll_page")), one("691f5502c9d4e1a7b3860f10", 1_795_292_800));
    assert_eq!(ids("companies", Window::History, &json_of!("companies_list")), one("691f5502c9d4e1a7b3860f10", 1_795_292_800));
    let teammates = ids("teammates", Window::History, &json_of!("admins_list"));
    assert_eq!(teammates.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["6810042", "6810077"]);
}

#[test]
fn a_page_that_is_no_list_is_an_error_and_not_the_end() {
    let broken = [json!(null), json!({}), json!([]), json!("<html>"), json!({"type": "error.list", "errors": []}), json!({"data": 1})];
    for connector in atlas_intercom::connector().streams {
        for answer in &broken {
            let read = (connector.read)(&Window::History, &(connector.open)(&Window::History), answer);
            assert!(read.is_err(), "{} read {answer}", connector.name);
        }
    }
}

#[test]
fn a_tie_of_thousands_neither_loops_nor_cuts() {
    let conversations = stream("conversations");
    let window = Window::Since(500);
    let mut request = (conversations.open)(&window);
    let mut seen = 0;
    for page in 1..=34 {
        let rows: Vec<_> = (0..150).map(|n| json!({"id": page * 1_000 + n, "updated_at": 500})).collect();
        let next = if page < 34 { json!({"page": page + 1, "starting_after": format!("cursor{page}")}) } else { Value::Null };
        let answer = json!({"conversations": rows, "total_count": 5_100, "pages": {"page": page, "next": next}});
        let listing = (conversations.read)(&window, &request, &answer).unwrap();
        seen += listing.items.len();
        match listing.next {
            Some(next) => request = next,
            None => assert_eq!(page, 34),
        }
    }
    assert_eq!(seen, 5_100);
}
