//! What can be done with a note: write, change, delete, take back.

use atlas_kernel::{Actor, Error, Ref, Result, WorkspaceId};
use atlas_store::{Event, Executor, Tx, record_event};
use serde_json::json;

use super::{MOST_CHARACTERS, Note, SUBJECTS, store};
use crate::access::NOTES_WRITE;
use crate::contact::Status;
use crate::ids::NoteId;
use crate::{company, contact, deal, membership};

/// Writes a note about a contact, company or deal.
///
/// # Errors
/// Denied; a field error for an empty or long text or an unknown record; whatever the database answers.
pub async fn write(tx: &Tx, actor: &Actor, subject: &Ref, body: &str) -> Result<Note> {
    actor.may(&NOTES_WRITE)?;
    let about = subjects(tx, actor.workspace, subject).await?;
    if about.is_empty() {
        return Err(Error::field("subject", "unknown", "notes are about a contact, company or deal of this workspace"));
    }
    let note = Note {
        id: NoteId::new(tx.now()),
        subject: subject.clone(),
        body: checked(body)?,
        author_id: actor.user,
        author_name: actor.name.clone(),
        deleted_at: None,
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::save(tx, actor.workspace, &note).await?;
    contact::store::note_activity(tx, actor.workspace, &about, tx.now()).await?;
    tell(tx, actor, &note, "note.created", "wrote a note").await?;
    Ok(note)
}

/// Changes a note's text; `version` is the one the caller read, when they insist on it.
///
/// # Errors
/// Denied; not found; stale; a field error for an empty or long text; whatever the database answers.
pub async fn edit(tx: &Tx, actor: &Actor, id: NoteId, body: &str, version: Option<i64>) -> Result<Note> {
    let mut note = load(tx, actor, id, version).await?;
    if note.deleted_at.is_some() {
        return Err(Error::NotFound("note"));
    }
    let body = checked(body)?;
    if note.body == body {
        return Ok(note);
    }
    note.body = body;
    note.version += 1;
    note.updated_at = tx.now();
    store::save(tx, actor.workspace, &note).await?;
    tell(tx, actor, &note, "note.updated", "changed a note").await?;
    Ok(note)
}

/// Deletes a note; [`restore`] takes it back.
///
/// # Errors
/// Denied; not found; stale; whatever the database answers.
pub async fn delete(tx: &Tx, actor: &Actor, id: NoteId, version: Option<i64>) -> Result<Note> {
    let mut note = load(tx, actor, id, version).await?;
    if note.deleted_at.is_some() {
        return Err(Error::NotFound("note"));
    }
    note.deleted_at = Some(tx.now());
    note.version += 1;
    store::save(tx, actor.workspace, &note).await?;
    tell(tx, actor, &note, "note.deleted", "deleted a note").await?;
    Ok(note)
}

/// Takes a deleted note back.
///
/// # Errors
/// Denied; not found; whatever the database answers.
pub async fn restore(tx: &Tx, actor: &Actor, id: NoteId) -> Result<Note> {
    let mut note = load(tx, actor, id, None).await?;
    if note.deleted_at.take().is_none() {
        return Ok(note);
    }
    note.version += 1;
    store::save(tx, actor.workspace, &note).await?;
    tell(tx, actor, &note, "note.restored", "restored a note").await?;
    Ok(note)
}

async fn load(tx: &Tx, actor: &Actor, id: NoteId, version: Option<i64>) -> Result<Note> {
    actor.may(&NOTES_WRITE)?;
    let note = store::find(tx, actor.workspace, id).await?.ok_or(Error::NotFound("note"))?;
    match version {
        Some(version) if version != note.version => Err(Error::Stale),
        _ => Ok(note),
    }
}

fn checked(body: &str) -> Result<String> {
    let body = body.trim();
    if body.is_empty() {
        return Err(Error::field("body", "required", "write something first"));
    }
    if body.chars().count() > MOST_CHARACTERS {
        return Err(Error::field("body", "too_long", format!("at most {MOST_CHARACTERS} characters")));
    }
    Ok(body.replace("\r\n", "\n"))
}

/// Whose timelines show a note about `subject`; nothing when there is no such record.
pub(crate) async fn subjects(on: &dyn Executor, workspace: WorkspaceId, subject: &Ref) -> Result<Vec<Ref>> {
    if !SUBJECTS.contains(&subject.kind()) {
        return Ok(vec![]);
    }
    if let Some(id) = subject.as_id() {
        let found = contact::store::find(on, workspace, id).await?.filter(|contact| contact.status != Status::Merged);
        return if found.is_some() { membership::circle(on, workspace, id).await } else { Ok(vec![]) };
    }
    if let Some(id) = subject.as_id() {
        return Ok(company::store::find(on, workspace, id).await?.map(|company| company.id.to_ref()).into_iter().collect());
    }
    let Some(id) = subject.as_id() else { return Ok(vec![]) };
    match deal::store::find(on, workspace, id).await? {
        Some(deal) => deal::verbs::subjects(on, workspace, &deal).await,
        None => Ok(vec![]),
    }
}

/// Where a note is read: on the timeline of what it is about.
pub(crate) fn url(note: &Note) -> String {
    let folder = match note.subject.kind() {
        "company" => "companies",
        "deal" => "deals",
        _ => "contacts",
    };
    format!("/growth/{folder}/{}#{}", note.subject, note.id)
}

async fn tell(tx: &Tx, actor: &Actor, note: &Note, operation: &'static str, verb: &str) -> Result<()> {
    let about = subjects(tx, actor.workspace, &note.subject).await?;
    // The words stay in the note alone, so that deleting it is enough.
    let data = json!({ "verb": verb, "on": note.subject });
    record_event(tx, actor, Event::new(tx.now(), operation, "note", note.id.to_ref(), data).about(about)).await?;
    Ok(())
}
