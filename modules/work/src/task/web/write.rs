//! Changes from lists and boards: status, place, many at once, archive, and taking back.

use askama::Template;
use atlas_kernel::{Error, EventId, Result};
use atlas_store::Tx;
use atlas_web::{Ctx, Form, Query, Reply, ui};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::create::{safe_path, undo_url};
use super::view::{Names, Row, by_key};
use crate::task::change::TaskChange;
use crate::task::undo as taking_back;
use crate::task::verbs::{self, Changed};
use crate::task::{MANY_LIMIT, Status, store};

#[derive(Template)]
#[template(path = "task/row.html")]
struct RowPart {
    row: Row,
}

#[derive(Deserialize)]
pub(super) struct StatusForm {
    status: String,
}

#[derive(Deserialize)]
pub(super) struct Within {
    #[serde(default)]
    select: String,
}

/// `POST /tasks/{key}/status`
pub(super) async fn status(
    ctx: Ctx,
    Path(key): Path<String>,
    Query(within): Query<Within>,
    headers: HeaderMap,
    Form(form): Form<StatusForm>,
) -> Reply {
    let status: Status = form.status.parse()?;
    let changed = edit(&ctx, &key, TaskChange::status(status)).await?;
    let text = format!("{} moved to {}", changed.task.key, status.label());
    if ctx.partial {
        let names = Names::load(&ctx).await?.also(&ctx, std::slice::from_ref(&changed.task)).await?;
        let row = Row { selectable: within.select == "1", ..names.row(&changed.task) };
        return ctx.toast_fragment(&RowPart { row }, &text, Some(&undo_url(&changed)));
    }
    ctx.redirect(back_to(&headers, &ctx, &changed.task.url())).toast(text).undo(undo_url(&changed)).reply()
}

#[derive(Deserialize)]
pub(super) struct MoveForm {
    /// The card's key.
    id: String,
    /// Where to.
    lane: String,
    /// The card that follows; empty at the end.
    #[serde(default)]
    before: String,
}

/// `POST /tasks/move`
///
/// The version that the card carries is not held against the task: putting a card somewhere overwrites nobody's words.
pub(super) async fn place(ctx: Ctx, Form(form): Form<MoveForm>) -> Reply {
    let status: Status = form.lane.parse()?;
    let (form, who) = (&form, &ctx);
    let (before, changed) = ctx
        .app
        .db
        .write(|tx| async move {
            let workspace = who.actor.workspace;
            let id = verbs::find(&tx, workspace, &form.id).await?;
            let below = match form.before.as_str() {
                "" => None,
                key => Some(verbs::find(&tx, workspace, key).await?),
            };
            let before = store::by_id(&tx, workspace, id).await?.ok_or(Error::NotFound("task"))?;
            Ok((before, verbs::move_to(&tx, &who.actor, id, status, below, None).await?))
        })
        .await?;
    let mut response = axum::http::StatusCode::NO_CONTENT.into_response();
    if before.status != status {
        let toast = serde_json::json!({ "toast": { "text": format!("{} moved to {}", changed.task.key, status.label()), "undo": undo_url(&changed) } });
        response.headers_mut().insert("hx-trigger", HeaderValue::from_str(&toast.to_string()).map_err(Error::internal)?);
    }
    Ok(response)
}

#[derive(Deserialize)]
pub(super) struct BulkForm {
    r#do: String,
    #[serde(default)]
    key: Vec<String>,
}

/// `POST /tasks/bulk`
pub(super) async fn bulk(ctx: Ctx, headers: HeaderMap, Form(form): Form<BulkForm>) -> Reply {
    let (change, said) = match form.r#do.as_str() {
        "done" => (TaskChange::status(Status::Done), "moved to Done"),
        "mine" => (TaskChange { assignees: Some(vec![ctx.actor.person()?]), ..TaskChange::default() }, "assigned to you"),
        "archive" => (TaskChange { archived: Some(true), ..TaskChange::default() }, "archived"),
        "restore" => (TaskChange { archived: Some(false), ..TaskChange::default() }, "restored"),
        _ => return Err(Error::field("do", "unknown", "one of done, mine, archive, restore").into()),
    };
    let (keys, change, who) = (&form.key, &change, &ctx);
    let changed = ctx.app.db.write(|tx| async move { all(&tx, who, keys, change).await }).await?;
    let events: Vec<String> = changed.iter().filter_map(|changed| changed.event).map(|event| event.to_string()).collect();
    let text = format!("{} {said}", ui::plural(i64::try_from(events.len()).unwrap_or(0), "task", "tasks"));
    let answer = ctx.redirect(back_to(&headers, &ctx, "/tasks")).toast(text);
    let undoable = !events.is_empty() && events.len() <= MANY_LIMIT;
    if undoable { answer.undo(format!("/tasks/undo/{}", events.join(","))) } else { answer }.reply()
}

async fn all(tx: &Tx, ctx: &Ctx, keys: &[String], change: &TaskChange) -> Result<Vec<Changed>> {
    let mut changed = Vec::new();
    for key in keys.iter().take(200) {
        let id = verbs::find(tx, ctx.actor.workspace, key).await?;
        changed.push(verbs::edit(tx, &ctx.actor, &ctx.app.nouns, id, change, None).await?);
    }
    Ok(changed)
}

/// `POST /tasks/undo/{event}`: one event, or several with commas between.
pub(super) async fn undo(ctx: Ctx, Path(events): Path<String>, headers: HeaderMap) -> Reply {
    let events: Vec<EventId> =
        events.split(',').take(MANY_LIMIT).map(str::parse).collect::<Result<_, _>>().map_err(|_| Error::NotFound("change"))?;
    let (events, who) = (&events, &ctx);
    let undone = ctx
        .app
        .db
        .write(|tx| async move {
            let mut last = None;
            for event in events.iter().rev() {
                last = Some(taking_back::undo(&tx, &who.actor, &who.app.nouns, *event).await?);
            }
            last.ok_or(Error::NotFound("change"))
        })
        .await?;
    if ctx.partial {
        return Ok([("hx-refresh", "true")].into_response());
    }
    ctx.redirect(back_to(&headers, &ctx, &undone.task.url())).toast("Undone").reply()
}

/// `POST /tasks/{key}/archive`
pub(super) async fn archive(ctx: Ctx, Path(key): Path<String>) -> Reply {
    let changed = edit(&ctx, &key, TaskChange { archived: Some(true), ..TaskChange::default() }).await?;
    ctx.redirect("/tasks").toast(format!("{} archived", changed.task.key)).undo(undo_url(&changed)).reply()
}

/// `POST /tasks/{key}/restore`
pub(super) async fn restore(ctx: Ctx, Path(key): Path<String>) -> Reply {
    let changed = edit(&ctx, &key, TaskChange { archived: Some(false), ..TaskChange::default() }).await?;
    ctx.redirect(changed.task.url()).toast(format!("{} restored", changed.task.key)).undo(undo_url(&changed)).reply()
}

/// Changes the task with this key on behalf of the member.
pub(super) async fn edit(ctx: &Ctx, key: &str, change: TaskChange) -> Result<Changed> {
    let task = by_key(ctx, key).await?;
    let (change, id) = (&change, task.id);
    ctx.app.db.write(|tx| async move { verbs::edit(&tx, &ctx.actor, &ctx.app.nouns, id, change, None).await }).await
}

/// The page the form was on, when it was one of ours.
pub(super) fn back_to(headers: &HeaderMap, ctx: &Ctx, otherwise: &str) -> String {
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ours = from.strip_prefix(ctx.app.base_url.as_str());
    let path = ours.or_else(|| from.split_once("://").and_then(|(_, rest)| rest.strip_prefix(host)).filter(|_| !host.is_empty()));
    safe_path(path.unwrap_or_default(), otherwise)
}
