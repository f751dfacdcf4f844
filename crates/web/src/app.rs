//! The state behind every page, and the router made of all modules' pages.

use std::sync::Arc;

use atlas_kernel::Clock;
use atlas_store::{Db, Nouns};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use tokio::sync::watch;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::assets::Assets;
use crate::pages::Pages;
use crate::registry::{HealthLine, NavItem, Panel, QuickAction, RecordAction};

/// The state behind every page; clones share it.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// What [`App`] is made of.
pub struct AppParts {
    /// The database.
    pub db: Db,
    /// How ids become names.
    pub nouns: Nouns,
    /// The browser's files.
    pub assets: Assets,
    /// The sidebar.
    pub nav: Vec<NavItem>,
    /// What can be done from anywhere.
    pub quick_actions: Vec<QuickAction>,
    /// Sections that modules show on one another's pages.
    pub panels: Vec<Panel>,
    /// Actions that modules offer on one another's records.
    pub record_actions: Vec<RecordAction>,
    /// The line at the foot of the sidebar.
    pub health: Option<HealthLine>,
    /// Where this Atlas is reached, without a slash at the end.
    pub base_url: String,
    /// Turns true when the program is asked to end: open streams end with it.
    pub stopping: watch::Receiver<bool>,
}

impl std::ops::Deref for App {
    type Target = AppParts;
    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl App {
    /// The state, with sidebar and panels in their order.
    pub fn new(mut parts: AppParts) -> Self {
        parts.nav.sort_by_key(|item| item.order);
        parts.panels.sort_by_key(|panel| panel.order);
        Self(Arc::new(parts))
    }

    /// Where pages read the time from.
    pub fn clock(&self) -> &Clock {
        self.db.clock()
    }

    /// Whether cookies must be marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// Bodies of forms are at most this large.
const FORM_LIMIT: usize = 1024 * 1024;

/// All pages, the kit's own (palette, live updates, assets) included.
pub fn router(app: &App, pages: Pages) -> Router {
    let kit = Pages::new()
        .own_get("/palette", crate::palette::show)
        .own_get("/live", crate::live::stream)
        .own_get("/parts/side-health", crate::page::side_health);
    let mut csrf = CsrfLayer::new();
    if let Ok(trusted) = CsrfLayer::new().add_trusted_origin(&app.base_url) {
        csrf = trusted;
    }
    let pages = pages
        .merge(kit)
        .into_router()
        .fallback(crate::failure::no_such_page)
        .layer(csrf.with_rejection_response(|_| cross_site()))
        .layer(RequestBodyLimitLayer::new(FORM_LIMIT))
        .layer(axum::middleware::map_response(safe_headers))
        .layer(from_fn_with_state(app.clone(), crate::ctx::who_is_this));
    pages.with_state(app.clone()).merge(crate::assets::router(app.assets.clone()))
}

fn cross_site<B: From<&'static str>>() -> axum::http::Response<B> {
    let text = "Refused: this form was sent from another site. Nothing was saved. Open Atlas itself and try again.";
    let mut response = axum::http::Response::new(B::from(text));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'self'";

/// The headers every page carries; a page that named its own CSP keeps it.
async fn safe_headers(response: axum::response::Response) -> axum::response::Response {
    let mut response = response.into_response();
    let form_action = response.extensions_mut().remove::<FormAction>();
    let headers = response.headers_mut();
    let csp = match form_action {
        Some(FormAction(origin)) => HeaderValue::from_str(&format!("{CSP} {origin}")).unwrap_or(HeaderValue::from_static(CSP)),
        None => HeaderValue::from_static(CSP),
    };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(csp);
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(header::VARY, HeaderValue::from_static("HX-Request-Type, Cookie"));
    response
}

/// An origin that a form of this page may lead to after a redirect (a provider's consent page).
#[derive(Clone)]
pub(crate) struct FormAction(pub String);
