//! The end of a connection: the question in numbers, the countdown, removal at once, and the receipt.

use askama::Template;
use atlas_connect::{ConnectionState, Connections, Detail};
use atlas_kernel::Error;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Reply};
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;

use super::view::{View, base, part};

#[derive(Template)]
#[template(path = "integrations/ending.html")]
pub(super) struct Ending<'a> {
    pub v: View<'a>,
}

impl Ending<'_> {
    /// Whether there is something that can be ended.
    fn open(&self) -> bool {
        !matches!(self.v.state(), ConnectionState::Disconnected)
    }
    fn disabled(&self) -> bool {
        self.v.state() == ConnectionState::Disabled
    }
    fn removing(&self) -> bool {
        self.v.removing()
    }
    fn told(&self) -> String {
        let name = self.v.name();
        match (self.v.d.connector.oauth.uninstall_path, self.v.d.connection.farewell_pending) {
            (None, _) => format!("Revoke the access at {name} yourself; it has no call for that."),
            (Some(_), true) => format!("{name} is being told to uninstall the app."),
            (Some(_), false) => format!("{name} was told to uninstall the app; the log says what it answered."),
        }
    }
    fn removed(&self) -> Vec<(String, u64)> {
        self.v.d.connection.receipt.as_ref().map(|receipt| receipt.removed()).unwrap_or_default()
    }
}

/// What is asked before a connection ends or its data goes; a dialog, and without script a page.
#[derive(Template)]
#[template(path = "integrations/question.html")]
pub(super) struct Question<'a> {
    d: &'a Detail,
    removal: bool,
    /// Whether it is the page.
    alone: bool,
}

impl<'a> Question<'a> {
    /// The question before disconnecting.
    pub fn disconnect(d: &'a Detail) -> Self {
        Self { d, removal: false, alone: false }
    }
    /// The question before removing the data.
    pub fn removal(d: &'a Detail) -> Self {
        Self { d, removal: true, alone: false }
    }
    fn base(&self) -> String {
        base(&self.d.connection.slug)
    }
    /// What goes, in numbers: what the newest sync counted, and the messages stored.
    fn goes(&self) -> String {
        let c = &self.d.connection;
        let mut what = vec![];
        if c.completeness.stored > 0 {
            what.push(ui::plural(c.completeness.stored, "message", "messages"));
        }
        for stream in c.sync.iter().flat_map(|sync| &sync.streams).filter(|stream| stream.done > 0) {
            what.push(format!("{} {}", ui::count(stream.done), stream.label.to_lowercase()));
        }
        match what.as_slice() {
            [] => format!("Everything that came from {} goes", self.d.connector.name),
            [only] => format!("{only} and everything else that came from {} go", self.d.connector.name),
            [first, rest @ ..] => format!(
                "{first}, with what the last sync read ({}), and everything else that came from {} go",
                rest.join(", "),
                self.d.connector.name
            ),
        }
    }
}

pub(super) async fn ask_disconnect(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    ask(connections, &ctx, &provider, false).await
}

pub(super) async fn ask_removal(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    ask(connections, &ctx, &provider, true).await
}

async fn ask(connections: &Connections, ctx: &Ctx, provider: &str, removal: bool) -> Reply {
    let d = &connections.detail(&ctx.actor, provider).await?;
    let state = d.connection.state;
    let nothing = if removal { d.connection.purge_due_at.is_none() } else { state == ConnectionState::Disconnected };
    if nothing {
        return ctx.redirect(base(provider)).reply();
    }
    let question: Safe = part(&Question { d, removal, alone: true })?;
    let (name, step) = (d.connection.title(), if removal { "Remove now" } else { "Disconnect" });
    ctx.page(format!("{step}: {name}"))
        .crumb("Settings", Some("/settings"))
        .crumb("Integrations", Some("/settings/integrations"))
        .crumb(&name, Some(&base(provider)))
        .crumb(step, None)
        .nav("/settings/integrations")
        .html(&super::page::Narrow { content: question })
}

/// The receipt's file, for keeping.
pub(super) async fn receipt(connections: &Connections, ctx: Ctx, Path(provider): Path<String>) -> Reply {
    let file = connections.receipt(&ctx.actor, &provider).await?;
    let name = format!("attachment; filename=\"atlas-receipt-{provider}-{}.json\"", &file.digest[..12]);
    let text = serde_json::to_string_pretty(&file).map_err(Error::internal)?;
    Ok(([(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)], text).into_response())
}
