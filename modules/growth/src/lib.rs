//! Growth: contacts, companies, deals in pipelines, notes, tags, and conversations that connectors bring, on one timeline.
#![doc = include_str!("../README.md")]

mod access;
mod checks;
pub mod company;
pub mod contact;
pub mod conversation;
pub mod deal;
mod ids;
mod landing;
mod list;
mod membership;
pub mod note;
mod nouns;
mod parts;
pub mod people;
pub mod pipeline;
#[cfg(test)]
mod plans;
mod provenance;
pub mod tag;
pub mod timeline;
mod wire;
mod words;

use atlas_store::Migration;
use atlas_web::{NavItem, QuickAction};

pub use access::*;
pub use ids::*;
pub use landing::{intake, outlets};
pub use list::{Slice, Turn};
pub use provenance::{Mark, Provenance, Provided, ProvidedBy, Stated};

/// The tables of this module.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "growth/0001_records", sql: include_str!("../migrations/0001_records.sql") },
        Migration { name: "growth/0002_deals", sql: include_str!("../migrations/0002_deals.sql") },
        Migration { name: "growth/0003_conversations", sql: include_str!("../migrations/0003_conversations.sql") },
    ]
}

/// What the server is told of this module.
pub fn module() -> atlas_module::Module {
    atlas_module::Module::new("growth")
        .operations(operations())
        .pages(pages())
        .migrations(migrations())
        .nouns(nouns::nouns())
        .jobs(landing::jobs().into_iter().chain([membership::job(), company::jobs::job()]).collect())
        .nav(nav())
        .quick_actions(quick_actions())
        .panels(conversation::panel::panels())
        .intakes(vec![intake()])
        .outlets(outlets())
}

fn operations() -> Vec<atlas_api::Operation> {
    [
        contact::api::operations(),
        company::api::operations(),
        deal::api::operations(),
        pipeline::api::operations(),
        note::api::operations(),
        tag::api::operations(),
        conversation::api::operations(),
        timeline::api::operations(),
    ]
    .concat()
}

fn pages() -> atlas_web::Pages {
    contact::web::pages()
        .merge(company::web::pages())
        .merge(deal::web::pages())
        .merge(pipeline::web::pages())
        .merge(note::web::pages())
        .merge(conversation::web::pages())
}

fn nav() -> Vec<NavItem> {
    let item =
        |label, href, icon, key, order, permission| NavItem { group: "Growth", label, href, icon, key: Some(key), order, permission };
    vec![
        item("Contacts", "/growth/contacts", "user-round", "g c", 210, CONTACTS_READ),
        item("Companies", "/growth/companies", "building-2", "g o", 220, COMPANIES_READ),
        item("Deals", "/growth/deals", "handshake", "g d", 230, DEALS_READ),
    ]
}

fn quick_actions() -> Vec<QuickAction> {
    let action = |title, href, icon, permission| QuickAction { title, href, modal: true, icon, key: None, permission };
    vec![
        action("New contact", "/growth/contacts/new", "user-round-plus", CONTACTS_WRITE),
        action("New company", "/growth/companies/new", "building-2", COMPANIES_WRITE),
        action("New deal", "/growth/deals/new", "handshake", DEALS_WRITE),
    ]
}
