//! The log of a connection: what Atlas did and what came in, never what was said.

use askama::Template;
use atlas_connect::{CONNECTIONS_WRITE, Connections, Level, LogLine};
use atlas_kernel::{Page, Timestamp};
use atlas_web::{Ctx, Query, Reply, ui};
use axum::extract::Path;
use serde::Deserialize;

use super::view::base;

/// Lines on the connection page; the log's own page has more.
pub(super) const FEW: usize = 12;
const MANY: usize = 50;

/// Which part of the log is asked for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    level: String,
    cursor: Option<String>,
    /// The log's own page, in answer to a request for a part.
    whole: Option<String>,
}

#[derive(Template)]
#[template(path = "integrations/activity.html")]
pub(super) struct Log<'a> {
    ctx: &'a Ctx,
    base: String,
    topics: String,
    level: Option<Level>,
    /// Whether this is the log's own page.
    whole: bool,
    first: bool,
    page: Page<LogLine>,
}

const FILTERS: [(Option<Level>, &str); 3] = [(None, "All"), (Some(Level::Warning), "Warnings"), (Some(Level::Error), "Errors")];

/// The level with this name.
pub(super) fn level(name: &str) -> Option<Level> {
    [Level::Warning, Level::Error].into_iter().find(|level| level.as_str() == name)
}

impl<'a> Log<'a> {
    /// The newest lines, for the connection page.
    pub async fn newest(
        connections: &Connections,
        ctx: &'a Ctx,
        provider: &str,
        topics: String,
        level: Option<Level>,
    ) -> Result<Self, atlas_kernel::Error> {
        let page = connections.events(&ctx.actor, provider, level, FEW, None).await?;
        Ok(Self { ctx, base: base(provider), topics, level, whole: false, first: true, page })
    }

    fn filters(&self) -> [(Option<Level>, &'static str); 3] {
        FILTERS
    }
    fn can_replay(&self, line: &LogLine) -> bool {
        line.kind == "notice" && self.ctx.actor.may(&CONNECTIONS_WRITE).is_ok()
    }
    fn chosen(&self, level: &Option<Level>) -> bool {
        self.level == *level
    }
    fn query(&self, level: &Option<Level>) -> String {
        level.map(|level| format!("?level={level}")).unwrap_or_default()
    }
    /// Where this log is fetched again.
    fn here(&self) -> String {
        let whole = if self.whole { "&whole=1" } else { "" };
        format!("{}/activity?level={}{whole}", self.base, self.level.map_or("", |level| level.as_str()))
    }
    fn tone(&self, level: &Level) -> (&'static str, &'static str) {
        match level {
            Level::Ok => ("success", "OK"),
            Level::Warning => ("warning", "Warning"),
            Level::Error => ("danger", "Error"),
        }
    }
    fn clock(&self, at: &Timestamp) -> String {
        let local = at.to_zoned(self.ctx.actor.zone());
        let form = if local.date() == self.ctx.today() { "%H:%M:%S" } else { "%-d %b %H:%M" };
        local.strftime(form).to_string()
    }
    fn exact(&self, at: &Timestamp) -> String {
        at.to_zoned(self.ctx.actor.zone()).strftime("%-d %B %Y, %H:%M:%S").to_string()
    }
    fn nothing(&self) -> &'static str {
        match self.level {
            None => "Nothing has happened yet.",
            Some(Level::Error) => "No errors in the last 30 days.",
            Some(_) => "No warnings or errors in the last 30 days.",
        }
    }
}

/// The whole log by level, page by page; for the connection page, its newest lines.
pub(super) async fn show(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let level = level(&asked.level);
    let whole = !ctx.partial || asked.whole.is_some();
    let limit = if whole { MANY } else { FEW };
    let page = connections.events(&ctx.actor, &provider, level, limit, asked.cursor.as_deref()).await?;
    let name = connections.connector(&provider)?.name;
    let id = connections.show(&ctx.actor, &provider).await?.id;
    let topics = id.map(|id| id.to_string()).unwrap_or_default();
    let log = Log { ctx: &ctx, base: base(&provider), topics, level, whole, first: asked.cursor.is_none(), page };
    if ctx.partial {
        return ctx.fragment(&log);
    }
    let content = super::page::Whole {
        title: format!("{name} activity"),
        lede: "Syncs and notices of the last 30 days, never what was said.",
        content: super::view::part(&log)?,
    };
    ctx.page(&*content.title)
        .crumb("Settings", Some("/settings"))
        .crumb("Integrations", Some("/settings/integrations"))
        .crumb(name, Some(&log.base))
        .crumb("Activity", None)
        .nav("/settings/integrations")
        .live(id)
        .html(&content)
}
