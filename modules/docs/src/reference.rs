//! Pages made from the registries: operations, quick actions, shortcuts, modules, settings.

use askama::Template;
use atlas_api::{DocsModel, DocsOperation};
use atlas_web::ui::{self, Safe};
use atlas_web::{Reply, Visitor};

use crate::Parts;
use crate::frame::{Page, show};

#[derive(Template)]
#[template(path = "api_viewer.html")]
struct ApiViewer<'a> {
    model: &'a DocsModel,
}

impl ApiViewer<'_> {
    fn words(&self, text: &str) -> Safe {
        ui::markdown(text)
    }

    fn effect(&self, operation: &DocsOperation) -> &'static str {
        operation.effect.as_str()
    }
}

pub(crate) fn api_viewer(visitor: &Visitor, parts: &Parts) -> Reply {
    let headings = parts.api.groups.iter().map(|group| (group.slug.clone(), group.name.clone())).collect();
    let page = Page { title: "API reference", eyebrow: "Developer", path: "/v1/docs", headings };
    show(visitor, parts, &page, &ApiViewer { model: &parts.api })
}

#[derive(Template)]
#[template(path = "quick_actions.html")]
struct QuickActions<'a> {
    parts: &'a Parts,
}

pub(crate) fn quick_actions(visitor: &Visitor, parts: &Parts) -> Reply {
    let page = Page { title: "Quick actions", eyebrow: "Developer", path: "/docs/quick-actions", headings: vec![] };
    show(visitor, parts, &page, &QuickActions { parts })
}

#[derive(Template)]
#[template(path = "shortcuts.html")]
struct Shortcuts<'a> {
    parts: &'a Parts,
    everywhere: &'static [(&'static str, &'static str)],
}

/// What the core script does on every page; the places come from the sidebar's registry.
const EVERYWHERE: &[(&str, &str)] = &[
    ("Ctrl K", "Search or do"),
    ("?", "Shortcut sheet, this page's keys first"),
    ("/", "Find in this list"),
    ("F", "Add a filter"),
    ("C", "New thing of this page's kind"),
    ("N", "Note on the current record"),
    ("Z", "Undo the last change"),
    ("[", "Hide or show the sidebar"),
    ("]", "Hide or show the side panel"),
    ("J K", "Next and previous row"),
    ("H L", "Other lane of a board"),
    ("Enter", "Open"),
    ("Space", "Peek in the side panel"),
    ("X", "Select"),
    ("Esc", "Clear, close, back out one level"),
    ("Alt ← →", "Move a card to another lane"),
    ("Alt ↑ ↓", "Move a card within its lane"),
    ("Ctrl ↵", "Send the form"),
];

pub(crate) fn shortcuts(visitor: &Visitor, parts: &Parts) -> Reply {
    let page = Page { title: "Keyboard shortcuts", eyebrow: "Reference", path: "/docs/shortcuts", headings: vec![] };
    show(visitor, parts, &page, &Shortcuts { parts, everywhere: EVERYWHERE })
}

#[derive(Template)]
#[template(path = "modules.html")]
struct Modules<'a> {
    parts: &'a Parts,
}

pub(crate) fn modules(visitor: &Visitor, parts: &Parts) -> Reply {
    let headings = parts.modules.iter().map(|module| (module.name.to_owned(), module.name.to_owned())).collect();
    let page = Page { title: "Module reference", eyebrow: "Reference", path: "/docs/modules", headings };
    show(visitor, parts, &page, &Modules { parts })
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings<'a> {
    text: &'a str,
}

pub(crate) fn settings(visitor: &Visitor, parts: &Parts) -> Reply {
    let page = Page { title: "Settings", eyebrow: "Reference", path: "/docs/settings", headings: vec![] };
    show(visitor, parts, &page, &Settings { text: parts.settings })
}
