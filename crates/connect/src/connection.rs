//! A connection: one workspace's link to a provider, its states, and what it may never show.

mod credentials;
mod disconnect;
mod settings;
pub(crate) mod slug;
mod store;

use std::fmt;

use atlas_kernel::{Actor, ConnectionId, Permission, Ref, Timestamp, UserId, WorkspaceId, text_enum};
use zeroize::Zeroizing;

pub use credentials::Credentials;
pub use disconnect::Disconnected;
pub use settings::SettingsChange;
pub use store::live_since;
pub(crate) use store::{CONNECTED, by_id, by_slug, due_for_purge, due_to_poll, lock_all, of_provider, of_workspace, stale_connecting};
pub(crate) use store::{bump, put_attention, set_state};

/// Seeing connections, their health, logs and receipts.
pub const CONNECTIONS_READ: Permission = Permission::read("connections:read");
/// Setting up, running and ending connections.
pub const CONNECTIONS_WRITE: Permission = Permission::admin("connections:write");

text_enum! {
    /// The state a connection is in.
    pub enum ConnectionState {
        /// No access: not yet, or no longer.
        Disconnected = "disconnected",
        /// Somebody is at the provider's consent page.
        Connecting = "connecting",
        /// Working.
        Connected = "connected",
        /// Stopped until a person does something; the error says what.
        NeedsAttention = "needs_attention",
        /// Switched off by an admin, data and token kept.
        Disabled = "disabled",
    }
}
atlas_store::text_column!(ConnectionState);

/// A word that must not be seen: shown as dots, wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the word in.
    pub fn new(word: impl Into<String>) -> Self {
        Self(Zeroizing::new(word.into()))
    }

    /// The word itself, for the one place that needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(deserializer).map(Self::new)
    }
}

impl schemars::JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

atlas_store::row! {
    /// A connection as stored. Secrets are sealed here and unsealed only where a call is made.
    #[derive(Clone)]
    pub(crate) struct Connection {
        pub workspace_id: WorkspaceId,
        pub id: ConnectionId,
        pub provider: String,
        pub slug: String,
        pub state: ConnectionState,
        pub client_id: String,
        pub client_secret: Option<Vec<u8>>,
        pub token: Option<Vec<u8>>,
        pub region: String,
        pub api_base: String,
        pub app_base: String,
        pub account_id: Option<String>,
        pub account_name: Option<String>,
        pub account_region: Option<String>,
        pub account_time_zone: Option<String>,
        pub account_person: Option<String>,
        pub connected_by: Option<UserId>,
        pub connected_at: Option<Timestamp>,
        pub live_since: Option<Timestamp>,
        pub checked_at: Option<Timestamp>,
        pub disconnected_at: Option<Timestamp>,
        pub purge_due_at: Option<Timestamp>,
        pub purge_started_at: Option<Timestamp>,
        pub purge_counts: Option<serde_json::Value>,
        pub per_minute: i64,
        pub poll_seconds: i64,
        pub paused: bool,
        pub error_code: Option<String>,
        pub error_message: Option<String>,
        pub error_at: Option<Timestamp>,
        pub last_test: Option<serde_json::Value>,
        pub last_sync_at: Option<Timestamp>,
        pub last_audit_at: Option<Timestamp>,
        pub next_poll_at: Option<Timestamp>,
        pub version: i64,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("provider", &self.provider)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// The record that pages watch and events are about.
    pub fn to_ref(&self) -> Ref {
        self.id.to_ref()
    }

    /// The connection acting, with the provider's name.
    pub fn actor(&self, name: &str) -> Actor {
        Actor::connection(self.workspace_id, self.id, &self.provider, name)
    }

    /// Whether calls may be made for it.
    pub fn works(&self) -> bool {
        self.state == ConnectionState::Connected && self.token.is_some()
    }

    /// Refuses what a purge under way would undo or be undone by.
    pub fn not_being_purged(&self) -> atlas_kernel::Result<()> {
        if self.purge_started_at.is_some() {
            let detail = "The data of the old connection is being removed. Wait for the receipt, then set the connection up again.";
            return Err(atlas_kernel::Error::conflict("purge_running", detail));
        }
        Ok(())
    }

    /// What binds a sealed value to its place: it cannot be moved to another connection or column.
    pub fn aad(&self, what: &str) -> String {
        format!("connection:{}:{what}", self.id)
    }
}
