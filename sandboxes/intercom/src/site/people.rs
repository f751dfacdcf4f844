//! People: the list, making, changing, archiving, merging and deleting a contact.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Done, Frame, back, missing, page, page_as, words};
use crate::sandbox::Sandbox;
use crate::world::{World, contact::ContactFields, refusal::Refusal};

const PER_PAGE: usize = 25;

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    frame: Frame,
    total: usize,
    rows: Vec<Row>,
    page: usize,
    more: bool,
}

struct Row {
    id: String,
    name: String,
    email: String,
    role: &'static str,
    when: String,
}

/// `GET /people`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    let number = done.page.unwrap_or(1).max(1);
    let world = sandbox.look();
    let all = world.contacts_by_creation.all();
    let rows = all.iter().rev().skip((number - 1) * PER_PAGE).take(PER_PAGE).map(|&(at, slot)| {
        let c = &world.contacts[slot as usize];
        Row {
            id: c.id.clone(),
            name: c.name.clone().unwrap_or_else(|| "Without a name".to_owned()),
            email: c.email.clone().or_else(|| c.phone.clone()).unwrap_or_default(),
            role: if c.lead { "lead" } else { "user" },
            when: words::when(at, &sandbox.zone),
        }
    });
    page(&People {
        frame: Frame::new("People", "people").done(&done),
        total: all.len(),
        rows: rows.collect(),
        page: number,
        more: number * PER_PAGE < all.len(),
    })
}

#[derive(Template)]
#[template(path = "person.html")]
struct Person {
    frame: Frame,
    id: Option<String>,
    name: String,
    email: String,
    phone: String,
    role: &'static str,
    external_id: String,
    companies: String,
    tags: String,
    notes: usize,
    archived: bool,
}

impl Person {
    fn new(frame: Frame, form: PersonForm) -> Self {
        let role = if form.role == "lead" { "lead" } else { "user" };
        let empty = String::new;
        Self {
            frame,
            id: None,
            name: form.name,
            email: form.email,
            phone: form.phone,
            role,
            external_id: empty(),
            companies: empty(),
            tags: empty(),
            notes: 0,
            archived: false,
        }
    }
}

/// `GET /people/new`.
pub async fn blank() -> Response {
    page(&Person::new(Frame::new("Create a contact", "people"), PersonForm::default()))
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct PersonForm {
    name: String,
    email: String,
    phone: String,
    role: String,
}

impl PersonForm {
    fn fields(&self) -> ContactFields {
        let text = |value: &str| Some(Some(value.trim().to_owned()));
        ContactFields {
            role: Some(self.role.clone()),
            name: text(&self.name),
            email: text(&self.email),
            phone: text(&self.phone),
            ..ContactFields::default()
        }
    }
}

/// `POST /people/new`.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<PersonForm>) -> Response {
    let made = sandbox.change(|world| world.create_contact(form.fields()).map(|slot| world.contacts[slot as usize].id.clone()));
    match made {
        Ok(id) => back(&format!("/people/{id}"), "created"),
        Err(refusal) => refused(Person::new(Frame::new("Create a contact", "people"), form), &refusal),
    }
}

/// `GET /people/{id}`.
pub async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Query(done): Query<Done>) -> Response {
    let world = sandbox.look();
    let Ok(slot) = world.contact(&id) else { return missing("The contact") };
    let c = &world.contacts[slot as usize];
    let join = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let name = c.name.clone().unwrap_or_default();
    let title = if name.is_empty() { "Without a name".to_owned() } else { name.clone() };
    page(&Person {
        frame: Frame::new(title, "people").done(&done),
        id: Some(c.id.clone()),
        name,
        email: c.email.clone().unwrap_or_default(),
        phone: c.phone.clone().unwrap_or_default(),
        role: if c.lead { "lead" } else { "user" },
        external_id: c.external_id.clone().unwrap_or_else(|| "none".to_owned()),
        companies: join(c.companies.iter().filter_map(|&s| world.companies[s as usize].name.as_deref()).collect()),
        tags: join(c.tags.iter().map(|t| world.tags[t.tag as usize].name.as_str()).collect()),
        notes: c.notes.len(),
        archived: c.archived,
    })
}

/// `POST /people/{id}`.
pub async fn save(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Form(form): Form<PersonForm>) -> Response {
    let saved = sandbox.change(|world| world.contact(&id).and_then(|slot| world.update_contact(slot, form.fields())));
    match saved {
        Ok(()) => back(&format!("/people/{id}"), "saved"),
        Err(Refusal::NoContact | Refusal::Merged(_)) => missing("The contact"),
        Err(refusal) => refused(Person { id: Some(id), ..Person::new(Frame::new("Contact", "people"), form) }, &refusal),
    }
}

fn refused(mut person: Person, refusal: &Refusal) -> Response {
    person.frame = person.frame.problem(match refusal {
        Refusal::Duplicate { id, .. } => format!("A contact with those details exists already: {id}."),
        Refusal::Invalid { message, .. } => format!("Not saved: {message}."),
        other => format!("Not saved: {other:?}."),
    });
    page_as(StatusCode::UNPROCESSABLE_ENTITY, &person)
}

#[derive(Deserialize)]
pub struct ActForm {
    deed: String,
}

/// `POST /people/{id}/act`: archive, unarchive or delete.
pub async fn act(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Form(form): Form<ActForm>) -> Response {
    let change = |world: &mut World| {
        let slot = world.contact(&id)?;
        match form.deed.as_str() {
            "archive" => world.archive_contact(slot, true),
            "unarchive" => world.archive_contact(slot, false),
            "delete" => world.delete_contact(slot),
            _ => return Err(Refusal::NoContact),
        }
        Ok(())
    };
    match sandbox.change(change) {
        Ok(()) if form.deed == "delete" => back("/people", "deleted"),
        Ok(()) => back(&format!("/people/{id}"), "saved"),
        Err(_) => missing("The contact"),
    }
}

#[derive(Deserialize)]
pub struct MergeForm {
    into: String,
}

/// `POST /people/{id}/merge`: this lead into the user with that address.
pub async fn merge(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<String>, Form(form): Form<MergeForm>) -> Response {
    let change = |world: &mut World| {
        let from = world.contact(&id)?;
        let into = *world.user_by_email.get(&form.into.to_lowercase()).ok_or(Refusal::NoContact)?;
        world.merge_contacts(from, into, true).map(|()| world.contacts[into as usize].id.clone())
    };
    match sandbox.change(change) {
        Ok(into) => back(&format!("/people/{into}"), "merged"),
        Err(_) => missing("A user with this address"),
    }
}
