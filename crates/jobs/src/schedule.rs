//! Schedules: a job of a kind every so often, enqueued by exactly one of the nodes.

use std::time::Duration;

use atlas_kernel::{Result, Timestamp, WorkspaceId};
use atlas_store::{Db, Tx, query};
use uuid::Uuid;

use crate::job::later;
use crate::{NewJob, enqueue};

/// The workspace of jobs that belong to none: those of schedules.
pub fn no_workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::nil())
}

/// A job enqueued every so often, for no workspace; its payload is `null`, so its kind takes `()`.
#[derive(Clone, Debug)]
pub struct Schedule {
    name: &'static str,
    every: Duration,
    kind: &'static str,
}

impl Schedule {
    /// The schedule called `name`, for ever; the first time is at once. Shorter than a second counts as a second.
    pub fn every(name: &'static str, every: Duration, kind: &'static str) -> Self {
        Self { name, every: every.max(Duration::from_secs(1)), kind }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The kind of job it enqueues.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The next time on the grid that starts at `due`: ticks that were missed are missed.
    fn next(&self, due: Timestamp, now: Timestamp) -> Timestamp {
        let late = u128::try_from(now.as_microsecond() - due.as_microsecond()).unwrap_or(0);
        let periods = late / self.every.as_micros() + 1;
        later(due, self.every.saturating_mul(u32::try_from(periods).unwrap_or(u32::MAX)))
    }
}

/// Enqueues what is due, once over all nodes.
pub(crate) async fn tick(db: &Db, schedules: &[Schedule]) -> Result<()> {
    let known = query("SELECT name, next_at FROM job_schedules WHERE workspace_id = $1").bind(no_workspace());
    let known: Vec<(String, Timestamp)> = known.all(db).await?;
    let now = db.clock().now();
    for schedule in schedules {
        let due = known.iter().find(|(name, _)| name == schedule.name).map(|(_, next)| *next);
        if due.is_none_or(|next| next <= now) {
            db.write(|tx| async move { fire(&tx, schedule, due).await }).await?;
        }
    }
    Ok(())
}

async fn fire(tx: &Tx, schedule: &Schedule, due: Option<Timestamp>) -> Result<()> {
    let next = schedule.next(due.unwrap_or(tx.now()), tx.now());
    let statement = match due {
        Some(due) => query("UPDATE job_schedules SET next_at = $3 WHERE workspace_id = $1 AND name = $2 AND next_at = $4")
            .bind(no_workspace())
            .bind(schedule.name)
            .bind(next)
            .bind(due),
        None => query("INSERT INTO job_schedules (workspace_id, name, next_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(no_workspace())
            .bind(schedule.name)
            .bind(next),
    };
    if statement.run(tx).await? == 1 {
        let job = NewJob::new(no_workspace(), schedule.kind, ()).unique(format!("schedule:{}", schedule.name));
        enqueue(tx, job).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_ticks_are_not_caught_up_and_the_grid_stays() {
        let hourly = Schedule::every("hourly", Duration::from_secs(3600), "x");
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(hourly.next(at(0), at(0)), at(3600));
        assert_eq!(hourly.next(at(0), at(3599)), at(3600));
        assert_eq!(hourly.next(at(0), at(10 * 3600 + 5)), at(11 * 3600));
    }
}
