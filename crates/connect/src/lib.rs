//! The connector kit: descriptors, the sync engine, credentials, webhook intake, landing records.
#![doc = include_str!("../README.md")]

mod activity;
mod api;
mod audit;
mod check;
mod connection;
mod connections;
mod descriptor;
mod diagnostics;
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
mod notices;
mod oauth;
mod pacer;
mod pause;
mod purge;
mod raw;
mod replay;
mod shared;
mod signal;
mod stint;
mod sync;
mod tally;
pub mod testkit;
mod tick;
mod two_way;
mod versions;
mod view;
mod webhook;

pub use activity::{ActivityId, Level, LogLine};
pub use api::{SyncRequested, operations};
pub use check::{Check, CheckState, ScopeCheck, TestReport};
pub use connection::{CONNECTIONS_READ, CONNECTIONS_WRITE, ConnectionState, Credentials, Disconnected, Secret, SettingsChange, live_since};
pub use connections::{Connections, Parts, migrations};
pub use descriptor::*;
pub use diagnostics::{ConnectionDeadLetter, Diagnostics};
pub use heed::ScopeState;
pub use http::{Inside, Loss, Refusal, Resolver, Transport, install_crypto, refusal};
pub use landing::*;
pub use mapping::{
    Mapping, map, map_new, mapped, mapped_many, mappings_by, mappings_of, remap, remap_many, remap_record, unmap, unmap_record,
    unmap_records,
};
pub use notices::{NoticeReplayed, NoticeView};
pub use oauth::{Callback, Finished};
pub use pacer::{Gauge, Lane, Pacer, Permit, WindowUse};
pub use purge::{Receipt, ReceiptFile, ReceiptId, ReceiptProblem, receipt_keys};
pub use replay::Replayed;
pub use sync::{StreamProgress, StreamState, SyncId, SyncKind, SyncProgress, SyncState};
pub use two_way::*;
pub use versions::Completeness;
pub use view::*;
