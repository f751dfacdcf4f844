//! How the ids of tasks and projects become names and links.

use atlas_kernel::{Ref, Result, WorkspaceId};
use atlas_store::{Executor, Named, Noun, query};
use futures::FutureExt;

use crate::{ProjectId, TaskId, project};

/// The kinds of records that Work owns.
pub fn nouns() -> Vec<Noun> {
    vec![
        Noun { kind: "task", label: "Task", describe: |on, workspace, refs| tasks(on, workspace, refs).boxed() },
        Noun { kind: "proj", label: "Project", describe: |on, workspace, refs| projects(on, workspace, refs).boxed() },
    ]
}

async fn tasks(on: &dyn Executor, workspace: WorkspaceId, refs: &[Ref]) -> Result<Vec<(Ref, Named)>> {
    let ids: Vec<TaskId> = refs.iter().filter_map(Ref::as_id).collect();
    let mut named = Vec::new();
    for ids in ids.chunks(500) {
        let ask = query("SELECT id, key, title FROM work_tasks WHERE workspace_id = $1 AND id IN ({list})");
        let rows: Vec<(TaskId, String, String)> = ask.bind(workspace).bind_list(ids.iter().copied()).all(on).await?;
        named.extend(
            rows.into_iter().map(|(id, key, title)| (id.to_ref(), name(format!("{key} {title}"), format!("/tasks/{key}"), "list-checks"))),
        );
    }
    Ok(named)
}

async fn projects(on: &dyn Executor, workspace: WorkspaceId, refs: &[Ref]) -> Result<Vec<(Ref, Named)>> {
    let ids: Vec<ProjectId> = refs.iter().filter_map(Ref::as_id).collect();
    let projects = project::store::by_ids(on, workspace, &ids).await?;
    Ok(projects.into_iter().map(|project| (project.id.to_ref(), name(project.name.clone(), project.url(), "layers"))).collect())
}

fn name(label: String, url: String, icon: &'static str) -> Named {
    Named { label, url, icon, text: None, related: vec![] }
}
