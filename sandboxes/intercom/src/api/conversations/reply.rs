//! Writing into conversations: replies, notes, closing, opening, snoozing, assigning.

use std::sync::Arc;

use axum::extract::{Path, State};

use crate::api::{
    Answer,
    body::Body,
    call::{Call, json},
    error::ApiError,
};
use crate::app::Scope;
use crate::sandbox::Sandbox;
use crate::world::{Slot, World, part::Author, refusal::Refusal};

/// `POST /conversations/{id}/reply`: a comment or note by an admin, or a comment by a customer.
pub async fn reply(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let text = body.required("body")?;
    let kind = body.required("message_type")?;
    let by = body.required("type")?;
    if !matches!(kind.as_str(), "comment" | "note" | "quick_reply") || !matches!(by.as_str(), "admin" | "user") {
        return Err(ApiError::invalid("message_type or type is not supported"));
    }
    let change = |world: &mut World| {
        if by == "user" {
            let contact = customer(world, &body)?;
            let slot = if id == "last" { last_of(world, contact)? } else { world.conversation(&id)? };
            world.reply(slot, Author::Contact(contact), &text);
            return Ok(slot);
        }
        let slot = world.conversation(&id)?;
        let admin = admin(world, &body, "admin_id")?;
        if kind == "note" {
            world.note(slot, admin, &text);
        } else {
            world.reply(slot, Author::Admin(admin), &text);
        }
        Ok(slot)
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    show(&sandbox, &call, slot)
}

/// `POST /conversations/{id}/parts`: close, snoozed, open or assignment.
pub async fn part(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let kind = body.required("message_type")?;
    let text = body.text("body");
    let change = |world: &mut World| {
        let slot = world.conversation(&id)?;
        let by = admin(world, &body, "admin_id")?;
        match kind.as_str() {
            "close" => world.close(slot, by, text.as_deref()),
            "open" => world.open(slot, by),
            "snoozed" => {
                let until = body.0.get("snoozed_until").and_then(serde_json::Value::as_i64);
                world.snooze(slot, by, until.ok_or_else(|| Refusal::invalid("snoozed_until is required"))?)
            }
            "assignment" => {
                let to = body.text("assignee_id").ok_or_else(|| Refusal::invalid("assignee_id is required"))?;
                let to = if to == "0" { None } else { Some(world.admin(&to)? as u32) };
                world.assign(slot, by, to, text.as_deref())
            }
            _ => return Err(Refusal::invalid("message_type is not supported")),
        };
        Ok(slot)
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    show(&sandbox, &call, slot)
}

/// The whole conversation as it is now.
pub fn show(sandbox: &Sandbox, call: &Call, slot: Slot) -> Answer {
    let world = sandbox.look();
    Ok(json(&call.lens(&world).conversation_with_parts(slot)))
}

fn admin(world: &World, body: &Body, field: &str) -> Result<u32, Refusal> {
    let id = body.text(field).ok_or_else(|| Refusal::Invalid { code: "parameter_not_found", message: format!("{field} not specified") })?;
    world.admin(&id).map(|place| place as u32)
}

/// The customer a reply is written for: by Intercom's id, our id or e-mail address.
fn customer(world: &World, body: &Body) -> Result<Slot, Refusal> {
    if let Some(id) = body.text("intercom_user_id") {
        return world.contact(&id);
    }
    let by_id = body.text("user_id").and_then(|id| world.contact_by_external_id.get(&id).copied());
    let by_email = || body.text("email").and_then(|e| world.user_by_email.get(&e.to_lowercase()).copied());
    by_id.or_else(by_email).ok_or(Refusal::NoContact)
}

fn last_of(world: &World, contact: Slot) -> Result<Slot, Refusal> {
    let newest_first = world.conversations_by_update.all().iter().rev().map(|r| r.1);
    newest_first.into_iter().find(|&s| world.conversations[s as usize].contacts.contains(&contact)).ok_or(Refusal::NoConversation)
}
