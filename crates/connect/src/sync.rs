//! Syncs: one run over a connection's listings, its line in the sync log, and how runs are asked for and joined.

mod commit;
mod finish;
mod gates;
mod obtain;
mod pass;
mod piece;
mod progress;
mod read;
mod release;
mod run;
mod slots;
mod streams;

use std::time::Duration;

use atlas_jobs::{NewJob, enqueue};
use atlas_kernel::{ConnectionId, Cursor, Page, Result, Timestamp, WorkspaceId, text_enum};
use atlas_store::{Executor, Tx, built_query, query};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::connection::Connection;

pub(crate) use self::commit::is_about_one;
pub(crate) use self::obtain::unstorable;
pub(crate) use self::piece::HEAVY;
pub use self::progress::{StreamProgress, SyncProgress};
pub(crate) use self::progress::{time_left, window_ms};
pub(crate) use self::run::work;
pub use self::streams::StreamState;
pub(crate) use self::streams::{StreamRow, open_again, rows as stream_rows, switch_off};

atlas_kernel::kinds! {
    /// One line of a sync log.
    SyncKindOfId = "sync", SyncId;
}

text_enum! {
    /// Why a sync runs.
    pub enum SyncKind {
        /// All history, the first time.
        First = "first",
        /// What changed, on the schedule.
        Incremental = "incremental",
        /// A person asked.
        Manual = "manual",
        /// The slower audit: deletions, listings without a date, counts.
        Reconcile = "reconcile",
    }
}
text_enum! {
    /// How a sync is.
    pub enum SyncState {
        /// At work, or about to be.
        Running = "running",
        /// Waiting to try again after a failure.
        Waiting = "waiting",
        /// Paused by a person.
        Paused = "paused",
        /// Everything was read.
        Done = "done",
        /// Something could not be read; the code says why. The next one goes on where it stopped.
        Failed = "failed",
        /// The connection stopped.
        Stopped = "stopped",
    }
}
atlas_store::text_column!(SyncKind, SyncState);

atlas_store::row! {
    /// A sync as stored.
    #[derive(Clone, Debug)]
    pub(crate) struct Sync {
        pub id: SyncId,
        pub connection_id: ConnectionId,
        pub kind: SyncKind,
        pub state: SyncState,
        pub requested_by: Option<String>,
        pub joined: i64,
        pub streams: Json,
        pub progress: Json,
        pub calls: i64,
        pub retries: i64,
        pub error_code: Option<String>,
        pub failures: i64,
        pub started_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

/// The kind of job that runs syncs.
pub(crate) const JOB: &str = "connect.sync";
/// The queue of syncs, apart from everything that people wait for.
pub(crate) const QUEUE: &str = "connect.bulk";

/// What a sync's job is told.
#[derive(Serialize, Deserialize)]
pub(crate) struct SyncJob {
    pub connection: ConnectionId,
}

const COLUMNS: &str = "id, connection_id, kind, state, requested_by, joined, streams, progress, calls, retries, error_code, failures, \
     started_at, ended_at";

/// The sync that has not ended, if there is one; there is at most one.
pub(crate) async fn active(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Option<Sync>> {
    let sql = format!("SELECT {COLUMNS} FROM connect_syncs WHERE workspace_id = $1 AND connection_id = $2 AND ended_at IS NULL");
    built_query(sql).bind(workspace).bind(connection).first(on).await
}

/// The newest sync.
pub(crate) async fn latest(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Option<Sync>> {
    Ok(list(on, workspace, connection, 1, None).await?.data.into_iter().next())
}

/// A page of the sync log, newest first.
pub(crate) async fn list(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Sync>> {
    let after = cursor.map(Cursor::decode_moment::<SyncId>).transpose()?;
    let before = if after.is_some() { "AND (started_at, id) < ($4, $5)" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM connect_syncs WHERE workspace_id = $1 AND connection_id = $2 {before} ORDER BY started_at DESC, id DESC LIMIT $3"
    );
    let mut ask = built_query(sql).bind(workspace).bind(connection).bind(limit + 1);
    if let Some((at, id)) = after {
        ask = ask.bind(at).bind(id);
    }
    let rows: Vec<Sync> = ask.all(on).await?;
    Ok(Page::from_rows(rows, limit, |s| Cursor::moment(s.started_at, s.id)))
}

/// A sync that was asked for.
pub(crate) struct Started {
    pub sync: SyncId,
    pub kind: SyncKind,
    /// Whether one was under way already, which this one joined.
    pub joined: bool,
}

/// Starts a sync, or joins the one that is under way.
pub(crate) async fn start(tx: &Tx, connection: &Connection, kind: SyncKind, requested_by: Option<&str>) -> Result<Started> {
    if let Some(sync) = active(tx, connection.workspace_id, connection.id).await? {
        query("UPDATE connect_syncs SET joined = joined + 1 WHERE workspace_id = $1 AND id = $2")
            .bind(connection.workspace_id)
            .bind(sync.id)
            .run(tx)
            .await?;
        if sync.state == SyncState::Waiting {
            put_state(tx, connection, sync.id, SyncState::Running).await?;
            enqueue_run(tx, connection, Duration::ZERO).await?;
        }
        return Ok(Started { sync: sync.id, kind: sync.kind, joined: true });
    }
    let kind = if streams::history_missing(tx, connection).await? { SyncKind::First } else { kind };
    let id = SyncId::new(tx.now());
    query(
        "INSERT INTO connect_syncs (workspace_id, id, connection_id, kind, state, requested_by, joined, streams, progress, calls, retries, \
         failures, started_at) VALUES ($1,$2,$3,$4,'running',$5,0,$6,$7,0,0,0,$8)",
    )
    .bind(connection.workspace_id)
    .bind(id)
    .bind(connection.id)
    .bind(kind)
    .bind(requested_by)
    .bind(serde_json::json!({}))
    .bind(serde_json::json!({}))
    .bind(tx.now())
    .run(tx)
    .await?;
    enqueue_run(tx, connection, Duration::ZERO).await?;
    tx.touch(connection.workspace_id, &connection.to_ref());
    Ok(Started { sync: id, kind, joined: false })
}

/// Lets a worker take the sync up.
pub(crate) async fn enqueue_run(tx: &Tx, connection: &Connection, after: Duration) -> Result<()> {
    let job = NewJob::new(connection.workspace_id, JOB, SyncJob { connection: connection.id });
    enqueue(tx, job.unique(format!("sync:{}", connection.id)).after(after).attempts(100)).await.map(|_| ())
}

/// Shows the sync under way as paused.
pub(crate) async fn mark_paused(tx: &Tx, connection: &Connection) -> Result<()> {
    if let Some(sync) = active(tx, connection.workspace_id, connection.id).await? {
        put_state(tx, connection, sync.id, SyncState::Paused).await?;
    }
    Ok(())
}

/// Takes up what waits for the connection: its sync, and its signals.
pub(crate) async fn wake(tx: &Tx, connection: &Connection) -> Result<()> {
    if let Some(sync) = active(tx, connection.workspace_id, connection.id).await? {
        put_state(tx, connection, sync.id, SyncState::Running).await?;
        enqueue_run(tx, connection, Duration::ZERO).await?;
    }
    crate::two_way::wake(tx, connection).await?;
    crate::signal::enqueue_drain(tx, connection.workspace_id, connection.id, Duration::ZERO).await
}

/// Sets how a sync is that has not ended.
pub(crate) async fn put_state(tx: &Tx, connection: &Connection, id: SyncId, state: SyncState) -> Result<()> {
    query("UPDATE connect_syncs SET state = $3 WHERE workspace_id = $1 AND id = $2 AND ended_at IS NULL")
        .bind(connection.workspace_id)
        .bind(id)
        .bind(state)
        .run(tx)
        .await?;
    tx.touch(connection.workspace_id, &connection.to_ref());
    Ok(())
}

/// Ends the sync under way, whatever it does.
pub(crate) async fn end_active(tx: &Tx, connection: &Connection, state: SyncState, code: Option<&str>) -> Result<()> {
    query(
        "UPDATE connect_syncs SET state = $3, error_code = $4, ended_at = $5, lease = NULL, lease_until = NULL \
         WHERE workspace_id = $1 AND connection_id = $2 AND ended_at IS NULL",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(state)
    .bind(code)
    .bind(tx.now())
    .run(tx)
    .await
    .map(|_| ())
}

impl crate::Connections {
    /// Starts a sync of the workspace's connection, or joins the one under way.
    ///
    /// # Errors
    /// Denied; not found; a conflict `not_connected` when there is no access.
    pub async fn sync(&self, actor: &atlas_kernel::Actor, slug: &str) -> Result<crate::SyncRequested> {
        self.with_connection(actor, slug, |tx, actor, connection| async move {
            if !connection.works() {
                let detail = "There is no working access. Connect first; what is stored stays as it is.";
                return Err(atlas_kernel::Error::conflict("not_connected", detail));
            }
            if connection.paused {
                return Err(atlas_kernel::Error::conflict("paused", "Syncs are paused. Resume, and the sync goes on where it stopped."));
            }
            let started = start(&tx, &connection, SyncKind::Manual, Some(&actor.name)).await?;
            Ok(crate::SyncRequested { id: started.sync, kind: started.kind, joined: started.joined })
        })
        .await
    }
}
