//! The records a task is linked to: shown, found, added, removed.

use askama::Template;
use atlas_kernel::{Error, Ref, Result};
use atlas_store::Hit;
use atlas_web::{Ctx, Form, Query, Reply, ui};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::create::undo_url;
use super::view::by_key;
use super::write::edit;
use crate::task::change::TaskChange;
use crate::task::{TASKS_WRITE, Task};

/// One linked record, named.
struct Link {
    record: Ref,
    label: String,
    url: String,
    icon: &'static str,
}

impl Link {
    fn icon(&self) -> ui::Safe {
        ui::icon14(self.icon)
    }
}

/// The section of linked records.
#[derive(Template)]
#[template(path = "task/links.html")]
pub(super) struct Linked {
    id: String,
    key: String,
    links: Vec<Link>,
    q: String,
    error: Option<&'static str>,
    may_write: bool,
}

/// What a template rendered is markup already.
impl askama::filters::HtmlSafe for Linked {}

/// The section for a task. Records that are no more are left out.
pub(super) async fn linked(ctx: &Ctx, task: &Task, may_write: bool) -> Result<Linked> {
    let mut named = ctx.app.nouns.describe(&ctx.app.db, ctx.actor.workspace, &task.links).await?;
    let links = task.links.iter().filter_map(|record| {
        let named = named.remove(record)?;
        Some(Link { record: record.clone(), label: named.label, url: named.url, icon: named.icon })
    });
    Ok(Linked { id: task.id.to_string(), key: task.key.clone(), links: links.collect(), q: String::new(), error: None, may_write })
}

#[derive(Deserialize)]
pub(super) struct Ask {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "task/options.html")]
struct Options {
    hits: Vec<Hit>,
}

/// `GET /tasks/{key}/links?q=`
pub(super) async fn options(ctx: Ctx, Path(key): Path<String>, Query(ask): Query<Ask>) -> Reply {
    let task = by_key(&ctx, &key).await?;
    ctx.fragment(&Options { hits: find(&ctx, &task, &ask.q, 8).await? })
}

/// Records to link to: not the task itself, not what it is linked to.
async fn find(ctx: &Ctx, task: &Task, words: &str, limit: usize) -> Result<Vec<Hit>> {
    let hits = atlas_store::search(&ctx.app.db, ctx.actor.workspace, words, &[], limit + task.links.len() + 1).await?;
    let own: Ref = task.id.into();
    let linkable = |hit: &Hit| hit.record != own && !task.links.contains(&hit.record) && ctx.app.nouns.knows(hit.record.kind());
    Ok(hits.into_iter().filter(linkable).take(limit).collect())
}

#[derive(Deserialize)]
pub(super) struct LinkForm {
    #[serde(default)]
    record: String,
    #[serde(default)]
    q: String,
}

/// `POST /tasks/{key}/links`: the record chosen, or without script the only one that its words find.
pub(super) async fn add(ctx: Ctx, Path(key): Path<String>, Form(form): Form<LinkForm>) -> Reply {
    let task = by_key(&ctx, &key).await?;
    let record = match form.record.parse::<Ref>() {
        Ok(record) => Some(record),
        Err(_) => match find(&ctx, &task, &form.q, 2).await?.as_slice() {
            [only] => Some(only.record.clone()),
            _ => None,
        },
    };
    let Some(record) = record else {
        let error = "Choose a record from the list.";
        if !ctx.partial {
            return Err(Error::field("record", "required", "choose a record from the list").into());
        }
        let section = Linked { q: form.q, error: Some(error), ..linked(&ctx, &task, true).await? };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, ctx.fragment(&section)?).into_response());
    };
    let links = task.links.iter().cloned().chain([record]).collect();
    save(&ctx, &task, links, "linked").await
}

/// `POST /tasks/{key}/unlink`
pub(super) async fn remove(ctx: Ctx, Path(key): Path<String>, Form(form): Form<LinkForm>) -> Reply {
    let task = by_key(&ctx, &key).await?;
    let record: Ref = form.record.parse().map_err(|_| Error::NotFound("record"))?;
    let links = task.links.iter().filter(|link| **link != record).cloned().collect();
    save(&ctx, &task, links, "unlinked").await
}

async fn save(ctx: &Ctx, task: &Task, links: Vec<Ref>, said: &str) -> Reply {
    let changed = edit(ctx, &task.key, TaskChange { links: Some(links), ..TaskChange::default() }).await?;
    let text = format!("{} {said}", changed.task.key);
    if !ctx.partial {
        return ctx.redirect(changed.task.url()).toast(text).reply();
    }
    let may_write = ctx.actor.may(&TASKS_WRITE).is_ok();
    let section = linked(ctx, &changed.task, may_write).await?;
    match changed.event {
        Some(_) => ctx.toast_fragment(&section, &text, Some(&undo_url(&changed))),
        None => ctx.fragment(&section),
    }
}
