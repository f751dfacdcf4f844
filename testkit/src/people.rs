//! A workspace with people in it, as callers of verbs.

use atlas_identity::{Gate, NewOwner, NewWorkspace, put_member};
use atlas_kernel::{Actor, Role, UserId, Via, WorkspaceId};
use atlas_store::Db;

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
        Ok((ines, put_member(&tx, created.workspace, Role::Member, "Jonas Weber", "jonas@kestrel.test", zone).await?))
    })
    .await
    .expect("the workspace is made")
}

fn caller(workspace: WorkspaceId, user: UserId, name: &str, role: Role, zone: &str) -> Actor {
    Actor { workspace, user: Some(user), name: name.into(), role, via: Via::System, time_zone: zone.into() }
}
