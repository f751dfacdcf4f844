//! Messages of a conversation: the opening one (`source`) and its parts.

use atlas_connect::{Author, Message, Side};
use serde_json::Value;

use crate::fields;

/// `Message::source_kind` of the opening message.
pub const OPENING: &str = "conversation";
/// `Message::source_kind` of a part.
pub const PART: &str = "conversation_part";

/// The opening message.
///
/// It is keyed by the conversation's id: Intercom's own id of it may be missing, and one outbound message that opened
/// many conversations has the same id in all of them.
pub fn opening(conversation_id: &str, conversation: &Value) -> Option<Message> {
    let source = conversation.get("source").filter(|source| source.is_object())?;
    let message = Message {
        external_id: conversation_id.into(),
        source_kind: OPENING.into(),
        at: fields::moment(source, "created_at").or_else(|| fields::moment(conversation, "created_at")),
        author: author(source),
        action: fields::text(source, "delivered_as").unwrap_or_else(|| "opened".into()),
        internal: false,
        ..Message::default()
    };
    Some(with_content(message, source))
}

/// One part. Any part with words is a message, whatever its type; its type says what else happened.
/// A part without an id cannot be kept apart from others and is left out; the stated count shows that one is missing.
pub fn part(part: &Value) -> Option<Message> {
    let action = fields::text(part, "part_type").unwrap_or_else(|| "comment".into());
    let message = Message {
        external_id: fields::id(part, "id")?,
        source_kind: PART.into(),
        at: fields::moment(part, "created_at"),
        author: author(part),
        internal: is_note(&action),
        action,
        ..Message::default()
    };
    Some(with_content(message, part))
}

/// Whether a part of this type is for colleagues only. Types that are not known yet and begin alike are kept private too.
fn is_note(part_type: &str) -> bool {
    part_type == "note" || part_type.starts_with("note_")
}

/// Adds the words and files, unless Intercom removed them; what it then puts in their place is not a message.
fn with_content(message: Message, from: &Value) -> Message {
    if fields::flag(from, "redacted") {
        return Message { redacted: true, ..message };
    }
    Message { body: fields::text(from, "body"), attachments: attachments(from), ..message }
}

fn attachments(from: &Value) -> Vec<String> {
    let files = from.get("attachments").and_then(|files| fields::items(files, &["attachments", "data"]));
    files.into_iter().flatten().filter_map(file_name).collect()
}

fn file_name(file: &Value) -> Option<String> {
    let from_address = || {
        let url = url::Url::parse(&fields::text(file, "url")?).ok()?;
        url.path_segments()?.next_back().filter(|name| !name.is_empty()).map(str::to_owned)
    };
    fields::text(file, "name").or_else(from_address)
}

fn author(from: &Value) -> Author {
    let Some(who) = from.get("author").filter(|who| who.is_object()) else {
        return Author::default();
    };
    let side = side(who);
    let team = kind(who) == "team";
    Author {
        side,
        // Ids of teams are counted apart from those of admins and could name somebody else.
        external_id: fields::id(who, "id").filter(|_| !team),
        name: fields::text(who, "name"),
        email: fields::text(who, "email"),
    }
}

fn side(author: &Value) -> Side {
    match kind(author) {
        _ if fields::flag(author, "from_ai_agent") => Side::Bot,
        _ if is_customer(author) => Side::Customer,
        "admin" | "team" | "teammate" => Side::Teammate,
        _ => Side::Bot,
    }
}

/// Whether an author is on the customer's side.
pub fn is_customer(author: &Value) -> bool {
    matches!(kind(author), "user" | "lead" | "contact" | "visitor")
}

fn kind(author: &Value) -> &str {
    author.get("type").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn notes_are_internal_and_replies_are_not() {
        let internal = |kind: &str| part(&json!({"id": "1", "part_type": kind, "body": "x"})).unwrap().internal;
        for kind in ["note", "note_and_reopen", "note_and_unsnooze", "note_of_a_new_kind"] {
            assert!(internal(kind), "{kind}");
        }
        for kind in ["comment", "open", "close", "assignment", "quick_reply", "notable", "never_seen_before"] {
            assert!(!internal(kind), "{kind}");
        }
    }

    #[test]
    fn words_make_a_message_and_none_a_change() {
        let reply = part(&json!({"id": 7, "part_type": "open", "body": "<p>One more thing</p>", "created_at": 1_795_299_940})).unwrap();
        assert_eq!((reply.external_id.as_str(), reply.action.as_str()), ("7", "open"));
        assert_eq!(reply.body.as_deref(), Some("<p>One more thing</p>"));
        let change = part(&json!({"id": "8", "part_type": "assignment", "body": null})).unwrap();
        assert_eq!((change.action.as_str(), change.body), ("assignment", None));
        assert_eq!(part(&json!({"part_type": "comment", "body": "x"})), None);
    }

    #[test]
    fn redacted_content_is_dropped() {
        let gone = part(&json!({"id": "1", "part_type": "comment", "redacted": true, "body": "<p><i>This message was deleted</i></p>", "attachments": [{"name": "secret.pdf"}]})).unwrap();
        assert!(gone.redacted && gone.body.is_none() && gone.attachments.is_empty());
        let opening = opening("1", &json!({"source": {"redacted": true, "body": "x"}})).unwrap();
        assert!(opening.redacted && opening.body.is_none());
    }

    #[test]
    fn sides_follow_the_author() {
        let side = |author: Value| part(&json!({"id": "1", "author": author})).unwrap().author.side;
        for kind in ["user", "lead", "contact", "visitor"] {
            assert_eq!(side(json!({"type": kind})), Side::Customer);
        }
        assert_eq!(side(json!({"type": "admin"})), Side::Teammate);
        assert_eq!(side(json!({"type": "admin", "from_ai_agent": true})), Side::Bot);
        assert_eq!(side(json!({"type": "bot"})), Side::Bot);
        assert_eq!(side(json!({"type": "something"})), Side::Bot);
        assert_eq!(side(json!(null)), Side::Bot);
        let team = part(&json!({"id": "1", "author": {"type": "team", "id": "25", "name": "Support"}})).unwrap().author;
        assert_eq!((team.side, team.external_id, team.name.as_deref()), (Side::Teammate, None, Some("Support")));
    }

    #[test]
    fn files_are_named() {
        let files = json!({"id": "1", "attachments": [{"name": "a.png"}, {"url": "https://files.example/x/b%20c.pdf?sig=1"}, {"url": "not a url"}, {}]});
        assert_eq!(part(&files).unwrap().attachments, ["a.png", "b%20c.pdf"]);
    }

    #[test]
    fn the_opening_is_keyed_by_its_conversation() {
        let at = json!({"created_at": 1_795_298_200, "source": {"id": "403918320", "delivered_as": "customer_initiated", "body": "Hi"}});
        let message = opening("215470000000123", &at).unwrap();
        assert_eq!((message.external_id.as_str(), message.source_kind.as_str()), ("215470000000123", "conversation"));
        assert_eq!(message.at.map(|at| at.as_second()), Some(1_795_298_200));
        assert_eq!(opening("1", &json!({"source": null})), None);
    }
}
