//! Notes over REST.

use atlas_api::{Ctx, IdPath, Input, Operation};
use atlas_kernel::{Error, Page, Ref, Result, Timestamp, UserId};
use atlas_store::Tx;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Note, store, verbs};
use crate::access::{NOTES_READ, NOTES_WRITE};
use crate::ids::NoteId;
use crate::wire::limit;

/// The operations on notes.
pub(crate) fn operations() -> Vec<Operation> {
    let version = |out: &NoteJson| out.version;
    vec![
        Operation::read("notes.list", "/v1/notes", NOTES_READ, list)
            .summary("List notes")
            .describe("Newest first; of one record with `subject`."),
        Operation::write("notes.create", Method::POST, "/v1/notes", NOTES_WRITE, create)
            .summary("Write a note")
            .created()
            .version(version)
            .tool(),
        Operation::read("notes.get", "/v1/notes/{id}", NOTES_READ, get).summary("Read a note").version(version),
        Operation::write("notes.update", Method::PATCH, "/v1/notes/{id}", NOTES_WRITE, update).summary("Change a note").version(version),
        Operation::write("notes.delete", Method::DELETE, "/v1/notes/{id}", NOTES_WRITE, delete)
            .summary("Delete a note")
            .no_content()
            .conditional(),
        Operation::write("notes.restore", Method::POST, "/v1/notes/{id}/restore", NOTES_WRITE, restore)
            .summary("Take a deleted note back")
            .version(version),
    ]
    .into_iter()
    .map(|operation| operation.tag("Notes"))
    .collect()
}

/// What a person wrote about a record.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Note")]
pub struct NoteJson {
    /// The note's id.
    pub id: NoteId,
    /// The contact, company or deal it is about.
    pub subject: Ref,
    /// Markdown.
    pub body: String,
    /// The same as safe HTML.
    pub html: String,
    /// The member who wrote it.
    pub author_id: Option<UserId>,
    /// Their name when they wrote it.
    pub author_name: String,
    /// Goes up by one with each change; also the `ETag`.
    pub version: i64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

impl From<Note> for NoteJson {
    fn from(note: Note) -> Self {
        Self {
            html: atlas_web::ui::markdown(&note.body).as_str().to_owned(),
            id: note.id,
            subject: note.subject,
            body: note.body,
            author_id: note.author_id,
            author_name: note.author_name,
            version: note.version,
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}

/// Which notes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListNotes {
    /// The contact, company or deal they are about.
    subject: Option<Ref>,
    /// Rows a page, 1 to 200; 50 unless said.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<i64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

async fn list(ctx: Ctx, input: Input<(), ListNotes>) -> Result<Page<NoteJson>> {
    let query = input.query;
    let page = store::page(&ctx.db, ctx.actor.workspace, query.subject.as_ref(), limit(query.limit)?, query.cursor.as_deref()).await?;
    Ok(page.map(NoteJson::from))
}

/// A note to be written.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewNote {
    /// The contact, company or deal it is about.
    subject: Ref,
    /// Markdown, at most 50,000 characters.
    body: String,
}

async fn create(ctx: Ctx, tx: Tx, input: Input<(), (), NewNote>) -> Result<NoteJson> {
    Ok(verbs::write(&tx, &ctx.actor, &input.body.subject, &input.body.body).await?.into())
}

async fn get(ctx: Ctx, input: Input<IdPath<NoteId>>) -> Result<NoteJson> {
    let found = store::find(&ctx.db, ctx.actor.workspace, input.path.id).await?.filter(|note| note.deleted_at.is_none());
    Ok(found.ok_or(Error::NotFound("note"))?.into())
}

/// What changes of a note.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PatchNote {
    /// Markdown, at most 50,000 characters.
    body: String,
}

async fn update(ctx: Ctx, tx: Tx, input: Input<IdPath<NoteId>, (), PatchNote>) -> Result<NoteJson> {
    Ok(verbs::edit(&tx, &ctx.actor, input.path.id, &input.body.body, ctx.if_match).await?.into())
}

async fn delete(ctx: Ctx, tx: Tx, input: Input<IdPath<NoteId>>) -> Result<()> {
    verbs::delete(&tx, &ctx.actor, input.path.id, ctx.if_match).await.map(|_| ())
}

async fn restore(ctx: Ctx, tx: Tx, input: Input<IdPath<NoteId>>) -> Result<NoteJson> {
    Ok(verbs::restore(&tx, &ctx.actor, input.path.id).await?.into())
}
