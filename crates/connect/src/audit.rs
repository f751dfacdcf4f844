//! The audit: what a whole listing no longer names is asked after, and what is stored is counted and mended.
//!
//! Nothing is deleted for being absent from a listing: only the provider's answer about the object itself decides.

mod gaps;
mod mend;

use atlas_jobs::{JobCtx, JobError, NewJob, Outcome, enqueue};
use atlas_kernel::{ConnectionId, Result, Timestamp};
use atlas_store::{Tx, query};
use serde::{Deserialize, Serialize};

use crate::connection::{Connection, by_id};
use crate::{Connections, activity, signal};

/// The kind of job that counts and mends.
pub(crate) const JOB: &str = "connect.audit";
/// Objects that one listing leaves to be asked after, at most; the next audit goes on with those not asked for longest.
const MOST_ABSENT: usize = 2000;

/// What an audit's job is told.
#[derive(Serialize, Deserialize)]
pub(crate) struct AuditJob {
    pub connection: ConnectionId,
}

/// Notes that a listing named these objects.
pub(crate) async fn seen(tx: &Tx, connection: &Connection, object: &str, ids: &[String]) -> Result<()> {
    for ids in ids.chunks(400) {
        let sql = "UPDATE connect_versions SET seen_at = $4 WHERE workspace_id = $1 AND connection_id = $2 AND object = $3 AND external_id IN ({list})";
        let ask = query(sql).bind(connection.workspace_id).bind(connection.id).bind(object).bind(tx.now());
        ask.bind_list(ids).run(tx).await?;
    }
    Ok(())
}

/// A whole listing that began at `opened` has ended: what is stored and was not named since is looked at by itself.
pub(crate) async fn absent(tx: &Tx, connection: &Connection, object: &str, opened: Timestamp) -> Result<()> {
    let sql = "SELECT external_id FROM connect_versions WHERE workspace_id = $1 AND connection_id = $2 AND object = $3 AND state <> 'gone' \
         AND fetched_at < $4 AND (seen_at IS NULL OR seen_at < $4) ORDER BY fetched_at LIMIT $5";
    let ids = query(sql).bind(connection.workspace_id).bind(connection.id).bind(object).bind(opened).bind(MOST_ABSENT);
    look_at(tx, connection, object, ids.values(tx).await?).await
}

/// Lets objects be fetched again, whatever is stored of them.
async fn look_at(tx: &Tx, connection: &Connection, object: &str, ids: Vec<String>) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for id in ids {
        signal::put_again(tx, connection, object, &id, tx.now()).await?;
    }
    signal::enqueue_drain(tx, connection.workspace_id, connection.id, std::time::Duration::ZERO).await
}

/// Lets a worker count and mend what is stored.
pub(crate) async fn enqueue_audit(tx: &Tx, connection: &Connection) -> Result<()> {
    let job = NewJob::new(connection.workspace_id, JOB, AuditJob { connection: connection.id });
    enqueue(tx, job.unique(format!("audit:{}", connection.id)).attempts(10)).await.map(|_| ())
}

/// Finds what is missing of what is said to be stored, lands it again from the raw log, and asks for what is not in there.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, job: AuditJob) -> Result<Outcome, JobError> {
    let Some(connection) = by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    if !connection.works() {
        return Ok(Outcome::Done);
    }
    let connector = conns.connector(&connection.provider)?;
    let (mut mended, mut asked) = (0, 0);
    for object in &connector.objects {
        let mut after = String::new();
        while let Some(page) = gaps::page(&conns, &connection, *object, &after).await? {
            after = page.last;
            for gap in page.gaps {
                match mend::mend(&conns, &ctx, &connection, *object, &gap).await? {
                    mend::Mended::Here => mended += 1,
                    mend::Mended::Asked => asked += 1,
                    mend::Mended::NothingToMend => {}
                }
            }
            if ctx.stopping() {
                return Ok(Outcome::Again(std::time::Duration::ZERO));
            }
        }
    }
    if mended + asked > 0 {
        let connection = &connection;
        let detail = &format!("{mended} objects were landed again from the raw log, {asked} are fetched again");
        let note = |tx: Tx| async move {
            activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Warning, "audit.mended", detail.clone()).await
        };
        ctx.db.write(note).await?;
    }
    Ok(Outcome::Done)
}
