//! What hangs on a contact: companies, tags, consents, segments.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;

use crate::api::{
    Answer,
    body::{Body, Params},
    call::{Call, READ_PERSON, WRITE_PEOPLE, json},
    error::ApiError,
};
use crate::render::{List, company::CompanyView};
use crate::sandbox::Sandbox;
use crate::world::World;

/// The provider's description says `companies`, its examples say `data`: both are sent.
#[derive(Serialize)]
struct AttachedCompanies<'a> {
    r#type: &'static str,
    companies: Vec<CompanyView<'a>>,
    data: Vec<CompanyView<'a>>,
    total_count: usize,
    pages: NumberedPages,
}

/// `pages` of lists that page by number.
#[derive(Serialize)]
pub struct NumberedPages {
    r#type: &'static str,
    next: Option<String>,
    page: u64,
    per_page: u64,
    total_pages: u64,
}

impl NumberedPages {
    /// The pages of `total` rows; `path` leads to the next one.
    pub fn new(path: &str, page: u64, per_page: u64, total: usize) -> Self {
        let total_pages = (total as u64).div_ceil(per_page).max(1);
        let next = (page < total_pages).then(|| format!("{path}?per_page={per_page}&page={}", page + 1));
        Self { r#type: "pages", next, page, per_page, total_pages }
    }
}

/// `GET /contacts/{id}/companies`.
pub async fn companies(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, params: Params) -> Answer {
    call.needs(READ_PERSON)?;
    let (page, per_page) = (params.number("page", 1)?, params.number("per_page", 50)?);
    let world = sandbox.look();
    let slot = world.contact(&id).map_err(|r| call.refuse(r))?;
    let (lens, held) = (call.lens(&world), &world.contacts[slot as usize].companies);
    let shown = || held.iter().skip(((page - 1) * per_page) as usize).take(per_page as usize).map(|&c| lens.company(c)).collect();
    Ok(json(&AttachedCompanies {
        r#type: "list",
        companies: shown(),
        data: shown(),
        total_count: held.len(),
        pages: NumberedPages::new(&format!("/contacts/{id}/companies"), page, per_page, held.len()),
    }))
}

/// `POST /contacts/{id}/companies` with `{id}`.
pub async fn attach(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let company = body.text("id").ok_or_else(|| ApiError::new(400, "parameter_not_found", "company not specified"))?;
    let change = |world: &mut World| {
        let (contact, company) = (world.contact(&id)?, world.company(&company)?);
        world.attach_company(contact, company).map(|()| company)
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).company(slot)))
}

/// `DELETE /contacts/{id}/companies/{company_id}`.
pub async fn detach(State(sandbox): State<Arc<Sandbox>>, call: Call, Path((id, company)): Path<(String, String)>) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let change = |world: &mut World| {
        let (contact, company) = (world.contact(&id)?, world.company(&company)?);
        world.detach_company(contact, company).map(|()| company)
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).company(slot)))
}

/// `GET /contacts/{id}/tags`: all of them.
pub async fn tags(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(READ_PERSON)?;
    let world = sandbox.look();
    let slot = world.contact(&id).map_err(|r| call.refuse(r))?;
    let lens = call.lens(&world);
    Ok(json(&List::of(world.contacts[slot as usize].tags.iter().map(|&t| lens.tagged(t)).collect())))
}

/// `POST /contacts/{id}/tags` with `{id}`.
pub async fn tag(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let tag = body.required("id")?;
    let change = |world: &mut World| {
        let (contact, tag) = (world.contact(&id)?, world.tag(&tag)?);
        world.tag_contact(contact, tag);
        Ok(tag)
    };
    let place = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).tag(place)))
}

/// `DELETE /contacts/{id}/tags/{tag_id}`.
pub async fn untag(State(sandbox): State<Arc<Sandbox>>, call: Call, Path((id, tag)): Path<(String, String)>) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let change = |world: &mut World| {
        let (contact, tag) = (world.contact(&id)?, world.tag(&tag)?);
        world.untag_contact(contact, tag).map(|()| tag)
    };
    let place = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).tag(place)))
}

/// `GET /contacts/{id}/subscriptions`: nobody has decided anything.
pub async fn consents(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    empty_list(&sandbox, &call, &id)
}

/// `GET /contacts/{id}/segments`: there are none.
pub async fn segments(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    empty_list(&sandbox, &call, &id)
}

fn empty_list(sandbox: &Sandbox, call: &Call, id: &str) -> Answer {
    call.needs(READ_PERSON)?;
    sandbox.look().contact(id).map_err(|r| call.refuse(r))?;
    Ok(json(&List::<()>::of(Vec::new())))
}
