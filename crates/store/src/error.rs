//! What the database's errors mean to callers.

use atlas_kernel::Error;

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

/// Whether the transaction lost a race, and may win it when it is run again.
pub(crate) fn is_lost_race(error: &Error) -> bool {
    let (Error::Internal(source) | Error::Unavailable(source)) = error else { return false };
    let Some(sqlx::Error::Database(db)) = source.downcast_ref::<sqlx::Error>() else { return false };
    matches!(db.code().as_deref(), Some("40001" | "40P01" | "517"))
}
