//! `/companies`: list, find, read, create or update, delete, and who belongs to one.

pub mod scroll;

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;
use serde_json::json as object;

use super::{
    Answer,
    body::{Body, Params},
    call::{Call, READ_FIRM, READ_FIRMS, WRITE_FIRMS, json},
    contacts::{ContactPage, attached::NumberedPages},
    error::ApiError,
};
use crate::render::company::CompanyView;
use crate::sandbox::Sandbox;
use crate::search::page::Key;
use crate::world::{Slot, World, company::CompanyFields, index::Index, refusal::Refusal};

#[derive(Serialize)]
struct CompanyPage<'a> {
    r#type: &'static str,
    data: Vec<CompanyView<'a>>,
    pages: NumberedPages,
    total_count: usize,
}

/// `GET /companies`: one by `company_id` or `name`, else the list, of a tag or segment if asked.
pub async fn list_or_find(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.needs(READ_FIRMS)?;
    let world = sandbox.look();
    if let Some(key) = params.get("company_id") {
        let slot = *world.company_by_company_id.get(key).ok_or(Refusal::NoCompany)?;
        return Ok(json(&call.lens(&world).company(slot)));
    }
    if let Some(name) = params.get("name") {
        let slot = (0u32..).zip(&world.companies).find(|(_, c)| !c.deleted && c.name.as_deref() == Some(name));
        return Ok(json(&call.lens(&world).company(slot.ok_or(Refusal::NoCompany)?.0)));
    }
    if params.get("segment_id").is_some() {
        return page(&call, &world, &params, &[]);
    }
    let mut rows: Vec<Slot> = world.companies_by_request.all().iter().rev().map(|r| r.1).collect();
    if let Some(tag) = params.get("tag_id") {
        let tag = world.tag(tag)? as u32;
        rows.retain(|&slot| world.companies[slot as usize].tags.contains(&tag));
    }
    page(&call, &world, &params, &rows)
}

/// `POST /companies/list`: companies with people, last active first unless `order=asc`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call, params: Params) -> Answer {
    call.needs(READ_FIRMS)?;
    let world = sandbox.look();
    let mut rows: Vec<Slot> = world.companies_by_request.all().iter().map(|r| r.1).collect();
    match params.get("order") {
        Some("asc") => {}
        None | Some("desc") => rows.reverse(),
        Some(other) => return Err(ApiError::invalid(format!("order must be asc or desc, not {other}"))),
    }
    page(&call, &world, &params, &rows)
}

fn page(call: &Call, world: &World, params: &Params, rows: &[Slot]) -> Answer {
    let (number, size) = (params.number("page", 1)?, params.number("per_page", 15)?);
    if size > crate::search::page::MOST_PER_PAGE {
        return Err(ApiError::new(400, "client_error", "Per Page is too big"));
    }
    if number > 1 && number * size > call.settings.company_limit.max(size) {
        return Err(ApiError::new(400, "bad_request", "page limit reached, please use scroll API"));
    }
    let lens = call.lens(world);
    let shown = rows.iter().skip(((number - 1) * size) as usize).take(size as usize);
    Ok(json(&CompanyPage {
        r#type: "list",
        data: shown.map(|&slot| lens.company(slot)).collect(),
        pages: NumberedPages::new("/companies/list", number, size, rows.len()),
        total_count: rows.len(),
    }))
}

/// `GET /companies/{id}` by Intercom's id.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(READ_FIRM)?;
    let world = sandbox.look();
    let slot = world.company(&id)?;
    Ok(json(&call.lens(&world).company(slot)))
}

/// `POST /companies`: creates, or updates the one with that `company_id`.
pub async fn save(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    known_only(&body, true)?;
    let fields: CompanyFields = body.read()?;
    if fields.company_id.as_deref().is_none_or(str::is_empty) {
        return Err(ApiError::new(400, "bad_request", "company_id is required"));
    }
    let slot = sandbox.change(|world| world.save_company(fields))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).company(slot)))
}

/// What a company may be written with; `company_id` and two more only when it is looked up by it.
const WRITABLE: [&str; 7] = ["name", "plan", "size", "website", "industry", "custom_attributes", "monthly_spend"];
const WRITABLE_BY_KEY: [&str; 3] = ["company_id", "remote_created_at", "update_last_request_at"];

/// Unlike those of contacts, unknown parameters of companies are refused.
fn known_only(body: &Body, by_key: bool) -> Result<(), ApiError> {
    let known = |name: &str| WRITABLE.contains(&name) || (by_key && WRITABLE_BY_KEY.contains(&name));
    match body.0.as_object().into_iter().flatten().find(|(name, _)| !known(name)) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::new(400, "bad_request", format!("bad '{name}' parameter"))),
    }
}

/// `PUT /companies/{id}`; `company_id` cannot be changed.
pub async fn update(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    known_only(&body, false)?;
    let fields: CompanyFields = body.read()?;
    let change = |world: &mut World| {
        let slot = world.company(&id)?;
        world.update_company(slot, fields).map(|()| slot)
    };
    let slot = sandbox.change(change)?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).company(slot)))
}

/// `DELETE /companies/{id}`.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(WRITE_FIRMS)?;
    sandbox.change(|world| world.company(&id).map(|slot| world.delete_company(slot)))?;
    Ok(json(&object!({ "id": id, "object": "company", "deleted": true })))
}

/// `GET /companies/{id}/contacts`.
pub async fn contacts(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>, params: Params) -> Answer {
    call.needs(READ_FIRM)?;
    let paging = params.paging(50)?;
    let world = sandbox.look();
    let slot = world.company(&id)?;
    let people = world.contacts_of_company.get(&slot).map(Vec::as_slice).unwrap_or_default();
    let listed = people.iter().filter(|&&c| world.contacts[c as usize].listed());
    let rows = Index::build(listed.map(|&c| (world.contacts[c as usize].created_at, c)).collect());
    let page = paging.cut(rows.all(), false, |&(at, slot)| (Key::Number(at), slot));
    Ok(json(&ContactPage::of(&call, &world, page)))
}
