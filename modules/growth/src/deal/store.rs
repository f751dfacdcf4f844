//! Deals in the database.

use atlas_kernel::{Currency, Error, Money, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, SearchDoc, Tx, built_query, query, search_put, search_remove};
use jiff::civil::Date;

use super::{Deal, Status};
use crate::contact::store::sort_key;
use crate::ids::{CompanyId, ContactId, DealId, PipelineId, StageId};

pub(crate) const COLUMNS: &str = "d.id, d.title, d.amount, d.currency, d.pipeline_id, d.stage_id, d.position, d.expected_close, d.owner_id, \
     d.contact_id, d.company_id, d.status, d.archived_at, d.closed_at, d.stage_since, d.version, d.created_at, d.updated_at, d.last_activity_at";

atlas_store::row! {
    pub(crate) struct DealRow {
        id: DealId,
        title: String,
        amount: Option<i64>,
        currency: Option<String>,
        pipeline_id: PipelineId,
        stage_id: StageId,
        position: i64,
        expected_close: Option<Date>,
        owner_id: Option<UserId>,
        contact_id: Option<ContactId>,
        company_id: Option<CompanyId>,
        status: Status,
        archived_at: Option<Timestamp>,
        closed_at: Option<Timestamp>,
        stage_since: Timestamp,
        version: i64,
        created_at: Timestamp,
        updated_at: Timestamp,
        last_activity_at: Timestamp,
    }
}

/// The two columns of an amount of money as one value.
pub(crate) fn money(amount: Option<i64>, currency: Option<&str>) -> Result<Option<Money>> {
    let Some(amount) = amount else { return Ok(None) };
    let currency: Currency = currency.unwrap_or("EUR").parse().map_err(Error::internal)?;
    Ok(Some(Money { amount, currency }))
}

impl TryFrom<DealRow> for Deal {
    type Error = Error;
    fn try_from(row: DealRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            title: row.title,
            value: money(row.amount, row.currency.as_deref())?,
            pipeline: row.pipeline_id,
            stage: row.stage_id,
            position: row.position,
            expected_close: row.expected_close,
            owner: row.owner_id,
            contact: row.contact_id,
            company: row.company_id,
            status: row.status,
            archived_at: row.archived_at,
            closed_at: row.closed_at,
            stage_since: row.stage_since,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_activity_at: row.last_activity_at,
        })
    }
}

/// The deal with this id, whatever its status.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: DealId) -> Result<Option<Deal>> {
    Ok(find_many(on, workspace, &[id]).await?.pop())
}

/// The deals with these ids, in no order; those that are not there are left out.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_many(on: &dyn Executor, workspace: WorkspaceId, ids: &[DealId]) -> Result<Vec<Deal>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = built_query(format!("SELECT {COLUMNS} FROM deals d WHERE d.workspace_id = $1 AND d.id IN ({{list}})"));
    let rows: Vec<DealRow> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
    rows.into_iter().map(Deal::try_from).collect()
}

/// The deal with this id, locked until the transaction ends.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn lock(tx: &Tx, workspace: WorkspaceId, id: DealId) -> Result<Option<Deal>> {
    let sql = format!("SELECT {COLUMNS} FROM deals d WHERE d.workspace_id = $1 AND d.id = $2{}", tx.dialect().for_update());
    let row: Option<DealRow> = built_query(sql).bind(workspace).bind(id).first(tx).await?;
    row.map(Deal::try_from).transpose()
}

const UPSERT: &str = "INSERT INTO deals (workspace_id, id, title, title_key, amount, currency, value_key, pipeline_id, stage_id, position, \
     expected_close, close_key, owner_id, contact_id, company_id, status, archived_at, closed_at, stage_since, version, created_at, updated_at, \
     last_activity_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23) \
     ON CONFLICT (workspace_id, id) DO UPDATE SET title = excluded.title, title_key = excluded.title_key, amount = excluded.amount, \
     currency = excluded.currency, value_key = excluded.value_key, pipeline_id = excluded.pipeline_id, stage_id = excluded.stage_id, \
     position = excluded.position, expected_close = excluded.expected_close, close_key = excluded.close_key, owner_id = excluded.owner_id, \
     contact_id = excluded.contact_id, company_id = excluded.company_id, status = excluded.status, archived_at = excluded.archived_at, \
     closed_at = excluded.closed_at, stage_since = excluded.stage_since, version = excluded.version, updated_at = excluded.updated_at, \
     last_activity_at = excluded.last_activity_at";

/// Writes a deal as it is, with what it is found by.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn save(tx: &Tx, workspace: WorkspaceId, deal: &Deal) -> Result<()> {
    query(UPSERT)
        .bind(workspace)
        .bind(deal.id)
        .bind(&deal.title)
        .bind(sort_key(&deal.title))
        .bind(deal.value.map(|value| value.amount))
        .bind(deal.value.map(|value| value.currency.code().to_owned()))
        .bind(deal.value_key())
        .bind(deal.pipeline)
        .bind(deal.stage)
        .bind(deal.position)
        .bind(deal.expected_close)
        .bind(deal.close_key())
        .bind(deal.owner)
        .bind(deal.contact)
        .bind(deal.company)
        .bind(deal.status)
        .bind(deal.archived_at)
        .bind(deal.closed_at)
        .bind(deal.stage_since)
        .bind(deal.version)
        .bind(deal.created_at)
        .bind(deal.updated_at)
        .bind(deal.last_activity_at)
        .run(tx)
        .await?;
    index(tx, workspace, deal).await
}

async fn index(tx: &Tx, workspace: WorkspaceId, deal: &Deal) -> Result<()> {
    let record = deal.id.to_ref();
    if deal.status != Status::Active {
        return search_remove(tx, workspace, &record).await;
    }
    // No names of contacts or companies: those may be a provider's words, and this entry outlives its connection.
    let detail = deal.value.map(|value| value.to_string()).unwrap_or_default();
    let doc = SearchDoc { record, kind: "deal", title: deal.title.clone(), detail, url: deal.url(), body: String::new(), connection: None };
    search_put(tx, workspace, &doc).await
}

/// Places are this far apart, so that a deal can be put between two others without renumbering.
const STEP: i64 = 1 << 20;

/// A place at the end of a stage.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn last_place(tx: &Tx, workspace: WorkspaceId, stage: StageId) -> Result<i64> {
    let last: i64 = query("SELECT COALESCE(MAX(position), 0) FROM deals WHERE workspace_id = $1 AND stage_id = $2")
        .bind(workspace)
        .bind(stage)
        .value(tx)
        .await?;
    Ok(last + STEP)
}

/// A place in a stage right before `next`; the stage is renumbered when there is no room left.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn place_before(tx: &Tx, workspace: WorkspaceId, stage: StageId, next: DealId, moving: DealId) -> Result<i64> {
    for _ in 0..2 {
        let at = query("SELECT position FROM deals WHERE workspace_id = $1 AND stage_id = $2 AND id = $3");
        let Some(after) = at.bind(workspace).bind(stage).bind(next).values::<i64>(tx).await?.pop() else {
            return last_place(tx, workspace, stage).await;
        };
        let before: i64 = query(
            "SELECT COALESCE(MAX(position), 0) FROM deals WHERE workspace_id = $1 AND stage_id = $2 AND id <> $4 AND id <> $5 \
             AND position <= $3",
        )
        .bind(workspace)
        .bind(stage)
        .bind(after)
        .bind(moving)
        .bind(next)
        .value(tx)
        .await?;
        if after - before >= 2 {
            return Ok(before + (after - before) / 2);
        }
        renumber(tx, workspace, stage).await?;
    }
    last_place(tx, workspace, stage).await
}

async fn renumber(tx: &Tx, workspace: WorkspaceId, stage: StageId) -> Result<()> {
    query(
        "UPDATE deals SET position = placed.place * $3 FROM \
         (SELECT id, ROW_NUMBER() OVER (ORDER BY position, id) AS place FROM deals WHERE workspace_id = $1 AND stage_id = $2) AS placed \
         WHERE deals.workspace_id = $1 AND deals.id = placed.id",
    )
    .bind(workspace)
    .bind(stage)
    .bind(STEP)
    .run(tx)
    .await
    .map(|_| ())
}

/// How many deals a stage has, archived ones included.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn count_in_stage(on: &dyn Executor, workspace: WorkspaceId, stage: StageId) -> Result<i64> {
    query("SELECT COUNT(*) FROM deals WHERE workspace_id = $1 AND stage_id = $2").bind(workspace).bind(stage).value(on).await
}

/// How many deals each stage of a pipeline has, archived ones included.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn counts_by_stage(on: &dyn Executor, workspace: WorkspaceId, pipeline: PipelineId) -> Result<Vec<(StageId, i64)>> {
    query("SELECT stage_id, COUNT(*) FROM deals WHERE workspace_id = $1 AND pipeline_id = $2 GROUP BY stage_id")
        .bind(workspace)
        .bind(pipeline)
        .all(on)
        .await
}

/// How many deals a pipeline has, archived ones included.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn count_in_pipeline(on: &dyn Executor, workspace: WorkspaceId, pipeline: PipelineId) -> Result<i64> {
    query("SELECT COUNT(*) FROM deals WHERE workspace_id = $1 AND pipeline_id = $2").bind(workspace).bind(pipeline).value(on).await
}

/// Moves every deal of a stage to the end of another.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn move_all(tx: &Tx, workspace: WorkspaceId, from: StageId, to: StageId, closed: bool) -> Result<()> {
    let offset = last_place(tx, workspace, to).await?;
    query("UPDATE deals SET stage_id = $3, position = position + $4, stage_since = $5, updated_at = $5, version = version + 1 WHERE workspace_id = $1 AND stage_id = $2")
        .bind(workspace)
        .bind(from)
        .bind(to)
        .bind(offset)
        .bind(tx.now())
        .run(tx)
        .await?;
    set_closed(tx, workspace, to, closed).await
}

/// Closes every open deal of a stage now, or opens them all again, as the stage's kind says.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn set_closed(tx: &Tx, workspace: WorkspaceId, stage: StageId, closed: bool) -> Result<()> {
    let sql = match closed {
        true => "UPDATE deals SET closed_at = $3 WHERE workspace_id = $1 AND stage_id = $2 AND closed_at IS NULL",
        false => "UPDATE deals SET closed_at = NULL, updated_at = $3 WHERE workspace_id = $1 AND stage_id = $2 AND closed_at IS NOT NULL",
    };
    query(sql).bind(workspace).bind(stage).bind(tx.now()).run(tx).await.map(|_| ())
}

/// Makes everything of one contact another's, when two become one; answers the deals that moved.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn change_contact(tx: &Tx, workspace: WorkspaceId, from: ContactId, to: ContactId) -> Result<u64> {
    query("UPDATE deals SET contact_id = $3, version = version + 1 WHERE workspace_id = $1 AND contact_id = $2")
        .bind(workspace)
        .bind(from)
        .bind(to)
        .run(tx)
        .await
}

/// The deal that follows another one in its stage.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn next_in_stage(on: &dyn Executor, workspace: WorkspaceId, deal: &Deal) -> Result<Option<DealId>> {
    let next = query(
        "SELECT id FROM deals WHERE workspace_id = $1 AND stage_id = $2 AND status = 'active' AND (position, id) > ($3, $4) \
         ORDER BY position, id LIMIT 1",
    );
    Ok(next.bind(workspace).bind(deal.stage).bind(deal.position).bind(deal.id).values(on).await?.pop())
}
