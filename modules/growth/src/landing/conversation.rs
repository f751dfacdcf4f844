//! A conversation arrives with messages: a set keyed by the provider's ids, each message exactly one timeline event.

use std::collections::{BTreeMap, BTreeSet};

use atlas_connect::{Applied, Arrival, Conversation as Landed, Message as LandedMessage, Side, What, mapped_many, remap, remap_many};
use atlas_kernel::{Ref, Result, Timestamp, WorkspaceId};
use atlas_store::{Event, Source, Tx, link_subject, query, record_events};
use atlas_web::ui::{clean_html, plain_text};
use serde_json::json;

use super::tombstones::{self, REDACTED};
use super::{line, version};
use crate::contact;
use crate::conversation::{Conversation, Message, store};
use crate::ids::{ContactId, ConversationId, MessageId};
use crate::membership;

/// Takes in a conversation with the messages its answer carried.
pub(super) async fn apply(tx: &Tx, a: &Arrival, landed: &Landed) -> Result<Applied> {
    let workspace = a.actor.workspace;
    if tombstones::is_gone(tx, workspace, a.connection, What::Conversation.as_str(), &landed.external_id).await? {
        return Ok(Applied::default());
    }
    let at = version(landed.updated_at.or(landed.created_at));
    let before = store::by_source(tx, workspace, a.connection, &landed.external_id).await?;
    let conversation = merged(a, landed, before.as_ref(), at, tx.now());
    if before.as_ref() != Some(&conversation) {
        store::save(tx, workspace, &conversation).await?;
    }
    if before.is_none() {
        remap(tx, workspace, a.connection, What::Conversation, &landed.external_id, &conversation.id.to_ref()).await?;
    }
    let joined = join(tx, a, conversation.id, &landed.people).await?;
    let circle = store::circle(tx, workspace, conversation.id).await?;
    let heard = before.as_ref().map_or(i64::MIN, |before| before.said_at);
    let outcome = take_messages(tx, a, landed, &conversation, &circle, Said { at, heard }).await?;
    let moved = before.as_ref() != Some(&conversation);
    if outcome.changed() || moved {
        store::refresh(tx, workspace, conversation.id).await?;
        touch(tx, workspace, &conversation, &circle);
    }
    if let Some(newest) = outcome.newest.max(joined.then_some(conversation.last_message_at)) {
        contact::store::note_activity(tx, workspace, &circle, newest).await?;
    }
    Ok(Applied {
        created: u32::from(before.is_none()),
        updated: u32::from(before.is_some() && (moved || outcome.edited > 0)),
        removed: 0,
        messages: outcome.added,
    })
}

/// Tells open pages that a conversation changed.
pub(super) fn touch(tx: &Tx, workspace: WorkspaceId, conversation: &Conversation, circle: &[Ref]) {
    tx.touch_topic(workspace, "conversations");
    tx.touch(workspace, &conversation.id.to_ref());
    circle.iter().for_each(|record| tx.touch(workspace, record));
}

/// The conversation after this statement: an older one changes nothing but what was not known yet.
pub(super) fn merged(a: &Arrival, landed: &Landed, before: Option<&Conversation>, at: i64, now: Timestamp) -> Conversation {
    let first = landed.messages.iter().filter_map(|message| message.at).min();
    let created = landed.created_at.or(first).or(landed.updated_at).unwrap_or(now);
    let stated = Conversation {
        id: before.map_or_else(|| ConversationId::new(now), |c| c.id),
        connection_id: a.connection,
        provider: a.provider.to_owned(),
        external_id: landed.external_id.clone(),
        title: landed.title.as_deref().map(plain_text).and_then(|title| line(Some(&title), 200)),
        state: line(Some(&landed.state), 40).unwrap_or_else(|| "open".to_owned()),
        url: line(landed.url.as_deref(), 500).filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        assignee: line(landed.assignee.as_deref(), 200),
        stated_parts: landed.stated_parts,
        message_count: before.map_or(0, |c| c.message_count),
        waiting_since: before.and_then(|c| c.waiting_since),
        said_at: at,
        created_at: created,
        last_message_at: before.map_or(created, |c| c.last_message_at),
    };
    match before {
        Some(before) if before.said_at > at => before.clone(),
        Some(before) => Conversation {
            title: stated.title.clone().or_else(|| before.title.clone()),
            url: stated.url.clone().or_else(|| before.url.clone()),
            stated_parts: stated.stated_parts.or(before.stated_parts),
            ..stated
        },
        None => stated,
    }
}

/// Notes who takes part; the conversation's past shows on the timelines of those who are new. Answers whether any were.
async fn join(tx: &Tx, a: &Arrival, conversation: ConversationId, people: &[String]) -> Result<bool> {
    let workspace = a.actor.workspace;
    let known: Vec<(String, Option<ContactId>)> =
        query("SELECT external_id, contact_id FROM conversation_people WHERE workspace_id = $1 AND conversation_id = $2")
            .bind(workspace)
            .bind(conversation)
            .all(tx)
            .await?;
    let new: Vec<String> =
        people.iter().filter(|id| !known.iter().any(|(known, contact)| known == *id && contact.is_some())).cloned().collect();
    if new.is_empty() {
        return Ok(false);
    }
    let survivors = tombstones::survivors(tx, workspace, a.connection, &new).await?;
    let stay: Vec<String> = survivors.values().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let contacts = mapped_many(tx, workspace, a.connection, What::Person, &stay).await?;
    let mut joined = false;
    for (external_id, stays) in &survivors {
        let contact: Option<ContactId> = contacts.get(stays).and_then(Ref::as_id);
        insert_person(tx, a, conversation, stays, contact).await?;
        if external_id != stays {
            query("DELETE FROM conversation_people WHERE workspace_id = $1 AND conversation_id = $2 AND external_id = $3 AND contact_id IS NULL")
                .bind(workspace)
                .bind(conversation)
                .bind(external_id)
                .run(tx)
                .await?;
        }
        if let Some(contact) = contact.filter(|contact| !known.iter().any(|(_, known)| *known == Some(*contact))) {
            for subject in membership::circle(tx, workspace, contact).await? {
                link_subject(tx, workspace, &conversation.to_ref(), &subject).await?;
            }
            joined = true;
        }
    }
    Ok(joined)
}

async fn insert_person(tx: &Tx, a: &Arrival, conversation: ConversationId, external_id: &str, contact: Option<ContactId>) -> Result<()> {
    query(
        "INSERT INTO conversation_people (workspace_id, conversation_id, connection_id, external_id, contact_id) VALUES ($1,$2,$3,$4,$5) \
         ON CONFLICT (workspace_id, conversation_id, external_id) DO UPDATE SET contact_id = COALESCE(excluded.contact_id, conversation_people.contact_id)",
    )
    .bind(a.actor.workspace)
    .bind(conversation)
    .bind(a.connection)
    .bind(external_id)
    .bind(contact)
    .run(tx)
    .await
    .map(|_| ())
}

/// What taking in messages came to.
#[derive(Default)]
pub(super) struct Outcome {
    pub added: u32,
    edited: u32,
    /// When the newest of those that are new was written.
    pub newest: Option<Timestamp>,
}

impl Outcome {
    /// All of these are new.
    pub fn of_new(messages: &[Message]) -> Self {
        let added = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        Self { added, edited: 0, newest: messages.iter().map(|message| message.at).max() }
    }

    fn changed(&self) -> bool {
        self.added + self.edited > 0
    }
}

/// How new a statement about a conversation is, and the newest one before it.
#[derive(Clone, Copy)]
struct Said {
    at: i64,
    heard: i64,
}

/// Takes in the messages of one answer. Those that are as they were are not written again, however long the conversation.
async fn take_messages(tx: &Tx, a: &Arrival, landed: &Landed, conversation: &Conversation, circle: &[Ref], said: Said) -> Result<Outcome> {
    let workspace = a.actor.workspace;
    let ids: Vec<&str> = landed.messages.iter().map(|m| m.external_id.as_str()).collect();
    if ids.is_empty() {
        return Ok(Outcome::default());
    }
    let gone = tombstones::gone(tx, workspace, a.connection, What::Message.as_str(), &ids).await?;
    let redacted = tombstones::gone(tx, workspace, a.connection, REDACTED, &ids).await?;
    let mut known: BTreeMap<_, _> = store::messages_by_source(tx, workspace, a.connection, &ids).await?.into_iter().collect();
    let mended = mend_events(tx, a, &known, conversation, circle).await?;
    let mut outcome = Outcome { edited: mended, ..Outcome::default() };
    let mut written: BTreeMap<_, (bool, Message)> = BTreeMap::new();
    for landed in landed.messages.iter().filter(|m| !gone.contains(&m.external_id)) {
        let key = (landed.source_kind.clone(), landed.external_id.clone());
        let before = known.get(&key);
        let stale = |before: &Message| before.said_at.max(said.heard) > said.at && (before.redacted || !landed.redacted);
        if before.is_some_and(stale) {
            continue;
        }
        let message = stated(a, landed, conversation, before, redacted.contains(&landed.external_id), said.at, tx.now());
        if before.is_some_and(|before| !differs(before, &message)) {
            continue;
        }
        let is_new = before.is_none();
        written.entry(key.clone()).or_insert_with(|| (is_new, message.clone())).1 = message.clone();
        known.insert(key, message);
    }
    store::save_messages(tx, workspace, written.values().map(|(_, message)| message)).await?;
    let (new, edited): (Vec<_>, Vec<_>) = written.into_values().partition(|(is_new, _)| *is_new);
    let new: Vec<Message> = new.into_iter().map(|(_, message)| message).collect();
    add_events(tx, a, &new, conversation, circle).await?;
    let records = new.iter().map(|message| (message.external_id.as_str(), message.record())).collect();
    remap_many(tx, workspace, a.connection, What::Message, &records).await?;
    outcome.edited += u32::try_from(edited.len()).unwrap_or(u32::MAX);
    Ok(Outcome { edited: outcome.edited, ..Outcome::of_new(&new) })
}

/// Messages that are here have their events, whatever became of those; answers how many had none.
async fn mend_events(
    tx: &Tx,
    a: &Arrival,
    known: &BTreeMap<(String, String), Message>,
    conversation: &Conversation,
    circle: &[Ref],
) -> Result<u32> {
    if known.is_empty() {
        return Ok(0);
    }
    let named: Vec<_> = known.keys().map(|(kind, id)| (kind.as_str(), id.as_str())).collect();
    let have = store::with_events(tx, a.actor.workspace, a.connection, &named).await?;
    let mute = known.iter().filter(|(key, _)| !have.contains(*key)).map(|(_, message)| message);
    add_events(tx, a, mute, conversation, circle).await
}

/// Whether anything but the version differs.
fn differs(before: &Message, after: &Message) -> bool {
    Message { said_at: after.said_at, ..before.clone() } != *after
}

/// A body is kept up to this many characters.
const MOST_CHARACTERS: usize = 200_000;

/// The message after this statement. Redaction stays, whatever an older or later statement says.
pub(super) fn stated(
    a: &Arrival,
    landed: &LandedMessage,
    conversation: &Conversation,
    before: Option<&Message>,
    buried: bool,
    at: i64,
    now: Timestamp,
) -> Message {
    let redacted = landed.redacted || buried || before.is_some_and(|before| before.redacted);
    let same = before.filter(|before| !redacted && before.html.is_some() && before.html.as_deref() == landed.body.as_deref());
    let (html, words) = match same {
        // Cleaning what was cleaned changes nothing, and costs most of the time that a long conversation takes.
        Some(before) => (before.html.clone(), before.words.clone()),
        None => shown(landed.body.as_deref().filter(|_| !redacted)),
    };
    let side = match landed.author.side {
        Side::Customer => "customer",
        Side::Teammate => "teammate",
        Side::Bot => "bot",
    };
    let attachments: Vec<String> = landed.attachments.iter().filter_map(|name| line(Some(name), 200)).take(50).collect();
    Message {
        id: before.map_or_else(|| ordered_id(landed, landed.at.unwrap_or(now)), |before| before.id),
        conversation_id: conversation.id,
        connection_id: a.connection,
        source_kind: landed.source_kind.clone(),
        external_id: landed.external_id.clone(),
        at: before.map_or_else(|| landed.at.unwrap_or(conversation.created_at), |before| before.at),
        side: side.to_owned(),
        author_name: line(landed.author.name.as_deref(), 200).or_else(|| before.and_then(|b| b.author_name.clone())),
        author_external_id: line(landed.author.external_id.as_deref(), 200),
        action: line(Some(&landed.action), 60).unwrap_or_else(|| "comment".to_owned()),
        internal: landed.internal,
        html,
        words,
        redacted,
        attachments: if redacted { json!([]) } else { json!(attachments) },
        said_at: before.map_or(at, |before| before.said_at.max(at)),
    }
}

/// An id that sorts like the provider's: messages of one second keep their order, the opening one first.
fn ordered_id(landed: &LandedMessage, at: Timestamp) -> MessageId {
    let random = MessageId::new(at).uuid().as_u128();
    match landed.external_id.parse::<u64>() {
        Ok(number) if number < 1 << 61 => {
            let opening = u128::from(landed.source_kind != "conversation") << 61;
            let kept = random & !((1_u128 << 62) - 1) & !(0xfff_u128 << 64);
            MessageId::from_uuid(uuid::Uuid::from_u128(kept | opening | u128::from(number)))
        }
        _ => MessageId::from_uuid(uuid::Uuid::from_u128(random)),
    }
}

/// A body as it is shown, and its words; none when it has no words.
fn shown(body: Option<&str>) -> (Option<String>, Option<String>) {
    let body = body.map(bounded);
    let words = body.as_deref().map(plain_text).filter(|words| !words.is_empty());
    (words.as_ref().and(body.as_deref()).map(as_html), words)
}

fn bounded(body: &str) -> String {
    match body.char_indices().nth(MOST_CHARACTERS) {
        Some((cut, _)) => body[..cut].to_owned(),
        None => body.to_owned(),
    }
}

/// HTML from outside made safe; plain text keeps its lines.
fn as_html(body: &str) -> String {
    if body.contains('<') { clean_html(body) } else { clean_html(&body.replace('\n', "<br>")) }
}

/// The one event of each message; answers how many there are now that were not there before.
/// It names no words: those live in the message, where redaction and purge find them.
async fn add_events<'a>(
    tx: &Tx,
    a: &Arrival,
    messages: impl IntoIterator<Item = &'a Message>,
    conversation: &Conversation,
    circle: &[Ref],
) -> Result<u32> {
    let event = |message| event(a, message, conversation, circle);
    let written = record_events(tx, &a.actor, messages.into_iter().map(event).collect()).await?;
    Ok(u32::try_from(written.len()).unwrap_or(u32::MAX))
}

/// The event of a message.
pub(super) fn event(a: &Arrival, message: &Message, conversation: &Conversation, circle: &[Ref]) -> Event {
    let data = json!({ "verb": message.verb(), "name": "a conversation", "side": message.side, "action": message.action });
    let event = Event::new(message.at, "conversation.message", "chat", message.record(), data);
    let mut event = event.about(circle.iter().cloned()).about([conversation.id.to_ref()]);
    event.source = Some(Source {
        connection: a.connection,
        provider: a.provider.to_owned(),
        kind: message.source_kind.clone(),
        external_id: message.external_id.clone(),
    });
    event
}
