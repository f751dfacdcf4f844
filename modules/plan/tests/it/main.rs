//! The plan on a real database: whichever `TEST_DATABASE_URL` names, else SQLite.

mod day;
mod frozen;
mod hours_sets;
mod import;
mod office;
mod quiet;
mod random;
mod rules;
mod scale;
mod told;
