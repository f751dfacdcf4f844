//! Where each listing of a connection stands.

use std::collections::HashMap;

use atlas_kernel::{Result, Timestamp, text_enum};
use atlas_store::{Executor, Tx, query};
use serde_json::Value as Json;

use super::pass::Pass;
use crate::connection::Connection;

text_enum! {
    /// How a listing is.
    pub enum StreamState {
        /// Nothing stands against reading it.
        Ready = "ready",
        /// It cannot be read until a scope is granted or a plan changed; the code says which.
        Off = "off",
        /// The last try failed; it is tried again.
        Failed = "failed",
    }
}
atlas_store::text_column!(StreamState);

atlas_store::row! {
    /// One listing's line.
    #[derive(Clone, Debug)]
    pub(crate) struct StreamRow {
        pub stream: String,
        pub state: StreamState,
        pub code: Option<String>,
        pub message: Option<String>,
        pub checked_at: Option<Timestamp>,
        pub pass: Option<Json>,
        pub since: Option<i64>,
        pub complete_at: Option<Timestamp>,
        pub done: i64,
        pub total: Option<i64>,
    }
}

impl StreamRow {
    /// The line of a listing that was never read.
    pub fn new(stream: &str) -> Self {
        Self {
            stream: stream.to_owned(),
            state: StreamState::Ready,
            code: None,
            message: None,
            checked_at: None,
            pass: None,
            since: None,
            complete_at: None,
            done: 0,
            total: None,
        }
    }

    /// The pass to take up, if one is under way and this version of Atlas can read it.
    pub fn open_pass(&self) -> Option<Pass> {
        self.pass.as_ref().and_then(|json| serde_json::from_value(json.clone()).ok())
    }
}

/// All lines of a connection, by listing.
pub(crate) async fn rows(on: &dyn Executor, connection: &Connection) -> Result<HashMap<String, StreamRow>> {
    let rows: Vec<StreamRow> = query(
        "SELECT stream, state, code, message, checked_at, pass, since, complete_at, done, total FROM connect_streams \
         WHERE workspace_id = $1 AND connection_id = $2",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .all(on)
    .await?;
    Ok(rows.into_iter().map(|row| (row.stream.clone(), row)).collect())
}

/// Whether the history of some listing has not been read to its end, although it could be.
pub(crate) async fn history_missing(on: &dyn Executor, connection: &Connection) -> Result<bool> {
    let rows = rows(on, connection).await?;
    Ok(rows.is_empty() || rows.values().any(|row| row.complete_at.is_none() && row.state != StreamState::Off))
}

/// Writes a listing's line.
pub(crate) async fn put(tx: &Tx, connection: &Connection, row: &StreamRow) -> Result<()> {
    query(
        "INSERT INTO connect_streams (workspace_id, connection_id, stream, state, code, message, checked_at, pass, since, complete_at, done, \
         total, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13) ON CONFLICT (workspace_id, connection_id, stream) DO UPDATE SET \
         state = excluded.state, code = excluded.code, message = excluded.message, checked_at = excluded.checked_at, pass = excluded.pass, \
         since = excluded.since, complete_at = excluded.complete_at, done = excluded.done, total = excluded.total, updated_at = excluded.updated_at",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(&row.stream)
    .bind(row.state)
    .bind(row.code.clone())
    .bind(row.message.clone())
    .bind(row.checked_at)
    .bind(row.pass.clone())
    .bind(row.since)
    .bind(row.complete_at)
    .bind(row.done)
    .bind(row.total)
    .bind(tx.now())
    .run(tx)
    .await
    .map(|_| ())
}

/// Lets listings that were switched off be tried again: all of them, or those that need one of these scopes.
pub(crate) async fn open_again(tx: &Tx, connection: &Connection, streams: &[&str]) -> Result<()> {
    for stream in streams {
        query(
            "UPDATE connect_streams SET state = 'ready', code = NULL, message = NULL, updated_at = $4 \
             WHERE workspace_id = $1 AND connection_id = $2 AND stream = $3 AND state <> 'ready'",
        )
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(*stream)
        .bind(tx.now())
        .run(tx)
        .await?;
    }
    Ok(())
}

/// Switches listings off that a missing scope or plan covers; where they stand is kept. Answers how many were on.
pub(crate) async fn switch_off(tx: &Tx, connection: &Connection, streams: &[&str], code: &str, message: &str) -> Result<u64> {
    let mut changed = 0;
    for stream in streams {
        changed += query(
            "INSERT INTO connect_streams (workspace_id, connection_id, stream, state, code, message, checked_at, done, updated_at) \
             VALUES ($1,$2,$3,'off',$4,$5,$6,0,$6) ON CONFLICT (workspace_id, connection_id, stream) DO UPDATE SET state = 'off', \
             code = excluded.code, message = excluded.message, checked_at = excluded.checked_at, updated_at = excluded.updated_at \
             WHERE connect_streams.state <> 'off'",
        )
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(*stream)
        .bind(code)
        .bind(message)
        .bind(tx.now())
        .run(tx)
        .await?;
    }
    Ok(changed)
}
