//! People by id: for assignee pickers, for the names beside what was done, for links.

use std::collections::HashMap;

use atlas_kernel::{Ref, Result, Role, UserId, WorkspaceId};
use atlas_store::{Executor, Named, Noun, query};
use futures::FutureExt;

/// A member, as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their role.
    pub role: Role,
}

/// Everybody who is in the workspace, by name.
///
/// # Errors
/// Whatever the database answers.
pub async fn all_people(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Person>> {
    let list = query(
        "SELECT u.id, u.name, u.email, m.role FROM memberships m JOIN users u ON u.id = m.user_id \
         WHERE m.workspace_id = $1 AND m.removed_at IS NULL ORDER BY lower(u.name), u.id",
    );
    let rows: Vec<(UserId, String, String, String)> = list.bind(workspace).all(on).await?;
    rows.into_iter().map(|(id, name, email, role)| Ok(Person { id, name, email, role: role.parse()? })).collect()
}

/// The names of these people, as far as they are or were in the workspace.
///
/// # Errors
/// Whatever the database answers.
pub async fn member_names(on: &dyn Executor, workspace: WorkspaceId, ids: &[UserId]) -> Result<HashMap<UserId, String>> {
    let mut names = HashMap::new();
    for ids in ids.chunks(500) {
        let ask = query(
            "SELECT u.id, u.name FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1 AND m.user_id IN ({list})",
        );
        let found: Vec<(UserId, String)> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
        names.extend(found);
    }
    Ok(names)
}

/// The nouns of this crate: members, so that events and links can name them.
pub fn nouns() -> Vec<Noun> {
    vec![Noun { kind: "user", label: "Member", describe: |on, workspace, refs| describe(on, workspace, refs).boxed() }]
}

async fn describe(on: &dyn Executor, workspace: WorkspaceId, refs: &[Ref]) -> Result<Vec<(Ref, Named)>> {
    let ids: Vec<UserId> = refs.iter().filter_map(Ref::as_id).collect();
    let named = |(id, label): (UserId, String)| {
        let named = Named { label, url: "/settings/members".to_owned(), icon: "user", text: None, related: vec![] };
        (id.to_ref(), named)
    };
    Ok(member_names(on, workspace, &ids).await?.into_iter().map(named).collect())
}
