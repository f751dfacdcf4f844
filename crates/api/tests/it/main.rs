//! The REST kit, walked over HTTP with a small registry of widgets.

mod access;
mod app;
mod bodies;
mod documents;
mod idempotency;
mod logs;
mod rates;
mod records;
mod registry;
mod widgets;
