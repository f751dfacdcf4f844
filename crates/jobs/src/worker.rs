//! The worker: claims what is due, runs it, keeps the leases alive, and stops gracefully.

mod claim;
mod drain;
mod leases;
mod reap;
mod run;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atlas_kernel::{Result, random_bytes};
use atlas_store::{Db, Notice, Presence};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use drain::Drained;

use self::claim::Lanes;
use self::leases::Running;
use crate::{DEFAULT_QUEUE, JobKind, Schedule};

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// How many jobs of one queue run at once on this node.
    pub concurrency: usize,
    /// Queues with a number of their own. A queue that only [`NewJob::queue`](crate::NewJob::queue) names must be listed.
    pub queues: Vec<(&'static str, usize)>,
    /// How long a silent worker keeps its jobs; renewed every third of it. Clocks of nodes may differ by less than that.
    pub lease: Duration,
    /// How often to look for work when nothing wakes the worker.
    pub poll: Duration,
    /// How long running jobs have to end when the worker stops.
    pub grace: Duration,
    /// Whether no other process can work on this database, so that jobs found leased at the start are orphans. On SQLite the
    /// lock beside the file must prove it too.
    pub alone: bool,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            queues: vec![],
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(2),
            grace: Duration::from_secs(20),
            alone: false,
        }
    }
}

/// Runs jobs; clones are the same worker.
#[derive(Clone)]
pub struct Worker(Arc<Inner>);

struct Inner {
    db: Db,
    kinds: HashMap<&'static str, JobKind>,
    schedules: Vec<Schedule>,
    queues: Vec<Queue>,
    /// The lanes of all queues.
    all: Lanes,
    options: WorkerOptions,
    /// The number under which other nodes see that this one lives.
    node: OnceLock<i64>,
}

struct Queue {
    name: &'static str,
    limit: usize,
    lanes: Lanes,
}

impl Worker {
    /// A worker of these kinds and schedules.
    ///
    /// # Panics
    /// When two kinds have one name, or a schedule names a kind that is not there.
    pub fn new(db: Db, kinds: Vec<JobKind>, schedules: Vec<Schedule>, options: WorkerOptions) -> Self {
        let queues = queues(&kinds, &options);
        let (count, all) = (kinds.len(), all_lanes(&kinds, &queues));
        let kinds: HashMap<_, _> = kinds.into_iter().map(|kind| (kind.name, kind)).collect();
        assert_eq!(kinds.len(), count, "two kinds of jobs have the same name");
        for schedule in &schedules {
            assert!(kinds.contains_key(schedule.kind()), "schedule {} names the unknown kind {}", schedule.name(), schedule.kind());
        }
        Self(Arc::new(Inner { db, kinds, schedules, queues, all, options, node: OnceLock::new() }))
    }

    /// Works until `shutdown` is ready: then claims no more, tells running jobs, waits for the grace period, and gives
    /// back what still runs, so that another worker takes it at once.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let running = Running::default();
        let mut tasks = JoinSet::new();
        let (stop, stopping) = watch::channel(false);
        if self.0.options.alone && self.0.db.is_alone() {
            self.adopt_orphans().await;
        }
        let _presence = self.appear().await;
        let wish = async {
            shutdown.await;
            stop.send_replace(true);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = self.claim_until_stopped(&running, &mut tasks, stopping) => {}
            () = self.keep_leases(&running) => {}
            () = self.keep_house() => {}
            () = wish => {}
        }
        tokio::select! {
            () = async { while tasks.join_next().await.is_some() {} } => {}
            () = self.keep_leases(&running) => {}
            () = tokio::time::sleep(self.0.options.grace) => {}
        }
        let cut_off = running.jobs();
        // A task that never awaits cannot be cut off; its lease is given back all the same.
        let _ = tokio::time::timeout(Duration::from_secs(1), tasks.shutdown()).await;
        self.give_back(&cut_off).await;
    }

    /// Shows the other nodes that this one lives; where that cannot be shown, leases have to run out.
    async fn appear(&self) -> Option<Presence> {
        let number = i64::from_le_bytes(random_bytes());
        let presence = self.0.db.appear(number).await?;
        self.0.node.set(number).ok()?;
        Some(presence)
    }

    /// The number of this node, when others can see whether it lives.
    pub(crate) fn node(&self) -> Option<i64> {
        self.0.node.get().copied()
    }

    async fn claim_until_stopped(&self, running: &Running, tasks: &mut JoinSet<()>, mut stop: watch::Receiver<bool>) {
        let mut notices = self.0.db.subscribe();
        while !*stop.borrow() {
            let wait = self.claim_and_start(running, tasks, &stop).await;
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                Some(_) = tasks.join_next() => while tasks.try_join_next().is_some() {},
                () = woken(&mut notices) => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Starts what is due as far as there is room; answers how long to sleep when nothing else happens.
    async fn claim_and_start(&self, running: &Running, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) -> Duration {
        let poll = self.0.options.poll;
        if let Err(error) = self.claim_for_all(running, tasks, stop).await {
            tracing::warn!(%error, "no jobs could be claimed");
            return poll;
        }
        let next = claim::next_due(&self.0.db).await.unwrap_or(None);
        next.map_or(poll, |wait| wait.clamp(Duration::from_millis(5), poll))
    }

    async fn claim_for_all(&self, running: &Running, tasks: &mut JoinSet<()>, stop: &watch::Receiver<bool>) -> Result<()> {
        let room = |queue: &Queue| queue.limit.saturating_sub(running.count(queue.name));
        if self.0.queues.iter().all(|queue| room(queue) == 0) {
            return Ok(());
        }
        let due = claim::due(&self.0.db, &self.0.all).await?;
        for queue in self.0.queues.iter().filter(|queue| room(queue) > 0 && queue.lanes.among(&due)) {
            for job in claim::claim(&self.0.db, &queue.lanes, room(queue), self.0.options.lease, self.node()).await? {
                self.start(job, queue.name, running, tasks, stop);
            }
        }
        Ok(())
    }
}

/// Resolves when a commit somewhere enqueued jobs.
async fn woken(notices: &mut Receiver<Notice>) {
    loop {
        match notices.recv().await {
            Ok(notice) if !notice.jobs => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn queues(kinds: &[JobKind], options: &WorkerOptions) -> Vec<Queue> {
    let all: Vec<&'static str> = kinds.iter().map(|kind| kind.name).collect();
    let limits: BTreeMap<_, _> = options.queues.iter().copied().collect();
    let mut names: BTreeSet<&'static str> = kinds.iter().map(|kind| kind.queue).collect();
    names.extend(limits.keys());
    names.insert(DEFAULT_QUEUE);
    let queue = |name: &'static str| {
        let own: Vec<_> = kinds.iter().filter(|kind| kind.queue == name).map(|kind| kind.name).collect();
        let limit = limits.get(name).copied().unwrap_or(options.concurrency).max(1);
        Queue { name, limit, lanes: Lanes::new(&[name], &own, &all) }
    };
    names.into_iter().map(queue).collect()
}

fn all_lanes(kinds: &[JobKind], queues: &[Queue]) -> Lanes {
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    let queues: Vec<_> = queues.iter().map(|queue| queue.name).collect();
    Lanes::new(&queues, &kinds, &kinds)
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker").field("options", &self.0.options).finish_non_exhaustive()
    }
}
