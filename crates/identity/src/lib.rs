//! Who is this: workspaces, people, sessions, tokens, roles and invitations, down to an `Actor`; and the vault for secrets.
//!
#![doc = include_str!("../README.md")]

mod gate;
mod invitation;
mod member;
mod password;
mod people;
mod permission;
mod person;
mod profile;
mod secret;
mod session;
mod sweep;
mod token;
mod vault;
mod workspace;

pub use gate::Gate;
pub use invitation::{
    Acceptance, Invitation, InvitationOffer, accept_invitation, find_invitation, invite, list_invitations, revoke_invitation,
};
pub use member::{Member, change_role, list_members, put_member, remove_member};
pub use password::PasswordHash;
pub use people::{Person, all_people, member_names, nouns};
pub use permission::{MEMBERS_READ, MEMBERS_WRITE, PROFILE_READ, PROFILE_WRITE, TOKENS_READ, TOKENS_WRITE};
pub use person::{Density, Theme};
pub use profile::{Profile, ProfileChange, change_password, profile, update_profile};
pub use secret::Secret;
pub use session::{
    Me, Origin, SESSION_COOKIE, SESSION_SECONDS, SessionInfo, SignedIn, authenticate_session, list_sessions, revoke_other_sessions,
    revoke_session, sign_in, sign_out,
};
pub use sweep::sweep;
pub use token::{NewToken, TokenInfo, authenticate_token, create_token, list_tokens, revoke_token};
pub use vault::{Signed, Vault, is_signed};
pub use workspace::{
    Created, NewOwner, NewWorkspace, SetUp, Workspace, create_workspace, find_actor, list_workspaces, set_up, set_up_needed,
    switch_workspace,
};

/// The migrations of this crate.
pub fn migrations() -> Vec<atlas_store::Migration> {
    vec![atlas_store::Migration { name: "identity/0001_identity", sql: include_str!("../migrations/0001_identity.sql") }]
}
