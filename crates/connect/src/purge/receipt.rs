//! The receipt of a purge: what was removed and when, with a digest that anybody can check.

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx, query};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Counts;
use crate::connection::Connection;

atlas_kernel::kinds! {
    /// The receipt of a purge.
    ReceiptKind = "rcpt", ReceiptId;
}

atlas_store::row! {
    /// A receipt. `digest` is the SHA-256 of `statement`, byte for byte.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct Receipt {
        /// The receipt's id.
        pub id: ReceiptId,
        /// The provider, such as `intercom`.
        pub provider: String,
        /// When the connection was ended.
        pub disconnected_at: Timestamp,
        /// When the purge began.
        pub started_at: Timestamp,
        /// When nothing was left.
        pub finished_at: Timestamp,
        /// What was removed, as JSON text: counts by kind, and the chain over the raw log's content hashes.
        pub statement: String,
        /// SHA-256 of the statement, hexadecimal.
        pub digest: String,
    }
}

impl Receipt {
    /// What was removed, by kind.
    pub fn removed(&self) -> Vec<(String, u64)> {
        let statement: serde_json::Value = serde_json::from_str(&self.statement).unwrap_or_default();
        let removed = statement["removed"].as_object().cloned().unwrap_or_default();
        removed.into_iter().map(|(what, count)| (what, count.as_u64().unwrap_or(0))).collect()
    }
}

/// Writes the receipt in the purge's last step.
pub(crate) async fn write(tx: &Tx, connection: &Connection, counts: &Counts) -> Result<()> {
    let id = ReceiptId::new(tx.now());
    let started = connection.purge_started_at.unwrap_or(tx.now());
    let ended = connection.disconnected_at.unwrap_or(started);
    let statement = json!({
        "receipt": id,
        "provider": connection.provider,
        "connection": connection.id,
        "disconnectedAt": ended,
        "startedAt": started,
        "finishedAt": tx.now(),
        "removed": counts.removed,
        "rawLog": { "entries": counts.log_entries, "chain": counts.log_chain },
        "kept": "What people wrote in Atlas",
    })
    .to_string();
    let digest = hex::encode(Sha256::digest(statement.as_bytes()));
    query(
        "INSERT INTO connect_receipts (workspace_id, id, connection_id, provider, disconnected_at, started_at, finished_at, statement, digest) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
    )
    .bind(connection.workspace_id)
    .bind(id)
    .bind(connection.id)
    .bind(&connection.provider)
    .bind(ended)
    .bind(started)
    .bind(tx.now())
    .bind(statement)
    .bind(digest)
    .run(tx)
    .await
    .map(|_| ())
}

/// The newest receipt of a connection.
pub(crate) async fn latest(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Option<Receipt>> {
    query(
        "SELECT id, provider, disconnected_at, started_at, finished_at, statement, digest FROM connect_receipts \
         WHERE workspace_id = $1 AND connection_id = $2 ORDER BY finished_at DESC, id DESC LIMIT 1",
    )
    .bind(workspace)
    .bind(connection)
    .first(on)
    .await
}
