//! Notes on contacts and companies.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;

use super::{
    Answer,
    body::{Body, Params},
    call::{Call, READ_FIRMS, READ_PERSON, WRITE_FIRMS, WRITE_PEOPLE, json},
    error::ApiError,
};
use crate::render::{office::NoteView, version::Version};
use crate::sandbox::Sandbox;
use crate::search::page::{Key, Pages, Paging};
use crate::world::{World, index::Index, office::About, refusal::Refusal};

#[derive(Serialize)]
struct NotePage<'a> {
    r#type: &'static str,
    data: Vec<NoteView<'a>>,
    total_count: usize,
    pages: Pages,
}

/// `GET /contacts/{id}/notes`, newest first.
pub async fn of_contact(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, params: Params) -> Answer {
    call.needs(READ_PERSON)?;
    let world = sandbox.look();
    let slot = world.contact(&id).map_err(|r| call.refuse(r))?;
    page(&call, &world, &params, &world.contacts[slot as usize].notes)
}

/// `GET /companies/{id}/notes`, from 2.16 on.
pub async fn of_company(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, params: Params) -> Answer {
    call.needs(READ_FIRMS)?;
    call.since(Version::V2_16)?;
    let world = sandbox.look();
    let about = About::Company(world.company(&id)?);
    let places: Vec<u32> = (0u32..).zip(&world.notes).filter(|(_, n)| n.about == about).map(|(place, _)| place).collect();
    page(&call, &world, &params, &places)
}

fn page(call: &Call, world: &World, params: &Params, places: &[u32]) -> Answer {
    // The description has a cursor, the official clients ask by number: both are taken.
    let paging = Paging { page: params.number("page", 1)?, ..params.paging(50)? };
    let rows = Index::build(places.iter().map(|&p| (world.notes[p as usize].created_at, p)).collect());
    let page = paging.cut(rows.all(), false, |&(at, place)| (Key::Number(at), place));
    let lens = call.lens(world);
    let data = page.slots.iter().map(|&place| lens.note(place as usize)).collect();
    Ok(json(&NotePage { r#type: "list", data, total_count: page.total, pages: page.pages }))
}

/// `POST /contacts/{id}/notes` with `{body, admin_id?}`.
pub async fn on_contact(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    write(&sandbox, &call, &body, |world| world.contact(&id).map(About::Contact))
}

/// `POST /companies/{id}/notes`, from 2.16 on.
pub async fn on_company(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    call.since(Version::V2_16)?;
    write(&sandbox, &call, &body, |world| world.company(&id).map(About::Company))
}

fn write(sandbox: &Sandbox, call: &Call, body: &Body, about: impl FnOnce(&World) -> Result<About, Refusal>) -> Answer {
    let (text, admin) = (body.required("body")?, body.text("admin_id"));
    let change = |world: &mut World| {
        let about = about(world)?;
        let admin = admin.map_or(Ok(0), |id| world.admin(&id).map_err(|_| Refusal::NoNote))?;
        Ok(world.add_note(about, admin, &text))
    };
    let id = sandbox.change(change).map_err(|r| call.refuse(r))?;
    show(sandbox, call, id)
}

/// `GET /notes/{id}`.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(READ_PERSON)?;
    show(&sandbox, &call, id.parse().map_err(|_| ApiError::from(Refusal::NoNote))?)
}

fn show(sandbox: &Sandbox, call: &Call, id: u64) -> Result<Response, ApiError> {
    let world = sandbox.look();
    let place = world.notes.binary_search_by_key(&id, |n| n.id).map_err(|_| Refusal::NoNote)?;
    Ok(json(&call.lens(&world).note(place)))
}
