//! `/conversations`: list, search, read, create, and the list of deleted ones.

pub mod manage;
pub mod reply;

use std::sync::{Arc, RwLockReadGuard};

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json as object};

use super::{
    Answer,
    body::{Body, Params},
    call::{Call, json},
    contacts::attached::NumberedPages,
    error::ApiError,
};
use crate::app::Scope;
use crate::render::{Lens, conversation::ConversationView, version::Version};
use crate::sandbox::Sandbox;
use crate::search::{
    Table,
    page::{Key, Page, Pages},
    plan::Search,
};
use crate::world::{World, part::Author, refusal::Refusal, talk::Opening};

/// Most rows of a page of deleted ids.
const MOST_DELETED: u64 = 60;

#[derive(Serialize)]
struct ConversationPage<'a> {
    r#type: &'static str,
    pages: Pages,
    total_count: usize,
    conversations: Vec<ConversationView<'a>>,
}

fn page_of<'a>(call: &Call, world: &'a World, page: Page) -> ConversationPage<'a> {
    let lens = call.lens(world);
    let conversations = page.slots.into_iter().map(|slot| lens.conversation(slot)).collect();
    ConversationPage { r#type: "conversation.list", pages: page.pages, total_count: page.total, conversations }
}

/// The answer of a page; afterwards as many of its conversations vanish as the settings say.
fn shown(sandbox: &Sandbox, call: &Call, world: RwLockReadGuard<'_, World>, page: Page) -> Response {
    let doomed: Vec<_> = page.slots.iter().copied().take(call.settings.vanish_after_list).collect();
    let answer = json(&page_of(call, &world, page));
    drop(world);
    if !doomed.is_empty() {
        sandbox.set(|settings| settings.vanish_after_list = settings.vanish_after_list.saturating_sub(doomed.len()));
        sandbox.change(|world| doomed.into_iter().for_each(|slot| world.delete_conversation(slot)));
    }
    answer
}

/// `GET /conversations`, last changed first; without parts.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.talks(Scope::ReadConversations)?;
    let paging = params.paging(20)?;
    let world = sandbox.look();
    let page = paging.cut(world.conversations_by_update.all(), false, |&(at, slot)| (Key::Number(at), slot));
    Ok(shown(&sandbox, &call, world, page))
}

/// `POST /conversations/search`; dates compare by the second.
pub async fn search(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.talks(Scope::ReadConversations)?;
    let search = Search::parse(&body.0, &call.rules(Table::Conversations, &sandbox))?;
    let world = sandbox.look();
    let page = search.run(&world);
    Ok(shown(&sandbox, &call, world, page))
}

/// `GET /conversations/{id}` with the newest parts; `display_as=plaintext` strips HTML.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, params: Params) -> Answer {
    call.talks(Scope::ReadConversations)?;
    let plain = params.get("display_as") == Some("plaintext");
    let world = sandbox.look();
    let slot = world.conversation(&id)?;
    Ok(json(&Lens { plain, ..call.lens(&world) }.conversation_with_parts(slot)))
}

/// `GET /conversations/deleted`, from 2.16 on, newest first unless `order=asc`.
pub async fn deleted(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.talks(Scope::ReadConversations)?;
    call.since(Version::V2_16)?;
    let (page, size) = (params.number("page", 1)?, params.number("per_page", 20)?);
    if size > MOST_DELETED {
        return Err(ApiError::new(400, "client_error", "Per Page is too big"));
    }
    let world = sandbox.look();
    let mut rows = world.deleted_conversations.clone();
    if params.get("order") != Some("asc") {
        rows.reverse();
    }
    let shown = rows.iter().skip(((page - 1) * size) as usize).take(size as usize);
    let items: Vec<Value> = shown
        .map(|(id, at)| object!({ "type": "conversation", "id": id.to_string(), "metrics_retained": true, "deleted_at": at }))
        .collect();
    Ok(json(&object!({
        "type": "conversations.list",
        "conversations": items,
        "total_count": rows.len(),
        "pages": NumberedPages::new("/conversations/deleted", page, size, rows.len()),
    })))
}

/// `POST /conversations` with `{from: {type, id}, body}`; answers with the message.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.talks(Scope::WriteConversations)?;
    let text = body.required("body")?;
    let from = body.0.get("from").cloned().unwrap_or_default();
    let (Some(kind), Some(id)) = (from.get("type").and_then(Value::as_str), from.get("id").and_then(Value::as_str)) else {
        return Err(ApiError::new(400, "parameter_not_found", "from not specified"));
    };
    if !matches!(kind, "user" | "lead" | "contact") {
        return Err(ApiError::invalid("from.type must be user, lead or contact"));
    }
    let change = |world: &mut World| {
        let contact = world.contact(id)?;
        let opening = Opening { contact, author: Author::Contact(contact), kind: "conversation", subject: String::new(), body: text };
        Ok::<_, Refusal>(world.start_conversation(opening))
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    let conversation = &world.conversations[slot as usize];
    Ok(json(&object!({
        "type": "user_message",
        "id": conversation.source.id.to_string(),
        "created_at": conversation.created_at,
        "body": conversation.source.body,
        "message_type": "inapp",
        "conversation_id": conversation.id.to_string(),
    })))
}
