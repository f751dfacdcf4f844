//! Migrations: forward only, each applied once, and refused when edited after the fact.

use std::collections::HashMap;

use atlas_kernel::{Error, Result};

use crate::{Db, Dialect, Executor, query};

/// One step of the schema, as a token-filled SQL script.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// `crate/0001_what`: its place is its position in the merged list, its name is for ever.
    pub name: &'static str,
    /// The script; see `Dialect::fill` for the tokens.
    pub sql: &'static str,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, hash TEXT NOT NULL, applied_at {ts} NOT NULL)";

/// Applies what is missing. Nodes that start together wait for one another on the marker row.
pub(crate) async fn run(db: &Db, migrations: &[Migration]) -> Result<()> {
    db.raw_script(db.dialect().fill(TABLE)).await.or_else(raced)?;
    let applied: HashMap<String, String> =
        query("SELECT name, hash FROM schema_migrations").all::<(String, String)>(db).await?.into_iter().collect();
    for migration in migrations {
        let hash = fingerprint(migration.sql);
        match applied.get(migration.name) {
            Some(known) if *known == hash => {}
            Some(_) => return Err(Error::internal(format!("migration {} was edited after it was applied", migration.name))),
            None => apply(db, migration, &hash).await?,
        }
    }
    Ok(())
}

/// Two nodes creating the table at once: PostgreSQL lets one fail; the table is there either way.
fn raced(error: Error) -> Result<()> {
    if matches!(error, Error::Duplicate { .. }) { Ok(()) } else { Err(error) }
}

async fn apply(db: &Db, migration: &Migration, hash: &str) -> Result<()> {
    let script = db.dialect().fill(migration.sql);
    db.write(move |tx| {
        let script = script.clone();
        async move {
            let claim = query("INSERT INTO schema_migrations (name, hash, applied_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING");
            let claimed = claim.bind(migration.name).bind(hash).bind(tx.now()).run(&tx).await?;
            if claimed == 0 {
                return Ok(());
            }
            for statement in statements(&script) {
                let ran = crate::built_query(statement.to_owned()).run(&tx).await;
                ran.map_err(|e| Error::internal(format!("migration {}: {e}", migration.name)))?;
            }
            Ok(())
        }
    })
    .await
}

/// The statements of a script: separated by a semicolon at a line's end, comments dropped.
fn statements(script: &str) -> impl Iterator<Item = &str> {
    script
        .split(";\n")
        .map(str::trim)
        .map(|s| s.trim_end_matches(';'))
        .filter(|s| s.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--")))
}

/// FNV-1a, 64 bits: enough to notice an edit; this is no defence against anybody.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

impl Dialect {
    /// The name shown to operators.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}
