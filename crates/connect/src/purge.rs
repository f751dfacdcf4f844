//! The purge: everything a provider sent is removed in small steps that can be taken up again, and a receipt is left.

mod receipt;
mod steps;

use std::collections::BTreeMap;
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, NewJob, Outcome, enqueue};
use atlas_kernel::{ConnectionId, Result, Timestamp};
use atlas_store::{Executor, Tx, built_query, query};
use serde::{Deserialize, Serialize};

use crate::connection::{Connection, ConnectionState, by_id};
use crate::{Connections, Purged, activity};

pub(crate) use self::receipt::{PURPOSE as RECEIPT_PURPOSE, latest as latest_receipt};
pub use self::receipt::{Receipt, ReceiptFile, ReceiptId, ReceiptProblem, receipt_keys};

/// The kind of job that purges.
pub(crate) const JOB: &str = "connect.purge";
/// Records removed in one transaction; of messages, events and rows of the kit more, which nothing hangs on.
const AT_ONCE: usize = 100;

/// What the job is told.
#[derive(Serialize, Deserialize)]
pub(crate) struct PurgeJob {
    connection: ConnectionId,
}

/// What a purge has removed so far; kept with the connection until the receipt is written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Things removed, by kind.
    pub removed: BTreeMap<String, u64>,
    /// Entries of the raw log that were removed.
    pub log_entries: u64,
    /// A chain over the content hashes of the log's entries, in order: SHA-256 of the chain so far and the next hash.
    pub log_chain: String,
}

impl Counts {
    fn add(&mut self, purged: &[Purged]) {
        for one in purged.iter().filter(|p| p.count > 0) {
            *self.removed.entry(one.what.clone()).or_default() += one.count;
        }
    }
}

/// Lets the purge begin at this moment.
pub(crate) async fn enqueue_at(tx: &Tx, connection: &Connection, due: Timestamp) -> Result<()> {
    let job = NewJob::new(connection.workspace_id, JOB, PurgeJob { connection: connection.id });
    enqueue(tx, job.unique(key(connection)).at(due).attempts(200)).await.map(|_| ())
}

/// Takes up a purge that is due and that nobody works on; a second run beside one that is under way would only be in its way.
pub(crate) async fn resume(tx: &Tx, connection: &Connection) -> Result<()> {
    if atlas_jobs::waiting(tx, connection.workspace_id, &key(connection)).await? {
        return Ok(());
    }
    enqueue_at(tx, connection, tx.now()).await
}

fn key(connection: &Connection) -> String {
    format!("purge:{}", connection.id)
}

/// Purges the connection if that is due.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, job: PurgeJob) -> Result<Outcome, JobError> {
    loop {
        let Some(connection) = by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
        let Some(due) = connection.purge_due_at.filter(|_| connection.state == ConnectionState::Disconnected) else {
            return Ok(Outcome::Done);
        };
        let left = due.as_millisecond() - ctx.db.clock().now().as_millisecond();
        if left > 0 {
            return Ok(Outcome::Again(Duration::from_millis(u64::try_from(left).unwrap_or(0))));
        }
        if ctx.stopping() {
            return Ok(Outcome::Again(Duration::ZERO));
        }
        let (conns, context, connection) = (&conns, &ctx, &connection);
        let emptied = ctx.db.write(|tx| async move {
            context.fence(&tx).await?;
            step(conns, &tx, connection).await
        });
        if !emptied.await.map_err(later)? {
            continue;
        }
        ctx.db.scrub().await.map_err(later)?;
        let closed = ctx.db.write(|tx| async move {
            context.fence(&tx).await?;
            close(conns, &tx, connection).await
        });
        closed.await.map_err(later)?;
        return Ok(Outcome::Done);
    }
}

/// A step that fails is taken up again where it stopped; what is promised is done in the end.
fn later(error: atlas_kernel::Error) -> JobError {
    JobError::retry_after(error, Duration::from_secs(20))
}

/// Removes a little; answers whether nothing was left.
async fn step(conns: &Connections, tx: &Tx, connection: &Connection) -> Result<bool> {
    // Locked and read again, so that what another run counted meanwhile is added to, not overwritten.
    let lock = format!("SELECT id FROM connections WHERE workspace_id = $1 AND id = $2{}", tx.dialect().for_update());
    let locked: Option<(ConnectionId,)> = built_query(lock).bind(connection.workspace_id).bind(connection.id).first(tx).await?;
    let Some(connection) = &by_id(tx, connection.workspace_id, connection.id).await?.filter(|_| locked.is_some()) else { return Ok(true) };
    let mut counts = begin(tx, connection).await?;
    for intake in conns.intakes().iter().rev() {
        let purged = (intake.purge)(tx, connection.workspace_id, connection.id, AT_ONCE).await?;
        if purged.iter().any(|p| p.count > 0) {
            counts.add(&purged);
            return save(tx, connection, &counts).await;
        }
    }
    if steps::own(tx, connection, &mut counts, AT_ONCE * 5).await? {
        return save(tx, connection, &counts).await;
    }
    steps::forget_account(tx, connection).await?;
    Ok(true)
}

/// The end, when even the files hold nothing any more: the receipt.
async fn close(conns: &Connections, tx: &Tx, connection: &Connection) -> Result<()> {
    let now = by_id(tx, connection.workspace_id, connection.id).await?;
    let Some(connection) = now.filter(|c| c.purge_started_at.is_some()) else { return Ok(()) };
    let counts = counts_of(&connection);
    receipt::write(conns, tx, &connection, &counts).await?;
    steps::close(tx, &connection).await?;
    activity::note(
        tx,
        connection.workspace_id,
        connection.id,
        activity::Level::Ok,
        "purge.finished",
        "Everything it sent is removed; see the receipt",
    )
    .await
}

fn counts_of(connection: &Connection) -> Counts {
    connection.purge_counts.as_ref().and_then(|json| serde_json::from_value(json.clone()).ok()).unwrap_or_default()
}

async fn begin(tx: &Tx, connection: &Connection) -> Result<Counts> {
    if connection.purge_started_at.is_none() {
        let sql = "UPDATE connections SET purge_started_at = $3 WHERE workspace_id = $1 AND id = $2";
        query(sql).bind(connection.workspace_id).bind(connection.id).bind(tx.now()).run(tx).await?;
    }
    Ok(counts_of(connection))
}

async fn save(tx: &Tx, connection: &Connection, counts: &Counts) -> Result<bool> {
    let json = serde_json::to_value(counts).map_err(atlas_kernel::Error::internal)?;
    let sql = "UPDATE connections SET purge_counts = $3 WHERE workspace_id = $1 AND id = $2";
    query(sql).bind(connection.workspace_id).bind(connection.id).bind(json).run(tx).await?;
    tx.touch(connection.workspace_id, &connection.to_ref());
    Ok(false)
}
