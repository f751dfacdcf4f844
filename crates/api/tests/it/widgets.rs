//! A module of widgets: just enough to use every feature of the kit.

use std::sync::atomic::{AtomicU32, Ordering};

use atlas_api::{Ctx, IdPath, Input, Operation, Patch};
use atlas_kernel::{Cursor, Error, ListQuery, Page, Permission, Result, WorkspaceId};
use atlas_store::{Executor, Migration, Tx, query};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

atlas_kernel::kinds! {
    /// A widget.
    WidgetKind = "widget", WidgetId;
}

atlas_kernel::text_enum! {
    /// How a widget is.
    pub enum Condition { New = "new", Worn = "worn", }
}
impl atlas_store::Column for Condition {
    fn read(row: &atlas_store::RawRowRef<'_>, index: usize) -> Result<Self> {
        String::read(row, index)?.parse()
    }
}

pub const READ: Permission = Permission::read("widgets:read");
pub const WRITE: Permission = Permission::write("widgets:write");
pub const ADMIN: Permission = Permission::admin("widgets:write");

pub fn migrations() -> Vec<Migration> {
    let sql = "CREATE TABLE widgets (workspace_id {uuid} NOT NULL, id {uuid} NOT NULL, name TEXT NOT NULL, note TEXT, \
        state TEXT NOT NULL, version BIGINT NOT NULL, PRIMARY KEY (workspace_id, id));\n\
        CREATE UNIQUE INDEX widgets_by_name ON widgets (workspace_id, name);\n";
    vec![Migration { name: "test/0001_widgets", sql }]
}

atlas_store::row! {
    /// A widget.
    #[derive(Clone, Debug, Serialize, JsonSchema)]
    pub struct Widget {
        /// Its id.
        pub id: WidgetId,
        /// Its name.
        pub name: String,
        /// What there is to say.
        pub note: Option<String>,
        /// How it is.
        pub state: Condition,
        pub version: i64,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListWidgets {
    #[serde(flatten)]
    pub page: ListQuery,
    /// Only widgets in this condition.
    pub state: Option<Condition>,
    /// Only widgets with one of these names.
    #[serde(default)]
    pub name: Vec<String>,
    /// Newest first.
    #[serde(default)]
    pub newest_first: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewWidget {
    /// Its name.
    pub name: String,
    pub note: Option<String>,
    /// How many screws hold it.
    pub screw_count: Option<i64>,
    #[serde(default)]
    pub parts: Vec<Part>,
}

/// A part of a widget.
#[derive(Deserialize, Serialize, JsonSchema, Clone)]
pub struct Part {
    pub name: String,
    pub weight: i64,
    pub inner: Option<Box<Part>>,
}

#[derive(Deserialize, JsonSchema)]
pub struct ChangeWidget {
    pub name: Option<String>,
    #[serde(default)]
    pub note: Patch<String>,
}

#[derive(Deserialize, JsonSchema)]
pub struct NotePath {
    pub widget: WidgetId,
    pub number: i64,
}

#[derive(Deserialize, JsonSchema)]
pub struct RunTimes {
    /// Fails this way.
    pub fail: Option<String>,
}

pub static RUNS: AtomicU32 = AtomicU32::new(0);

pub fn operations() -> Vec<Operation> {
    vec![
        Operation::read("widgets.list", "/v1/widgets", READ, list).summary("List widgets").tool(),
        Operation::write("widgets.create", Method::POST, "/v1/widgets", WRITE, create)
            .summary("Create a widget")
            .describe("A widget has a name of its own.")
            .created()
            .version(|widget: &Widget| widget.version)
            .quick_action("New widget", "w"),
        Operation::read("widgets.get", "/v1/widgets/{id}", READ, |ctx: Ctx, input: Input<IdPath<WidgetId>>| async move {
            find(&ctx.db, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("widget"))
        })
        .summary("Read a widget")
        .version(|widget: &Widget| widget.version),
        Operation::write("widgets.update", Method::PATCH, "/v1/widgets/{id}", WRITE, update)
            .summary("Change a widget")
            .version(|widget: &Widget| widget.version),
        Operation::write("widgets.delete", Method::DELETE, "/v1/widgets/{id}", WRITE, delete)
            .summary("Delete a widget")
            .destructive()
            .conditional()
            .no_content(),
        Operation::read("widgets.notes", "/v1/widgets/{widget}/notes/{number}", READ, |_: Ctx, input: Input<NotePath>| async move {
            Ok(vec![input.path.number, i64::from(u8::try_from(input.path.widget.to_string().len()).unwrap_or(0))])
        })
        .summary("Read a note"),
        Operation::act("widgets.run", Method::POST, "/v1/widgets/run", WRITE, run).summary("Run").heavy().accepted(),
        Operation::write("widgets.crash", Method::POST, "/v1/widgets/crash", WRITE, crash).summary("Crash"),
        Operation::write(
            "widgets.seal",
            Method::POST,
            "/v1/widgets/seal",
            WRITE,
            |_: Ctx, _: Tx, _: Input| async move { Ok("open sesame") },
        )
        .summary("Seal")
        .secret(),
        Operation::act("widgets.reset", Method::POST, "/v1/widgets/reset", ADMIN, |_: Ctx, _: Input| async move { Ok(()) }).no_content(),
    ]
}

async fn list(ctx: Ctx, input: Input<(), ListWidgets>) -> Result<Page<Widget>> {
    let limit = input.query.page.limit()?;
    let after = match &input.query.page.cursor {
        Some(cursor) => Cursor::decode(cursor, 1)?.text(0)?,
        None => String::new(),
    };
    let ask = query("SELECT * FROM widgets WHERE workspace_id = $1 AND name > $2 ORDER BY name LIMIT $3");
    let mut rows: Vec<Widget> = ask.bind(ctx.actor.workspace).bind(after).bind(limit + 1).all(&ctx.db).await?;
    rows.retain(|row| input.query.state.is_none_or(|state| state == row.state));
    rows.retain(|row| input.query.name.is_empty() || input.query.name.contains(&row.name));
    if input.query.newest_first {
        rows.reverse();
    }
    Ok(Page::from_rows(rows, limit, |row| Cursor(vec![row.name.clone().into()])))
}

async fn find(on: &dyn Executor, workspace: WorkspaceId, id: WidgetId) -> Result<Option<Widget>> {
    query("SELECT * FROM widgets WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).first(on).await
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), NewWidget>) -> Result<Widget> {
    let body = input.body;
    if body.name.is_empty() {
        return Err(Error::field("name", "required", "cannot be empty"));
    }
    if body.screw_count.is_some_and(|count| count < 0) || body.parts.len() > 100 {
        return Err(Error::field("screwCount", "out_of_range", "at least 0"));
    }
    let id = WidgetId::new(tx.now());
    let insert = query("INSERT INTO widgets (workspace_id, id, name, note, state, version) VALUES ($1, $2, $3, $4, $5, 1)");
    insert.bind(ctx.actor.workspace).bind(id).bind(&body.name).bind(body.note.as_ref()).bind(Condition::New.as_str()).run(&tx).await?;
    find(&tx, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("widget"))
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<WidgetId>, (), ChangeWidget>) -> Result<Widget> {
    let mut widget = find(&tx, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("widget"))?;
    ctx.demand_version(widget.version)?;
    widget.name = input.body.name.unwrap_or(widget.name);
    input.body.note.apply(&mut widget.note);
    widget.version += 1;
    let save = query("UPDATE widgets SET name = $1, note = $2, version = $3 WHERE workspace_id = $4 AND id = $5");
    let save = save.bind(&widget.name).bind(widget.note.as_ref()).bind(widget.version);
    save.bind(ctx.actor.workspace).bind(widget.id).run(&tx).await?;
    Ok(widget)
}

async fn delete(ctx: Ctx, tx: Tx, input: Input<IdPath<WidgetId>>) -> Result<()> {
    let widget = find(&tx, ctx.actor.workspace, input.path.id).await?.ok_or(Error::NotFound("widget"))?;
    ctx.demand_version(widget.version)?;
    let gone = query("DELETE FROM widgets WHERE workspace_id = $1 AND id = $2");
    gone.bind(ctx.actor.workspace).bind(widget.id).run(&tx).await.map(drop)
}

/// Counts its runs; fails, waits or panics as asked.
async fn run(_: Ctx, input: Input<(), (), RunTimes>) -> Result<u32> {
    let runs = RUNS.fetch_add(1, Ordering::SeqCst) + 1;
    match input.body.fail.as_deref() {
        Some("conflict") => Err(Error::conflict("already_running", "It runs already.")),
        Some("outside") => Err(Error::Unavailable("the outside is out".into())),
        Some("panic") => panic!("run"),
        Some("slow") => {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            Ok(runs)
        }
        _ => Ok(runs),
    }
}

/// Writes, then panics or fails: nothing of it stays.
async fn crash(ctx: Ctx, tx: Tx, input: Input<(), (), RunTimes>) -> Result<()> {
    let insert = query("INSERT INTO widgets (workspace_id, id, name, note, state, version) VALUES ($1, $2, 'crash', NULL, 'new', 1)");
    insert.bind(ctx.actor.workspace).bind(WidgetId::new(tx.now())).run(&tx).await?;
    if input.body.fail.as_deref() == Some("panic") {
        panic!("crash");
    }
    Err(Error::internal("a secret of the inside"))
}
