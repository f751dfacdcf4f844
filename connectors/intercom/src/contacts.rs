//! Contacts: Intercom's users and leads, people in Atlas.

mod nested;

use atlas_connect::{Answer, Landing, Listing, Object, Person, Request, Stream, What, Window};
use serde_json::{Value, json};

use crate::{fields, paging, scopes};

/// One contact by id.
pub const OBJECT: Object = Object {
    kind: "contact",
    scope: scopes::READ_PEOPLE,
    get: |id| Request::get(format!("/contacts/{}", fields::segment(id))),
    identify,
    nested: nested::calls,
    attach: nested::attach,
    land,
    gone,
};

/// All contacts, by their time of change.
pub const STREAM: Stream = Stream {
    name: "contacts",
    label: "Contacts",
    object: "contact",
    scope: scopes::READ_PEOPLE,
    open,
    read,
    detail: false,
    exclusive: None,
    incremental: true,
    deletions: false,
    order: 20,
};

const SEARCH: &str = "/contacts/search";

/// Up to API 2.16, dates in contact search are whole days of the workspace's time zone: `=` is the whole day of the
/// moment and `>` begins on the next one, so a change later the same day needs both. On a version that compares
/// seconds the same question still gives everything from the moment on.
fn open(window: &Window) -> Request {
    let by = |operator: &str, value: i64| json!({"field": "updated_at", "operator": operator, "value": value});
    match window {
        Window::History => paging::search(SEARCH, by(">", 0), "descending"),
        Window::Since(since) => {
            let either = json!({"operator": "OR", "value": [by(">", *since), by("=", *since)]});
            paging::search(SEARCH, either, "ascending")
        }
    }
}

/// Rows before the window are dropped: they are the rest of its first day. So only the history's total is a true count.
fn read(window: &Window, request: &Request, answer: &Value) -> Result<Listing, String> {
    let rows = paging::page(answer, &["data", "contacts"])?;
    Ok(Listing {
        items: paging::listed(window, rows, identify),
        total: (*window == Window::History).then(|| fields::number(answer, "total_count")).flatten(),
        next: paging::next_search(request, answer)?,
    })
}

fn identify(contact: &Value) -> Option<(String, i64)> {
    Some((fields::id(contact, "id")?, fields::version(contact)))
}

fn land(contact: &Value) -> Result<Vec<Landing>, String> {
    let (external_id, _) = identify(contact).ok_or("a contact without an id")?;
    if fields::flag(contact, "deleted") {
        return Ok(vec![Landing::Gone { what: What::Person, external_id }]);
    }
    let lead = is_lead(contact);
    Ok(vec![Landing::Person(Person {
        external_id,
        // A lead's external id is made up by Intercom; only a user's is the customer's own.
        own_id: fields::id(contact, "external_id").filter(|_| !lead),
        lead,
        name: fields::text(contact, "name"),
        email: fields::text(contact, "email"),
        phone: fields::text(contact, "phone"),
        location: location(contact),
        owner: fields::id(contact, "owner_id"),
        companies: fields::ids(contact, "companies", &["data", "companies"]),
        companies_complete: nested::companies_complete(contact),
        tags: fields::tag_names(contact),
        tags_complete: nested::tags_complete(contact),
        archived: fields::flag(contact, "archived"),
        attributes: fields::attributes(contact),
        created_at: fields::moment(contact, "created_at"),
        updated_at: fields::moment(contact, "updated_at"),
        last_seen_at: fields::moment(contact, "last_seen_at"),
    })])
}

fn is_lead(contact: &Value) -> bool {
    contact.get("role").or_else(|| contact.get("type")).and_then(Value::as_str) == Some("lead")
}

/// `Dublin, Ireland`, from what is known.
fn location(contact: &Value) -> Option<String> {
    let place = contact.get("location")?;
    let town = fields::text(place, "city").or_else(|| fields::text(place, "region"));
    let mut parts: Vec<String> = town.into_iter().chain(fields::text(place, "country")).collect();
    parts.dedup();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A merged contact answers 410 with the id that stays in its `Link` header (2.16), or 404 (older versions).
fn gone(id: &str, answer: &Answer) -> Vec<Landing> {
    match canonical(answer).filter(|into| into != id) {
        Some(into) => vec![Landing::Merged { from: id.into(), into }],
        None => vec![Landing::Gone { what: What::Person, external_id: id.into() }],
    }
}

/// The contact in `Link: </contacts/{id}>; rel="canonical"`.
fn canonical(answer: &Answer) -> Option<String> {
    let links = answer.header("link")?.split(',');
    let (target, _) = links.filter_map(|link| link.split_once(';')).find(|(_, rest)| rest.contains("canonical"))?;
    let path = target.trim().strip_prefix('<')?.strip_suffix('>')?;
    let (_, id) = path.rsplit_once("/contacts/")?;
    let id = id.split(['?', '#', '/']).next()?;
    fields::as_id(&Value::from(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_asks_for_the_whole_day_and_drops_what_lies_before() {
        let window = Window::Since(1_795_300_000);
        let body = open(&window).body.unwrap();
        assert_eq!(
            body["query"],
            json!({"operator": "OR", "value": [
                {"field": "updated_at", "operator": ">", "value": 1_795_300_000},
                {"field": "updated_at", "operator": "=", "value": 1_795_300_000},
            ]})
        );
        assert_eq!(body["sort"], json!({"field": "updated_at", "order": "ascending"}));
        let rows = [1_795_299_999, 1_795_300_000, 1_795_321_600].map(|at| json!({"id": at.to_string(), "updated_at": at}));
        let listing = read(&window, &open(&window), &json!({"data": rows, "total_count": 3})).unwrap();
        let kept: Vec<_> = listing.items.iter().map(|item| item.version).collect();
        assert_eq!(kept, [1_795_300_000, 1_795_321_600]);
        assert_eq!(listing.total, None);
    }

    #[test]
    fn history_is_newest_first() {
        let body = open(&Window::History).body.unwrap();
        assert_eq!(body["query"], json!({"field": "updated_at", "operator": ">", "value": 0}));
        assert_eq!(body["sort"]["order"], "descending");
        assert_eq!(body["pagination"], json!({"per_page": 150}));
    }

    #[test]
    fn a_page_full_of_one_second_goes_on() {
        let window = Window::Since(100);
        let rows: Vec<_> = (1..=150).map(|n| json!({"id": n, "updated_at": 100})).collect();
        let answer = json!({"data": rows, "pages": {"next": {"page": 2, "starting_after": "next"}}});
        let listing = read(&window, &open(&window), &answer).unwrap();
        assert_eq!(listing.items.len(), 150);
        assert_eq!(listing.next.unwrap().body.unwrap()["pagination"]["starting_after"], "next");
    }

    #[test]
    fn merged_and_missing_are_told_apart() {
        let check = |link: Option<&str>, expect: Landing| {
            let headers = link.map(|l| ("link".to_owned(), l.to_owned())).into_iter().collect();
            assert_eq!(gone("lead", &Answer { status: 410, body: String::new(), headers }), [expect], "{link:?}");
        };
        let merged = || Landing::Merged { from: "lead".into(), into: "user".into() };
        let gone = || Landing::Gone { what: What::Person, external_id: "lead".into() };
        check(Some(r#"</contacts/user>; rel="canonical""#), merged());
        check(Some(r#"<https://api.intercom.io/contacts/user?x=1>; rel=canonical"#), merged());
        check(Some(r#"</other>; rel="next", </contacts/user>; rel="canonical""#), merged());
        check(Some(r#"</contacts/lead>; rel="canonical""#), gone());
        check(Some("garbage"), gone());
        check(None, gone());
    }

    #[test]
    fn versions_write_owners_differently() {
        for (owner, expect) in
            [(json!("6810042"), Some("6810042")), (json!(6_810_042), Some("6810042")), (json!(null), None), (json!(0), None)]
        {
            let landed = land(&json!({"id": "a", "owner_id": owner})).unwrap();
            let Landing::Person(person) = &landed[0] else { panic!("{landed:?}") };
            assert_eq!(person.owner.as_deref(), expect);
        }
    }

    #[test]
    fn places_say_what_is_known() {
        let check = |place: Value, expect: Option<&str>| assert_eq!(location(&json!({"location": place})).as_deref(), expect);
        check(json!({"city": "Dublin", "country": "Ireland"}), Some("Dublin, Ireland"));
        check(json!({"region": "Leinster", "country": "Ireland"}), Some("Leinster, Ireland"));
        check(json!({"city": "Singapore", "country": "Singapore"}), Some("Singapore"));
        check(json!({"city": null, "country": null}), None);
    }
}
