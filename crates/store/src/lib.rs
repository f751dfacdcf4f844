//! Storage: one SQL text on SQLite and PostgreSQL, write transactions, the event log, search and live notices.
//!
//! The only crate that names `sqlx`. Everything else speaks [`Query`], [`Tx`] and [`Db`].

mod checkpoint;
mod db;
mod dialect;
mod error;
mod events;
mod insert;
mod live;
mod migrate;
mod nouns;
mod open;
mod presence;
mod probe;
mod query;
mod row;
mod search;
mod statistics;
mod turns;
mod tx;
mod value;

pub use db::{Db, Location, Options};
pub use dialect::Dialect;
pub use events::{
    Event, EventQuery, EventRow, Source, events_about, forget_connection_events, kind_counts, link_subject, record_event,
    record_event_later, record_events, unlink_subject,
};
pub use insert::{Cells, Insert};
pub use live::Notice;
pub use migrate::Migration;
pub use nouns::{Describe, Named, Noun, Nouns};
pub use presence::Presence;
pub use probe::watch_queries;
pub use query::{Executor, Query, Take, built_query, query};
#[doc(hidden)]
pub use row::RawRowRef;
pub use row::{Column, FromRow, JsonAs, Row};
pub use search::{Hit, SearchDoc, fold, search, search_add, search_put, search_remove};
pub use tx::Tx;
pub use value::{TextColumn, Value};

/// The migrations of this crate: event log and search.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "store/0001_events", sql: include_str!("../migrations/0001_events.sql") },
        Migration { name: "store/0002_search", sql: include_str!("../migrations/0002_search.sql") },
    ]
}
