//! Something is gone at the provider, or its content must go: tombstones first, then what is here follows.

use atlas_connect::{Applied, Arrival, What, mapped, unmap, unmap_record};
use atlas_kernel::{Ref, Result, WorkspaceId};
use atlas_store::{Event, Source, Tx, query, record_event, search_remove};
use serde_json::json;

use super::tombstones::{REDACTED, bury};
use crate::conversation::{Message, store};
use crate::ids::MessageId;
use crate::provenance::Mark;
use crate::{company, contact, membership};

/// Takes in that something is gone for good.
pub(super) async fn apply(tx: &Tx, a: &Arrival, what: What, external_id: &str) -> Result<Applied> {
    let workspace = a.actor.workspace;
    bury(tx, workspace, a.connection, what.as_str(), external_id, None).await?;
    let removed = match what {
        What::Person => person(tx, a, external_id).await?,
        What::Company => company(tx, a, external_id).await?,
        What::Conversation => conversation(tx, a, external_id).await?,
        What::Message => message(tx, a, external_id).await?,
        What::Teammate => false,
    };
    Ok(Applied { removed: u32::from(removed), ..Applied::default() })
}

/// A contact that a provider made is put away; one that a person made stays. No field is blanked.
pub(super) async fn person(tx: &Tx, a: &Arrival, external_id: &str) -> Result<bool> {
    let workspace = a.actor.workspace;
    let known = mapped(tx, workspace, a.connection, What::Person, external_id).await?;
    unmap(tx, workspace, a.connection, What::Person, external_id).await?;
    let Some(id) = known.and_then(|record| record.as_id()) else { return Ok(false) };
    let Some(mut contact) = contact::store::lock(tx, workspace, id).await? else { return Ok(false) };
    contact.provided.entry(a.connection).external_id.clear();
    let theirs = contact.origin == a.provider && contact.status == contact::Status::Active;
    if theirs && contact.provenance.of("archived").is_none_or(|mark| mark.connection() == Some(a.connection)) {
        contact.set_archived(true, tx.now());
        contact.provenance.set("archived", Mark::of_connection(a.connection, tx.now()));
        contact.version += 1;
        contact.updated_at = tx.now();
    }
    contact::store::save(tx, workspace, &contact).await?;
    let circle = membership::circle(tx, workspace, contact.id).await?;
    let data = json!({ "verb": "no longer has", "name": contact.label() });
    let event = Event::new(tx.now(), "contact.gone", "record", contact.id.to_ref(), data).about(circle);
    tell(tx, a, event, "contact.gone", external_id).await?;
    tx.touch_topic(workspace, "contacts");
    Ok(true)
}

async fn company(tx: &Tx, a: &Arrival, external_id: &str) -> Result<bool> {
    let workspace = a.actor.workspace;
    let known = mapped(tx, workspace, a.connection, What::Company, external_id).await?;
    unmap(tx, workspace, a.connection, What::Company, external_id).await?;
    let Some(id) = known.and_then(|record| record.as_id()) else { return Ok(false) };
    let Some(mut company) = company::store::lock(tx, workspace, id).await? else { return Ok(false) };
    company.provided.entry(a.connection).external_id.clear();
    let theirs = company.origin == a.provider && company.status == contact::Status::Active;
    if theirs && company.provenance.of("archived").is_none_or(|mark| mark.connection() == Some(a.connection)) {
        company.set_archived(true, tx.now());
        company.provenance.set("archived", Mark::of_connection(a.connection, tx.now()));
        company.version += 1;
        company.updated_at = tx.now();
    }
    company::store::save(tx, workspace, &company).await?;
    let data = json!({ "verb": "no longer has", "name": company.label() });
    tell(tx, a, Event::new(tx.now(), "company.gone", "record", company.id.to_ref(), data), "company.gone", external_id).await?;
    tx.touch_topic(workspace, "companies");
    Ok(true)
}

async fn tell(tx: &Tx, a: &Arrival, mut event: Event, kind: &str, external_id: &str) -> Result<()> {
    event.source = Some(Source {
        connection: a.connection,
        provider: a.provider.to_owned(),
        kind: kind.to_owned(),
        external_id: external_id.to_owned(),
    });
    record_event(tx, &a.actor, event).await.map(|_| ())
}

/// A conversation goes with its messages, their events and what search finds of it.
async fn conversation(tx: &Tx, a: &Arrival, external_id: &str) -> Result<bool> {
    let workspace = a.actor.workspace;
    let Some(conversation) = store::by_source(tx, workspace, a.connection, external_id).await? else { return Ok(false) };
    let circle = store::circle(tx, workspace, conversation.id).await?;
    let messages: Vec<MessageId> = query("SELECT id FROM messages WHERE workspace_id = $1 AND conversation_id = $2")
        .bind(workspace)
        .bind(conversation.id)
        .values(tx)
        .await?;
    for id in messages {
        remove_message(tx, workspace, id).await?;
    }
    query("DELETE FROM conversation_people WHERE workspace_id = $1 AND conversation_id = $2")
        .bind(workspace)
        .bind(conversation.id)
        .run(tx)
        .await?;
    query("DELETE FROM conversations WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(conversation.id).run(tx).await?;
    search_remove(tx, workspace, &conversation.id.to_ref()).await?;
    unmap_record(tx, workspace, &conversation.id.to_ref()).await?;
    circle.iter().for_each(|record| tx.touch(workspace, record));
    tx.touch(workspace, &conversation.id.to_ref());
    tx.touch_topic(workspace, "conversations");
    Ok(true)
}

async fn message(tx: &Tx, a: &Arrival, external_id: &str) -> Result<bool> {
    let workspace = a.actor.workspace;
    let found: Vec<Message> = store::messages_by_source(tx, workspace, a.connection, &[external_id]).await?.into_values().collect();
    for message in &found {
        remove_message(tx, workspace, message.id).await?;
        store::refresh(tx, workspace, message.conversation_id).await?;
        tx.touch(workspace, &message.conversation_id.to_ref());
    }
    Ok(!found.is_empty())
}

async fn remove_message(tx: &Tx, workspace: WorkspaceId, id: MessageId) -> Result<()> {
    forget_events(tx, workspace, &id.to_ref()).await?;
    query("DELETE FROM messages WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await?;
    unmap_record(tx, workspace, &id.to_ref()).await.map(|_| ())
}

/// Takes every event of which `record` is the record off all timelines.
pub(super) async fn forget_events(tx: &Tx, workspace: WorkspaceId, record: &Ref) -> Result<u64> {
    query(
        "DELETE FROM event_subjects WHERE workspace_id = $1 AND event_id IN \
         (SELECT id FROM events WHERE workspace_id = $1 AND record = $2)",
    )
    .bind(workspace)
    .bind(record)
    .run(tx)
    .await?;
    query("DELETE FROM events WHERE workspace_id = $1 AND record = $2").bind(workspace).bind(record).run(tx).await
}

/// Takes in that a message's content must go: the line stays, its words leave the message and the search.
pub(super) async fn redact(tx: &Tx, a: &Arrival, external_id: &str) -> Result<Applied> {
    let workspace = a.actor.workspace;
    bury(tx, workspace, a.connection, REDACTED, external_id, None).await?;
    let found = store::messages_by_source(tx, workspace, a.connection, &[external_id]).await?;
    let mut applied = Applied::default();
    for (_, mut message) in found.into_iter().filter(|(_, message)| !message.redacted) {
        message.redacted = true;
        message.html = None;
        message.words = None;
        message.attachments = json!([]);
        store::save_messages(tx, workspace, [&message]).await?;
        store::refresh(tx, workspace, message.conversation_id).await?;
        let circle = store::circle(tx, workspace, message.conversation_id).await?;
        circle.iter().for_each(|record| tx.touch(workspace, record));
        tx.touch(workspace, &message.conversation_id.to_ref());
        applied.updated += 1;
    }
    Ok(applied)
}
