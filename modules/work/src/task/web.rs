//! Pages and forms of tasks.

pub(crate) mod asked;
pub(crate) mod cells;
pub(crate) mod create;
mod links;
pub(crate) mod lists;
mod record;
pub(crate) mod view;
mod write;

use atlas_web::Pages;

use super::{TASKS_READ, TASKS_WRITE};

/// The pages of tasks.
pub fn pages() -> Pages {
    Pages::new()
        .get("/tasks", TASKS_READ, lists::index)
        .post("/tasks", TASKS_WRITE, create::create)
        .get("/tasks/new", TASKS_WRITE, create::form)
        .get("/tasks/quick-add", TASKS_READ, create::preview)
        .post("/tasks/quick-add", TASKS_WRITE, create::quick)
        .post("/tasks/from/{record}", TASKS_WRITE, create::from_record)
        .post("/tasks/move", TASKS_WRITE, write::place)
        .post("/tasks/bulk", TASKS_WRITE, write::bulk)
        .post("/tasks/undo/{event}", TASKS_WRITE, write::undo)
        .get("/tasks/{key}", TASKS_READ, record::show)
        .post("/tasks/{key}/status", TASKS_WRITE, write::status)
        .post("/tasks/{key}/fields/{field}", TASKS_WRITE, cells::save)
        .get("/tasks/{key}/links", TASKS_READ, links::options)
        .post("/tasks/{key}/links", TASKS_WRITE, links::add)
        .post("/tasks/{key}/unlink", TASKS_WRITE, links::remove)
        .post("/tasks/{key}/archive", TASKS_WRITE, write::archive)
        .post("/tasks/{key}/restore", TASKS_WRITE, write::restore)
}
