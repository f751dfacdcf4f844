//! What a provider took away, kept so that a late arrival does not bring it back.

use std::collections::{BTreeMap, BTreeSet};

use atlas_kernel::{ConnectionId, Result, WorkspaceId};
use atlas_store::{Executor, Tx, query};

/// The word for a message whose content must go while the message stays.
pub(super) const REDACTED: &str = "redacted";

/// Whether the provider's record was taken away or merged into another.
pub(super) async fn is_gone(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: &str,
    external_id: &str,
) -> Result<bool> {
    Ok(!gone(on, workspace, connection, what, &[external_id]).await?.is_empty())
}

/// Which of these were taken away.
pub(super) async fn gone(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: &str,
    external_ids: &[&str],
) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for ids in external_ids.chunks(500) {
        let ask = query(
            "SELECT external_id FROM tombstones WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id IN ({list})",
        );
        let ask = ask.bind(workspace).bind(connection).bind(what).bind_list(ids.iter().copied());
        found.extend(ask.values::<String>(on).await?);
    }
    Ok(found)
}

/// Notes that something was taken away; `into` names what it was merged into.
pub(super) async fn bury(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    what: &str,
    external_id: &str,
    into: Option<&str>,
) -> Result<()> {
    query(
        "INSERT INTO tombstones (workspace_id, connection_id, what, external_id, merged_into) VALUES ($1,$2,$3,$4,$5) \
         ON CONFLICT (workspace_id, connection_id, what, external_id) DO UPDATE SET \
         merged_into = COALESCE(excluded.merged_into, tombstones.merged_into)",
    )
    .bind(workspace)
    .bind(connection)
    .bind(what)
    .bind(external_id)
    .bind(into)
    .run(tx)
    .await
    .map(|_| ())
}

/// The provider's record is there after all; what was merged into another stays so.
pub(super) async fn lift(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, what: &str, external_id: &str) -> Result<()> {
    let sql = "DELETE FROM tombstones WHERE workspace_id = $1 AND connection_id = $2 AND what = $3 AND external_id = $4 \
               AND merged_into IS NULL";
    query(sql).bind(workspace).bind(connection).bind(what).bind(external_id).run(tx).await.map(|_| ())
}

/// A chain of merges is followed no further than this.
const MOST_HOPS: usize = 8;

/// The ids that stay for these people, after all merges that are known.
pub(super) async fn survivors(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    external_ids: &[String],
) -> Result<BTreeMap<String, String>> {
    let mut now: BTreeMap<String, String> = external_ids.iter().map(|id| (id.clone(), id.clone())).collect();
    for _ in 0..MOST_HOPS {
        let asked: BTreeSet<&str> = now.values().map(String::as_str).collect();
        let asked: Vec<&str> = asked.into_iter().collect();
        let mut moved: BTreeMap<String, String> = BTreeMap::new();
        for ids in asked.chunks(500) {
            let ask = query(
                "SELECT external_id, merged_into FROM tombstones WHERE workspace_id = $1 AND connection_id = $2 AND what = 'person' \
                 AND merged_into IS NOT NULL AND external_id IN ({list})",
            );
            let ask = ask.bind(workspace).bind(connection).bind_list(ids.iter().copied());
            moved.extend(ask.all::<(String, String)>(on).await?);
        }
        if moved.is_empty() {
            break;
        }
        for id in now.values_mut() {
            if let Some(into) = moved.get(id) {
                id.clone_from(into);
            }
        }
    }
    Ok(now)
}
