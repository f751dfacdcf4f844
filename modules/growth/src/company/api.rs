//! Companies over REST.

use std::collections::{BTreeMap, HashMap};

use atlas_api::{Ctx, IdPath, Input, Operation, Patch};
use atlas_kernel::{Error, Page, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::list::{CompanyQuery, page};
use super::{Company, Edit, Status, store, verbs};
use crate::access::{COMPANIES_READ, COMPANIES_WRITE};
use crate::ids::CompanyId;
use crate::tag;
use crate::wire::{ProviderJson, WriterJson, limit, owner_filter, provenance, providers, tag_filter, turn};

/// The operations on companies.
pub(crate) fn operations() -> Vec<Operation> {
    let version = |out: &CompanyJson| out.version;
    let list = Operation::read("companies.list", "/v1/companies", COMPANIES_READ, list).summary("List companies").tool();
    let create = Operation::write("companies.create", Method::POST, "/v1/companies", COMPANIES_WRITE, create).summary("Create a company");
    let get = Operation::read("companies.get", "/v1/companies/{id}", COMPANIES_READ, get).summary("Read a company").tool();
    let update =
        Operation::write("companies.update", Method::PATCH, "/v1/companies/{id}", COMPANIES_WRITE, update).summary("Change a company");
    let archive =
        Operation::write("companies.archive", Method::DELETE, "/v1/companies/{id}", COMPANIES_WRITE, archive).summary("Archive a company");
    let restore = Operation::write("companies.restore", Method::POST, "/v1/companies/{id}/restore", COMPANIES_WRITE, restore);
    vec![
        list.describe(
            "Search with `q`, filter, sort by `name`, `created`, `updated` or `activity` (a `-` in front reverses), page by cursor.",
        ),
        create.created().version(version).quick_action("New company", ""),
        get.version(version),
        update.version(version).describe("Fields left out stay; null empties. What you write is not overwritten by connections."),
        archive
            .no_content()
            .conditional()
            .describe("An archived company leaves lists and searches and keeps everything; restore takes it back."),
        restore.summary("Restore an archived company").version(version),
    ]
    .into_iter()
    .map(|operation| operation.tag("Companies"))
    .collect()
}

/// A company one deals with.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Company")]
pub struct CompanyJson {
    /// The company's id.
    pub id: CompanyId,
    /// The name; empty when nobody knows it.
    pub name: String,
    /// The web site, as written.
    pub website: Option<String>,
    /// The domain of the web site.
    pub domain: Option<String>,
    /// What it does.
    pub industry: Option<String>,
    /// How many people work there.
    pub size: Option<i64>,
    /// The plan it is on.
    pub plan: Option<String>,
    /// The member who looks after it.
    pub owner_id: Option<UserId>,
    /// Tags, by name.
    pub tags: Vec<String>,
    /// How many contacts belong to it.
    pub contact_count: i64,
    /// Your own id for it in another system.
    pub external_id: Option<String>,
    /// Who made the record: `atlas` or a provider.
    pub source: String,
    /// Put away.
    pub archived: bool,
    /// When it was put away.
    pub archived_at: Option<Timestamp>,
    /// When anything last happened with it.
    pub last_activity_at: Timestamp,
    /// Who wrote each field.
    pub provenance: BTreeMap<String, WriterJson>,
    /// What connections say of it.
    pub providers: Vec<ProviderJson>,
    /// Where the page is, on this host.
    pub url: String,
    /// Goes up by one with each change; also the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

async fn wire(on: &dyn Executor, workspace: WorkspaceId, companies: Vec<Company>) -> Result<Vec<CompanyJson>> {
    let refs: Vec<_> = companies.iter().map(|company| company.id.to_ref()).collect();
    let ids: Vec<CompanyId> = companies.iter().map(|company| company.id).collect();
    let mut tags = tag::store::of(on, workspace, &refs).await?;
    let counts: HashMap<CompanyId, i64> = store::headcounts(on, workspace, &ids).await?.into_iter().collect();
    let one = |company: Company| CompanyJson {
        url: company.url(),
        tags: tags.remove(&company.id.to_ref()).unwrap_or_default().into_iter().map(|tag| tag.name).collect(),
        contact_count: counts.get(&company.id).copied().unwrap_or_default(),
        provenance: provenance(&company.provenance),
        providers: providers(&company.provided),
        id: company.id,
        name: company.name,
        website: company.website,
        domain: company.domain,
        industry: company.industry,
        size: company.size,
        plan: company.plan,
        owner_id: company.owner,
        external_id: company.own_id,
        source: company.origin,
        archived: company.status == Status::Archived,
        archived_at: company.archived_at,
        last_activity_at: company.last_activity_at,
        version: company.version,
        created_at: company.created_at,
        updated_at: company.updated_at,
    };
    Ok(companies.into_iter().map(one).collect())
}

async fn wire_one(on: &dyn Executor, workspace: WorkspaceId, company: Company) -> Result<CompanyJson> {
    wire(on, workspace, vec![company]).await?.pop().ok_or(Error::NotFound("company"))
}

/// Which companies, and in which order.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListCompanies {
    /// Words to find.
    #[schemars(length(max = 200))]
    q: Option<String>,
    /// `name`, `created`, `updated` or `activity`, with `-` in front for the reverse.
    sort: Option<String>,
    /// A member's id, or `none`.
    owner: Option<String>,
    /// A tag's id or name.
    tag: Option<String>,
    /// `atlas` or a provider, such as `intercom`.
    source: Option<String>,
    /// Those put away, instead of the others.
    archived: Option<bool>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn list(ctx: Ctx, input: Input<(), ListCompanies>) -> Result<Page<CompanyJson>> {
    let (workspace, query) = (ctx.actor.workspace, input.query);
    let ask = CompanyQuery {
        owner: owner_filter(query.owner.as_deref())?,
        tag: tag_filter(&ctx.db, workspace, query.tag.as_deref()).await?,
        q: query.q,
        source: query.source,
        archived: query.archived.unwrap_or_default(),
        sort: query.sort.unwrap_or_default(),
        turn: turn(query.cursor),
        limit: limit(query.limit)?,
    };
    let slice = page(&ctx.db, workspace, &ask).await?;
    let ids: Vec<CompanyId> = slice.rows.iter().map(|row| row.id).collect();
    let mut found: HashMap<CompanyId, Company> =
        store::find_many(&ctx.db, workspace, &ids).await?.into_iter().map(|company| (company.id, company)).collect();
    let companies = ids.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Page { data: wire(&ctx.db, workspace, companies).await?, next_cursor: slice.after })
}

/// A company to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewCompany {
    /// The name, at most 200 characters.
    name: String,
    /// The web site; its domain is read from it.
    website: Option<String>,
    /// What it does.
    industry: Option<String>,
    /// How many people work there.
    size: Option<i64>,
    /// The plan it is on.
    plan: Option<String>,
    /// The member who looks after it.
    owner_id: Option<UserId>,
    /// Tag names; new ones are made.
    #[serde(default)]
    tags: Vec<String>,
    /// Your own id for it in another system.
    external_id: Option<String>,
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), NewCompany>) -> Result<CompanyJson> {
    let new = input.body;
    let edit = Edit {
        name: Some(new.name),
        website: new.website,
        industry: new.industry,
        size: new.size.map(Some),
        plan: new.plan,
        own_id: new.external_id,
        owner: new.owner_id.map(Some),
        tags: (!new.tags.is_empty()).then_some(new.tags),
    };
    let created = verbs::create(&tx, &ctx.actor, edit).await?;
    wire_one(&tx, ctx.actor.workspace, created).await
}

async fn get(ctx: Ctx, input: Input<IdPath<CompanyId>>) -> Result<CompanyJson> {
    let company = store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("company"))?;
    wire_one(&ctx.db, ctx.actor.workspace, company).await
}

/// What changes of a company; a field left out stays, null empties it.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PatchCompany {
    /// The name.
    name: Patch<String>,
    /// The web site; its domain is read from it.
    website: Patch<String>,
    /// What it does.
    industry: Patch<String>,
    /// How many people work there.
    size: Patch<i64>,
    /// The plan it is on.
    plan: Patch<String>,
    /// The member who looks after it.
    owner_id: Patch<UserId>,
    /// All tags, by name; new ones are made.
    tags: Patch<Vec<String>>,
    /// Your own id for it in another system.
    external_id: Patch<String>,
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<CompanyId>, (), PatchCompany>) -> Result<CompanyJson> {
    let patch = input.body;
    let text = |patch: Patch<String>| patch.into_change().map(Option::unwrap_or_default);
    let edit = Edit {
        name: text(patch.name),
        website: text(patch.website),
        industry: text(patch.industry),
        size: patch.size.into_change(),
        plan: text(patch.plan),
        own_id: text(patch.external_id),
        owner: patch.owner_id.into_change(),
        tags: patch.tags.into_change().map(Option::unwrap_or_default),
    };
    let changed = verbs::edit(&tx, &ctx.actor, input.path.id, edit, ctx.if_match).await?;
    wire_one(&tx, ctx.actor.workspace, changed).await
}

async fn archive(ctx: Ctx, tx: Tx, input: Input<IdPath<CompanyId>>) -> Result<()> {
    verbs::archive(&tx, &ctx.actor, input.path.id, ctx.if_match).await.map(|_| ())
}

async fn restore(ctx: Ctx, tx: Tx, input: Input<IdPath<CompanyId>>) -> Result<CompanyJson> {
    let restored = verbs::restore(&tx, &ctx.actor, input.path.id, ctx.if_match).await?;
    wire_one(&tx, ctx.actor.workspace, restored).await
}
