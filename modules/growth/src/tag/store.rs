//! Tags in the database: the words, and who put which on what.

use std::collections::{BTreeSet, HashMap};

use atlas_kernel::{ConnectionId, Ref, Result, WorkspaceId};
use atlas_store::{Executor, Insert, Tx, query};

use super::Tag;
use crate::checks::tag_key;
use crate::ids::TagId;
use crate::membership::PERSON;

/// All tags of a workspace, by name; at most 500.
///
/// # Errors
/// Whatever the database answers.
pub async fn all(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Tag>> {
    query("SELECT id, name FROM tags WHERE workspace_id = $1 ORDER BY name_key LIMIT 500").bind(workspace).all(on).await
}

/// The tag with this id.
///
/// # Errors
/// Whatever the database answers.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id: TagId) -> Result<Option<Tag>> {
    query("SELECT id, name FROM tags WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).first(on).await
}

/// The tags of each of these records, by name.
///
/// # Errors
/// Whatever the database answers.
pub async fn of(on: &dyn Executor, workspace: WorkspaceId, records: &[Ref]) -> Result<HashMap<Ref, Vec<Tag>>> {
    let mut tags: HashMap<Ref, Vec<Tag>> = HashMap::new();
    if records.is_empty() {
        return Ok(tags);
    }
    let ask = query(
        "SELECT DISTINCT r.record, t.id, t.name, t.name_key FROM record_tags r JOIN tags t ON t.workspace_id = r.workspace_id AND t.id = r.tag_id \
         WHERE r.workspace_id = $1 AND r.record IN ({list}) ORDER BY t.name_key",
    );
    let rows: Vec<(Ref, TagId, String)> = ask.bind(workspace).bind_list(records).all(on).await?;
    for (record, id, name) in rows {
        tags.entry(record).or_default().push(Tag { id, name });
    }
    Ok(tags)
}

/// The tag of this name, made by `writer` when there is none.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn named(tx: &Tx, workspace: WorkspaceId, name: &str, writer: &str) -> Result<TagId> {
    let insert = query(
        "INSERT INTO tags (workspace_id, id, name, name_key, writer, created_at) VALUES ($1,$2,$3,$4,$5,$6) \
         ON CONFLICT (workspace_id, name_key) DO UPDATE SET writer = CASE WHEN excluded.writer = 'person' THEN 'person' ELSE tags.writer END \
         RETURNING id",
    );
    insert.bind(workspace).bind(TagId::new(tx.now())).bind(name).bind(tag_key(name)).bind(writer).bind(tx.now()).value(tx).await
}

/// Makes `names` the tags that people gave a record: those shown before and left out are taken off whoever gave them.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn set_by_people(tx: &Tx, workspace: WorkspaceId, record: &Ref, names: &[String]) -> Result<()> {
    let before = of(tx, workspace, std::slice::from_ref(record)).await?.remove(record).unwrap_or_default();
    let wanted: BTreeSet<String> = names.iter().map(|name| tag_key(name)).collect();
    for tag in before.iter().filter(|tag| !wanted.contains(&tag_key(&tag.name))) {
        query("DELETE FROM record_tags WHERE workspace_id = $1 AND record = $2 AND tag_id = $3")
            .bind(workspace)
            .bind(record)
            .bind(tag.id)
            .run(tx)
            .await?;
    }
    for name in names.iter().filter(|name| !before.iter().any(|tag| tag_key(&tag.name) == tag_key(name))) {
        put(tx, workspace, record, name, PERSON, 0).await?;
    }
    Ok(())
}

/// Puts a tag on a record on `writer`'s word.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn put(tx: &Tx, workspace: WorkspaceId, record: &Ref, name: &str, writer: &str, said_at: i64) -> Result<()> {
    let tag = named(tx, workspace, name, writer).await?;
    query(
        "INSERT INTO record_tags (workspace_id, record, record_id, tag_id, writer, said_at) VALUES ($1,$2,$3,$4,$5,$6) \
         ON CONFLICT (workspace_id, record, tag_id, writer) DO UPDATE SET \
         said_at = CASE WHEN excluded.said_at > record_tags.said_at THEN excluded.said_at ELSE record_tags.said_at END",
    )
    .bind(workspace)
    .bind(record)
    .bind(record.uuid())
    .bind(tag)
    .bind(writer)
    .bind(said_at)
    .run(tx)
    .await
    .map(|_| ())
}

/// Puts tags on a record that has none, together with those of others, see [`Insert::later`].
pub(crate) fn add(tx: &Tx, workspace: WorkspaceId, record: &Ref, tags: &BTreeSet<TagId>, writer: &str, said_at: i64) {
    let mut insert = Insert::into("record_tags", "workspace_id, record, record_id, tag_id, writer, said_at", "");
    for tag in tags {
        insert.row().bind(workspace).bind(record).bind(record.uuid()).bind(*tag).bind(writer).bind(said_at);
    }
    insert.later(tx);
}

/// Merges a connection's list of tags into what it said before: `complete_at` is the version of its newest complete
/// list so far. Answers whether anything changed.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn merge(tx: &Tx, workspace: WorkspaceId, record: &Ref, said: &TagsSaid<'_>, complete_at: Option<i64>) -> Result<bool> {
    if complete_at.is_some_and(|known| said.at < known) {
        return Ok(false);
    }
    let writer = crate::membership::writer(said.connection);
    let select = query(
        "SELECT t.id, t.name_key, r.said_at FROM record_tags r JOIN tags t ON t.workspace_id = r.workspace_id AND t.id = r.tag_id \
         WHERE r.workspace_id = $1 AND r.record = $2 AND r.writer = $3",
    )
    .bind(workspace)
    .bind(record)
    .bind(&writer);
    let known: Vec<(TagId, String, i64)> = if said.is_first { vec![] } else { select.all(tx).await? };
    let wanted: BTreeSet<String> = said.names.iter().map(|name| tag_key(name)).collect();
    let mut changed = false;
    for (tag, _, _) in known.iter().filter(|(_, key, at)| said.complete && *at <= said.at && !wanted.contains(key)) {
        query("DELETE FROM record_tags WHERE workspace_id = $1 AND record = $2 AND tag_id = $3 AND writer = $4")
            .bind(workspace)
            .bind(record)
            .bind(*tag)
            .bind(&writer)
            .run(tx)
            .await?;
        changed = true;
    }
    for name in said.names.iter().filter(|name| !tag_key(name).is_empty()) {
        let there = known.iter().any(|(_, key, at)| *key == tag_key(name) && *at >= said.at);
        if !there {
            put(tx, workspace, record, name, &writer, said.at).await?;
            changed |= !known.iter().any(|(_, key, _)| *key == tag_key(name));
        }
    }
    Ok(changed)
}

/// A list of tags as a connection says it.
pub(crate) struct TagsSaid<'a> {
    pub connection: ConnectionId,
    pub names: &'a [String],
    pub complete: bool,
    /// Whether nobody can have said anything of the record before.
    pub is_first: bool,
    pub at: i64,
}

/// Takes up to `limit` of a connection's tags off records, and forgets words that only it used; answers how many.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn forget(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<u64> {
    let writer = crate::membership::writer(connection);
    let gone = query(
        "DELETE FROM record_tags WHERE workspace_id = $1 AND writer = $2 AND (record, tag_id) IN \
         (SELECT record, tag_id FROM record_tags WHERE workspace_id = $1 AND writer = $2 LIMIT $3)",
    );
    let gone = gone.bind(workspace).bind(&writer).bind(limit).run(tx).await?;
    if gone > 0 {
        return Ok(gone);
    }
    query(
        "DELETE FROM tags WHERE workspace_id = $1 AND writer = $2 AND NOT EXISTS \
         (SELECT 1 FROM record_tags r WHERE r.workspace_id = $1 AND r.tag_id = tags.id)",
    )
    .bind(workspace)
    .bind(&writer)
    .run(tx)
    .await
}

/// The tag of this name, whatever its case.
///
/// # Errors
/// Whatever the database answers.
pub(crate) async fn by_name(on: &dyn Executor, workspace: WorkspaceId, name: &str) -> Result<Option<TagId>> {
    let found = query("SELECT id FROM tags WHERE workspace_id = $1 AND name_key = $2").bind(workspace).bind(tag_key(name));
    Ok(found.values(on).await?.pop())
}
