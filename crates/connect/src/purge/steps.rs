//! What the kit itself keeps of a connection, removed a little at a time.

use atlas_kernel::{Ref, Result};
use atlas_store::{Tx, built_query, forget_connection_events, query, search_remove};
use sha2::{Digest, Sha256};

use super::Counts;
use crate::connection::Connection;

/// Tables of the kit that hold something of the provider, with the column that tells rows apart, and their name on the receipt.
const TABLES: [(&str, &str, &str); 14] = [
    ("connect_versions", "object, external_id", "object versions"),
    ("connect_mappings", "what, external_id", "mappings"),
    ("connect_notices", "notice_id", "notice log lines"),
    ("connect_signals", "object, external_id, hint_key", "signals"),
    ("connect_streams", "stream", "sync cursors"),
    ("connect_topics", "topic", "topic lines"),
    ("connect_scopes", "scope", "scope lines"),
    ("connect_syncs", "id", "sync log lines"),
    ("connect_writes", "id", "write log lines"),
    ("connect_conflicts", "id", "field conflicts"),
    ("connect_batches", "id", "write batches"),
    ("connect_pushes", "what, external_id, undo", "waiting writes"),
    ("connect_bases", "what, external_id, field", "common values"),
    ("connect_echoes", "what, external_id, field, hash", "echoes"),
];

/// Removes up to `limit` rows; answers whether there were any.
pub(crate) async fn own(tx: &Tx, connection: &Connection, counts: &mut Counts, limit: usize) -> Result<bool> {
    let docs = search_docs(tx, connection, limit).await?;
    let events = forget_connection_events(tx, connection.workspace_id, connection.id, limit).await?;
    let raw = raw_log(tx, connection, counts, limit).await?;
    for (what, count) in [("search entries", docs), ("timeline events", events), ("raw log entries", raw)] {
        if count > 0 {
            *counts.removed.entry(what.to_owned()).or_default() += count;
        }
    }
    if docs + events + raw > 0 {
        return Ok(true);
    }
    for (table, key, what) in TABLES {
        let gone = rows(tx, connection, table, key, limit).await?;
        if gone > 0 {
            *counts.removed.entry(what.to_owned()).or_default() += gone;
            return Ok(true);
        }
    }
    Ok(false)
}

async fn rows(tx: &Tx, connection: &Connection, table: &str, key: &str, limit: usize) -> Result<u64> {
    let sql = format!(
        "DELETE FROM {table} WHERE workspace_id = $1 AND connection_id = $2 AND ({key}) IN \
         (SELECT {key} FROM {table} WHERE workspace_id = $1 AND connection_id = $2 LIMIT $3)"
    );
    built_query(sql).bind(connection.workspace_id).bind(connection.id).bind(limit).run(tx).await
}

/// What modules left in search, if anything.
async fn search_docs(tx: &Tx, connection: &Connection, limit: usize) -> Result<u64> {
    let sql = "SELECT record FROM search_docs WHERE workspace_id = $1 AND connection_id = $2 LIMIT $3";
    let records: Vec<Ref> = query(sql).bind(connection.workspace_id).bind(connection.id).bind(limit).values(tx).await?;
    for record in &records {
        search_remove(tx, connection.workspace_id, record).await?;
    }
    Ok(records.len() as u64)
}

/// The raw log goes in order, each entry's content hash going into the chain that the receipt shows.
async fn raw_log(tx: &Tx, connection: &Connection, counts: &mut Counts, limit: usize) -> Result<u64> {
    let sql = "SELECT seq, hash FROM connect_raw WHERE workspace_id = $1 AND connection_id = $2 ORDER BY seq LIMIT $3";
    let entries: Vec<(i64, Vec<u8>)> = query(sql).bind(connection.workspace_id).bind(connection.id).bind(limit).all(tx).await?;
    let Some((last, _)) = entries.last() else { return Ok(0) };
    for (_, hash) in &entries {
        let mut chain = Sha256::new();
        chain.update(hex::decode(&counts.log_chain).unwrap_or_default());
        chain.update(hash);
        counts.log_chain = hex::encode(chain.finalize());
    }
    let gone = query("DELETE FROM connect_raw WHERE workspace_id = $1 AND connection_id = $2 AND seq <= $3")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(*last)
        .run(tx)
        .await?;
    counts.log_entries += gone;
    Ok(gone)
}

/// Who was connected, and with which app, is forgotten; what people set stays.
pub(crate) async fn forget_account(tx: &Tx, connection: &Connection) -> Result<()> {
    query(
        "UPDATE connections SET client_id = '', client_secret = NULL, token = NULL, account_id = NULL, account_name = NULL, account_region = NULL, \
         account_time_zone = NULL, account_person = NULL, connected_by = NULL, connected_at = NULL, live_since = NULL, checked_at = NULL, \
         error_code = NULL, error_message = NULL, error_at = NULL, last_test = NULL, last_sync_at = NULL, last_audit_at = NULL \
         WHERE workspace_id = $1 AND id = $2",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .run(tx)
    .await?;
    for sql in [
        "DELETE FROM connect_tallies WHERE workspace_id = $1 AND connection_id = $2",
        "DELETE FROM connect_sequences WHERE workspace_id = $1 AND connection_id = $2",
    ] {
        query(sql).bind(connection.workspace_id).bind(connection.id).run(tx).await?;
    }
    Ok(())
}

/// The countdown is over.
pub(crate) async fn close(tx: &Tx, connection: &Connection) -> Result<()> {
    query(
        "UPDATE connections SET purge_due_at = NULL, purge_started_at = NULL, purge_counts = NULL, disconnected_at = NULL, \
         version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND id = $2",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(tx.now())
    .run(tx)
    .await?;
    tx.touch(connection.workspace_id, &connection.to_ref());
    tx.touch_topic(connection.workspace_id, "connections");
    Ok(())
}
