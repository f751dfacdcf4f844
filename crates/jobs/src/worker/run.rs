//! Running one job: time limit, panics caught, its end written down.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use atlas_kernel::Error;
use futures::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

use super::Worker;
use super::leases::Running;
use crate::settle::{Leased, Settled, Verdict, settle};
use crate::{JobCtx, JobKind};

/// How often the end of an attempt is written again when the database does not take it.
const SETTLE_ATTEMPTS: u32 = 5;

impl Worker {
    pub(crate) fn start(&self, job: Leased, queue: &'static str, running: &Running, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) {
        let (worker, entered, stop) = (self.clone(), running.enter(&job, queue), stop.clone());
        let listed = job.clone();
        let abort = tasks.spawn(async move {
            worker.attempt(&job, stop).await;
            drop(entered);
        });
        running.started(&listed, abort);
    }

    /// Runs the job once and writes down how it ended.
    pub(crate) async fn attempt(&self, job: &Leased, stop: watch::Receiver<bool>) -> Settled {
        let span = tracing::info_span!("job", job.id = %job.id, job.kind = job.kind, job.attempt = job.attempts);
        async {
            let began = Instant::now();
            let verdict = self.verdict(job, stop).await;
            let settled = self.settle(job, &verdict).await;
            tell(job, &verdict, settled, began.elapsed());
            settled
        }
        .instrument(span)
        .await
    }

    async fn verdict(&self, job: &Leased, stop: watch::Receiver<bool>) -> Verdict {
        let Some(kind) = self.0.kinds.get(job.kind.as_str()) else { return Verdict::Release };
        let ctx = JobCtx {
            db: self.0.db.clone(),
            job: job.id,
            workspace: job.workspace_id,
            attempt: u32::try_from(job.attempts).unwrap_or(u32::MAX),
            token: job.lease_token,
            lease: self.0.options.lease,
            stop,
        };
        match tokio::time::timeout(kind.longest, guarded(kind, ctx, job)).await {
            Ok(verdict) => verdict,
            Err(_) => Verdict::Retry { error: format!("stopped after {} s", kind.longest.as_secs()), after: None },
        }
    }

    async fn settle(&self, job: &Leased, verdict: &Verdict) -> Settled {
        for attempt in 1..=SETTLE_ATTEMPTS {
            match self.0.db.write(|tx| async move { settle(&tx, job, verdict).await }).await {
                Ok(settled) => return settled,
                // A twin came in between: the next try sees it.
                Err(Error::Duplicate { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, "the end of a job could not be written");
                    tokio::time::sleep(Duration::from_millis(200) * attempt).await;
                }
            }
        }
        Settled::Lost
    }

    /// Gives back the jobs whose tasks were cut off, as if they had not begun.
    pub(crate) async fn give_back(&self, cut_off: &[Leased]) {
        for job in cut_off {
            self.settle(job, &Verdict::Release).await;
        }
    }
}

/// A panic is a failed try. What it said stays out of the database: it may quote what the job worked on.
async fn guarded(kind: &JobKind, ctx: JobCtx, job: &Leased) -> Verdict {
    let payload = job.payload.clone();
    match AssertUnwindSafe(async { kind.call(ctx, payload).await }).catch_unwind().await {
        Ok(result) => result.into(),
        Err(_) => Verdict::Retry { error: "the job panicked".to_owned(), after: None },
    }
}

fn tell(job: &Leased, verdict: &Verdict, settled: Settled, took: Duration) {
    metrics::counter!("atlas_jobs_total", "kind" => job.kind.clone(), "outcome" => settled.as_str()).increment(1);
    metrics::histogram!("atlas_job_seconds", "kind" => job.kind.clone()).record(took.as_secs_f64());
    match verdict {
        Verdict::Retry { error, .. } | Verdict::Fail { error } => {
            tracing::warn!(error, outcome = settled.as_str(), "a job failed");
        }
        _ => tracing::debug!(outcome = settled.as_str(), seconds = took.as_secs_f64(), "a job ran"),
    }
}
