//! The customers who wait for an answer, as a section of the home page.

use askama::Template;
use atlas_kernel::{Error, Result};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Panel};
use futures::FutureExt;

use super::store::{Waiting, waiting};
use crate::access::CONVERSATIONS_READ;
use crate::words;

/// So many are listed.
const MOST: usize = 6;

/// The sections this module adds to others' pages.
pub(crate) fn panels() -> Vec<Panel> {
    vec![Panel { noun: "home-beside", title: "Waiting on us", order: 5, render: |ctx, _| render(ctx).boxed() }]
}

#[derive(Template)]
#[template(path = "conversation/waiting.html")]
struct WaitingList {
    rows: Vec<Row>,
}

struct Row {
    url: String,
    who: String,
    title: String,
    provider: String,
    since: Safe,
}

async fn render(ctx: &Ctx) -> Result<Option<String>> {
    if ctx.actor.may(&CONVERSATIONS_READ).is_err() {
        return Ok(None);
    }
    let found = waiting(&ctx.app.db, ctx.actor.workspace, MOST).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let (now, zone) = (ctx.now(), ctx.actor.zone());
    let row = |waiting: Waiting| Row {
        url: format!("/growth/conversations/{}", waiting.id),
        who: waiting.who(),
        title: waiting.title.clone().unwrap_or_else(|| "A conversation".to_owned()),
        provider: words::provider(&waiting.provider),
        since: ui::relative_time(waiting.waiting_since, now, &zone),
    };
    let list = WaitingList { rows: found.into_iter().map(row).collect() };
    list.render().map(Some).map_err(Error::internal)
}
