//! Tallies: counters by the hour, from which health figures and the thirty-day strip are drawn.

use std::collections::BTreeMap;

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, query};

/// A notice was accepted.
pub(crate) const ACCEPTED: &str = "accepted";
/// A notice that had come before.
pub(crate) const REPEATED: &str = "repeated";
/// A notice without a right signature.
pub(crate) const REJECTED: &str = "rejected";
/// A call to the provider.
pub(crate) const CALLS: &str = "calls";
/// An answer that said "too many".
pub(crate) const TOO_MANY: &str = "too_many";
/// A sync that ended well.
pub(crate) const SYNC_OK: &str = "sync_ok";
/// A sync that did not.
pub(crate) const SYNC_FAILED: &str = "sync_failed";
/// Signals worked off.
pub(crate) const SIGNALS: &str = "signals";
/// Fields written to the provider.
pub(crate) const WRITES: &str = "writes";
/// A topic's deliveries: `topic:` and its name.
pub(crate) fn topic(name: &str) -> String {
    format!("topic:{name}")
}

/// The hour a moment falls in, counted since 1970.
pub(crate) fn hour(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

/// Adds to a counter of this hour.
pub(crate) async fn add(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, name: &str, count: i64) -> Result<()> {
    add_all(tx, workspace, connection, [(name.to_owned(), count)]).await
}

/// Adds to several counters of this hour at once. Everybody takes them in the order of their names, so that nobody waits in a circle.
pub(crate) async fn add_all(
    tx: &Tx,
    workspace: WorkspaceId,
    connection: ConnectionId,
    counts: impl IntoIterator<Item = (String, i64)>,
) -> Result<()> {
    let counts: BTreeMap<String, i64> = counts.into_iter().filter(|(_, count)| *count != 0).collect();
    let added = "ON CONFLICT (workspace_id, connection_id, name, hour) DO UPDATE SET count = connect_tallies.count + excluded.count";
    let mut insert = Insert::into("connect_tallies", "workspace_id, connection_id, name, hour, count", added);
    for (name, count) in counts {
        insert.row().bind(workspace).bind(connection).bind(name).bind(hour(tx.now())).bind(count);
    }
    insert.run(tx).await.map(|_| ())
}

/// The sums of all counters since a moment, by name.
pub(crate) async fn sums(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    since: Timestamp,
) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = query(
        "SELECT name, CAST(SUM(count) AS BIGINT) FROM connect_tallies WHERE workspace_id = $1 AND connection_id = $2 AND hour >= $3 \
         GROUP BY name ORDER BY name",
    )
    .bind(workspace)
    .bind(connection)
    .bind(hour(since))
    .all(on)
    .await?;
    Ok(rows.into_iter().collect())
}

/// The counters of syncs and refusals since a moment, by hour.
pub(crate) async fn by_hour(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    since: Timestamp,
) -> Result<Vec<(i64, String, i64)>> {
    query(
        "SELECT hour, name, count FROM connect_tallies WHERE workspace_id = $1 AND connection_id = $2 AND hour >= $3 \
         AND name IN ('sync_ok', 'sync_failed', 'accepted', 'rejected', 'too_many') ORDER BY hour",
    )
    .bind(workspace)
    .bind(connection)
    .bind(hour(since))
    .all(on)
    .await
}
