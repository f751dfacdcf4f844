//! Growth against a real database: SQLite, or PostgreSQL when `TEST_DATABASE_URL` names one.

mod intake;
mod lists;
mod newcomers;
mod office;
mod purge;
mod shuffle;
mod timeline;
mod verbs;
mod web;
