//! The hub: every connector with its state and health in words; and the line at the foot of the sidebar.

use std::sync::Arc;

use askama::Template;
use atlas_connect::{Attention, CONNECTIONS_READ, ConnectionState, Connections, Overview, Readiness};
use atlas_kernel::{Result, Timestamp};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Health, HealthLine, Reply};
use futures::future::BoxFuture;

use super::view::{icon, state_word, tone};

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
        state_word(card.state)
    }
    fn icon(&self, card: &Overview) -> &'static str {
        icon(card.category)
    }
    fn health(&self, card: &Overview) -> String {
        health_words(card)
    }
    fn readiness(&self, card: &Overview) -> &'static str {
        readiness_word(card.readiness)
    }
    /// What each readiness that is shown means.
    fn legend(&self) -> Vec<(&'static str, &'static str)> {
        let shown = |r: &Readiness| self.cards.iter().any(|card| card.readiness == *r);
        let all = [Readiness::Live, Readiness::Ready, Readiness::Preview, Readiness::Planned];
        all.into_iter().filter(shown).map(|r| (readiness_word(r), readiness_meaning(r))).collect()
    }
    fn nothing_connected(&self) -> bool {
        self.cards.iter().all(|card| card.state == ConnectionState::Disconnected && card.purge_due_at.is_none())
    }
    fn ago(&self, at: &Timestamp) -> Safe {
        ui::relative_time(*at, self.ctx.now(), &self.ctx.actor.zone())
    }
}

fn readiness_word(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Live => "Live",
        Readiness::Ready => "Ready",
        Readiness::Preview => "Preview",
        Readiness::Planned => "Planned",
    }
}

fn readiness_meaning(readiness: Readiness) -> &'static str {
    match readiness {
        Readiness::Live => "works once configured",
        Readiness::Ready => "the code is complete, and you bring an app of your own at the provider",
        Readiness::Preview => "set-up and health can be seen, the provider is not proven yet",
        Readiness::Planned => "listed only",
    }
}

/// How a connection is, in a few words.
fn health_words(card: &Overview) -> String {
    let stopped = |attention: &Attention| match attention.affects.as_slice() {
        [all] if all == "everything" => format!("{}: everything has stopped", attention.title),
        some => format!("{}: {} stopped", attention.title, some.join(", ")),
    };
    match (card.state, card.attention.first(), card.syncing) {
        (ConnectionState::Disconnected, ..) if card.purge_due_at.is_some() => "Its data is about to be removed".to_owned(),
        (ConnectionState::Disconnected, ..) => "Not connected yet".to_owned(),
        (ConnectionState::Connecting, ..) => "Waiting for consent at the provider".to_owned(),
        (ConnectionState::Disabled, ..) => "Switched off; data and access are kept".to_owned(),
        (_, Some(attention), _) => stopped(attention),
        (_, None, Some(Some(percent))) => format!("Syncing, {percent}% done"),
        (_, None, Some(None)) => "Syncing".to_owned(),
        (_, None, None) => "Everything arrives".to_owned(),
    }
}

pub(super) async fn show(connections: &Connections, ctx: Ctx) -> Reply {
    let mut cards = connections.overview(&ctx.actor).await?;
    cards.sort_by_key(|card| (card.state == ConnectionState::Disconnected, card.name));
    let hub = Hub { ctx: &ctx, cards };
    let lede = if hub.nothing_connected() { "Nothing is connected yet." } else { "What is connected, and how it is." };
    crate::settings::page(&ctx, "Integrations", lede, "/settings/integrations", 200, &hub)
}

/// The line at the foot of the sidebar: the connection that most needs a look.
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
        Ok(cards.iter().filter(|card| card.state != ConnectionState::Disconnected).min_by_key(|card| urgency(card)).map(line))
    })
}

fn urgency(card: &Overview) -> u8 {
    match card.state {
        ConnectionState::NeedsAttention => 0,
        ConnectionState::Connected if !card.attention.is_empty() => 1,
        ConnectionState::Connected => 2,
        _ => 3,
    }
}

fn line(card: &Overview) -> Health {
    let attention = !card.attention.is_empty();
    let words = match card.state {
        ConnectionState::Connected if !attention && card.syncing.is_some() && card.last_event_at.is_none() => "importing",
        ConnectionState::Connected if !attention => "live",
        ConnectionState::Connected | ConnectionState::NeedsAttention => "needs attention",
        ConnectionState::Connecting => "waits for consent",
        ConnectionState::Disabled => "switched off",
        ConnectionState::Disconnected => "disconnected",
    };
    Health {
        tone: tone(card.state, attention),
        text: format!("{} {words}", card.title()),
        href: super::view::base(&card.slug),
        at: card.last_event_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(state: ConnectionState) -> Overview {
        Overview {
            provider: "toy",
            slug: "toy".into(),
            name: "Toy",
            category: "CRM",
            summary: "",
            readiness: Readiness::Ready,
            state,
            account: None,
            attention: vec![],
            syncing: None,
            last_event_at: None,
            purge_due_at: None,
        }
    }

    #[test]
    fn the_line_says_the_most_urgent_thing() {
        let attention = |affects: &[&str]| Attention {
            code: "missing_scope".into(),
            title: "Missing scope".into(),
            remedy: String::new(),
            affects: affects.iter().map(|a| (*a).to_owned()).collect(),
            since: None,
        };
        let mut partly = card(ConnectionState::Connected);
        partly.attention = vec![attention(&["Conversations"])];
        assert_eq!((line(&partly).text.as_str(), line(&partly).tone), ("Toy needs attention", "warning"));
        assert_eq!(health_words(&partly), "Missing scope: Conversations stopped");
        let mut stopped = card(ConnectionState::NeedsAttention);
        stopped.attention = vec![attention(&["everything"])];
        assert_eq!((line(&stopped).tone, health_words(&stopped).as_str()), ("danger", "Missing scope: everything has stopped"));
        assert!(urgency(&stopped) < urgency(&partly) && urgency(&partly) < urgency(&card(ConnectionState::Connected)));
        let mut syncing = card(ConnectionState::Connected);
        syncing.syncing = Some(Some(64));
        assert_eq!((line(&syncing).text.as_str(), health_words(&syncing).as_str()), ("Toy importing", "Syncing, 64% done"));
        assert_eq!(line(&card(ConnectionState::Connected)).text, "Toy live");
    }
}
