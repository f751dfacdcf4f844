//! Pages of contacts: the list, the record, the form that makes one.

use atlas_web::Pages;

use crate::access::{CONTACTS_READ, CONTACTS_WRITE, NOTES_WRITE};

pub(crate) mod create;
mod fields;
pub(crate) mod list;
pub(crate) mod record;

/// The route table of contacts.
pub(crate) fn pages() -> Pages {
    Pages::new()
        .get("/growth/contacts", CONTACTS_READ, list::show)
        .get("/growth/contacts/new", CONTACTS_WRITE, create::ask)
        .get("/growth/contacts/options", CONTACTS_READ, list::options)
        .post("/growth/contacts", CONTACTS_WRITE, create::make)
        .get("/growth/contacts/{id}", CONTACTS_READ, record::show)
        .get("/growth/contacts/{id}/timeline", CONTACTS_READ, record::timeline)
        .post("/growth/contacts/{id}/notes", NOTES_WRITE, record::write_note)
        .post("/growth/contacts/{id}/fields/{field}", CONTACTS_WRITE, fields::set)
        .post("/growth/contacts/{id}/archive", CONTACTS_WRITE, record::archive)
        .post("/growth/contacts/{id}/restore", CONTACTS_WRITE, record::restore)
}
