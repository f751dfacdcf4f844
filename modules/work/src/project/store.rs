//! Projects in the database.

use atlas_kernel::{Page, Result, WorkspaceId};
use atlas_store::{Executor, Tx, built_query, query};

use super::Project;
use crate::ProjectId;

const COLUMNS: &str = "id, key, name, lead, created_at, updated_at, archived_at, version";

/// The project with this id.
pub async fn by_id(on: &dyn Executor, workspace: WorkspaceId, id: ProjectId) -> Result<Option<Project>> {
    let sql = format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND id = $2");
    built_query(sql).bind(workspace).bind(id).first(on).await
}

/// The same, locked against other writers until the transaction ends.
pub async fn locked(tx: &Tx, workspace: WorkspaceId, id: ProjectId) -> Result<Option<Project>> {
    let sql = format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND id = $2{}", tx.dialect().for_update());
    built_query(sql).bind(workspace).bind(id).first(tx).await
}

/// The project with this key.
pub async fn by_key(on: &dyn Executor, workspace: WorkspaceId, key: &str) -> Result<Option<Project>> {
    let sql = format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND key = $2");
    built_query(sql).bind(workspace).bind(key.to_ascii_uppercase()).first(on).await
}

/// The projects with these ids.
pub async fn by_ids(on: &dyn Executor, workspace: WorkspaceId, ids: &[ProjectId]) -> Result<Vec<Project>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = built_query(format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND id IN ({{list}})"));
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}

/// The oldest project that is not archived: where tasks go unless said.
pub async fn oldest(on: &dyn Executor, workspace: WorkspaceId) -> Result<Option<Project>> {
    let sql = format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND archived_at IS NULL ORDER BY id LIMIT 1");
    built_query(sql).bind(workspace).first(on).await
}

/// All projects that are not archived, by key; what pickers and the quick-add parser know.
pub async fn current(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<Project>> {
    let sql = format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND archived_at IS NULL ORDER BY key LIMIT 500");
    built_query(sql).bind(workspace).all(on).await
}

/// A page of projects by key.
pub async fn page(on: &dyn Executor, workspace: WorkspaceId, archived: bool, limit: usize, cursor: Option<&str>) -> Result<Page<Project>> {
    let which = if archived { "IS NOT NULL" } else { "IS NULL" };
    let after = match cursor {
        Some(text) => atlas_kernel::Cursor::decode(text, 1)?.text(0)?,
        None => String::new(),
    };
    let sql =
        format!("SELECT {COLUMNS} FROM work_projects WHERE workspace_id = $1 AND archived_at {which} AND key > $2 ORDER BY key LIMIT $3");
    let rows: Vec<Project> = built_query(sql).bind(workspace).bind(after).bind(limit + 1).all(on).await?;
    Ok(Page::from_rows(rows, limit, |row| atlas_kernel::Cursor(vec![row.key.clone().into()])))
}

/// Writes a new project; false when its key is taken.
pub async fn insert(tx: &Tx, workspace: WorkspaceId, project: &Project) -> Result<bool> {
    let sql = "INSERT INTO work_projects (workspace_id, id, key, name, lead, next_number, created_at, updated_at, archived_at, version) \
         VALUES ($1,$2,$3,$4,$5,1,$6,$7,NULL,$8) ON CONFLICT DO NOTHING";
    let written = query(sql)
        .bind(workspace)
        .bind(project.id)
        .bind(&project.key)
        .bind(&project.name)
        .bind(project.lead)
        .bind(project.created_at)
        .bind(project.updated_at)
        .bind(project.version)
        .run(tx)
        .await?;
    Ok(written > 0)
}

/// Writes a changed project.
pub async fn update(tx: &Tx, workspace: WorkspaceId, project: &Project) -> Result<()> {
    let sql = "UPDATE work_projects SET name = $3, lead = $4, updated_at = $5, archived_at = $6, version = $7 WHERE workspace_id = $1 AND id = $2";
    query(sql)
        .bind(workspace)
        .bind(project.id)
        .bind(&project.name)
        .bind(project.lead)
        .bind(project.updated_at)
        .bind(project.archived_at)
        .bind(project.version)
        .run(tx)
        .await
        .map(|_| ())
}

/// The number of the project's next task; the row is locked until the transaction ends, so numbers neither repeat nor skip.
pub async fn next_number(tx: &Tx, workspace: WorkspaceId, id: ProjectId) -> Result<i64> {
    query("UPDATE work_projects SET next_number = next_number + 1 WHERE workspace_id = $1 AND id = $2 RETURNING next_number - 1")
        .bind(workspace)
        .bind(id)
        .value(tx)
        .await
}

atlas_store::row! {
    /// How many tasks of a project stand where.
    pub struct StatusCount {
        /// The project.
        pub project_id: ProjectId,
        /// The status.
        pub status: crate::task::Status,
        /// How many.
        pub n: i64,
    }
}

/// How the tasks of these projects stand.
pub async fn status_counts(on: &dyn Executor, workspace: WorkspaceId, ids: &[ProjectId]) -> Result<Vec<StatusCount>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let ask = query(
        "SELECT project_id, status, COUNT(*) AS n FROM work_tasks WHERE workspace_id = $1 AND archived_at IS NULL \
         AND project_id IN ({list}) GROUP BY project_id, status",
    );
    ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await
}
