//! Whole pages: the shell around a module's content, and the calm frame around sign-in and set-up.

use askama::Template;
use atlas_kernel::Error;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::app::{App, FormAction};
use crate::registry::{Health, NavItem};
use crate::ui::{self, Flash, Safe};
use crate::{Ctx, Reply};

/// A page under construction.
pub struct PageBuilder<'a> {
    ctx: &'a Ctx,
    title: String,
    crumbs: Vec<(String, Option<String>)>,
    nav: String,
    live: Vec<String>,
    modules: Vec<&'static str>,
    actions: Safe,
    recent: Option<(String, &'static str)>,
    form_action: Option<String>,
    status: StatusCode,
}

impl<'a> PageBuilder<'a> {
    pub(crate) fn new(ctx: &'a Ctx, title: String) -> Self {
        Self {
            ctx,
            title,
            crumbs: vec![],
            nav: ctx.path.clone(),
            live: vec!["connections".to_owned()],
            modules: vec![],
            actions: Safe::default(),
            recent: None,
            form_action: None,
            status: StatusCode::OK,
        }
    }

    /// One step of the breadcrumb; the last one has no link.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: Option<&str>) -> Self {
        self.crumbs.push((label.into(), href.map(str::to_owned)));
        self
    }

    /// The sidebar's place that is current; the page's own path unless said.
    #[must_use]
    pub fn nav(mut self, href: &str) -> Self {
        self.nav = href.to_owned();
        self
    }

    /// What the page watches: record ids and list names.
    #[must_use]
    pub fn live<T: ToString>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.live.extend(topics.into_iter().map(|t| t.to_string()));
        self
    }

    /// A script module beyond the core, such as `board`.
    #[must_use]
    pub fn module(mut self, name: &'static str) -> Self {
        self.modules.push(name);
        self
    }

    /// Buttons in the top bar.
    ///
    /// # Errors
    /// An internal error when the template cannot be rendered.
    pub fn actions(mut self, template: &impl Template) -> Result<Self, crate::Failure> {
        self.actions = Safe::trusted(template.render().map_err(Error::internal)?);
        Ok(self)
    }

    /// Puts the page among the palette's recents, with its kind and icon.
    #[must_use]
    pub fn recent(mut self, kind: impl Into<String>, icon: &'static str) -> Self {
        self.recent = Some((kind.into(), icon));
        self
    }

    /// An origin that a form of this page may lead to (a provider's consent page).
    #[must_use]
    pub fn form_action(mut self, origin: impl Into<String>) -> Self {
        self.form_action = Some(origin.into());
        self
    }

    /// Another status than 200, such as 422 for a form with errors.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        self
    }

    /// The page with this content; for htmx asking for a fragment, the content alone.
    ///
    /// # Errors
    /// An internal error when a template cannot be rendered.
    pub fn html(self, content: &impl Template) -> Reply {
        let content = content.render().map_err(Error::internal)?;
        if self.ctx.partial {
            return Ok((self.status, Html(content)).into_response());
        }
        let shell = Shell::new(&self, Safe::trusted(content));
        let html = shell.render().map_err(Error::internal)?;
        let mut response = (self.status, Html(html)).into_response();
        finish(&mut response, self.ctx.flash.is_some(), self.form_action);
        Ok(response)
    }
}

/// A flash is shown once; a form that leads elsewhere is named in the CSP.
fn finish(response: &mut Response, flashed: bool, form_action: Option<String>) {
    if flashed {
        let gone = format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0", ui::FLASH_COOKIE);
        if let Ok(value) = axum::http::HeaderValue::from_str(&gone) {
            response.headers_mut().append(axum::http::header::SET_COOKIE, value);
        }
    }
    if let Some(origin) = form_action {
        response.extensions_mut().insert(FormAction(origin));
    }
}

struct NavGroup {
    name: &'static str,
    items: Vec<NavLink>,
}

#[derive(Clone, Copy)]
struct NavLink {
    item: NavItem,
    current: bool,
}

#[derive(Template)]
#[template(path = "shell.html")]
struct Shell<'a> {
    app: &'a App,
    ctx: &'a Ctx,
    page: &'a PageBuilder<'a>,
    now: String,
    live: String,
    groups: Vec<NavGroup>,
    tabs: Vec<NavLink>,
    flash: Option<&'a Flash>,
    content: Safe,
}

impl<'a> Shell<'a> {
    fn new(page: &'a PageBuilder<'a>, content: Safe) -> Self {
        let ctx = page.ctx;
        let mine: Vec<NavLink> = ctx
            .app
            .nav
            .iter()
            .filter(|item| ctx.actor.may(&item.permission).is_ok())
            .map(|item| NavLink { item: *item, current: is_current(item.href, &page.nav) })
            .collect();
        let mut groups: Vec<NavGroup> = Vec::new();
        let mut tabs = Vec::new();
        for link in mine {
            if ["/", "/tasks", "/growth/contacts", "/growth/deals"].contains(&link.item.href) {
                tabs.push(link);
            }
            match groups.iter_mut().find(|group| group.name == link.item.group) {
                Some(group) => group.items.push(link),
                None => groups.push(NavGroup { name: link.item.group, items: vec![link] }),
            }
        }
        Self {
            app: &ctx.app,
            ctx,
            page,
            now: ctx.now().to_string(),
            live: page.live.join(","),
            groups,
            tabs,
            flash: ctx.flash.as_ref(),
            content,
        }
    }

    fn has_theme(&self) -> bool {
        matches!(self.ctx.me.theme.as_str(), "light" | "dark")
    }

    fn next_theme(&self) -> &'static str {
        if self.ctx.me.theme.as_str() == "dark" { "light" } else { "dark" }
    }

    fn script(&self, name: &str) -> String {
        self.app.assets.url(&format!("{name}.js"))
    }

    fn integrity(&self, name: &str) -> String {
        self.app.assets.integrity(&format!("{name}.js")).to_owned()
    }
}

fn is_current(href: &str, nav: &str) -> bool {
    href == nav || (href != "/" && nav.strip_prefix(href).is_some_and(|rest| rest.starts_with(['/', '?'])))
}

#[derive(Template)]
#[template(path = "side_health.html")]
struct SideHealth<'a> {
    ctx: &'a Ctx,
    health: Option<Health>,
}

/// The line at the foot of the sidebar, fetched by the page so that no page waits for it.
pub(crate) async fn side_health(ctx: Ctx) -> Reply {
    let health = match &ctx.app.health {
        Some(ask) => ask(&ctx).await?,
        None => None,
    };
    ctx.fragment(&SideHealth { ctx: &ctx, health })
}

/// A page outside the shell, under construction.
pub struct Gate {
    app: App,
    title: String,
    status: StatusCode,
    form_action: Option<String>,
}

#[derive(Template)]
#[template(path = "gate.html")]
struct GatePage<'a> {
    app: &'a App,
    title: &'a str,
    content: Safe,
}

impl Gate {
    pub(crate) fn new(app: App, title: &str) -> Self {
        Self { app, title: title.to_owned(), status: StatusCode::OK, form_action: None }
    }

    /// Another status than 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        self
    }

    /// The page with this content (heading and form, without the logo).
    ///
    /// # Errors
    /// An internal error when a template cannot be rendered.
    pub fn html(self, content: &impl Template) -> Reply {
        let content = Safe::trusted(content.render().map_err(Error::internal)?);
        let html = GatePage { app: &self.app, title: &self.title, content }.render().map_err(Error::internal)?;
        let mut response = (self.status, Html(html)).into_response();
        finish(&mut response, false, self.form_action);
        Ok(response)
    }
}
