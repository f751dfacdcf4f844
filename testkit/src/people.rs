//! A workspace with people in it, as callers of verbs.

use atlas_identity::{Gate, NewOwner, NewWorkspace};
use atlas_kernel::{Actor, Role, UserId, Via, WorkspaceId};
use atlas_store::{Db, Tx, query};

/// A new workspace with its owner, Ines Okafor of Dublin, and a member, Jonas Weber, who lives in `zone`.
///
/// # Panics
/// When the database does not take them, which no test can go on without.
pub async fn workspace_of_two(db: &Db, zone: &str) -> (Actor, Actor) {
    let password = Gate::new().hash("a long pass phrase").await.expect("a password is hashed");
    let owner = NewOwner { name: "Ines Okafor".into(), email: "ines@kestrel.test".into(), password, time_zone: "Europe/Dublin".into() };
    let new = &NewWorkspace { name: "Acme".into(), owner };
    db.write(|tx| async move {
        let created = atlas_identity::create_workspace(&tx, new).await?;
        let ines = caller(created.workspace, created.owner, "Ines Okafor", Role::Owner, "Europe/Dublin");
        Ok((ines, member(&tx, created.workspace, "Jonas Weber", "jonas@kestrel.test", zone).await?))
    })
    .await
    .expect("the workspace is made")
}

/// One more member.
///
/// # Errors
/// Whatever the database answers.
pub async fn member(tx: &Tx, workspace: WorkspaceId, name: &str, email: &str, zone: &str) -> atlas_kernel::Result<Actor> {
    let id = UserId::new(tx.now());
    query(
        "INSERT INTO users (id, email, name, password_hash, time_zone, theme, density, single_keys, version, created_at, updated_at) \
         VALUES ($1,$2,$3,'none',$4,'system','comfortable',$5,1,$6,$6)",
    )
    .bind(id)
    .bind(email)
    .bind(name)
    .bind(zone)
    .bind(true)
    .bind(tx.now())
    .run(tx)
    .await?;
    let join = query("INSERT INTO memberships (workspace_id, user_id, role, joined_at) VALUES ($1,$2,'member',$3)");
    join.bind(workspace).bind(id).bind(tx.now()).run(tx).await?;
    Ok(caller(workspace, id, name, Role::Member, zone))
}

fn caller(workspace: WorkspaceId, user: UserId, name: &str, role: Role, zone: &str) -> Actor {
    Actor { workspace, user: Some(user), name: name.into(), role, via: Via::System, time_zone: zone.into() }
}
