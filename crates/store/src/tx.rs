//! A write transaction: a handle that verbs pass around, committed by the kit that opened it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use atlas_kernel::{Error, Ref, Result, Timestamp, WorkspaceId};
use futures::future::BoxFuture;
use sqlx::{Postgres, Sqlite, Transaction};

use crate::db::database_error;
use crate::query::{Executor, Query, for_postgres, for_sqlite};
use crate::row::{RawRow, Row};
use crate::{Dialect, Notice};

/// A handle to an open write transaction; clones are the same transaction.
#[derive(Clone)]
pub struct Tx(Arc<Inner>);

struct Inner {
    raw: tokio::sync::Mutex<Option<Raw>>,
    dialect: Dialect,
    now: Timestamp,
    touched: Mutex<Touched>,
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
    pub(crate) fn new(raw: Raw, now: Timestamp) -> Self {
        let dialect = match raw {
            Raw::Sqlite(_) => Dialect::Sqlite,
            Raw::Postgres(_) => Dialect::Postgres,
        };
        Self(Arc::new(Inner { raw: tokio::sync::Mutex::new(Some(raw)), dialect, now, touched: Mutex::default() }))
    }

    /// When the transaction began: the one "now" of everything in it.
    pub fn now(&self) -> Timestamp {
        self.0.now
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

    fn touched(&self) -> std::sync::MutexGuard<'_, Touched> {
        self.0.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits and answers what to announce.
    pub(crate) async fn commit(&self) -> Result<Vec<Notice>> {
        let notices = Notice::from_touched(&std::mem::take(&mut *self.touched()));
        let mut raw = self.0.raw.lock().await;
        match raw.take() {
            Some(Raw::Sqlite(tx)) => tx.commit().await.map_err(database_error)?,
            Some(Raw::Postgres(mut tx)) => {
                for notice in &notices {
                    let notify = sqlx::query("SELECT pg_notify('atlas', $1)").bind(notice.encode());
                    notify.execute(&mut *tx).await.map_err(database_error)?;
                }
                tx.commit().await.map_err(database_error)?;
            }
            None => return Err(Error::internal("this transaction has ended")),
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

impl Executor for Tx {
    fn rows(&self, query: Query) -> BoxFuture<'_, Result<Vec<Row>>> {
        crate::probe::note(&query);
        Box::pin(async move {
            let mut raw = self.0.raw.lock().await;
            match raw.as_mut() {
                Some(Raw::Sqlite(tx)) => {
                    let rows = for_sqlite(query).fetch_all(&mut **tx).await.map_err(database_error)?;
                    Ok(rows.into_iter().map(|row| Row(RawRow::Sqlite(row))).collect())
                }
                Some(Raw::Postgres(tx)) => {
                    let rows = for_postgres(query).fetch_all(&mut **tx).await.map_err(database_error)?;
                    Ok(rows.into_iter().map(|row| Row(RawRow::Postgres(row))).collect())
                }
                None => Err(Error::internal("this transaction has ended")),
            }
        })
    }

    fn execute(&self, query: Query) -> BoxFuture<'_, Result<u64>> {
        crate::probe::note(&query);
        Box::pin(async move {
            let mut raw = self.0.raw.lock().await;
            match raw.as_mut() {
                Some(Raw::Sqlite(tx)) => Ok(for_sqlite(query).execute(&mut **tx).await.map_err(database_error)?.rows_affected()),
                Some(Raw::Postgres(tx)) => Ok(for_postgres(query).execute(&mut **tx).await.map_err(database_error)?.rows_affected()),
                None => Err(Error::internal("this transaction has ended")),
            }
        })
    }

    fn dialect(&self) -> Dialect {
        self.0.dialect
    }
}
