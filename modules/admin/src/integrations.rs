//! The Integrations hub and the connection page, drawn from the connectors' descriptors and the engine's own figures.

mod actions;
mod oauth;
mod page;

use std::sync::Arc;

use askama::Template;
use atlas_connect::{CONNECTIONS_READ, CONNECTIONS_WRITE, ConnectionState, Connections, Overview, Readiness};
use atlas_kernel::Result;
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Health, HealthLine, Pages, Reply};
use futures::future::BoxFuture;

use crate::Parts;

/// Handlers get the connections by a clone of the handle.
macro_rules! with {
    ($parts:expr, $handler:path $(, $arg:ident: $ty:ty)*) => {{
        let connections = $parts.connections.clone();
        move |ctx: atlas_web::Ctx $(, $arg: $ty)*| {
            let connections = connections.clone();
            async move { $handler(&connections, ctx $(, $arg)*).await }
        }
    }};
}
pub(crate) use with;

type Provider = axum::extract::Path<String>;

pub(crate) fn pages(pages: Pages, parts: &Parts) -> Pages {
    let pages = pages
        .get("/settings/integrations", CONNECTIONS_READ, with!(parts, hub))
        .get("/settings/integrations/{provider}", CONNECTIONS_READ, with!(parts, page::show, provider: Provider))
        .get("/settings/integrations/{provider}/parts/sync", CONNECTIONS_READ, with!(parts, page::sync_part, provider: Provider))
        .get(
            "/settings/integrations/{provider}/activity",
            CONNECTIONS_READ,
            with!(parts, page::activity, provider: Provider, asked: atlas_web::Query<page::Asked>),
        )
        .get("/settings/integrations/{provider}/connect", CONNECTIONS_WRITE, with!(parts, oauth::begin, provider: Provider))
        .get(
            "/oauth/callback/{provider}",
            CONNECTIONS_WRITE,
            with!(parts, oauth::finish, provider: Provider, back: atlas_web::Query<atlas_connect::Callback>),
        );
    actions::pages(pages, parts)
}

#[derive(Template)]
#[template(path = "integrations/hub.html")]
struct Hub<'a> {
    ctx: &'a Ctx,
    cards: Vec<Overview>,
}

impl Hub<'_> {
    fn tone(&self, card: &Overview) -> &'static str {
        tone(card.state, !card.attention.is_empty())
    }
    fn state(&self, card: &Overview) -> &'static str {
        state_word(card.state, !card.attention.is_empty())
    }
    fn readiness(&self, card: &Overview) -> &'static str {
        match card.readiness {
            Readiness::Live => "Live",
            Readiness::Ready => "Ready",
            Readiness::Preview => "Preview",
            Readiness::Planned => "Planned",
        }
    }
    fn ago(&self, at: &atlas_kernel::Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }
}

async fn hub(connections: &Connections, ctx: Ctx) -> Reply {
    let cards = connections.overview(&ctx.actor).await?;
    let lede = "Connections to other tools, each with its health and its own credentials.";
    crate::settings::page(&ctx, "Integrations", lede, "/settings/integrations", 200, &Hub { ctx: &ctx, cards })
}

/// The tone of a connection's dot.
pub(crate) fn tone(state: ConnectionState, attention: bool) -> &'static str {
    match state {
        ConnectionState::Connected if attention => "warning",
        ConnectionState::Connected => "success",
        ConnectionState::NeedsAttention => "danger",
        ConnectionState::Connecting => "busy",
        ConnectionState::Disconnected | ConnectionState::Disabled => "idle",
    }
}

/// The connection's state in a word or two.
pub(crate) fn state_word(state: ConnectionState, attention: bool) -> &'static str {
    match state {
        ConnectionState::Connected if attention => "Connected, with a warning",
        ConnectionState::Connected => "Connected",
        ConnectionState::NeedsAttention => "Needs attention",
        ConnectionState::Connecting => "Connecting",
        ConnectionState::Disconnected => "Disconnected",
        ConnectionState::Disabled => "Disabled",
    }
}

/// The line at the foot of the sidebar.
pub fn health_line(connections: &Connections) -> HealthLine {
    let connections = connections.clone();
    Arc::new(move |ctx| health(connections.clone(), ctx))
}

fn health(connections: Connections, ctx: &Ctx) -> BoxFuture<'_, Result<Option<Health>>> {
    Box::pin(async move {
        if ctx.actor.may(&CONNECTIONS_READ).is_err() {
            return Ok(None);
        }
        let cards = connections.overview(&ctx.actor).await?;
        let worst = |card: &&Overview| match card.state {
            ConnectionState::NeedsAttention => 0,
            ConnectionState::Connected => 1,
            _ => 2,
        };
        let Some(card) = cards.iter().filter(|card| card.state != ConnectionState::Disconnected).min_by_key(worst) else { return Ok(None) };
        let words = match card.state {
            ConnectionState::Connected if card.syncing.is_some() => format!("{} syncing", card.name),
            ConnectionState::Connected => format!("{} live", card.name),
            ConnectionState::NeedsAttention => format!("{} needs attention", card.name),
            _ => format!("{} {}", card.name, state_word(card.state, false).to_lowercase()),
        };
        let href = format!("/settings/integrations/{}", card.provider);
        Ok(Some(Health { tone: tone(card.state, false), text: words, href, at: card.last_event_at }))
    })
}
