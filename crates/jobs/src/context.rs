//! What a running job is given: the database, its own identity, and the wish that it stop.

use std::time::Duration;

use atlas_kernel::{Error, JobId, Result, WorkspaceId};
use atlas_store::{Db, Tx, query};
use tokio::sync::watch;
use uuid::Uuid;

use crate::job::later;

/// What a running job works with; clones are the same job.
#[derive(Clone)]
pub struct JobCtx {
    /// The database.
    pub db: Db,
    /// The job.
    pub job: JobId,
    /// The workspace it works for.
    pub workspace: WorkspaceId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    pub(crate) token: Uuid,
    pub(crate) lease: Duration,
    pub(crate) stop: watch::Receiver<bool>,
}

impl JobCtx {
    /// Makes sure, until the transaction ends, that this worker still holds the job; renews the lease on the way.
    ///
    /// A worker that was suspended, or whose database was away, finds that another one has taken over, and must not write.
    ///
    /// # Errors
    /// A conflict `lease_lost`; whatever the database answers.
    pub async fn fence(&self, tx: &Tx) -> Result<()> {
        let held =
            query("UPDATE jobs SET lease_until = $4 WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'");
        let until = later(tx.now(), self.lease);
        let rows = held.bind(self.workspace).bind(self.job).bind(self.token).bind(until).run(tx).await?;
        if rows == 0 {
            return Err(Error::conflict("lease_lost", "another worker has taken this job over; nothing was written"));
        }
        Ok(())
    }

    /// Notes in the transaction that the job got further: should its worker be lost now, it goes on at once, its attempts
    /// counted anew.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn got_further(&self, tx: &Tx) -> Result<()> {
        if self.attempt > 1 {
            let anew = query("UPDATE jobs SET attempts = 1 WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND attempts > 1");
            anew.bind(self.workspace).bind(self.job).bind(self.token).run(tx).await?;
        }
        Ok(())
    }

    /// Whether the worker is shutting down: finish the step at hand, then answer [`Outcome::Again`](crate::Outcome::Again).
    pub fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the worker is shutting down; for `tokio::select!` beside long waits.
    pub async fn stop_requested(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl std::fmt::Debug for JobCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobCtx")
            .field("job", &self.job)
            .field("workspace", &self.workspace)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
