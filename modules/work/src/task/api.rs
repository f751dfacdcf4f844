//! Tasks over REST: what they look like on the wire, and the route table.

mod wire;

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, ListQuery, Page, Ref, Result};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::TaskChange;
use super::from_record;
use super::verbs;
use super::{TASKS_READ, TASKS_WRITE, Task, links, list, store};
use crate::TaskId;
use crate::quick_add;
pub use wire::{CreateTask, ListTasks, PatchTask, TaskOut};
pub(crate) use wire::{assigned, clock_time};

/// The operations on tasks.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::read("tasks.list", "/v1/tasks", TASKS_READ, index)
            .summary("List tasks")
            .describe("Filters narrow the list together; those that repeat (`status=todo&status=in_review`) widen it. `link` finds the tasks of a record, such as a contact's.")
            .tool(),
        Operation::write("tasks.create", Method::POST, "/v1/tasks", TASKS_WRITE, create)
            .summary("Create a task")
            .describe("Without `projectId` it goes into the workspace's default project. Labels that do not exist yet are made.")
            .created()
            .version(|task: &TaskOut| task.version)
            .quick_action("New task", "c")
            .tool(),
        Operation::write("tasks.quick_add", Method::POST, "/v1/tasks/quick-add", TASKS_WRITE, add_line)
            .summary("Create a task from one line of text")
            .describe("Reads `Call the bank fri 15:00 #sales !high @me ~2h +ACME`. What is not understood stays in the title. Days are read in the caller's time zone.")
            .created()
            .version(|task: &TaskOut| task.version)
            .tool(),
        Operation::write("tasks.create_from", Method::POST, "/v1/tasks/from/{record}", TASKS_WRITE, create_from)
            .summary("Create the task of a message or conversation")
            .describe("A record makes at most one task: asked again, this answers the task there is."),
        Operation::read("tasks.read", "/v1/tasks/{id}", TASKS_READ, show)
            .summary("Read a task")
            .describe("`id` may be the task's id or its key, such as `ACME-12`; former keys work too.")
            .version(|task: &TaskOut| task.version)
            .tool(),
        Operation::write("tasks.update", Method::PATCH, "/v1/tasks/{id}", TASKS_WRITE, update)
            .summary("Change a task")
            .describe("Absent fields stay as they are, null empties them. `assignees`, `labels` and `links` replace the whole list.")
            .version(|task: &TaskOut| task.version)
            .tool(),
        Operation::write("tasks.archive", Method::DELETE, "/v1/tasks/{id}", TASKS_WRITE, archive)
            .summary("Archive a task")
            .describe("It leaves the lists and can be restored.")
            .no_content()
            .conditional(),
        Operation::write("tasks.restore", Method::POST, "/v1/tasks/{id}/restore", TASKS_WRITE, restore)
            .summary("Restore an archived task")
            .version(|task: &TaskOut| task.version),
        Operation::write("tasks.link", Method::POST, "/v1/tasks/{id}/links", TASKS_WRITE, link)
            .summary("Link a task to a record")
            .describe("Linking twice changes nothing.")
            .version(|task: &TaskOut| task.version),
        Operation::write("tasks.unlink", Method::DELETE, "/v1/tasks/{id}/links/{record}", TASKS_WRITE, unlink)
            .summary("Unlink a task from a record")
            .version(|task: &TaskOut| task.version),
        Operation::write("tasks.label", Method::POST, "/v1/tasks/{id}/labels", TASKS_WRITE, label)
            .summary("Label a task")
            .describe("A label that does not exist yet is made.")
            .version(|task: &TaskOut| task.version),
        Operation::write("tasks.unlabel", Method::DELETE, "/v1/tasks/{id}/labels/{name}", TASKS_WRITE, unlabel)
            .summary("Take a label off a task")
            .version(|task: &TaskOut| task.version),
        Operation::read("labels.list", "/v1/labels", TASKS_READ, labels).summary("List the labels of the workspace").tag("Tasks"),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct LinkBody {
    /// The record to link to.
    record: Ref,
}

#[derive(Deserialize, JsonSchema)]
struct LinkPath {
    /// The task's id or key.
    id: String,
    /// The linked record.
    record: Ref,
}

#[derive(Deserialize, JsonSchema)]
struct LabelBody {
    /// The label's name.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct LabelPath {
    /// The task's id or key.
    id: String,
    /// The label's name.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct QuickAdd {
    /// The line of text.
    text: String,
    /// Records to link the task to.
    #[serde(default)]
    links: Vec<Ref>,
}

#[derive(Deserialize, JsonSchema)]
struct RecordPath {
    /// The message, conversation or other record.
    record: Ref,
}

/// A label of the workspace.
#[derive(Serialize, JsonSchema)]
pub struct LabelOut {
    /// Its id.
    id: crate::LabelId,
    /// Its name.
    name: String,
}

async fn index(ctx: Ctx, input: Input<(), ListTasks>) -> Result<Page<TaskOut>> {
    let (limit, order) = (input.query.limit()?, input.query.order());
    let cursor = input.query.cursor.clone();
    let filter = input.query.filter(&ctx).await?;
    let page = list::page(&ctx.db, ctx.actor.workspace, &filter, order, limit, cursor.as_deref()).await?;
    Ok(page.map(TaskOut::from))
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), CreateTask>) -> Result<TaskOut> {
    let linked = links::resolve(&tx, ctx.actor.workspace, &ctx.nouns, &input.body.links, &[]).await?;
    let new = input.body.into_new(&tx, ctx.actor.workspace, linked).await?;
    Ok(verbs::create(&tx, &ctx.actor, new).await?.task.into())
}

async fn add_line(ctx: Ctx, tx: Tx, input: Input<(), (), QuickAdd>) -> Result<TaskOut> {
    let mut new = quick_add::read(&tx, &ctx.actor, tx.now(), &input.body.text).await?.into_new();
    if new.title.is_empty() {
        return Err(Error::field("text", "required", "a few words on what is to be done"));
    }
    new.linked = links::resolve(&tx, ctx.actor.workspace, &ctx.nouns, &input.body.links, &[]).await?;
    Ok(verbs::create(&tx, &ctx.actor, new).await?.task.into())
}

async fn create_from(ctx: Ctx, tx: Tx, input: Input<RecordPath>) -> Result<TaskOut> {
    Ok(from_record::create(&tx, &ctx.actor, &ctx.nouns, &input.path.record).await?.into_task().into())
}

async fn show(ctx: Ctx, input: Input<IdPath<String>>) -> Result<TaskOut> {
    let id = verbs::find(&ctx.db, ctx.actor.workspace, &input.path.id).await?;
    Ok(verbs::read(&ctx.db, &ctx.actor, id).await?.into())
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<String>, (), PatchTask>) -> Result<TaskOut> {
    let change = input.body.into_change(&tx, ctx.actor.workspace).await?;
    apply(&ctx, &tx, &input.path.id, change).await
}

async fn archive(ctx: Ctx, tx: Tx, input: Input<IdPath<String>>) -> Result<()> {
    apply(&ctx, &tx, &input.path.id, TaskChange { archived: Some(true), ..TaskChange::default() }).await.map(|_| ())
}

async fn restore(ctx: Ctx, tx: Tx, input: Input<IdPath<String>>) -> Result<TaskOut> {
    apply(&ctx, &tx, &input.path.id, TaskChange { archived: Some(false), ..TaskChange::default() }).await
}

async fn link(ctx: Ctx, tx: Tx, input: Input<IdPath<String>, (), LinkBody>) -> Result<TaskOut> {
    let mut links = load(&ctx, &tx, &input.path.id).await?.links;
    links.push(input.body.record);
    apply(&ctx, &tx, &input.path.id, TaskChange { links: Some(links), ..TaskChange::default() }).await
}

async fn unlink(ctx: Ctx, tx: Tx, input: Input<LinkPath>) -> Result<TaskOut> {
    let mut links = load(&ctx, &tx, &input.path.id).await?.links;
    links.retain(|link| *link != input.path.record);
    apply(&ctx, &tx, &input.path.id, TaskChange { links: Some(links), ..TaskChange::default() }).await
}

async fn label(ctx: Ctx, tx: Tx, input: Input<IdPath<String>, (), LabelBody>) -> Result<TaskOut> {
    let name = super::tidy_title(&input.body.name);
    if name.is_empty() {
        return Err(Error::field("name", "required", "the label's name"));
    }
    let mut labels = names(&load(&ctx, &tx, &input.path.id).await?);
    labels.push(name);
    apply(&ctx, &tx, &input.path.id, TaskChange { labels: Some(labels), ..TaskChange::default() }).await
}

async fn unlabel(ctx: Ctx, tx: Tx, input: Input<LabelPath>) -> Result<TaskOut> {
    let mut labels = names(&load(&ctx, &tx, &input.path.id).await?);
    labels.retain(|name| name.to_lowercase() != input.path.name.to_lowercase());
    apply(&ctx, &tx, &input.path.id, TaskChange { labels: Some(labels), ..TaskChange::default() }).await
}

async fn labels(ctx: Ctx, input: Input<(), ListQuery>) -> Result<Page<LabelOut>> {
    let labels = store::labels(&ctx.db, ctx.actor.workspace).await?;
    Page::of_all(labels.into_iter().map(|label| LabelOut { id: label.id, name: label.name }).collect(), &input.query)
}

fn names(task: &Task) -> Vec<String> {
    task.labels.iter().map(|label| label.name.clone()).collect()
}

/// The task as the transaction sees it, locked, so that adding to a list loses nothing.
async fn load(ctx: &Ctx, tx: &Tx, id_or_key: &str) -> Result<Task> {
    let id: TaskId = verbs::find(tx, ctx.actor.workspace, id_or_key).await?;
    store::locked(tx, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("task"))
}

async fn apply(ctx: &Ctx, tx: &Tx, id_or_key: &str, change: TaskChange) -> Result<TaskOut> {
    let id = verbs::find(tx, ctx.actor.workspace, id_or_key).await?;
    Ok(verbs::edit(tx, &ctx.actor, &ctx.nouns, id, &change, ctx.if_match).await?.task.into())
}
