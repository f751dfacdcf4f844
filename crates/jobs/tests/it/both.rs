//! Each test on both databases: a temporary SQLite file, and a schema of its own where `TEST_DATABASE_URL` points.

use std::path::PathBuf;

use atlas_kernel::{Clock, Timestamp, random_bytes};
use atlas_store::{Db, Location, Migration, Options, built_query};

/// A fresh database; [`Place::node`] opens it once more, as another node would.
#[derive(Clone)]
pub struct Place {
    location: Location,
    folder: Option<PathBuf>,
    pub clock: Clock,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("atlas-test-{}", random_name()));
        Self { location: Location::Sqlite(folder.join("atlas.db")), folder: Some(folder), clock: manual() }
    }

    pub fn postgres() -> Option<Self> {
        let url = std::env::var("TEST_DATABASE_URL").ok()?;
        let location = Location::Postgres { url, schema: Some(format!("test_{}", random_name())) };
        Some(Self { location, folder: None, clock: manual() })
    }

    /// The same place with the machine's clock, for tests of waiting.
    pub fn in_real_time(&self) -> Self {
        Self { clock: Clock::System, ..self.clone() }
    }

    pub async fn node(&self) -> Db {
        let options = Options { location: self.location.clone(), connections: 4, clock: self.clock.clone() };
        Db::open(options, &migrations()).await.expect("the database opens")
    }

    pub async fn remove(self) {
        if let Location::Postgres { schema: Some(schema), .. } = &self.location {
            let db = self.node().await;
            let drop = format!("DROP SCHEMA {schema} CASCADE");
            db.write(|tx| {
                let drop = drop.clone();
                async move { built_query(drop).run(&tx).await }
            })
            .await
            .expect("the schema goes");
            db.close().await;
        }
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

fn migrations() -> Vec<Migration> {
    let mut all = atlas_store::migrations();
    all.extend(crate::migrations_under_test());
    all
}

fn manual() -> Clock {
    Clock::manual(Timestamp::from_second(1_800_000_000).expect("a moment"))
}

fn random_name() -> String {
    random_bytes::<6>().iter().map(|b| format!("{b:02x}")).collect()
}

/// `both!(name)`: runs `async fn name(place: &Place)` of the module above on each database.
#[macro_export]
macro_rules! both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let place = $crate::both::Place::sqlite();
                super::super::$name(&place).await;
                place.remove().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let Some(place) = $crate::both::Place::postgres() else { return };
                super::super::$name(&place).await;
                place.remove().await;
            }
        }
    )*};
}
