//! Who acts, and what they may do.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Error, Result, SessionId, TokenId, UserId, WorkspaceId};

/// A member's role, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, and writes nothing.
    Guest,
    /// Does the daily work.
    Member,
    /// Runs the workspace: members, connections, settings.
    Admin,
    /// Everything, including other admins.
    Owner,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Role; 4] = [Role::Guest, Role::Member, Role::Admin, Role::Owner];

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::field("role", "unknown", "one of owner, admin, member, guest");
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(unknown)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an operation needs: a scope a token must carry and the weakest role that may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permission {
    /// `resource:read` or `resource:write`.
    pub scope: &'static str,
    /// The weakest role that has it.
    pub least: Role,
}

impl Permission {
    /// Permission to read, which every role has.
    pub const fn read(scope: &'static str) -> Self {
        Self { scope, least: Role::Guest }
    }
    /// Permission to write, which members and stronger have.
    pub const fn write(scope: &'static str) -> Self {
        Self { scope, least: Role::Member }
    }
    /// Permission to run the workspace, which admins and owners have.
    pub const fn admin(scope: &'static str) -> Self {
        Self { scope, least: Role::Admin }
    }
}

/// What a token may touch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scopes {
    /// All that the role allows.
    All,
    /// Only these, such as `contacts:read`.
    Only(Vec<String>),
}

impl Scopes {
    /// Whether `scope` is among them.
    pub fn contains(&self, scope: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(list) => list.iter().any(|s| s == scope),
        }
    }
}

/// How the actor came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Via {
    /// A browser with a session.
    Session(SessionId),
    /// A personal access token.
    Token(TokenId, Scopes),
    /// A connector at work, with its provider's name, such as `intercom`.
    Connection(ConnectionId, String),
    /// Atlas itself: schedules, purges.
    System,
}

/// Who does something, in which workspace, with which rights.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The workspace everything happens in.
    pub workspace: WorkspaceId,
    /// The person, unless a connector or Atlas itself acts.
    pub user: Option<UserId>,
    /// The name shown beside what was done.
    pub name: String,
    /// The role in the workspace.
    pub role: Role,
    /// How they came in.
    pub via: Via,
    /// IANA time zone that "today" means, such as `Europe/Dublin`.
    pub time_zone: String,
}

impl Actor {
    /// Atlas itself, at work in `workspace`.
    pub fn system(workspace: WorkspaceId) -> Self {
        Self { workspace, user: None, name: "Atlas".into(), role: Role::Owner, via: Via::System, time_zone: "UTC".into() }
    }

    /// A connection at work.
    pub fn connection(workspace: WorkspaceId, id: ConnectionId, provider: &str, name: &str) -> Self {
        let via = Via::Connection(id, provider.to_owned());
        Self { workspace, user: None, name: name.to_owned(), role: Role::Owner, via, time_zone: "UTC".into() }
    }

    /// Whether this actor has the permission.
    ///
    /// # Errors
    /// [`Error::Denied`] naming the permission, and the missing scope when a token is the reason.
    pub fn may(&self, permission: &Permission) -> Result<()> {
        if let Via::Token(_, scopes) = &self.via
            && !scopes.contains(permission.scope)
        {
            return Err(Error::Denied { permission: permission.scope, missing_scopes: vec![permission.scope.to_owned()] });
        }
        if self.role < permission.least {
            return Err(Error::Denied { permission: permission.scope, missing_scopes: vec![] });
        }
        Ok(())
    }

    /// The actor's time zone; UTC when the stored name is unknown here.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// The person's id.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for connectors and Atlas itself.
    pub fn person(&self) -> Result<UserId> {
        self.user.ok_or(Error::Unauthenticated)
    }
}
