//! How an attempt ends in the database: done, waiting again, or dead; only for the worker that holds the lease.

use std::time::Duration;

use atlas_kernel::{JobId, Result, Timestamp, WorkspaceId, random_bytes};
use atlas_store::{Executor, Tx, query};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::job::later;
use crate::{JobError, Outcome};

atlas_store::row! {
    /// A leased job, as its worker knows it.
    #[derive(Clone)]
    pub(crate) struct Leased {
        pub workspace_id: WorkspaceId,
        pub id: JobId,
        pub kind: String,
        pub payload: Json,
        pub priority: i64,
        pub run_at: Timestamp,
        pub attempts: i64,
        pub max_attempts: i64,
        pub lease_token: Uuid,
        pub unique_key: Option<String>,
    }
}

/// The columns of [`Leased`].
pub(crate) const LEASED: &str = "workspace_id, id, kind, payload, priority, run_at, attempts, max_attempts, lease_token, unique_key";

/// What is to become of an attempt.
#[derive(Debug)]
pub(crate) enum Verdict {
    Done,
    Again(Duration),
    Retry {
        error: String,
        after: Option<Duration>,
    },
    Fail {
        error: String,
    },
    /// The worker stops: as if the attempt had not begun.
    Release,
}

/// What became of it; the word is the metric's label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    Done,
    Again,
    Retrying,
    Dead,
    Released,
    /// Another worker holds the job, or it was removed: nothing was changed.
    Lost,
}

impl Settled {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Again => "again",
            Self::Retrying => "retrying",
            Self::Dead => "dead",
            Self::Released => "released",
            Self::Lost => "lost",
        }
    }
}

impl From<Result<Outcome, JobError>> for Verdict {
    fn from(result: Result<Outcome, JobError>) -> Self {
        match result {
            Ok(Outcome::Done) => Self::Done,
            Ok(Outcome::Again(delay)) => Self::Again(delay),
            Err(JobError::Retry { error, after }) => Self::Retry { error: said(&error), after },
            Err(JobError::Fail(error)) => Self::Fail { error: said(&error) },
        }
    }
}

/// The error and what caused it, cut to what is worth keeping.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = source.source();
    }
    text.chars().take(1000).collect()
}

/// Writes the end of an attempt, in the transaction given.
pub(crate) async fn settle(tx: &Tx, job: &Leased, verdict: &Verdict) -> Result<Settled> {
    let (held, settled) = match verdict {
        Verdict::Done => (finish(tx, job).await?, Settled::Done),
        Verdict::Again(delay) => {
            let wait = Wait { run_at: later(tx.now(), *delay), attempts: 0, error: None };
            (wait_again(tx, job, &wait).await?, Settled::Again)
        }
        Verdict::Release => {
            let wait = Wait { run_at: job.run_at, attempts: (job.attempts - 1).max(0), error: None };
            (wait_again(tx, job, &wait).await?, Settled::Released)
        }
        Verdict::Retry { error, after } if job.attempts < job.max_attempts => {
            let delay = after.unwrap_or_else(|| backoff(job.attempts));
            let wait = Wait { run_at: later(tx.now(), delay), attempts: job.attempts, error: Some(error) };
            (wait_again(tx, job, &wait).await?, Settled::Retrying)
        }
        Verdict::Retry { error, .. } | Verdict::Fail { error } => (give_up(tx, job, error).await?, Settled::Dead),
    };
    Ok(if held { settled } else { Settled::Lost })
}

struct Wait<'e> {
    run_at: Timestamp,
    attempts: i64,
    error: Option<&'e str>,
}

async fn finish(tx: &Tx, job: &Leased) -> Result<bool> {
    let delete = query("DELETE FROM jobs WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'");
    Ok(delete.bind(job.workspace_id).bind(job.id).bind(job.lease_token).run(tx).await? == 1)
}

async fn give_up(tx: &Tx, job: &Leased, error: &str) -> Result<bool> {
    let bury = query(
        "UPDATE jobs SET status = 'dead', lease_until = NULL, lease_token = NULL, last_error = $4, updated_at = $5 \
         WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'",
    );
    let bury = bury.bind(job.workspace_id).bind(job.id).bind(job.lease_token).bind(error).bind(tx.now());
    Ok(bury.run(tx).await? == 1)
}

/// Puts the job back to wait; when a twin with its unique key waits already, the twin goes on in its place.
async fn wait_again(tx: &Tx, job: &Leased, wait: &Wait<'_>) -> Result<bool> {
    if let Some(twin) = waiting_twin(tx, job).await? {
        let held = finish(tx, job).await?;
        if held {
            hand_over(tx, job, twin, wait).await?;
        }
        return Ok(held);
    }
    let put_back = query(
        "UPDATE jobs SET status = 'waiting', lease_until = NULL, lease_token = NULL, run_at = $4, attempts = $5, \
         last_error = COALESCE($6, last_error), updated_at = $7 \
         WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'",
    );
    let put_back = put_back.bind(job.workspace_id).bind(job.id).bind(job.lease_token);
    let put_back = put_back.bind(wait.run_at).bind(wait.attempts).bind(wait.error).bind(tx.now());
    let held = put_back.run(tx).await? == 1;
    if held && wait.run_at <= tx.now() {
        tx.wake_jobs();
    }
    Ok(held)
}

async fn waiting_twin(tx: &Tx, job: &Leased) -> Result<Option<JobId>> {
    let Some(key) = &job.unique_key else { return Ok(None) };
    let sql = "SELECT id FROM jobs WHERE workspace_id = $1 AND unique_key = $2 AND status = 'waiting'";
    let twin = atlas_store::built_query(format!("{sql}{}", tx.dialect().for_update()));
    Ok(twin.bind(job.workspace_id).bind(key).values(tx).await?.into_iter().next())
}

/// After a failure the twin backs off in the job's place and keeps its count; otherwise it runs at the sooner time.
async fn hand_over(tx: &Tx, job: &Leased, twin: JobId, wait: &Wait<'_>) -> Result<()> {
    let sql = match wait.error {
        Some(_) => {
            "UPDATE jobs SET run_at = CASE WHEN run_at < $3 THEN $3 ELSE run_at END, attempts = $4, last_error = $5, updated_at = $6 \
             WHERE workspace_id = $1 AND id = $2 AND status = 'waiting'"
        }
        None => {
            "UPDATE jobs SET run_at = CASE WHEN run_at > $3 THEN $3 ELSE run_at END, attempts = $4, \
             last_error = COALESCE($5, last_error), updated_at = $6 WHERE workspace_id = $1 AND id = $2 AND status = 'waiting'"
        }
    };
    let update = query(sql).bind(job.workspace_id).bind(twin).bind(wait.run_at).bind(wait.attempts).bind(wait.error);
    update.bind(tx.now()).run(tx).await.map(|_| ())
}

/// 5 s, 10 s, 20 s … up to an hour, give or take a fifth so that what failed together does not come back together.
fn backoff(attempt: i64) -> Duration {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or(0);
    let seconds = 5_u64.saturating_mul(1 << doublings).min(3600);
    let spread = u64::from(u16::from_le_bytes(random_bytes())) % 401;
    Duration::from_millis(seconds * (800 + spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_within_a_fifth_and_ends_at_an_hour() {
        for (attempt, seconds) in [(0, 5), (1, 5), (2, 10), (5, 80), (11, 3600), (1000, 3600)] {
            for _ in 0..50 {
                let millis = u64::try_from(backoff(attempt).as_millis()).unwrap();
                assert!((seconds * 800..=seconds * 1200).contains(&millis), "{attempt}: {millis}");
            }
        }
    }

    #[test]
    fn what_is_kept_of_an_error_names_its_cause_once_and_is_short() {
        let error = atlas_kernel::Error::internal("x".repeat(5000));
        assert_eq!(said(&error).chars().count(), 1000);
        let error = atlas_kernel::Error::Unavailable("connection refused".into());
        assert_eq!(said(&error), "the database did not answer: connection refused");
    }
}
