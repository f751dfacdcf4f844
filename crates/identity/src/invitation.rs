//! Invitations: a link that makes whoever holds it a member, once, within seven days.

mod accept;

use atlas_kernel::{Actor, Error, InvitationId, Result, Role, Timestamp, WorkspaceId};
use atlas_store::{Event, Executor, Tx, query, record_event};
use jiff::SignedDuration;
use serde_json::json;

pub use self::accept::{Acceptance, accept_invitation};
use crate::secret::presented;
use crate::{MEMBERS_READ, MEMBERS_WRITE, Secret, member, person};

/// How long an invitation is good.
const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An invitation that waits, as listed.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The invitation.
    pub id: InvitationId,
    /// Whom it is for.
    pub email: String,
    /// The role they will have.
    pub role: Role,
    /// Who invited them.
    pub invited_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when the link is good.
    pub expires_at: Timestamp,
}

/// What somebody who holds the link is told.
#[derive(Clone, Debug)]
pub struct InvitationOffer {
    /// The invitation.
    pub id: InvitationId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub workspace_name: String,
    /// Whom it is for.
    pub email: String,
    /// The role they will have.
    pub role: Role,
    /// Who invited them.
    pub invited_by: String,
    /// Whether somebody with this e-mail has a password already, which they must then give.
    pub known: bool,
}

/// Invites somebody; an earlier invitation of the same e-mail stops working.
///
/// The secret goes into the link `/invitations/{secret}` and is not shown again.
///
/// # Errors
/// Denied without `members:write` or for a role above one's own; field errors for the e-mail.
pub async fn invite(tx: &Tx, actor: &Actor, email: &str, role: Role) -> Result<(Invitation, Secret)> {
    actor.may(&MEMBERS_WRITE)?;
    member::reaches(actor, role)?;
    let email = person::email(email)?;
    refuse_member(tx, actor.workspace, &email).await?;
    let earlier = query("DELETE FROM invitations WHERE workspace_id = $1 AND email = $2");
    earlier.bind(actor.workspace).bind(&email).run(tx).await?;
    let secret = Secret::random("");
    let expires_at = tx.now().checked_add(LIFETIME).map_err(Error::internal)?;
    let invited_by = actor.name.clone();
    let new = Invitation { id: InvitationId::new(tx.now()), email, role, invited_by, created_at: tx.now(), expires_at };
    insert(tx, actor, &new, &secret).await?;
    let data = json!({ "verb": "invited", "name": new.email, "to": format!("the workspace as {role}") });
    tell(tx, actor, "invitation.created", new.id, data).await?;
    Ok((new, secret))
}

async fn refuse_member(tx: &Tx, workspace: WorkspaceId, email: &str) -> Result<()> {
    let member = query(
        "SELECT COUNT(*) FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND u.email = $2 AND m.removed_at IS NULL",
    );
    if member.bind(workspace).bind(email).value::<i64>(tx).await? > 0 {
        return Err(Error::field("email", "already_member", "this person is a member already"));
    }
    Ok(())
}

async fn insert(tx: &Tx, actor: &Actor, new: &Invitation, secret: &Secret) -> Result<()> {
    let insert = query(
        "INSERT INTO invitations (workspace_id, id, email, role, secret_hash, invited_by, invited_by_name, created_at, expires_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
    );
    let insert = insert.bind(actor.workspace).bind(new.id).bind(&new.email).bind(new.role.as_str()).bind(secret.hash());
    insert.bind(actor.user).bind(&new.invited_by).bind(new.created_at).bind(new.expires_at).run(tx).await.map(|_| ())
}

/// The invitations that wait, newest first.
///
/// # Errors
/// Denied without `members:read`.
pub async fn list_invitations(on: &dyn Executor, actor: &Actor, now: Timestamp) -> Result<Vec<Invitation>> {
    actor.may(&MEMBERS_READ)?;
    let list = query(
        "SELECT id, email, role, invited_by_name, created_at, expires_at FROM invitations \
         WHERE workspace_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC",
    );
    let rows: Vec<(InvitationId, String, String, String, Timestamp, Timestamp)> = list.bind(actor.workspace).bind(now).all(on).await?;
    let invitation = |(id, email, role, invited_by, created_at, expires_at): (_, _, String, _, _, _)| {
        Ok(Invitation { id, email, role: role.parse()?, invited_by, created_at, expires_at })
    };
    rows.into_iter().map(invitation).collect()
}

/// Takes an invitation back; its link stops working.
///
/// # Errors
/// Denied without `members:write`, or for a role above one's own; not found.
pub async fn revoke_invitation(tx: &Tx, actor: &Actor, id: InvitationId) -> Result<()> {
    actor.may(&MEMBERS_WRITE)?;
    let find = query("SELECT email, role FROM invitations WHERE workspace_id = $1 AND id = $2");
    let found: Option<(String, String)> = find.bind(actor.workspace).bind(id).first(tx).await?;
    let (email, role) = found.ok_or(Error::NotFound("invitation"))?;
    member::reaches(actor, role.parse()?)?;
    query("DELETE FROM invitations WHERE workspace_id = $1 AND id = $2").bind(actor.workspace).bind(id).run(tx).await?;
    tell(tx, actor, "invitation.revoked", id, json!({ "verb": "took back the invitation of", "name": email })).await
}

/// What the link with this secret offers; `None` when it was used, taken back, or is too old.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_invitation(on: &dyn Executor, secret: &str, now: Timestamp) -> Result<Option<InvitationOffer>> {
    let Some(hash) = presented(secret, "") else { return Ok(None) };
    let find = query(
        "SELECT i.id, i.workspace_id, w.name AS workspace_name, i.email, i.role, i.invited_by_name, \
         (SELECT COUNT(*) FROM users u WHERE u.email = i.email) AS known \
         FROM invitations i JOIN workspaces w ON w.id = i.workspace_id WHERE i.secret_hash = $1 AND i.expires_at > $2",
    );
    let Some(row) = find.bind(hash).bind(now).first::<OfferRow>(on).await? else { return Ok(None) };
    Ok(Some(InvitationOffer {
        id: row.id,
        workspace: row.workspace_id,
        workspace_name: row.workspace_name,
        email: row.email,
        role: row.role.parse()?,
        invited_by: row.invited_by_name,
        known: row.known > 0,
    }))
}

atlas_store::row! {
    struct OfferRow {
        id: InvitationId,
        workspace_id: WorkspaceId,
        workspace_name: String,
        email: String,
        role: String,
        invited_by_name: String,
        known: i64,
    }
}

async fn tell(tx: &Tx, actor: &Actor, operation: &'static str, id: InvitationId, data: serde_json::Value) -> Result<()> {
    record_event(tx, actor, Event::new(tx.now(), operation, "record", id, data)).await?;
    tx.touch_topic(actor.workspace, "members");
    Ok(())
}
