//! Pages of companies: the list, the record, the form that makes one.

use atlas_web::Pages;

use crate::access::{COMPANIES_READ, COMPANIES_WRITE, NOTES_WRITE};

mod create;
mod fields;
mod list;
mod record;

/// The route table of companies.
pub(crate) fn pages() -> Pages {
    Pages::new()
        .get("/growth/companies", COMPANIES_READ, list::show)
        .get("/growth/companies/new", COMPANIES_WRITE, create::ask)
        .get("/growth/companies/options", COMPANIES_READ, list::options)
        .post("/growth/companies", COMPANIES_WRITE, create::make)
        .get("/growth/companies/{id}", COMPANIES_READ, record::show)
        .get("/growth/companies/{id}/timeline", COMPANIES_READ, record::timeline)
        .post("/growth/companies/{id}/notes", NOTES_WRITE, record::write_note)
        .post("/growth/companies/{id}/fields/{field}", COMPANIES_WRITE, fields::set)
        .post("/growth/companies/{id}/archive", COMPANIES_WRITE, record::archive)
        .post("/growth/companies/{id}/restore", COMPANIES_WRITE, record::restore)
}
