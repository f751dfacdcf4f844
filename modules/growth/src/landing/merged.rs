//! The provider merged one person into another: everything of the one becomes the other's, and no second person stays.

use atlas_connect::{Applied, Arrival, What, mapped, remap, remap_record, unmap};
use atlas_kernel::{Result, WorkspaceId};
use atlas_store::{Event, Source, Tx, link_subject, query, record_event};
use serde_json::json;

use super::{remember_source, tombstones};
use crate::contact::{Contact, Field, Status, store};
use crate::ids::{ContactId, ConversationId};
use crate::membership::{self, PERSON, Said};
use crate::{deal, note};

/// Takes in that the person `from` is now part of `into`.
pub(super) async fn apply(tx: &Tx, a: &Arrival, from: &str, into: &str) -> Result<Applied> {
    let workspace = a.actor.workspace;
    if from == into {
        return Ok(Applied::default());
    }
    tombstones::bury(tx, workspace, a.connection, What::Person.as_str(), from, Some(into)).await?;
    let into =
        tombstones::survivors(tx, workspace, a.connection, &[into.to_owned()]).await?.remove(into).unwrap_or_else(|| into.to_owned());
    let gone = mapped(tx, workspace, a.connection, What::Person, from).await?.and_then(|record| record.as_id());
    let stays = mapped(tx, workspace, a.connection, What::Person, &into).await?.and_then(|record| record.as_id());
    unmap(tx, workspace, a.connection, What::Person, from).await?;
    hand_over_talks(tx, a, from, &into, stays).await?;
    let (Some(gone), false) = (gone, gone == stays) else { return Ok(Applied::default()) };
    let Some(gone) = store::lock(tx, workspace, gone).await? else { return Ok(Applied::default()) };
    match stays {
        Some(stays) => match store::lock(tx, workspace, stays).await? {
            Some(stays) => become_one(tx, a, gone, stays, from).await?,
            None => return Ok(Applied::default()),
        },
        None => {
            rename(tx, a, gone, &into).await?;
            // It waits in vain for one that is gone as well.
            if tombstones::is_gone(tx, workspace, a.connection, What::Person.as_str(), &into).await? {
                super::gone::person(tx, a, &into).await?;
            }
        }
    }
    tx.touch_topic(workspace, "contacts");
    Ok(Applied { removed: u32::from(stays.is_some()), updated: u32::from(stays.is_none()), ..Applied::default() })
}

/// The person that stays has not arrived yet: the record waits for it under its id.
async fn rename(tx: &Tx, a: &Arrival, mut contact: Contact, into: &str) -> Result<()> {
    let workspace = a.actor.workspace;
    into.clone_into(&mut contact.provided.entry(a.connection).external_id);
    remap(tx, workspace, a.connection, What::Person, into, &contact.id.to_ref()).await?;
    remember_source(tx, workspace, a.connection, &contact.id.to_ref());
    store::save(tx, workspace, &contact).await?;
    super::person::join_conversations(tx, a, into, &contact).await
}

/// Conversations name the person that stays from now on.
async fn hand_over_talks(tx: &Tx, a: &Arrival, from: &str, into: &str, stays: Option<ContactId>) -> Result<()> {
    let workspace = a.actor.workspace;
    let talks: Vec<(ConversationId, Option<ContactId>)> = query(
        "SELECT conversation_id, contact_id FROM conversation_people WHERE workspace_id = $1 AND connection_id = $2 AND external_id = $3",
    )
    .bind(workspace)
    .bind(a.connection)
    .bind(from)
    .all(tx)
    .await?;
    for (conversation, contact) in talks {
        query("DELETE FROM conversation_people WHERE workspace_id = $1 AND conversation_id = $2 AND external_id = $3")
            .bind(workspace)
            .bind(conversation)
            .bind(from)
            .run(tx)
            .await?;
        query(
            "INSERT INTO conversation_people (workspace_id, conversation_id, connection_id, external_id, contact_id) VALUES ($1,$2,$3,$4,$5) \
             ON CONFLICT (workspace_id, conversation_id, external_id) DO UPDATE SET \
             contact_id = COALESCE(excluded.contact_id, conversation_people.contact_id)",
        )
        .bind(workspace)
        .bind(conversation)
        .bind(a.connection)
        .bind(into)
        .bind(stays.or(contact))
        .run(tx)
        .await?;
        if let Some(stays) = stays {
            for subject in membership::circle(tx, workspace, stays).await? {
                link_subject(tx, workspace, &conversation.to_ref(), &subject).await?;
            }
        }
    }
    Ok(())
}

/// Both are here: timeline, notes, deals, and what people wrote move over; the one that is no more leads to the other.
async fn become_one(tx: &Tx, a: &Arrival, mut gone: Contact, mut stays: Contact, external_id: &str) -> Result<()> {
    let workspace = a.actor.workspace;
    let (old, new) = (gone.id.to_ref(), stays.id.to_ref());
    for field in Field::ALL.iter().copied().filter(|field| *field != Field::Archived) {
        let by_person = gone.provenance.of(field.as_str()).is_some_and(|mark| mark.connection().is_none());
        if by_person && stays.is_empty(field) {
            copy(field, &gone, &mut stays);
            if let Some(mark) = gone.provenance.of(field.as_str()).cloned() {
                stays.provenance.set(field.as_str(), mark);
            }
        }
    }
    for subject in membership::circle(tx, workspace, stays.id).await? {
        link_subject(tx, workspace, &old, &subject).await?;
    }
    query("DELETE FROM event_subjects WHERE workspace_id = $1 AND subject = $2").bind(workspace).bind(&old).run(tx).await?;
    note::store::change_subject(tx, workspace, &old, &new).await?;
    deal::store::change_contact(tx, workspace, gone.id, stays.id).await?;
    let before = membership::companies(&membership::claims(tx, workspace, stays.id).await?);
    move_links(tx, workspace, &gone, &stays).await?;
    let companies = membership::settle(tx, workspace, stays.id, &before).await?;
    remap_record(tx, workspace, &old, &new).await?;
    stays.company = companies.first().copied();
    stays.version += 1;
    stays.updated_at = tx.now();
    stays.last_activity_at = stays.last_activity_at.max(gone.last_activity_at);
    store::save(tx, workspace, &stays).await?;
    gone.status = Status::Merged;
    gone.merged_into = Some(stays.id);
    gone.archived_at = Some(tx.now());
    gone.version += 1;
    store::save(tx, workspace, &gone).await?;
    remember_source(tx, workspace, a.connection, &new);
    tell(tx, a, &stays, external_id).await?;
    tx.touch(workspace, &old);
    Ok(())
}

fn copy(field: Field, from: &Contact, to: &mut Contact) {
    match field {
        Field::Name => to.name.clone_from(&from.name),
        Field::Emails => to.emails.clone_from(&from.emails),
        Field::Phones => to.phones.clone_from(&from.phones),
        Field::Role => to.role.clone_from(&from.role),
        Field::Location => to.location.clone_from(&from.location),
        Field::Owner => to.owner = from.owner,
        Field::OwnId => to.own_id.clone_from(&from.own_id),
        Field::Lead | Field::Archived => {}
    }
}

/// Companies and tags that people gave move over; the provider's own come with the person that stays.
async fn move_links(tx: &Tx, workspace: WorkspaceId, gone: &Contact, stays: &Contact) -> Result<()> {
    for claim in membership::claims(tx, workspace, gone.id).await? {
        if claim.writer == PERSON {
            let said = Said { writer: PERSON.to_owned(), claim: claim.claim.clone(), at: claim.said_at };
            membership::say(tx, workspace, stays.id, &said, claim.company_id).await?;
        }
        membership::unsay(tx, workspace, gone.id, &claim.writer, &claim.claim).await?;
    }
    query(
        "INSERT INTO record_tags (workspace_id, record, record_id, tag_id, writer, said_at) \
         SELECT workspace_id, $3, $4, tag_id, writer, said_at FROM record_tags WHERE workspace_id = $1 AND record = $2 AND writer = 'person' \
         ON CONFLICT DO NOTHING",
    )
    .bind(workspace)
    .bind(gone.id.to_ref())
    .bind(stays.id.to_ref())
    .bind(stays.id)
    .run(tx)
    .await?;
    query("DELETE FROM record_tags WHERE workspace_id = $1 AND record = $2").bind(workspace).bind(gone.id.to_ref()).run(tx).await?;
    query("UPDATE conversation_people SET contact_id = $3 WHERE workspace_id = $1 AND contact_id = $2")
        .bind(workspace)
        .bind(gone.id)
        .bind(stays.id)
        .run(tx)
        .await
        .map(|_| ())
}

async fn tell(tx: &Tx, a: &Arrival, stays: &Contact, external_id: &str) -> Result<()> {
    let circle = membership::circle(tx, a.actor.workspace, stays.id).await?;
    let data = json!({ "verb": "merged another person into", "name": stays.label() });
    let mut event = Event::new(tx.now(), "contact.merged", "record", stays.id.to_ref(), data).about(circle);
    event.source = Some(Source {
        connection: a.connection,
        provider: a.provider.to_owned(),
        kind: "contact.merge".to_owned(),
        external_id: external_id.to_owned(),
    });
    record_event(tx, &a.actor, event).await.map(|_| ())
}
