//! The members of the workspace, as tasks need them: to name, to match, to pick.

use std::collections::HashMap;

use atlas_kernel::{Error, Result, UserId, WorkspaceId};
use atlas_store::Executor;

/// A member who can be given tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
}

/// The members of a workspace.
#[derive(Clone, Debug, Default)]
pub struct People {
    members: Vec<Member>,
    former: HashMap<UserId, String>,
}

impl People {
    /// These members.
    pub fn new(members: Vec<Member>) -> Self {
        Self { members, former: HashMap::new() }
    }

    /// Reads the workspace's members.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn load(on: &dyn Executor, workspace: WorkspaceId) -> Result<Self> {
        let people = atlas_identity::all_people(on, workspace).await?;
        Ok(Self::new(people.into_iter().map(|person| Member { id: person.id, name: person.name, email: person.email }).collect()))
    }

    /// All of them, by name.
    pub fn all(&self) -> &[Member] {
        &self.members
    }

    /// Also knows the names of people who have left.
    pub fn remember(&mut self, former: HashMap<UserId, String>) {
        self.former.extend(former);
    }

    /// The name of somebody who is or was a member.
    pub fn name(&self, id: UserId) -> &str {
        let former = || self.former.get(&id).map_or("Former member", String::as_str);
        self.members.iter().find(|member| member.id == id).map_or_else(former, |member| member.name.as_str())
    }

    /// Whether somebody is a member.
    pub fn has(&self, id: UserId) -> bool {
        self.members.iter().any(|member| member.id == id)
    }

    /// The member whom an outside author is: by e-mail address, else by full name when only one has it.
    pub fn matching(&self, email: Option<&str>, name: Option<&str>) -> Option<UserId> {
        let email = email.map(str::trim).filter(|email| !email.is_empty());
        if let Some(found) = email.and_then(|email| self.members.iter().find(|member| member.email.eq_ignore_ascii_case(email))) {
            return Some(found.id);
        }
        let wanted = atlas_store::fold(name?);
        let mut same = self.members.iter().filter(|member| !wanted.is_empty() && atlas_store::fold(&member.name) == wanted);
        match (same.next(), same.next()) {
            (Some(only), None) => Some(only.id),
            _ => None,
        }
    }

    /// The member meant by a word after `@`: first name, whole name without spaces, e-mail address or its first part.
    /// A word that fits several people means nobody.
    pub fn called(&self, word: &str) -> Option<UserId> {
        let squeezed = |text: &str| atlas_store::fold(text).replace(' ', "");
        let wanted = squeezed(word);
        if wanted.is_empty() {
            return None;
        }
        let exact = |member: &Member| {
            let names = atlas_store::fold(&member.name);
            let local = member.email.split('@').next().unwrap_or_default();
            names.split(' ').any(|part| part == wanted)
                || squeezed(&names) == wanted
                || squeezed(&member.email) == wanted
                || squeezed(local) == wanted
        };
        let only = |fits: &dyn Fn(&Member) -> bool| {
            let mut fitting = self.members.iter().filter(|member| fits(member));
            match (fitting.next(), fitting.next()) {
                (Some(only), None) => Some(only.id),
                _ => None,
            }
        };
        let begins = |member: &Member| wanted.len() >= 2 && squeezed(&member.name).starts_with(&wanted);
        if self.members.iter().any(exact) { only(&exact) } else { only(&begins) }
    }

    /// Refuses assignees who are no members, unless they were assigned before.
    ///
    /// # Errors
    /// A field error on `assignees`.
    pub fn check_assignees(&self, assignees: &[UserId], before: &[UserId]) -> Result<()> {
        self.check_members("assignees", assignees, before)
    }

    /// The same for another field that names members.
    ///
    /// # Errors
    /// A field error on `field`.
    pub fn check_members(&self, field: &str, members: &[UserId], before: &[UserId]) -> Result<()> {
        match members.iter().find(|id| !self.has(**id) && !before.contains(id)) {
            None => Ok(()),
            Some(stranger) => Err(Error::field(field, "unknown", format!("{stranger} is not a member of this workspace"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_what_others_call_them() {
        let member = |n: i64, name: &str, email: &str| Member {
            id: format!("user_{n:026}").parse().unwrap(),
            name: name.into(),
            email: email.into(),
        };
        let people = People::new(vec![
            member(1, "Ines Okafor", "ines@kestrel.test"),
            member(2, "Jonas Weber", "jw@kestrel.test"),
            member(3, "Jonas Blå", "jonas.bla@kestrel.test"),
        ]);
        let id = |n: usize| Some(people.all()[n].id);
        assert_eq!(people.called("ines"), id(0));
        assert_eq!(people.called("INESOKAFOR"), id(0));
        assert_eq!(people.called("jw"), id(1));
        assert_eq!(people.called("bla"), id(2));
        assert_eq!(people.called("in"), id(0));
        assert_eq!((people.called("jonas"), people.called("x"), people.called("")), (None, None, None));
        assert_eq!(people.matching(Some("INES@kestrel.test"), Some("Somebody")), id(0));
        assert_eq!(people.matching(Some("other@x.test"), Some("jonas weber")), id(1));
        assert_eq!(people.matching(None, None), None);
    }
}
