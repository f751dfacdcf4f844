//! Sessions: where one is signed in, and ending them.

use askama::Template;
use atlas_identity::SessionInfo;
use atlas_kernel::SessionId;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Reply};
use axum::extract::Path;

use crate::settings::page;

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions<'a> {
    ctx: &'a Ctx,
    sessions: Vec<SessionInfo>,
}

impl Sessions<'_> {
    fn ago(&self, at: &atlas_kernel::Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }

    /// The browser and system, as far as its words tell.
    fn device(&self, session: &SessionInfo) -> String {
        let agent = &session.user_agent;
        let browser =
            [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];
        let system = [
            ("Windows", "Windows"),
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Mac OS", "macOS"),
            ("Linux", "Linux"),
        ];
        let find = |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
        match (find(&browser), find(&system)) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "Unknown browser".to_owned(),
        }
    }
}

pub(crate) async fn show(ctx: Ctx) -> Reply {
    let sessions = atlas_identity::list_sessions(&ctx.app.db, &ctx.actor, ctx.now()).await?;
    page(&ctx, "Sessions", "Where you are signed in.", "/settings/sessions", 200, &Sessions { ctx: &ctx, sessions })
}

pub(crate) async fn revoke(ctx: Ctx, Path(id): Path<SessionId>) -> Reply {
    let actor = &ctx.actor;
    ctx.app.db.write(|tx| async move { atlas_identity::revoke_session(&tx, actor, id).await }).await?;
    ctx.redirect("/settings/sessions").toast("Session ended").reply()
}

pub(crate) async fn revoke_others(ctx: Ctx) -> Reply {
    let actor = &ctx.actor;
    let ended = ctx.app.db.write(|tx| async move { atlas_identity::revoke_other_sessions(&tx, actor).await }).await?;
    let said = format!("{} ended", ui::plural(i64::try_from(ended).unwrap_or(0), "other session", "other sessions"));
    ctx.redirect("/settings/sessions").toast(said).reply()
}
