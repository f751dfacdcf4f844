//! `/_sandbox/truth`: what a complete reader of the API must end up with.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::{Serialize, Serializer};

use crate::api::call::json;
use crate::sandbox::Sandbox;
use crate::seed::history;
use crate::world::{Slot, World, part::NOTES};

/// Lists of ids. Parts beyond the cap cannot be read through the API and are only counted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Truth<'a> {
    contacts: Vec<&'a str>,
    companies: Vec<&'a str>,
    conversations: Ids,
    /// Parts of every type that the API shows.
    parts: Ids,
    /// Notes among them.
    notes: Ids,
    /// Opening messages, one a conversation.
    sources: Ids,
    contact_notes: Ids,
    tags: Ids,
    admins: Ids,
    deleted_conversations: Ids,
    archived_contacts: Vec<&'a str>,
    /// Merged contacts: old id, and the id it lives on under.
    merged_contacts: Vec<(&'a str, &'a str)>,
    redacted_parts: Ids,
    parts_beyond_cap: u64,
}

/// Numbers that are sent as strings, as the API does.
struct Ids(Vec<u64>);

impl Serialize for Ids {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(u64::to_string))
    }
}

/// The truth at this moment.
pub async fn truth(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let cap = sandbox.settings().part_cap;
    let world = sandbox.look();
    json(&tell(&world, cap))
}

fn tell(world: &World, cap: usize) -> Truth<'_> {
    let contacts = || world.contacts.iter();
    let talks: Vec<Slot> = world.conversations_by_creation.all().iter().map(|r| r.1).collect();
    let talk = |slot: &Slot| &world.conversations[*slot as usize];
    let (mut parts, mut notes, mut beyond) = (Vec::new(), Vec::new(), 0);
    for slot in &talks {
        let all = outline(world, *slot);
        let hidden = all.len().saturating_sub(cap);
        beyond += hidden as u64;
        parts.extend(all[hidden..].iter().map(|p| p.0));
        notes.extend(all[hidden..].iter().filter(|p| p.1).map(|p| p.0));
    }
    Truth {
        contacts: contacts().filter(|c| c.listed()).map(|c| c.id.as_str()).collect(),
        companies: world.companies.iter().filter(|c| !c.deleted).map(|c| c.id.as_str()).collect(),
        conversations: Ids(talks.iter().map(|s| talk(s).id).collect()),
        parts: Ids(parts),
        notes: Ids(notes),
        sources: Ids(talks.iter().map(|s| talk(s).source.id).collect()),
        contact_notes: Ids(contacts().filter(|c| c.listed()).flat_map(|c| &c.notes).map(|&n| world.notes[n as usize].id).collect()),
        tags: Ids(world.tags.iter().filter(|t| !t.deleted).map(|t| t.id).collect()),
        admins: Ids(world.admins.iter().map(|a| a.id).collect()),
        deleted_conversations: Ids(world.deleted_conversations.iter().map(|d| d.0).collect()),
        archived_contacts: contacts().filter(|c| c.archived && !c.deleted && c.merged_into.is_none()).map(|c| c.id.as_str()).collect(),
        merged_contacts: contacts().filter_map(|c| Some((c.id.as_str(), world.contacts[c.merged_into? as usize].id.as_str()))).collect(),
        redacted_parts: Ids(talks.iter().flat_map(|s| &talk(s).redacted).copied().collect()),
        parts_beyond_cap: beyond,
    }
}

/// Id of each part and whether it is a note, without making up the words.
fn outline(world: &World, slot: Slot) -> Vec<(u64, bool)> {
    let conversation = &world.conversations[slot as usize];
    let mut all = Vec::with_capacity(conversation.tally.parts as usize);
    if let Some(history) = &conversation.history {
        let beats = history::beats(world.seed, world.admins.len() as u32, history);
        all.extend((history.first_part..).zip(beats).map(|(id, beat)| (id, NOTES.contains(&beat.kind))));
    }
    all.extend(conversation.added.iter().map(|p| (p.id, p.is_note())));
    all
}
