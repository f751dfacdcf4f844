//! What pages and the REST interface show of a connection: facts only, never a secret, never what customers wrote.

mod build;
mod health;
mod live;
mod parts;
mod unheard;

use std::sync::Arc;

use atlas_kernel::{ConnectionId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::connection::slug;
use crate::{
    Completeness, ConnectionState, Connector, Gauge, LogLine, Readiness, Receipt, ScopeState, StreamProgress, StreamState, SyncId,
    SyncKind, SyncState, TestReport,
};

pub use self::health::{DayHealth, DayTone, Health};

/// One card of the integrations hub.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// The connector's id, such as `intercom`.
    pub provider: &'static str,
    /// What the connection is called in addresses.
    pub slug: String,
    /// The name people read.
    pub name: &'static str,
    /// The catalogue's category.
    pub category: &'static str,
    /// One line.
    pub summary: &'static str,
    /// How far the connector is proven.
    pub readiness: Readiness,
    /// The connection's state; disconnected when there never was one.
    pub state: ConnectionState,
    /// The provider's workspace.
    pub account: Option<String>,
    /// What needs a person, most serious first.
    pub attention: Vec<Attention>,
    /// Whether a sync is under way, and how much of it is done (0 to 100), when that can be told.
    pub syncing: Option<Option<u8>>,
    /// When something last came in.
    pub last_event_at: Option<Timestamp>,
    /// When the data of an ended connection goes.
    pub purge_due_at: Option<Timestamp>,
}

impl Overview {
    /// What people read as the connection's name.
    pub fn title(&self) -> String {
        slug::title(self.name, &self.slug, self.account.as_deref())
    }
}

impl ConnectionView {
    /// What people read as the connection's name.
    pub fn title(&self) -> String {
        slug::title(&self.name, &self.slug, self.account.as_ref().map(|account| account.name.as_str()))
    }
}

/// Something that needs a person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    /// The code, as on the documentation page where it is there.
    pub code: String,
    /// What people read as its name.
    pub title: String,
    /// What to do.
    pub remedy: String,
    /// What does not work meanwhile: `everything`, or the labels of listings.
    pub affects: Vec<String>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// The provider's workspace.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Its name.
    pub name: String,
    /// Its region as the provider writes it.
    pub region: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// Who granted access.
    pub person: Option<String>,
}

/// A connection as the REST interface shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Connection")]
pub struct ConnectionView {
    /// The connection's id; null until credentials were stored.
    pub id: Option<ConnectionId>,
    /// The provider, such as `intercom`.
    pub provider: String,
    /// What the connection is called in addresses: the provider, and a word for a further connection, such as `intercom.2`.
    pub slug: String,
    /// The provider's name.
    pub name: String,
    /// Its state.
    pub state: ConnectionState,
    /// The client id of the customer's app.
    pub client_id: Option<String>,
    /// Whether a client secret is stored. It is never shown.
    pub has_client_secret: bool,
    /// The provider's region, or `custom`.
    pub region: Option<String>,
    /// The API host in use.
    pub api_base_url: Option<String>,
    /// The app host in use.
    pub app_base_url: Option<String>,
    /// What to enter at the provider as redirect URL.
    pub redirect_url: String,
    /// What to enter at the provider as webhook URL.
    pub webhook_url: String,
    /// The provider's workspace.
    pub account: Option<AccountView>,
    /// When access was granted.
    pub connected_at: Option<Timestamp>,
    /// Whether syncs are paused.
    pub paused: bool,
    /// Calls a minute that Atlas allows itself.
    pub per_minute: i64,
    /// Seconds between two looks for changes.
    pub poll_seconds: i64,
    /// What needs a person, most serious first.
    pub attention: Vec<Attention>,
    /// What is known of the scopes.
    pub scopes: Vec<ScopeView>,
    /// What is known of the topics.
    pub topics: Vec<TopicView>,
    /// Where the listings stand.
    pub streams: Vec<StreamView>,
    /// The sync under way, or the last one.
    pub sync: Option<SyncView>,
    /// How the present rate window is used.
    pub gauge: Option<Gauge>,
    /// How complete what is stored is.
    pub completeness: Completeness,
    /// When everything was last read without a failure.
    pub last_sync_at: Option<Timestamp>,
    /// When the connection was ended.
    pub disconnected_at: Option<Timestamp>,
    /// When the data of an ended connection goes.
    pub purge_due_at: Option<Timestamp>,
    /// When the purge began.
    pub purge_started_at: Option<Timestamp>,
    /// Whether the provider still has to be told that the connection has ended.
    pub farewell_pending: bool,
    /// What the last purge removed.
    pub receipt: Option<Receipt>,
    /// Counts the changes of the connection.
    pub version: i64,
}

/// A scope that Atlas asks for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeView {
    /// The provider's word.
    pub scope: String,
    /// The label on the provider's page.
    pub label: String,
    /// What Atlas does with it.
    pub gives: String,
    /// Whether it is granted.
    pub state: ScopeState,
    /// When that was last seen.
    pub checked_at: Option<Timestamp>,
}

/// How a topic is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopicState {
    /// Asked for, never arrived.
    Wanted,
    /// Arrived within a day.
    Seen,
    /// Arrived before, not within a day.
    Quiet,
    /// Arrives, and is acknowledged and ignored.
    Unknown,
}

/// A topic of the provider.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopicView {
    /// The provider's name.
    pub topic: String,
    /// The event of the documentation page that it feeds.
    pub event: String,
    /// The scope it needs.
    pub scope: String,
    /// What it becomes in Atlas.
    pub becomes: String,
    /// Whether set-up asks for it.
    pub required: bool,
    /// How it is doing.
    pub state: TopicState,
    /// When it first arrived.
    pub first_at: Option<Timestamp>,
    /// When it last arrived.
    pub last_at: Option<Timestamp>,
    /// Deliveries within 24 hours.
    pub last_day: i64,
    /// The listing that brings the same, only later, while the topic does not arrive.
    pub covered_by: String,
}

/// Where a listing stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamView {
    /// The listing's name.
    pub stream: String,
    /// What people read.
    pub label: String,
    /// The scope it needs.
    pub scope: String,
    /// Whether it can be read.
    pub state: StreamState,
    /// Why not.
    pub attention: Option<Attention>,
    /// When its history was read to its end, or it was last read whole.
    pub complete_at: Option<Timestamp>,
}

/// A sync as shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Sync")]
pub struct SyncView {
    /// The sync's id.
    pub id: SyncId,
    /// Why it runs.
    pub kind: SyncKind,
    /// How it is.
    pub state: SyncState,
    /// Who asked for it; null for the schedule.
    pub requested_by: Option<String>,
    /// How often another request joined it.
    pub joined: i64,
    /// What is done, listing by listing.
    pub streams: Vec<StreamProgress>,
    /// Objects dealt with.
    pub done: i64,
    /// Objects in all; null while the provider has not said for every listing.
    pub total: Option<i64>,
    /// 0 to 100; null while the total is not known.
    pub percent: Option<u8>,
    /// Calls a second over the last minute.
    pub calls_per_second: Option<f64>,
    /// Seconds until it is done; null while that cannot be told.
    pub seconds_left: Option<i64>,
    /// Calls made.
    pub calls: i64,
    /// Calls made again after a failure.
    pub retries: i64,
    /// The code of what stopped it or holds it up.
    pub error_code: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// One line of the setup checklist.
#[derive(Clone, Debug, Serialize)]
pub struct ChecklistItem {
    /// What to do.
    pub text: &'static str,
    /// Whether it is done, as far as Atlas can see.
    pub done: bool,
}

/// Everything that a connection's page shows.
#[derive(Clone)]
pub struct Detail {
    /// What the next connection to this provider would be called.
    pub further: String,
    /// The connector.
    pub connector: Arc<Connector>,
    /// The connection.
    pub connection: ConnectionView,
    /// Health figures.
    pub health: Health,
    /// The setup checklist, in order.
    pub checklist: Vec<ChecklistItem>,
    /// The newest lines of the log.
    pub activity: Vec<LogLine>,
    /// The last test of the connection.
    pub last_test: Option<TestReport>,
}
