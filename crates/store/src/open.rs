//! Opening the database's connections.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use atlas_kernel::{Error, Result};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::checkpoint::MOST_PAGES;
use crate::db::Pools;
use crate::error::database_error;
use crate::turns::LONGEST_WAIT;

/// Statements that the writing connection keeps prepared: those of inserts differ by their number of rows.
const PREPARED: usize = 400;

/// Pages of the file that the writing connection keeps, KiB (a negative number to SQLite): inserts come back to the inner pages of many
/// indexes.
const WRITERS_CACHE: &str = "-16000";
/// The same for each that reads: what is not there is in the system's cache, a microsecond away, and every reader has one of its own.
const READERS_CACHE: &str = "-2000";

pub(crate) async fn open_sqlite(path: &PathBuf, connections: u32) -> Result<Pools> {
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
        .pragma("cache_size", READERS_CACHE);
    // A full disk ends a transaction behind the driver's back, which then counts one too many for ever: such a connection is replaced.
    let write = SqlitePoolOptions::new().max_connections(1).acquire_timeout(LONGEST_WAIT);
    let write = write.before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    let writing =
        options.clone().pragma("cache_size", WRITERS_CACHE).pragma("wal_autocheckpoint", MOST_PAGES).statement_cache_capacity(PREPARED);
    let write = write.connect_with(writing).await.map_err(database_error)?;
    let copy = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(database_error)?;
    let read = SqlitePoolOptions::new().max_connections(connections.max(1));
    let read = read.connect_with(options.pragma("query_only", "1")).await.map_err(database_error)?;
    Ok(Pools::Sqlite { read, write, copy })
}

pub(crate) async fn open_postgres(url: &str, schema: Option<&str>, connections: u32) -> Result<Pools> {
    // A plan that the server keeps for a text is made once, for tables that a first sync is about to fill. Planned for its own values
    // each time, a statement costs some tenths of a millisecond more.
    let mut options = PgConnectOptions::from_str(url).map_err(database_error)?.application_name("atlas");
    options = options.options([("plan_cache_mode", "force_custom_plan")]);
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
