//! Which objects a notice is about.

use atlas_connect::{Hint, Signal};
use serde_json::Value;

use crate::fields;

/// The signals of a notice, by the first word of its topic. Its content is a hint, so it only says what to fetch.
pub fn signals(topic: &str, item: &Value) -> Vec<Signal> {
    let (subject, rest) = topic.split_once('.').unwrap_or((topic, ""));
    match subject {
        "conversation" => conversation(rest, item),
        "conversation_part" => part(rest, item),
        "contact" => contact(rest, item),
        "company" => company(rest, item),
        "admin" => admin(rest, item),
        "visitor" => changed("contact", fields::id(item, "id")),
        _ => Vec::new(),
    }
}

/// A conversation that begins, or that somebody joins, may be of a person we have not seen: they are fetched with it.
fn conversation(rest: &str, item: &Value) -> Vec<Signal> {
    let id = fields::id(item, "conversation_id").or_else(|| fields::id(item, "id"));
    if rest == "deleted" {
        return signal("conversation", id, Hint::Deleted);
    }
    let with_people = matches!(rest, "user.created" | "admin.single.created" | "contact.attached");
    let people = if with_people { fields::ids(item, "contacts", &["contacts", "data"]) } else { Vec::new() };
    let mut signals: Vec<Signal> = people.into_iter().flat_map(|id| changed("contact", Some(id))).collect();
    signals.extend(changed("conversation", id));
    signals
}

/// Parts may or may not name their conversation; a redaction is acted on either way.
fn part(rest: &str, item: &Value) -> Vec<Signal> {
    let message = fields::id(item, "id");
    let nested = || fields::id(item.get("conversation")?, "id");
    let conversation = fields::id(item, "conversation_id").or_else(nested);
    let mut signals = Vec::new();
    if let (true, Some(message)) = (rest == "redacted", message) {
        let object = if conversation.is_some() { "conversation" } else { "message" };
        let id = conversation.clone().unwrap_or_else(|| message.clone());
        signals.push(Signal { object: object.into(), id, hint: Hint::Redacted { message } });
    }
    signals.extend(changed("conversation", conversation));
    signals
}

/// Tag and subscription topics carry the contact inside their item.
fn contact(rest: &str, item: &Value) -> Vec<Signal> {
    let inside = ["contact", "user", "lead"].iter().find_map(|key| fields::id(item.get(key)?, "id"));
    let id = inside.or_else(|| fields::id(item, "id"));
    match rest {
        "deleted" => signal("contact", id, Hint::Deleted),
        "merged" => merged(id, item),
        _ => changed("contact", id),
    }
}

/// The item is the contact that stays; `merged_from` the one that is no more.
fn merged(into: Option<String>, item: &Value) -> Vec<Signal> {
    let from = item.get("merged_from").and_then(|from| fields::id(from, "id"));
    let hint = into.clone().map(|into| Hint::Merged { into });
    let moved = from.zip(hint).filter(|(from, _)| Some(from) != into.as_ref());
    let mut signals = moved.map(|(from, hint)| signal("contact", Some(from), hint)).unwrap_or_default();
    signals.extend(changed("contact", into));
    signals
}

/// Who joined or left a company is read from the contact.
fn company(rest: &str, item: &Value) -> Vec<Signal> {
    let id = item.get("company").and_then(|company| fields::id(company, "id")).or_else(|| fields::id(item, "id"));
    if rest == "deleted" {
        return signal("company", id, Hint::Deleted);
    }
    let mut signals = changed("company", id);
    if rest.starts_with("contact.") {
        signals.extend(changed("contact", item.get("contact").and_then(|contact| fields::id(contact, "id"))));
    }
    signals
}

/// Only who belongs to the workspace matters; signing in and being away does not.
fn admin(rest: &str, item: &Value) -> Vec<Signal> {
    let id = item.get("admin").and_then(|admin| fields::id(admin, "id")).or_else(|| fields::id(item, "id"));
    match rest {
        "added_to_workspace" => changed("admin", id),
        "removed_from_workspace" => signal("admin", id, Hint::Deleted),
        _ => Vec::new(),
    }
}

fn changed(object: &str, id: Option<String>) -> Vec<Signal> {
    signal(object, id, Hint::Changed)
}

fn signal(object: &str, id: Option<String>, hint: Hint) -> Vec<Signal> {
    id.map(|id| Signal { object: object.into(), id, hint }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(topic: &str, item: Value, expect: &[(&str, &str, Hint)]) {
        let found = signals(topic, &item);
        let found: Vec<_> = found.iter().map(|s| (s.object.as_str(), s.id.as_str(), s.hint.clone())).collect();
        assert_eq!(found, expect, "{topic}");
    }

    #[test]
    fn topics_become_signals() {
        let talk = json!({"id": "9", "contacts": {"contacts": [{"id": "c1"}]}});
        check("conversation.user.created", talk.clone(), &[("contact", "c1", Hint::Changed), ("conversation", "9", Hint::Changed)]);
        check("conversation.user.replied", talk.clone(), &[("conversation", "9", Hint::Changed)]);
        check("conversation.admin.noted", talk, &[("conversation", "9", Hint::Changed)]);
        check("conversation.deleted", json!({"type": "conversation", "conversation_id": "9"}), &[("conversation", "9", Hint::Deleted)]);
        check("contact.user.updated", json!({"id": "c1"}), &[("contact", "c1", Hint::Changed)]);
        check("contact.deleted", json!({"id": "c1", "deleted": true}), &[("contact", "c1", Hint::Deleted)]);
        check(
            "contact.user.tag.created",
            json!({"type": "contact_tag", "tag": {"id": "1"}, "contact": {"id": "c1"}}),
            &[("contact", "c1", Hint::Changed)],
        );
        check("company.deleted", json!({"id": "co1", "company_id": "x"}), &[("company", "co1", Hint::Deleted)]);
        check(
            "company.contact.attached",
            json!({"company": {"id": "co1"}, "contact": {"id": "c1"}}),
            &[("company", "co1", Hint::Changed), ("contact", "c1", Hint::Changed)],
        );
        check("admin.logged_in", json!({"id": "a"}), &[]);
        check("admin.removed_from_workspace", json!({"id": "a"}), &[("admin", "a", Hint::Deleted)]);
        check("ping", json!({"type": "ping"}), &[]);
        check("contact.user.created", json!({"name": "nobody"}), &[]);
    }

    #[test]
    fn a_merge_names_both() {
        let hint = Hint::Merged { into: "user".into() };
        check(
            "contact.merged",
            json!({"id": "user", "merged_from": {"type": "contact", "id": "lead"}}),
            &[("contact", "lead", hint), ("contact", "user", Hint::Changed)],
        );
        check("contact.merged", json!({"id": "user"}), &[("contact", "user", Hint::Changed)]);
        check("contact.merged", json!({"id": "user", "merged_from": {"id": "user"}}), &[("contact", "user", Hint::Changed)]);
    }

    #[test]
    fn a_redaction_is_heard_with_and_without_its_conversation() {
        let redacted = || Hint::Redacted { message: "28".into() };
        check(
            "conversation_part.redacted",
            json!({"id": "28", "conversation_id": "9"}),
            &[("conversation", "9", redacted()), ("conversation", "9", Hint::Changed)],
        );
        check("conversation_part.redacted", json!({"id": 28}), &[("message", "28", redacted())]);
        check("conversation_part.tag.created", json!({"id": "28"}), &[]);
    }
}
