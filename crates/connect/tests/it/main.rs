//! The connector kit against a small provider of its own: OAuth, syncs, notices, failures, disconnect.

mod api;
mod disconnect;
mod fake;
mod hooks;
mod nodes;
mod oauth;
mod schedule;
mod suite;
mod syncs;
mod toy;
mod trouble;
mod world;
