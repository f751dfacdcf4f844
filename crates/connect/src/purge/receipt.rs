//! The receipt of a purge: what was removed and when, with a digest and a signature that anybody can check.

use atlas_identity::{Vault, is_signed};
use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx, query};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Counts;
use crate::Connections;
use crate::connection::Connection;

/// What the signing key is for.
pub(crate) const PURPOSE: &str = "receipt";
/// The first line of a receipt's file: what it is, and how it is to be read.
const FORMAT: &str = "atlas-receipt/1";

atlas_kernel::kinds! {
    /// The receipt of a purge.
    ReceiptKind = "rcpt", ReceiptId;
}

atlas_store::row! {
    /// A receipt. `digest` is the SHA-256 and `signature` the Ed25519 signature (RFC 8032) of `statement`, byte for byte.
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
        /// The installation's public key, hexadecimal; none on receipts from before they were signed.
        pub public_key: Option<String>,
        /// The signature of the statement, hexadecimal.
        pub signature: Option<String>,
    }
}

/// A receipt as a file: all that is needed to check it, without a server and without Atlas.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiptFile {
    /// `atlas-receipt/1`.
    pub format: String,
    /// What was removed, as JSON text; digest and signature are over these bytes.
    pub statement: String,
    /// SHA-256 of the statement, hexadecimal.
    pub digest: String,
    /// The public key of the installation that signed, hexadecimal.
    pub public_key: String,
    /// Ed25519 signature of the statement, hexadecimal.
    pub signature: String,
}

/// Why a receipt's file is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptProblem {
    /// The file is something else.
    #[error("not a receipt: {0}")]
    Unreadable(String),
    /// The statement and its digest do not belong together.
    #[error("the statement was changed: its SHA-256 is not the digest")]
    Digest,
    /// The signature is not of this statement, or not by this key.
    #[error("the statement was changed or signed by somebody else: the signature does not hold")]
    Signature,
}

impl ReceiptFile {
    /// Reads a file and checks digest and signature. That the key is whose one believes is for the reader to compare.
    ///
    /// # Errors
    /// When it is no receipt, or the statement was changed since it was signed.
    pub fn verify(text: &str) -> std::result::Result<Self, ReceiptProblem> {
        let file: Self = serde_json::from_str(text).map_err(|error| ReceiptProblem::Unreadable(error.to_string()))?;
        if file.format != FORMAT {
            return Err(ReceiptProblem::Unreadable(format!("its format is {} and not {FORMAT}", file.format)));
        }
        if file.digest != hex::encode(Sha256::digest(file.statement.as_bytes())) {
            return Err(ReceiptProblem::Digest);
        }
        if !is_signed(&file.public_key, file.statement.as_bytes(), &file.signature) {
            return Err(ReceiptProblem::Signature);
        }
        Ok(file)
    }
}

impl Receipt {
    /// The receipt as a file; none for receipts from before they were signed.
    pub fn file(&self) -> Option<ReceiptFile> {
        Some(ReceiptFile {
            format: FORMAT.to_owned(),
            statement: self.statement.clone(),
            digest: self.digest.clone(),
            public_key: self.public_key.clone()?,
            signature: self.signature.clone()?,
        })
    }

    /// What was removed, by kind.
    pub fn removed(&self) -> Vec<(String, u64)> {
        let statement: serde_json::Value = serde_json::from_str(&self.statement).unwrap_or_default();
        let removed = statement["removed"].as_object().cloned().unwrap_or_default();
        removed.into_iter().map(|(what, count)| (what, count.as_u64().unwrap_or(0))).collect()
    }
}

/// The public keys, hexadecimal, that sign receipts with this vault; the newest last.
pub fn receipt_keys(vault: &Vault) -> Vec<String> {
    vault.public_keys(PURPOSE)
}

/// Writes the receipt in the purge's last step.
pub(crate) async fn write(conns: &Connections, tx: &Tx, connection: &Connection, counts: &Counts) -> Result<()> {
    let id = ReceiptId::new(tx.now());
    let started = connection.purge_started_at.unwrap_or(tx.now());
    let ended = connection.disconnected_at.unwrap_or(started);
    let statement = json!({
        "receipt": id,
        "workspace": connection.workspace_id,
        "provider": connection.provider,
        "connection": connection.id,
        "disconnectedAt": ended,
        "startedAt": started,
        "finishedAt": tx.now(),
        "removed": counts.removed,
        "rawLog": { "entries": counts.log_entries, "chain": counts.log_chain },
        "kept": "What people wrote in Atlas",
        "backups": "Copies of the data that were made before finishedAt are not covered; they hold it until they are deleted",
    })
    .to_string();
    let digest = hex::encode(Sha256::digest(statement.as_bytes()));
    let signed = conns.sign_receipt(&statement);
    query(
        "INSERT INTO connect_receipts (workspace_id, id, connection_id, provider, disconnected_at, started_at, finished_at, statement, digest, \
         public_key, signature) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
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
    .bind(signed.public_key)
    .bind(signed.signature)
    .run(tx)
    .await
    .map(|_| ())
}

/// The newest receipt of a connection.
pub(crate) async fn latest(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Option<Receipt>> {
    query(
        "SELECT id, provider, disconnected_at, started_at, finished_at, statement, digest, public_key, signature FROM connect_receipts \
         WHERE workspace_id = $1 AND connection_id = $2 ORDER BY finished_at DESC, id DESC LIMIT 1",
    )
    .bind(workspace)
    .bind(connection)
    .first(on)
    .await
}
