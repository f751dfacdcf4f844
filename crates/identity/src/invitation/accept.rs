//! Accepting an invitation: a new person with a password of their own, or somebody known who gives theirs.

use atlas_kernel::{Error, Result, UserId};
use atlas_store::{Db, Event, Tx, query, record_event};
use serde_json::json;

use super::{InvitationOffer, find_invitation};
use crate::gate::Knock;
use crate::person::{self, Problems};
use crate::session::{Origin, SignedIn, open_session, wrong};
use crate::workspace::{home_in, put_user};
use crate::{Gate, PasswordHash, member, password};

/// What the page behind the link asks for.
#[derive(Clone)]
pub struct Acceptance {
    /// Their name; of no account when they are known.
    pub name: String,
    /// A new password, or the one they have.
    pub password: String,
    /// Their time zone; of no account when they are known.
    pub time_zone: String,
}

impl std::fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acceptance").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Who joins: somebody known, or a new person with the password they chose.
enum Joining {
    Known(UserId),
    New(PasswordHash),
}

/// Uses the link up: the person becomes a member and is signed in.
///
/// # Errors
/// Not found when the link is used, taken back or too old; field errors; `wrong_credentials` and rate limits as in
/// [`sign_in`](crate::sign_in).
pub async fn accept_invitation(db: &Db, gate: &Gate, secret: &str, with: &Acceptance, origin: &Origin) -> Result<SignedIn> {
    let offer = &find_invitation(db, secret, db.clock().now()).await?.ok_or(Error::NotFound("invitation"))?;
    let joining = &identify(db, gate, offer, with, origin).await?;
    let joined = db.write(|tx| async move { join(&tx, offer, joining, with, origin).await }).await;
    joined.map_err(|error| match error {
        Error::Duplicate { .. } => {
            Error::conflict("email_taken", "Somebody signed up with this e-mail address a moment ago. Open the link again.")
        }
        error => error,
    })
}

async fn identify(db: &Db, gate: &Gate, offer: &InvitationOffer, with: &Acceptance, origin: &Origin) -> Result<Joining> {
    let known: Option<(UserId, String)> =
        query("SELECT id, password_hash FROM users WHERE email = $1").bind(&offer.email).first(db).await?;
    if let Some((user, hash)) = known {
        let knock = Knock::at_the_door(&offer.email, &origin.ip);
        let right = gate.check(db, &knock, &with.password, Some(PasswordHash::stored(hash))).await?;
        return if right { Ok(Joining::Known(user)) } else { Err(wrong()) };
    }
    let mut problems = Problems::default();
    problems.note(person::name("name", &with.name))?;
    problems.note(password::check_new("password", &with.password, &offer.email))?;
    problems.note(person::time_zone(&with.time_zone))?;
    problems.end()?;
    Ok(Joining::New(gate.hash(&with.password).await?))
}

async fn join(tx: &Tx, offer: &InvitationOffer, joining: &Joining, with: &Acceptance, origin: &Origin) -> Result<SignedIn> {
    let used = query("DELETE FROM invitations WHERE workspace_id = $1 AND id = $2 AND expires_at > $3");
    if used.bind(offer.workspace).bind(offer.id).bind(tx.now()).run(tx).await? == 0 {
        return Err(Error::NotFound("invitation"));
    }
    let user = match joining {
        Joining::Known(user) => *user,
        Joining::New(password) => put_user(tx, &offer.email, &with.name, password, &with.time_zone).await?,
    };
    member::join(tx, offer.workspace, user, offer.role).await?;
    let signed_in = open_session(tx, offer.workspace, user, origin).await?;
    let actor = home_in(tx, offer.workspace, user).await?;
    let data = json!({ "verb": "joined the workspace as", "name": actor.name, "change": offer.role.as_str() });
    record_event(tx, &actor, Event::new(tx.now(), "member.joined", "record", user, data).about([offer.id.to_ref()])).await?;
    Ok(signed_in)
}
