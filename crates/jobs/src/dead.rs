//! Dead letters: jobs that no further try will help, kept for a person to read and to run again.

use atlas_kernel::{Actor, Error, JobId, Permission, Result, Timestamp, WorkspaceId};
use atlas_store::{Event, Executor, Tx, query, record_event};

/// Reading dead letters.
pub const JOBS_READ: Permission = Permission::admin("jobs:read");
/// Running dead letters again.
pub const JOBS_WRITE: Permission = Permission::admin("jobs:write");

atlas_store::row! {
    /// A job that was given up.
    #[derive(Clone, Debug)]
    pub struct DeadJob {
        /// The job.
        pub id: JobId,
        /// Its kind.
        pub kind: String,
        /// What it was told.
        pub payload: serde_json::Value,
        /// How often it was tried.
        pub attempts: i64,
        /// What the last try said.
        pub last_error: Option<String>,
        /// When it was enqueued.
        pub created_at: Timestamp,
        /// When it was given up.
        pub updated_at: Timestamp,
    }
}

/// The workspace's dead letters, newest first, at most 200; older than 30 days they are deleted.
///
/// # Errors
/// Whatever the database answers.
pub async fn dead_letters(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<DeadJob>> {
    query(
        "SELECT id, kind, payload, attempts, last_error, created_at, updated_at FROM jobs WHERE workspace_id = $1 AND status = 'dead' \
         ORDER BY updated_at DESC, id DESC LIMIT 200",
    )
    .bind(workspace)
    .all(on)
    .await
}

/// Lets a dead letter run again at once, its attempts counted anew.
///
/// # Errors
/// Not found when it is not dead or another workspace's; a conflict when a job with its unique key is waiting already.
pub async fn retry_dead(tx: &Tx, actor: &Actor, id: JobId) -> Result<()> {
    actor.may(&JOBS_WRITE)?;
    let dead = "SELECT kind, unique_key FROM jobs WHERE workspace_id = $1 AND id = $2 AND status = 'dead'";
    let dead: Option<(String, Option<String>)> = query(dead).bind(actor.workspace).bind(id).first(tx).await?;
    let (kind, key) = dead.ok_or(Error::NotFound("dead job"))?;
    let twin = query("SELECT COUNT(*) FROM jobs WHERE workspace_id = $1 AND unique_key = $2 AND status = 'waiting'");
    if twin.bind(actor.workspace).bind(key).value::<i64>(tx).await? > 0 {
        return Err(Error::conflict("job_waiting", "The same work is waiting to run already. This letter was kept."));
    }
    let revive = "UPDATE jobs SET status = 'waiting', attempts = 0, run_at = $3, updated_at = $3 \
         WHERE workspace_id = $1 AND id = $2 AND status = 'dead'";
    query(revive).bind(actor.workspace).bind(id).bind(tx.now()).run(tx).await?;
    let data = serde_json::json!({ "verb": "ran again", "name": kind });
    record_event(tx, actor, Event::new(tx.now(), "job.retried", "record", id, data)).await?;
    tx.wake_jobs();
    Ok(())
}
