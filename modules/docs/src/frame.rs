//! The frame of the documentation site: its contents on the left, the page, and what is on it on the right.

use askama::Template;
use atlas_kernel::Error;
use atlas_web::ui::{self, Safe};
use atlas_web::{App, Reply, Visitor};
use axum::response::{Html, IntoResponse};

use crate::Parts;

/// A heading that the contents list on the right leads to.
pub(crate) type Heading = (String, String);

/// One page of the documentation.
pub(crate) struct Page<'a> {
    pub title: &'a str,
    /// The group's name above the title.
    pub eyebrow: &'a str,
    pub path: &'a str,
    pub headings: Vec<Heading>,
}

struct Group {
    name: &'static str,
    links: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "frame.html")]
struct Frame<'a> {
    page: &'a Page<'a>,
    groups: Vec<Group>,
    content: Safe,
}

#[derive(Template)]
#[template(path = "site.html")]
struct Site<'a> {
    app: &'a App,
    title: &'a str,
    frame: Safe,
}

/// The page with this content: in the shell for members, in the site's own frame for visitors.
pub(crate) fn show(visitor: &Visitor, parts: &Parts, page: &Page<'_>, content: &impl Template) -> Reply {
    let content = Safe::trusted(content.render().map_err(Error::internal)?);
    let frame = Frame { page, groups: groups(parts), content };
    if let Some(ctx) = visitor.member() {
        let mut builder = ctx.page(page.title).crumb("Docs", Some("/docs"));
        if page.path != "/docs" {
            builder = builder.crumb(page.title, None);
        }
        return builder.nav("/docs").recent("Docs", "book-open").html(&frame);
    }
    let frame = Safe::trusted(frame.render().map_err(Error::internal)?);
    let site = Site { app: &visitor.app, title: page.title, frame };
    Ok(Html(site.render().map_err(Error::internal)?).into_response())
}

/// The contents: only what works has an entry.
fn groups(parts: &Parts) -> Vec<Group> {
    let link = |label: &str, path: &str| (label.to_owned(), path.to_owned());
    let mut connect = vec![link("Connectors", "/docs/connectors"), link("Integrations", "/docs/integrations")];
    connect.extend(parts.connectors.iter().map(|c| (c.name.to_owned(), format!("/docs/connectors/{}", c.id))));
    vec![
        Group { name: "Start here", links: vec![link("Overview", "/docs")] },
        Group {
            name: "Developer",
            links: vec![link("REST API", "/docs/api"), link("API reference", "/v1/docs"), link("Quick actions", "/docs/quick-actions")],
        },
        Group { name: "Connect", links: connect },
        Group {
            name: "Reference",
            links: vec![
                link("Keyboard shortcuts", "/docs/shortcuts"),
                link("Module reference", "/docs/modules"),
                link("Errors", "/docs/errors"),
                link("Settings", "/docs/settings"),
            ],
        },
    ]
}
