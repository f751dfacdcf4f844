//! Signals: objects that may have changed at the provider, each looked at once however often it is named.

mod drain;
mod turns;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use atlas_jobs::{NewJob, enqueue};
use atlas_kernel::{ConnectionId, Error, Result, Timestamp, WorkspaceId};
use atlas_store::{Dialect, Executor, Tx, built_query, query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::connection::Connection;
use crate::pacer::Lane;
use crate::versions::{self, ObjectState};
use crate::{Hint, Signal};

pub(crate) use self::drain::drain;
pub(crate) use self::turns::Turns;

/// The kind of job that works signals off.
pub(crate) const JOB: &str = "connect.signals";
/// The queue of what people wait for.
pub(crate) const QUEUE: &str = "connect.live";

/// What a job for signals is told: no ids of the provider, no content.
#[derive(Serialize, Deserialize)]
pub(crate) struct DrainJob {
    pub connection: ConnectionId,
}

atlas_store::row! {
    /// A signal as stored.
    #[derive(Clone, Debug)]
    pub(crate) struct SignalRow {
        pub object: String,
        pub external_id: String,
        pub hint_key: String,
        pub hint: Json,
        pub first_at: Timestamp,
        pub last_at: Timestamp,
        pub rev: i64,
        pub tries: i64,
    }
}

impl SignalRow {
    /// Whether nobody waits for what is found: Atlas itself wants to look again.
    pub fn is_patient(&self) -> bool {
        self.hint_key == AGAIN
    }

    /// The lane of the calls for it: nobody's own look may hold up a notice.
    pub fn lane(&self) -> Lane {
        if self.is_patient() { Lane::Incremental } else { Lane::People }
    }

    /// What the provider said happened; what this version cannot read is looked at.
    pub fn hint(&self) -> Hint {
        serde_json::from_value(self.hint.clone()).unwrap_or(Hint::Changed)
    }

    /// The object it is about: its kind and its id.
    fn place(&self) -> (String, String) {
        (self.object.clone(), self.external_id.clone())
    }
}

/// A signal that is being worked on belongs to its worker for this long.
const CLAIM: Duration = Duration::from_secs(90);

/// The key of what nobody named: Atlas looks again by itself.
const AGAIN: &str = "again";

fn hint_key(hint: &Hint) -> String {
    match hint {
        Hint::Changed => "changed".into(),
        Hint::Deleted => "deleted".into(),
        Hint::Merged { .. } => "merged".into(),
        Hint::Redacted { message } => format!("redacted:{message}"),
    }
}

/// Notes a signal; several of one kind about one object become one.
pub(crate) async fn put(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, signal: &Signal, due_at: Timestamp) -> Result<()> {
    put_as(tx, workspace, connection, signal, hint_key(&signal.hint), due_at).await
}

/// Notes signals that came together, the last of a kind about an object standing for the others, and lets a worker look at them.
/// Everybody takes them in one order, so that nobody waits in a circle.
pub(crate) async fn put_all(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    signals: impl IntoIterator<Item = &Signal>,
) -> Result<()> {
    let distinct: BTreeMap<_, _> = signals.into_iter().map(|one| ((&one.object, &one.id, hint_key(&one.hint)), one)).collect();
    for signal in distinct.values() {
        put(tx, workspace, connection, signal, tx.now()).await?;
    }
    if distinct.is_empty() { Ok(()) } else { enqueue_drain(tx, workspace, connection, Duration::ZERO).await }
}

/// Notes that an object is to be looked at by and by: after everything that the provider or a person has named.
pub(crate) async fn put_again(tx: &Tx, connection: &Connection, object: &str, id: &str, due_at: Timestamp) -> Result<()> {
    let signal = Signal { object: object.to_owned(), id: id.to_owned(), hint: Hint::Changed };
    put_as(tx, connection.workspace_id, connection.id, &signal, AGAIN.to_owned(), due_at).await
}

async fn put_as(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    signal: &Signal,
    hint_key: String,
    due_at: Timestamp,
) -> Result<()> {
    query(
        "INSERT INTO connect_signals (workspace_id, connection_id, object, external_id, hint_key, hint, first_at, last_at, rev, tries, due_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$7,1,0,$8) ON CONFLICT (workspace_id, connection_id, object, external_id, hint_key) DO UPDATE SET \
         hint = excluded.hint, last_at = excluded.last_at, rev = connect_signals.rev + 1, \
         due_at = CASE WHEN connect_signals.tries > 0 AND excluded.due_at < connect_signals.due_at THEN excluded.due_at ELSE connect_signals.due_at END",
    )
    .bind(workspace)
    .bind(connection)
    .bind(&signal.object)
    .bind(&signal.id)
    .bind(hint_key)
    .bind(serde_json::to_value(&signal.hint).map_err(Error::internal)?)
    .bind(tx.now())
    .bind(due_at)
    .run(tx)
    .await
    .map(|_| ())
}

/// An object that could not be had now is looked at again after this long.
pub(crate) const NOT_NOW: Duration = Duration::from_secs(300);

/// Objects that a transaction wants to see again. The worker is told of them last: the job's row is locked until the commit, and
/// every notice wants it.
#[derive(Default)]
pub(crate) struct Postponed(Option<Duration>);

impl Postponed {
    /// Looks at an object again after a while.
    pub async fn put(&mut self, tx: &Tx, connection: &Connection, object: &str, id: &str, wait: Duration) -> Result<()> {
        self.0 = Some(self.0.map_or(wait, |least| least.min(wait)));
        put_again(tx, connection, object, id, later(tx.now(), wait)).await
    }

    /// Lets a worker look when the first of them is due.
    pub async fn enqueue(self, tx: &Tx, connection: &Connection) -> Result<()> {
        let Some(wait) = self.0 else { return Ok(()) };
        enqueue_drain(tx, connection.workspace_id, connection.id, wait).await
    }
}

/// Looks again at objects that could not be read, after a newer Atlas may have learned to.
pub(crate) async fn retry_unreadable(tx: &Tx, connection: &Connection) -> Result<()> {
    let sql = "SELECT object, external_id FROM connect_versions WHERE workspace_id = $1 AND connection_id = $2 AND state = 'unreadable' LIMIT 200";
    let rows: Vec<(String, String)> = query(sql).bind(connection.workspace_id).bind(connection.id).all(tx).await?;
    for (object, id) in &rows {
        put_again(tx, connection, object, id, tx.now()).await?;
    }
    if rows.is_empty() { Ok(()) } else { enqueue_drain(tx, connection.workspace_id, connection.id, Duration::ZERO).await }
}

/// Lets a worker look at the signals.
pub(crate) async fn enqueue_drain(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, after: Duration) -> Result<()> {
    let job =
        NewJob::new(workspace, JOB, DrainJob { connection }).unique(format!("signals:{connection}")).after(after).priority(10).attempts(50);
    enqueue(tx, job).await.map(|_| ())
}

/// What waits to be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backlog {
    /// Signals that the provider or a person gave.
    pub named: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
    /// Objects that Atlas itself wants to see again.
    pub again: i64,
}

impl Backlog {
    /// All that waits.
    pub fn all(&self) -> i64 {
        self.named + self.again
    }
}

/// What waits to be looked at for a connection.
pub(crate) async fn backlog(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Backlog> {
    let sql = format!(
        "SELECT COUNT(*), COUNT(CASE WHEN hint_key = '{AGAIN}' THEN 1 END), MIN(CASE WHEN hint_key <> '{AGAIN}' THEN first_at END) \
         FROM connect_signals WHERE workspace_id = $1 AND connection_id = $2"
    );
    let row: Option<(i64, i64, Option<Timestamp>)> = built_query(sql).bind(workspace).bind(connection).first(on).await?;
    let (all, again, oldest) = row.unwrap_or_default();
    Ok(Backlog { named: all - again, oldest, again })
}

/// What was taken to be worked on.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    /// Signals to look at the provider for.
    pub fresh: Vec<SignalRow>,
    /// Signals of objects that were fetched since: forgotten without a call.
    pub old: usize,
    /// Whether more may be due than were asked for.
    pub more: bool,
}

const CLAIMED: &str = "object, external_id, hint_key, hint, first_at, last_at, rev, tries";

/// Takes up to `limit` signals that are due, the patient ones or the others, for [`CLAIM`]; those that say nothing new are forgotten
/// at once.
pub(crate) async fn claim(tx: &Tx, connection: &Connection, patient: bool, limit: usize) -> Result<Claimed> {
    if limit == 0 {
        return Ok(Claimed::default());
    }
    let which = if patient { "=" } else { "<>" };
    let lock = match tx.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => tx.dialect().skip_locked(),
    };
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT object, external_id, hint_key FROM connect_signals \
         WHERE workspace_id = $1 AND connection_id = $2 AND due_at <= $3 AND hint_key {which} '{AGAIN}' ORDER BY due_at, first_at, external_id LIMIT $4{lock}) \
         UPDATE connect_signals SET due_at = $5 WHERE workspace_id = $1 AND connection_id = $2 \
         AND (object, external_id, hint_key) IN (SELECT object, external_id, hint_key FROM due) RETURNING {CLAIMED}"
    );
    let ask = built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(tx.now()).bind(limit);
    let mut rows: Vec<SignalRow> = ask.bind(later(tx.now(), CLAIM)).all(tx).await?;
    rows.sort_by(|a, b| (a.first_at, &a.external_id).cmp(&(b.first_at, &b.external_id)));
    let more = rows.len() == limit;
    let known = fetched_since(tx, connection, &rows).await?;
    let (old, fresh): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.hint() == Hint::Changed && known.contains(&row.place()));
    settle(tx, connection, &old).await?;
    Ok(Claimed { fresh, old: old.len(), more })
}

/// The objects of these signals that were fetched after the last word about them came in.
async fn fetched_since(tx: &Tx, connection: &Connection, rows: &[SignalRow]) -> Result<HashSet<(String, String)>> {
    let mut since = HashSet::new();
    let kinds: BTreeSet<&str> = rows.iter().map(|row| row.object.as_str()).collect();
    for kind in kinds {
        let of_kind = || rows.iter().filter(|row| row.object == kind);
        let ids: Vec<String> = of_kind().map(|row| row.external_id.clone()).collect();
        let stored = versions::versions_of(tx, connection.workspace_id, connection.id, kind, &ids).await?;
        let is_known = |row: &&SignalRow| {
            stored.get(&row.external_id).is_some_and(|v| v.fetched_at > row.last_at && v.state != ObjectState::Unreadable)
        };
        since.extend(of_kind().filter(is_known).map(SignalRow::place));
    }
    Ok(since)
}

/// Lets a signal come up again after a while.
pub(crate) async fn delay(tx: &Tx, connection: &Connection, row: &SignalRow, by: Duration, tries: i64) -> Result<()> {
    let sql = "UPDATE connect_signals SET due_at = $6, tries = $7 WHERE workspace_id = $1 AND connection_id = $2 AND object = $3 \
         AND external_id = $4 AND hint_key = $5";
    key(sql, connection, row).bind(later(tx.now(), by)).bind(tries).run(tx).await.map(|_| ())
}

/// Forgets signals that were worked off; those that were named again meanwhile are due at once.
pub(crate) async fn settle(tx: &Tx, connection: &Connection, rows: &[SignalRow]) -> Result<()> {
    for rows in rows.chunks(200) {
        let place = |n: usize| format!("(${},${},${},${})", n * 4 + 3, n * 4 + 4, n * 4 + 5, n * 4 + 6);
        let places: Vec<String> = (0..rows.len()).map(place).collect();
        let sql = format!(
            "DELETE FROM connect_signals WHERE workspace_id = $1 AND connection_id = $2 AND (object, external_id, hint_key, rev) IN (VALUES {})",
            places.join(",")
        );
        let delete = built_query(sql).bind(connection.workspace_id).bind(connection.id);
        let delete = rows.iter().fold(delete, |q, row| q.bind(&row.object).bind(&row.external_id).bind(&row.hint_key).bind(row.rev));
        if delete.run(tx).await? == rows.len() as u64 {
            continue;
        }
        for row in rows {
            delay(tx, connection, row, Duration::ZERO, 0).await?;
        }
    }
    Ok(())
}

fn key(sql: &'static str, connection: &Connection, row: &SignalRow) -> atlas_store::Query {
    query(sql).bind(connection.workspace_id).bind(connection.id).bind(&row.object).bind(&row.external_id).bind(&row.hint_key)
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(jiff::SignedDuration::try_from(by).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}
