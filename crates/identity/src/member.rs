//! Members: who is in the workspace, in which role, and who may change that.

use atlas_kernel::{Actor, Error, Result, Role, Timestamp, UserId, WorkspaceId};
use atlas_store::{Event, Executor, Tx, built_query, query, record_event};
use serde_json::json;

use crate::password::PasswordHash;
use crate::workspace::{home_in, put_user};
use crate::{MEMBERS_READ, MEMBERS_WRITE, PROFILE_WRITE};

/// A member, as listed.
#[derive(Clone, Debug)]
pub struct Member {
    /// The person.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// When they joined.
    pub joined_at: Timestamp,
    /// When they last used Atlas here in a browser.
    pub last_seen_at: Option<Timestamp>,
}

/// The members of the workspace, by name.
///
/// # Errors
/// Denied without `members:read`.
pub async fn list_members(on: &dyn Executor, actor: &Actor) -> Result<Vec<Member>> {
    actor.may(&MEMBERS_READ)?;
    let list = query(
        "SELECT u.id, u.name, u.email, m.role, m.joined_at, \
         (SELECT MAX(s.last_seen_at) FROM sessions s WHERE s.workspace_id = m.workspace_id AND s.user_id = m.user_id) \
         FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND m.removed_at IS NULL ORDER BY lower(u.name), u.id",
    );
    let rows: Vec<(UserId, String, String, String, Timestamp, Option<Timestamp>)> = list.bind(actor.workspace).all(on).await?;
    let member = |(id, name, email, role, joined_at, last_seen_at): (_, _, _, String, _, _)| {
        Ok(Member { id, name, email, role: role.parse()?, joined_at, last_seen_at })
    };
    rows.into_iter().map(member).collect()
}

/// Gives a member another role.
///
/// # Errors
/// Denied without `members:write`, and for admins where owners are concerned (`owners:write`); not found when they are
/// not a member; a conflict `last_owner`.
pub async fn change_role(tx: &Tx, actor: &Actor, member: UserId, role: Role) -> Result<()> {
    actor.may(&MEMBERS_WRITE)?;
    let (name, before) = load(tx, actor.workspace, member).await?;
    reaches(actor, before)?;
    reaches(actor, role)?;
    if before == role {
        return Ok(());
    }
    keep_an_owner(tx, actor.workspace, before, "Make somebody else an owner first.").await?;
    let update = query("UPDATE memberships SET role = $3 WHERE workspace_id = $1 AND user_id = $2");
    update.bind(actor.workspace).bind(member).bind(role.as_str()).run(tx).await?;
    let fields = json!({ "role": { "before": before.as_str(), "after": role.as_str() } });
    let data = json!({ "verb": "changed the role of", "name": name, "change": format!("{before} → {role}"), "fields": fields });
    tell(tx, actor, "member.role_changed", member, data).await
}

/// Takes a member out of the workspace, with their sessions and tokens here; oneself with any role.
///
/// # Errors
/// As [`change_role`].
pub async fn remove_member(tx: &Tx, actor: &Actor, member: UserId) -> Result<()> {
    let leaving = actor.user == Some(member);
    actor.may(if leaving { &PROFILE_WRITE } else { &MEMBERS_WRITE })?;
    let (name, role) = load(tx, actor.workspace, member).await?;
    reaches(actor, role)?;
    keep_an_owner(tx, actor.workspace, role, "Make somebody else an owner first.").await?;
    let removed = query("UPDATE memberships SET removed_at = $3 WHERE workspace_id = $1 AND user_id = $2");
    removed.bind(actor.workspace).bind(member).bind(tx.now()).run(tx).await?;
    query("DELETE FROM sessions WHERE workspace_id = $1 AND user_id = $2").bind(actor.workspace).bind(member).run(tx).await?;
    query("DELETE FROM tokens WHERE workspace_id = $1 AND user_id = $2").bind(actor.workspace).bind(member).run(tx).await?;
    let verb = if leaving { "left the workspace as" } else { "removed" };
    tell(tx, actor, "member.removed", member, json!({ "verb": verb, "name": name })).await
}

/// Makes the person a member, again if they were one before.
pub(crate) async fn join(tx: &Tx, workspace: WorkspaceId, user: UserId, role: Role) -> Result<()> {
    let upsert = query(
        "INSERT INTO memberships (workspace_id, user_id, role, joined_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role, joined_at = excluded.joined_at, removed_at = NULL",
    );
    upsert.bind(workspace).bind(user).bind(role.as_str()).bind(tx.now()).run(tx).await?;
    tx.touch_topic(workspace, "members");
    Ok(())
}

/// Makes a new person, who cannot sign in, a member: for benchmarks and tests, whose people are callers only.
///
/// # Errors
/// Field errors; [`Error::Duplicate`] when the address is somebody's already.
pub async fn put_member(tx: &Tx, workspace: WorkspaceId, role: Role, name: &str, email: &str, time_zone: &str) -> Result<Actor> {
    let user = put_user(tx, email, name, &PasswordHash::nobodys(), time_zone).await?;
    join(tx, workspace, user, role).await?;
    home_in(tx, workspace, user).await
}

/// Nobody touches what is above them, nor makes anybody more than they are.
pub(crate) fn reaches(actor: &Actor, role: Role) -> Result<()> {
    if role > actor.role {
        return Err(Error::Denied { permission: "owners:write", missing_scopes: vec![] });
    }
    Ok(())
}

async fn load(tx: &Tx, workspace: WorkspaceId, user: UserId) -> Result<(String, Role)> {
    let load = query(
        "SELECT u.name, m.role FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND m.user_id = $2 AND m.removed_at IS NULL",
    );
    let found: Option<(String, String)> = load.bind(workspace).bind(user).first(tx).await?;
    let (name, role) = found.ok_or(Error::NotFound("member"))?;
    Ok((name, role.parse()?))
}

/// All owners are locked, so that two of them cannot step down for one another at once.
async fn keep_an_owner(tx: &Tx, workspace: WorkspaceId, losing: Role, remedy: &str) -> Result<()> {
    if losing != Role::Owner {
        return Ok(());
    }
    let sql = "SELECT user_id FROM memberships WHERE workspace_id = $1 AND role = 'owner' AND removed_at IS NULL ORDER BY user_id";
    let owners: Vec<UserId> = built_query(format!("{sql}{}", tx.dialect().for_update())).bind(workspace).values(tx).await?;
    if owners.len() < 2 {
        return Err(Error::conflict("last_owner", format!("Nothing was changed: this is the workspace's only owner. {remedy}")));
    }
    Ok(())
}

async fn tell(tx: &Tx, actor: &Actor, operation: &'static str, member: UserId, data: serde_json::Value) -> Result<()> {
    record_event(tx, actor, Event::new(tx.now(), operation, "record", member, data)).await?;
    tx.touch_topic(actor.workspace, "members");
    Ok(())
}
