//! The connection page, put together of its parts; and all that moves, in one answer.

use askama::Template;
use atlas_connect::{ConnectionDeadLetter, Connections};
use atlas_kernel::FieldError;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Query, RenderedPanel, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::arrivals::Arrivals;
use super::attention::AttentionPart;
use super::ending::{Ending, Question};
use super::head::Head;
use super::health::HealthPart;
use super::log::{self, Log};
use super::settings::{CredentialsForm, CredentialsPart, PaceForm, PacePart};
use super::setup::Setup;
use super::sync::SyncPart;
use super::trouble::Trouble;
use super::view::{View, part};

/// What the page's address may say.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    /// Which part of the log.
    level: String,
    /// What went wrong on the way back from the provider.
    problem: String,
}

/// A form that was sent and cannot be accepted.
pub(super) enum Sent {
    Nothing,
    Credentials(CredentialsForm, Vec<FieldError>),
    Pace(PaceForm, Vec<FieldError>),
}

/// The parts of the page that move by themselves.
struct Moving {
    head: Safe,
    attention: Safe,
    health: Safe,
    setup: Safe,
    progress: (usize, usize),
    sync: Safe,
    arrivals: Safe,
    trouble: Safe,
    ending: Safe,
}

impl Moving {
    fn draw(v: View<'_>) -> Result<Self, atlas_kernel::Error> {
        let setup = Setup::new(v);
        Ok(Self {
            head: part(&Head { v })?,
            attention: part(&AttentionPart { v })?,
            health: part(&HealthPart { v })?,
            progress: setup.progress(),
            setup: part(&setup)?,
            sync: part(&SyncPart { v })?,
            arrivals: part(&Arrivals { v })?,
            trouble: part(&Trouble { v })?,
            ending: part(&Ending { v })?,
        })
    }
}

/// The page's contents list.
#[derive(Template)]
#[template(path = "integrations/toc.html")]
struct Toc<'a> {
    v: View<'a>,
    progress: (usize, usize),
    panels: &'a [(String, &'static str)],
}

impl Toc<'_> {
    fn percent(&self) -> Option<u8> {
        self.v.d.connection.sync.as_ref().filter(|sync| sync.ended_at.is_none()).and_then(|sync| sync.percent)
    }
    fn missing(&self) -> usize {
        self.v.d.connection.scopes.iter().filter(|scope| scope.state == atlas_connect::ScopeState::Missing).count()
    }
    fn unseen(&self) -> usize {
        let wanted = |topic: &&atlas_connect::TopicView| topic.required && topic.first_at.is_none();
        if self.v.has_access() { self.v.d.connection.topics.iter().filter(wanted).count() } else { 0 }
    }
}

#[derive(Template)]
#[template(path = "integrations/show.html")]
struct Show<'a> {
    v: View<'a>,
    m: Moving,
    toc: Safe,
    log: Safe,
    credentials: Safe,
    pace: Safe,
    panels: Vec<RenderedPanel>,
    /// Where what moves is fetched again.
    again: String,
    questions: Vec<(&'static str, Safe)>,
    /// What was chosen for the fields, in a sentence.
    fields: String,
    letters: Vec<ConnectionDeadLetter>,
}

/// All that moves: what the page fetches again whenever something happened.
#[derive(Template)]
#[template(path = "integrations/now.html")]
struct Now<'a> {
    v: View<'a>,
    m: Moving,
    toc: Safe,
    again: String,
}

/// A page of its own with nothing but a heading and this.
#[derive(Template)]
#[template(
    source = r#"<div class="page"><header class="page-head"><div><h1>{{ title }}</h1><p class="lede">{{ lede }}</p></div></header>{{ content }}</div>"#,
    ext = "html"
)]
pub(super) struct Whole {
    pub title: String,
    pub lede: &'static str,
    pub content: Safe,
}

/// A page of its own for a question.
#[derive(Template)]
#[template(source = r#"<div class="page" data-width="form">{{ content }}</div>"#, ext = "html")]
pub(super) struct Narrow {
    pub content: Safe,
}

pub(super) async fn show(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Query(asked): Query<Asked>) -> Reply {
    draw(connections, &ctx, &provider, Some(asked), Sent::Nothing).await
}

/// The page; with a form that was sent when something in it is wrong.
pub(super) async fn draw(connections: &Connections, ctx: &Ctx, provider: &str, asked: Option<Asked>, sent: Sent) -> Reply {
    let d = &connections.detail(&ctx.actor, provider).await?;
    let asked = asked.unwrap_or_default();
    let v = View::new(ctx, d).after(&asked.problem);
    let record = d.connection.id.map(atlas_kernel::Id::to_ref);
    let panels = match &record {
        Some(record) => ctx.panels("connection", record).await,
        None => vec![],
    };
    let titles = &anchors(panels.iter().map(|panel| panel.title));
    let log = Log::newest(connections, ctx, provider, v.topics(), log::level(&asked.level)).await?;
    let m = Moving::draw(v)?;
    let content = Show {
        toc: part(&Toc { v, progress: m.progress, panels: titles })?,
        m,
        log: part(&log)?,
        credentials: part(&CredentialsPart::new(v, connections.allows_private_providers(), &sent))?,
        pace: part(&PacePart::new(v, &sent))?,
        panels,
        again: again(&v, titles),
        fields: fields(connections, ctx, provider).await?,
        letters: connections.dead_letters(&ctx.actor, provider).await?,
        questions: vec![("disconnect", part(&Question::disconnect(d))?), ("removal", part(&Question::removal(d))?)],
        v,
    };
    ctx.page(v.title())
        .crumb("Settings", Some("/settings"))
        .crumb("Integrations", Some("/settings/integrations"))
        .crumb(v.title(), None)
        .nav("/settings/integrations")
        .live(record)
        .recent("Connection", "plug")
        .status(if matches!(sent, Sent::Nothing) { 200 } else { 422 })
        .html(&content)
}

/// What was chosen for the fields, and what waits for a decision, in a sentence.
async fn fields(connections: &Connections, ctx: &Ctx, provider: &str) -> Result<String, atlas_kernel::Error> {
    let name = connections.connector(provider)?.name;
    let fields = connections.fields(&ctx.actor, provider).await?;
    let out: Vec<&str> = fields.iter().filter(|field| field.direction.goes_out()).map(|field| field.label.as_str()).collect();
    let waiting = connections.conflicts(&ctx.actor, provider, 1, None).await?.data.len();
    let asked = if waiting > 0 { " Somebody has to decide on at least one." } else { "" };
    Ok(match out.len() {
        0 => format!("All come from {name}; nothing is written back.{asked}"),
        1..=4 => format!("Written back to {name}: {}.{asked}", out.join(", ")),
        some => format!("{some} of {} are written back to {name}.{asked}", fields.len()),
    })
}

/// The headings of other modules' sections, each with its anchor.
fn anchors(titles: impl Iterator<Item = &'static str>) -> Vec<(String, &'static str)> {
    titles.enumerate().map(|(n, title)| (format!("panel-{}", n + 1), title)).collect()
}

/// What the open page shows besides: the sections of other modules, which need not be drawn again, and a problem.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Open {
    panel: Vec<String>,
    problem: String,
}

/// Where what moves is fetched again, for a page that shows this.
fn again(v: &View<'_>, titles: &[(String, &'static str)]) -> String {
    let problem = v.problem.map(|code| format!("problem={}", ui::url_encode(code)));
    let shown = titles.iter().map(|(_, title)| format!("panel={}", ui::url_encode(title)));
    let query = problem.into_iter().chain(shown).collect::<Vec<_>>().join("&");
    format!("{}/parts/now{}{query}", v.base(), if query.is_empty() { "" } else { "?" })
}

/// The parts that move, each for its place on the open page.
pub(super) async fn now(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Query(open): Query<Open>) -> Reply {
    let d = &connections.detail(&ctx.actor, &provider).await?;
    let v = View::new(&ctx, d).after(&open.problem);
    let known = ctx.app.panels.iter().filter(|panel| panel.noun == "connection").map(|panel| panel.title);
    let titles = &anchors(known.filter(|title| open.panel.iter().any(|shown| shown == title)));
    let m = Moving::draw(v)?;
    let toc = part(&Toc { v, progress: m.progress, panels: titles })?;
    ctx.fragment(&Now { again: again(&v, titles), v, m, toc })
}
