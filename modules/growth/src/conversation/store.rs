//! Conversations and messages in the database.

use std::collections::{BTreeSet, HashMap};

use atlas_kernel::{ConnectionId, Cursor, Page, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Insert, SearchDoc, Tx, built_query, query, search_add, search_put};

use super::{Conversation, Message};
use crate::ids::{ContactId, ConversationId, MessageId};
use crate::list::{Conditions, Holds, Order, Turn};
use crate::membership;

const COLUMNS: &str = "c.id, c.connection_id, c.provider, c.external_id, c.title, c.state, c.url, c.assignee, c.stated_parts, c.message_count, \
     c.waiting_since, c.said_at, c.created_at, c.last_message_at";
const MESSAGE: &str = "m.id, m.conversation_id, m.connection_id, m.source_kind, m.external_id, m.at, m.side, m.author_name, m.author_external_id, \
     m.action, m.internal, m.html, m.words, m.redacted, m.attachments, m.said_at";

/// The conversation with this id.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: ConversationId) -> Result<Option<Conversation>> {
    Ok(find_many(on, workspace, &[id]).await?.pop())
}

/// The conversations with these ids, in no order.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_many(on: &dyn Executor, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<Vec<Conversation>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = built_query(format!("SELECT {COLUMNS} FROM conversations c WHERE c.workspace_id = $1 AND c.id IN ({{list}})"));
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}

/// The conversation with this id at the provider.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn by_source(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    external_id: &str,
) -> Result<Option<Conversation>> {
    let sql = format!("SELECT {COLUMNS} FROM conversations c WHERE c.workspace_id = $1 AND c.connection_id = $2 AND c.external_id = $3");
    built_query(sql).bind(workspace).bind(connection).bind(external_id).first(on).await
}

/// Which of these messages of the provider, named by kind and id, have their event.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn with_events(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    messages: &[(&str, &str)],
) -> Result<BTreeSet<(String, String)>> {
    let kinds: BTreeSet<&str> = messages.iter().map(|(kind, _)| *kind).collect();
    let mut found = BTreeSet::new();
    for some in messages.chunks(500) {
        let ask = query(
            "SELECT source_kind, source_id FROM events WHERE workspace_id = $1 AND connection_id = $2 AND source_kind IN ({list}) \
             AND source_id IN ({list})",
        );
        let ask = ask.bind(workspace).bind(connection).bind_list(kinds.iter().copied()).bind_list(some.iter().map(|(_, id)| *id));
        found.extend(ask.all::<(String, String)>(on).await?);
    }
    Ok(found)
}

/// Conversations, the one with the newest message first: of one contact, or of all.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub async fn page(
    on: &dyn Executor,
    workspace: WorkspaceId,
    contact: Option<ContactId>,
    state: Option<&str>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Conversation>> {
    let mut c = Conditions::new("c", workspace);
    if let Some(contact) = contact {
        c.and("c.id IN (SELECT p.conversation_id FROM conversation_people p WHERE p.workspace_id = $1 AND p.contact_id =", contact, ")");
    }
    if let Some(state) = state {
        c.and("c.state =", state, "");
    }
    if let Some(text) = cursor {
        let (at, id) = Cursor::decode_moment::<Ref>(text)?;
        let (at, id) = (c.bind(at), c.bind(id.uuid()));
        c.also(format!("(c.last_message_at, c.id) < ({at}, {id})"));
    }
    let order = Order { name: "latest", column: "c.last_message_at", holds: Holds::Time, descending: true };
    let (sql, values) = c.page_sql(COLUMNS, "conversations c", "c.id", order, &Turn::First, limit)?;
    let rows: Vec<Conversation> = values.into_iter().fold(built_query(sql), atlas_store::Query::bind).all(on).await?;
    Ok(Page::from_rows(rows, limit, |c| Cursor::moment(c.last_message_at, c.id)))
}

/// Messages of a conversation, newest first.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub async fn messages(
    on: &dyn Executor,
    workspace: WorkspaceId,
    conversation: ConversationId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Message>> {
    let mut c = Conditions::new("m", workspace);
    c.and("m.conversation_id =", conversation, "");
    if let Some(text) = cursor {
        let (at, id) = Cursor::decode_moment::<Ref>(text)?;
        let (at, id) = (c.bind(at), c.bind(id.uuid()));
        c.also(format!("(m.at, m.id) < ({at}, {id})"));
    }
    let order = Order { name: "latest", column: "m.at", holds: Holds::Time, descending: true };
    let (sql, values) = c.page_sql(MESSAGE, "messages m", "m.id", order, &Turn::First, limit)?;
    let rows: Vec<Message> = values.into_iter().fold(built_query(sql), atlas_store::Query::bind).all(on).await?;
    Ok(Page::from_rows(rows, limit, |m| Cursor::moment(m.at, m.id)))
}

/// The messages with these ids, in no order.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_messages(on: &dyn Executor, workspace: WorkspaceId, ids: &[MessageId]) -> Result<Vec<Message>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = built_query(format!("SELECT {MESSAGE} FROM messages m WHERE m.workspace_id = $1 AND m.id IN ({{list}})"));
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}

/// The messages with these ids at the provider, of whatever kind.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn messages_by_source(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    external_ids: &[&str],
) -> Result<HashMap<(String, String), Message>> {
    let mut found = HashMap::new();
    for ids in external_ids.chunks(500) {
        let sql =
            format!("SELECT {MESSAGE} FROM messages m WHERE m.workspace_id = $1 AND m.connection_id = $2 AND m.external_id IN ({{list}})");
        let rows: Vec<Message> = built_query(sql).bind(workspace).bind(connection).bind_list(ids.iter().copied()).all(on).await?;
        found.extend(rows.into_iter().map(|message| ((message.source_kind.clone(), message.external_id.clone()), message)));
    }
    Ok(found)
}

/// The contacts that take part in each of these conversations.
///
/// # Errors
/// Whatever the database answers.
pub async fn people(on: &dyn Executor, workspace: WorkspaceId, ids: &[ConversationId]) -> Result<Vec<(ConversationId, ContactId)>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = query(
        "SELECT DISTINCT conversation_id, contact_id FROM conversation_people WHERE workspace_id = $1 AND contact_id IS NOT NULL \
         AND conversation_id IN ({list}) ORDER BY conversation_id, contact_id",
    );
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}

/// Whose timelines show a conversation's messages: its people and their companies.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn circle(on: &dyn Executor, workspace: WorkspaceId, id: ConversationId) -> Result<Vec<Ref>> {
    let contacts: Vec<ContactId> = people(on, workspace, &[id]).await?.into_iter().map(|(_, contact)| contact).collect();
    let companies = membership::companies_of(on, workspace, &contacts).await?;
    let all: BTreeSet<Ref> = contacts.iter().map(|c| c.to_ref()).chain(companies.iter().map(|(_, c)| c.to_ref())).collect();
    Ok(all.into_iter().collect())
}

/// Writes a conversation as it is.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn save(tx: &Tx, workspace: WorkspaceId, c: &Conversation) -> Result<()> {
    row(workspace, c, UPDATE).run(tx).await.map(|_| ())
}

/// Writes a conversation nobody has heard of with all its messages, together with others, see [`Insert::later`].
pub(crate) fn add(tx: &Tx, workspace: WorkspaceId, conversation: &Conversation, messages: &[Message]) {
    let mut newest: Vec<&Message> = messages.iter().collect();
    newest.sort_by(|a, b| (b.at, &b.external_id).cmp(&(a.at, &a.external_id)));
    let said: Vec<Saying> = newest.into_iter().map(|m| (m.at, m.side.clone(), m.internal, m.words.clone())).collect();
    let (waiting_since, last_message_at) = standing(conversation, &said);
    let message_count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    row(workspace, &Conversation { message_count, waiting_since, last_message_at, ..conversation.clone() }, "").later(tx);
    message_rows(workspace, messages, "").later(tx);
    search_add(tx, workspace, &doc(conversation, &said));
}

const ROW: &str = "workspace_id, id, connection_id, provider, external_id, title, state, url, assignee, stated_parts, \
     message_count, waiting_since, said_at, created_at, last_message_at";
const UPDATE: &str = "ON CONFLICT (workspace_id, id) DO UPDATE SET title = excluded.title, state = excluded.state, url = excluded.url, \
     assignee = excluded.assignee, stated_parts = excluded.stated_parts, said_at = excluded.said_at, created_at = excluded.created_at";

fn row(workspace: WorkspaceId, c: &Conversation, tail: &'static str) -> Insert {
    let mut insert = Insert::into("conversations", ROW, tail);
    insert
        .row()
        .bind(workspace)
        .bind(c.id)
        .bind(c.connection_id)
        .bind(&c.provider)
        .bind(&c.external_id)
        .bind(c.title.as_deref())
        .bind(&c.state)
        .bind(c.url.as_deref())
        .bind(c.assignee.as_deref())
        .bind(c.stated_parts)
        .bind(c.message_count)
        .bind(c.waiting_since)
        .bind(c.said_at)
        .bind(c.created_at)
        .bind(c.last_message_at);
    insert
}

const MESSAGE_COLUMNS: &str = "workspace_id, id, conversation_id, connection_id, source_kind, external_id, at, side, author_name, \
     author_external_id, action, internal, html, words, redacted, attachments, said_at";
const MESSAGE_AGAIN: &str = "ON CONFLICT (workspace_id, id) DO UPDATE SET conversation_id = excluded.conversation_id, at = excluded.at, \
     side = excluded.side, author_name = excluded.author_name, author_external_id = excluded.author_external_id, action = excluded.action, \
     internal = excluded.internal, html = excluded.html, words = excluded.words, redacted = excluded.redacted, \
     attachments = excluded.attachments, said_at = excluded.said_at";

/// Writes messages as they are, in few statements; no two are the same one.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn save_messages<'a>(tx: &Tx, workspace: WorkspaceId, messages: impl IntoIterator<Item = &'a Message>) -> Result<()> {
    message_rows(workspace, messages, MESSAGE_AGAIN).run(tx).await.map(|_| ())
}

fn message_rows<'a>(workspace: WorkspaceId, messages: impl IntoIterator<Item = &'a Message>, tail: &'static str) -> Insert {
    let mut insert = Insert::into("messages", MESSAGE_COLUMNS, tail);
    for m in messages {
        insert
            .row()
            .bind(workspace)
            .bind(m.id)
            .bind(m.conversation_id)
            .bind(m.connection_id)
            .bind(&m.source_kind)
            .bind(&m.external_id)
            .bind(m.at)
            .bind(&m.side)
            .bind(m.author_name.as_deref())
            .bind(m.author_external_id.as_deref())
            .bind(&m.action)
            .bind(m.internal)
            .bind(m.html.as_deref())
            .bind(m.words.as_deref())
            .bind(m.redacted)
            .bind(&m.attachments)
            .bind(m.said_at);
    }
    insert
}

/// A message as far as it says how a conversation stands: when, from which side, whether internal, its words.
type Saying = (Timestamp, String, bool, Option<String>);

/// Since when the customer waits, and when the last message was written; the newest message comes first.
fn standing(conversation: &Conversation, messages: &[Saying]) -> (Option<Timestamp>, Timestamp) {
    // An automatic answer is none: the customer still waits for a person.
    let public = messages.iter().filter(|(_, side, internal, words)| !internal && words.is_some() && side != "bot");
    let unanswered: Vec<_> = public.take_while(|(_, side, ..)| side == "customer").collect();
    let waiting = unanswered.last().map(|(at, ..)| *at).filter(|_| conversation.state == "open");
    (waiting, messages.first().map_or(conversation.created_at, |(at, ..)| *at))
}

/// What can be found of a conversation's words, at most.
const MOST_WORDS: usize = 60_000;

/// Counts a conversation's messages anew, sees whether the customer waits, and writes what search finds of it.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn refresh(tx: &Tx, workspace: WorkspaceId, id: ConversationId) -> Result<()> {
    let Some(conversation) = find(tx, workspace, id).await? else { return Ok(()) };
    let messages: Vec<Saying> =
        query("SELECT at, side, internal, words FROM messages WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY at DESC, external_id DESC")
            .bind(workspace)
            .bind(id)
            .all(tx)
            .await?;
    let (waiting, last) = standing(&conversation, &messages);
    query("UPDATE conversations SET message_count = $3, waiting_since = $4, last_message_at = $5 WHERE workspace_id = $1 AND id = $2")
        .bind(workspace)
        .bind(id)
        .bind(messages.len())
        .bind(waiting)
        .bind(last)
        .run(tx)
        .await?;
    search_put(tx, workspace, &doc(&conversation, &messages)).await
}

/// What search finds of a conversation; the newest words first.
fn doc(conversation: &Conversation, messages: &[Saying]) -> SearchDoc {
    let mut body = String::new();
    for words in messages.iter().filter_map(|(_, _, _, words)| words.as_deref()) {
        if body.len() + words.len() > MOST_WORDS {
            break;
        }
        body.push_str(words);
        body.push('\n');
    }
    SearchDoc {
        record: conversation.id.to_ref(),
        kind: "conversation",
        title: conversation.label(),
        detail: format!("{} conversation", crate::words::provider(&conversation.provider)),
        url: conversation.page(),
        body,
        connection: Some(conversation.connection_id),
    }
}

atlas_store::row! {
    /// A customer who waits for an answer.
    #[derive(Clone, Debug)]
    pub struct Waiting {
        /// The conversation.
        pub id: ConversationId,
        /// Its title, if any.
        pub title: Option<String>,
        /// The provider.
        pub provider: String,
        /// Since when.
        pub waiting_since: Timestamp,
        /// Somebody who takes part in it.
        pub contact_id: Option<ContactId>,
        contact_name: Option<String>,
        contact_emails: Option<serde_json::Value>,
    }
}

impl Waiting {
    /// Who waits.
    pub fn who(&self) -> String {
        let emails: Vec<String> = self.contact_emails.clone().and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
        crate::contact::label(self.contact_name.as_deref().unwrap_or_default(), &emails, &[]).to_owned()
    }
}

/// The customers who have waited longest for an answer: one query.
///
/// # Errors
/// Whatever the database answers.
pub async fn waiting(on: &dyn Executor, workspace: WorkspaceId, limit: usize) -> Result<Vec<Waiting>> {
    query(
        "SELECT w.id, w.title, w.provider, w.waiting_since, w.contact_id, k.name AS contact_name, k.emails AS contact_emails FROM \
         (SELECT c.id, c.title, c.provider, c.waiting_since, (SELECT p.contact_id FROM conversation_people p \
           WHERE p.workspace_id = $1 AND p.conversation_id = c.id AND p.contact_id IS NOT NULL ORDER BY p.external_id LIMIT 1) AS contact_id \
          FROM conversations c WHERE c.workspace_id = $1 AND c.waiting_since IS NOT NULL ORDER BY c.waiting_since, c.id LIMIT $2) w \
         LEFT JOIN contacts k ON k.workspace_id = $1 AND k.id = w.contact_id ORDER BY w.waiting_since, w.id",
    )
    .bind(workspace)
    .bind(limit)
    .all(on)
    .await
}
