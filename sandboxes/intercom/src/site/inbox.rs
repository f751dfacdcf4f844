//! The inbox: conversations, one conversation, and writing in it as anybody.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Done, Frame, back, missing, page, page_as, words};
use crate::sandbox::Sandbox;
use crate::world::{
    Slot, World,
    contact::ContactFields,
    office::as_text,
    part::{Author, Part},
    refusal::Refusal,
    talk::Opening,
};

const PER_PAGE: usize = 25;

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    frame: Frame,
    total: usize,
    rows: Vec<Row>,
    page: usize,
    more: bool,
}

struct Row {
    id: u64,
    who: String,
    when: String,
    excerpt: String,
    state: &'static str,
    parts: u32,
}

/// `GET /`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    let number = done.page.unwrap_or(1).max(1);
    let world = sandbox.look();
    let all = world.conversations_by_update.all();
    let shown = all.iter().rev().skip((number - 1) * PER_PAGE).take(PER_PAGE);
    let rows = shown.map(|&(at, slot)| {
        let c = &world.conversations[slot as usize];
        Row {
            id: c.id,
            who: customer(&world, slot),
            when: words::when(at, &sandbox.zone),
            excerpt: words::excerpt(&as_text(&c.source.body)),
            state: c.state.word(),
            parts: c.tally.parts,
        }
    });
    page(&Inbox {
        frame: Frame::new("Inbox", "inbox").done(&done),
        total: all.len(),
        rows: rows.collect(),
        page: number,
        more: number * PER_PAGE < all.len(),
    })
}

fn customer(world: &World, slot: Slot) -> String {
    let contact = world.conversations[slot as usize].contacts.first().map(|&s| &world.contacts[s as usize]);
    let name = contact.filter(|c| !c.deleted).and_then(|c| c.name.clone().or_else(|| c.email.clone()));
    name.unwrap_or_else(|| "Somebody without a name".to_owned())
}

#[derive(Template)]
#[template(path = "inbox_new.html")]
struct Blank {
    frame: Frame,
    email: String,
    suggestions: Vec<String>,
}

/// `GET /inbox/new`.
pub async fn blank(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    let world = sandbox.look();
    let newest = world.contacts_by_creation.all().iter().rev().map(|r| &world.contacts[r.1 as usize]);
    let suggestions: Vec<String> = newest.filter(|c| !c.lead).filter_map(|c| c.email.clone()).take(20).collect();
    page(&Blank { frame: Frame::new("New conversation", "inbox"), email: done.email.unwrap_or_default(), suggestions })
}

#[derive(Deserialize)]
pub struct StartForm {
    email: String,
    #[serde(default)]
    name: String,
    body: String,
}

/// `POST /inbox/new`.
pub async fn start(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<StartForm>) -> Response {
    let change = |world: &mut World| {
        let contact = match world.user_by_email.get(&form.email.to_lowercase()) {
            Some(&slot) => slot,
            None => {
                let name = Some(form.name.clone()).filter(|n| !n.trim().is_empty());
                world.create_contact(ContactFields {
                    email: Some(Some(form.email.clone())),
                    name: Some(name),
                    ..ContactFields::default()
                })?
            }
        };
        let opening =
            Opening { contact, author: Author::Contact(contact), kind: "conversation", subject: String::new(), body: form.body.clone() };
        let slot = world.start_conversation(opening);
        Ok::<_, Refusal>(world.conversations[slot as usize].id)
    };
    match sandbox.change(change) {
        Ok(id) => back(&format!("/inbox/{id}"), "started"),
        Err(refusal) => {
            let frame = Frame::new("New conversation", "inbox").problem(format!("The conversation was not started: {refusal:?}"));
            page_as(StatusCode::UNPROCESSABLE_ENTITY, &Blank { frame, email: form.email, suggestions: Vec::new() })
        }
    }
}

#[derive(Template)]
#[template(path = "conversation.html")]
struct Thread {
    frame: Frame,
    id: u64,
    who: String,
    state: &'static str,
    contact: Option<String>,
    hidden: usize,
    entries: Vec<Entry>,
}

struct Entry {
    id: u64,
    class: &'static str,
    author: String,
    kind: &'static str,
    when: String,
    words: Option<String>,
    removable: bool,
}

/// `GET /inbox/{id}`.
pub async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Query(done): Query<Done>) -> Response {
    let cap = sandbox.settings().part_cap;
    let world = sandbox.look();
    let Ok(slot) = world.conversation(&id) else { return missing("The conversation") };
    let c = &world.conversations[slot as usize];
    let parts = world.parts(slot);
    let hidden = parts.len().saturating_sub(cap);
    let opening = Entry {
        id: c.source.id,
        class: if matches!(c.source.author, Some(Author::Contact(_))) { "user" } else { "" },
        author: name(&world, c.source.author.unwrap_or(Author::Bot)),
        kind: "opening message",
        when: words::when(c.created_at, &sandbox.zone),
        words: Some(as_text(&c.source.body)),
        removable: false,
    };
    let entries = std::iter::once(opening).chain(parts[hidden..].iter().map(|part| entry(&sandbox, &world, part))).collect();
    let contact = c.contacts.first().map(|&s| &world.contacts[s as usize]).filter(|c| !c.deleted).map(|c| c.id.clone());
    let who = customer(&world, slot);
    page(&Thread { frame: Frame::new(who.clone(), "inbox").done(&done), id: c.id, who, state: c.state.word(), contact, hidden, entries })
}

fn entry(sandbox: &Sandbox, world: &World, part: &Part) -> Entry {
    let class = match (part.is_note(), &part.body, part.author) {
        (true, _, _) => "note",
        (_, None, _) => "event",
        (_, _, Author::Contact(_)) => "user",
        _ => "",
    };
    Entry {
        id: part.id,
        class,
        author: name(world, part.author),
        kind: part.kind,
        when: words::when(part.created_at, &sandbox.zone),
        words: part.body.as_deref().map(as_text),
        removable: part.body.is_some() && !part.redacted,
    }
}

fn name(world: &World, author: Author) -> String {
    match author {
        Author::Contact(slot) => world.contacts[slot as usize].name.clone().unwrap_or_else(|| "Customer".to_owned()),
        Author::Admin(place) => world.admins[place as usize].name.clone(),
        Author::Bot => "Operator".to_owned(),
    }
}

#[derive(Deserialize)]
pub struct WriteForm {
    body: String,
    voice: String,
}

/// `POST /inbox/{id}/write`: as the customer, as an admin, or as a note.
pub async fn write(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Form(form): Form<WriteForm>) -> Response {
    let change = |world: &mut World| {
        let slot = world.conversation(&id)?;
        match form.voice.as_str() {
            "note" => world.note(slot, 0, &form.body),
            "admin" => world.reply(slot, Author::Admin(0), &form.body),
            _ => {
                let contact = *world.conversations[slot as usize].contacts.first().ok_or(Refusal::NoContact)?;
                world.reply(slot, Author::Contact(contact), &form.body)
            }
        };
        Ok::<_, Refusal>(())
    };
    match sandbox.change(change) {
        Ok(()) => back(&format!("/inbox/{id}"), if form.voice == "note" { "noted" } else { "written" }),
        Err(_) => missing("The conversation"),
    }
}

#[derive(Deserialize)]
pub struct ActForm {
    deed: String,
}

/// `POST /inbox/{id}/act`: close, open, assign or delete.
pub async fn act(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Form(form): Form<ActForm>) -> Response {
    let change = |world: &mut World| {
        let slot = world.conversation(&id)?;
        match form.deed.as_str() {
            "close" => drop(world.close(slot, 0, None)),
            "open" => drop(world.open(slot, 0)),
            "assign" => drop(world.assign(slot, 0, Some(0), None)),
            "delete" => world.delete_conversation(slot),
            _ => return Err(Refusal::NoConversation),
        }
        Ok(())
    };
    match sandbox.change(change) {
        Ok(()) if form.deed == "delete" => back("/", "deleted"),
        Ok(()) => back(&format!("/inbox/{id}"), "changed"),
        Err(_) => missing("The conversation"),
    }
}

#[derive(Deserialize)]
pub struct RedactForm {
    part: u64,
}

/// `POST /inbox/{id}/redact`.
pub async fn redact(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Form(form): Form<RedactForm>) -> Response {
    let done = sandbox.change(|world| world.conversation(&id).and_then(|slot| world.redact_part(slot, form.part)));
    if done.is_ok() { back(&format!("/inbox/{id}"), "redacted") } else { missing("The message") }
}
