//! Notes on pages: the field they are written in, the form that changes one, deleting and taking back.

use askama::Template;
use atlas_kernel::{Error, Ref, Result};
use atlas_web::ui::Safe;
use atlas_web::{Ctx, Form as Sent, Pages, Query, Reply};
use axum::extract::Path;
use axum::response::{Html, IntoResponse};
use serde::Deserialize;

use super::{Note, store, verbs};
use crate::access::NOTES_WRITE;
use crate::ids::NoteId;
use crate::parts::{Form, FormField, FormPage, Kind, field_errors, fragment_with, part, path_id, with_toast};
use crate::timeline::web::{Asked, section};

/// The route table of notes.
pub(crate) fn pages() -> Pages {
    Pages::new()
        .get("/growth/notes/{id}/edit", NOTES_WRITE, ask)
        .post("/growth/notes/{id}", NOTES_WRITE, change)
        .post("/growth/notes/{id}/delete", NOTES_WRITE, delete)
        .post("/growth/notes/{id}/restore", NOTES_WRITE, restore)
}

/// The field a note is written in.
#[derive(Template)]
#[template(path = "note/writer.html")]
pub(crate) struct Writer<'a> {
    pub action: &'a str,
    pub body: &'a str,
    pub error: Option<String>,
}

/// A writer for the record whose page this is, for those who may write.
///
/// # Errors
/// An internal error when the template cannot be rendered.
pub(crate) fn writer(ctx: &Ctx, page: &str) -> Result<Option<Safe>> {
    if ctx.actor.may(&NOTES_WRITE).is_err() {
        return Ok(None);
    }
    part(&Writer { action: &format!("{page}/notes"), body: "", error: None }).map(Some)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Written {
    body: String,
}

#[derive(Template)]
#[template(path = "note/written.html")]
struct WrittenPart {
    writer: Safe,
    timeline: Safe,
}

/// Writes a note about the record whose page this is; the timeline follows at once.
pub(crate) async fn write(ctx: &Ctx, subject: Ref, page: &str, written: &Written) -> Reply {
    let action = format!("{page}/notes");
    let (actor, about) = (&ctx.actor, &subject);
    let made = ctx.app.db.write(|tx| async move { verbs::write(&tx, actor, about, &written.body).await }).await;
    let empty = match field_errors(made)? {
        Ok(_) if !ctx.partial => return ctx.redirect(page).toast("Note added").reply(),
        Ok(_) => Writer { action: &action, body: "", error: None },
        Err(errors) => {
            let error = errors.first().map(|error| error.message.clone());
            if !ctx.partial {
                return ctx.redirect(page).alert(format!("Not saved: {}.", error.unwrap_or_default())).reply();
            }
            return fragment_with(422, &Writer { action: &action, body: &written.body, error });
        }
    };
    let timeline = part(&section(ctx, &subject, page.to_owned(), &Asked::default()).await?)?;
    ctx.fragment(&WrittenPart { writer: part(&empty)?, timeline })
}

/// Which page a note is seen on.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Seen {
    page: String,
    kind: String,
    body: String,
}

impl Seen {
    /// The record whose page it is, and that page's address: the note's own unless another one shows it.
    fn place(&self, note: &Note) -> (Ref, String) {
        let subject: Ref = self.page.parse().unwrap_or_else(|_| note.subject.clone());
        let folder = match subject.kind() {
            "company" => "companies",
            "deal" => "deals",
            _ => "contacts",
        };
        let page = format!("/growth/{folder}/{subject}");
        (subject, page)
    }
}

async fn load(ctx: &Ctx, id: &str) -> Result<Note> {
    let id: NoteId = path_id(id, "note")?;
    store::find(&ctx.app.db, ctx.actor.workspace, id).await?.ok_or(Error::NotFound("note"))
}

fn form(note: &Note, seen: &Seen, body: &str) -> Form {
    let mut field = FormField::line("body", "Note", body).kind(Kind::Lines).wide().needed().hint("Markdown.");
    field.first = true;
    Form {
        id: "note-edit",
        action: format!("/growth/notes/{}", note.id),
        fields: vec![field],
        hidden: vec![("page", seen.page.clone())],
        submit: "Save note",
        cancel: seen.place(note).1,
        failure: None,
    }
}

async fn ask(ctx: Ctx, Path(id): Path<String>, Query(seen): Query<Seen>) -> Reply {
    let note = load(&ctx, &id).await?;
    if note.deleted_at.is_some() {
        return Err(Error::NotFound("note").into());
    }
    page(&ctx, &note, &form(&note, &seen, &note.body), 200)
}

fn page(ctx: &Ctx, note: &Note, form: &Form, status: u16) -> Reply {
    let content = FormPage { title: "Change note", form, partial: ctx.partial };
    let back = verbs::url(note);
    ctx.page("Change note").crumb("Growth", None).crumb("Record", Some(&back)).crumb("Change note", None).status(status).html(&content)
}

async fn change(ctx: Ctx, Path(id): Path<String>, Sent(seen): Sent<Seen>) -> Reply {
    let note = load(&ctx, &id).await?;
    let (actor, note_id, body) = (&ctx.actor, note.id, seen.body.as_str());
    let changed = ctx.app.db.write(|tx| async move { verbs::edit(&tx, actor, note_id, body, None).await }).await;
    match field_errors(changed)? {
        Ok(_) => ctx.redirect(seen.place(&note).1).toast("Note changed").reply(),
        Err(errors) => {
            let form = form(&note, &seen, body).refused(errors, &[]);
            if ctx.partial { fragment_with(422, &form) } else { page(&ctx, &note, &form, 422) }
        }
    }
}

async fn delete(ctx: Ctx, Path(id): Path<String>, Sent(seen): Sent<Seen>) -> Reply {
    let note = load(&ctx, &id).await?;
    let (actor, note_id) = (&ctx.actor, note.id);
    ctx.app.db.write(|tx| async move { verbs::delete(&tx, actor, note_id, None).await }).await?;
    let (subject, page) = seen.place(&note);
    let undo = format!("/growth/notes/{note_id}/restore");
    if !ctx.partial {
        return ctx.redirect(page).toast("Note deleted").undo(undo).reply();
    }
    let asked = Asked { kind: seen.kind, ..Asked::default() };
    let timeline = part(&section(&ctx, &subject, page, &asked).await?)?;
    Ok(with_toast(Html(timeline.to_string()).into_response(), "Note deleted", Some(&undo)))
}

async fn restore(ctx: Ctx, Path(id): Path<String>) -> Reply {
    let note = load(&ctx, &id).await?;
    let (actor, note_id) = (&ctx.actor, note.id);
    let note = ctx.app.db.write(|tx| async move { verbs::restore(&tx, actor, note_id).await }).await?;
    ctx.redirect(verbs::url(&note)).toast("Note is back").reply()
}
