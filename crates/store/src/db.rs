//! The database: two doors, one to read and one to write.

use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atlas_kernel::{Clock, Error, Result};
use futures::future::BoxFuture;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::broadcast;

use crate::query::{Executor, Query, for_postgres, for_sqlite};
use crate::row::{RawRow, Row};
use crate::tx::{Raw, Tx};
use crate::{Dialect, Migration, Notice, migrate};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file; it and its folder are created when missing.
    Sqlite(PathBuf),
    /// A `postgres://` URL, and optionally a schema to live in (tests use one each).
    Postgres {
        /// The URL.
        url: String,
        /// The schema, created when missing; `public` when none.
        schema: Option<String>,
    },
}

/// How to open the database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data is.
    pub location: Location,
    /// How many connections may read (and, on PostgreSQL, write) at once.
    pub connections: u32,
    /// Where "now" comes from.
    pub clock: Clock,
}

/// The database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pools: Pools,
    clock: Clock,
    notices: broadcast::Sender<Notice>,
    /// On SQLite, how many wait for their turn to write.
    waiting: Arc<AtomicUsize>,
    /// On SQLite, the lock beside the file, once somebody has tried to take it.
    lock: Option<(PathBuf, OnceLock<Option<File>>)>,
}

pub(crate) enum Pools {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// A write that loses a serialization race is run again at most this often.
const WRITE_ATTEMPTS: u32 = 6;

impl Db {
    /// Opens the database, creating and migrating it as needed.
    ///
    /// # Errors
    /// When the file or server is out of reach, or an applied migration was edited afterwards.
    pub async fn open(options: Options, migrations: &[Migration]) -> Result<Self> {
        let pools = match &options.location {
            Location::Sqlite(path) => open_sqlite(path, options.connections).await?,
            Location::Postgres { url, schema } => open_postgres(url, schema.as_deref(), options.connections).await?,
        };
        let (notices, _) = broadcast::channel(4096);
        let lock = match &options.location {
            Location::Sqlite(path) => Some((path.with_extension("lock"), OnceLock::new())),
            Location::Postgres { .. } => None,
        };
        let db = Self(Arc::new(Inner { pools, clock: options.clock, notices, waiting: Arc::default(), lock }));
        migrate::run(&db, migrations).await?;
        db.listen();
        Ok(db)
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.0.pools
    }

    pub(crate) fn lock_file(&self) -> Option<(&Path, &OnceLock<Option<File>>)> {
        self.0.lock.as_ref().map(|(path, held)| (path.as_path(), held))
    }

    /// Where this database reads the time from.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Notices of every commit, this node's and other nodes'.
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.0.notices.subscribe()
    }

    /// Runs `work` in one write transaction: committed on `Ok`, rolled back on `Err`.
    ///
    /// `work` may run more than once (a lost serialization race), so it must not act outside the transaction.
    ///
    /// # Errors
    /// What `work` answers, or what the database says.
    pub async fn write<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: Fn(Tx) -> Fut + Send,
        Fut: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let tx = self.begin().await?;
            let outcome = match work(tx.clone()).await {
                Ok(value) => tx.commit().await.map(|notices| (value, notices)),
                Err(error) => {
                    tx.rollback().await;
                    Err(error)
                }
            };
            match outcome {
                Ok((value, notices)) => {
                    self.announce(notices);
                    return Ok(value);
                }
                Err(error) if attempt < WRITE_ATTEMPTS && is_lost_race(&error) => {
                    tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 7)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn begin(&self) -> Result<Tx> {
        let raw = match &self.0.pools {
            Pools::Sqlite { write, .. } => {
                let _waiting = Waiting::begin(&self.0.waiting);
                Raw::Sqlite(write.begin_with("BEGIN IMMEDIATE").await.map_err(database_error)?)
            }
            Pools::Postgres(pool) => Raw::Postgres(pool.begin().await.map_err(database_error)?),
        };
        Ok(Tx::new(raw, self.0.clock.now(), self.0.waiting.clone()))
    }

    /// On PostgreSQL the commit itself notifies every node, this one too; on SQLite there is one node.
    fn announce(&self, notices: Vec<Notice>) {
        if matches!(self.0.pools, Pools::Sqlite { .. }) {
            for notice in notices {
                let _ = self.0.notices.send(notice);
            }
        }
    }

    fn listen(&self) {
        if let Pools::Postgres(pool) = &self.0.pools {
            let (pool, notices) = (pool.clone(), self.0.notices.clone());
            tokio::spawn(listen_forever(pool, notices));
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> Result<()> {
        crate::query("SELECT CAST(1 AS BIGINT)").value::<i64>(self).await.map(|_| ())
    }

    /// Closes all connections, finishing what is under way.
    pub async fn close(&self) {
        match &self.0.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// Makes deleted words unreadable in the database's own files: after a purge, whose promise it keeps.
    ///
    /// SQLite overwrites deleted rows by itself; this drops them from the word index and the write-ahead log.
    /// PostgreSQL reclaims them with a vacuum.
    ///
    /// # Errors
    /// Whatever the database answers; running it again is harmless.
    pub async fn scrub(&self) -> Result<()> {
        match &self.0.pools {
            Pools::Sqlite { write, .. } => {
                for statement in ["INSERT INTO search_words (search_words) VALUES ('optimize')", "PRAGMA wal_checkpoint(TRUNCATE)"] {
                    sqlx::query(statement).execute(write).await.map_err(database_error)?;
                }
            }
            Pools::Postgres(pool) => {
                let ours =
                    sqlx::query_scalar::<_, String>("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()");
                for table in ours.fetch_all(pool).await.map_err(database_error)? {
                    let vacuum = sqlx::AssertSqlSafe(format!("VACUUM {table}"));
                    sqlx::query(vacuum).execute(pool).await.map_err(database_error)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn raw_script(&self, sql: String) -> Result<()> {
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match &self.0.pools {
            Pools::Sqlite { write, .. } => script.execute(write).await.map(|_| ()).map_err(database_error),
            Pools::Postgres(pool) => script.execute(pool).await.map(|_| ()).map_err(database_error),
        }
    }
}

/// Somebody waits for a turn to write, until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Executor for Db {
    fn rows(&self, query: Query) -> BoxFuture<'_, Result<Vec<Row>>> {
        crate::probe::note(&query);
        Box::pin(async move {
            match &self.0.pools {
                Pools::Sqlite { read, .. } => {
                    let rows = for_sqlite(query).fetch_all(read).await.map_err(database_error)?;
                    Ok(rows.into_iter().map(|row| Row(RawRow::Sqlite(row))).collect())
                }
                Pools::Postgres(pool) => {
                    let rows = for_postgres(query).fetch_all(pool).await.map_err(database_error)?;
                    Ok(rows.into_iter().map(|row| Row(RawRow::Postgres(row))).collect())
                }
            }
        })
    }

    fn execute(&self, _query: Query) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async { Err(Error::internal("statements that write run in Db::write")) })
    }

    fn dialect(&self) -> Dialect {
        match self.0.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }
}

async fn open_sqlite(path: &PathBuf, connections: u32) -> Result<Pools> {
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(Error::internal)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(10))
        .foreign_keys(true)
        .pragma("temp_store", "memory")
        .pragma("secure_delete", "on")
        .pragma("cache_size", "-8000")
        .optimize_on_close(true, None);
    // A full disk ends a transaction behind the driver's back, which then counts one too many for ever: such a connection is replaced.
    let write = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(60));
    let write = write.before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    let write = write.connect_with(options.clone()).await.map_err(database_error)?;
    let read = SqlitePoolOptions::new().max_connections(connections.max(1));
    let read = read.connect_with(options.pragma("query_only", "1")).await.map_err(database_error)?;
    Ok(Pools::Sqlite { read, write })
}

async fn open_postgres(url: &str, schema: Option<&str>, connections: u32) -> Result<Pools> {
    let mut options = PgConnectOptions::from_str(url).map_err(database_error)?.application_name("atlas");
    if let Some(schema) = schema {
        if !schema.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Err(Error::internal("a schema name has lower-case letters, digits and underscores only"));
        }
        let admin = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(database_error)?;
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        sqlx::query(create).execute(&admin).await.map_err(database_error)?;
        admin.close().await;
        options = options.options([("search_path", schema)]);
    }
    let pool = PgPoolOptions::new().max_connections(connections.max(2)).acquire_timeout(Duration::from_secs(30));
    Ok(Pools::Postgres(pool.connect_with(options).await.map_err(database_error)?))
}

async fn listen_forever(pool: PgPool, notices: broadcast::Sender<Notice>) {
    loop {
        match PgListener::connect_with(&pool).await {
            Ok(mut listener) => {
                if listener.listen("atlas").await.is_ok() {
                    while let Ok(message) = listener.recv().await {
                        match serde_json::from_str::<Notice>(message.payload()) {
                            Ok(notice) => drop(notices.send(notice)),
                            Err(error) => tracing::warn!(%error, "a notice from another version was skipped"),
                        }
                    }
                }
            }
            Err(_) if pool.is_closed() => return,
            Err(error) => tracing::warn!(%error, "live notices pause: the database did not answer"),
        }
        if pool.is_closed() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Turns a database error into the outcome callers act on.
pub(crate) fn database_error(error: sqlx::Error) -> Error {
    if let sqlx::Error::Database(db) = &error {
        let code = db.code().unwrap_or_default().into_owned();
        if db.is_unique_violation() {
            let constraint = db.constraint().map_or_else(|| db.message().to_owned(), str::to_owned);
            return Error::Duplicate { constraint };
        }
        return match code.as_str() {
            // SQLITE_FULL, and PostgreSQL's disk_full.
            "13" | "53100" => Error::StorageFull,
            // SQLITE_IOERR_WRITE and friends are what a full disk under WAL looks like on some file systems.
            "778" | "1034" | "1290" => Error::StorageFull,
            // SQLITE_BUSY and SQLITE_LOCKED families, PostgreSQL's connection limits.
            "5" | "6" | "261" | "517" | "53300" | "57P03" => Error::Unavailable(Box::new(error)),
            _ => Error::Internal(Box::new(error)),
        };
    }
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => Error::Unavailable(Box::new(error)),
        other => Error::Internal(Box::new(other)),
    }
}

fn is_lost_race(error: &Error) -> bool {
    let (Error::Internal(source) | Error::Unavailable(source)) = error else { return false };
    let Some(sqlx::Error::Database(db)) = source.downcast_ref::<sqlx::Error>() else { return false };
    matches!(db.code().as_deref(), Some("40001" | "40P01" | "517"))
}
