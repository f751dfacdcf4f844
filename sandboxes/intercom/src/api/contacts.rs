//! `/contacts`: list, search, read, find, create, update, delete.

pub mod attached;
pub mod merge;
pub mod state;

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;

use super::{
    Answer,
    body::{Body, Params},
    call::{Call, READ_PEOPLE, READ_PERSON, WRITE_PEOPLE, json},
};
use crate::render::contact::{ContactReference, ContactView};
use crate::sandbox::Sandbox;
use crate::search::{
    Table,
    page::{Key, Page, Pages},
    plan::Search,
};
use crate::world::{World, refusal::Refusal};

/// A page of contacts.
#[derive(Serialize)]
pub struct ContactPage<'a> {
    r#type: &'static str,
    data: Vec<ContactView<'a>>,
    total_count: usize,
    pages: Pages,
}

impl<'a> ContactPage<'a> {
    /// The contacts of a page as this call sees them.
    pub fn of(call: &Call, world: &'a World, page: Page) -> Self {
        let lens = call.lens(world);
        let data = page.slots.into_iter().map(|slot| lens.contact(slot)).collect();
        Self { r#type: "list", data, total_count: page.total, pages: page.pages }
    }
}

/// `GET /contacts`, newest first.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.needs(READ_PEOPLE)?;
    let paging = params.paging(50)?;
    let world = sandbox.look();
    let page = paging.cut(world.contacts_by_creation.all(), false, |&(at, slot)| (Key::Number(at), slot));
    Ok(json(&ContactPage::of(&call, &world, page)))
}

/// `POST /contacts/search`.
pub async fn search(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(READ_PEOPLE)?;
    let search = Search::parse(&body.0, &call.rules(Table::Contacts, &sandbox))?;
    let world = sandbox.look();
    let page = search.run(&world);
    Ok(json(&ContactPage::of(&call, &world, page)))
}

/// `GET /contacts/{id}`.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(READ_PERSON)?;
    let world = sandbox.look();
    let slot = world.contact(&id).map_err(|r| call.refuse(r))?;
    Ok(json(&call.lens(&world).contact(slot)))
}

/// `GET /contacts/find_by_external_id/{external_id}`: users only.
pub async fn find(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(external_id): Path<String>) -> Answer {
    call.needs(READ_PERSON)?;
    let world = sandbox.look();
    let found = world.contact_by_external_id.get(&external_id).copied();
    let slot = found.filter(|&s| !world.contacts[s as usize].lead).ok_or(Refusal::NoContact)?;
    Ok(json(&call.lens(&world).contact(slot)))
}

/// `POST /contacts`.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let fields = body.read()?;
    let slot = sandbox.change(|world| world.create_contact(fields))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).contact(slot)))
}

/// `PUT /contacts/{id}`: only the fields sent.
pub async fn update(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let fields = body.read()?;
    let change = |world: &mut World| {
        let slot = world.contact(&id)?;
        world.update_contact(slot, fields).map(|()| slot)
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).contact(slot)))
}

/// `DELETE /contacts/{id}`.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let change = |world: &mut World| {
        let slot = world.contact(&id)?;
        world.delete_contact(slot);
        Ok(world.contacts[slot as usize].external_id.clone())
    };
    let external_id = sandbox.change(change).map_err(|r| call.refuse(r))?;
    Ok(json(&ContactReference { deleted: Some(true), ..ContactReference::new(&id, external_id.as_deref()) }))
}
