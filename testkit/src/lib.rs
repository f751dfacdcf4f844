#![doc = include_str!("../README.md")]

mod dump;
mod people;

pub use dump::dump;
pub use people::workspace_of_two;

use std::path::PathBuf;

use atlas_kernel::{Clock, Timestamp, random_bytes};
use atlas_store::{Db, Location, Migration, Options};

/// A name that no other test has, of this run or of one whose leavings are still there.
fn fresh_name() -> String {
    random_bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A place for a database that nobody else uses: a temporary file, or a schema of `TEST_DATABASE_URL`.
pub fn fresh_location() -> Location {
    match std::env::var("TEST_DATABASE_URL") {
        Ok(url) => Location::Postgres { url, schema: Some(format!("t{}", fresh_name())) },
        Err(_) => Location::Sqlite(fresh_folder().join("atlas.db")),
    }
}

/// A new temporary folder.
pub fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("atlas-test-{}", fresh_name()));
    std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
    folder
}

/// The moment at which tests with a manual clock begin: a Sunday noon, UTC.
pub fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a valid moment")
}

/// A fresh database with the store's own migrations and these.
///
/// # Panics
/// When the database cannot be opened, which no test can go on without.
pub async fn database_at(location: Location, clock: Clock, migrations: &[Migration]) -> Db {
    let mut all = atlas_store::migrations();
    all.extend_from_slice(migrations);
    Db::open(Options { location, connections: 6, clock }, &all).await.expect("the test database opens")
}

/// A fresh database on the system's clock.
pub async fn database(migrations: &[Migration]) -> Db {
    database_at(fresh_location(), Clock::System, migrations).await
}
