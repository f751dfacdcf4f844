//! Connections in the database.

use atlas_kernel::{ConnectionId, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx, built_query, query};

use super::{Connection, ConnectionState};

const BY_SLUG: &str = "SELECT * FROM connections WHERE workspace_id = $1 AND slug = $2";
const TO_PROVIDER: &str = "SELECT * FROM connections WHERE workspace_id = $1 AND provider = $2 ORDER BY id";
const BY_ID: &str = "SELECT * FROM connections WHERE workspace_id = $1 AND id = $2";
const OF_WORKSPACE: &str = "SELECT * FROM connections WHERE workspace_id = $1 ORDER BY provider, created_at, id";
// Across workspaces, for notices (which name no workspace of ours) and schedules.
const OF_PROVIDER: &str = "SELECT * FROM connections WHERE provider = $1 ORDER BY workspace_id";
const DUE_TO_POLL: &str = "SELECT * FROM connections WHERE state = 'connected' AND NOT paused AND (next_poll_at IS NULL OR next_poll_at <= $1) \
     ORDER BY next_poll_at LIMIT 500";
const DUE_FOR_PURGE: &str = "SELECT * FROM connections WHERE state = 'disconnected' AND purge_due_at <= $1 ORDER BY purge_due_at LIMIT 100";
const STALE_CONNECTING: &str = "SELECT * FROM connections c WHERE state = 'connecting' AND NOT EXISTS \
     (SELECT 1 FROM connect_states s WHERE s.workspace_id = c.workspace_id AND s.connection_id = c.id AND s.expires_at > $1) LIMIT 100";

/// The states in which notices are kept for later.
pub(crate) const CONNECTED: [ConnectionState; 2] = [ConnectionState::Connected, ConnectionState::NeedsAttention];

/// The connection that is called so in addresses.
pub(crate) async fn by_slug(on: &dyn Executor, workspace: WorkspaceId, slug: &str) -> Result<Option<Connection>> {
    query(BY_SLUG).bind(workspace).bind(slug).first(on).await
}

/// All connections of a workspace to a provider, locked until the transaction ends.
pub(crate) async fn lock_all(tx: &Tx, workspace: WorkspaceId, provider: &str) -> Result<Vec<Connection>> {
    built_query(format!("{TO_PROVIDER}{}", tx.dialect().for_update())).bind(workspace).bind(provider).all(tx).await
}

/// The connection with this id.
pub(crate) async fn by_id(on: &dyn Executor, workspace: WorkspaceId, id: ConnectionId) -> Result<Option<Connection>> {
    query(BY_ID).bind(workspace).bind(id).first(on).await
}

/// All connections of a workspace.
pub(crate) async fn of_workspace(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Connection>> {
    query(OF_WORKSPACE).bind(workspace).all(on).await
}

/// The connections of all workspaces to a provider.
pub(crate) async fn of_provider(on: &dyn Executor, provider: &str) -> Result<Vec<Connection>> {
    query(OF_PROVIDER).bind(provider).all(on).await
}

/// Connections whose next poll is due.
pub(crate) async fn due_to_poll(on: &dyn Executor, now: Timestamp) -> Result<Vec<Connection>> {
    query(DUE_TO_POLL).bind(now).all(on).await
}

/// Ended connections whose data is to go now.
pub(crate) async fn due_for_purge(on: &dyn Executor, now: Timestamp) -> Result<Vec<Connection>> {
    query(DUE_FOR_PURGE).bind(now).all(on).await
}

/// Connections whose consent was never finished.
pub(crate) async fn stale_connecting(on: &dyn Executor, now: Timestamp) -> Result<Vec<Connection>> {
    query(STALE_CONNECTING).bind(now).all(on).await
}

/// Sets the state, clears the error unless there is one to keep, and tells open pages.
pub(crate) async fn set_state(tx: &Tx, connection: &Connection, state: ConnectionState) -> Result<()> {
    query(
        "UPDATE connections SET state = $3, error_code = NULL, error_message = NULL, error_at = NULL, version = version + 1, \
         updated_at = $4 WHERE workspace_id = $1 AND id = $2",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(state)
    .bind(tx.now())
    .run(tx)
    .await?;
    touch(tx, connection);
    Ok(())
}

/// Stops a working connection with the provider's code; answers whether it was this call that did.
pub(crate) async fn put_attention(tx: &Tx, connection: &Connection, code: &str, message: &str) -> Result<bool> {
    let sql = "UPDATE connections SET state = 'needs_attention', error_code = $3, error_message = $4, error_at = $5, version = version + 1, \
         updated_at = $5 WHERE workspace_id = $1 AND id = $2 AND state = 'connected'";
    let changed = query(sql)
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(code)
        .bind(message.chars().take(300).collect::<String>())
        .bind(tx.now())
        .run(tx)
        .await?;
    touch(tx, connection);
    Ok(changed > 0)
}

/// Counts a change of the row that another statement made, and tells open pages.
pub(crate) async fn bump(tx: &Tx, connection: &Connection) -> Result<()> {
    query("UPDATE connections SET version = version + 1, updated_at = $3 WHERE workspace_id = $1 AND id = $2")
        .bind(connection.workspace_id)
        .bind(connection.id)
        .bind(tx.now())
        .run(tx)
        .await?;
    touch(tx, connection);
    Ok(())
}

fn touch(tx: &Tx, connection: &Connection) {
    tx.touch(connection.workspace_id, &connection.to_ref());
    tx.touch_topic(connection.workspace_id, "connections");
}

/// From when on what a connection brings is news and not history; none before it was connected.
///
/// # Errors
/// Whatever the database answers.
pub async fn live_since(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Option<Timestamp>> {
    let since = query("SELECT live_since FROM connections WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(connection);
    Ok(since.values::<Option<Timestamp>>(on).await?.into_iter().next().flatten())
}
