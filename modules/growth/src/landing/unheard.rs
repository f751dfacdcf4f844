//! Conversations nobody has heard of yet: what is known around them is looked up for many at once, and they are written together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use atlas_connect::{Applied, Arrival, Coming, Conversation as Landed, Landing, What, map_new, mapped_many};
use atlas_kernel::{Ref, Result};
use atlas_store::{Insert, Tx, query, record_event_later};

use super::conversation::{self, Outcome};
use super::together::Strangers;
use super::tombstones::{self, REDACTED};
use super::version;
use crate::contact;
use crate::conversation::{Message, store};
use crate::ids::{CompanyId, ContactId};
use crate::membership;

/// What was looked up for the conversations of a transaction.
struct Around {
    /// The person's id after all merges, and their contact if it is here.
    people: HashMap<String, (String, Option<ContactId>)>,
    companies: HashMap<ContactId, Vec<CompanyId>>,
    strangers: Strangers,
}

/// Looks up which of the conversations that are coming nobody knows, and who takes part in them; nothing when companies are coming
/// for which contacts may wait, and which change who is on whose timeline.
pub(super) async fn prepare(tx: &Tx, coming: &Coming<'_>, companies_are_unmet: bool) -> Result<()> {
    let candidates = if companies_are_unmet { candidates(coming) } else { vec![] };
    if candidates.len() < 2 {
        return Ok(());
    }
    let known = known(tx, coming, &candidates).await?;
    let unheard: Vec<&Landed> = candidates.into_iter().filter(|landed| !known.contains(&landed.external_id)).collect();
    let people: BTreeSet<&String> = unheard.iter().flat_map(|landed| &landed.people).collect();
    let people: Vec<String> = people.into_iter().cloned().collect();
    let survivors = tombstones::survivors(tx, coming.workspace, coming.connection, &people).await?;
    let stay: BTreeSet<&String> = survivors.values().collect();
    let stay: Vec<String> = stay.into_iter().cloned().collect();
    let contacts = mapped_many(tx, coming.workspace, coming.connection, What::Person, &stay).await?;
    let ids: BTreeSet<ContactId> = contacts.values().filter_map(Ref::as_id).collect();
    let mut companies: HashMap<ContactId, Vec<CompanyId>> = HashMap::new();
    for (contact, company) in membership::companies_of(tx, coming.workspace, &ids.into_iter().collect::<Vec<_>>()).await? {
        companies.entry(contact).or_default().push(company);
    }
    let known_as = |(id, stays): (String, String)| (id, (stays.clone(), contacts.get(&stays).and_then(Ref::as_id)));
    let people = survivors.into_iter().map(known_as).collect();
    let strangers = Strangers::new(coming.connection, unheard.into_iter().map(|landed| &landed.external_id));
    tx.keep(Around { people, companies, strangers });
    Ok(())
}

/// Conversations that only what is in the database can make known: nothing else that is coming speaks of them or of those who
/// take part in them.
fn candidates<'a>(coming: &'a Coming<'a>) -> Vec<&'a Landed> {
    let mut conversations: BTreeMap<&str, &Landed> = BTreeMap::new();
    let (mut twice, mut people): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
    for landing in &coming.landings {
        match landing {
            Landing::Conversation(landed) => {
                if conversations.insert(&landed.external_id, landed).is_some() {
                    twice.insert(&landed.external_id);
                }
            }
            Landing::Person(person) => drop(people.insert(&person.external_id)),
            Landing::Company(_) => {}
            _ => return vec![],
        }
    }
    let mut messages: HashMap<&str, usize> = HashMap::new();
    for message in conversations.values().flat_map(|landed| &landed.messages) {
        *messages.entry(&message.external_id).or_default() += 1;
    }
    let alone = |landed: &Landed| {
        landed.messages.iter().all(|message| messages.get(message.external_id.as_str()) == Some(&1))
            && !landed.people.iter().any(|person| people.contains(person.as_str()))
    };
    conversations.into_values().filter(|landed| !twice.contains(landed.external_id.as_str()) && alone(landed)).collect()
}

/// The ids of those of which anything is known here.
async fn known(tx: &Tx, coming: &Coming<'_>, candidates: &[&Landed]) -> Result<BTreeSet<String>> {
    let (workspace, connection) = (coming.workspace, coming.connection);
    let ids: Vec<&str> = candidates.iter().map(|landed| landed.external_id.as_str()).collect();
    let mut known = tombstones::gone(tx, workspace, connection, What::Conversation.as_str(), &ids).await?;
    let owned: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    known.extend(mapped_many(tx, workspace, connection, What::Conversation, &owned).await?.into_keys());
    let sql = "SELECT external_id FROM conversations WHERE workspace_id = $1 AND connection_id = $2 AND external_id IN ({list})";
    known.extend(query(sql).bind(workspace).bind(connection).bind_list(ids).values::<String>(tx).await?);
    let messages: Vec<_> = candidates.iter().flat_map(|landed| &landed.messages).collect();
    let ids: Vec<&str> = messages.iter().map(|message| message.external_id.as_str()).collect();
    let mut heard: BTreeSet<String> = tombstones::gone(tx, workspace, connection, What::Message.as_str(), &ids).await?;
    heard.extend(tombstones::gone(tx, workspace, connection, REDACTED, &ids).await?);
    for some in ids.chunks(500) {
        for sql in [
            "SELECT external_id FROM messages WHERE workspace_id = $1 AND connection_id = $2 AND external_id IN ({list})",
            "SELECT external_id FROM connect_mappings WHERE workspace_id = $1 AND connection_id = $2 AND what = 'message' AND external_id IN ({list})",
        ] {
            let ask = query(sql).bind(workspace).bind(connection).bind_list(some.iter().copied());
            heard.extend(ask.values::<String>(tx).await?);
        }
    }
    let named: Vec<_> = messages.iter().map(|message| (message.source_kind.as_str(), message.external_id.as_str())).collect();
    heard.extend(store::with_events(tx, workspace, connection, &named).await?.into_iter().map(|(_, id)| id));
    let spoken = candidates.iter().filter(|landed| landed.messages.iter().any(|message| heard.contains(&message.external_id)));
    known.extend(spoken.map(|landed| landed.external_id.clone()));
    Ok(known)
}

/// Takes in a conversation of which nothing is known; none when something may be. The outcome is that of [`conversation::apply`].
pub(super) async fn apply(tx: &Tx, a: &Arrival, landed: &Landed) -> Result<Option<Applied>> {
    let Some(around) = tx.kept::<Around>().filter(|around| around.strangers.meet(a, &landed.external_id)) else { return Ok(None) };
    let workspace = a.actor.workspace;
    let at = version(landed.updated_at.or(landed.created_at));
    let conversation = conversation::merged(a, landed, None, at, tx.now());
    let record = conversation.id.to_ref();
    let contacts = join(tx, a, landed, &record, &around);
    let circle: BTreeSet<Ref> = contacts
        .iter()
        .map(|contact| contact.to_ref())
        .chain(contacts.iter().filter_map(|contact| around.companies.get(contact)).flatten().map(|company| company.to_ref()))
        .collect();
    let circle: Vec<Ref> = circle.into_iter().collect();
    let messages: Vec<Message> =
        landed.messages.iter().map(|message| conversation::stated(a, message, &conversation, None, false, at, tx.now())).collect();
    store::add(tx, workspace, &conversation, &messages);
    map_new(tx, workspace, a.connection, What::Conversation, &landed.external_id, &record);
    for message in &messages {
        map_new(tx, workspace, a.connection, What::Message, &message.external_id, &message.record());
        record_event_later(tx, &a.actor, conversation::event(a, message, &conversation, &circle));
    }
    conversation::touch(tx, workspace, &conversation, &circle);
    let outcome = Outcome::of_new(&messages);
    if let Some(newest) = outcome.newest.max((!contacts.is_empty()).then_some(conversation.last_message_at)) {
        contact::store::note_activity_later(tx, workspace, &circle, newest);
    }
    Ok(Some(Applied { created: 1, updated: 0, removed: 0, messages: outcome.added }))
}

/// Notes who takes part; answers the contacts of those who are here.
fn join(tx: &Tx, a: &Arrival, landed: &Landed, conversation: &Ref, around: &Around) -> BTreeSet<ContactId> {
    let columns = "workspace_id, conversation_id, connection_id, external_id, contact_id";
    let mut insert = Insert::into("conversation_people", columns, "");
    let people: BTreeMap<&String, Option<ContactId>> =
        landed.people.iter().filter_map(|id| around.people.get(id)).map(|(stays, contact)| (stays, *contact)).collect();
    for (external_id, contact) in &people {
        insert.row().bind(a.actor.workspace).bind(conversation.uuid()).bind(a.connection).bind(*external_id).bind(*contact);
    }
    insert.later(tx);
    people.into_values().flatten().collect()
}
