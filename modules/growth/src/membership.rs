//! Who belongs to which company, on whose word, and the timelines they share because of it.

use std::collections::BTreeSet;

use atlas_jobs::{JobCtx, JobError, JobKind, NewJob, Outcome, enqueue};
use atlas_kernel::{ConnectionId, Ref, Result, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, built_query, link_subject, query, unlink_subject};
use serde::{Deserialize, Serialize};

use crate::ids::{CompanyId, ContactId, ConversationId, DealId};

/// The writer of what people say; connections are written by their id.
pub(crate) const PERSON: &str = "person";

atlas_store::row! {
    /// Somebody's word that a contact belongs to a company.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Claim {
        pub writer: String,
        pub claim: String,
        pub company_id: Option<CompanyId>,
        pub said_at: i64,
    }
}

/// Everybody's word on one contact: people's first, in their order, then the connections'.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn claims(on: &dyn Executor, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<Claim>> {
    let mut claims: Vec<Claim> =
        query("SELECT writer, claim, company_id, said_at FROM contact_companies WHERE workspace_id = $1 AND contact_id = $2")
            .bind(workspace)
            .bind(contact)
            .all(on)
            .await?;
    claims.sort_by(|a, b| rank(a).cmp(&rank(b)));
    Ok(claims)
}

fn rank(claim: &Claim) -> (bool, i64, &str, &str) {
    let by_person = claim.writer == PERSON;
    (!by_person, if by_person { claim.said_at } else { 0 }, &claim.writer, &claim.claim)
}

/// The companies of these claims, each once, the one to show first in front.
pub(crate) fn companies(claims: &[Claim]) -> Vec<CompanyId> {
    let mut seen = BTreeSet::new();
    claims.iter().filter_map(|claim| claim.company_id).filter(|company| seen.insert(*company)).collect()
}

/// The companies of each of these contacts, the one shown first in front.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn companies_of(on: &dyn Executor, workspace: WorkspaceId, contacts: &[ContactId]) -> Result<Vec<(ContactId, CompanyId)>> {
    if contacts.is_empty() {
        return Ok(vec![]);
    }
    let ask = query(
        "SELECT contact_id, company_id FROM contact_companies WHERE workspace_id = $1 AND company_id IS NOT NULL AND contact_id IN ({list}) \
         ORDER BY contact_id, CASE WHEN writer = 'person' THEN 0 ELSE 1 END, CASE WHEN writer = 'person' THEN said_at ELSE 0 END, writer, claim",
    );
    let rows: Vec<(ContactId, CompanyId)> = ask.bind(workspace).bind_list(contacts.iter().copied()).all(on).await?;
    let mut seen = BTreeSet::new();
    Ok(rows.into_iter().filter(|pair| seen.insert(*pair)).collect())
}

/// The contact and its companies: whose timelines show what happens with it.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn circle(on: &dyn Executor, workspace: WorkspaceId, contact: ContactId) -> Result<Vec<Ref>> {
    let companies = companies_of(on, workspace, &[contact]).await?;
    Ok([contact.to_ref()].into_iter().chain(companies.into_iter().map(|(_, company)| company.to_ref())).collect())
}

/// Makes `wanted` the contact's companies: one left out is left whoever named it, one that a connection names already
/// needs no further word. Answers them, the one to show first in front.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn set_by_people(tx: &Tx, workspace: WorkspaceId, contact: ContactId, wanted: &[CompanyId]) -> Result<Vec<CompanyId>> {
    let claims = claims(tx, workspace, contact).await?;
    let before = companies(&claims);
    let (kept, gone): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.writer != PERSON && claim.company_id.is_none_or(|company| wanted.contains(&company)));
    for claim in gone {
        unsay(tx, workspace, contact, &claim.writer, &claim.claim).await?;
    }
    let new = wanted.iter().filter(|company| !kept.iter().any(|claim| claim.company_id == Some(**company)));
    for (place, company) in new.enumerate() {
        let said = Said { writer: PERSON.to_owned(), claim: company.to_ref().to_string(), at: place as i64 };
        say(tx, workspace, contact, &said, Some(*company)).await?;
    }
    settle(tx, workspace, contact, &before).await
}

/// A word to be written down.
pub(crate) struct Said {
    pub writer: String,
    pub claim: String,
    pub at: i64,
}

/// Writes down that the contact belongs to a company, which may not have arrived yet.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn say(tx: &Tx, workspace: WorkspaceId, contact: ContactId, said: &Said, company: Option<CompanyId>) -> Result<()> {
    query(
        "INSERT INTO contact_companies (workspace_id, contact_id, writer, claim, company_id, said_at) VALUES ($1,$2,$3,$4,$5,$6) \
         ON CONFLICT (workspace_id, contact_id, writer, claim) DO UPDATE SET \
         company_id = COALESCE(excluded.company_id, contact_companies.company_id), \
         said_at = CASE WHEN excluded.said_at > contact_companies.said_at THEN excluded.said_at ELSE contact_companies.said_at END",
    )
    .bind(workspace)
    .bind(contact)
    .bind(&said.writer)
    .bind(&said.claim)
    .bind(company)
    .bind(said.at)
    .run(tx)
    .await
    .map(|_| ())
}

/// Writes down everything that a connection says of a contact of whom nobody has said anything, together with that of others,
/// see [`Insert::later`].
pub(crate) fn say_first(tx: &Tx, workspace: WorkspaceId, contact: ContactId, claims: &[Claim]) {
    let mut insert = Insert::into("contact_companies", "workspace_id, contact_id, writer, claim, company_id, said_at", "");
    for said in claims {
        insert.row().bind(workspace).bind(contact).bind(&said.writer).bind(&said.claim).bind(said.company_id).bind(said.said_at);
    }
    insert.later(tx);
}

/// Takes a word back.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn unsay(tx: &Tx, workspace: WorkspaceId, contact: ContactId, writer: &str, claim: &str) -> Result<()> {
    query("DELETE FROM contact_companies WHERE workspace_id = $1 AND contact_id = $2 AND writer = $3 AND claim = $4")
        .bind(workspace)
        .bind(contact)
        .bind(writer)
        .bind(claim)
        .run(tx)
        .await
        .map(|_| ())
}

/// After words changed: shares and unshares timelines, and answers the companies, the first one to be shown.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn settle(tx: &Tx, workspace: WorkspaceId, contact: ContactId, before: &[CompanyId]) -> Result<Vec<CompanyId>> {
    let after = companies(&claims(tx, workspace, contact).await?);
    for company in after.iter().filter(|company| !before.contains(company)) {
        share_timeline(tx, workspace, &contact.to_ref(), &company.to_ref()).await?;
        tx.touch(workspace, &company.to_ref());
    }
    for company in before.iter().filter(|company| !after.contains(company)) {
        leave(tx, workspace, contact, *company).await?;
        tx.touch(workspace, &company.to_ref());
    }
    Ok(after)
}

/// Timelines longer than this are shared by a job.
const LONG: usize = 2_000;

#[derive(Serialize, Deserialize)]
struct Share {
    from: Ref,
    to: Ref,
}

const SHARE_JOB: &str = "growth.share_timeline";

/// Shows everything on `from`'s timeline on `to`'s as well: at once, or by a job when it is long.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn share_timeline(tx: &Tx, workspace: WorkspaceId, from: &Ref, to: &Ref) -> Result<()> {
    let sql =
        format!("SELECT COUNT(*) FROM (SELECT 1 FROM event_subjects WHERE workspace_id = $1 AND subject = $2 LIMIT {}) counted", LONG + 1);
    let length: i64 = built_query(sql).bind(workspace).bind(from).value(tx).await?;
    if length <= LONG as i64 {
        return link_subject(tx, workspace, from, to).await.map(|_| ());
    }
    let job = NewJob::new(workspace, SHARE_JOB, Share { from: from.clone(), to: to.clone() });
    enqueue(tx, job.unique(format!("growth:share:{from}:{to}"))).await.map(|_| ())
}

/// The job that shares long timelines.
pub(crate) fn job() -> JobKind {
    JobKind::new(SHARE_JOB, |ctx: JobCtx, share: Share| async move { run_share(ctx, share).await })
}

async fn run_share(ctx: JobCtx, share: Share) -> Result<Outcome, JobError> {
    let (ctx, share) = (&ctx, &share);
    ctx.db
        .write(|tx| async move {
            ctx.fence(&tx).await?;
            if still_shared(&tx, ctx.workspace, share).await? {
                link_subject(&tx, ctx.workspace, &share.from, &share.to).await?;
                tx.touch(ctx.workspace, &share.to);
            }
            Ok(())
        })
        .await?;
    Ok(Outcome::Done)
}

/// Whether a contact that joined a company is still in it when the job runs.
async fn still_shared(tx: &Tx, workspace: WorkspaceId, share: &Share) -> Result<bool> {
    let (Some(contact), Some(company)) = (share.from.as_id(), share.to.as_id()) else { return Ok(true) };
    let (contact, company): (ContactId, CompanyId) = (contact, company);
    Ok(companies(&claims(tx, workspace, contact).await?).contains(&company))
}

/// Takes a contact's events off a company's timeline, and puts back those the company has on its own account.
async fn leave(tx: &Tx, workspace: WorkspaceId, contact: ContactId, company: CompanyId) -> Result<()> {
    let company = company.to_ref();
    unlink_subject(tx, workspace, &contact.to_ref(), &company).await?;
    let deals: Vec<DealId> = query("SELECT id FROM deals WHERE workspace_id = $1 AND company_id = $2 AND contact_id = $3")
        .bind(workspace)
        .bind(company.uuid())
        .bind(contact)
        .values(tx)
        .await?;
    for deal in deals {
        link_subject(tx, workspace, &deal.to_ref(), &company).await?;
    }
    let shared: Vec<ConversationId> = query(
        "SELECT DISTINCT mine.conversation_id FROM conversation_people mine \
         JOIN conversation_people theirs ON theirs.workspace_id = mine.workspace_id AND theirs.conversation_id = mine.conversation_id \
         JOIN contact_companies cc ON cc.workspace_id = theirs.workspace_id AND cc.contact_id = theirs.contact_id AND cc.company_id = $3 \
         WHERE mine.workspace_id = $1 AND mine.contact_id = $2 AND theirs.contact_id <> $2",
    )
    .bind(workspace)
    .bind(contact)
    .bind(company.uuid())
    .values(tx)
    .await?;
    for conversation in shared {
        link_subject(tx, workspace, &conversation.to_ref(), &company).await?;
    }
    Ok(())
}

/// How a connection is named as a writer.
pub(crate) fn writer(connection: ConnectionId) -> String {
    connection.to_ref().to_string()
}
