//! What can be done with projects: create, edit, archive, restore.

use atlas_kernel::{Actor, Error, Result, UserId, WorkspaceId};
use atlas_store::{Event, Executor, SearchDoc, Tx, record_event, search_put, search_remove};
use serde_json::json;

use super::{PROJECTS_READ, PROJECTS_WRITE, Project, check_key, check_name, key_candidates, store};
use crate::ProjectId;
use crate::people::People;

/// A project to be made.
#[derive(Clone, Debug, Default)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// What its tasks' keys start with; made from the name unless said.
    pub key: Option<String>,
    /// Who leads it.
    pub lead: Option<UserId>,
}

/// What to change about a project; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// The name.
    pub name: Option<String>,
    /// The lead; the inner `None` clears.
    pub lead: Option<Option<UserId>>,
    /// Whether it is archived.
    pub archived: Option<bool>,
}

/// The id behind a project's id or key.
///
/// # Errors
/// [`Error::NotFound`] when neither names a project of this workspace.
pub async fn find(on: &dyn Executor, workspace: WorkspaceId, id_or_key: &str) -> Result<ProjectId> {
    if let Ok(id) = id_or_key.parse() {
        return Ok(id);
    }
    store::by_key(on, workspace, id_or_key).await?.map(|project| project.id).ok_or(Error::NotFound("project"))
}

/// The project with this id.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Denied`], or whatever the database answers.
pub async fn read(on: &dyn Executor, actor: &Actor, id: ProjectId) -> Result<Project> {
    actor.may(&PROJECTS_READ)?;
    store::by_id(on, actor.workspace, id).await?.ok_or(Error::NotFound("project"))
}

/// Makes a project.
///
/// # Errors
/// [`Error::Invalid`] by field (a taken key among them), [`Error::Denied`], or whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, new: NewProject) -> Result<Project> {
    actor.may(&PROJECTS_WRITE)?;
    let name = check_name(&new.name)?;
    check_lead(tx, actor.workspace, new.lead).await?;
    match new.key.filter(|key| !key.trim().is_empty()) {
        Some(key) => {
            let key = check_key(&key)?;
            let taken = Error::field("key", "taken", format!("{key} is another project's key"));
            insert(tx, actor, key, name, new.lead).await?.ok_or(taken)
        }
        None => first_free(tx, actor, name, new.lead).await,
    }
}

/// Where tasks go unless said: the oldest current project; the workspace's first one is made from the workspace's name.
///
/// # Errors
/// Whatever the database answers.
pub async fn default_project(tx: &Tx, actor: &Actor) -> Result<Project> {
    if let Some(project) = store::oldest(tx, actor.workspace).await? {
        return Ok(project);
    }
    let name = crate::workspace::name(tx, actor.workspace).await?;
    let wanted = key_candidates(&name).next().unwrap_or_else(|| "WORK".to_owned());
    if let Some(made) = insert(tx, actor, wanted, name.clone(), None).await? {
        return Ok(made);
    }
    // Either somebody else made it this moment, or an archived project has the key.
    match store::oldest(tx, actor.workspace).await? {
        Some(project) => Ok(project),
        None => first_free(tx, actor, name, None).await,
    }
}

async fn first_free(tx: &Tx, actor: &Actor, name: String, lead: Option<UserId>) -> Result<Project> {
    for key in key_candidates(&name) {
        if let Some(project) = insert(tx, actor, key, name.clone(), lead).await? {
            return Ok(project);
        }
    }
    Err(Error::field("key", "required", "choose a key; the ones made from this name are taken"))
}

async fn insert(tx: &Tx, actor: &Actor, key: String, name: String, lead: Option<UserId>) -> Result<Option<Project>> {
    let now = tx.now();
    let project = Project { id: ProjectId::new(now), key, name, lead, created_at: now, updated_at: now, archived_at: None, version: 1 };
    if !store::insert(tx, actor.workspace, &project).await? {
        return Ok(None);
    }
    tell(tx, actor, &project, "project.created", "created", serde_json::Map::new()).await?;
    Ok(Some(project))
}

/// Changes a project. `expected` is the version the caller saw, when it insists on it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] by field, [`Error::Denied`], or whatever the database answers.
pub async fn edit(tx: &Tx, actor: &Actor, id: ProjectId, change: &ProjectChange, expected: Option<i64>) -> Result<Project> {
    actor.may(&PROJECTS_WRITE)?;
    let before = store::locked(tx, actor.workspace, id).await?.ok_or(Error::NotFound("project"))?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(Error::Stale);
    }
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.name = check_name(name)?;
    }
    if let Some(lead) = change.lead.filter(|lead| *lead != before.lead) {
        check_lead(tx, actor.workspace, lead).await?;
        after.lead = lead;
    }
    match change.archived {
        Some(true) => after.archived_at = after.archived_at.or(Some(tx.now())),
        Some(false) => after.archived_at = None,
        None => {}
    }
    if after == before {
        return Ok(before);
    }
    after.version += 1;
    after.updated_at = tx.now();
    store::update(tx, actor.workspace, &after).await?;
    let (operation, verb) = match (before.archived_at.is_some(), after.archived_at.is_some()) {
        (false, true) => ("project.archived", "archived"),
        (true, false) => ("project.restored", "restored"),
        _ => ("project.changed", "changed"),
    };
    let mut fields = serde_json::Map::new();
    if before.name != after.name {
        fields.insert("name".into(), json!({ "before": before.name, "after": after.name }));
    }
    if before.lead != after.lead {
        fields.insert("lead".into(), json!({ "before": before.lead, "after": after.lead }));
    }
    tell(tx, actor, &after, operation, verb, fields).await?;
    Ok(after)
}

async fn check_lead(tx: &Tx, workspace: WorkspaceId, lead: Option<UserId>) -> Result<()> {
    match lead {
        Some(lead) if !People::load(tx, workspace).await?.has(lead) => {
            Err(Error::field("lead", "unknown", "the lead is a member of this workspace"))
        }
        _ => Ok(()),
    }
}

async fn tell(
    tx: &Tx,
    actor: &Actor,
    project: &Project,
    operation: &'static str,
    verb: &str,
    fields: serde_json::Map<String, serde_json::Value>,
) -> Result<()> {
    let mut data = json!({ "verb": verb, "name": project.name });
    if !fields.is_empty() {
        data["fields"] = fields.into();
    }
    // Its name stands in everybody's plan.
    atlas_module::plannable::changed(tx, actor.workspace).await?;
    record_event(tx, actor, Event::new(tx.now(), operation, "record", project.id, data)).await?;
    tx.touch_topic(actor.workspace, "projects");
    if project.archived_at.is_some() {
        return search_remove(tx, actor.workspace, &project.id.to_ref()).await;
    }
    let doc = SearchDoc {
        record: project.id.to_ref(),
        kind: "proj",
        title: project.name.clone(),
        detail: format!("Project {}", project.key),
        url: project.url(),
        body: project.key.clone(),
        connection: None,
    };
    search_put(tx, actor.workspace, &doc).await
}
