//! Jobs against real databases: order, uniqueness, failure, crashes, several workers.

mod both;
mod crash;
mod failure;
mod many;
mod queueing;
mod stopping;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, JobKind, NewJob, Outcome, Worker, WorkerOptions, enqueue};
use atlas_kernel::{JobId, WorkspaceId};
use atlas_store::{Db, query};

fn migrations_under_test() -> Vec<atlas_store::Migration> {
    atlas_jobs::migrations()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::from_uuid(uuid::Uuid::from_u128(7))
}

async fn put(db: &Db, make: impl Fn() -> NewJob + Send + Sync) -> Option<JobId> {
    let make = &make;
    db.write(|tx| async move { enqueue(&tx, make()).await }).await.unwrap()
}

/// What jobs wrote down, in order.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
    /// A kind that notes its payload.
    fn kind(&self, name: &'static str) -> JobKind {
        let notes = self.clone();
        JobKind::new(name, move |_: JobCtx, text: String| {
            notes.add(text);
            async { Ok(Outcome::Done) }
        })
    }
}

/// A kind that does the same thing each time.
fn kind<F, Fut>(name: &'static str, run: F) -> JobKind
where
    F: Fn(JobCtx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, JobError>> + Send + 'static,
{
    JobKind::new(name, move |ctx, _: serde_json::Value| run(ctx))
}

fn options() -> WorkerOptions {
    WorkerOptions { poll: Duration::from_millis(200), grace: Duration::from_secs(5), ..WorkerOptions::default() }
}

fn worker(db: &Db, kinds: Vec<JobKind>) -> Worker {
    Worker::new(db.clone(), kinds, vec![], options())
}

/// Runs the worker beside the test until told to stop.
struct Beside {
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Beside {
    fn start(worker: Worker) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            worker
                .run(async {
                    let _ = stopped.await;
                })
                .await;
        });
        Self { stop, task }
    }
    /// As a shutdown.
    async fn stop(self) {
        let _ = self.stop.send(());
        soon("the worker stops", self.task).await.unwrap();
    }
    /// As a `kill -9`: nothing is tidied up.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.unwrap_or_else(|_| panic!("{what}: not within 20 s"))
}

/// Polls until it is so.
async fn until<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    soon(what, async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// `status attempts` of every job, in order of id.
async fn states(db: &Db) -> Vec<String> {
    let rows: Vec<(String, i64)> = query("SELECT status, attempts FROM jobs ORDER BY id").all(db).await.unwrap();
    rows.into_iter().map(|(status, attempts)| format!("{status} {attempts}")).collect()
}
