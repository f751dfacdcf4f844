//! Sessions: one signed-in browser each, found by the cookie's hash, ended by the person at any time.

mod find;
mod sign_in;

use atlas_kernel::{Actor, Error, Result, Role, SessionId, Timestamp, UserId, Via, WorkspaceId};
use atlas_store::{Event, Executor, Tx, query, record_event};
use jiff::SignedDuration;
use serde_json::json;

pub use self::find::authenticate_session;
pub use self::sign_in::sign_in;
pub(crate) use self::sign_in::{home_of, open_session, wrong};
use crate::{Density, PROFILE_READ, PROFILE_WRITE, Secret, Theme};

/// The cookie that carries a session: 43 characters, `HttpOnly; SameSite=Lax; Path=/`, and `Secure` behind HTTPS.
pub const SESSION_COOKIE: &str = "atlas_session";

/// How many seconds a session lives after it was last used: the `Max-Age` of its cookie, which is set anew now and then.
pub const SESSION_SECONDS: i64 = 30 * 24 * 3600;

/// Where a request came from, as shown in the list of sessions.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address.
    pub ip: String,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// A person who just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The cookie's value.
    pub cookie: Secret,
    /// The new session.
    pub session: SessionId,
    /// The workspace they are in.
    pub workspace: WorkspaceId,
    /// The person.
    pub user: UserId,
}

/// The signed-in person as the frame of a page shows them.
#[derive(Clone, Debug)]
pub struct Me {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role in the workspace.
    pub role: Role,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub workspace_name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Their theme.
    pub theme: Theme,
    /// How close rows stand.
    pub density: Density,
    /// Whether single letters are shortcuts.
    pub single_keys: bool,
    /// The session the page is seen in.
    pub session: SessionId,
}

/// One of a person's sessions.
#[derive(Clone, Debug)]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// Where it was signed in from.
    pub ip: String,
    /// The browser, as it calls itself.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The person's live sessions in all workspaces, last used first.
///
/// # Errors
/// Denied without `profile:read`.
pub async fn list_sessions(on: &dyn Executor, actor: &Actor, now: Timestamp) -> Result<Vec<SessionInfo>> {
    actor.may(&PROFILE_READ)?;
    let list = query(
        "SELECT id, created_at, last_seen_at, ip, user_agent FROM sessions WHERE user_id = $1 AND last_seen_at > $2 \
         ORDER BY last_seen_at DESC, id DESC",
    );
    let rows: Vec<(SessionId, Timestamp, Timestamp, String, String)> = list.bind(actor.person()?).bind(expired_at(now)).all(on).await?;
    let own = own_session(actor);
    let info = |(id, created_at, last_seen_at, ip, user_agent)| SessionInfo {
        id,
        created_at,
        last_seen_at,
        ip,
        user_agent,
        current: own == Some(id),
    };
    Ok(rows.into_iter().map(info).collect())
}

/// Ends the session that asks; without one nothing happens.
///
/// # Errors
/// Whatever the database answers.
pub async fn sign_out(tx: &Tx, actor: &Actor) -> Result<()> {
    match own_session(actor) {
        Some(session) => end(tx, actor, session, "signed out").await.map(|_| ()),
        None => Ok(()),
    }
}

/// Ends one of the person's own sessions.
///
/// # Errors
/// Denied without `profile:write`; not found when it is nobody's or somebody else's.
pub async fn revoke_session(tx: &Tx, actor: &Actor, id: SessionId) -> Result<()> {
    actor.may(&PROFILE_WRITE)?;
    if end(tx, actor, id, "ended a session of").await? { Ok(()) } else { Err(Error::NotFound("session")) }
}

/// Ends all of the person's sessions except the one that asks; answers how many.
///
/// # Errors
/// Denied without `profile:write`.
pub async fn revoke_other_sessions(tx: &Tx, actor: &Actor) -> Result<u64> {
    actor.may(&PROFILE_WRITE)?;
    let ended = end_others(tx, actor).await?;
    if ended > 0 {
        tell(tx, actor, "ended all other sessions of").await?;
    }
    Ok(ended)
}

/// Deletes every session of the person but the one that asks.
pub(crate) async fn end_others(tx: &Tx, actor: &Actor) -> Result<u64> {
    let kept = own_session(actor).map(SessionId::uuid).unwrap_or_default();
    query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2").bind(actor.person()?).bind(kept).run(tx).await
}

async fn end(tx: &Tx, actor: &Actor, id: SessionId, verb: &str) -> Result<bool> {
    let ended = query("DELETE FROM sessions WHERE id = $1 AND user_id = $2").bind(id).bind(actor.person()?).run(tx).await? > 0;
    if ended {
        tell(tx, actor, verb).await?;
    }
    Ok(ended)
}

async fn tell(tx: &Tx, actor: &Actor, verb: &str) -> Result<()> {
    let data = json!({ "verb": verb, "name": actor.name });
    record_event(tx, actor, Event::new(tx.now(), "session.ended", "record", actor.person()?, data)).await?;
    tx.touch_topic(actor.workspace, "sessions");
    Ok(())
}

fn own_session(actor: &Actor) -> Option<SessionId> {
    match actor.via {
        Via::Session(session) => Some(session),
        _ => None,
    }
}

/// Sessions last used at or before this moment are over.
pub(crate) fn expired_at(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(SESSION_SECONDS)).unwrap_or(Timestamp::MIN)
}
