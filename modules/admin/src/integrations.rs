//! The Integrations hub and the connection page, drawn from the connectors' descriptors and the engine's own figures.

mod actions;
mod arrivals;
mod attention;
mod ending;
mod head;
mod health;
mod hub;
mod log;
mod oauth;
mod page;
mod settings;
mod setup;
mod sync;
mod trouble;
mod two_way;
mod view;

use atlas_connect::{CONNECTIONS_READ, CONNECTIONS_WRITE, Callback};
use atlas_web::{Pages, Query};

pub use hub::health_line;

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
use with;

type Provider = axum::extract::Path<String>;

pub(crate) fn pages(pages: Pages, parts: &Parts) -> Pages {
    let pages = pages
        .get("/settings/integrations", CONNECTIONS_READ, with!(parts, hub::show))
        .get("/settings/integrations/{provider}", CONNECTIONS_READ, with!(parts, page::show, provider: Provider, asked: Query<page::Asked>))
        .get(
            "/settings/integrations/{provider}/parts/now",
            CONNECTIONS_READ,
            with!(parts, page::now, provider: Provider, open: Query<page::Open>),
        )
        .get(
            "/settings/integrations/{provider}/activity",
            CONNECTIONS_READ,
            with!(parts, log::show, provider: Provider, asked: Query<log::Asked>),
        )
        .get("/settings/integrations/{provider}/disconnect", CONNECTIONS_WRITE, with!(parts, ending::ask_disconnect, provider: Provider))
        .get("/settings/integrations/{provider}/receipt", CONNECTIONS_READ, with!(parts, ending::receipt, provider: Provider))
        .get("/settings/integrations/{provider}/removal", CONNECTIONS_WRITE, with!(parts, ending::ask_removal, provider: Provider))
        .get("/settings/integrations/{provider}/connect", CONNECTIONS_WRITE, with!(parts, oauth::begin, provider: Provider))
        .get("/oauth/callback/{provider}", CONNECTIONS_WRITE, with!(parts, oauth::finish, provider: Provider, back: Query<Callback>));
    two_way::pages(actions::pages(pages, parts), parts)
}
