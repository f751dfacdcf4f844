//! One click on a record makes its task: a message's words, a conversation's, or a follow-up on anything else.

use atlas_connect::{Mapping, mappings_of};
use atlas_kernel::{Actor, Error, Ref, Result};
use atlas_store::{Executor, Named, Nouns, Tx};

use super::change::distinct;
use super::links::Linked;
use super::verbs::{Changed, NewTask, Origin, create_as, read};
use super::{TASKS_WRITE, Task, provider_name, tidy_title};
use crate::note::store::{self as notes, Source};
use crate::note::text::{Asked, Line, clicked, shortened};
use crate::people::People;
use crate::quick_add::{self, Draft, Known};
use crate::{TaskId, project};

/// What the click came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The task was made.
    Made(Changed),
    /// It was made before.
    There(Task),
}

impl Outcome {
    /// The record's task, new or not.
    pub fn into_task(self) -> Task {
        match self {
            Self::Made(changed) => changed.task,
            Self::There(task) => task,
        }
    }
}

/// Makes the record's task, or answers the one there is.
///
/// # Errors
/// [`Error::NotFound`] when no module of this workspace knows the record, [`Error::Denied`], or whatever the database answers.
pub async fn create(tx: &Tx, actor: &Actor, nouns: &Nouns, record: &Ref) -> Result<Outcome> {
    actor.may(&TASKS_WRITE)?;
    if let Some(there) = existing(tx, actor, record).await? {
        return Ok(Outcome::There(there));
    }
    let mut named = nouns.describe(tx, actor.workspace, std::slice::from_ref(record)).await?;
    let named = named.remove(record).ok_or(Error::NotFound("record"))?;
    let mapping = provenance(tx, actor, record, &named).await?;
    let source = Source { record: Some(record.clone()), connection: mapping.as_ref().map(|m| m.connection_id), note: None };
    let id = TaskId::new(tx.now());
    if !notes::claim(tx, actor.workspace, id, &source).await? {
        let there = existing(tx, actor, record).await?;
        return there.map(Outcome::There).ok_or_else(|| Error::conflict("being_made", "This task is being made. Reload the page."));
    }
    let new = draft(tx, actor, record, named, mapping).await?;
    Ok(Outcome::Made(create_as(tx, actor, id, new).await?))
}

async fn existing(tx: &Tx, actor: &Actor, record: &Ref) -> Result<Option<Task>> {
    let made = notes::tasks_of_records(tx, actor.workspace, std::slice::from_ref(record)).await?;
    match made.get(record) {
        Some((id, _)) => Ok(Some(read(tx, actor, *id).await?)),
        None => Ok(None),
    }
}

/// Which connection the record's words came through: its own mapping, else that of what it belongs to.
async fn provenance(on: &dyn Executor, actor: &Actor, record: &Ref, named: &Named) -> Result<Option<Mapping>> {
    for record in std::iter::once(record).chain(&named.related) {
        if let Some(mapping) = mappings_of(on, actor.workspace, record).await?.into_iter().next() {
            return Ok(Some(mapping));
        }
    }
    Ok(None)
}

async fn draft(tx: &Tx, actor: &Actor, record: &Ref, named: Named, mapping: Option<Mapping>) -> Result<NewTask> {
    let people = People::load(tx, actor.workspace).await?;
    let projects = project::store::current(tx, actor.workspace).await?;
    let known = Known { people: &people, me: actor.user, projects: &projects };
    let now = tx.now().to_zoned(actor.zone()).datetime();
    let text = named.text.as_deref().map(atlas_web::ui::plain_text).unwrap_or_default();
    let asked = clicked(&text).unwrap_or(Asked { line: Line::Words(format!("Follow up: {}", named.label)), rest: String::new() });
    let draft = match asked.line {
        Line::Command(line) => quick_add::parse(&line, now, &known),
        Line::Words(words) => Draft { title: tidy_title(&shortened(&words)), ..Draft::default() },
    };
    let mut new = draft.into_new();
    if new.title.is_empty() {
        new.title = tidy_title(&shortened(&format!("Follow up: {}", named.label)));
    }
    new.description = asked.rest;
    new.linked = linked(record, named.related);
    new.reason = mapping.as_ref().map(|mapping| format!("From {}", provider_name(&mapping.provider)));
    new.origin = mapping.map(|mapping| Origin { provider: mapping.provider, connection: mapping.connection_id });
    Ok(new)
}

/// A message's task is linked to its conversation and people, a note's to what it was written on; anything else's to
/// the thing itself. What is left shows the task on its timeline.
fn linked(record: &Ref, related: Vec<Ref>) -> Linked {
    let (links, around): (Vec<Ref>, Vec<Ref>) = match record.kind() {
        "msg" => related.into_iter().partition(|near| matches!(near.kind(), "conv" | "contact")),
        "note" => (related, vec![]),
        _ => (vec![], related),
    };
    let links = if links.is_empty() { vec![record.clone()] } else { links };
    Linked { links: distinct(&links), around: distinct(&around) }
}
