//! The database: two doors, one to read and one to write.

use std::fs::File;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use atlas_kernel::{Clock, Error, Result};
use futures::future::BoxFuture;
use sqlx::postgres::{PgListener, PgPool};
use sqlx::sqlite::SqlitePool;
use tokio::sync::{MutexGuard, broadcast, watch};

use crate::error::{database_error, is_lost_race};
use crate::open::{open_postgres, open_sqlite};
use crate::query::{Executor, Query, Take, for_postgres, for_sqlite};
use crate::row::hand_over;
use crate::turns::Turns;
use crate::tx::{Raw, Tx};
use crate::{Dialect, Migration, Notice, checkpoint, migrate, statistics};

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

/// Where a transaction stands among those that wait to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Queued,
    First,
}

/// The database; clones share it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    pools: Pools,
    clock: Clock,
    notices: broadcast::Sender<Notice>,
    turns: Arc<Turns>,
    /// On SQLite, told of each commit.
    commits: watch::Sender<()>,
    /// On SQLite, the lock beside the file, once somebody has tried to take it.
    lock: Option<(PathBuf, OnceLock<Option<File>>)>,
}

pub(crate) enum Pools {
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
        /// Copies the write-ahead log.
        copy: SqlitePool,
    },
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
        let db =
            Self(Arc::new(Inner { pools, clock: options.clock, notices, turns: Arc::default(), commits: watch::Sender::default(), lock }));
        migrate::run(&db, migrations).await?;
        if let Pools::Sqlite { write, .. } = &db.0.pools {
            statistics::lay_down(write).await?;
        }
        db.attend();
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
        self.write_in(Place::Queued, work).await
    }

    /// Like [`Db::write`], before everybody who waits for a turn to write: for short work that has a deadline. It waits for one
    /// transaction at most besides others of its kind.
    ///
    /// # Errors
    /// What `work` answers, or what the database says.
    pub async fn write_first<T, F, Fut>(&self, work: F) -> Result<T>
    where
        F: Fn(Tx) -> Fut + Send,
        Fut: Future<Output = Result<T>> + Send,
        T: Send,
    {
        self.write_in(Place::First, work).await
    }

    async fn write_in<T, F, Fut>(&self, place: Place, work: F) -> Result<T>
    where
        F: Fn(Tx) -> Fut + Send,
        Fut: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (tx, turn) = self.begin(place).await?;
            let outcome = match work(tx.clone()).await {
                Ok(value) => tx.commit().await.map(|notices| (value, notices)),
                Err(error) => {
                    tx.rollback().await;
                    Err(error)
                }
            };
            drop(turn);
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

    /// Begins a transaction, and holds the place in the queue that it took.
    async fn begin(&self, place: Place) -> Result<(Tx, Option<MutexGuard<'_, ()>>)> {
        let (raw, turn) = match &self.0.pools {
            Pools::Sqlite { write, .. } => {
                let _waiting = self.0.turns.wait();
                let turn = match place {
                    Place::Queued => Some(self.0.turns.take().await?),
                    Place::First => {
                        self.0.turns.press();
                        None
                    }
                };
                (Raw::Sqlite(write.begin_with("BEGIN IMMEDIATE").await.map_err(database_error)?), turn)
            }
            Pools::Postgres(pool) => {
                // Whoever gives up in the middle of it would leave the driver with a transaction that it knows nothing of.
                let pool = pool.clone();
                let begun = tokio::spawn(async move { pool.begin().await }).await.map_err(Error::internal)?;
                (Raw::Postgres(begun.map_err(database_error)?), None)
            }
        };
        Ok((Tx::new(raw, self.0.clock.now(), self.0.turns.clone()), turn))
    }

    /// On PostgreSQL the commit itself notifies every node, this one too; on SQLite there is one node.
    fn announce(&self, notices: Vec<Notice>) {
        if matches!(self.0.pools, Pools::Sqlite { .. }) {
            self.0.commits.send_replace(());
            for notice in notices {
                let _ = self.0.notices.send(notice);
            }
        }
    }

    /// What goes on beside the callers as long as the database is open.
    fn attend(&self) {
        match &self.0.pools {
            Pools::Postgres(pool) => drop(tokio::spawn(listen_forever(pool.clone(), self.0.notices.clone()))),
            Pools::Sqlite { copy, .. } => drop(tokio::spawn(checkpoint::keep(copy.clone(), self.0.commits.subscribe()))),
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
            Pools::Sqlite { read, write, copy } => {
                copy.close().await;
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
            Pools::Sqlite { write, copy, .. } => {
                let optimize = sqlx::query("INSERT INTO search_words (search_words) VALUES ('optimize')");
                optimize.execute(write).await.map_err(database_error)?;
                checkpoint::empty(copy).await?;
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

    /// Has PostgreSQL look at tables that have more than doubled since it last did. It does so by itself within some minutes, which is
    /// long for tables that are being filled: until then they are searched as if they were empty. Nobody who writes waits for it.
    ///
    /// # Errors
    /// Whatever the database answers; running it again is harmless.
    pub async fn refresh_statistics(&self) -> Result<()> {
        let Pools::Postgres(pool) = &self.0.pools else { return Ok(()) };
        let grown = sqlx::query_scalar::<_, String>(
            "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema()) \
             AND pg_relation_size(oid) > 2 * greatest(relpages, 1) * current_setting('block_size')::bigint",
        );
        for table in grown.fetch_all(pool).await.map_err(database_error)? {
            let analyze = sqlx::AssertSqlSafe(format!("ANALYZE {table}"));
            sqlx::query(analyze).execute(pool).await.map_err(database_error)?;
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

impl Executor for Db {
    fn each<'a>(&'a self, query: Query, take: Take<'a>) -> BoxFuture<'a, Result<()>> {
        crate::probe::note(&query);
        Box::pin(async move {
            match &self.0.pools {
                Pools::Sqlite { read, .. } => hand_over(for_sqlite(query).fetch(read), take).await,
                Pools::Postgres(pool) => hand_over(for_postgres(query).fetch(pool), take).await,
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
