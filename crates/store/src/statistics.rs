//! What SQLite's planner is told of the tables' sizes: always that they are full.
//!
//! It plans by `sqlite_stat1`, else by guesses of ten rows a value. Either goes wrong here: counts taken before a first sync, or that
//! guess, say that reading all of a workspace costs little, and nothing takes them again while the file is open. A person's page of
//! 300,000 messages took 1.5 s, and each event deleted read the workspace's timelines. So the table holds what is true of a full
//! workspace, and every file is planned for in the same way. SQLite documents this use: <https://www.sqlite.org/optoverview.html>,
//! "Manual Control Of Query Plans Using SQLITE_STAT Tables". PostgreSQL counts by itself, see [`crate::Db::refresh_statistics`].

use atlas_kernel::Result;
use sqlx::sqlite::SqlitePool;

use crate::error::database_error;

/// Rows of a table, and of one workspace.
const TABLE: u64 = 10_000_000;
const WORKSPACE: u64 = 1_000_000;
/// Rows of a workspace that share what is no kind or state, such as a conversation's messages.
const SHARED: u64 = 100;

/// Columns that hardly tell a workspace's rows apart.
const ALIKE: [&str; 2] = ["workspace_id", "connection_id"];
/// Columns of a handful of values.
const FEW: [&str; 17] = [
    "action",
    "archived_at",
    "deleted_at",
    "kind",
    "lane",
    "object",
    "operation",
    "origin",
    "provider",
    "removed_at",
    "side",
    "source_kind",
    "state",
    "status",
    "topic",
    "what",
    "writer",
];

/// An index as `sqlite_stat1` has it: its table, its name, and its rows in all and for each beginning of its columns.
type Line = (String, String, String);

/// Writes down what the planner shall believe, unless that is what it believes. Other connections read it before their next statement.
pub(crate) async fn lay_down(write: &SqlitePool) -> Result<()> {
    let wanted = wanted(write).await?;
    let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'")
        .fetch_one(write)
        .await
        .map_err(database_error)?;
    if known > 0 {
        let known = sqlx::query_as::<_, Line>("SELECT tbl, COALESCE(idx, ''), stat FROM sqlite_stat1 ORDER BY tbl, idx");
        if known.fetch_all(write).await.map_err(database_error)? == wanted {
            return Ok(());
        }
    }
    let mut tx = write.begin_with("BEGIN IMMEDIATE").await.map_err(database_error)?;
    // Made anew, which tells every connection to read the schema again.
    for sql in [
        "DROP TABLE IF EXISTS sqlite_stat1",
        "DROP TABLE IF EXISTS sqlite_stat4",
        "ANALYZE schema_migrations",
        "DROP TABLE IF EXISTS sqlite_stat4",
        "DELETE FROM sqlite_stat1",
    ] {
        sqlx::query(sql).execute(&mut *tx).await.map_err(database_error)?;
    }
    for (table, index, rows) in &wanted {
        let line = sqlx::query("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)").bind(table).bind(index).bind(rows);
        line.execute(&mut *tx).await.map_err(database_error)?;
    }
    tx.commit().await.map_err(database_error)?;
    sqlx::query("ANALYZE sqlite_schema").execute(write).await.map_err(database_error)?;
    Ok(())
}

/// A line for every index that begins with the workspace; the others tell rows apart by their first column.
async fn wanted(write: &SqlitePool) -> Result<Vec<Line>> {
    // The index that is a table without row ids goes by the table's name.
    let sql = "SELECT t.name, CASE WHEN t.wr AND i.origin = 'pk' THEN t.name ELSE i.name END, i.\"unique\", \
               (SELECT group_concat(c.name) FROM pragma_index_info(i.name) c) \
               FROM pragma_table_list t JOIN pragma_index_list(t.name) i WHERE t.schema = 'main' AND t.type = 'table' ORDER BY 1, 2";
    let indexes = sqlx::query_as::<_, (String, String, bool, String)>(sql).fetch_all(write).await.map_err(database_error)?;
    let ours = indexes.into_iter().filter(|(_, _, _, columns)| columns.starts_with("workspace_id"));
    Ok(ours.map(|(table, index, unique, columns)| (table, index, rows(&columns.split(',').collect::<Vec<_>>(), unique))).collect())
}

/// How many rows an index has, and how many share the first of its columns, the first two, and so on.
fn rows(columns: &[&str], unique: bool) -> String {
    let mut share = WORKSPACE;
    let mut text = TABLE.to_string();
    for (place, column) in columns.iter().enumerate() {
        share = match column {
            _ if unique && place + 1 == columns.len() => 1,
            column if ALIKE.contains(column) => share,
            column if FEW.contains(column) => (share / 4).max(1),
            _ if share > SHARED => SHARED,
            _ => (share / 10).max(1),
        };
        text.push_str(&format!(" {share}"));
    }
    // To look for a later column under every value of an earlier one never pays.
    text + " noskipscan"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_rows_apart_as_its_columns_do() {
        assert_eq!(rows(&["workspace_id", "id"], true), "10000000 1000000 1 noskipscan");
        assert_eq!(rows(&["workspace_id", "conversation_id", "at", "id"], false), "10000000 1000000 100 10 1 noskipscan");
        assert_eq!(
            rows(&["workspace_id", "connection_id", "source_kind", "source_id"], true),
            "10000000 1000000 1000000 250000 1 noskipscan"
        );
        assert_eq!(rows(&["workspace_id", "status"], false), "10000000 1000000 250000 noskipscan");
    }
}
