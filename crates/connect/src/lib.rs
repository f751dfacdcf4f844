//! The connector kit: descriptors, the sync engine, credentials, webhook intake, landing records.
//!
//! A connector is a value ([`Connector`]); everything else in here is the same for every provider. What happens to data:
//! a signal or a listing names an object, it is fetched through one pacer, its answer is sealed into the raw log, and it is
//! landed by pure functions into the modules' [`Intake`]s, all in one transaction.

mod activity;
mod api;
mod check;
mod connection;
mod connections;
mod descriptor;
mod farewell;
mod fetch;
mod halt;
mod heed;
mod http;
mod land;
mod landing;
mod line;
mod mapping;
mod needs;
mod oauth;
mod pacer;
mod purge;
mod raw;
mod replay;
mod signal;
mod sync;
mod tally;
pub mod testkit;
mod tick;
mod versions;
mod view;
mod webhook;

pub use activity::{ActivityId, Level, LogLine};
pub use api::{SyncRequested, operations};
pub use check::{Check, CheckState, ScopeCheck, TestReport};
pub use connection::{CONNECTIONS_READ, CONNECTIONS_WRITE, ConnectionState, Credentials, Disconnected, Secret, SettingsChange};
pub use connections::{Connections, Parts, migrations};
pub use descriptor::*;
pub use heed::ScopeState;
pub use http::install_crypto;
pub use landing::*;
pub use mapping::{Mapping, map, mapped, mapped_many, mappings_by, mappings_of, remap, remap_record, unmap, unmap_record};
pub use oauth::{Callback, Finished};
pub use pacer::{Gauge, Lane, Pacer, Permit, WindowUse};
pub use purge::{Receipt, ReceiptId};
pub use replay::Replayed;
pub use sync::{StreamProgress, StreamState, SyncId, SyncKind, SyncProgress, SyncState};
pub use versions::Completeness;
pub use view::*;
