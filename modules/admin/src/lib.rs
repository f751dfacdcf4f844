#![doc = include_str!("../README.md")]

mod account;
mod api;
mod home;
mod integrations;
mod settings;

pub use integrations::health_line;

use std::sync::{Arc, OnceLock};

use atlas_connect::Connections;
use atlas_identity::Gate;
use atlas_kernel::Permission;
use atlas_module::Module;
use atlas_web::{NavItem, Pages};

/// Handles this module works with.
#[derive(Clone)]
pub struct Parts {
    /// Password checks, with their limits.
    pub gate: Gate,
    /// Every scope a token can have, known once all modules are put together.
    pub scopes: Arc<OnceLock<Vec<&'static str>>>,
    /// The connections of all workspaces.
    pub connections: Connections,
}

impl Parts {
    /// Every scope a token can have.
    pub(crate) fn known_scopes(&self) -> &[&'static str] {
        self.scopes.get().map_or(&[], Vec::as_slice)
    }
}

/// Every role sees Home.
const HOME: Permission = Permission::read("home:read");

/// The module.
pub fn module(parts: &Parts) -> Module {
    let pages = Pages::new().get("/", HOME, home::show);
    let pages = account::pages(pages, parts);
    let pages = settings::pages(pages, parts);
    let pages = integrations::pages(pages, parts);
    Module::new("admin").operations(api::operations(parts)).pages(pages).nav(nav()).nouns(atlas_identity::nouns())
}

fn nav() -> Vec<NavItem> {
    vec![NavItem { group: "", label: "Home", href: "/", icon: "house", key: Some("g h"), order: 0, permission: HOME }]
}
