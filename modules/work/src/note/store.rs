//! Note rules and the tasks that notes became, in the database.

use std::collections::HashMap;

use atlas_kernel::{ConnectionId, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx, query};

use super::{Rule, Which};
use crate::task::Priority;
use crate::{ProjectId, TaskId};

atlas_store::row! {
    struct RuleRow {
        connection_id: ConnectionId,
        enabled: bool,
        which: Which,
        word: String,
        project_id: Option<ProjectId>,
        assignee: Option<UserId>,
        due_days: Option<i64>,
        priority: i64,
        since: Timestamp,
        version: i64,
    }
}

impl From<RuleRow> for Rule {
    fn from(row: RuleRow) -> Self {
        Self {
            connection: row.connection_id,
            enabled: row.enabled,
            which: row.which,
            word: row.word,
            project: row.project_id,
            assignee: row.assignee,
            due_days: row.due_days,
            priority: Priority::from_rank(row.priority),
            since: row.since,
            version: row.version,
        }
    }
}

/// The connection's rule, if there is one yet.
pub async fn rule(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId) -> Result<Option<Rule>> {
    let sql = "SELECT connection_id, enabled, which, word, project_id, assignee, due_days, priority, since, version FROM work_note_rules \
         WHERE workspace_id = $1 AND connection_id = $2";
    let row: Option<RuleRow> = query(sql).bind(workspace).bind(connection).first(on).await?;
    Ok(row.map(Rule::from))
}

/// The connection's rule; the usual one is written down the first time, so that notes from before stay notes.
pub async fn rule_or_usual(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId) -> Result<Rule> {
    if let Some(rule) = rule(tx, workspace, connection).await? {
        return Ok(rule);
    }
    // Since it was connected, however late its first conversation arrives.
    let since = atlas_connect::live_since(tx, workspace, connection).await?.unwrap_or(tx.now());
    let usual = Rule::usual(connection, since.min(tx.now()));
    put_rule(tx, workspace, &usual).await?;
    Ok(usual)
}

/// Writes a rule.
pub async fn put_rule(tx: &Tx, workspace: WorkspaceId, rule: &Rule) -> Result<()> {
    let sql = "INSERT INTO work_note_rules (workspace_id, connection_id, enabled, which, word, project_id, assignee, due_days, priority, since, \
         updated_at, version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12) ON CONFLICT (workspace_id, connection_id) DO UPDATE SET \
         enabled = excluded.enabled, which = excluded.which, word = excluded.word, project_id = excluded.project_id, \
         assignee = excluded.assignee, due_days = excluded.due_days, priority = excluded.priority, since = excluded.since, \
         updated_at = excluded.updated_at, version = excluded.version";
    query(sql)
        .bind(workspace)
        .bind(rule.connection)
        .bind(rule.enabled)
        .bind(rule.which)
        .bind(&rule.word)
        .bind(rule.project)
        .bind(rule.assignee)
        .bind(rule.due_days)
        .bind(rule.priority.rank())
        .bind(rule.since)
        .bind(tx.now())
        .bind(rule.version)
        .run(tx)
        .await
        .map(|_| ())
}

/// Lets only notes written after `since` count as new, once it is forgotten which ones made their task.
pub async fn start_anew(tx: &Tx, workspace: WorkspaceId, connection: ConnectionId, since: Timestamp) -> Result<()> {
    let sql = "UPDATE work_note_rules SET since = $3 WHERE workspace_id = $1 AND connection_id = $2";
    query(sql).bind(workspace).bind(connection).bind(since).run(tx).await.map(|_| ())
}

/// What a task is made from: a record of Atlas, a provider's note, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The message's or conversation's record.
    pub record: Option<Ref>,
    /// The connection it came through.
    pub connection: Option<ConnectionId>,
    /// The provider's kind of thing, with its id, when a rule read it.
    pub note: Option<(String, String)>,
}

/// Claims a source for a task; false when it has one already, or somebody else is making it.
pub async fn claim(tx: &Tx, workspace: WorkspaceId, task: TaskId, source: &Source) -> Result<bool> {
    let sql = "INSERT INTO work_note_tasks (workspace_id, task_id, record, connection_id, source_kind, external_id) \
         VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT DO NOTHING";
    let note = source.note.as_ref();
    let written = query(sql)
        .bind(workspace)
        .bind(task)
        .bind(source.record.as_ref().map(Ref::to_string))
        .bind(source.connection)
        .bind(note.map(|(kind, _)| kind.as_str()))
        .bind(note.map(|(_, id)| id.as_str()))
        .run(tx)
        .await?;
    Ok(written > 0)
}

/// The provider's ids, among these, of notes that made their task already.
pub async fn made(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    external_ids: &[&str],
) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for ids in external_ids.chunks(500) {
        let ask = query(
            "SELECT source_kind, external_id FROM work_note_tasks WHERE workspace_id = $1 AND connection_id = $2 AND external_id IN ({list})",
        );
        found.extend(ask.bind(workspace).bind(connection).bind_list(ids.iter().copied()).all::<(String, String)>(on).await?);
    }
    Ok(found)
}

/// The tasks that these records became: key by record.
pub async fn tasks_of_records(on: &dyn Executor, workspace: WorkspaceId, records: &[Ref]) -> Result<HashMap<Ref, (TaskId, String)>> {
    let mut found = HashMap::new();
    for refs in records.chunks(500) {
        let ask = query(
            "SELECT n.record, t.id, t.key FROM work_note_tasks n JOIN work_tasks t ON t.workspace_id = n.workspace_id AND t.id = n.task_id \
             WHERE n.workspace_id = $1 AND n.record IN ({list})",
        );
        let rows: Vec<(Ref, TaskId, String)> = ask.bind(workspace).bind_list(refs).all(on).await?;
        found.extend(rows.into_iter().map(|(record, id, key)| (record, (id, key))));
    }
    Ok(found)
}

/// The record a task was made from.
pub async fn record_of_task(on: &dyn Executor, workspace: WorkspaceId, task: TaskId) -> Result<Option<Ref>> {
    let sql = "SELECT record FROM work_note_tasks WHERE workspace_id = $1 AND task_id = $2 AND record IS NOT NULL";
    Ok(query(sql).bind(workspace).bind(task).values(on).await?.pop())
}

/// Up to `limit` tasks made from what a connection brought.
pub async fn tasks_of_connection(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId, limit: usize) -> Result<Vec<TaskId>> {
    let sql = "SELECT task_id FROM work_note_tasks WHERE workspace_id = $1 AND connection_id = $2 ORDER BY task_id LIMIT $3";
    query(sql).bind(workspace).bind(connection).bind(limit).values(on).await
}

/// The tasks made from a provider's message.
pub async fn tasks_of_message(
    on: &dyn Executor,
    workspace: WorkspaceId,
    connection: ConnectionId,
    external_id: &str,
) -> Result<Vec<TaskId>> {
    let sql = "SELECT task_id FROM work_note_tasks WHERE workspace_id = $1 AND connection_id = $2 AND external_id = $3";
    query(sql).bind(workspace).bind(connection).bind(external_id).values(on).await
}

/// Forgets what a task was made from.
pub async fn release(tx: &Tx, workspace: WorkspaceId, task: TaskId) -> Result<()> {
    query("DELETE FROM work_note_tasks WHERE workspace_id = $1 AND task_id = $2").bind(workspace).bind(task).run(tx).await.map(|_| ())
}

/// The connection with this id, or the one that is called so.
pub async fn connection(on: &dyn Executor, workspace: WorkspaceId, named: &str) -> Result<Option<ConnectionId>> {
    let found: Vec<ConnectionId> = match named.parse::<ConnectionId>() {
        Ok(id) => query("SELECT id FROM connections WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).values(on).await?,
        Err(_) => query("SELECT id FROM connections WHERE workspace_id = $1 AND slug = $2").bind(workspace).bind(named).values(on).await?,
    };
    Ok(found.into_iter().next())
}
