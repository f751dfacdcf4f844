//! Housekeeping: jobs of lost workers come back, schedules fire, old dead letters go.

use std::time::Duration;

use atlas_kernel::{Error, Result, Timestamp};
use atlas_store::{Executor, built_query, query};
use jiff::SignedDuration;

use super::Worker;
use crate::settle::{LEASED, Leased, Settled, Verdict, settle};
use crate::{job_counts, schedule};

/// A job whose worker was lost goes on at once: a restart is the usual reason. One that loses many may be the reason itself.
fn pause(attempts: i64) -> Duration {
    match u32::try_from(attempts).unwrap_or(u32::MAX) {
        ..=5 => Duration::ZERO,
        more => Duration::from_secs(5 << (more - 6).min(4)),
    }
}

/// How long dead letters are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Worker {
    /// Looks after things about once a second, for ever.
    pub(crate) async fn keep_house(&self) {
        for turn in 0_u64.. {
            if let Err(error) = self.house_turn(turn).await {
                tracing::warn!(%error, "jobs are not looked after");
            }
            tokio::time::sleep(self.0.options.poll.min(Duration::from_secs(1))).await;
        }
    }

    async fn house_turn(&self, turn: u64) -> Result<()> {
        schedule::tick(&self.0.db, &self.0.schedules).await?;
        self.reap().await?;
        self.reap_of_the_gone().await?;
        if turn.is_multiple_of(30) {
            self.publish_counts().await?;
        }
        if turn.is_multiple_of(3600) {
            self.forget_old_letters().await?;
        }
        Ok(())
    }

    /// Brings back the jobs whose leases have run out: the attempt counts as failed. Answers how many.
    pub(crate) async fn reap(&self) -> Result<usize> {
        self.bring_back(self.0.db.clock().now()).await
    }

    /// At the start of the only worker there is: whatever is leased belongs to nobody.
    pub(crate) async fn adopt_orphans(&self) {
        match self.bring_back(Timestamp::MAX).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "jobs of a process that ended abruptly run again"),
            Err(error) => tracing::warn!(%error, "jobs of an earlier process wait for their leases to run out"),
        }
    }

    /// Brings back the jobs of nodes that are gone, before their leases run out. Answers how many.
    pub(crate) async fn reap_of_the_gone(&self) -> Result<usize> {
        let Some(me) = self.node() else { return Ok(0) };
        let others = query("SELECT DISTINCT lease_node FROM jobs WHERE status = 'running' AND lease_node IS NOT NULL AND lease_node <> $1");
        let others: Vec<i64> = others.bind(me).values(&self.0.db).await?;
        let mut count = 0;
        for node in others {
            if self.0.db.has_gone(node).await? {
                let sql = format!("SELECT {LEASED} FROM jobs WHERE status = 'running' AND lease_node = $1 LIMIT 500");
                let lost: Vec<Leased> = built_query(sql).bind(node).all(&self.0.db).await?;
                count += self.bring_back_all(&lost, Timestamp::MAX).await?;
            }
        }
        Ok(count)
    }

    async fn bring_back(&self, expired_at: Timestamp) -> Result<usize> {
        let sql = format!("SELECT {LEASED} FROM jobs WHERE status = 'running' AND lease_until <= $1 ORDER BY lease_until LIMIT 500");
        let lost: Vec<Leased> = built_query(sql).bind(expired_at).all(&self.0.db).await?;
        self.bring_back_all(&lost, expired_at).await
    }

    async fn bring_back_all(&self, lost: &[Leased], expired_at: Timestamp) -> Result<usize> {
        let mut count = 0;
        for job in lost {
            let settled = self.0.db.write(|tx| async move { self.bring_back_one(&tx, job, expired_at).await }).await;
            match settled {
                Ok(Settled::Lost) | Err(Error::Duplicate { .. }) => {}
                Ok(settled) => {
                    count += 1;
                    metrics::counter!("atlas_jobs_total", "kind" => job.kind.clone(), "outcome" => "expired").increment(1);
                    tracing::warn!(job.id = %job.id, job.kind, outcome = settled.as_str(), "a job's worker was lost");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// The lease is looked at again under lock: its worker may have renewed it a moment ago.
    async fn bring_back_one(&self, tx: &atlas_store::Tx, job: &Leased, expired_at: Timestamp) -> Result<Settled> {
        let sql = "SELECT lease_until FROM jobs WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running' \
             AND lease_until <= $4";
        let still = built_query(format!("{sql}{}", tx.dialect().skip_locked()));
        let still = still.bind(job.workspace_id).bind(job.id).bind(job.lease_token).bind(expired_at);
        if still.values::<Timestamp>(tx).await?.is_empty() {
            return Ok(Settled::Lost);
        }
        let error = "its worker was lost before it ended".to_owned();
        settle(tx, job, &Verdict::Retry { error, after: Some(pause(job.attempts)) }).await
    }

    async fn publish_counts(&self) -> Result<()> {
        for row in job_counts(&self.0.db).await? {
            metrics::gauge!("atlas_jobs", "kind" => row.kind, "status" => row.status).set(row.count as f64);
        }
        Ok(())
    }

    async fn forget_old_letters(&self) -> Result<()> {
        let db = &self.0.db;
        let forget = |tx: atlas_store::Tx| async move {
            let before = tx.now().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
            query("DELETE FROM jobs WHERE status = 'dead' AND updated_at < $1").bind(before).run(&tx).await
        };
        db.write(forget).await.map(|_| ())
    }
}
