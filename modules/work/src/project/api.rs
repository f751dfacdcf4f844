//! Projects over REST.

use atlas_api::{Ctx, IdPath, Input, Operation, Patch};
use atlas_kernel::{ListQuery, Page, Result, Timestamp, UserId};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::verbs::{self, NewProject, ProjectChange};
use super::{PROJECTS_READ, PROJECTS_WRITE, Project, store};
use crate::ProjectId;

/// The operations on projects.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::read("projects.list", "/v1/projects", PROJECTS_READ, index).summary("List projects by key").tool(),
        Operation::write("projects.create", Method::POST, "/v1/projects", PROJECTS_WRITE, create)
            .summary("Create a project")
            .describe("The key starts the keys of its tasks and never changes; without one it is made from the name.")
            .created()
            .version(|project: &ProjectOut| project.version),
        Operation::read("projects.read", "/v1/projects/{id}", PROJECTS_READ, show)
            .summary("Read a project")
            .describe("`id` may be the project's id or its key.")
            .version(|project: &ProjectOut| project.version),
        Operation::write("projects.update", Method::PATCH, "/v1/projects/{id}", PROJECTS_WRITE, update)
            .summary("Change a project")
            .version(|project: &ProjectOut| project.version),
        Operation::write("projects.archive", Method::DELETE, "/v1/projects/{id}", PROJECTS_WRITE, archive)
            .summary("Archive a project")
            .describe("Its tasks stay where they are; no new ones can be put into it.")
            .no_content()
            .conditional(),
        Operation::write("projects.restore", Method::POST, "/v1/projects/{id}/restore", PROJECTS_WRITE, restore)
            .summary("Restore an archived project")
            .version(|project: &ProjectOut| project.version),
    ]
}

/// A project.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectOut {
    /// Its id.
    pub id: ProjectId,
    /// What its tasks' keys start with.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Who leads it.
    pub lead: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Counts changes; the `ETag`.
    pub version: i64,
    /// Its page, from the root of this Atlas.
    pub url: String,
}

impl From<Project> for ProjectOut {
    fn from(project: Project) -> Self {
        Self {
            url: project.url(),
            id: project.id,
            key: project.key,
            name: project.name,
            lead: project.lead,
            created_at: project.created_at,
            updated_at: project.updated_at,
            archived_at: project.archived_at,
            version: project.version,
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct ListProjects {
    /// Archived ones instead of current ones.
    #[serde(default)]
    archived: bool,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct CreateProject {
    /// Its name.
    name: String,
    /// Two to six capital letters, such as `ACME`.
    key: Option<String>,
    /// Who leads it.
    lead: Option<UserId>,
}

#[derive(Deserialize, JsonSchema)]
struct PatchProject {
    /// Its name.
    name: Option<String>,
    /// Who leads it.
    #[serde(default)]
    lead: Patch<UserId>,
}

async fn index(ctx: Ctx, input: Input<(), ListProjects>) -> Result<Page<ProjectOut>> {
    let ListProjects { archived, limit, cursor } = input.query;
    let limit = ListQuery { limit, cursor: None }.limit()?;
    let page = store::page(&ctx.db, ctx.actor.workspace, archived, limit, cursor.as_deref()).await?;
    Ok(page.map(ProjectOut::from))
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), CreateProject>) -> Result<ProjectOut> {
    let CreateProject { name, key, lead } = input.body;
    Ok(verbs::create(&tx, &ctx.actor, NewProject { name, key, lead }).await?.into())
}

async fn show(ctx: Ctx, input: Input<IdPath<String>>) -> Result<ProjectOut> {
    let id = verbs::find(&ctx.db, ctx.actor.workspace, &input.path.id).await?;
    Ok(verbs::read(&ctx.db, &ctx.actor, id).await?.into())
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<String>, (), PatchProject>) -> Result<ProjectOut> {
    let change = ProjectChange { name: input.body.name, lead: input.body.lead.into_change(), archived: None };
    apply(&ctx, &tx, &input.path.id, change).await
}

async fn archive(ctx: Ctx, tx: Tx, input: Input<IdPath<String>>) -> Result<()> {
    apply(&ctx, &tx, &input.path.id, ProjectChange { archived: Some(true), ..ProjectChange::default() }).await.map(|_| ())
}

async fn restore(ctx: Ctx, tx: Tx, input: Input<IdPath<String>>) -> Result<ProjectOut> {
    apply(&ctx, &tx, &input.path.id, ProjectChange { archived: Some(false), ..ProjectChange::default() }).await
}

async fn apply(ctx: &Ctx, tx: &Tx, id_or_key: &str, change: ProjectChange) -> Result<ProjectOut> {
    let id = verbs::find(tx, ctx.actor.workspace, id_or_key).await?;
    Ok(verbs::edit(tx, &ctx.actor, id, &change, ctx.if_match).await?.into())
}
