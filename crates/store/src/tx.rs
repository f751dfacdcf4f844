//! A write transaction: a handle that verbs pass around, committed by the kit that opened it.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atlas_kernel::{Error, Ref, Result, Timestamp, WorkspaceId};
use futures::future::BoxFuture;
use sqlx::{Postgres, Sqlite, Transaction};

use crate::error::database_error;
use crate::query::{Executor, Query, Take, for_postgres, for_sqlite};
use crate::row::hand_over;
use crate::turns::Turns;
use crate::{Dialect, Insert, Notice};

/// A handle to an open write transaction; clones are the same transaction.
#[derive(Clone)]
pub struct Tx(Arc<Inner>);

struct Inner {
    raw: tokio::sync::Mutex<Option<Raw>>,
    dialect: Dialect,
    now: Timestamp,
    begun: Instant,
    turns: Arc<Turns>,
    touched: Mutex<Touched>,
    /// Rows to be inserted before anybody asks for their tables.
    late: Mutex<Vec<Insert>>,
    kept: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

pub(crate) enum Raw {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

#[derive(Default)]
pub(crate) struct Touched {
    pub topics: BTreeSet<(WorkspaceId, String)>,
    pub jobs: bool,
}

impl Tx {
    pub(crate) fn new(raw: Raw, now: Timestamp, turns: Arc<Turns>) -> Self {
        let dialect = match raw {
            Raw::Sqlite(_) => Dialect::Sqlite,
            Raw::Postgres(_) => Dialect::Postgres,
        };
        let (raw, touched, late, kept) = (tokio::sync::Mutex::new(Some(raw)), Mutex::default(), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { raw, dialect, now, begun: Instant::now(), turns, touched, late, kept }))
    }

    /// When the transaction began: the one "now" of everything in it.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// How long the transaction has been going on; waiting for its turn is not part of it.
    pub fn age(&self) -> Duration {
        self.0.begun.elapsed()
    }

    /// Whether somebody waits for this transaction to end: on SQLite, whose writers go one after the other.
    pub fn is_awaited(&self) -> bool {
        self.0.turns.is_awaited()
    }

    /// Whether somebody who goes first ([`crate::Db::write_first`]) has waited within the last second, on SQLite.
    pub fn is_pressed(&self) -> bool {
        self.0.turns.is_pressed()
    }

    /// Inserts all rows that were put by with [`Insert::later`] now.
    ///
    /// # Errors
    /// Whatever the database answers to them.
    pub async fn write_late(&self) -> Result<()> {
        let mut raw = self.0.raw.lock().await;
        self.catch_up(raw.as_mut().ok_or_else(ended)?, None).await
    }

    /// Tells open pages, once committed, that `record` changed.
    pub fn touch(&self, workspace: WorkspaceId, record: &Ref) {
        self.touch_topic(workspace, &record.to_string());
    }

    /// Tells open pages, once committed, that something under the topic changed (such as `contacts`).
    pub fn touch_topic(&self, workspace: WorkspaceId, topic: &str) {
        self.touched().topics.insert((workspace, topic.to_owned()));
    }

    /// Wakes the workers once committed.
    pub fn wake_jobs(&self) {
        self.touched().jobs = true;
    }

    /// Keeps something for the rest of the transaction, such as what was looked up for many records at once; one of each type.
    pub fn keep<T: Send + Sync + 'static>(&self, what: T) -> Arc<T> {
        let kept = Arc::new(what);
        self.kept_by_type().insert(TypeId::of::<T>(), kept.clone());
        kept
    }

    /// What was kept of this type.
    pub fn kept<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.kept_by_type().get(&TypeId::of::<T>()).cloned()?.downcast().ok()
    }

    fn kept_by_type(&self) -> std::sync::MutexGuard<'_, HashMap<TypeId, Arc<dyn Any + Send + Sync>>> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put_by(&self, insert: Insert) {
        let mut late = self.late();
        let left = late.iter_mut().try_fold(insert, |insert, known| known.absorb(insert).ok_or(()));
        late.extend(left);
    }

    fn late(&self) -> std::sync::MutexGuard<'_, Vec<Insert>> {
        self.0.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inserts the rows put by that a statement may ask for; all of them when there is none.
    async fn catch_up(&self, raw: &mut Raw, with: Option<&str>) -> Result<()> {
        let due = due(&mut self.late(), with);
        for statement in due.into_iter().flat_map(|insert| insert.statements(self.0.dialect)) {
            crate::probe::note(&statement);
            raw.execute(statement).await?;
        }
        Ok(())
    }

    fn touched(&self) -> std::sync::MutexGuard<'_, Touched> {
        self.0.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits and answers what to announce.
    pub(crate) async fn commit(&self) -> Result<Vec<Notice>> {
        let notices = Notice::from_touched(&std::mem::take(&mut *self.touched()));
        let mut raw = self.0.raw.lock().await;
        let mut open = raw.take();
        if let Some(open) = &mut open {
            // Dropped on an error, and rolled back by that.
            self.catch_up(open, None).await?;
        }
        match open {
            Some(Raw::Sqlite(tx)) => tx.commit().await.map_err(database_error)?,
            Some(Raw::Postgres(mut tx)) => {
                for notice in &notices {
                    let notify = sqlx::query("SELECT pg_notify('atlas', $1)").bind(notice.encode());
                    notify.execute(&mut *tx).await.map_err(database_error)?;
                }
                tx.commit().await.map_err(database_error)?;
            }
            None => return Err(ended()),
        }
        Ok(notices)
    }

    pub(crate) async fn rollback(&self) {
        let raw = self.0.raw.lock().await.take();
        let ended = match raw {
            Some(Raw::Sqlite(tx)) => tx.rollback().await,
            Some(Raw::Postgres(tx)) => tx.rollback().await,
            None => Ok(()),
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "a transaction could not be rolled back; the connection is dropped");
        }
    }
}

impl Raw {
    async fn execute(&mut self, query: Query) -> Result<u64> {
        match self {
            Self::Sqlite(tx) => Ok(for_sqlite(query).execute(&mut **tx).await.map_err(database_error)?.rows_affected()),
            Self::Postgres(tx) => Ok(for_postgres(query).execute(&mut **tx).await.map_err(database_error)?.rows_affected()),
        }
    }

    async fn each(&mut self, query: Query, take: Take<'_>) -> Result<()> {
        match self {
            Self::Sqlite(tx) => hand_over(for_sqlite(query).fetch(&mut **tx), take).await,
            Self::Postgres(tx) => hand_over(for_postgres(query).fetch(&mut **tx), take).await,
        }
    }
}

impl Executor for Tx {
    fn each<'a>(&'a self, query: Query, take: Take<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut raw = self.0.raw.lock().await;
            let raw = raw.as_mut().ok_or_else(ended)?;
            self.catch_up(raw, Some(query.sql())).await?;
            crate::probe::note(&query);
            raw.each(query, take).await
        })
    }

    fn execute(&self, query: Query) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let mut raw = self.0.raw.lock().await;
            let raw = raw.as_mut().ok_or_else(ended)?;
            self.catch_up(raw, Some(query.sql())).await?;
            crate::probe::note(&query);
            raw.execute(query).await
        })
    }

    fn dialect(&self) -> Dialect {
        self.0.dialect
    }
}

/// Takes the inserts that a statement may ask for, in the order in which they have to go: what others read goes before them.
fn due(late: &mut Vec<Insert>, with: Option<&str>) -> Vec<Insert> {
    if late.is_empty() {
        return vec![];
    }
    let asked: Vec<Insert> = late.extract_if(.., |insert| with.is_none_or(|sql| insert.concerns(sql))).collect();
    let mut due: Vec<Insert> = late.extract_if(.., |insert| asked.iter().any(|reader| reader.reads(insert))).collect();
    due.extend(asked);
    due.sort_by_key(Insert::reads_any);
    due
}

fn ended() -> Error {
    Error::internal("this transaction has ended")
}
