//! Background work: jobs written in the caller's transaction, leased to one worker at a time, retried or kept as dead letters.
//!
#![doc = include_str!("../README.md")]

mod context;
mod counts;
mod dead;
mod job;
mod kind;
mod schedule;
mod settle;
mod worker;

pub use context::JobCtx;
pub use counts::{JobCount, job_counts};
pub use dead::{DeadJob, JOBS_READ, JOBS_WRITE, dead_letters, retry_dead};
pub use job::{NewJob, enqueue, hasten, remove_matching, waiting};
pub use kind::{JobError, JobKind, Outcome};
pub use schedule::{Schedule, no_workspace};
pub use worker::{Drained, Worker, WorkerOptions};

/// The queue of every kind that names no other.
pub const DEFAULT_QUEUE: &str = "default";

/// The migrations of this crate: jobs and schedules.
pub fn migrations() -> Vec<atlas_store::Migration> {
    vec![
        atlas_store::Migration { name: "jobs/0001_jobs", sql: include_str!("../migrations/0001_jobs.sql") },
        atlas_store::Migration { name: "jobs/0002_lease_nodes", sql: include_str!("../migrations/0002_lease_nodes.sql") },
    ]
}
