//! Leases: which jobs run here, renewed together; a job whose lease is gone is stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atlas_kernel::{JobId, Result, WorkspaceId};
use atlas_store::{Executor, built_query, query};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::Worker;
use crate::job::later;
use crate::settle::Leased;

/// The jobs that run on this worker; clones share the list.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<HashMap<Key, Run>>>);

type Key = (WorkspaceId, JobId, Uuid);

struct Run {
    job: Leased,
    queue: &'static str,
    abort: Option<AbortHandle>,
}

impl Running {
    fn list(&self) -> MutexGuard<'_, HashMap<Key, Run>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, queue: &str) -> usize {
        self.list().values().filter(|run| run.queue == queue).count()
    }

    /// Lists the job until the answered guard is dropped.
    pub(crate) fn enter(&self, job: &Leased, queue: &'static str) -> Entered {
        self.list().insert(key(job), Run { job: job.clone(), queue, abort: None });
        gauge(queue, 1.0);
        Entered { running: self.clone(), key: key(job) }
    }

    /// Remembers how to stop the job's task, unless it has ended meanwhile.
    pub(crate) fn started(&self, job: &Leased, abort: AbortHandle) {
        if let Some(run) = self.list().get_mut(&key(job)) {
            run.abort = Some(abort);
        }
    }

    /// The jobs listed, such as those whose tasks were cut off.
    pub(crate) fn jobs(&self) -> Vec<Leased> {
        self.list().values().map(|run| run.job.clone()).collect()
    }

    fn keys(&self) -> Vec<Key> {
        self.list().keys().copied().collect()
    }

    fn abort(&self, key: &Key) {
        if let Some(abort) = self.list().get(key).and_then(|run| run.abort.as_ref()) {
            tracing::warn!(job = %key.1, "a job was stopped: another worker has taken it over, or it was removed");
            abort.abort();
        }
    }
}

/// Keeps a job on the list of running ones.
pub(crate) struct Entered {
    running: Running,
    key: Key,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(run) = self.running.list().remove(&self.key) {
            gauge(run.queue, -1.0);
        }
    }
}

fn key(job: &Leased) -> Key {
    (job.workspace_id, job.id, job.lease_token)
}

fn gauge(queue: &'static str, change: f64) {
    metrics::gauge!("atlas_jobs_running", "queue" => queue).increment(change);
}

impl Worker {
    /// Renews all leases every third of their time, for ever.
    pub(crate) async fn keep_leases(&self, running: &Running) {
        loop {
            tokio::time::sleep(self.0.options.lease / 3).await;
            if let Err(error) = self.renew(running).await {
                tracing::warn!(%error, "leases could not be renewed");
            }
        }
    }

    async fn renew(&self, running: &Running) -> Result<()> {
        let mine = running.keys();
        if mine.is_empty() {
            return Ok(());
        }
        let mut tokens: Vec<Uuid> = mine.iter().map(|(_, _, token)| *token).collect();
        tokens.sort_unstable();
        tokens.dedup();
        let held = self.renew_tokens(&tokens).await?;
        mine.iter().filter(|key| !held.contains(key)).for_each(|key| running.abort(key));
        Ok(())
    }

    /// Rows that a job's own transaction has locked are left alone: its fence renews them.
    async fn renew_tokens(&self, tokens: &[Uuid]) -> Result<Vec<Key>> {
        let (db, lease) = (&self.0.db, self.0.options.lease);
        let renew = &format!(
            "WITH mine AS MATERIALIZED (SELECT workspace_id, id FROM jobs WHERE status = 'running' AND lease_token IN ({{list}}){}) \
             UPDATE jobs SET lease_until = $1 WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM mine)",
            db.dialect().skip_locked()
        );
        let held = "SELECT workspace_id, id, lease_token FROM jobs WHERE status = 'running' AND lease_token IN ({list})";
        db.write(|tx| async move {
            let until = later(tx.now(), lease);
            built_query(renew.clone()).bind(until).bind_list(tokens.iter().copied()).run(&tx).await?;
            query(held).bind_list(tokens.iter().copied()).all::<Key>(&tx).await
        })
        .await
    }
}
