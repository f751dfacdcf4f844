//! What tasks need to know of the workspace itself: its name, and whose "today" a rule means.

use atlas_kernel::{Result, UserId, WorkspaceId};
use atlas_store::{Executor, query};
use jiff::tz::TimeZone;

/// The workspace's name; `Work` for a workspace that has none.
///
/// # Errors
/// Whatever the database answers.
pub async fn name(on: &dyn Executor, workspace: WorkspaceId) -> Result<String> {
    let names: Vec<String> = query("SELECT name FROM workspaces WHERE id = $1").bind(workspace).values(on).await?;
    Ok(names.into_iter().next().unwrap_or_else(|| "Work".to_owned()))
}

/// The time zone of a member, else of the workspace's first owner, else UTC.
///
/// # Errors
/// Whatever the database answers.
pub async fn zone(on: &dyn Executor, workspace: WorkspaceId, member: Option<UserId>) -> Result<TimeZone> {
    let zones: Vec<(UserId, String)> = query(
        "SELECT u.id, u.time_zone FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND m.removed_at IS NULL AND (m.role = 'owner' OR u.id = $2) ORDER BY m.joined_at, u.id",
    )
    .bind(workspace)
    .bind(member)
    .all(on)
    .await?;
    let chosen = zones.iter().find(|(id, _)| Some(*id) == member).or(zones.first());
    Ok(chosen.and_then(|(_, name)| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC))
}
