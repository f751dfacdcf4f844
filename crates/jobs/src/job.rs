//! A new job: what to do, for whom, when, and how it is written in the caller's transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use atlas_kernel::{Error, JobId, Result, Timestamp, WorkspaceId, random_bytes};
use atlas_store::{Executor, Tx, query};
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::Value as Json;

/// How often a job may be tried when its maker does not say: with the backoff, for about three quarters of an hour.
const ATTEMPTS: u32 = 10;

/// A job to be enqueued.
#[derive(Debug)]
pub struct NewJob {
    workspace: WorkspaceId,
    kind: &'static str,
    payload: Result<Json, serde_json::Error>,
    unique: Option<String>,
    when: When,
    queue: Option<&'static str>,
    priority: i64,
    attempts: u32,
}

#[derive(Debug, Clone, Copy)]
enum When {
    After(Duration),
    At(Timestamp),
}

impl NewJob {
    /// A job of this kind, due now; the kind's [`JobKind`](crate::JobKind) reads the payload back.
    pub fn new(workspace: WorkspaceId, kind: &'static str, payload: impl Serialize) -> Self {
        let payload = serde_json::to_value(payload);
        let when = When::After(Duration::ZERO);
        Self { workspace, kind, payload, unique: None, when, queue: None, priority: 0, attempts: ATTEMPTS }
    }

    /// At most one job with this key waits in the workspace. A running one does not count.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique = Some(key.into());
        self
    }

    /// Due this long after the transaction began.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.when = When::After(delay);
        self
    }

    /// Due at this moment.
    #[must_use]
    pub fn at(mut self, moment: Timestamp) -> Self {
        self.when = When::At(moment);
        self
    }

    /// Worked from this queue instead of the one its kind names.
    #[must_use]
    pub fn queue(mut self, queue: &'static str) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Higher runs sooner; 0 when not said.
    #[must_use]
    pub fn priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Tried at most this often (10 when not said), then kept as a dead letter.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }
}

// On a twin that waits already: the row is locked until the caller commits, so that no worker runs it before it can see
// what the caller wrote; it is pulled forward unless it is backing off from a failure.
const ENQUEUE: &str = "INSERT INTO jobs (workspace_id, id, lane, kind, payload, status, priority, run_at, attempts, max_attempts, \
     unique_key, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,'waiting',$6,$7,0,$8,$9,$10,$10) \
     ON CONFLICT (workspace_id, unique_key) WHERE status = 'waiting' AND unique_key IS NOT NULL DO UPDATE SET \
     run_at = CASE WHEN jobs.attempts = 0 AND excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END, \
     priority = CASE WHEN excluded.priority > jobs.priority THEN excluded.priority ELSE jobs.priority END \
     RETURNING id";

/// Writes the job in the caller's transaction, which wakes a worker once committed.
///
/// `None` when one with the same unique key is waiting already; that one then runs no later than this one would have,
/// unless it is backing off after a failure.
///
/// # Errors
/// An internal error when the payload is no JSON; whatever the database answers.
pub async fn enqueue(tx: &Tx, job: NewJob) -> Result<Option<JobId>> {
    let id = ordered_id(tx.now());
    let run_at = match job.when {
        When::After(delay) => later(tx.now(), delay),
        When::At(moment) => moment,
    };
    let kept: JobId = query(ENQUEUE)
        .bind(job.workspace)
        .bind(id)
        .bind(job.queue.unwrap_or(job.kind))
        .bind(job.kind)
        .bind(job.payload.map_err(Error::internal)?)
        .bind(job.priority)
        .bind(run_at)
        .bind(job.attempts)
        .bind(job.unique)
        .bind(tx.now())
        .value(tx)
        .await?;
    tx.wake_jobs();
    Ok((kept == id).then_some(id))
}

/// Removes every job of the workspace whose unique key begins with `key_prefix`, in whatever state; answers how many.
///
/// A running one is stopped at its worker's next heartbeat, and can finish nothing. A job that calls this must have a
/// key of its own that begins otherwise.
///
/// # Errors
/// Whatever the database answers.
pub async fn remove_matching(tx: &Tx, workspace: WorkspaceId, key_prefix: &str) -> Result<u64> {
    query("DELETE FROM jobs WHERE workspace_id = $1 AND substr(unique_key, 1, CAST($2 AS INTEGER)) = $3")
        .bind(workspace)
        .bind(key_prefix.chars().count())
        .bind(key_prefix)
        .run(tx)
        .await
}

/// Lets the waiting job with this unique key run at once, though it be backing off from a failure; whether there is one.
///
/// For a person who asks for it now: what only might be needed calls [`enqueue`].
///
/// # Errors
/// Whatever the database answers.
pub async fn hasten(tx: &Tx, workspace: WorkspaceId, unique_key: &str) -> Result<bool> {
    let due = query(
        "UPDATE jobs SET run_at = CASE WHEN run_at > $3 THEN $3 ELSE run_at END \
         WHERE workspace_id = $1 AND unique_key = $2 AND status = 'waiting'",
    );
    let found = due.bind(workspace).bind(unique_key).bind(tx.now()).run(tx).await? > 0;
    tx.wake_jobs();
    Ok(found)
}

/// Whether a job with this unique key waits or runs.
///
/// # Errors
/// Whatever the database answers.
pub async fn waiting(on: &dyn Executor, workspace: WorkspaceId, unique_key: &str) -> Result<bool> {
    let count = query("SELECT COUNT(*) FROM jobs WHERE workspace_id = $1 AND unique_key = $2 AND status IN ('waiting', 'running')");
    Ok(count.bind(workspace).bind(unique_key).value::<i64>(on).await? > 0)
}

/// `now` plus `delay`, at the end of time at the latest.
pub(crate) fn later(now: Timestamp, delay: Duration) -> Timestamp {
    let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
    now.checked_add(delay).unwrap_or(Timestamp::MAX)
}

/// An id that sorts by time and, within one millisecond of one process, by the order of making: jobs written in one
/// transaction run in the order in which they were written.
fn ordered_id(now: Timestamp) -> JobId {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let place = MADE.fetch_add(1, Ordering::Relaxed);
    let mut bytes: [u8; 10] = random_bytes();
    bytes[0] = (place >> 36) as u8 & 0x0f;
    bytes[1] = (place >> 28) as u8;
    // The two highest bits of the third byte are the variant's.
    bytes[2] = (place >> 22) as u8 & 0x3f;
    bytes[3] = (place >> 14) as u8;
    bytes[4] = (place >> 6) as u8;
    bytes[5] = ((place << 2) as u8) | (bytes[5] & 0x03);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    JobId::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_keep_the_order_of_making() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let ids: Vec<JobId> = (0..20_000).map(|_| ordered_id(now)).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn the_end_of_time_is_late_enough() {
        assert_eq!(later(Timestamp::UNIX_EPOCH, Duration::MAX), Timestamp::MAX);
    }
}
