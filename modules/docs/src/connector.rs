//! Connector pages, drawn from the connectors' descriptors: every section of the page, in its order.

use askama::Template;
use atlas_connect::{Connector, Readiness, Step, Topic};
use atlas_kernel::Error;
use atlas_web::ui::{self, Safe};
use atlas_web::{Reply, Visitor};

use crate::frame::{Page, show as framed};
use crate::{Parts, shots};

#[derive(Template)]
#[template(path = "connectors.html")]
struct List<'a> {
    connectors: &'a [Connector],
}

pub(crate) fn list(visitor: &Visitor, parts: &Parts) -> Reply {
    let page = Page { title: "Connectors", eyebrow: "Connect", path: "/docs/connectors", headings: vec![] };
    framed(visitor, parts, &page, &List { connectors: &parts.connectors })
}

impl List<'_> {
    fn status(&self, connector: &Connector) -> (&'static str, &'static str) {
        readiness(connector.readiness)
    }
}

/// The word of the catalogue, and what it promises.
fn readiness(readiness: Readiness) -> (&'static str, &'static str) {
    match readiness {
        Readiness::Live => ("Live", "works once configured"),
        Readiness::Ready => ("Ready", "code complete, needs deployment configuration"),
        Readiness::Preview => ("Preview", "setup, mapping and health visible, the provider not yet proven"),
        Readiness::Planned => ("Planned", "listed only"),
    }
}

#[derive(Template)]
#[template(path = "connector.html")]
struct Show<'a> {
    c: &'a Connector,
    redirect_url: String,
    webhook_url: String,
    events: Vec<&'a str>,
}

pub(crate) fn show(visitor: &Visitor, parts: &Parts, id: &str) -> Reply {
    let c = parts.connectors.iter().find(|c| c.id == id).ok_or(Error::NotFound("connector"))?;
    let path = format!("/docs/connectors/{id}");
    let heading = |id: &str, label: &str| (id.to_owned(), label.to_owned());
    let page = Page {
        title: c.name,
        eyebrow: c.category,
        path: &path,
        headings: vec![
            heading("does", "What this connector does"),
            heading("before", "Before you begin"),
            heading("credentials", "Get your credentials"),
            heading("scopes", "Required scopes and permissions"),
            heading("checklist", "Setup checklist"),
            heading("troubleshooting", "Troubleshooting"),
            heading("webhooks", "Webhooks"),
            heading("disconnect", "Disconnect and data deletion"),
            heading("ready", "Ready to connect?"),
        ],
    };
    let content = Show {
        c,
        redirect_url: format!("{}/oauth/callback/{id}", parts.base_url),
        webhook_url: format!("{}/webhooks/{id}", parts.base_url),
        events: events(c.webhook.as_ref().map_or(&[], |hook| &hook.topics)),
    };
    framed(visitor, parts, &page, &content)
}

/// The events of the page: each once, in the descriptor's order, the required ones only.
fn events(topics: &[Topic]) -> Vec<&str> {
    let mut seen = Vec::new();
    for topic in topics.iter().filter(|topic| topic.required) {
        if !seen.contains(&topic.event) {
            seen.push(topic.event);
        }
    }
    seen
}

impl Show<'_> {
    fn status(&self) -> (&'static str, &'static str) {
        readiness(self.c.readiness)
    }

    fn words(&self, text: &str) -> Safe {
        ui::markdown(&text.replace("{redirect_url}", &self.redirect_url).replace("{webhook_url}", &self.webhook_url))
    }

    /// The picture of a step, when it has been taken.
    fn shot<'s>(&self, step: &'s Step) -> Option<(&'s str, &'s str)> {
        step.shot.filter(|(file, _)| shots::exists(file))
    }

    /// The provider's topics of today behind an event of the page.
    fn todays(&self, event: &str) -> Vec<&str> {
        let topics = self.c.webhook.as_ref().map_or(&[][..], |hook| &hook.topics);
        topics.iter().filter(|topic| topic.event == event && topic.name != event).map(|topic| topic.name).collect()
    }

    fn mentions(&self, step: &Step, what: &str) -> bool {
        step.body.contains(what)
    }
}
