//! Home: what is due and what waits, as other modules tell it.

use askama::Template;
use atlas_web::ui::Safe;
use atlas_web::{Ctx, RenderedPanel, Reply};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    day: String,
    greeting: String,
    panels: Vec<RenderedPanel>,
    beside: Vec<RenderedPanel>,
}

/// Panels for `home` fill the page, panels for `home-beside` the rail.
pub(crate) async fn show(ctx: Ctx) -> Reply {
    let me = ctx.actor.workspace.to_ref();
    let panels = ctx.panels("home", &me).await;
    let beside = ctx.panels("home-beside", &me).await;
    let local = ctx.now().to_zoned(ctx.actor.zone());
    let day = local.strftime("%A, %-d %B").to_string();
    let first = ctx.me.name.split(' ').next().unwrap_or_default();
    let greeting = format!("What is due and what waits for you, {first}.");
    let home = Home { day, greeting, panels, beside };
    ctx.page("Home").crumb("Home", None).nav("/").live(["tasks", "conversations"]).html(&home)
}

impl Home {
    fn nothing(&self) -> bool {
        self.panels.iter().all(|panel: &RenderedPanel| Safe::is_empty(&panel.html))
    }
}
