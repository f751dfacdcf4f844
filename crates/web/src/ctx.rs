//! Who asks for a page: a signed-in member ([`Ctx`]) or anybody ([`Visitor`]).

use std::convert::Infallible;

use atlas_identity::Me;
use atlas_kernel::{Actor, Error, Ref, Result, Timestamp};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::failure::Failure;
use crate::page::{Gate, PageBuilder};
use crate::registry::{RenderedAction, RenderedPanel};
use crate::response::Redirecting;
use crate::{SESSION_COOKIE, ui};

/// The session found by the middleware, if any.
#[derive(Clone)]
pub(crate) struct Signed(pub Option<(Actor, Me)>);

/// A signed-in member asking for a page.
#[derive(Clone)]
pub struct Ctx {
    /// The application.
    pub app: App,
    /// Who acts.
    pub actor: Actor,
    /// What the shell shows of them.
    pub me: Me,
    /// htmx asks for a fragment only.
    pub partial: bool,
    /// The path asked for.
    pub path: String,
    /// The query asked for, without `?`.
    pub query: String,
    /// A sentence left by the request before.
    pub(crate) flash: Option<ui::Flash>,
    /// Whether the sidebar is closed.
    pub(crate) side_closed: bool,
}

/// Anybody asking for a public page.
#[derive(Clone)]
pub struct Visitor {
    /// The application.
    pub app: App,
    /// The member, when somebody is signed in.
    pub signed: Option<(Actor, Me)>,
    /// htmx asks for a fragment only.
    pub partial: bool,
    /// The path asked for.
    pub path: String,
    /// The query asked for, without `?`.
    pub query: String,
    /// The browser's address as far as this server sees it.
    pub ip: String,
    /// What the browser calls itself.
    pub user_agent: String,
    headers: HeaderMap,
}

/// The session cookie of these headers.
pub fn session_cookie(headers: &HeaderMap) -> Option<String> {
    cookie(headers, SESSION_COOKIE)
}

pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE);
    let mut pairs = lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// Middleware: reads the session once a request; permissions are checked by the route table.
pub(crate) async fn who_is_this(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, Failure> {
    let signed = match session_cookie(request.headers()) {
        Some(cookie) => atlas_identity::authenticate_session(&app.db, &cookie, app.clock().now()).await?,
        None => None,
    };
    request.extensions_mut().insert(Signed(signed));
    Ok(next.run(request).await)
}

impl FromRequestParts<App> for Ctx {
    type Rejection = Failure;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let visitor = Visitor::from_request_parts(parts, app).await.unwrap_or_else(|never| match never {});
        let unauthenticated = || Failure::from(Error::Unauthenticated).at(&visitor.path, &visitor.query, visitor.partial);
        visitor.member().ok_or_else(unauthenticated)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Infallible> {
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let peer = parts.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
        Ok(Self {
            app: app.clone(),
            signed: parts.extensions.get::<Signed>().and_then(|signed| signed.0.clone()),
            partial: header("hx-request-type") == "partial",
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            ip: peer.map(|info| info.0.ip().to_string()).unwrap_or_default(),
            user_agent: header("user-agent").chars().take(300).collect(),
            headers: parts.headers.clone(),
        })
    }
}

impl Visitor {
    /// The signed-in member asking, when there is one.
    pub fn member(&self) -> Option<Ctx> {
        let (actor, me) = self.signed.clone()?;
        let flash = cookie(&self.headers, ui::FLASH_COOKIE).and_then(|text| ui::Flash::decode(&text));
        let side_closed = cookie(&self.headers, "atlas_side").as_deref() == Some("closed");
        let (path, query) = (self.path.clone(), self.query.clone());
        Some(Ctx { app: self.app.clone(), actor, me, partial: self.partial, path, query, flash, side_closed })
    }

    /// A page outside the shell: sign-in, set-up.
    pub fn gate(&self, title: &str) -> Gate {
        Gate::new(self.app.clone(), title)
    }

    /// An answer that leads elsewhere.
    pub fn redirect(&self, to: impl Into<String>) -> Redirecting {
        Redirecting::new(to, self.partial, self.app.is_https())
    }

    /// A cookie of this request.
    pub fn cookie(&self, name: &str) -> Option<String> {
        cookie(&self.headers, name)
    }
}

impl Ctx {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.app.clock().now()
    }

    /// Today, where the member is.
    pub fn today(&self) -> jiff::civil::Date {
        self.now().to_zoned(self.actor.zone()).date()
    }

    /// A page within the shell.
    pub fn page(&self, title: impl Into<String>) -> PageBuilder<'_> {
        PageBuilder::new(self, title.into())
    }

    /// A piece of a page.
    ///
    /// # Errors
    /// An internal error when the template cannot be rendered.
    pub fn fragment(&self, template: &impl askama::Template) -> crate::Reply {
        crate::response::fragment(template)
    }

    /// A piece of a page, with a sentence that can be undone.
    ///
    /// # Errors
    /// An internal error when the template cannot be rendered.
    pub fn toast_fragment(&self, template: &impl askama::Template, text: &str, undo: Option<&str>) -> crate::Reply {
        let mut response = crate::response::fragment(template)?;
        let flash = ui::Flash { text: text.to_owned(), undo: undo.map(str::to_owned), danger: false };
        response.headers_mut().insert("hx-trigger", flash.trigger());
        Ok(response)
    }

    /// An answer that leads elsewhere.
    pub fn redirect(&self, to: impl Into<String>) -> Redirecting {
        Redirecting::new(to, self.partial, self.app.is_https())
    }

    /// The panels other modules show on this record's page. A panel that fails says so and harms nothing else.
    pub async fn panels(&self, noun: &str, record: &Ref) -> Vec<RenderedPanel> {
        let mut rendered = Vec::new();
        for panel in self.app.panels.iter().filter(|panel| panel.noun == noun) {
            let html = match (panel.render)(self, record).await {
                Ok(None) => continue,
                Ok(Some(html)) => html,
                Err(error) => {
                    tracing::error!(panel.title, %error, "a panel did not load");
                    "<p class=\"meta\">This part did not load. Reload the page to try again.</p>".to_owned()
                }
            };
            rendered.push(RenderedPanel { title: panel.title, html: ui::Safe::trusted(html) });
        }
        rendered
    }

    /// The actions other modules offer on each of these records.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn record_actions(&self, noun: &str, records: &[Ref]) -> Result<std::collections::HashMap<Ref, Vec<RenderedAction>>> {
        let mut all: std::collections::HashMap<Ref, Vec<RenderedAction>> = std::collections::HashMap::new();
        for action in self.app.record_actions.iter().filter(|action| action.noun == noun) {
            let done: std::collections::HashMap<_, _> =
                (action.done)(&self.app.db, self.actor.workspace, records).await?.into_iter().collect();
            for record in records {
                let rendered = match done.get(record) {
                    Some((label, url)) => RenderedAction::Done { icon: action.icon, label: label.clone(), url: url.clone() },
                    None if self.actor.may(&action.permission).is_ok() => RenderedAction::Offer {
                        label: action.label,
                        icon: action.icon,
                        post: action.post.replace("{ref}", &record.to_string()),
                    },
                    None => continue,
                };
                all.entry(record.clone()).or_default().push(rendered);
            }
        }
        Ok(all)
    }
}
