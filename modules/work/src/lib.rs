//! Work: tasks and projects, and tasks made from the notes of conversations.
#![doc = include_str!("../README.md")]

pub mod home;
pub mod note;
mod nouns;
mod panels;
pub mod people;
mod planning;
pub mod project;
pub mod quick_add;
pub mod task;
mod workspace;

use atlas_kernel::{Ref, Result, WorkspaceId};
use atlas_module::Module;
use atlas_store::{Executor, Migration};
use atlas_web::{NavItem, QuickAction, RecordAction};
use futures::FutureExt;

atlas_kernel::kinds! {
    /// A task.
    Task = "task", TaskId;
    /// A project.
    Project = "proj", ProjectId;
    /// A label.
    Label = "label", LabelId;
}

/// The module, as the server registers it.
pub fn module() -> Module {
    Module::new("work")
        .operations(operations())
        .pages(task::web::pages().merge(project::web::pages()).merge(note::panel::pages()))
        .migrations(migrations())
        .nouns(nouns::nouns())
        .panels(panels::panels())
        .record_actions(vec![create_task("msg"), create_task("conv"), create_task("note")])
        .nav(nav())
        .quick_actions(quick_actions())
        .intakes(vec![note::intake::intake()])
        .work_sources(vec![planning::source()])
}

/// The tables of this module.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration { name: "work/0001_projects", sql: include_str!("../migrations/0001_projects.sql") },
        Migration { name: "work/0002_tasks", sql: include_str!("../migrations/0002_tasks.sql") },
        Migration { name: "work/0003_notes", sql: include_str!("../migrations/0003_notes.sql") },
        Migration { name: "work/0004_planning", sql: include_str!("../migrations/0004_planning.sql") },
    ]
}

/// Everything that can be done with Work over REST.
pub fn operations() -> Vec<atlas_api::Operation> {
    [task::api::operations(), project::api::operations(), note::api::operations()].concat()
}

fn nav() -> Vec<NavItem> {
    let place = |label, href, icon, key, order, permission| NavItem { group: "Work", label, href, icon, key: Some(key), order, permission };
    vec![
        place("Tasks", "/tasks", "list-checks", "g t", 20, task::TASKS_READ),
        place("Projects", "/projects", "layers", "g p", 21, project::PROJECTS_READ),
    ]
}

fn quick_actions() -> Vec<QuickAction> {
    vec![
        QuickAction {
            title: "New task",
            href: "/tasks/new",
            modal: true,
            icon: "list-plus",
            key: Some("c"),
            permission: task::TASKS_WRITE,
        },
        QuickAction {
            title: "New project",
            href: "/projects/new",
            modal: true,
            icon: "layers",
            key: None,
            permission: project::PROJECTS_WRITE,
        },
    ]
}

/// One click on another module's record makes its task; afterwards the task is shown instead.
fn create_task(noun: &'static str) -> RecordAction {
    RecordAction {
        noun,
        label: "Create task",
        icon: "list-plus",
        post: "/tasks/from/{ref}",
        permission: task::TASKS_WRITE,
        done: |on, workspace, records| done(on, workspace, records).boxed(),
    }
}

async fn done(on: &dyn Executor, workspace: WorkspaceId, records: &[Ref]) -> Result<Vec<(Ref, (String, String))>> {
    let made = note::store::tasks_of_records(on, workspace, records).await?;
    Ok(made.into_iter().map(|(record, (_, key))| (record, (key.clone(), format!("/tasks/{key}")))).collect())
}
