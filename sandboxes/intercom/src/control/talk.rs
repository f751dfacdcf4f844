//! Conversations started, continued, redacted and deleted from outside the imitated API.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Problem, parse};
use crate::sandbox::Sandbox;
use crate::world::{
    Slot, World,
    contact::ContactFields,
    part::{Author, Part},
    refusal::Refusal,
    talk::Opening,
};

/// Who speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voice {
    #[default]
    User,
    Admin,
    Bot,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Start {
    /// Intercom's id; without it, or `email`, the oldest contact speaks.
    #[serde(alias = "contact_id")]
    contact_id: Option<String>,
    /// Finds the contact, or makes a new user.
    email: Option<String>,
    /// Name of a newly made user.
    name: Option<String>,
    #[serde(default = "greeting")]
    body: String,
    #[serde(default)]
    subject: String,
    #[serde(default, rename = "as")]
    voice: Voice,
    #[serde(alias = "admin_id")]
    admin_id: Option<String>,
}

fn greeting() -> String {
    "Hello, I have a question.".to_owned()
}

/// `POST /_sandbox/conversations`.
pub async fn start(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let start: Start = parse(&body)?;
    let change = |world: &mut World| {
        let contact = contact(world, &start)?;
        let author = author(world, start.voice, start.admin_id.as_deref(), contact)?;
        let kind = if start.subject.is_empty() { "conversation" } else { "email" };
        Ok::<_, Refusal>(world.start_conversation(Opening {
            contact,
            author,
            kind,
            subject: start.subject.clone(),
            body: start.body.clone(),
        }))
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, slot, None)
}

fn contact(world: &mut World, start: &Start) -> Result<Slot, Refusal> {
    if let Some(id) = &start.contact_id {
        return world.contact(id);
    }
    if let Some(email) = &start.email {
        if let Some(&slot) = world.user_by_email.get(&email.to_lowercase()) {
            return Ok(slot);
        }
        let fields = ContactFields { email: Some(Some(email.clone())), name: start.name.clone().map(Some), ..ContactFields::default() };
        return world.create_contact(fields);
    }
    world.contacts_by_creation.all().first().map(|r| r.1).ok_or(Refusal::NoContact)
}

fn author(world: &World, voice: Voice, admin_id: Option<&str>, contact: Slot) -> Result<Author, Refusal> {
    Ok(match voice {
        Voice::User => Author::Contact(contact),
        Voice::Admin => Author::Admin(admin(world, admin_id)?),
        Voice::Bot => Author::Bot,
    })
}

/// The admin of that id, or the first one.
fn admin(world: &World, id: Option<&str>) -> Result<u32, Refusal> {
    id.map_or(Ok(0), |id| world.admin(id).map(|place| place as u32))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Words {
    #[serde(default, rename = "as")]
    voice: Voice,
    body: String,
    #[serde(alias = "admin_id")]
    admin_id: Option<String>,
    /// Speaks instead of the conversation's own contact.
    #[serde(alias = "contact_id")]
    contact_id: Option<String>,
}

/// `POST /_sandbox/conversations/{id}/reply` with `{as: "user"|"admin"|"bot", body}`.
pub async fn reply(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let words: Words = parse(&body)?;
    act(&sandbox, &id, |world, slot| {
        let own = world.conversations[slot as usize].contacts.first().copied();
        let contact = match &words.contact_id {
            Some(id) => world.contact(id)?,
            None if words.voice == Voice::User => own.ok_or(Refusal::NoContact)?,
            None => own.unwrap_or(0),
        };
        let author = author(world, words.voice, words.admin_id.as_deref(), contact)?;
        Ok(Some(world.reply(slot, author, &words.body)))
    })
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Deed {
    body: Option<String>,
    #[serde(alias = "admin_id")]
    admin_id: Option<String>,
    /// Whom to assign to; nobody when absent.
    #[serde(alias = "assignee_id")]
    assignee_id: Option<String>,
    /// Unix seconds.
    until: Option<i64>,
    score: Option<u8>,
    remark: Option<String>,
}

/// `POST /_sandbox/conversations/{id}/note` with `{body, adminId?}`.
pub async fn note(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let deed: Deed = parse(&body)?;
    let text = deed.body.as_deref().filter(|t| !t.trim().is_empty()).ok_or_else(|| Problem::wrong("body is missing"))?;
    act(&sandbox, &id, |world, slot| Ok(Some(world.note(slot, admin(world, deed.admin_id.as_deref())?, text))))
}

/// `POST /_sandbox/conversations/{id}/close` with `{body?, adminId?}`.
pub async fn close(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let deed: Deed = parse(&body)?;
    act(&sandbox, &id, |world, slot| Ok(Some(world.close(slot, admin(world, deed.admin_id.as_deref())?, deed.body.as_deref()))))
}

/// `POST /_sandbox/conversations/{id}/open`.
pub async fn open(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let deed: Deed = parse(&body)?;
    act(&sandbox, &id, |world, slot| Ok(Some(world.open(slot, admin(world, deed.admin_id.as_deref())?))))
}

/// `POST /_sandbox/conversations/{id}/assign` with `{assigneeId?}`.
pub async fn assign(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let deed: Deed = parse(&body)?;
    act(&sandbox, &id, |world, slot| {
        let to = deed.assignee_id.as_deref().map(|id| world.admin(id)).transpose()?.map(|place| place as u32);
        Ok(Some(world.assign(slot, admin(world, deed.admin_id.as_deref())?, to, deed.body.as_deref())))
    })
}

/// `POST /_sandbox/conversations/{id}/snooze` with `{until?}`; a day unless given.
pub async fn snooze(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let deed: Deed = parse(&body)?;
    act(&sandbox, &id, |world, slot| {
        let until = deed.until.unwrap_or_else(|| world.now() + 86_400);
        Ok(Some(world.snooze(slot, admin(world, deed.admin_id.as_deref())?, until)))
    })
}

/// `POST /_sandbox/conversations/{id}/rate` with `{score, remark?}`.
pub async fn rate(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let deed: Deed = parse(&body)?;
    act(&sandbox, &id, |world, slot| {
        world.rate(slot, deed.score.unwrap_or(5).clamp(1, 5), deed.remark.clone());
        Ok(None)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Redact {
    #[serde(alias = "part_id")]
    part_id: Option<Value>,
    /// The opening message instead of a part.
    #[serde(default)]
    source: bool,
}

/// `POST /_sandbox/conversations/{id}/redact` with `{partId}` or `{source: true}`.
pub async fn redact(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, body: Bytes) -> Answer {
    let wanted: Redact = parse(&body)?;
    act(&sandbox, &id, |world, slot| {
        if wanted.source {
            let source = world.conversations[slot as usize].source.id;
            return world.redact_source(slot, source).map(|()| None);
        }
        let part = wanted.part_id.as_ref().and_then(|v| v.as_u64().or_else(|| v.as_str()?.parse().ok()));
        world.redact_part(slot, part.ok_or(Refusal::NoPart)?).map(|()| None)
    })
}

/// `DELETE /_sandbox/conversations/{id}`.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>) -> Answer {
    sandbox.change(|world| world.conversation(&id).map(|slot| world.delete_conversation(slot)))?;
    Ok(Json(json!({ "type": "conversation", "id": id, "deleted": true })))
}

fn act(sandbox: &Sandbox, id: &str, deed: impl FnOnce(&mut World, Slot) -> Result<Option<Part>, Refusal>) -> Answer {
    let change = |world: &mut World| {
        let slot = world.conversation(id)?;
        deed(world, slot).map(|part| (slot, part))
    };
    let (slot, part) = sandbox.change(change)?;
    show(sandbox, slot, part)
}

/// The conversation as the API shows it, with the id of the part that was added as `partId`.
fn show(sandbox: &Sandbox, slot: Slot, part: Option<Part>) -> Answer {
    let world = sandbox.look();
    let mut value = serde_json::to_value(sandbox.lens(&world).conversation_with_parts(slot)).map_err(|e| Problem::wrong(e.to_string()))?;
    if let Some(part) = part {
        value["partId"] = json!(part.id.to_string());
    }
    Ok(Json(value))
}
