//! Presence: a sign of life that ends with the process, so that others need not wait to learn that it is gone.

use std::fs::File;
use std::time::Duration;

use atlas_kernel::Result;
use sqlx::postgres::PgPool;

use crate::Db;
use crate::db::Pools;
use crate::error::database_error;

/// How often a sign of life is looked at; a session that was cut off is begun anew.
const EVERY: Duration = Duration::from_secs(2);

/// A sign of life under a number, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Presence(tokio::task::JoinHandle<()>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Db {
    /// Shows other nodes under `number` that this process lives; none where that cannot be shown.
    ///
    /// On PostgreSQL a session of its own holds an advisory lock, which the server frees as soon as the process is gone.
    /// Databases that only pretend to have such locks are found out, and on them nobody is ever taken for gone.
    pub async fn appear(&self, number: i64) -> Option<Presence> {
        let Pools::Postgres(pool) = self.pools() else { return None };
        let (told, mut appeared) = tokio::sync::watch::channel(false);
        let presence = Presence(tokio::spawn(hold(pool.clone(), number, told)));
        tokio::time::timeout(Duration::from_secs(5), appeared.wait_for(|there| *there)).await.ok()?.ok()?;
        let pretended = self.has_gone(number).await.unwrap_or(true);
        (!pretended).then_some(presence)
    }

    /// Whether the process that appeared under `number` is gone for sure.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn has_gone(&self, number: i64) -> Result<bool> {
        let Pools::Postgres(pool) = self.pools() else { return Ok(false) };
        // Free at the end of the statement, which is a transaction of its own.
        let free = sqlx::query_scalar::<_, bool>("SELECT pg_try_advisory_xact_lock($1)").bind(number);
        free.fetch_one(pool).await.map_err(database_error)
    }

    /// Whether this process is the only one that works on the database, now and until it ends: it holds the lock beside the
    /// file. What an earlier process left is then nobody's. On PostgreSQL that is for the caller to know.
    pub fn is_alone(&self) -> bool {
        match self.lock_file() {
            None => true,
            Some((path, held)) => held.get_or_init(|| locked(path)).is_some(),
        }
    }
}

fn locked(path: &std::path::Path) -> Option<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

async fn hold(pool: PgPool, number: i64, told: tokio::sync::watch::Sender<bool>) {
    while !pool.is_closed() {
        if let Err(error) = hold_once(&pool, number, &told).await {
            tracing::debug!(%error, "a sign of life was interrupted");
        }
        tokio::time::sleep(EVERY / 4).await;
    }
}

async fn hold_once(pool: &PgPool, number: i64, told: &tokio::sync::watch::Sender<bool>) -> Result<(), sqlx::Error> {
    use sqlx::Connection;
    let mut session = sqlx::PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(number).execute(&mut session).await?;
    told.send_replace(true);
    loop {
        tokio::time::sleep(EVERY).await;
        session.ping().await?;
    }
}
