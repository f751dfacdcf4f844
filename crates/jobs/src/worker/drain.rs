//! Draining: everything due, one by one and in order, for tests with a clock that stands still.

use atlas_kernel::{Error, Result};
use atlas_store::query;
use tokio::sync::watch;

use super::{Worker, claim};
use crate::schedule;
use crate::settle::{Leased, Settled};

/// More runs than this in one drain is a job that never ends.
const MOST_RUNS: usize = 100_000;

/// What a drain found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Drained {
    /// Attempts that ended well.
    pub ran: usize,
    /// Attempts that failed, whether they will be tried again or not.
    pub failed: usize,
    /// Jobs that wait for a later time.
    pub waiting: usize,
    /// Dead letters there are now.
    pub dead: usize,
}

impl Worker {
    /// Runs everything that is due, and what that makes due, until nothing is; schedules that are due fire once.
    ///
    /// # Errors
    /// Whatever the database answers; an internal error when it does not come to an end.
    pub async fn drain(&self) -> Result<Drained> {
        let inner = &self.0;
        schedule::tick(&inner.db, &inner.schedules).await?;
        self.reap().await?;
        let (_stop, stopping) = watch::channel(false);
        let mut drained = Drained::default();
        while let Some(job) = self.claim_one().await? {
            match self.attempt(&job, stopping.clone()).await {
                Settled::Done | Settled::Again | Settled::Released => drained.ran += 1,
                Settled::Retrying | Settled::Dead | Settled::Lost => drained.failed += 1,
            }
            if drained.ran + drained.failed > MOST_RUNS {
                return Err(Error::internal(format!("jobs of kind {} come back for ever", job.kind)));
            }
        }
        drained.waiting = self.count("waiting").await?;
        drained.dead = self.count("dead").await?;
        Ok(drained)
    }

    async fn claim_one(&self) -> Result<Option<Leased>> {
        if claim::due(&self.0.db, &self.0.all).await?.is_empty() {
            return Ok(None);
        }
        Ok(claim::claim(&self.0.db, &self.0.all, 1, self.0.options.lease, None).await?.pop())
    }

    async fn count(&self, status: &'static str) -> Result<usize> {
        let count = query("SELECT COUNT(*) FROM jobs WHERE status = $1").bind(status).value::<i64>(&self.0.db).await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}
