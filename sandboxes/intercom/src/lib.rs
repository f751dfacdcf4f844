//! A strict local Intercom: the provider's paths, OAuth screen, scopes, limits, webhooks and errors, with data grown from a seed.
//!
//! It shares no code with any connector, so a mistake on one side cannot hide a mistake on the other.
//! `/` and `/hub` are pages for people, `/_sandbox/` is for tests, everything else is the imitated provider.

mod api;
mod app;
mod clock;
mod control;
mod inside;
mod limits;
mod oauth;
mod options;
mod random;
mod render;
mod sandbox;
mod search;
mod seed;
mod server;
mod settings;
mod site;
mod stats;
mod webhook;
mod world;

pub use inside::{Inside, Posted};
pub use options::Options;
pub use server::{Running, serve, start};
