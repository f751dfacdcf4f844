//! Pages of deals: the board, the list, the record, the form that makes one.

use atlas_web::Pages;

use crate::access::{DEALS_READ, DEALS_WRITE, NOTES_WRITE};

mod board;
mod create;
mod fields;
mod list;
mod record;

/// The route table of deals.
pub(crate) fn pages() -> Pages {
    Pages::new()
        .get("/growth/deals", DEALS_READ, board::show)
        .get("/growth/deals/new", DEALS_WRITE, create::ask)
        .post("/growth/deals", DEALS_WRITE, create::make)
        .post("/growth/deals/move", DEALS_WRITE, board::move_card)
        .post("/growth/deals/{id}/place", DEALS_WRITE, board::put_back)
        .get("/growth/deals/{id}", DEALS_READ, record::show)
        .get("/growth/deals/{id}/timeline", DEALS_READ, record::timeline)
        .post("/growth/deals/{id}/notes", NOTES_WRITE, record::write_note)
        .post("/growth/deals/{id}/fields/{field}", DEALS_WRITE, fields::set)
        .post("/growth/deals/{id}/archive", DEALS_WRITE, record::archive)
        .post("/growth/deals/{id}/restore", DEALS_WRITE, record::restore)
}
