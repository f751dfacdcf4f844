#![doc = include_str!("../README.md")]

mod connector;
mod frame;
mod guide;
mod reference;
mod shots;

use std::sync::Arc;

use atlas_api::DocsModel;
use atlas_connect::Connector;
use atlas_module::Module;
use atlas_web::{NavItem, Pages, QuickAction, Visitor};
use axum::extract::Path;

/// What the documentation is drawn from.
pub struct Parts {
    /// The connectors of this Atlas.
    pub connectors: Vec<Connector>,
    /// The operations of the REST API and the errors they answer.
    pub api: DocsModel,
    /// Places in the sidebar, for their keys.
    pub nav: Vec<NavItem>,
    /// What can be done from anywhere.
    pub quick_actions: Vec<QuickAction>,
    /// Modules with their page addresses.
    pub modules: Vec<ModuleDoc>,
    /// The commented defaults file.
    pub settings: &'static str,
    /// Where this Atlas is reached.
    pub base_url: String,
}

/// One module, as the module reference shows it.
#[derive(Clone, Debug)]
pub struct ModuleDoc {
    /// Its word.
    pub name: &'static str,
    /// Its pages: method and path.
    pub pages: Vec<(String, String)>,
    /// Its operations' names.
    pub operations: Vec<String>,
    /// The kinds of records it owns: prefix and label.
    pub nouns: Vec<(&'static str, &'static str)>,
}

type Shared = Arc<Parts>;

/// The module.
pub fn module(parts: Parts) -> Module {
    let parts: Shared = Arc::new(parts);
    macro_rules! page {
        ($handler:path) => {{
            let parts = parts.clone();
            move |visitor: Visitor| {
                let parts = parts.clone();
                async move { $handler(&visitor, &parts) }
            }
        }};
        ($handler:path, path) => {{
            let parts = parts.clone();
            move |visitor: Visitor, Path(word): Path<String>| {
                let parts = parts.clone();
                async move { $handler(&visitor, &parts, &word) }
            }
        }};
    }
    let pages = Pages::new()
        .public_get("/docs", page!(guide::overview))
        .public_get("/docs/api", page!(guide::api))
        .public_get("/docs/integrations", page!(guide::integrations))
        .public_get("/docs/quick-actions", page!(reference::quick_actions))
        .public_get("/docs/shortcuts", page!(reference::shortcuts))
        .public_get("/docs/modules", page!(reference::modules))
        .public_get("/docs/settings", page!(reference::settings))
        .public_get("/docs/errors", page!(guide::errors))
        .public_get("/docs/errors/{code}", page!(guide::error, path))
        .public_get("/docs/connectors", page!(connector::list))
        .public_get("/docs/connectors/{connector}", page!(connector::show, path))
        .public_get("/docs/shots/{file}", page!(shots::serve, path))
        .public_get("/v1/docs", page!(reference::api_viewer));
    Module::new("docs").pages(pages)
}
