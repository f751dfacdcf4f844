//! Colleagues at the provider: matched to members by e-mail, so that owners there become owners here.

use std::time::Duration;

use atlas_connect::{Applied, Arrival, Teammate};
use atlas_jobs::{JobCtx, JobError, JobKind, NewJob, Outcome, enqueue};
use atlas_kernel::{Actor, ConnectionId, Ref, Result, UserId, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, query};
use serde::{Deserialize, Serialize};

use super::line;
use crate::provenance::{Mark, Provenance, ProvidedBy};
use crate::{company, contact, people};

/// Takes in a colleague, and gives them the records that were waiting for them.
pub(super) async fn apply(tx: &Tx, a: &Arrival, teammate: &Teammate) -> Result<Applied> {
    let workspace = a.actor.workspace;
    let (name, email) = (line(teammate.name.as_deref(), 200), line(teammate.email.as_deref(), 254));
    let user = match &email {
        Some(email) => people::by_email(tx, workspace, email).await?,
        None => None,
    };
    query(
        "INSERT INTO teammates (workspace_id, connection_id, external_id, name, email, user_id) VALUES ($1,$2,$3,$4,$5,$6) \
         ON CONFLICT (workspace_id, connection_id, external_id) DO UPDATE SET name = COALESCE(excluded.name, teammates.name), \
         email = COALESCE(excluded.email, teammates.email), user_id = COALESCE(excluded.user_id, teammates.user_id)",
    )
    .bind(workspace)
    .bind(a.connection)
    .bind(&teammate.external_id)
    .bind(name)
    .bind(email)
    .bind(user)
    .run(tx)
    .await?;
    if let Some(user) = user {
        hand_over(tx, &a.actor, a.connection, &teammate.external_id, user).await?;
    }
    Ok(Applied::default())
}

/// The member behind a colleague at the provider, if one is known.
pub(super) async fn member(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    external_id: &str,
) -> Result<Option<UserId>> {
    let found: Vec<Option<UserId>> =
        query("SELECT user_id FROM teammates WHERE workspace_id = $1 AND connection_id = $2 AND external_id = $3")
            .bind(workspace)
            .bind(connection)
            .bind(external_id)
            .values(on)
            .await?;
    Ok(found.into_iter().next().flatten())
}

/// Notes that a record's owner is a colleague who is not known here yet.
pub(super) fn await_owner(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, external_id: &str, record: &Ref) {
    let columns = "workspace_id, connection_id, external_id, record";
    let mut insert = Insert::into("awaited_owners", columns, "ON CONFLICT DO NOTHING");
    insert.row().bind(workspace).bind(connection).bind(external_id).bind(record);
    insert.later(tx);
}

/// So many records are handed over at once; a job does the rest.
const AT_ONCE: usize = 200;
const JOB: &str = "growth.hand_over";

#[derive(Clone, Serialize, Deserialize)]
struct HandOver {
    connection: ConnectionId,
    teammate: String,
    user: UserId,
}

async fn hand_over(tx: &Tx, actor: &Actor, connection: ConnectionId, teammate: &str, user: UserId) -> Result<()> {
    if step(tx, actor.workspace, connection, teammate, user).await? {
        let job = HandOver { connection, teammate: teammate.to_owned(), user };
        let job = NewJob::new(actor.workspace, JOB, job).unique(format!("growth:owner:{connection}:{teammate}"));
        enqueue(tx, job).await?;
    }
    Ok(())
}

/// Hands over the next records; answers whether there are more.
async fn step(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, teammate: &str, user: UserId) -> Result<bool> {
    let records: Vec<Ref> = query(
        "SELECT record FROM awaited_owners WHERE workspace_id = $1 AND connection_id = $2 AND external_id = $3 ORDER BY record LIMIT $4",
    )
    .bind(workspace)
    .bind(connection)
    .bind(teammate)
    .bind(AT_ONCE)
    .values(tx)
    .await?;
    for record in &records {
        give(tx, workspace, connection, teammate, user, record).await?;
        query("DELETE FROM awaited_owners WHERE workspace_id = $1 AND connection_id = $2 AND external_id = $3 AND record = $4")
            .bind(workspace)
            .bind(connection)
            .bind(teammate)
            .bind(record)
            .run(tx)
            .await?;
    }
    Ok(records.len() == AT_ONCE)
}

/// Gives a record to the member, if the provider still says so and no person decided otherwise.
async fn give(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, teammate: &str, user: UserId, record: &Ref) -> Result<()> {
    let mark = Mark::of_connection(connection, tx.now());
    if let Some(id) = record.as_id()
        && let Some(mut contact) = contact::store::lock(tx, workspace, id).await?
        && says(&contact.provided, &contact.provenance, connection, teammate)
    {
        contact.owner = Some(user);
        contact.provenance.set("ownerId", mark);
        contact.version += 1;
        contact::store::save(tx, workspace, &contact).await?;
        tx.touch(workspace, record);
    } else if let Some(id) = record.as_id()
        && let Some(mut company) = company::store::lock(tx, workspace, id).await?
        && says(&company.provided, &company.provenance, connection, teammate)
    {
        company.owner = Some(user);
        company.provenance.set("ownerId", mark);
        company.version += 1;
        company::store::save(tx, workspace, &company).await?;
        tx.touch(workspace, record);
    }
    Ok(())
}

fn says(provided: &ProvidedBy, provenance: &Provenance, connection: ConnectionId, teammate: &str) -> bool {
    let stated = provided.of(connection).and_then(|said| said.values.get("ownerId"));
    let free = provenance.of("ownerId").is_none_or(|mark| mark.connection() == Some(connection));
    free && stated.is_some_and(|stated| stated.value == teammate)
}

/// The job that hands over what was too much at once.
pub(super) fn job() -> JobKind {
    JobKind::new(JOB, |ctx: JobCtx, payload: HandOver| async move { run(ctx, payload).await })
}

async fn run(ctx: JobCtx, payload: HandOver) -> Result<Outcome, JobError> {
    let (ctx, payload) = (&ctx, &payload);
    let more = ctx
        .db
        .write(|tx| async move {
            ctx.fence(&tx).await?;
            step(&tx, ctx.workspace, payload.connection, &payload.teammate, payload.user).await
        })
        .await?;
    Ok(if more { Outcome::Again(Duration::ZERO) } else { Outcome::Done })
}
