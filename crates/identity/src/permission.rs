//! The permissions that this crate's verbs ask for.

use atlas_kernel::{Permission, Role};

/// Seeing who is in the workspace.
pub const MEMBERS_READ: Permission = Permission::read("members:read");
/// Inviting, removing, changing roles.
pub const MEMBERS_WRITE: Permission = Permission::admin("members:write");
/// Seeing one's own tokens.
pub const TOKENS_READ: Permission = Permission::read("tokens:read");
/// Making and revoking one's own tokens.
pub const TOKENS_WRITE: Permission = Permission::write("tokens:write");
/// Seeing one's own profile and sessions.
pub const PROFILE_READ: Permission = Permission::read("profile:read");
/// Changing one's own profile and ending one's own sessions, which guests may as well.
pub const PROFILE_WRITE: Permission = Permission { scope: "profile:write", least: Role::Guest };
