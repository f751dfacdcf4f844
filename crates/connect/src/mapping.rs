//! Mappings: which Atlas record stands behind which record of a provider.

use std::collections::{BTreeMap, HashMap};

use atlas_kernel::{ConnectionId, Error, Ref, Result, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, query};

use crate::{Mapped, What};

atlas_store::row! {
    /// One record of a provider that stands behind an Atlas record.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mapping {
        /// The connection.
        pub connection_id: ConnectionId,
        /// The provider, such as `intercom`.
        pub provider: String,
        /// `person`, `company`, `conversation`, `message` or `teammate`.
        pub what: String,
        /// The provider's id.
        pub external_id: String,
    }
}

/// The Atlas record behind a record of the provider.
///
/// # Errors
/// Whatever the database answers.
pub async fn mapped(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: What,
    external_id: &str,
) -> Result<Option<Ref>> {
    let sql = "SELECT record, external_id FROM connect_mappings WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4";
    let row: Option<(Ref, String)> = query(sql).bind(workspace).bind(connection).bind(what.as_str()).bind(external_id).first(on).await?;
    Ok(row.map(|(record, _)| record))
}

/// The Atlas records behind many records of the provider; those without one are left out.
///
/// # Errors
/// Whatever the database answers.
pub async fn mapped_many(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: What,
    external_ids: &[String],
) -> Result<HashMap<String, Ref>> {
    let mut found = HashMap::new();
    for ids in external_ids.chunks(500) {
        let ask = query(
            "SELECT external_id, record FROM connect_mappings WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 \
             AND external_id IN ({list})",
        );
        let rows: Vec<(String, Ref)> = ask.bind(workspace).bind(connection).bind(what.as_str()).bind_list(ids).all(on).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Everything that stands behind an Atlas record, over all connections of the workspace.
///
/// # Errors
/// Whatever the database answers.
pub async fn mappings_of(on: &dyn Executor, workspace: WorkspaceId, record: &Ref) -> Result<Vec<Mapping>> {
    query(
        "SELECT m.connection_id, c.provider, m.what, m.external_id FROM connect_mappings m \
         JOIN connections c ON c.workspace_id = m.workspace_id AND c.id = m.connection_id \
         WHERE m.workspace_id = $1 AND m.record = $2 ORDER BY m.mapped_at, m.external_id",
    )
    .bind(workspace)
    .bind(record)
    .all(on)
    .await
}

/// A page of a connection's mappings of one kind, by the provider's id; `after` is the last id of the page before.
///
/// # Errors
/// Whatever the database answers.
pub async fn mappings_by(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: What,
    after: &str,
    limit: usize,
) -> Result<Vec<Mapped>> {
    let sql = "SELECT external_id, record FROM connect_mappings WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 \
         AND external_id > $4 ORDER BY external_id LIMIT $5";
    let rows = query(sql).bind(workspace).bind(connection).bind(what.as_str()).bind(after).bind(limit);
    let rows: Vec<(String, Ref)> = rows.all(on).await?;
    Ok(rows.into_iter().map(|(external_id, record)| Mapped { external_id, record }).collect())
}

/// Puts `record` behind the provider's `external_id`; a second time for the same record changes nothing.
///
/// # Errors
/// A conflict `mapped_elsewhere` when another record is behind it, see [`remap`]; whatever the database answers.
pub async fn map(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, what: What, external_id: &str, record: &Ref) -> Result<()> {
    match mapped(tx, workspace, connection, what, external_id).await? {
        Some(there) if there == *record => Ok(()),
        Some(there) => {
            let detail = format!("The provider's {} belongs to {there} already. The mapping was kept.", what.as_str());
            Err(Error::conflict("mapped_elsewhere", detail))
        }
        None => remap(tx, workspace, connection, what, external_id, record).await,
    }
}

/// Puts `record` behind the provider's `external_id`, whatever was there before.
///
/// # Errors
/// Whatever the database answers.
pub async fn remap(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, what: What, external_id: &str, record: &Ref) -> Result<()> {
    remap_many(tx, workspace, connection, what, &BTreeMap::from([(external_id, record.clone())])).await
}

/// Puts `record` behind an `external_id` that nothing is behind, together with others, see [`Insert::later`].
pub fn map_new(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, what: What, external_id: &str, record: &Ref) {
    let mut insert = Insert::into("connect_mappings", COLUMNS, "");
    insert.row().bind(workspace).bind(connection).bind(what.as_str()).bind(external_id).bind(record).bind(tx.now());
    insert.later(tx);
}

const COLUMNS: &str = "workspace_id, connection_id, what, external_id, record, mapped_at";

/// Puts records behind the provider's ids, whatever was there before, in few statements.
///
/// # Errors
/// Whatever the database answers.
pub async fn remap_many(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: What,
    records: &BTreeMap<&str, Ref>,
) -> Result<()> {
    let update = "ON CONFLICT (workspace_id, connection_id, what, external_id) DO UPDATE SET record = excluded.record, mapped_at = excluded.mapped_at";
    let mut insert = Insert::into("connect_mappings", COLUMNS, update);
    for (external_id, record) in records {
        insert.row().bind(workspace).bind(connection).bind(what.as_str()).bind(*external_id).bind(record).bind(tx.now());
    }
    insert.run(tx).await.map(|_| ())
}

/// Puts `to` behind everything that `from` stood behind, when two records become one; answers how many mappings moved.
///
/// # Errors
/// Whatever the database answers.
pub async fn remap_record(tx: &Tx, workspace: WorkspaceId, from: &Ref, to: &Ref) -> Result<u64> {
    let sql = "UPDATE connect_mappings SET record = $3, mapped_at = $4 WHERE workspace_id = $1 AND record = $2";
    query(sql).bind(workspace).bind(from).bind(to).bind(tx.now()).run(tx).await
}

/// Forgets which record is behind the provider's `external_id`; answers whether there was one.
///
/// # Errors
/// Whatever the database answers.
pub async fn unmap(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, what: What, external_id: &str) -> Result<bool> {
    let sql = "DELETE FROM connect_mappings WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4";
    let gone = query(sql).bind(workspace).bind(connection).bind(what.as_str()).bind(external_id).run(tx).await?;
    Ok(gone > 0)
}

/// Forgets everything behind a record, when the record is deleted; answers how many mappings there were.
///
/// # Errors
/// Whatever the database answers.
pub async fn unmap_record(tx: &Tx, workspace: WorkspaceId, record: &Ref) -> Result<u64> {
    unmap_records(tx, workspace, std::slice::from_ref(record)).await
}

/// [`unmap_record`] for several records, some hundred at most.
///
/// # Errors
/// Whatever the database answers.
pub async fn unmap_records(tx: &Tx, workspace: WorkspaceId, records: &[Ref]) -> Result<u64> {
    let sql = "DELETE FROM connect_mappings WHERE workspace_id = $1 AND record IN ({list})";
    query(sql).bind(workspace).bind_list(records).run(tx).await
}
