//! Records whose fields may have to be written: one line a record, however often it is edited before the line is worked off.

use std::time::Duration;

use atlas_jobs::{NewJob, enqueue};
use atlas_kernel::{ConnectionId, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::{Dialect, Executor, Tx, built_query, query};
use serde::{Deserialize, Serialize};

use super::batch::BatchId;
use super::send::JOB;
use super::state::Place;
use crate::connection::Connection;

/// What a job for writes is told.
#[derive(Serialize, Deserialize)]
pub(crate) struct PushJob {
    pub connection: ConnectionId,
}

atlas_store::row! {
    /// A record that may have to be written.
    #[derive(Clone, Debug)]
    pub(super) struct PushRow {
        pub what: String,
        pub external_id: String,
        pub undo: String,
        pub batch_id: Option<BatchId>,
        pub rev: i64,
        pub tries: i64,
    }
}

/// A line that is worked on belongs to its worker for this long.
const CLAIM: Duration = Duration::from_secs(90);

/// Says that people changed these fields of a record, so that connections to which one of them goes out write it.
///
/// Call it in the transaction of the change. Costs one query where nothing goes out.
///
/// # Errors
/// Whatever the database answers.
pub async fn changed(tx: &Tx, workspace: WorkspaceId, record: &Ref, fields: &[&str]) -> Result<()> {
    let sql = "SELECT m.connection_id, m.what, m.external_id, r.field FROM connect_mappings m JOIN connect_field_rules r \
         ON r.workspace_id = m.workspace_id AND r.connection_id = m.connection_id AND r.what = m.what \
         WHERE m.workspace_id = $1 AND m.record = $2 AND r.direction IN ('out', 'both')";
    let rows: Vec<(ConnectionId, String, String, String)> = query(sql).bind(workspace).bind(record).all(tx).await?;
    let mut noted: Vec<(ConnectionId, &str)> = vec![];
    for (connection, what, external_id, field) in &rows {
        if fields.contains(&field.as_str()) && !noted.contains(&(*connection, external_id)) {
            put(tx, workspace, *connection, what, external_id, None).await?;
            noted.push((*connection, external_id));
        }
    }
    Ok(())
}

/// Notes that a record may have to be written.
pub(super) async fn note(tx: &Tx, place: &Place<'_>) -> Result<()> {
    put(tx, place.workspace, place.connection, place.what.as_str(), place.external_id, None).await
}

/// Notes it for a batch.
pub(super) async fn put(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: &str,
    external_id: &str,
    batch: Option<(BatchId, Option<BatchId>)>,
) -> Result<()> {
    let undo = batch.and_then(|(_, undoes)| undoes).map(|id| id.to_string()).unwrap_or_default();
    query(
        "INSERT INTO connect_pushes (workspace_id, connection_id, what, external_id, undo, batch_id, first_at, rev, tries, due_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,1,0,$7) ON CONFLICT (workspace_id, connection_id, what, external_id, undo) DO UPDATE SET \
         rev = connect_pushes.rev + 1, batch_id = COALESCE(excluded.batch_id, connect_pushes.batch_id), \
         due_at = CASE WHEN connect_pushes.tries > 0 THEN excluded.due_at ELSE connect_pushes.due_at END",
    )
    .bind(workspace)
    .bind(connection)
    .bind(what)
    .bind(external_id)
    .bind(undo)
    .bind(batch.map(|(id, _)| id))
    .bind(tx.now())
    .run(tx)
    .await?;
    enqueue_send(tx, workspace, connection, Duration::ZERO).await
}

/// Lets a worker look at what is to be written.
pub(super) async fn enqueue_send(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, after: Duration) -> Result<()> {
    let job =
        NewJob::new(workspace, JOB, PushJob { connection }).unique(format!("writes:{connection}")).after(after).priority(10).attempts(50);
    enqueue(tx, job).await.map(|_| ())
}

/// Takes up what waits, after access or a permission has come back.
pub(crate) async fn wake(tx: &Tx, connection: &Connection) -> Result<()> {
    if waiting(tx, connection.workspace_id, connection.id).await? > 0 {
        enqueue_send(tx, connection.workspace_id, connection.id, Duration::ZERO).await?;
    }
    Ok(())
}

/// Takes up to `limit` lines that are due.
pub(super) async fn claim(tx: &Tx, connection: &Connection, limit: usize) -> Result<Vec<PushRow>> {
    let lock = match tx.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => tx.dialect().skip_locked(),
    };
    let sql = format!(
        "SELECT what, external_id, undo, batch_id, rev, tries FROM connect_pushes WHERE workspace_id = $1 AND connection_id = $2 AND due_at <= $3 \
         ORDER BY due_at, first_at, external_id LIMIT $4{lock}"
    );
    let rows: Vec<PushRow> = built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(tx.now()).bind(limit).all(tx).await?;
    for row in &rows {
        delay(tx, connection, row, CLAIM, row.tries).await?;
    }
    Ok(rows)
}

/// Lets a line come up again after a while.
pub(super) async fn delay(tx: &Tx, connection: &Connection, row: &PushRow, by: Duration, tries: i64) -> Result<()> {
    let sql = "UPDATE connect_pushes SET due_at = $6, tries = $7 WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 \
         AND external_id = $4 AND undo = $5";
    let due = tx.now().checked_add(jiff::SignedDuration::try_from(by).unwrap_or_default()).unwrap_or(Timestamp::MAX);
    key(sql, connection, row).bind(due).bind(tries).run(tx).await.map(|_| ())
}

/// Forgets a line that was worked off; one whose record was edited meanwhile is due at once.
pub(super) async fn settle(tx: &Tx, connection: &Connection, row: &PushRow) -> Result<()> {
    let sql = "DELETE FROM connect_pushes WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 AND undo = $5 AND rev = $6";
    let gone = key(sql, connection, row).bind(row.rev).run(tx).await?;
    if gone == 0 { delay(tx, connection, row, Duration::ZERO, 0).await } else { Ok(()) }
}

fn key(sql: &'static str, connection: &Connection, row: &PushRow) -> atlas_store::Query {
    query(sql).bind(connection.workspace_id).bind(connection.id).bind(&row.what).bind(&row.external_id).bind(&row.undo)
}

/// How many records wait to be written.
async fn waiting(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<i64> {
    query("SELECT COUNT(*) FROM connect_pushes WHERE workspace_id = $1 AND connection_id = $2")
        .bind(workspace)
        .bind(connection)
        .value(on)
        .await
}

/// How long until the next line is due; none when there are none.
pub(super) async fn next_due(on: &dyn Executor, connection: &Connection, now: Timestamp) -> Result<Option<Duration>> {
    let sql = "SELECT MIN(due_at), COUNT(*) FROM connect_pushes WHERE workspace_id = $1 AND connection_id = $2";
    let row: Option<(Option<Timestamp>, i64)> = query(sql).bind(connection.workspace_id).bind(connection.id).first(on).await?;
    Ok(row.and_then(|(due, _)| due).map(|due| {
        let millis = due.as_millisecond() - now.as_millisecond();
        Duration::from_millis(u64::try_from(millis).unwrap_or(0)).max(Duration::from_millis(20))
    }))
}
