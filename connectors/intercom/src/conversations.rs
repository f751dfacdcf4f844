//! Conversations: listed without their parts, so each is fetched; the opening message is not one of the parts.

mod message;

use atlas_connect::{Answer, Conversation, Landing, Listing, Object, Request, Stream, What, Window};
use serde_json::{Value, json};

use crate::{fields, paging, scopes};

/// One conversation with its 500 newest parts.
pub const OBJECT: Object = Object {
    kind: "conversation",
    scope: scopes::READ_CONVERSATIONS,
    get: |id| Request::get(format!("/conversations/{}", fields::segment(id))),
    identify,
    nested: |_| Vec::new(),
    attach: |_, _, _| None,
    land,
    gone,
};

/// All conversations, by their time of change.
pub const STREAM: Stream = Stream {
    name: "conversations",
    label: "Conversations",
    object: "conversation",
    scope: scopes::READ_CONVERSATIONS,
    open,
    read,
    detail: true,
    exclusive: None,
    incremental: true,
    deletions: false,
    order: 30,
};

const SEARCH: &str = "/conversations/search";

/// Here dates are exact seconds. Intercom describes `>` as "or equal", other places as strictly greater:
/// asking from one second earlier is right either way, and the extra second is dropped in `read`.
fn open(window: &Window) -> Request {
    let after = |moment: i64| json!({"field": "updated_at", "operator": ">", "value": moment});
    match window {
        Window::History => paging::search(SEARCH, after(0), "descending"),
        Window::Since(since) => paging::search(SEARCH, after(since.saturating_sub(1)), "ascending"),
    }
}

fn read(window: &Window, request: &Request, answer: &Value) -> Result<Listing, String> {
    let rows = paging::page(answer, &["conversations", "data"])?;
    Ok(Listing {
        items: paging::listed(window, rows, identify),
        total: fields::number(answer, "total_count"),
        next: paging::next_search(request, answer)?,
    })
}

fn identify(conversation: &Value) -> Option<(String, i64)> {
    Some((fields::id(conversation, "id")?, fields::version(conversation)))
}

fn land(conversation: &Value) -> Result<Vec<Landing>, String> {
    let (external_id, _) = identify(conversation).ok_or("a conversation without an id")?;
    if fields::flag(conversation, "deleted") {
        return Ok(vec![Landing::Gone { what: What::Conversation, external_id }]);
    }
    let parts = conversation.get("conversation_parts");
    let listed = parts.and_then(|parts| fields::items(parts, &["conversation_parts", "data"]));
    let mut messages: Vec<_> = message::opening(&external_id, conversation).into_iter().collect();
    messages.extend(listed.into_iter().flatten().filter_map(message::part));
    Ok(vec![Landing::Conversation(Conversation {
        external_id,
        title: title(conversation),
        state: state(conversation).into(),
        // The answer does not name its workspace: see `conversation_url`.
        url: None,
        people: people(conversation),
        assignee: assignee(conversation),
        tags: fields::tag_names(conversation),
        created_at: fields::moment(conversation, "created_at"),
        updated_at: fields::moment(conversation, "updated_at"),
        messages,
        stated_parts: parts.and_then(|parts| fields::number(parts, "total_count")),
    })])
}

/// The title that was given, or the subject of the e-mail it began with.
fn title(conversation: &Value) -> Option<String> {
    let subject = || fields::text(conversation.get("source")?, "subject");
    let words = fields::text(conversation, "title").or_else(subject)?;
    Some(fields::without_markup(&words)).filter(|title| !title.is_empty())
}

fn state(conversation: &Value) -> &'static str {
    let open = conversation.get("open").and_then(Value::as_bool);
    match conversation.get("state").and_then(Value::as_str) {
        Some("open") => "open",
        Some("closed") => "closed",
        Some("snoozed") => "snoozed",
        _ if fields::moment(conversation, "snoozed_until").is_some() => "snoozed",
        _ if open == Some(false) => "closed",
        _ => "open",
    }
}

/// The people in it; when the list is missing, who opened it.
fn people(conversation: &Value) -> Vec<String> {
    let listed = fields::ids(conversation, "contacts", &["contacts", "data"]);
    if !listed.is_empty() {
        return listed;
    }
    let author = conversation.get("source").and_then(|source| source.get("author"));
    author.filter(|author| message::is_customer(author)).and_then(|author| fields::id(author, "id")).into_iter().collect()
}

/// 0 (2.16) and null (before) are nobody; the oldest versions had an object.
fn assignee(conversation: &Value) -> Option<String> {
    let older = || conversation.get("assignee").filter(|who| who.get("type").and_then(Value::as_str) == Some("admin"));
    fields::id(conversation, "admin_assignee_id").or_else(|| fields::id(older()?, "id"))
}

fn gone(id: &str, _: &Answer) -> Vec<Landing> {
    vec![Landing::Gone { what: What::Conversation, external_id: id.into() }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landed(conversation: Value) -> Conversation {
        match land(&conversation).unwrap().remove(0) {
            Landing::Conversation(conversation) => conversation,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_window_asks_one_second_earlier_and_drops_it() {
        let window = Window::Since(1_795_299_940);
        let body = open(&window).body.unwrap();
        assert_eq!(body["query"], json!({"field": "updated_at", "operator": ">", "value": 1_795_299_939}));
        assert_eq!(body["sort"]["order"], "ascending");
        let rows = [json!({"id": "1", "updated_at": 1_795_299_939}), json!({"id": "2", "updated_at": 1_795_299_940})];
        let listing = read(&window, &open(&window), &json!({"conversations": rows, "total_count": 2})).unwrap();
        assert_eq!(listing.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["2"]);
        assert_eq!(open(&Window::History).body.unwrap()["sort"]["order"], "descending");
    }

    #[test]
    fn versions_write_nobody_differently() {
        let check = |value: Value, expect: Option<&str>| assert_eq!(landed(value).assignee.as_deref(), expect);
        check(json!({"id": "1", "admin_assignee_id": 0}), None);
        check(json!({"id": "1", "admin_assignee_id": null}), None);
        check(json!({"id": "1", "admin_assignee_id": "6810042"}), Some("6810042"));
        check(json!({"id": 1, "assignee": {"type": "admin", "id": 25}}), Some("25"));
        check(json!({"id": 1, "assignee": {"type": "nobody_admin", "id": 25}}), None);
    }

    #[test]
    fn the_state_is_one_of_three() {
        let check = |value: Value, expect: &str| assert_eq!(state(&value), expect);
        check(json!({"state": "snoozed", "open": true}), "snoozed");
        check(json!({"open": false}), "closed");
        check(json!({"state": "something", "snoozed_until": 1_795_299_940}), "snoozed");
        check(json!({}), "open");
    }

    #[test]
    fn a_listed_conversation_says_nothing_of_parts() {
        let listed = landed(json!({"id": "1", "source": {"body": "Hello"}}));
        assert_eq!((listed.messages.len(), listed.stated_parts), (1, None));
    }

    #[test]
    fn a_cut_is_visible_in_the_stated_count() {
        let parts: Vec<_> = (1..=500).map(|n| json!({"id": n, "part_type": "comment", "body": "x"})).collect();
        let cut = landed(json!({"id": "1", "conversation_parts": {"conversation_parts": parts, "total_count": 1200}}));
        assert_eq!((cut.messages.len(), cut.stated_parts), (500, Some(1200)));
    }

    #[test]
    fn the_subject_is_the_title_of_an_e_mail() {
        assert_eq!(
            landed(json!({"id": "1", "title": null, "source": {"subject": "<p>Invoice &amp; refund</p>"}})).title.as_deref(),
            Some("Invoice & refund")
        );
        assert_eq!(landed(json!({"id": "1", "title": "", "source": {"subject": ""}})).title, None);
    }
}
