//! `/tags`: list, read, create or rename, delete.

use std::sync::Arc;

use axum::body::Body as Raw;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as object};

use super::{
    Answer,
    body::Body,
    call::{Call, READ_FIRMS, WRITE_FIRMS, json},
    error::ApiError,
};
use crate::render::{List, office::TagView};
use crate::sandbox::Sandbox;
use crate::world::{Slot, World, refusal::Refusal};

/// `GET /tags`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call) -> Answer {
    call.needs(READ_FIRMS)?;
    let world = sandbox.look();
    let lens = call.lens(&world);
    let places = (0..world.tags.len()).filter(|&p| !world.tags[p].deleted);
    Ok(json(&List::of(places.map(|place| lens.tag(place)).collect())))
}

/// `GET /tags/{id}`.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(READ_FIRMS)?;
    let world = sandbox.look();
    let place = world.tag(&id)?;
    Ok(json(&call.lens(&world).tag(place)))
}

/// One row of `users` or `companies` in a request.
#[derive(Deserialize)]
struct Row {
    id: Option<String>,
    company_id: Option<String>,
    #[serde(default)]
    untag: bool,
}

/// A tag, and what was tagged or untagged with it.
#[derive(Serialize)]
struct Saved<'a> {
    #[serde(flatten)]
    tag: TagView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    companies: Option<Vec<Value>>,
}

/// `POST /tags` with `{name}`, `{id, name}` to rename, or `{name, users | companies: [{id, untag?}]}` to tag many.
pub async fn save(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    let name = body.text("name").filter(|n| !n.trim().is_empty()).ok_or_else(|| ApiError::invalid("invalid tag parameters"))?;
    let id = body.text("id");
    let (users, companies) = (rows(&body, "users")?, rows(&body, "companies")?);
    let change = |world: &mut World| {
        let (people, firms) = (found_people(world, users.as_deref())?, found_firms(world, companies.as_deref())?);
        let place = match &id {
            None => world.tag_named(&name)?,
            Some(id) => world.tag(id)?,
        };
        if id.is_some() {
            world.tags[place].name.clone_from(&name);
        }
        for (slot, untag) in people {
            // Taking off a tag that is not there changes nothing.
            if untag { drop(world.untag_contact(slot, place)) } else { world.tag_contact(slot, place) }
        }
        firms.into_iter().for_each(|(slot, untag)| world.tag_company(slot, place, !untag));
        Ok::<_, Refusal>(place)
    };
    let place = sandbox.change(change)?;
    let world = sandbox.look();
    let tag = call.lens(&world).tag(place);
    Ok(json(&Saved { tag, users: users.as_deref().map(outcome), companies: companies.as_deref().map(outcome) }))
}

fn rows(body: &Body, name: &str) -> Result<Option<Vec<Row>>, ApiError> {
    let given = body.0.get(name).cloned();
    given.map(serde_json::from_value).transpose().map_err(|_| ApiError::invalid("invalid tag parameters"))
}

fn found_people(world: &World, rows: Option<&[Row]>) -> Result<Vec<(Slot, bool)>, Refusal> {
    let one = |row: &Row| world.contact(row.id.as_deref().unwrap_or_default()).map(|slot| (slot, row.untag));
    rows.unwrap_or_default().iter().map(one).collect()
}

fn found_firms(world: &World, rows: Option<&[Row]>) -> Result<Vec<(Slot, bool)>, Refusal> {
    let one = |row: &Row| {
        let by_ours = row.company_id.as_ref().and_then(|id| world.company_by_company_id.get(id).copied());
        let slot = by_ours.map_or_else(|| world.company(row.id.as_deref().unwrap_or_default()), Ok)?;
        Ok((slot, row.untag))
    };
    rows.unwrap_or_default().iter().map(one).collect()
}

fn outcome(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(|row| object!({ "id": row.id.as_ref().or(row.company_id.as_ref()), "tagged": !row.untag })).collect()
}

/// `DELETE /tags/{id}`; refused while something carries it.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(WRITE_FIRMS)?;
    let change = |world: &mut World| {
        let place = world.tag(&id)?;
        let by_person = world.contacts.iter().any(|c| c.listed() && c.tags.iter().any(|t| t.tag as usize == place));
        if by_person || world.companies.iter().any(|c| !c.deleted && c.tags.contains(&(place as u32))) {
            return Err(Refusal::Invalid {
                code: "tag_has_dependent_objects",
                message: "Unable to delete Tag with dependent objects".into(),
            });
        }
        world.tags[place].deleted = true;
        Ok(())
    };
    sandbox.change(change)?;
    Ok(Response::new(Raw::empty()))
}
