//! Notes in the database.

use atlas_kernel::{Cursor, Page, Ref, Result, WorkspaceId};
use atlas_store::{Executor, SearchDoc, Tx, built_query, query, search_put, search_remove};

use super::Note;
use crate::ids::NoteId;

const COLUMNS: &str = "id, subject, body, author_id, author_name, deleted_at, version, created_at, updated_at";

/// The notes with these ids, deleted ones included, in no order.
///
/// # Errors
/// Whatever the database answers.
pub async fn find_many(on: &dyn Executor, workspace: WorkspaceId, ids: &[NoteId]) -> Result<Vec<Note>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = built_query(format!("SELECT {COLUMNS} FROM notes WHERE workspace_id = $1 AND id IN ({{list}})"));
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}

/// The note with this id, deleted or not.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: NoteId) -> Result<Option<Note>> {
    Ok(find_many(on, workspace, &[id]).await?.pop())
}

/// Notes, newest first: of one record, or of all.
///
/// # Errors
/// A field error for a bad cursor; whatever the database answers.
pub async fn page(
    on: &dyn Executor,
    workspace: WorkspaceId,
    subject: Option<&Ref>,
    limit: usize,
    cursor: Option<&str>,
) -> Result<Page<Note>> {
    let mut c = crate::list::Conditions::new("n", workspace);
    c.also("n.deleted_at IS NULL");
    if let Some(subject) = subject {
        c.and("n.subject =", subject, "");
    }
    if let Some(text) = cursor {
        let (at, id) = Cursor::decode_moment::<NoteId>(text)?;
        let (at, id) = (c.bind(at), c.bind(id));
        c.also(format!("(n.created_at, n.id) < ({at}, {id})"));
    }
    let order = crate::list::Order { name: "created", column: "n.created_at", holds: crate::list::Holds::Time, descending: true };
    let (sql, values) = c.page_sql(COLUMNS, "notes n", "n.id", order, &crate::list::Turn::First, limit)?;
    let rows: Vec<Note> = values.into_iter().fold(built_query(sql), atlas_store::Query::bind).all(on).await?;
    Ok(Page::from_rows(rows, limit, |note| Cursor::moment(note.created_at, note.id)))
}

/// How many notes a record has.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn count(on: &dyn Executor, workspace: WorkspaceId, subject: &Ref) -> Result<i64> {
    query("SELECT COUNT(*) FROM notes WHERE workspace_id = $1 AND subject = $2").bind(workspace).bind(subject).value(on).await
}

/// Writes a note as it is, with what it is found by.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn save(tx: &Tx, workspace: WorkspaceId, note: &Note) -> Result<()> {
    query(
        "INSERT INTO notes (workspace_id, id, subject, body, author_id, author_name, deleted_at, version, created_at, updated_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT (workspace_id, id) DO UPDATE SET subject = excluded.subject, \
         body = excluded.body, deleted_at = excluded.deleted_at, version = excluded.version, updated_at = excluded.updated_at",
    )
    .bind(workspace)
    .bind(note.id)
    .bind(&note.subject)
    .bind(&note.body)
    .bind(note.author_id)
    .bind(&note.author_name)
    .bind(note.deleted_at)
    .bind(note.version)
    .bind(note.created_at)
    .bind(note.updated_at)
    .run(tx)
    .await?;
    index(tx, workspace, note).await
}

async fn index(tx: &Tx, workspace: WorkspaceId, note: &Note) -> Result<()> {
    let record = note.id.to_ref();
    if note.deleted_at.is_some() {
        return search_remove(tx, workspace, &record).await;
    }
    let doc = SearchDoc {
        url: super::verbs::url(note),
        kind: "note",
        title: note.label(),
        detail: format!("Note by {}", note.author_name),
        body: note.body.clone(),
        connection: None,
        record,
    };
    search_put(tx, workspace, &doc).await
}

/// Moves the notes of one record to another, when two become one.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn change_subject(tx: &Tx, workspace: WorkspaceId, from: &Ref, to: &Ref) -> Result<()> {
    let sql = format!("SELECT {COLUMNS} FROM notes WHERE workspace_id = $1 AND subject = $2");
    let notes: Vec<Note> = built_query(sql).bind(workspace).bind(from).all(tx).await?;
    for mut note in notes {
        note.subject = to.clone();
        save(tx, workspace, &note).await?;
    }
    Ok(())
}
