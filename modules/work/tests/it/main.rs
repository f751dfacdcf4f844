//! Work against a real database, both kinds: set `TEST_DATABASE_URL` for PostgreSQL.

mod api;
mod app;
mod lists;
mod notes;
mod pages;
mod planning;
mod tasks;
