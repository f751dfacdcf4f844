//! The Intercom connector: a value that says how to read Intercom, without doing any I/O itself.
#![doc = include_str!("../README.md")]

mod admins;
mod client;
mod companies;
mod contacts;
mod conversations;
mod deleted;
mod docs;
mod errors;
mod fields;
mod paging;
mod scopes;
mod webhook;
mod writes;

use atlas_connect::{Connector, Readiness};

pub use client::{API_VERSION, conversation_url};
pub use webhook::{canonical_topic, read_health_check, read_uninstall, verify_body_signature};

/// The word for this provider in URLs and the database.
pub const ID: &str = "intercom";

/// Intercom, described.
pub fn connector() -> Connector {
    Connector {
        id: ID,
        name: "Intercom",
        category: "CRM",
        summary: docs::SUMMARY,
        readiness: Readiness::Ready,
        docs: docs::docs(),
        oauth: client::oauth(),
        scopes: scopes::scopes(),
        objects: vec![admins::OBJECT, companies::OBJECT, contacts::OBJECT, conversations::OBJECT],
        streams: vec![admins::STREAM, companies::STREAM, contacts::STREAM, conversations::STREAM, deleted::STREAM],
        webhook: Some(webhook::webhook()),
        limits: client::limits(),
        classify: client::classify,
        errors: errors::errors(),
        whoami: client::WHOAMI,
        fields: writes::mappings(),
        writes: writes::writes(),
        headers: client::HEADERS,
    }
}
