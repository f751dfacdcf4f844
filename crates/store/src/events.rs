//! The event log: one line for each thing done, with the records it is about.

use std::collections::{BTreeSet, HashMap};

use atlas_kernel::{Actor, ConnectionId, Cursor, EventId, Page, Ref, Result, Timestamp, UserId, Via, WorkspaceId};
use serde_json::Value as Json;

use crate::{Executor, Insert, Tx, built_query, query};

/// Where an event came from when a connector brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The connection.
    pub connection: ConnectionId,
    /// The provider, such as `intercom`.
    pub provider: String,
    /// The provider's kind of thing, such as `conversation_part`.
    pub kind: String,
    /// The provider's id of it, unique with connection and kind: it makes the event happen once.
    pub external_id: String,
}

/// Something that was done, to be written to the log.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it happened; for imported history the provider's time.
    pub at: Timestamp,
    /// What was done, such as `deal.moved`.
    pub operation: &'static str,
    /// The filter it falls under on a timeline, such as `chat`, `note`, `deal`, `task`, `record`.
    pub kind: &'static str,
    /// The record it was done to.
    pub record: Ref,
    /// Every record whose timeline shows it; `record` is always one of them.
    pub subjects: Vec<Ref>,
    /// What to say about it: names, values before and after. No customer content of a provider.
    pub data: Json,
    /// Why, when something automatic did it.
    pub reason: Option<String>,
    /// The provider's thing behind it.
    pub source: Option<Source>,
}

impl Event {
    /// An event about `record` alone, happening now.
    pub fn new(at: Timestamp, operation: &'static str, kind: &'static str, record: impl Into<Ref>, data: Json) -> Self {
        Self { at, operation, kind, record: record.into(), subjects: vec![], data, reason: None, source: None }
    }

    /// Shows the event on these records' timelines as well.
    #[must_use]
    pub fn about(mut self, subjects: impl IntoIterator<Item = Ref>) -> Self {
        self.subjects.extend(subjects);
        self
    }
}

crate::row! {
    /// One line of the log, as read.
    #[derive(Clone, Debug)]
    pub struct EventRow {
        /// The event's id.
        pub id: EventId,
        /// When it happened.
        pub at: Timestamp,
        /// What was done.
        pub operation: String,
        /// The timeline filter it falls under.
        pub kind: String,
        /// The person who did it, if one did.
        pub actor_user: Option<UserId>,
        /// The name to show.
        pub actor_name: String,
        /// `person`, `token`, `connection` or `system`.
        pub actor_via: String,
        /// What it was done to.
        pub record: Ref,
        /// What to say about it.
        pub data: Json,
        /// Why, when something automatic did it.
        pub reason: Option<String>,
        /// The connection behind it.
        pub connection_id: Option<ConnectionId>,
        /// The provider behind it.
        pub source_provider: Option<String>,
        /// The provider's kind of thing.
        pub source_kind: Option<String>,
        /// The provider's id of it.
        pub source_id: Option<String>,
    }
}

const EVENT: &str = "workspace_id, id, at, recorded_at, operation, kind, actor_user, actor_name, actor_via, \
     record, data, reason, connection_id, source_provider, source_kind, source_id";

const PLACE: &str = "workspace_id, subject, at, event_id, kind";

/// Writes one event; `None` when its source has been recorded already.
///
/// # Errors
/// Whatever the database answers.
pub async fn record_event(tx: &Tx, actor: &Actor, event: Event) -> Result<Option<EventId>> {
    Ok(record_events(tx, actor, vec![event]).await?.pop())
}

/// Writes events in few statements; answers those that were written. An event whose source has been recorded already is not.
///
/// # Errors
/// Whatever the database answers.
pub async fn record_events(tx: &Tx, actor: &Actor, events: Vec<Event>) -> Result<Vec<EventId>> {
    let mut insert = Insert::into("events", EVENT, "ON CONFLICT DO NOTHING RETURNING id");
    let mut shown: HashMap<EventId, Shown> = HashMap::with_capacity(events.len());
    for event in events {
        let (id, places) = write_event(&mut insert, tx, actor, event);
        shown.insert(id, places);
    }
    let written: Vec<EventId> = insert.values(tx).await?;
    let mut insert = Insert::into("event_subjects", PLACE, "ON CONFLICT DO NOTHING");
    for id in &written {
        let Some(places) = shown.get(id) else { continue };
        write_places(&mut insert, tx, actor, *id, places);
    }
    insert.run(tx).await?;
    Ok(written)
}

/// Writes an event that nobody can have recorded before, together with others, see [`Insert::later`].
///
/// An event whose source has been recorded already makes the whole transaction fail.
pub fn record_event_later(tx: &Tx, actor: &Actor, event: Event) {
    let mut insert = Insert::into("events", EVENT, "");
    let (id, places) = write_event(&mut insert, tx, actor, event);
    insert.later(tx);
    let mut insert = Insert::into("event_subjects", PLACE, "");
    write_places(&mut insert, tx, actor, id, &places);
    insert.later(tx);
}

fn write_event(insert: &mut Insert, tx: &Tx, actor: &Actor, event: Event) -> (EventId, Shown) {
    let via = match actor.via {
        Via::Session(_) => "person",
        Via::Token(..) => "token",
        Via::Connection(..) => "connection",
        Via::System => "system",
    };
    let id = EventId::new(event.at);
    let source = event.source.as_ref();
    insert
        .row()
        .bind(actor.workspace)
        .bind(id)
        .bind(event.at)
        .bind(tx.now())
        .bind(event.operation)
        .bind(event.kind)
        .bind(actor.user)
        .bind(&actor.name)
        .bind(via)
        .bind(&event.record)
        .bind(event.data)
        .bind(event.reason)
        .bind(source.map(|s| s.connection))
        .bind(source.map(|s| s.provider.as_str()))
        .bind(source.map(|s| s.kind.as_str()))
        .bind(source.map(|s| s.external_id.as_str()));
    let records = event.subjects.into_iter().chain([event.record]).collect();
    (id, Shown { at: event.at, kind: event.kind, records })
}

fn write_places(insert: &mut Insert, tx: &Tx, actor: &Actor, id: EventId, shown: &Shown) {
    for record in &shown.records {
        insert.row().bind(actor.workspace).bind(record).bind(shown.at).bind(id).bind(shown.kind);
        tx.touch(actor.workspace, record);
    }
}

/// The records that show an event.
struct Shown {
    at: Timestamp,
    kind: &'static str,
    records: BTreeSet<Ref>,
}

/// Shows everything on `from`'s timeline on `to`'s as well, such as when a person joins a company.
///
/// # Errors
/// Whatever the database answers.
pub async fn link_subject(tx: &Tx, workspace: WorkspaceId, from: &Ref, to: &Ref) -> Result<u64> {
    query(
        "INSERT INTO event_subjects (workspace_id, subject, at, event_id, kind) \
         SELECT workspace_id, $3, at, event_id, kind FROM event_subjects WHERE workspace_id = $1 AND subject = $2 \
         ON CONFLICT DO NOTHING",
    )
    .bind(workspace)
    .bind(from)
    .bind(to)
    .run(tx)
    .await
}

/// Takes everything that is only about `gone` and `of` off `of`'s timeline: the undoing of [`link_subject`].
///
/// # Errors
/// Whatever the database answers.
pub async fn unlink_subject(tx: &Tx, workspace: WorkspaceId, gone: &Ref, of: &Ref) -> Result<u64> {
    query(
        "DELETE FROM event_subjects WHERE workspace_id = $1 AND subject = $3 AND event_id IN \
         (SELECT event_id FROM event_subjects WHERE workspace_id = $1 AND subject = $2)",
    )
    .bind(workspace)
    .bind(gone)
    .bind(of)
    .run(tx)
    .await
}

/// Which part of a timeline to read.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Only events of this kind.
    pub kind: Option<String>,
    /// Rows a page.
    pub limit: usize,
    /// Where the page starts.
    pub cursor: Option<String>,
}

const COLUMNS: &str = "e.id, e.at, e.operation, e.kind, e.actor_user, e.actor_name, e.actor_via, e.record, e.data, e.reason, \
     e.connection_id, e.source_provider, e.source_kind, e.source_id";

/// A record's timeline, newest first.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub async fn events_about(on: &dyn Executor, workspace: WorkspaceId, subject: &Ref, ask: &EventQuery) -> Result<Page<EventRow>> {
    let kind = if ask.kind.is_some() { "AND s.kind = $3" } else { "AND $3 = ''" };
    let after = if ask.cursor.is_some() { "AND (s.at, s.event_id) < ($5, $6)" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT s.at, s.event_id FROM event_subjects s \
         WHERE s.workspace_id = $1 AND s.subject = $2 {kind} {after} ORDER BY s.at DESC, s.event_id DESC LIMIT $4) p \
         JOIN events e ON e.workspace_id = $1 AND e.id = p.event_id ORDER BY p.at DESC, p.event_id DESC"
    );
    let mut read = built_query(sql).bind(workspace).bind(subject).bind(ask.kind.as_deref().unwrap_or("")).bind(ask.limit + 1);
    if let Some(text) = &ask.cursor {
        let (at, id) = Cursor::decode_moment::<EventId>(text)?;
        read = read.bind(at).bind(id);
    }
    let rows: Vec<EventRow> = read.all(on).await?;
    Ok(Page::from_rows(rows, ask.limit, |row| Cursor::moment(row.at, row.id)))
}

/// How many events of each kind a record's timeline has.
///
/// # Errors
/// Whatever the database answers.
pub async fn kind_counts(on: &dyn Executor, workspace: WorkspaceId, subject: &Ref) -> Result<Vec<(String, i64)>> {
    query("SELECT kind, COUNT(*) FROM event_subjects WHERE workspace_id = $1 AND subject = $2 GROUP BY kind ORDER BY kind")
        .bind(workspace)
        .bind(subject)
        .all(on)
        .await
}

/// Deletes up to `limit` events that a connection brought, with their places on timelines; answers how many.
///
/// # Errors
/// Whatever the database answers.
pub async fn forget_connection_events(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<u64> {
    let ids: Vec<EventId> =
        query("SELECT id FROM events WHERE workspace_id = $1 AND connection_id = $2 AND source_id IS NOT NULL LIMIT $3")
            .bind(workspace)
            .bind(connection)
            .bind(limit)
            .values(tx)
            .await?;
    for sql in [
        "DELETE FROM event_subjects WHERE workspace_id = $1 AND event_id IN ({list})",
        "DELETE FROM events WHERE workspace_id = $1 AND id IN ({list})",
    ] {
        query(sql).bind(workspace).bind_list(ids.iter().copied()).run(tx).await?;
    }
    Ok(ids.len() as u64)
}
