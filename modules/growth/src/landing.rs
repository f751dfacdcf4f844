//! The door for what connectors bring: people, companies, conversations, and the news that some of it is gone.
//!
//! Every record may arrive late, twice or out of order; the state afterwards is the same. What a person wrote stays theirs.

mod company;
mod conversation;
mod gone;
mod matching;
mod merged;
mod newcomers;
mod outlet;
mod owners;
mod person;
mod purge;
mod settle;
mod together;
mod tombstones;
mod unheard;
mod unmet;

use atlas_connect::{Applied, Arrival, Coming, Intake, Landing, Purged};
use atlas_jobs::JobKind;
use atlas_kernel::{ConnectionId, Ref, Result, Timestamp, WorkspaceId};
use atlas_store::{Insert, Tx};
use futures::future::BoxFuture;

pub use outlet::outlets;

/// This module's door for landing records.
pub fn intake() -> Intake {
    Intake { module: "growth", order: 10, prepare, apply, purge }
}

/// The jobs that finish what would take too long inside one arrival.
pub(crate) fn jobs() -> Vec<JobKind> {
    vec![company::job(), owners::job()]
}

fn prepare<'a>(tx: &'a Tx, coming: &'a Coming<'a>) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let companies_are_unmet = unmet::prepare(tx, coming).await?;
        newcomers::prepare(tx, coming).await?;
        unheard::prepare(tx, coming, companies_are_unmet).await
    })
}

fn apply<'a>(tx: &'a Tx, arrival: &'a Arrival) -> BoxFuture<'a, Result<Applied>> {
    Box::pin(async move {
        match &arrival.landing {
            Landing::Person(person) => match newcomers::apply(tx, arrival, person).await? {
                Some(applied) => Ok(applied),
                None => person::apply(tx, arrival, person).await,
            },
            Landing::Company(company) => match unmet::apply(tx, arrival, company).await? {
                Some(applied) => Ok(applied),
                None => company::apply(tx, arrival, company).await,
            },
            Landing::Conversation(conversation) => match unheard::apply(tx, arrival, conversation).await? {
                Some(applied) => Ok(applied),
                None => conversation::apply(tx, arrival, conversation).await,
            },
            Landing::Teammate(teammate) => owners::apply(tx, arrival, teammate).await,
            Landing::Gone { what, external_id } => gone::apply(tx, arrival, *what, external_id).await,
            Landing::Back { what, external_id } => {
                tombstones::lift(tx, arrival.actor.workspace, arrival.connection, what.as_str(), external_id).await?;
                Ok(Applied::default())
            }
            Landing::Merged { from, into } => merged::apply(tx, arrival, from, into).await,
            Landing::Redacted { external_id } => gone::redact(tx, arrival, external_id).await,
        }
    })
}

fn purge(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> BoxFuture<'_, Result<Vec<Purged>>> {
    Box::pin(purge::step(tx, workspace, connection, limit))
}

/// A provider's time of change as the version that decides which of two statements is newer; 0 when it does not say.
fn version(at: Option<Timestamp>) -> i64 {
    at.map_or(0, Timestamp::as_microsecond)
}

/// A line of text from outside: one line, no control characters, bounded; empty means that nothing is said.
fn line(text: Option<&str>, most: usize) -> Option<String> {
    let plain: String = text?.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// Remembers that the connection wrote something into the record, so that its purge visits it.
fn remember_source(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, record: &Ref) {
    let mut insert = Insert::into("record_sources", "workspace_id, connection_id, record", "ON CONFLICT DO NOTHING");
    insert.row().bind(workspace).bind(connection).bind(record);
    insert.later(tx);
}
