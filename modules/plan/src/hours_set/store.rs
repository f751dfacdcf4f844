//! Hours sets in the database.

use std::collections::HashMap;

use atlas_kernel::{Error, Result, WorkspaceId};
use atlas_store::{Executor, Tx, query};
use serde_json::Value as Json;

use super::HoursSet;
use crate::HoursSetId;
use crate::plan::Wish;

type Row = (HoursSetId, String, Json);

fn set((id, name, week): Row) -> Result<HoursSet> {
    Ok(HoursSet { id, name, week: serde_json::from_value(week).map_err(Error::internal)? })
}

/// All of the workspace, by name.
pub async fn all(on: &dyn Executor, workspace: WorkspaceId) -> Result<Vec<HoursSet>> {
    let rows: Vec<Row> =
        query("SELECT id, name, week FROM plan_hours_sets WHERE workspace_id = $1 ORDER BY name_key").bind(workspace).all(on).await?;
    rows.into_iter().map(set).collect()
}

/// All of the workspace, by id.
pub async fn by_id(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashMap<HoursSetId, HoursSet>> {
    Ok(all(on, workspace).await?.into_iter().map(|set| (set.id, set)).collect())
}

/// One of them.
pub async fn one(on: &dyn Executor, workspace: WorkspaceId, id: HoursSetId) -> Result<Option<HoursSet>> {
    let row: Option<Row> =
        query("SELECT id, name, week FROM plan_hours_sets WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).first(on).await?;
    row.map(set).transpose()
}

/// How many tasks of the plan each restricts.
pub async fn used(on: &dyn Executor, workspace: WorkspaceId) -> Result<HashMap<HoursSetId, usize>> {
    let wishes = query(
        "SELECT w.body FROM plan_wishes w JOIN plan_placements p ON p.workspace_id = w.workspace_id AND p.task_id = w.task_id \
         WHERE w.workspace_id = $1",
    );
    let mut used = HashMap::new();
    for body in wishes.bind(workspace).values::<Json>(on).await? {
        let wish: Wish = serde_json::from_value(body).map_err(Error::internal)?;
        if let Some(id) = wish.hours {
            *used.entry(id).or_insert(0) += 1;
        }
    }
    Ok(used)
}

/// Writes one, new or changed.
pub async fn put(tx: &Tx, workspace: WorkspaceId, set: &HoursSet) -> Result<()> {
    let put = "INSERT INTO plan_hours_sets (workspace_id, id, name, name_key, week) VALUES ($1,$2,$3,$4,$5) \
         ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, week = excluded.week";
    let week = serde_json::to_value(&set.week).map_err(Error::internal)?;
    query(put).bind(workspace).bind(set.id).bind(&set.name).bind(set.name_key()).bind(week).run(tx).await.map(|_| ())
}

/// Removes one.
pub async fn remove(tx: &Tx, workspace: WorkspaceId, id: HoursSetId) -> Result<()> {
    query("DELETE FROM plan_hours_sets WHERE workspace_id = $1 AND id = $2").bind(workspace).bind(id).run(tx).await.map(|_| ())
}
