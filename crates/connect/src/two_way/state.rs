//! What is remembered of a field besides its two values: the common value, a value taken back, and our own writes.

use std::collections::HashMap;

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx, query};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::What;

/// One record of a provider.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub workspace: WorkspaceId,
    pub connection: ConnectionId,
    pub what: What,
    pub external_id: &'a str,
}

/// What is remembered of a field.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The value both sides last had in common; none when that is what the provider said last.
    pub base: Option<Value>,
    /// A value of ours that was taken back and is not to be written again.
    pub held: Option<Value>,
}

/// What is remembered of a record's fields.
pub(super) async fn memories(on: &dyn Executor, place: &Place<'_>) -> Result<HashMap<String, Memory>> {
    let sql =
        "SELECT field, base, held FROM connect_bases WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4";
    let rows: Vec<(String, Option<Value>, Option<Value>)> =
        query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id).all(on).await?;
    Ok(rows.into_iter().map(|(field, base, held)| (field, Memory { base, held })).collect())
}

/// What is remembered of the fields of many records, by the provider's id and field.
pub(super) async fn all_memories(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: What,
) -> Result<HashMap<(String, String), Memory>> {
    let sql = "SELECT external_id, field, base, held FROM connect_bases WHERE workspace_id = $1 AND connection_id = $2 AND what = $3";
    let rows: Vec<(String, String, Option<Value>, Option<Value>)> =
        query(sql).bind(workspace).bind(connection).bind(what.as_str()).all(on).await?;
    Ok(rows.into_iter().map(|(id, field, base, held)| ((id, field), Memory { base, held })).collect())
}

/// Remembers; nothing to remember is forgotten.
pub(super) async fn remember(tx: &Tx, place: &Place<'_>, field: &str, memory: &Memory) -> Result<()> {
    if memory.base.is_none() && memory.held.is_none() {
        let sql =
            "DELETE FROM connect_bases WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 AND field = $5";
        let gone = query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id);
        return gone.bind(field).run(tx).await.map(|_| ());
    }
    query(
        "INSERT INTO connect_bases (workspace_id, connection_id, what, external_id, field, base, held, updated_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (workspace_id, connection_id, what, external_id, field) DO UPDATE SET \
         base = excluded.base, held = excluded.held, updated_at = excluded.updated_at",
    )
    .bind(place.workspace)
    .bind(place.connection)
    .bind(place.what.as_str())
    .bind(place.external_id)
    .bind(field)
    .bind(memory.base.clone())
    .bind(memory.held.clone())
    .bind(tx.now())
    .run(tx)
    .await
    .map(|_| ())
}

fn hash(value: &Value) -> Vec<u8> {
    Sha256::digest(value.to_string().as_bytes()).to_vec()
}

/// The version of a write that is under way: the provider has not said one yet.
pub(super) const UNDER_WAY: i64 = i64::MAX;

/// Forgets that a value was to be written, because the provider refused it.
pub(super) async fn no_echo(tx: &Tx, place: &Place<'_>, field: &str, value: &Value) -> Result<()> {
    let sql = "DELETE FROM connect_echoes WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 AND field = $5 AND hash = $6";
    let gone = query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id);
    gone.bind(field).bind(hash(value)).run(tx).await.map(|_| ())
}

/// Notes a value that we write and the version (microseconds) that the provider gave it, or [`UNDER_WAY`].
pub(super) async fn echo(tx: &Tx, place: &Place<'_>, field: &str, value: &Value, version: i64) -> Result<()> {
    query(
        "INSERT INTO connect_echoes (workspace_id, connection_id, what, external_id, field, hash, version, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) \
         ON CONFLICT (workspace_id, connection_id, what, external_id, field, hash) DO UPDATE SET version = excluded.version, at = excluded.at",
    )
    .bind(place.workspace)
    .bind(place.connection)
    .bind(place.what.as_str())
    .bind(place.external_id)
    .bind(field)
    .bind(hash(value))
    .bind(version)
    .bind(tx.now())
    .run(tx)
    .await
    .map(|_| ())
}

/// Whether a value that came in with this version is one that we wrote ourselves and that has been overtaken since.
pub(super) async fn is_echo(on: &dyn Executor, place: &Place<'_>, field: &str, value: &Value, version: i64) -> Result<bool> {
    let sql = "SELECT version FROM connect_echoes WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 \
         AND field = $5 AND hash = $6";
    let ask = query(sql).bind(place.workspace).bind(place.connection).bind(place.what.as_str()).bind(place.external_id);
    let known: Option<(i64,)> = ask.bind(field).bind(hash(value)).first(on).await?;
    Ok(known.is_some_and(|(written,)| version <= written))
}

/// Forgets echoes older than a day.
pub(crate) async fn sweep(tx: &Tx, before: Timestamp) -> Result<()> {
    query(
        "DELETE FROM connect_echoes WHERE (workspace_id, connection_id, what, external_id, field, hash) IN \
         (SELECT workspace_id, connection_id, what, external_id, field, hash FROM connect_echoes WHERE at < $1 LIMIT 500)",
    )
    .bind(before)
    .run(tx)
    .await
    .map(|_| ())
}
