//! A person arrives: matched, their fields settled with what people wrote, tags and companies merged.

use atlas_connect::{Applied, Arrival, Direction, Person, What, mapped_many, remap};
use atlas_kernel::{Ref, Result, UserId};
use atlas_store::{Event, Source, Tx, link_subject, query, record_event};
use serde_json::{Map, Value, json};

use super::settle::{Statement, becomes, in_front};
use super::{line, matching, owners, remember_source, tombstones, version};
use crate::contact::{Contact, Field, Status, store};
use crate::ids::{CompanyId, ConversationId};
use crate::membership::{self, Said};
use crate::provenance::{Mark, Provided, settle};
use crate::{conversation, tag};

/// Takes in a person.
pub(super) async fn apply(tx: &Tx, a: &Arrival, person: &Person) -> Result<Applied> {
    let workspace = a.actor.workspace;
    if tombstones::is_gone(tx, workspace, a.connection, What::Person.as_str(), &person.external_id).await? {
        return Ok(Applied::default());
    }
    let at = version(person.updated_at.or(person.created_at));
    let found = matching::person(tx, a, person).await?;
    let (is_new, was_mapped) = (found.is_none(), found.as_ref().is_some_and(|(_, mapped)| *mapped));
    let before = found.map(|(contact, _)| contact);
    let mut contact = before.clone().unwrap_or_else(|| Contact::blank(a.provider, tx.now()));
    let mut said = contact.provided.of(a.connection).cloned().unwrap_or_default();
    a.provider.clone_into(&mut said.provider);
    said.external_id.clone_from(&person.external_id);
    settle_fields(tx, a, person, &mut contact, &mut said, at).await?;
    settle_owner(tx, a, person, &mut contact, &mut said, (at, None)).await?;
    settle_times(&mut contact, person, a.provider);
    let tags_changed = merge_tags(tx, a, person, &contact, &mut said, (at, is_new)).await?;
    let (companies_changed, companies) = merge_companies(tx, a, person, &mut contact, &mut said, (at, is_new)).await?;
    *contact.provided.entry(a.connection) = said;

    let changed: Vec<Field> = match &before {
        Some(before) => Field::ALL.iter().copied().filter(|field| before.value(*field) != contact.value(*field)).collect(),
        None => vec![],
    };
    let visible = !changed.is_empty() || tags_changed || companies_changed;
    if !is_new && visible {
        contact.version += 1;
        contact.updated_at = tx.now();
    }
    match &before {
        None => store::insert(tx, workspace, &contact).await?,
        Some(before) if *before != contact => store::save(tx, workspace, &contact).await?,
        Some(_) => {}
    }
    if !was_mapped {
        remap(tx, workspace, a.connection, What::Person, &person.external_id, &contact.id.to_ref()).await?;
        remember_source(tx, workspace, a.connection, &contact.id.to_ref());
        join_conversations(tx, a, &person.external_id, &contact).await?;
    }
    tell(tx, a, person, &contact, &Change { is_new, was_mapped, visible, changed, companies, at }).await?;
    Ok(Applied { created: u32::from(is_new), updated: u32::from(!is_new && (visible || !was_mapped)), ..Applied::default() })
}

/// Settles what the provider says of the person with what is known, the owner excepted.
pub(super) async fn settle_fields(
    tx: &Tx,
    a: &Arrival,
    person: &Person,
    contact: &mut Contact,
    said: &mut Provided,
    at: i64,
) -> Result<()> {
    let list = |text: Option<String>| text.map(|text| json!([text]));
    let texts = [
        (Field::Name, line(person.name.as_deref(), 200).map(Value::from)),
        (Field::Emails, list(line(person.email.as_deref(), 254))),
        (Field::Phones, list(line(person.phone.as_deref(), 40))),
        (Field::Location, line(person.location.as_deref(), 200).map(Value::from)),
        (Field::OwnId, line(person.own_id.as_deref(), 200).map(Value::from)),
        (Field::Lead, Some(Value::Bool(person.lead))),
        (Field::Archived, Some(Value::Bool(person.archived))),
    ];
    let record = &contact.id.to_ref();
    for (field, theirs) in texts {
        let Some(theirs) = theirs else { continue };
        let (ours, empty) = (contact.value(field), contact.is_empty(field));
        let goes_out = a.rules.direction(What::Person, field.as_str()) == Direction::Both;
        let value = if goes_out && theirs.is_array() { in_front(&ours, &theirs) } else { theirs.clone() };
        let (what, external_id, field_name) = (What::Person, person.external_id.as_str(), field.as_str());
        let statement = Statement { what, external_id, record, field: field_name, ours, empty, theirs, at };
        if let Some(mark) = becomes(tx, a, &contact.provenance, said, statement).await? {
            write(contact, field, &value, tx.now());
            contact.provenance.set(field.as_str(), mark);
        }
    }
    if said.attributes_at.is_none_or(|known| known <= at) && !person.attributes.is_empty() {
        said.attributes = bounded(&person.attributes);
        said.attributes_at = Some(at);
    }
    Ok(())
}

/// The connection's mark; one that is there already keeps its time, so that repeating changes nothing.
fn mark(a: &Arrival, tx: &Tx, contact: &Contact, field: Field) -> Mark {
    let known = contact.provenance.of(field.as_str()).filter(|mark| mark.connection() == Some(a.connection));
    known.cloned().unwrap_or(Mark::of_connection(a.connection, tx.now()))
}

pub(super) fn write(contact: &mut Contact, field: Field, value: &Value, now: atlas_kernel::Timestamp) {
    let text = || value.as_str().map(str::to_owned);
    let list = || value.as_array().map(|list| list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()).unwrap_or_default();
    match field {
        Field::Name => contact.name = text().unwrap_or_default(),
        Field::Emails => contact.emails = list(),
        Field::Phones => contact.phones = list(),
        Field::Location => contact.location = text(),
        Field::OwnId => contact.own_id = text(),
        Field::Lead => contact.lead = value.as_bool().unwrap_or_default(),
        Field::Archived if (contact.status == Status::Archived) != value.as_bool().unwrap_or_default() => {
            contact.set_archived(value.as_bool().unwrap_or_default(), now);
        }
        Field::Archived | Field::Role | Field::Owner => {}
    }
}

/// Settles who owns the contact; `known` is the member behind the colleague at the provider, where that was looked up before.
pub(super) async fn settle_owner(
    tx: &Tx,
    a: &Arrival,
    person: &Person,
    contact: &mut Contact,
    said: &mut Provided,
    (at, known): (i64, Option<Option<UserId>>),
) -> Result<()> {
    let Some(owner) = line(person.owner.as_deref(), 200) else { return Ok(()) };
    let empty = contact.owner.is_none();
    if !settle(&contact.provenance, said, a.connection, "ownerId", owner.as_str().into(), at, empty) {
        return Ok(());
    }
    contact.owner = match known {
        Some(member) => member,
        None => owners::member(tx, a.actor.workspace, a.connection, &owner).await?,
    };
    match contact.owner {
        Some(_) => contact.provenance.set("ownerId", mark(a, tx, contact, Field::Owner)),
        None => {
            contact.provenance.forget("ownerId");
            owners::await_owner(tx, a.actor.workspace, a.connection, &owner, &contact.id.to_ref());
        }
    }
    Ok(())
}

/// Attributes are shown, not worked with: a hundred short ones are enough.
pub(super) fn bounded(attributes: &Map<String, Value>) -> Map<String, Value> {
    let short = |value: &Value| value.to_string().len() <= 1_000;
    attributes.iter().filter(|(key, value)| key.len() <= 200 && short(value)).take(100).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Times that are the provider's to say: when a person it made began, and when they were last seen.
pub(super) fn settle_times(contact: &mut Contact, person: &Person, provider: &str) {
    if contact.origin == provider
        && let Some(created) = person.created_at
    {
        if contact.last_activity_at == contact.created_at || contact.last_activity_at < created {
            contact.last_activity_at = created;
        }
        contact.created_at = created;
    }
    contact.last_seen_at = contact.last_seen_at.max(person.last_seen_at);
}

async fn merge_tags(
    tx: &Tx,
    a: &Arrival,
    person: &Person,
    contact: &Contact,
    said: &mut Provided,
    (at, is_new): (i64, bool),
) -> Result<bool> {
    if person.tags.is_empty() && !person.tags_complete {
        return Ok(false);
    }
    let names: Vec<String> = person.tags.iter().filter_map(|tag| line(Some(tag), 60)).collect();
    let list = tag::store::TagsSaid { connection: a.connection, names: &names, complete: person.tags_complete, is_first: is_new, at };
    let changed = tag::store::merge(tx, a.actor.workspace, &contact.id.to_ref(), &list, said.tags_at).await?;
    if person.tags_complete {
        said.tags_at = said.tags_at.max(Some(at));
    }
    Ok(changed)
}

/// Merges the companies the provider names, those that have not arrived yet included; answers whether any changed, and the contact's.
async fn merge_companies(
    tx: &Tx,
    a: &Arrival,
    person: &Person,
    contact: &mut Contact,
    said: &mut Provided,
    (at, is_new): (i64, bool),
) -> Result<(bool, Vec<CompanyId>)> {
    let workspace = a.actor.workspace;
    let writer = membership::writer(a.connection);
    let claims = if is_new { vec![] } else { membership::claims(tx, workspace, contact.id).await? };
    let before = membership::companies(&claims);
    if (person.companies.is_empty() && !person.companies_complete) || said.companies_at.is_some_and(|known| at < known) {
        return Ok((false, before));
    }
    let theirs: Vec<_> = claims.iter().filter(|claim| claim.writer == writer).collect();
    let mut spoken = false;
    for claim in theirs.iter().filter(|c| person.companies_complete && c.said_at <= at && !person.companies.contains(&c.claim)) {
        membership::unsay(tx, workspace, contact.id, &writer, &claim.claim).await?;
        spoken = true;
    }
    let arrived = mapped_many(tx, workspace, a.connection, What::Company, &person.companies).await?;
    for claim in &person.companies {
        let company: Option<CompanyId> = arrived.get(claim).and_then(Ref::as_id);
        let known = theirs.iter().any(|c| c.claim == *claim && c.said_at >= at && (c.company_id.is_some() || company.is_none()));
        if !known {
            let said = Said { writer: writer.clone(), claim: claim.clone(), at };
            membership::say(tx, workspace, contact.id, &said, company).await?;
            spoken = true;
        }
    }
    if person.companies_complete {
        said.companies_at = said.companies_at.max(Some(at));
    }
    let after = match (spoken, is_new) {
        (false, _) => before.clone(),
        // On a new contact's timeline there is nothing yet that its companies would have to show.
        (true, true) => membership::companies(&membership::claims(tx, workspace, contact.id).await?),
        (true, false) => membership::settle(tx, workspace, contact.id, &before).await?,
    };
    contact.company = after.first().copied();
    Ok((before != after, after))
}

/// Conversations that arrived before their person now show on the person's timeline.
pub(super) async fn join_conversations(tx: &Tx, a: &Arrival, external_id: &str, contact: &Contact) -> Result<()> {
    let workspace = a.actor.workspace;
    let waiting: Vec<ConversationId> = query(
        "UPDATE conversation_people SET contact_id = $4 WHERE workspace_id = $1 AND connection_id = $2 AND external_id = $3 \
         AND contact_id IS NULL RETURNING conversation_id",
    )
    .bind(workspace)
    .bind(a.connection)
    .bind(external_id)
    .bind(contact.id)
    .values(tx)
    .await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let circle = membership::circle(tx, workspace, contact.id).await?;
    for conversation in conversation::store::find_many(tx, workspace, &waiting).await? {
        for subject in &circle {
            link_subject(tx, workspace, &conversation.id.to_ref(), subject).await?;
        }
        store::note_activity(tx, workspace, &circle, conversation.last_message_at).await?;
    }
    Ok(())
}

/// What an arrival came to.
pub(super) struct Change {
    pub is_new: bool,
    pub was_mapped: bool,
    pub visible: bool,
    pub changed: Vec<Field>,
    pub companies: Vec<CompanyId>,
    pub at: i64,
}

/// One event for the arrival, one for each later change that is news; each happens once however often it is told.
async fn tell(tx: &Tx, a: &Arrival, person: &Person, contact: &Contact, change: &Change) -> Result<()> {
    let event = news(tx, a, person, contact, change);
    let visible = change.visible || event.is_some();
    if let Some(event) = event {
        record_event(tx, &a.actor, event).await?;
    }
    touch(tx, a.actor.workspace, contact, visible);
    Ok(())
}

/// The event that an arrival is, if it is one.
pub(super) fn news(tx: &Tx, a: &Arrival, person: &Person, contact: &Contact, change: &Change) -> Option<Event> {
    let source = |kind: &str, external_id: String| Source {
        connection: a.connection,
        provider: a.provider.to_owned(),
        kind: kind.to_owned(),
        external_id,
    };
    let arrival = source("contact", person.external_id.clone());
    let update = source("contact.update", format!("{}@{}", person.external_id, change.at));
    let (operation, verb, source, at) = match (change.is_new, change.was_mapped) {
        (true, _) => ("contact.created", "added", arrival, person.created_at.unwrap_or(tx.now())),
        (false, false) => ("contact.linked", "matched", arrival, tx.now()),
        (false, true) if change.visible && !a.history => ("contact.updated", "updated", update, tx.now()),
        _ => return None,
    };
    let fields: Map<String, Value> =
        change.changed.iter().map(|field| (field.as_str().to_owned(), json!({ "from": a.provider }))).collect();
    let data = json!({ "verb": verb, "name": contact.label(), "fields": fields });
    let circle = change.companies.iter().map(|company| company.to_ref());
    let mut event = Event::new(at, operation, "record", contact.id.to_ref(), data).about(circle);
    event.source = Some(source);
    Some(event)
}

/// Tells open pages that a contact changed, when it shows.
pub(super) fn touch(tx: &Tx, workspace: atlas_kernel::WorkspaceId, contact: &Contact, visible: bool) {
    if visible {
        tx.touch(workspace, &contact.id.to_ref());
        tx.touch_topic(workspace, "contacts");
    }
}
