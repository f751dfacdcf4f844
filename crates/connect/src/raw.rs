//! The raw log: every answer as it came, sealed, in the order of arrival.

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx, query};
use sha2::{Digest, Sha256};

use crate::Connections;

/// An answer with an object in it.
pub(crate) const OBJECT: &str = "object";
/// What the provider's "it is gone" meant.
pub(crate) const GONE: &str = "gone";

/// What is appended.
pub(crate) struct Entry<'a> {
    pub kind: &'static str,
    pub object: &'a str,
    pub external_id: &'a str,
    pub version: i64,
    pub fetched_at: Timestamp,
    pub hash: &'a [u8],
    pub body: &'a [u8],
}

atlas_store::row! {
    /// One entry as stored.
    pub(crate) struct RawRow {
        pub seq: i64,
        pub kind: String,
        pub object: String,
        pub external_id: String,
        pub version: i64,
        pub fetched_at: Timestamp,
        pub hash: Vec<u8>,
        pub body: Vec<u8>,
    }
}

/// The content hash of an answer.
pub(crate) fn hash(body: &[u8]) -> Vec<u8> {
    Sha256::digest(body).to_vec()
}

fn aad(connection: ConnectionId, seq: i64) -> String {
    format!("raw:{connection}:{seq}")
}

/// The next number of the log. Until the transaction ends, no other one writes for this connection.
pub(crate) async fn next_seq(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId) -> Result<i64> {
    query(
        "INSERT INTO connect_sequences (workspace_id, connection_id, next) VALUES ($1, $2, 1) \
         ON CONFLICT (workspace_id, connection_id) DO UPDATE SET next = connect_sequences.next + 1 RETURNING next",
    )
    .bind(workspace)
    .bind(connection)
    .value(tx)
    .await
}

/// Makes this transaction the only one that writes for the connection, so that "which is newer" is decided once.
pub(crate) async fn lock(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId) -> Result<()> {
    query(
        "INSERT INTO connect_sequences (workspace_id, connection_id, next) VALUES ($1, $2, 0) \
         ON CONFLICT (workspace_id, connection_id) DO UPDATE SET next = connect_sequences.next",
    )
    .bind(workspace)
    .bind(connection)
    .run(tx)
    .await
    .map(|_| ())
}

impl Connections {
    /// Appends to the log; answers the entry's number.
    pub(crate) async fn append_raw(&self, tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, entry: &Entry<'_>) -> Result<i64> {
        let seq = next_seq(tx, workspace, connection).await?;
        let sealed = self.seal(workspace, &aad(connection, seq), entry.body)?;
        query(
            "INSERT INTO connect_raw (workspace_id, connection_id, seq, kind, object, external_id, version, fetched_at, hash, body) \
             VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
        )
        .bind(workspace)
        .bind(connection)
        .bind(seq)
        .bind(entry.kind)
        .bind(entry.object)
        .bind(entry.external_id)
        .bind(entry.version)
        .bind(entry.fetched_at)
        .bind(entry.hash)
        .bind(sealed)
        .run(tx)
        .await?;
        Ok(seq)
    }

    /// Entries after `after`, in order.
    pub(crate) async fn raw_after(
        &self,
        on: &dyn Executor,
        workspace: WorkspaceId,
        connection: ConnectionId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<RawRow>> {
        let sql = "SELECT seq, kind, object, external_id, version, fetched_at, hash, body FROM connect_raw \
             WHERE workspace_id = $1 AND connection_id = $2 AND seq > $3 ORDER BY seq LIMIT $4";
        let rows: Vec<RawRow> = query(sql).bind(workspace).bind(connection).bind(after).bind(limit).all(on).await?;
        rows.into_iter().map(|row| self.unsealed(workspace, connection, row)).collect()
    }

    /// All entries of one object, in order.
    pub(crate) async fn raw_of(
        &self,
        on: &dyn Executor,
        workspace: WorkspaceId,
        connection: ConnectionId,
        object: &str,
        external_id: &str,
    ) -> Result<Vec<RawRow>> {
        let sql = "SELECT seq, kind, object, external_id, version, fetched_at, hash, body FROM connect_raw \
             WHERE workspace_id = $1 AND connection_id = $2 AND object = $3 AND external_id = $4 ORDER BY seq";
        let rows: Vec<RawRow> = query(sql).bind(workspace).bind(connection).bind(object).bind(external_id).all(on).await?;
        rows.into_iter().map(|row| self.unsealed(workspace, connection, row)).collect()
    }

    /// One entry.
    pub(crate) async fn raw_at(
        &self,
        on: &dyn Executor,
        workspace: WorkspaceId,
        connection: ConnectionId,
        seq: i64,
    ) -> Result<Option<RawRow>> {
        let rows = self.raw_after(on, workspace, connection, seq - 1, 1).await?;
        Ok(rows.into_iter().find(|row| row.seq == seq))
    }

    fn unsealed(&self, workspace: WorkspaceId, connection: ConnectionId, row: RawRow) -> Result<RawRow> {
        let body = self.unseal(workspace, &aad(connection, row.seq), &row.body)?.to_vec();
        Ok(RawRow { body, ..row })
    }
}

/// Erases the entries of one object whose content the provider had removed; answers how many.
pub(crate) async fn erase(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, object: &str, external_id: &str) -> Result<u64> {
    query("DELETE FROM connect_raw WHERE workspace_id = $1 AND connection_id = $2 AND object = $3 AND external_id = $4")
        .bind(workspace)
        .bind(connection)
        .bind(object)
        .bind(external_id)
        .run(tx)
        .await
}
