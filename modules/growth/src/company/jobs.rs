//! What follows a company that got another name: its people are found under the new one.

use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, JobKind, NewJob, Outcome, enqueue};
use atlas_kernel::{Result, WorkspaceId};
use atlas_store::{Tx, query};
use serde::{Deserialize, Serialize};

use crate::contact;
use crate::ids::{CompanyId, ContactId};

const JOB: &str = "growth.company_renamed";

/// So many contacts are written to the search in one step.
const AT_ONCE: usize = 200;

#[derive(Clone, Serialize, Deserialize)]
struct Renamed {
    company: CompanyId,
}

/// Lets the search follow a new name, once the transaction is committed.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn renamed(tx: &Tx, workspace: WorkspaceId, company: CompanyId) -> Result<()> {
    enqueue(tx, NewJob::new(workspace, JOB, Renamed { company }).unique(format!("growth:renamed:{company}"))).await.map(|_| ())
}

/// The job that does it, a few contacts at a time.
pub(crate) fn job() -> JobKind {
    JobKind::new(JOB, |ctx: JobCtx, payload: Renamed| async move { run(ctx, payload.company).await }).longest(Duration::from_secs(600))
}

async fn run(ctx: JobCtx, company: CompanyId) -> Result<Outcome, JobError> {
    let mut after: Option<ContactId> = None;
    loop {
        let ctx_ref = &ctx;
        let step = |tx| async move {
            ctx_ref.fence(&tx).await?;
            reindex(&tx, ctx_ref.workspace, company, after).await
        };
        after = ctx.db.write(step).await?;
        if after.is_none() {
            return Ok(Outcome::Done);
        }
        if ctx.stopping() {
            return Ok(Outcome::Again(Duration::ZERO));
        }
    }
}

/// Writes the next contacts to the search; answers the last one when there may be more.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn reindex(tx: &Tx, workspace: WorkspaceId, company: CompanyId, after: Option<ContactId>) -> Result<Option<ContactId>> {
    let ids: Vec<ContactId> = query(
        "SELECT DISTINCT contact_id FROM contact_companies WHERE workspace_id = $1 AND company_id = $2 AND ($3 OR contact_id > $4) \
         ORDER BY contact_id LIMIT $5",
    )
    .bind(workspace)
    .bind(company)
    .bind(after.is_none())
    .bind(after.unwrap_or(ContactId::from_uuid(uuid::Uuid::nil())))
    .bind(AT_ONCE)
    .values(tx)
    .await?;
    for contact in contact::store::find_many(tx, workspace, &ids).await? {
        contact::store::index(tx, workspace, &contact).await?;
    }
    Ok(ids.last().copied().filter(|_| ids.len() == AT_ONCE))
}
