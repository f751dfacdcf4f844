//! Search by words: SQLite's FTS5 or PostgreSQL's tsvector, written in the record's own transaction.

use atlas_kernel::{ConnectionId, Ref, Result, WorkspaceId};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::{Dialect, Executor, Insert, Tx, built_query, query};

/// What can be found about one record.
#[derive(Clone, Debug)]
pub struct SearchDoc {
    /// The record.
    pub record: Ref,
    /// Its kind for grouping and filtering, such as `contact`.
    pub kind: &'static str,
    /// The name shown and found first.
    pub title: String,
    /// One line shown beside the name.
    pub detail: String,
    /// Where it opens.
    pub url: String,
    /// More words to find it by.
    pub body: String,
    /// The connection whose purge takes it away, when its words are a provider's.
    pub connection: Option<ConnectionId>,
}

crate::row! {
    /// One record found.
    #[derive(Clone, Debug)]
    pub struct Hit {
        /// The record.
        pub record: Ref,
        /// Its kind.
        pub kind: String,
        /// The name to show.
        pub title: String,
        /// One line beside it.
        pub detail: String,
        /// Where it opens.
        pub url: String,
    }
}

/// Words for the index: accents folded, lower case, split at everything that is no letter or digit.
pub fn fold(text: &str) -> String {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = plain.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

/// Writes or replaces what is found of a record.
///
/// # Errors
/// Whatever the database answers.
pub async fn search_put(tx: &Tx, workspace: WorkspaceId, doc: &SearchDoc) -> Result<()> {
    let (title, body) = (fold(&doc.title), fold(&doc.body));
    let (column, value) = match tx.dialect() {
        Dialect::Sqlite => ("", ""),
        Dialect::Postgres => (", words", ", setweight(to_tsvector('simple', $8), 'A') || to_tsvector('simple', $9)"),
    };
    let update = if column.is_empty() { "" } else { ", words = excluded.words" };
    let upsert = built_query(format!(
        "INSERT INTO search_docs (workspace_id, record, kind, title, detail, url, connection_id{column}) \
         VALUES ($1,$2,$3,$4,$5,$6,$7{value}) ON CONFLICT (workspace_id, record) DO UPDATE SET kind = excluded.kind, \
         title = excluded.title, detail = excluded.detail, url = excluded.url, connection_id = excluded.connection_id{update} RETURNING doc_id"
    ));
    let upsert =
        upsert.bind(workspace).bind(&doc.record).bind(doc.kind).bind(&doc.title).bind(&doc.detail).bind(&doc.url).bind(doc.connection);
    if tx.dialect() == Dialect::Postgres {
        upsert.bind(title).bind(body).value::<i64>(tx).await?;
        return Ok(());
    }
    let doc_id: i64 = upsert.value(tx).await?;
    query("DELETE FROM search_words WHERE rowid = $1").bind(doc_id).run(tx).await?;
    query("INSERT INTO search_words (rowid, title, body) VALUES ($1, $2, $3)").bind(doc_id).bind(title).bind(body).run(tx).await?;
    Ok(())
}

/// Writes what is found of a record that search does not know yet, together with others, see [`Insert::later`].
pub fn search_add(tx: &Tx, workspace: WorkspaceId, doc: &SearchDoc) {
    let (title, body) = (fold(&doc.title), fold(&doc.body));
    let columns = "workspace_id, record, kind, title, detail, url, connection_id";
    let put = |mut insert: Insert| {
        let row = insert.row().bind(workspace).bind(&doc.record).bind(doc.kind).bind(&doc.title).bind(&doc.detail);
        row.bind(&doc.url).bind(doc.connection);
        insert
    };
    match tx.dialect() {
        Dialect::Sqlite => {
            put(Insert::into("search_docs", columns, "")).later(tx);
            let number = "(SELECT doc_id FROM search_docs WHERE workspace_id = ? AND record = ?),?,?";
            let mut words = Insert::into("search_words", "rowid, title, body", "").shaped(number);
            words.row().bind(workspace).bind(&doc.record).bind(title).bind(body);
            words.later(tx);
        }
        Dialect::Postgres => {
            let words = "?,?,?,?,?,?,?,setweight(to_tsvector('simple', ?), 'A') || to_tsvector('simple', ?)";
            let insert = Insert::into("search_docs", "workspace_id, record, kind, title, detail, url, connection_id, words", "");
            let mut insert = put(insert.shaped(words));
            insert.rest().bind(title).bind(body);
            insert.later(tx);
        }
    }
}

/// Takes a record out of search.
///
/// # Errors
/// Whatever the database answers.
pub async fn search_remove(tx: &Tx, workspace: WorkspaceId, record: &Ref) -> Result<()> {
    let gone: Vec<i64> = query("DELETE FROM search_docs WHERE workspace_id = $1 AND record = $2 RETURNING doc_id")
        .bind(workspace)
        .bind(record)
        .values(tx)
        .await?;
    if tx.dialect() == Dialect::Sqlite {
        for doc_id in gone {
            query("DELETE FROM search_words WHERE rowid = $1").bind(doc_id).run(tx).await?;
        }
    }
    Ok(())
}

/// The records that have all of these words, the last one as a beginning, best first.
///
/// `kinds` empty means all kinds.
///
/// # Errors
/// Whatever the database answers.
pub async fn search(on: &dyn Executor, workspace: WorkspaceId, text: &str, kinds: &[&str], limit: usize) -> Result<Vec<Hit>> {
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).take(12).collect();
    if words.is_empty() {
        return Ok(vec![]);
    }
    let of_kind = if kinds.is_empty() { "" } else { "AND d.kind IN ({list})" };
    let (sql, pattern) = match on.dialect() {
        // CROSS JOIN: the index of words first, whatever is guessed of the number of rows; the other way asks it once for every record.
        Dialect::Sqlite => (
            format!(
                "SELECT d.record, d.kind, d.title, d.detail, d.url FROM search_words w CROSS JOIN search_docs d ON d.doc_id = w.rowid \
                 WHERE search_words MATCH $2 AND d.workspace_id = $1 {of_kind} ORDER BY bm25(search_words, 8.0, 1.0), d.doc_id LIMIT $3"
            ),
            words.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(" ") + "*",
        ),
        Dialect::Postgres => (
            format!(
                "SELECT d.record, d.kind, d.title, d.detail, d.url FROM search_docs d, to_tsquery('simple', $2) q \
                 WHERE d.workspace_id = $1 AND d.words @@ q {of_kind} ORDER BY ts_rank(d.words, q) DESC, d.doc_id LIMIT $3"
            ),
            words.join(" & ") + ":*",
        ),
    };
    let ask = built_query(sql).bind(workspace).bind(pattern).bind(limit);
    if kinds.is_empty() { ask } else { ask.bind_list(kinds.iter().copied()) }.all(on).await
}
