//! SQLite's write-ahead log is copied into the database's file beside the writers: whoever commits does not wait for the disk.

use std::time::Duration;

use atlas_kernel::{Error, Result};
use sqlx::sqlite::SqlitePool;
use tokio::sync::watch;

use crate::error::database_error;

/// The log is copied this long after a commit, and so often at most.
const EVERY: Duration = Duration::from_secs(1);

/// Pages (of 4 KiB) in the log after which a commit copies it itself: under writes that never rest, a copy beside them never
/// comes to the log's end, and only at its end does it begin anew.
pub(crate) const MOST_PAGES: &str = "16384";

/// So often the log is tried to be emptied; each try waits for who reads and writes.
const TRIES: u32 = 5;

/// Copies the log after commits, until the database is closed or nobody holds it any more.
pub(crate) async fn keep(pool: SqlitePool, mut commits: watch::Receiver<()>) {
    while commits.changed().await.is_ok() {
        tokio::time::sleep(EVERY).await;
        commits.mark_unchanged();
        match sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
            Err(_) if pool.is_closed() => return,
            Err(error) => tracing::warn!(%error, "the write-ahead log was not copied; it is tried again after the next commit"),
            Ok(_) => {}
        }
    }
}

/// Copies the whole log and empties its file.
///
/// # Errors
/// When others read or write for too long; running it again is harmless.
pub(crate) async fn empty(pool: &SqlitePool) -> Result<()> {
    for _ in 0..TRIES {
        // It answers whether it was kept from it, the pages in the log, and the pages copied.
        let kept: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(pool).await.map_err(database_error)?;
        if kept == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Error::Unavailable("the write-ahead log is in use".into()))
}
