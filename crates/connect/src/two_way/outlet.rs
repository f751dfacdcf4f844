//! A module's door for what goes out: what its records say now, and how a decision for the provider reaches them.

use atlas_kernel::{Actor, ConnectionId, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::{Executor, Tx};
use futures::future::BoxFuture;
use serde_json::Value;

use crate::What;

/// A module's door for one kind of record that can be written back.
#[derive(Clone, Copy)]
pub struct Outlet {
    /// The module.
    pub module: &'static str,
    /// The kind of record.
    pub what: What,
    /// What records say now, and what the connection said of them last; those that are gone or put away are left out.
    pub read: for<'a> fn(&'a dyn Executor, WorkspaceId, ConnectionId, &'a [Ref]) -> BoxFuture<'a, Result<Vec<OutRecord>>>,
    /// Makes the provider's value the record's, with its event.
    pub take: for<'a> fn(&'a Tx, &'a Actor, ConnectionId, Take) -> BoxFuture<'a, Result<()>>,
}

/// A record as it stands.
#[derive(Clone, Debug)]
pub struct OutRecord {
    /// The record.
    pub record: Ref,
    /// What people call it.
    pub label: String,
    /// Where its page is.
    pub url: String,
    /// Its fields by their names over REST.
    pub fields: Vec<(&'static str, Ours)>,
}

impl OutRecord {
    /// One of its fields.
    pub(super) fn field(&self, name: &str) -> Option<&Ours> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, ours)| ours)
    }
}

/// A field as it stands.
#[derive(Clone, Debug)]
pub struct Ours {
    /// The value.
    pub value: Value,
    /// Who wrote it.
    pub by: Option<Ref>,
    /// When; none when nobody has.
    pub at: Option<Timestamp>,
    /// What the connection said last.
    pub said: Option<Value>,
    /// The provider's time of change when it said so, microseconds since 1970.
    pub said_at: i64,
}

/// A decision for the provider's value.
#[derive(Clone, Debug)]
pub struct Take {
    /// The record.
    pub record: Ref,
    /// The field's name over REST.
    pub field: String,
    /// The provider's value.
    pub value: Value,
    /// Why, for the field's provenance, such as `chosen by Ada`.
    pub why: String,
}
