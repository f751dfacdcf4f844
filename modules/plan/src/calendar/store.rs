//! Hours and busy time in the database.

use std::collections::HashMap;

use atlas_kernel::{Error, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx, built_query, query};

use super::{Busy, Hours};
use crate::BusyId;

const COLUMNS: &str = "id, user_id, kind, title, start_at, finish_at, source";

/// The hours of everybody who has set them.
pub async fn all_hours(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashMap<UserId, Hours>> {
    let rows: Vec<(UserId, serde_json::Value)> =
        query("SELECT user_id, body FROM plan_hours WHERE workspace_id = $1").bind(workspace).all(on).await?;
    rows.into_iter().map(|(user, body)| Ok((user, serde_json::from_value(body).map_err(Error::internal)?))).collect()
}

/// One member's hours, when they have set them.
pub async fn hours(on: &dyn Executor, workspace: WorkspaceId, user: UserId) -> Result<Option<Hours>> {
    let body: Vec<serde_json::Value> =
        query("SELECT body FROM plan_hours WHERE workspace_id = $1 AND user_id = $2").bind(workspace).bind(user).values(on).await?;
    body.into_iter().next().map(serde_json::from_value).transpose().map_err(Error::internal)
}

/// Writes a member's hours.
pub async fn put_hours(tx: &Tx, workspace: WorkspaceId, user: UserId, hours: &Hours) -> Result<()> {
    let put = "INSERT INTO plan_hours (workspace_id, user_id, body) VALUES ($1,$2,$3) \
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET body = excluded.body";
    query(put).bind(workspace).bind(user).bind(serde_json::to_value(hours).map_err(Error::internal)?).run(tx).await.map(|_| ())
}

/// Keeps the digest of a member's feed address; none ends the feed.
pub async fn put_feed(tx: &Tx, workspace: WorkspaceId, user: UserId, feed: Option<String>) -> Result<()> {
    let hours = hours(tx, workspace, user).await?.unwrap_or_default();
    put_hours(tx, workspace, user, &hours).await?;
    let put = query("UPDATE plan_hours SET feed = $3 WHERE workspace_id = $1 AND user_id = $2");
    put.bind(workspace).bind(user).bind(feed).run(tx).await.map(|_| ())
}

/// Whose feed has this digest.
pub async fn feed_owner(on: &dyn Executor, workspace: WorkspaceId, feed: &str) -> Result<Option<UserId>> {
    let owner = query("SELECT user_id FROM plan_hours WHERE workspace_id = $1 AND feed = $2");
    Ok(owner.bind(workspace).bind(feed).values(on).await?.pop())
}

/// Whether a member has a feed.
pub async fn has_feed(on: &dyn Executor, workspace: WorkspaceId, user: UserId) -> Result<bool> {
    let count = query("SELECT COUNT(*) FROM plan_hours WHERE workspace_id = $1 AND user_id = $2 AND feed IS NOT NULL");
    Ok(count.bind(workspace).bind(user).value::<i64>(on).await? > 0)
}

/// Everybody's busy time that ends after this moment, by start.
pub async fn busy_after(on: &dyn Executor, workspace: WorkspaceId, after: Timestamp) -> Result<Vec<Busy>> {
    let sql = format!("SELECT {COLUMNS} FROM plan_busy WHERE workspace_id = $1 AND finish_at > $2 ORDER BY start_at, id");
    built_query(sql).bind(workspace).bind(after).all(on).await
}

/// A member's busy time that touches this stretch, by start.
pub async fn busy_between(on: &dyn Executor, workspace: WorkspaceId, user: UserId, from: Timestamp, until: Timestamp) -> Result<Vec<Busy>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM plan_busy WHERE workspace_id = $1 AND user_id = $2 AND finish_at > $3 AND start_at < $4 \
         ORDER BY start_at, id LIMIT 2000"
    );
    built_query(sql).bind(workspace).bind(user).bind(from).bind(until).all(on).await
}

/// One busy block.
pub async fn busy(on: &dyn Executor, workspace: WorkspaceId, id: BusyId) -> Result<Option<Busy>> {
    let sql = format!("SELECT {COLUMNS} FROM plan_busy WHERE workspace_id = $1 AND id = $2");
    built_query(sql).bind(workspace).bind(id).first(on).await
}

/// Writes a busy block, new or changed.
pub async fn put_busy(tx: &Tx, workspace: WorkspaceId, busy: &Busy) -> Result<()> {
    let put = "INSERT INTO plan_busy (workspace_id, id, user_id, kind, title, start_at, finish_at, source) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET kind = excluded.kind, title = excluded.title, start_at = excluded.start_at, \
         finish_at = excluded.finish_at";
    let put = query(put).bind(workspace).bind(busy.id).bind(busy.user_id).bind(busy.kind).bind(&busy.title);
    put.bind(busy.start_at).bind(busy.finish_at).bind(busy.source.clone()).run(tx).await.map(|_| ())
}

/// Removes a busy block.
pub async fn remove_busy(tx: &Tx, workspace: WorkspaceId, id: BusyId) -> Result<()> {
    query("DELETE FROM plan_busy WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await.map(|_| ())
}

/// What was read from one of a member's calendars.
pub async fn of_source(on: &dyn Executor, workspace: WorkspaceId, user: UserId, source: &str) -> Result<Vec<Busy>> {
    let sql = format!("SELECT {COLUMNS} FROM plan_busy WHERE workspace_id = $1 AND user_id = $2 AND source = $3 ORDER BY start_at, id");
    built_query(sql).bind(workspace).bind(user).bind(source).all(on).await
}
