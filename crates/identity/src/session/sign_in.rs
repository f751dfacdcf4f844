//! Signing in: e-mail and password become a session.

use atlas_kernel::{Actor, Error, Result, Role, SessionId, Timestamp, UserId, Via, WorkspaceId};
use atlas_store::{Db, Event, Executor, Tx, query, record_event};
use serde_json::json;

use super::{Origin, SignedIn};
use crate::gate::{Gate, Knock};
use crate::{PasswordHash, Secret, person, sweep};

/// Signs a person in, into the workspace they used last.
///
/// The time it takes does not tell whether the e-mail is known.
///
/// # Errors
/// A field error `wrong_credentials` at `password`; rate limited, with the wait in seconds, after too many failures;
/// a conflict `no_workspace` when the person is in none any more.
pub async fn sign_in(db: &Db, gate: &Gate, email: &str, password: &str, origin: &Origin) -> Result<SignedIn> {
    let email = person::email(email)?;
    let known: Option<(UserId, String)> = query("SELECT id, password_hash FROM users WHERE email = $1").bind(&email).first(db).await?;
    let kept = known.as_ref().map(|(_, hash)| PasswordHash::stored(hash.clone()));
    let right = gate.check(db, &Knock::at_the_door(&email, &origin.ip), password, kept).await?;
    let Some((user, _)) = known.filter(|_| right) else { return Err(wrong()) };
    db.write(|tx| async move {
        let home = home_of(&tx, user).await?.ok_or_else(homeless)?;
        let signed_in = open_session(&tx, home.workspace, user, origin).await?;
        let actor = home.actor(user, Via::Session(signed_in.session));
        let data = json!({ "verb": "signed in", "name": actor.name });
        record_event(&tx, &actor, Event::new(tx.now(), "session.created", "record", user, data)).await?;
        sweep(&tx).await?;
        Ok(signed_in)
    })
    .await
}

pub(crate) fn wrong() -> Error {
    Error::field("password", "wrong_credentials", "this e-mail address and password do not belong together")
}

fn homeless() -> Error {
    Error::conflict("no_workspace", "You are not a member of any workspace any more. Ask an admin for an invitation.")
}

/// Writes a new session and makes its cookie.
pub(crate) async fn open_session(tx: &Tx, workspace: WorkspaceId, user: UserId, origin: &Origin) -> Result<SignedIn> {
    let (cookie, session) = (Secret::random(""), SessionId::new(tx.now()));
    let insert = query(
        "INSERT INTO sessions (workspace_id, id, user_id, secret_hash, ip, user_agent, created_at, last_seen_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$7)",
    );
    let insert = insert.bind(workspace).bind(session).bind(user).bind(cookie.hash());
    insert.bind(cut(&origin.ip, 45)).bind(cut(&origin.user_agent, 300)).bind(tx.now()).run(tx).await?;
    tx.touch_topic(workspace, "sessions");
    Ok(SignedIn { cookie, session, workspace, user })
}

fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}

atlas_store::row! {
    /// A workspace of a person, with what makes them its actor.
    pub(crate) struct Home {
        pub workspace: WorkspaceId,
        pub role: String,
        pub name: String,
        pub time_zone: String,
        pub joined_at: Timestamp,
        pub last_seen_at: Option<Timestamp>,
    }
}

impl Home {
    pub(crate) fn actor(&self, user: UserId, via: Via) -> Actor {
        let role = self.role.parse().unwrap_or(Role::Guest);
        Actor { workspace: self.workspace, user: Some(user), name: self.name.clone(), role, via, time_zone: self.time_zone.clone() }
    }
}

/// Where a person is at home: the workspace used last, else the one joined last.
pub(crate) async fn home_of(on: &dyn Executor, user: UserId) -> Result<Option<Home>> {
    let homes = query(
        "SELECT m.workspace_id AS workspace, m.role, u.name, u.time_zone, m.joined_at, \
         (SELECT MAX(s.last_seen_at) FROM sessions s WHERE s.workspace_id = m.workspace_id AND s.user_id = m.user_id) AS last_seen_at \
         FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.user_id = $1 AND m.removed_at IS NULL",
    );
    let homes: Vec<Home> = homes.bind(user).all(on).await?;
    Ok(homes.into_iter().max_by_key(|home| (home.last_seen_at, home.joined_at, home.workspace)))
}
