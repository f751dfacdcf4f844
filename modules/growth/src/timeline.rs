//! The customer timeline: chats, notes, deal changes and tasks of a record, newest first, with the words behind them.

use std::collections::HashMap;

use atlas_kernel::{EventId, Page, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{EventQuery, EventRow, Executor, Named, Nouns, events_about};
use serde_json::Value;

use crate::conversation::{self, Conversation, Message};
use crate::ids::{ConversationId, MessageId, NoteId};
use crate::note::{self, Note};

pub mod api;
pub mod web;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Item {
    /// The event's id.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// `chat`, `note`, `deal`, `task` or `record`.
    pub kind: String,
    /// What was done, such as `deal.moved`.
    pub operation: String,
    /// Who did it, as shown.
    pub actor: String,
    /// The member who did it.
    pub user: Option<UserId>,
    /// `person`, `token`, `connection` or `system`.
    pub via: String,
    /// What it was done to.
    pub record: Ref,
    /// That record's name; empty when it is gone.
    pub label: String,
    /// Where it opens; none when it is gone.
    pub url: Option<String>,
    /// For a note, the record it is about.
    pub on: Option<String>,
    /// The words between actor and record.
    pub verb: String,
    /// Where it went, such as a stage.
    pub to: Option<String>,
    /// What changed, such as `€42,000 → €48,000`.
    pub change: Option<String>,
    /// Why, when something automatic did it.
    pub reason: Option<String>,
    /// The words, when there are some to read.
    pub body: Option<Body>,
    /// The provider's thing behind it: provider, kind, id.
    pub source: Option<(String, String, String)>,
    /// The message, for a chat.
    pub message: Option<Message>,
    /// The conversation, for a chat.
    pub conversation: Option<Conversation>,
    /// The note, for a note that is still there.
    pub note: Option<Note>,
}

/// Words to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// As plain text.
    pub text: String,
    /// As sanitised HTML.
    pub html: String,
}

impl Item {
    /// One sentence: who, did what, to what.
    pub fn summary(&self) -> String {
        let object = if self.on.is_some() { "" } else { self.label.as_str() };
        let mut words = vec![self.actor.as_str(), self.verb.as_str(), object];
        if let Some(on) = &self.on {
            words.extend(["on", on.as_str()]);
        }
        if let Some(to) = &self.to {
            words.extend(["to", to.as_str()]);
        }
        let sentence = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        match &self.change {
            Some(change) => format!("{sentence} · {change}"),
            None => sentence,
        }
    }
}

/// A page of a record's timeline, with the words of its messages and notes: at most four queries, and one for each
/// further kind of record named on it.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub async fn read(on: &dyn Executor, nouns: &Nouns, workspace: WorkspaceId, subject: &Ref, ask: &EventQuery) -> Result<Page<Item>> {
    let page = events_about(on, workspace, subject, ask).await?;
    let around = Around::of(on, nouns, workspace, &page.data).await?;
    Ok(page.map(|event| around.item(event)))
}

/// Everything the events of one page speak of.
struct Around {
    messages: HashMap<MessageId, Message>,
    conversations: HashMap<ConversationId, Conversation>,
    notes: HashMap<NoteId, Note>,
    names: HashMap<Ref, Named>,
}

impl Around {
    async fn of(on: &dyn Executor, nouns: &Nouns, workspace: WorkspaceId, events: &[EventRow]) -> Result<Self> {
        let messages: Vec<MessageId> = events.iter().filter_map(|event| event.record.as_id()).collect();
        let messages = conversation::store::find_messages(on, workspace, &messages).await?;
        let mut talks: Vec<ConversationId> = messages.iter().map(|message| message.conversation_id).collect();
        talks.sort();
        talks.dedup();
        let conversations = conversation::store::find_many(on, workspace, &talks).await?;
        let notes: Vec<NoteId> = events.iter().filter_map(|event| event.record.as_id()).collect();
        let notes = note::store::find_many(on, workspace, &notes).await?;
        let others = events.iter().map(|event| event.record.clone()).filter(|record| !["msg", "note"].contains(&record.kind()));
        let subjects = notes.iter().map(|note| note.subject.clone());
        let names = nouns.describe(on, workspace, &others.chain(subjects).collect::<Vec<_>>()).await?;
        Ok(Self {
            messages: messages.into_iter().map(|message| (message.id, message)).collect(),
            conversations: conversations.into_iter().map(|c| (c.id, c)).collect(),
            notes: notes.into_iter().map(|note| (note.id, note)).collect(),
            names,
        })
    }

    fn item(&self, event: EventRow) -> Item {
        let text = |key: &str| event.data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
        let named = self.names.get(&event.record);
        let mut item = Item {
            id: event.id,
            at: event.at,
            verb: text("verb").unwrap_or_else(|| "changed".to_owned()),
            label: named.map_or_else(|| text("name").unwrap_or_default(), |named| named.label.clone()),
            url: named.map(|named| named.url.clone()),
            on: None,
            to: text("to"),
            change: text("change"),
            actor: event.actor_name,
            user: event.actor_user,
            via: event.actor_via,
            kind: event.kind,
            operation: event.operation,
            reason: event.reason,
            body: None,
            source: match (event.source_provider, event.source_kind, event.source_id) {
                (Some(provider), Some(kind), Some(id)) => Some((provider, kind, id)),
                _ => None,
            },
            message: None,
            conversation: None,
            note: None,
            record: event.record,
        };
        self.add_message(&mut item);
        self.add_note(&mut item);
        item
    }

    fn add_message(&self, item: &mut Item) {
        let Some(message) = item.record.as_id().and_then(|id: MessageId| self.messages.get(&id)) else { return };
        let conversation = self.conversations.get(&message.conversation_id);
        item.actor = message.author().to_owned();
        item.verb = message.verb().to_owned();
        item.label = conversation.map(Conversation::label).unwrap_or_default();
        item.url = Some(crate::nouns::url(message));
        item.body = message.words.clone().map(|text| Body { text, html: message.html.clone().unwrap_or_default() });
        item.message = Some(message.clone());
        item.conversation = conversation.cloned();
    }

    fn add_note(&self, item: &mut Item) {
        let Some(note) = item.record.as_id().and_then(|id: NoteId| self.notes.get(&id)) else { return };
        item.on = self.names.get(&note.subject).map(|named| named.label.clone());
        item.label = if note.deleted_at.is_none() { note.label() } else { String::new() };
        if note.deleted_at.is_some() || !matches!(item.operation.as_str(), "note.created") {
            return;
        }
        item.url = Some(note::verbs::url(note));
        let html = atlas_web::ui::markdown(&note.body).as_str().to_owned();
        item.body = Some(Body { text: note.body.clone(), html });
        item.note = Some(note.clone());
    }
}
