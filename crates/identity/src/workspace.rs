//! Workspaces: the first one with its owner, further ones, and going from one to another.

use atlas_kernel::{Actor, Error, Result, Role, UserId, Via, WorkspaceId};
use atlas_store::{Db, Event, Executor, Tx, query, record_event};
use serde_json::json;
use uuid::Uuid;

use crate::person::{self, Problems};
use crate::session::{Origin, SignedIn, home_of, open_session};
use crate::{Density, Gate, PasswordHash, Theme, member, password};

/// What the set-up page asks for.
#[derive(Clone)]
pub struct SetUp {
    /// The workspace's name.
    pub workspace: String,
    /// The owner's name.
    pub name: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The owner's password.
    pub password: String,
    /// The owner's time zone.
    pub time_zone: String,
}

impl std::fmt::Debug for SetUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetUp").field("workspace", &self.workspace).field("email", &self.email).finish_non_exhaustive()
    }
}

/// A workspace to be made.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its name.
    pub name: String,
    /// Its first owner.
    pub owner: NewOwner,
}

/// The owner of a workspace to be made; somebody who is known already keeps their profile and gets the password.
#[derive(Clone, Debug)]
pub struct NewOwner {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their password, from [`Gate::hash`].
    pub password: PasswordHash,
    /// Their time zone.
    pub time_zone: String,
}

/// A workspace that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its owner.
    pub owner: UserId,
}

atlas_store::row! {
    /// A workspace of a person.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Workspace {
        /// The workspace.
        pub id: WorkspaceId,
        /// Its name.
        pub name: String,
    }
}

/// Whether nobody has set Atlas up yet: there is no workspace.
///
/// # Errors
/// Whatever the database answers.
pub async fn set_up_needed(on: &dyn Executor) -> Result<bool> {
    let any: Vec<WorkspaceId> = query("SELECT id FROM workspaces LIMIT 1").values(on).await?;
    Ok(any.is_empty())
}

/// Makes the first workspace with its owner and signs them in. Works once.
///
/// # Errors
/// Field errors for the form, all at once; a conflict `already_set_up`.
pub async fn set_up(db: &Db, gate: &Gate, ask: &SetUp, origin: &Origin) -> Result<SignedIn> {
    if !set_up_needed(db).await? {
        return Err(already());
    }
    check(ask)?;
    let password = gate.hash(&ask.password).await?;
    let owner = NewOwner { name: ask.name.clone(), email: ask.email.clone(), password, time_zone: ask.time_zone.clone() };
    let new = &NewWorkspace { name: ask.workspace.clone(), owner };
    db.write(|tx| async move {
        // Two browsers at once: the second finds the mark.
        if !mark(&tx, "set_up").await? {
            return Err(already());
        }
        let created = create_workspace(&tx, new).await?;
        open_session(&tx, created.workspace, created.owner, origin).await
    })
    .await
}

fn check(ask: &SetUp) -> Result<()> {
    let mut problems = Problems::default();
    problems.note(person::name("workspace", &ask.workspace))?;
    problems.note(person::name("name", &ask.name))?;
    let email = problems.note(person::email(&ask.email))?;
    problems.note(password::check_new("password", &ask.password, &email))?;
    problems.note(person::time_zone(&ask.time_zone))?;
    problems.end()
}

fn already() -> Error {
    Error::conflict("already_set_up", "Atlas has been set up already. Sign in instead.")
}

/// Notes a fact about the installation; whether it is a new one.
pub(crate) async fn mark(tx: &Tx, name: &str) -> Result<bool> {
    let insert = query("INSERT INTO installation (workspace_id, name, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    Ok(insert.bind(Uuid::nil()).bind(name).bind(tx.now()).run(tx).await? == 1)
}

/// Makes a workspace and its owner. For the set-up and the operator's command line, who answer to nobody's role.
///
/// # Errors
/// Field errors.
pub async fn create_workspace(tx: &Tx, new: &NewWorkspace) -> Result<Created> {
    let name = person::name("workspace", &new.name)?;
    mark(tx, "set_up").await?;
    let owner = put_owner(tx, &new.owner).await?;
    let workspace = WorkspaceId::new(tx.now());
    let insert = query("INSERT INTO workspaces (id, name, created_at) VALUES ($1, $2, $3)");
    insert.bind(workspace).bind(&name).bind(tx.now()).run(tx).await?;
    member::join(tx, workspace, owner, Role::Owner).await?;
    let home = home_in(tx, workspace, owner).await?;
    let data = json!({ "verb": "created the workspace", "name": name });
    record_event(tx, &home, Event::new(tx.now(), "workspace.created", "record", workspace, data).about([owner.to_ref()])).await?;
    Ok(Created { workspace, owner })
}

async fn put_owner(tx: &Tx, owner: &NewOwner) -> Result<UserId> {
    let email = person::email(&owner.email)?;
    let known: Option<(UserId,)> = query("SELECT id FROM users WHERE email = $1").bind(&email).first(tx).await?;
    let Some((user,)) = known else { return put_user(tx, &email, &owner.name, &owner.password, &owner.time_zone).await };
    let update = query("UPDATE users SET password_hash = $2, version = version + 1, updated_at = $3 WHERE id = $1");
    update.bind(user).bind(owner.password.as_str()).bind(tx.now()).run(tx).await?;
    Ok(user)
}

/// Writes a new person.
pub(crate) async fn put_user(tx: &Tx, email: &str, name: &str, password: &PasswordHash, time_zone: &str) -> Result<UserId> {
    let user = UserId::new(tx.now());
    let insert = query(
        "INSERT INTO users (id, email, name, password_hash, time_zone, theme, density, single_keys, version, created_at, updated_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,1,$9,$9)",
    );
    let insert = insert.bind(user).bind(email).bind(person::name("name", name)?).bind(password.as_str());
    let insert = insert.bind(person::time_zone(time_zone)?).bind(Theme::System).bind(Density::Comfortable).bind(true);
    insert.bind(tx.now()).run(tx).await?;
    Ok(user)
}

/// The actor that a member of the workspace is, for events of verbs that have none yet.
pub(crate) async fn home_in(on: &dyn Executor, workspace: WorkspaceId, user: UserId) -> Result<Actor> {
    let member = query(
        "SELECT m.role, u.name, u.time_zone FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND m.user_id = $2 AND m.removed_at IS NULL",
    );
    let member: Option<(String, String, String)> = member.bind(workspace).bind(user).first(on).await?;
    let (role, name, time_zone) = member.ok_or(Error::NotFound("member"))?;
    Ok(Actor { workspace, user: Some(user), name, role: role.parse()?, via: Via::System, time_zone })
}

/// The person with this e-mail address, in the workspace they used last: for the operator's command line.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_actor(on: &dyn Executor, email: &str) -> Result<Option<Actor>> {
    let user: Option<(UserId,)> = query("SELECT id FROM users WHERE email = $1").bind(person::email(email)?).first(on).await?;
    let Some((user,)) = user else { return Ok(None) };
    Ok(home_of(on, user).await?.map(|home| home.actor(user, Via::System)))
}

/// The workspaces the person is in, by name.
///
/// # Errors
/// Unauthenticated for connectors and Atlas itself.
pub async fn list_workspaces(on: &dyn Executor, actor: &Actor) -> Result<Vec<Workspace>> {
    let list = query(
        "SELECT w.id, w.name FROM memberships m JOIN workspaces w ON w.id = m.workspace_id \
         WHERE m.user_id = $1 AND m.removed_at IS NULL ORDER BY w.name, w.id",
    );
    list.bind(actor.person()?).all(on).await
}

/// Takes the session that asks to another of the person's workspaces; the cookie stays.
///
/// # Errors
/// Unauthenticated without a session; not found when the person is not in that workspace.
pub async fn switch_workspace(tx: &Tx, actor: &Actor, to: WorkspaceId) -> Result<()> {
    let (Via::Session(session), user) = (&actor.via, actor.person()?) else { return Err(Error::Unauthenticated) };
    home_in(tx, to, user).await.map_err(|_| Error::NotFound("workspace"))?;
    let update = query("UPDATE sessions SET workspace_id = $3 WHERE workspace_id = $1 AND id = $2 AND user_id = $4");
    update.bind(actor.workspace).bind(*session).bind(to).bind(user).run(tx).await.map(|_| ())
}
