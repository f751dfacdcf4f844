//! When a project will be done, as a section of its page.

use askama::Template;
use atlas_kernel::{Error, Ref, Result};
use atlas_web::{Ctx, Reply, ui};
use axum::extract::Path;

use super::rendered;
use crate::plan::eta::{self, ProjectEta};
use crate::plan::explain::reader;
use crate::words::{Reader, lower};
use crate::{PLAN_READ, Planning};

#[derive(Template)]
#[template(path = "plan/project_panel.html")]
struct Panel {
    url: String,
}

/// The section on a project's page; it is filled once the page is there, since it asks the planner.
pub async fn panel(ctx: &Ctx, record: &Ref) -> Result<Option<String>> {
    if ctx.actor.may(&PLAN_READ).is_err() {
        return Ok(None);
    }
    Ok(Some(rendered(&Panel { url: format!("/plan/projects/{record}") })?.as_str().to_owned()))
}

#[derive(Template)]
#[template(path = "plan/project.html")]
struct Page {
    name: String,
    eta: ProjectEta,
    reader: Reader,
    partial: bool,
}

impl Page {
    fn when(&self, at: &atlas_kernel::Timestamp) -> String {
        lower(&self.reader.when_at(*at))
    }
}

/// `GET /plan/projects/{id}`
pub async fn show(planning: Planning, ctx: Ctx, Path(id): Path<String>) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let project: Ref = id.parse().map_err(|_| Error::NotFound("project"))?;
    let named = ctx.app.nouns.describe(db, workspace, std::slice::from_ref(&project)).await?.remove(&project);
    let named = named.filter(|_| project.kind() == "proj").ok_or(Error::NotFound("project"))?;
    let eta = eta::project(&planning, db, &ctx.actor, &project, ctx.now()).await?;
    let page = Page { name: named.label.clone(), eta, reader: reader(&ctx.actor, ctx.now()), partial: ctx.partial };
    if ctx.partial {
        return ctx.fragment(&page);
    }
    ctx.page(format!("When {} will be done", named.label))
        .crumb(named.label, Some(&named.url))
        .crumb("Plan", None)
        .nav("/projects")
        .html(&page)
}
