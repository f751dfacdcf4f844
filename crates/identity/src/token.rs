//! Personal access tokens: shown once, kept as a hash, never more powerful than their person.

use atlas_kernel::{Actor, Error, FieldError, Result, Role, Scopes, Timestamp, TokenId, UserId, Via, WorkspaceId};
use atlas_store::{Db, Event, Executor, Tx, query, record_event};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::secret::presented;
use crate::{Secret, TOKENS_READ, TOKENS_WRITE, person};

const PREFIX: &str = "atlas_pat_";
/// How much of a token is kept readable, to tell one from another.
const SHOWN: usize = PREFIX.len() + 4;
/// How old `last_used_at` may be before it is written again.
const USED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// What it may touch.
    pub scopes: Scopes,
    /// When it stops working; never when not said.
    pub expires_at: Option<Timestamp>,
}

/// A token, as listed.
#[derive(Clone, Debug)]
pub struct TokenInfo {
    /// The token's id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it may touch.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Makes a token for the person who asks; the secret is not shown again. `known` are the scopes there are.
///
/// # Errors
/// Denied without `tokens:write`, or when a token asks for scopes it has not itself; field errors.
pub async fn create_token(tx: &Tx, actor: &Actor, new: NewToken, known: &[&str]) -> Result<(TokenInfo, Secret)> {
    actor.may(&TOKENS_WRITE)?;
    let name = person::name("name", &new.name)?;
    let scopes = allowed(actor, new.scopes, known)?;
    if new.expires_at.is_some_and(|at| at <= tx.now()) {
        return Err(Error::field("expiresAt", "past", "choose a time to come"));
    }
    let secret = Secret::random(PREFIX);
    let prefix = secret.expose()[..SHOWN].to_owned();
    let id = TokenId::new(tx.now());
    let info = TokenInfo { id, name, prefix, scopes, created_at: tx.now(), expires_at: new.expires_at, last_used_at: None };
    insert(tx, actor, &info, &secret).await?;
    let data = json!({ "verb": "created the token", "name": info.name, "fields": { "scopes": { "after": words(&info.scopes) } } });
    tell(tx, actor, "token.created", id, data).await?;
    Ok((info, secret))
}

fn allowed(actor: &Actor, scopes: Scopes, known: &[&str]) -> Result<Scopes> {
    if let Via::Token(_, own) = &actor.via {
        no_more_than(own, &scopes)?;
    }
    let Scopes::Only(mut list) = scopes else { return Ok(Scopes::All) };
    let unknown = |(n, scope): (usize, &String)| {
        let message = format!("there is no scope {}", scope.chars().take(60).collect::<String>());
        (!known.contains(&scope.as_str())).then(|| FieldError { field: format!("scopes[{n}]"), code: "unknown".into(), message })
    };
    let unknown: Vec<FieldError> = list.iter().enumerate().filter_map(unknown).collect();
    if !unknown.is_empty() {
        return Err(Error::Invalid(unknown));
    }
    if list.is_empty() {
        return Err(Error::field("scopes", "required", "choose at least one scope"));
    }
    list.sort();
    list.dedup();
    Ok(Scopes::Only(list))
}

fn no_more_than(own: &Scopes, asked: &Scopes) -> Result<()> {
    let missing: Vec<String> = match (own, asked) {
        (Scopes::All, _) => return Ok(()),
        (Scopes::Only(_), Scopes::All) => vec!["all".to_owned()],
        (Scopes::Only(_), Scopes::Only(list)) => list.iter().filter(|scope| !own.contains(scope)).cloned().collect(),
    };
    if missing.is_empty() { Ok(()) } else { Err(Error::Denied { permission: TOKENS_WRITE.scope, missing_scopes: missing }) }
}

async fn insert(tx: &Tx, actor: &Actor, info: &TokenInfo, secret: &Secret) -> Result<()> {
    let insert = query(
        "INSERT INTO tokens (workspace_id, id, user_id, name, prefix, secret_hash, scopes, created_at, expires_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
    );
    let insert = insert.bind(actor.workspace).bind(info.id).bind(actor.person()?).bind(&info.name).bind(&info.prefix);
    let insert = insert.bind(secret.hash()).bind(stored(&info.scopes)).bind(info.created_at).bind(info.expires_at);
    insert.run(tx).await.map(|_| ())
}

atlas_store::row! {
    struct TokenRow {
        id: TokenId,
        name: String,
        prefix: String,
        scopes: Option<Json>,
        created_at: Timestamp,
        expires_at: Option<Timestamp>,
        last_used_at: Option<Timestamp>,
    }
}

/// The person's tokens in this workspace, newest first.
///
/// # Errors
/// Denied without `tokens:read`.
pub async fn list_tokens(on: &dyn Executor, actor: &Actor) -> Result<Vec<TokenInfo>> {
    actor.may(&TOKENS_READ)?;
    let list = query(
        "SELECT id, name, prefix, scopes, created_at, expires_at, last_used_at FROM tokens \
         WHERE workspace_id = $1 AND user_id = $2 ORDER BY created_at DESC, id DESC",
    );
    let rows: Vec<TokenRow> = list.bind(actor.workspace).bind(actor.person()?).all(on).await?;
    let info = |row: TokenRow| TokenInfo {
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        scopes: read_scopes(row.scopes),
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    };
    Ok(rows.into_iter().map(info).collect())
}

/// Makes one of the person's tokens stop working.
///
/// # Errors
/// Denied without `tokens:write`; not found when it is nobody's or somebody else's.
pub async fn revoke_token(tx: &Tx, actor: &Actor, id: TokenId) -> Result<()> {
    actor.may(&TOKENS_WRITE)?;
    let delete = query("DELETE FROM tokens WHERE workspace_id = $1 AND id = $2 AND user_id = $3 RETURNING name");
    let gone: Vec<String> = delete.bind(actor.workspace).bind(id).bind(actor.person()?).values(tx).await?;
    let name = gone.into_iter().next().ok_or(Error::NotFound("token"))?;
    tell(tx, actor, "token.revoked", id, json!({ "verb": "revoked the token", "name": name })).await
}

atlas_store::row! {
    struct Found {
        workspace_id: WorkspaceId,
        id: TokenId,
        user_id: UserId,
        scopes: Option<Json>,
        last_used_at: Option<Timestamp>,
        role: String,
        name: String,
        time_zone: String,
    }
}

const FIND: &str = "SELECT t.workspace_id, t.id, t.user_id, t.scopes, t.last_used_at, m.role, u.name, u.time_zone FROM tokens t \
     JOIN memberships m ON m.workspace_id = t.workspace_id AND m.user_id = t.user_id AND m.removed_at IS NULL \
     JOIN users u ON u.id = t.user_id WHERE t.secret_hash = $1 AND (t.expires_at IS NULL OR t.expires_at > $2)";

/// Who is behind the token of an `Authorization: Bearer` header; `None` when it is not, or no longer, one.
///
/// # Errors
/// Whatever the database answers.
pub async fn authenticate_token(db: &Db, bearer: &str, now: Timestamp) -> Result<Option<Actor>> {
    let Some(hash) = presented(bearer, PREFIX) else { return Ok(None) };
    let Some(found) = query(FIND).bind(hash).bind(now).first::<Found>(db).await? else { return Ok(None) };
    if found.last_used_at.is_none_or(|at| now.duration_since(at) >= USED_EVERY) {
        note_used(db, &found, now);
    }
    let role: Role = found.role.parse()?;
    let via = Via::Token(found.id, read_scopes(found.scopes));
    Ok(Some(Actor { workspace: found.workspace_id, user: Some(found.user_id), name: found.name, role, via, time_zone: found.time_zone }))
}

/// Beside the request: see [`authenticate_session`](crate::authenticate_session).
fn note_used(db: &Db, found: &Found, now: Timestamp) {
    let (db, workspace, token) = (db.clone(), found.workspace_id, found.id);
    let stale = now.checked_sub(USED_EVERY).unwrap_or(Timestamp::MIN);
    tokio::spawn(async move {
        let note = |tx: Tx| async move {
            let update = query(
                "UPDATE tokens SET last_used_at = $3 WHERE workspace_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at <= $4)",
            );
            update.bind(workspace).bind(token).bind(now).bind(stale).run(&tx).await
        };
        if let Err(error) = db.write(note).await {
            tracing::warn!(%error, "that a token was used could not be noted");
        }
    });
}

fn stored(scopes: &Scopes) -> Option<Json> {
    match scopes {
        Scopes::All => None,
        Scopes::Only(list) => Some(json!(list)),
    }
}

/// A list that cannot be read allows nothing.
fn read_scopes(stored: Option<Json>) -> Scopes {
    stored.map_or(Scopes::All, |list| Scopes::Only(serde_json::from_value(list).unwrap_or_default()))
}

fn words(scopes: &Scopes) -> Json {
    stored(scopes).unwrap_or_else(|| json!("all"))
}

async fn tell(tx: &Tx, actor: &Actor, operation: &'static str, id: TokenId, data: Json) -> Result<()> {
    let subjects = actor.user.map(UserId::to_ref);
    record_event(tx, actor, Event::new(tx.now(), operation, "record", id, data).about(subjects)).await?;
    tx.touch_topic(actor.workspace, "tokens");
    Ok(())
}
