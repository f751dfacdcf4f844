//! The raw log: every answer as it came, sealed, in the order of arrival.

use std::collections::HashMap;
use std::ops::Range;

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, query};
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

/// An entry with its number, ready to be written.
pub(crate) struct Sealed {
    seq: i64,
    kind: &'static str,
    object: String,
    external_id: String,
    version: i64,
    fetched_at: Timestamp,
    hash: Vec<u8>,
    body: Vec<u8>,
}

impl Sealed {
    /// Whether it is an answer for this object.
    pub fn is_of(&self, object: &str, external_id: &str) -> bool {
        (self.object.as_str(), self.external_id.as_str()) == (object, external_id)
    }
}

/// The next numbers of the log; one that is not used stays unused. Until the transaction ends, no other one writes for this connection.
pub(crate) async fn take_numbers(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, count: usize) -> Result<Range<i64>> {
    let last: i64 = query(
        "INSERT INTO connect_sequences (workspace_id, connection_id, next) VALUES ($1, $2, $3) \
         ON CONFLICT (workspace_id, connection_id) DO UPDATE SET next = connect_sequences.next + excluded.next RETURNING next",
    )
    .bind(workspace)
    .bind(connection)
    .bind(count)
    .value(tx)
    .await?;
    Ok(last - i64::try_from(count).unwrap_or(0) + 1..last + 1)
}

/// Appends to the log.
pub(crate) async fn append(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, entries: Vec<Sealed>) -> Result<()> {
    let columns = "workspace_id, connection_id, seq, kind, object, external_id, version, fetched_at, hash, body";
    let mut insert = Insert::into("connect_raw", columns, "");
    for entry in entries {
        insert
            .row()
            .bind(workspace)
            .bind(connection)
            .bind(entry.seq)
            .bind(entry.kind)
            .bind(entry.object)
            .bind(entry.external_id)
            .bind(entry.version)
            .bind(entry.fetched_at)
            .bind(entry.hash)
            .bind(entry.body);
    }
    insert.run(tx).await.map(|_| ())
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
    /// Seals an entry for its place in the log.
    pub(crate) fn sealed(&self, workspace: WorkspaceId, connection: ConnectionId, seq: i64, entry: &Entry<'_>) -> Result<Sealed> {
        Ok(Sealed {
            seq,
            kind: entry.kind,
            object: entry.object.to_owned(),
            external_id: entry.external_id.to_owned(),
            version: entry.version,
            fetched_at: entry.fetched_at,
            hash: entry.hash.to_vec(),
            body: self.seal(workspace, &aad(connection, seq), entry.body)?,
        })
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

    /// The entries with these numbers, those that are there.
    pub(crate) async fn raw_at(
        &self,
        on: &dyn Executor,
        workspace: WorkspaceId,
        connection: ConnectionId,
        numbers: &[i64],
    ) -> Result<HashMap<i64, RawRow>> {
        let ask = query(
            "SELECT seq, kind, object, external_id, version, fetched_at, hash, body FROM connect_raw \
             WHERE workspace_id = $1 AND connection_id = $2 AND seq IN ({list})",
        );
        let rows: Vec<RawRow> = ask.bind(workspace).bind(connection).bind_list(numbers.iter().copied()).all(on).await?;
        rows.into_iter().map(|row| Ok((row.seq, self.unsealed(workspace, connection, row)?))).collect()
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
