//! Members of the workspace, as owners and authors: names for ids, and who an e-mail address belongs to.

use std::collections::HashMap;

use atlas_kernel::{Error, Result, UserId, WorkspaceId};
use atlas_store::Executor;

/// A member who can look after records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member's id.
    pub id: UserId,
    /// The name shown.
    pub name: String,
    /// The address they sign in with.
    pub email: String,
}

/// Everybody who can look after records, by name.
///
/// # Errors
/// Whatever the database answers.
pub async fn members(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Member>> {
    let people = atlas_identity::all_people(on, workspace).await?;
    Ok(people.into_iter().map(|person| Member { id: person.id, name: person.name, email: person.email }).collect())
}

/// The names of all members.
///
/// # Errors
/// Whatever the database answers.
pub async fn names(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashMap<UserId, String>> {
    Ok(members(on, workspace).await?.into_iter().map(|member| (member.id, member.name)).collect())
}

/// The member with this e-mail address, whatever its case.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn by_email(on: &dyn Executor, workspace: WorkspaceId, email: &str) -> Result<Option<UserId>> {
    let email = email.trim().to_lowercase();
    Ok(members(on, workspace).await?.into_iter().find(|member| member.email.to_lowercase() == email).map(|member| member.id))
}

/// Makes sure that an owner is a member of this workspace.
///
/// # Errors
/// A field error on `ownerId`.
pub(crate) async fn check_owner(on: &dyn Executor, workspace: WorkspaceId, owner: Option<UserId>) -> Result<()> {
    let Some(owner) = owner else { return Ok(()) };
    match members(on, workspace).await?.iter().any(|member| member.id == owner) {
        true => Ok(()),
        false => Err(Error::field("ownerId", "unknown", "no member of this workspace has this id")),
    }
}
