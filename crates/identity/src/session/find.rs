//! From a cookie to the actor behind it: one read, and at most one write a minute.

use atlas_kernel::{Actor, Result, Role, SessionId, Timestamp, UserId, Via, WorkspaceId};
use atlas_store::{Db, query};
use jiff::SignedDuration;

use super::{Me, expired_at};
use crate::secret::presented;
use crate::{Density, Theme};

/// How old `last_seen_at` may be before it is written again.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

atlas_store::row! {
    struct Found {
        workspace_id: WorkspaceId,
        id: SessionId,
        user_id: UserId,
        last_seen_at: Timestamp,
        role: String,
        name: String,
        email: String,
        time_zone: String,
        theme: Theme,
        density: Density,
        single_keys: bool,
        workspace_name: String,
    }
}

const FIND: &str = "SELECT s.workspace_id, s.id, s.user_id, s.last_seen_at, m.role, u.name, u.email, u.time_zone, u.theme, u.density, \
     u.single_keys, w.name AS workspace_name FROM sessions s \
     JOIN memberships m ON m.workspace_id = s.workspace_id AND m.user_id = s.user_id AND m.removed_at IS NULL \
     JOIN users u ON u.id = s.user_id JOIN workspaces w ON w.id = s.workspace_id \
     WHERE s.secret_hash = $1 AND s.last_seen_at > $2";

/// Who is behind the cookie; `None` when it is not, or no longer, a session's.
///
/// That the session was seen is noted beside the request, which does not wait for it and does not fail with it: with a
/// full disk people still read.
///
/// # Errors
/// Whatever the database answers.
pub async fn authenticate_session(db: &Db, cookie: &str, now: Timestamp) -> Result<Option<(Actor, Me)>> {
    let Some(hash) = presented(cookie, "") else { return Ok(None) };
    let Some(found) = query(FIND).bind(hash).bind(expired_at(now)).first::<Found>(db).await? else { return Ok(None) };
    if now.duration_since(found.last_seen_at) >= SEEN_EVERY {
        note_seen(db, &found, now);
    }
    Ok(Some(found.into_actor()?))
}

fn note_seen(db: &Db, found: &Found, now: Timestamp) {
    let (db, workspace, session) = (db.clone(), found.workspace_id, found.id);
    let stale = now.checked_sub(SEEN_EVERY).unwrap_or(Timestamp::MIN);
    tokio::spawn(async move {
        let note = |tx: atlas_store::Tx| async move {
            let update = query("UPDATE sessions SET last_seen_at = $3 WHERE workspace_id = $1 AND id = $2 AND last_seen_at <= $4");
            update.bind(workspace).bind(session).bind(now).bind(stale).run(&tx).await
        };
        if let Err(error) = db.write(note).await {
            tracing::warn!(%error, "that a session was seen could not be noted");
        }
    });
}

impl Found {
    fn into_actor(self) -> Result<(Actor, Me)> {
        let role: Role = self.role.parse()?;
        let actor = Actor {
            workspace: self.workspace_id,
            user: Some(self.user_id),
            name: self.name.clone(),
            role,
            via: Via::Session(self.id),
            time_zone: self.time_zone.clone(),
        };
        let me = Me {
            user: self.user_id,
            name: self.name,
            email: self.email,
            role,
            workspace: self.workspace_id,
            workspace_name: self.workspace_name,
            time_zone: self.time_zone,
            theme: self.theme,
            density: self.density,
            single_keys: self.single_keys,
            session: self.id,
        };
        Ok((actor, me))
    }
}
