//! `/tags`: list, read, create or rename, delete.

use std::sync::Arc;

use axum::body::Body as Raw;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{
    Answer,
    body::Body,
    call::{Call, READ_FIRMS, WRITE_FIRMS, json},
    error::ApiError,
};
use crate::render::List;
use crate::sandbox::Sandbox;
use crate::world::{World, refusal::Refusal};

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

/// `POST /tags` with `{name}`, or `{id, name}` to rename.
pub async fn save(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(WRITE_FIRMS)?;
    let name = body.text("name").filter(|n| !n.trim().is_empty()).ok_or_else(|| ApiError::invalid("invalid tag parameters"))?;
    let id = body.text("id");
    let change = |world: &mut World| match &id {
        None => world.tag_named(&name),
        Some(id) => {
            let place = world.tag(id)?;
            world.tags[place].name.clone_from(&name);
            Ok(place)
        }
    };
    let place = sandbox.change(change)?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).tag(place)))
}

/// `DELETE /tags/{id}`; refused while something carries it.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(WRITE_FIRMS)?;
    let change = |world: &mut World| {
        let place = world.tag(&id)?;
        let carried = |tags: &[u32]| tags.contains(&(place as u32));
        if world.contacts.iter().any(|c| c.listed() && carried(&c.tags)) || world.companies.iter().any(|c| !c.deleted && carried(&c.tags)) {
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
