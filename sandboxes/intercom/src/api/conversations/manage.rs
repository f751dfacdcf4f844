//! Changing, tagging, redacting and deleting conversations.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::{Value, json as object};

use super::reply::show;
use crate::api::{
    Answer,
    body::Body,
    call::{Call, json},
    error::ApiError,
};
use crate::app::Scope;
use crate::sandbox::Sandbox;
use crate::world::{World, attribute::Model, office::Tagged, refusal::Refusal};

/// `PUT /conversations/{id}` with `read`, `title` or `custom_attributes`.
pub async fn update(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let change = |world: &mut World| {
        let slot = world.conversation(&id)?;
        let custom = body.0.get("custom_attributes").and_then(Value::as_object).cloned().unwrap_or_default();
        let custom = world.custom_values(Model::Conversation, custom)?;
        let conversation = &mut world.conversations[slot as usize];
        if let Some(read) = body.0.get("read").and_then(Value::as_bool) {
            conversation.read = read;
        }
        if let Some(title) = body.text("title") {
            conversation.title = Some(title);
        }
        conversation.custom.extend(custom);
        world.touch_conversation(slot);
        Ok::<_, Refusal>(slot)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, &call, slot)
}

/// `DELETE /conversations/{id}`.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.talks(Scope::WriteConversations)?;
    sandbox.change(|world| world.conversation(&id).map(|slot| world.delete_conversation(slot)))?;
    Ok(json(&object!({ "id": id, "object": "conversation", "deleted": true })))
}

/// `POST /conversations/redact`: a part with a body, or the opening message.
pub async fn redact(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let conversation = body.required("conversation_id")?;
    let (kind, field) = match body.text("type").as_deref() {
        Some("conversation_part") => ("part", "conversation_part_id"),
        Some("source") => ("source", "source_id"),
        _ => return Err(ApiError::invalid("type must be conversation_part or source")),
    };
    let id: u64 = body.required(field)?.parse().map_err(|_| ApiError::from(Refusal::NoPart))?;
    let change = |world: &mut World| {
        let slot = world.conversation(&conversation).map_err(|_| Refusal::NoPart)?;
        if kind == "part" {
            world.redact_part(slot, id)?
        } else {
            world.redact_source(slot, id)?
        }
        Ok::<_, Refusal>(slot)
    };
    let slot = sandbox.change(change)?;
    show(&sandbox, &call, slot)
}

/// What tagging did not find; these two paths have their own words for it.
enum Missing {
    Conversation,
    Tag,
    Admin,
}

impl From<Missing> for ApiError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Conversation => Self::not_found("Conversation not found"),
            Missing::Tag => Self::new(404, "tag_not_found", "Tag not found"),
            Missing::Admin => Refusal::NoAdmin.into(),
        }
    }
}

/// `POST /conversations/{id}/tags` with `{id, admin_id}`.
pub async fn tag(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let (tag, admin) = (body.required("id")?, body.required("admin_id")?);
    let change = |world: &mut World| {
        let slot = world.conversation(&id).map_err(|_| Missing::Conversation)?;
        let tag = world.tag(&tag).map_err(|_| Missing::Tag)?;
        let by = world.admin(&admin).map_err(|_| Missing::Admin)? as u32;
        let at = world.now();
        let tags = &mut world.conversations[slot as usize].tags;
        let known = tags.iter().find(|t| t.tag as usize == tag).copied();
        let tagged = known.unwrap_or(Tagged { tag: tag as u32, at, by });
        if known.is_none() {
            tags.push(tagged);
            world.touch_conversation(slot);
        }
        Ok::<_, Missing>(tagged)
    };
    let tagged = sandbox.change(change)?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).tagged(tagged)))
}

/// `DELETE /conversations/{id}/tags/{tag_id}`.
pub async fn untag(State(sandbox): State<Arc<Sandbox>>, call: Call, Path((id, tag)): Path<(String, String)>) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let change = |world: &mut World| {
        let slot = world.conversation(&id).map_err(|_| Missing::Conversation)?;
        let tags = &mut world.conversations[slot as usize].tags;
        let place = tags.iter().position(|t| world.tags[t.tag as usize].id.to_string() == tag).ok_or(Missing::Tag)?;
        let tag = tags.remove(place).tag as usize;
        world.touch_conversation(slot);
        Ok::<_, Missing>(tag)
    };
    let place = sandbox.change(change)?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).tag(place)))
}
