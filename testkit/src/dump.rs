//! All that a database holds, as text.

use atlas_store::{Db, Dialect, Executor, built_query};

/// Every row of every table, as text that begins with the table's name.
///
/// # Panics
/// When the database does not answer, which no test can go on without.
pub async fn dump(db: &Db) -> Vec<String> {
    let names = match db.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_words%'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        }
    };
    let mut all = vec![];
    for table in texts(db, names.to_owned()).await {
        let (columns, as_text) = match db.dialect() {
            Dialect::Sqlite => (format!("SELECT name FROM pragma_table_info('{table}')"), "quote({})"),
            Dialect::Postgres => {
                let columns = "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = current_schema()";
                (format!("{columns} AND table_name = '{table}'"), "COALESCE(CAST({} AS TEXT), '')")
            }
        };
        let row: Vec<String> = texts(db, columns).await.iter().map(|column| as_text.replace("{}", column)).collect();
        let rows = texts(db, format!("SELECT {} FROM {table}", row.join(" || '|' || "))).await;
        all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    all
}

async fn texts(db: &Db, sql: String) -> Vec<String> {
    built_query(sql).values(db).await.expect("the database answers")
}
