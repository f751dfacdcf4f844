//! Many changes at once, for benchmarks and for ties: bursts of messages, and objects dated to the same second.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Problem, parse};
use crate::sandbox::Sandbox;
use crate::world::{Slot, World, contact::ContactFields, part, part::Author, talk::Opening};

/// Changes made under one lock.
const CHUNK: u32 = 200;

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Burst {
    contacts: u32,
    conversations: u32,
    replies: u32,
    notes: u32,
}

/// `POST /_sandbox/burst` with `{contacts, conversations, replies, notes}`: so many of each, by seed, each with its notice.
pub async fn burst(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let wanted: Burst = parse(&body)?;
    if sandbox.look().contacts_by_creation.all().is_empty() && wanted.contacts == 0 {
        return Err(Problem::wrong("there is nobody to write"));
    }
    for (count, act) in
        [(wanted.contacts, newcomer as fn(&mut World)), (wanted.conversations, conversation), (wanted.replies, reply), (wanted.notes, note)]
    {
        let mut left = count;
        while left > 0 {
            let now = left.min(CHUNK);
            sandbox.change(|world| (0..now).for_each(|_| act(world)));
            left -= now;
            tokio::task::yield_now().await;
        }
    }
    Ok(Json(
        json!({ "contacts": wanted.contacts, "conversations": wanted.conversations, "replies": wanted.replies, "notes": wanted.notes }),
    ))
}

/// Somebody new.
pub fn newcomer(world: &mut World) {
    let token = world.random.hex(12);
    let fields = ContactFields {
        email: Some(Some(format!("guest-{token}@example.com"))),
        name: Some(Some(format!("Guest {token}"))),
        ..ContactFields::default()
    };
    // A random address cannot be taken; if it were, one guest less would come.
    let _ = world.create_contact(fields);
}

/// A new conversation of anybody.
pub fn conversation(world: &mut World) {
    if let Some(contact) = anybody(world) {
        let body = format!("Question number {}", world.random.below(1_000_000));
        world.start_conversation(Opening { contact, author: Author::Contact(contact), kind: "conversation", subject: String::new(), body });
    }
}

/// A message in any conversation, by its customer or an admin.
pub fn reply(world: &mut World) {
    let Some(slot) = any_conversation(world) else { return };
    let customer = world.conversations[slot as usize].contacts.first().copied().filter(|&c| world.contacts[c as usize].listed());
    let author = match customer.filter(|_| world.random.chance(0.5)) {
        Some(contact) => Author::Contact(contact),
        None => Author::Admin(world.random.below(world.admins.len() as u64) as u32),
    };
    let body = format!("Message number {}", world.random.below(1_000_000));
    world.reply(slot, author, &body);
}

/// A note in any conversation.
pub fn note(world: &mut World) {
    let Some(slot) = any_conversation(world) else { return };
    let body = format!("Remember number {}", world.random.below(1_000_000));
    world.note(slot, 0, &body);
}

/// Any conversation closed, or opened again.
pub fn closing(world: &mut World) {
    let Some(slot) = any_conversation(world) else { return };
    if world.conversations[slot as usize].state == part::State::Open {
        world.close(slot, 0, Some("Done for today."));
    } else {
        world.open(slot, 0);
    }
}

fn anybody(world: &mut World) -> Option<Slot> {
    let count = world.contacts_by_creation.all().len() as u64;
    let place = world.random.below(count) as usize;
    world.contacts_by_creation.all().get(place).map(|r| r.1)
}

fn any_conversation(world: &mut World) -> Option<Slot> {
    let count = world.conversations_by_creation.all().len() as u64;
    let place = world.random.below(count) as usize;
    world.conversations_by_creation.all().get(place).map(|r| r.1)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Touch {
    conversations: usize,
    contacts: usize,
    /// Unix seconds; the present unless given.
    at: Option<i64>,
}

/// `POST /_sandbox/touch` with `{conversations, contacts, at?}`: dates so many of the oldest to one second, silently.
pub async fn touch(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let wanted: Touch = parse(&body)?;
    let at = sandbox.change(|world| {
        let at = wanted.at.unwrap_or_else(|| world.now());
        let slots: Vec<Slot> = world.conversations_by_creation.all().iter().take(wanted.conversations).map(|r| r.1).collect();
        slots.into_iter().for_each(|slot| world.date_conversation(slot, at));
        let slots: Vec<Slot> = world.contacts_by_creation.all().iter().take(wanted.contacts).map(|r| r.1).collect();
        for slot in slots {
            world.contacts[slot as usize].updated_at = at;
            world.index_contact(slot);
        }
        at
    });
    Ok(Json(json!({ "at": at })))
}
