//! The words every part of Atlas shares: ids, time, money, pages, who acts, and what can go wrong.
//!
//! No I/O, nothing async, no business nouns.

mod actor;
mod clock;
mod error;
mod id;
mod money;
mod page;
mod text_enum;

pub use actor::{Actor, Permission, Role, Scopes, Via};
pub use clock::{Clock, Timestamp};
pub use error::{Error, FieldError, Result};
pub use id::{Id, Kind, ParseIdError, Ref};
pub use money::{Currency, Money};
pub use page::{Cursor, ListQuery, Page, foreign_cursor};

id::kinds! {
    /// A tenant: everything belongs to one workspace.
    Workspace = "ws", WorkspaceId;
    /// A person who can sign in.
    User = "user", UserId;
    /// One signed-in browser.
    Session = "sess", SessionId;
    /// A personal access token.
    Token = "pat", TokenId;
    /// An invitation to join a workspace.
    Invitation = "inv", InvitationId;
    /// One workspace's live link to a provider.
    Connection = "conn", ConnectionId;
    /// One line of the event log.
    Event = "evt", EventId;
    /// One unit of background work.
    Job = "job", JobId;
}

/// Random bytes from the operating system.
///
/// The only door to randomness in Atlas besides ids.
///
/// # Panics
/// When the operating system has no randomness to give, which no program can continue without.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system provides randomness");
    bytes
}
