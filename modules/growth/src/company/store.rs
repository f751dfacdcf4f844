//! Companies in the database.

use std::collections::HashMap;

use atlas_kernel::{Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Insert, SearchDoc, Tx, built_query, query, search_add, search_put, search_remove};
use serde_json::Value;

use super::{Company, Status};
use crate::contact::store::sort_key;
use crate::ids::CompanyId;
use crate::provenance::{from_json, to_json};

const COLUMNS: &str = "c.id, c.name, c.website, c.domain, c.industry, c.size, c.plan, c.own_id, c.owner_id, c.status, c.archived_at, c.origin, \
     c.provenance, c.provided, c.version, c.created_at, c.updated_at, c.last_activity_at";

atlas_store::row! {
    pub(crate) struct CompanyRow {
        id: CompanyId,
        name: String,
        website: Option<String>,
        domain: Option<String>,
        industry: Option<String>,
        size: Option<i64>,
        plan: Option<String>,
        own_id: Option<String>,
        owner_id: Option<UserId>,
        status: Status,
        archived_at: Option<Timestamp>,
        origin: String,
        provenance: Value,
        provided: Value,
        version: i64,
        created_at: Timestamp,
        updated_at: Timestamp,
        last_activity_at: Timestamp,
    }
}

impl TryFrom<CompanyRow> for Company {
    type Error = atlas_kernel::Error;
    fn try_from(row: CompanyRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            website: row.website,
            domain: row.domain,
            industry: row.industry,
            size: row.size,
            plan: row.plan,
            own_id: row.own_id,
            owner: row.owner_id,
            status: row.status,
            archived_at: row.archived_at,
            origin: row.origin,
            provenance: from_json(row.provenance)?,
            provided: from_json(row.provided)?,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_activity_at: row.last_activity_at,
        })
    }
}

/// The company with this id, whatever its status.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: CompanyId) -> Result<Option<Company>> {
    Ok(find_many(on, workspace, &[id]).await?.pop())
}

/// The companies with these ids, in no order; those that are not there are left out.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_many(on: &dyn Executor, workspace: WorkspaceId, ids: &[CompanyId]) -> Result<Vec<Company>> {
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(500) {
        let ask = built_query(format!("SELECT {COLUMNS} FROM companies c WHERE c.workspace_id = $1 AND c.id IN ({{list}})"));
        let rows: Vec<CompanyRow> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
        for row in rows {
            found.push(row.try_into()?);
        }
    }
    Ok(found)
}

/// The company with this id, locked until the transaction ends.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn lock(tx: &Tx, workspace: WorkspaceId, id: CompanyId) -> Result<Option<Company>> {
    let sql = format!("SELECT {COLUMNS} FROM companies c WHERE c.workspace_id = $1 AND c.id = $2{}", tx.dialect().for_update());
    let row: Option<CompanyRow> = built_query(sql).bind(workspace).bind(id).first(tx).await?;
    row.map(Company::try_from).transpose()
}

/// What people call a company.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn name(on: &dyn Executor, workspace: WorkspaceId, id: CompanyId) -> Result<Option<String>> {
    let row: Option<(String, Option<String>)> =
        query("SELECT name, domain FROM companies WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).first(on).await?;
    Ok(row.map(|(name, domain)| super::label(&name, domain.as_deref()).to_owned()))
}

/// The names to show of these companies.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn names(on: &dyn Executor, workspace: WorkspaceId, ids: &[CompanyId]) -> Result<HashMap<CompanyId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ask = query("SELECT id, name, domain FROM companies WHERE workspace_id = $1 AND id IN ({list})");
    let rows: Vec<(CompanyId, String, Option<String>)> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
    Ok(rows.into_iter().map(|(id, name, domain)| (id, super::label(&name, domain.as_deref()).to_owned())).collect())
}

/// Companies with this own id, domain or folded name; `column` is one of `own_id`, `domain`, `name_key`.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn by(on: &dyn Executor, workspace: WorkspaceId, column: &'static str, value: &str) -> Result<Vec<Company>> {
    let live = if column == "name_key" { " AND c.status IN ('active', 'archived')" } else { "" };
    let sql = format!("SELECT {COLUMNS} FROM companies c WHERE c.workspace_id = $1 AND c.{column} = $2{live} LIMIT 20");
    let rows: Vec<CompanyRow> = built_query(sql).bind(workspace).bind(value).all(on).await?;
    rows.into_iter().map(Company::try_from).collect()
}

const ROW: &str = "workspace_id, id, name, name_key, website, domain, industry, size, plan, own_id, owner_id, status, archived_at, origin, \
     provenance, provided, version, created_at, updated_at, last_activity_at";
const UPDATE: &str = "ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, website = excluded.website, \
     domain = excluded.domain, industry = excluded.industry, size = excluded.size, plan = excluded.plan, own_id = excluded.own_id, \
     owner_id = excluded.owner_id, status = excluded.status, archived_at = excluded.archived_at, origin = excluded.origin, provenance = excluded.provenance, \
     provided = excluded.provided, version = excluded.version, created_at = excluded.created_at, updated_at = excluded.updated_at, \
     last_activity_at = excluded.last_activity_at";

/// Writes a company as it is, with what it is found by.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn save(tx: &Tx, workspace: WorkspaceId, company: &Company) -> Result<()> {
    row(workspace, company, UPDATE).run(tx).await?;
    if company.status != Status::Active {
        return search_remove(tx, workspace, &company.id.to_ref()).await;
    }
    search_put(tx, workspace, &doc(company)).await
}

/// Writes an active company whose id nobody has seen yet, together with others, see [`Insert::later`].
pub(crate) fn add(tx: &Tx, workspace: WorkspaceId, company: &Company) {
    row(workspace, company, "").later(tx);
    search_add(tx, workspace, &doc(company));
}

fn row(workspace: WorkspaceId, company: &Company, tail: &'static str) -> Insert {
    let mut insert = Insert::into("companies", ROW, tail);
    insert
        .row()
        .bind(workspace)
        .bind(company.id)
        .bind(&company.name)
        .bind(sort_key(company.label()))
        .bind(company.website.as_deref())
        .bind(company.domain.as_deref())
        .bind(company.industry.as_deref())
        .bind(company.size)
        .bind(company.plan.as_deref())
        .bind(company.own_id.as_deref())
        .bind(company.owner)
        .bind(company.status)
        .bind(company.archived_at)
        .bind(&company.origin)
        .bind(to_json(&company.provenance))
        .bind(to_json(&company.provided))
        .bind(company.version)
        .bind(company.created_at)
        .bind(company.updated_at)
        .bind(company.last_activity_at);
    insert
}

/// What search finds of a company.
fn doc(company: &Company) -> SearchDoc {
    let parts = [company.industry.as_deref(), company.domain.as_deref()];
    let detail = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let words = [
        company.website.as_deref(),
        company.domain.as_deref(),
        company.industry.as_deref(),
        company.plan.as_deref(),
        company.own_id.as_deref(),
    ];
    let body = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let (record, title, url) = (company.id.to_ref(), company.label().to_owned(), company.url());
    SearchDoc { record, kind: "company", title, detail, url, body, connection: None }
}

/// Takes a company out of the database; contacts and deals must not refer to it any more.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn delete(tx: &Tx, workspace: WorkspaceId, id: CompanyId) -> Result<()> {
    query("DELETE FROM companies WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await?;
    search_remove(tx, workspace, &id.to_ref()).await
}

/// How many active contacts each of these companies has.
///
/// # Errors
/// Whatever the database answers.
pub async fn headcounts(on: &dyn Executor, workspace: WorkspaceId, ids: &[CompanyId]) -> Result<Vec<(CompanyId, i64)>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = query(
        "SELECT cc.company_id, COUNT(DISTINCT cc.contact_id) FROM contact_companies cc \
         JOIN contacts c ON c.workspace_id = cc.workspace_id AND c.id = cc.contact_id AND c.status = 'active' \
         WHERE cc.workspace_id = $1 AND cc.company_id IN ({list}) GROUP BY cc.company_id",
    );
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}
