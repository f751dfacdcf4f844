//! The connection page: health, setup, sync, credentials, permissions, what arrives, activity, troubleshooting, disconnect.

use askama::Template;
use atlas_connect::{
    CheckState, ConnectionState, Connections, DayTone, Detail, ErrorRemedy, Level, LogLine, ScopeState, StreamProgress, SyncState,
    SyncView, TopicState, TopicView,
};
use atlas_kernel::{FieldError, Page, Timestamp};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Query, RenderedPanel, Reply};
use axum::extract::Path;
use serde::Deserialize;

use super::actions::CredentialsForm;
use super::{state_word, tone};

#[derive(Template)]
#[template(path = "integrations/show.html")]
struct Show<'a> {
    ctx: &'a Ctx,
    d: &'a Detail,
    sync: Safe,
    log: Safe,
    panels: Vec<RenderedPanel>,
    private: bool,
    may_write: bool,
    form: CredentialsForm,
    errors: Vec<FieldError>,
}

/// Where the page of this provider is.
fn base(d: &Detail) -> String {
    format!("/settings/integrations/{}", d.connection.provider)
}

pub(super) async fn show(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    draw(connections, &ctx, &provider, 200, None, vec![]).await
}

/// The page, with the credentials form as it was sent when something in it was wrong.
pub(super) async fn draw(
    connections: &Connections,
    ctx: &Ctx,
    provider: &str,
    status: u16,
    sent: Option<CredentialsForm>,
    errors: Vec<FieldError>,
) -> Reply {
    let d = &connections.detail(&ctx.actor, provider).await?;
    let record = d.connection.id.map(atlas_kernel::Id::to_ref);
    let panels = match &record {
        Some(record) => ctx.panels("connection", record).await,
        None => vec![],
    };
    let form = sent.unwrap_or_else(|| stored(d));
    let sync = part(&SyncPart { ctx, d })?;
    let log = part(&Activity { ctx, base: base(d), level: String::new(), page: Page { data: d.activity.clone(), next_cursor: None } })?;
    let may_write = ctx.actor.may(&atlas_connect::CONNECTIONS_WRITE).is_ok();
    let private = connections.allows_private_providers();
    let content = Show { ctx, d, sync, log, panels, private, may_write, form, errors };
    let origin = d.connection.app_base_url.clone().unwrap_or_default();
    ctx.page(d.connector.name)
        .crumb("Settings", Some("/settings"))
        .crumb("Integrations", Some("/settings/integrations"))
        .crumb(d.connector.name, None)
        .nav("/settings/integrations")
        .live(record)
        .module("toc")
        .recent("Connection", "plug")
        .form_action(origin)
        .status(status)
        .html(&content)
}

fn part(template: &impl Template) -> Result<Safe, atlas_kernel::Error> {
    Ok(Safe::trusted(template.render().map_err(atlas_kernel::Error::internal)?))
}

fn stored(d: &Detail) -> CredentialsForm {
    let c = &d.connection;
    CredentialsForm {
        client_id: c.client_id.clone().unwrap_or_default(),
        region: c.region.clone().unwrap_or_default(),
        api_base_url: c.api_base_url.clone().unwrap_or_default(),
        app_base_url: c.app_base_url.clone().unwrap_or_default(),
        // Never sent back to the browser.
        client_secret: String::new(),
    }
}

fn when(ctx: &Ctx, at: &Timestamp) -> Safe {
    ui::relative_time(*at, ctx.now(), &ctx.actor.zone())
}

impl Show<'_> {
    fn base(&self) -> String {
        base(self.d)
    }
    fn tone(&self) -> &'static str {
        tone(self.d.connection.state, !self.d.connection.attention.is_empty())
    }
    fn state(&self) -> &'static str {
        state_word(self.d.connection.state, !self.d.connection.attention.is_empty())
    }
    fn ago(&self, at: &Timestamp) -> Safe {
        when(self.ctx, at)
    }
    fn is(&self, state: &str) -> bool {
        self.d.connection.state.as_str() == state
    }
    fn works(&self) -> bool {
        matches!(self.d.connection.state, ConnectionState::Connected | ConnectionState::NeedsAttention)
    }
    fn has_credentials(&self) -> bool {
        self.d.connection.has_client_secret
    }
    fn behind(&self) -> String {
        let health = &self.d.health;
        if health.waiting == 0 { "0 s".to_owned() } else { format!("{} s", health.behind_seconds) }
    }
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }
    /// Steps done, and how many there are.
    fn steps(&self) -> (usize, usize) {
        let list = &self.d.checklist;
        (list.iter().filter(|item| item.done).count() + usize::from(self.arriving()), list.len() + 1)
    }
    /// Whether step `index` is the first open one.
    fn is_now(&self, index: &usize) -> bool {
        self.d.checklist.iter().position(|item| !item.done) == Some(*index)
    }
    /// Whether any notice ever arrived.
    fn arriving(&self) -> bool {
        self.d.connection.topics.iter().any(|topic| topic.first_at.is_some())
    }
    fn scope_tone(&self, state: &ScopeState) -> (&'static str, &'static str) {
        match state {
            ScopeState::Granted => ("success", "Granted"),
            ScopeState::Missing => ("danger", "Missing"),
            ScopeState::NotChecked => ("idle", "Not checked"),
        }
    }
    fn topic_tone(&self, topic: &TopicView) -> (&'static str, &'static str) {
        match topic.state {
            TopicState::Seen => ("success", "Seen"),
            TopicState::Quiet => ("idle", "Quiet"),
            TopicState::Wanted if topic.required => ("warning", "Wanted"),
            TopicState::Wanted => ("idle", "Not seen"),
            TopicState::Unknown => ("idle", "Ignored"),
        }
    }
    fn check_tone(&self, state: &CheckState) -> &'static str {
        match state {
            CheckState::Passed => "success",
            CheckState::Failed => "danger",
            CheckState::NotChecked => "idle",
        }
    }
    fn day_fill(&self, tone: &DayTone) -> &'static str {
        match tone {
            DayTone::None => "var(--line)",
            DayTone::Good => "var(--seq-4)",
            DayTone::Mixed => "var(--warning)",
            DayTone::Bad => "var(--danger)",
        }
    }
    fn days_words(&self) -> String {
        let count = |tone: DayTone| self.d.health.days.iter().filter(|day| day.tone == tone).count();
        format!(
            "Last 30 days: {} good, {} mixed, {} bad, {} without syncs",
            count(DayTone::Good),
            count(DayTone::Mixed),
            count(DayTone::Bad),
            count(DayTone::None)
        )
    }
    fn first_day(&self) -> String {
        self.d.health.days.first().map(|day| day.date.strftime("%-d %b").to_string()).unwrap_or_default()
    }
    fn is_current(&self, remedy: &ErrorRemedy) -> bool {
        self.d.connection.attention.iter().any(|a| a.code == remedy.code || remedy.aliases.contains(&a.code.as_str()))
    }
    fn region_chosen(&self, id: &str) -> bool {
        self.form.region == id
    }
    fn custom_chosen(&self) -> bool {
        self.form.region == "custom"
    }
    fn wanted_topics(&self) -> String {
        let names: Vec<&str> =
            self.d.connection.topics.iter().filter(|t| t.state != TopicState::Unknown).map(|t| t.topic.as_str()).collect();
        names.join("\n")
    }
    fn hub_url(&self) -> Option<&str> {
        let here = self.d.connection.region.as_deref() == Some("local");
        let local = self.d.connection.app_base_url.as_deref().filter(|_| here);
        local.or(self.d.connector.webhook.as_ref().map(|hook| hook.hub_url))
    }
    fn removed(&self) -> Vec<(String, u64)> {
        self.d.connection.receipt.as_ref().map(|receipt| receipt.removed()).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "integrations/sync.html")]
struct SyncPart<'a> {
    ctx: &'a Ctx,
    d: &'a Detail,
}

/// The sync's progress alone, fetched again whenever it moved.
pub(super) async fn sync_part(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let d = &connections.detail(&ctx.actor, &provider).await?;
    ctx.fragment(&SyncPart { ctx: &ctx, d })
}

impl SyncPart<'_> {
    fn base(&self) -> String {
        base(self.d)
    }
    fn topic(&self) -> String {
        self.d.connection.id.map(|id| id.to_string()).unwrap_or_else(|| "connections".to_owned())
    }
    fn running(&self, sync: &SyncView) -> bool {
        matches!(sync.state, SyncState::Running | SyncState::Waiting)
    }
    fn paused(&self) -> bool {
        self.d.connection.paused
    }
    fn headline(&self, sync: &SyncView) -> String {
        let kind = sync.kind.as_str();
        let what = if kind == "first" { "Importing everything, newest first" } else { "Looking for changes" };
        match sync.state {
            SyncState::Running => what.to_owned(),
            SyncState::Waiting => "Waiting to try again".to_owned(),
            SyncState::Paused => "Paused".to_owned(),
            SyncState::Done => "Up to date".to_owned(),
            SyncState::Failed => "The last sync did not read everything".to_owned(),
            SyncState::Stopped => "Stopped".to_owned(),
        }
    }
    fn pace(&self, sync: &SyncView) -> String {
        let mut words = vec![format!("{} done", ui::count(sync.done))];
        if let Some(total) = sync.total {
            words[0] = format!("{} of {} done", ui::count(sync.done), ui::count(total));
        }
        if self.running(sync) {
            if let Some(rate) = sync.calls_per_second {
                words.push(format!("{rate:.0} calls a second"));
            }
            match sync.seconds_left {
                Some(seconds) if seconds < 90 => words.push(format!("about {seconds} s left")),
                Some(seconds) => words.push(format!("about {} min left", (seconds + 30) / 60)),
                None => {}
            }
            words.push("you can close this page".to_owned());
        }
        words.join(", ")
    }
    fn stream_tone(&self, stream: &StreamProgress) -> (&'static str, &'static str) {
        match stream.state.as_str() {
            "done" => ("success", "Complete"),
            "running" => ("busy", "Reading"),
            "off" => ("danger", "Off"),
            "failed" => ("danger", "Failed"),
            _ => ("idle", "Next"),
        }
    }
    fn share(&self, stream: &StreamProgress) -> i64 {
        match (stream.state.as_str(), stream.total) {
            ("done", _) => 100,
            (_, Some(total)) if total > 0 => (stream.done * 100 / total).clamp(0, 100),
            _ => 0,
        }
    }
    fn gauge_share(&self, used: &u32) -> u32 {
        (*used * 100).checked_div(self.most()).unwrap_or(0).min(100)
    }
    fn most(&self) -> u32 {
        self.d.connection.gauge.as_ref().map_or(0, |gauge| if gauge.limit > 0 { gauge.limit } else { gauge.budget })
    }
    fn ago(&self, at: &Timestamp) -> Safe {
        when(self.ctx, at)
    }
    fn wait_words(&self, waiting_ms: &i64) -> String {
        format!("Waiting {:.1} s for the next window.", *waiting_ms as f64 / 1000.0)
    }
}

/// Which part of the log is asked for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    level: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "integrations/activity.html")]
struct Activity<'a> {
    ctx: &'a Ctx,
    base: String,
    level: String,
    page: Page<LogLine>,
}

impl Activity<'_> {
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
}

/// The whole log, by level and page.
pub(super) async fn activity(connections: &Connections, ctx: Ctx, Path(provider): Path<String>, Query(asked): Query<Asked>) -> Reply {
    let level = match asked.level.as_str() {
        "warning" => Some(Level::Warning),
        "error" => Some(Level::Error),
        _ => None,
    };
    let page = connections.events(&ctx.actor, &provider, level, 50, asked.cursor.as_deref()).await?;
    let name = connections.connector(&provider)?.name;
    let base = format!("/settings/integrations/{provider}");
    let content = Activity { ctx: &ctx, base: base.clone(), level: asked.level, page };
    if ctx.partial {
        return ctx.fragment(&content);
    }
    let lede = "Syncs and notices of the last 30 days, without their contents.";
    crate::settings::page(&ctx, &format!("{name} activity"), lede, "/settings/integrations", 200, &content)
}

/// The question before something that cannot be taken back, as a page for browsers without script.
#[derive(Template)]
#[template(path = "integrations/confirm.html")]
struct Confirm {
    question: String,
    consequence: &'static str,
    action: String,
    back: String,
    verb: &'static str,
    offers_now: bool,
}

pub(super) async fn ask_disconnect(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let question = format!("Disconnect {}?", connections.connector(&provider)?.name);
    let consequence = "The token is destroyed at once. What came from there goes within 24 hours; what people wrote in Atlas stays.";
    let back = format!("/settings/integrations/{provider}");
    ask(&ctx, &Confirm { question, consequence, action: format!("{back}/disconnect"), back, verb: "Disconnect", offers_now: true })
}

pub(super) async fn ask_removal(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let question = format!("Remove the data of {} now?", connections.connector(&provider)?.name);
    let consequence = "What came from there is removed for good. What people wrote in Atlas stays.";
    let back = format!("/settings/integrations/{provider}");
    ask(&ctx, &Confirm { question, consequence, action: format!("{back}/removal"), back, verb: "Remove now", offers_now: false })
}

fn ask(ctx: &Ctx, confirm: &Confirm) -> Reply {
    let page = ctx.page(confirm.question.clone()).crumb("Integrations", Some("/settings/integrations")).crumb(confirm.verb, None);
    page.nav("/settings/integrations").html(confirm)
}
