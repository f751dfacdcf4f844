//! Archiving, bringing back and blocking contacts.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use crate::api::{
    Answer,
    call::{Call, WRITE_PEOPLE, json},
};
use crate::render::contact::ContactReference;
use crate::sandbox::Sandbox;
use crate::world::{Slot, World};

/// `POST /contacts/{id}/archive`.
pub async fn archive(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    let slot = apply(&sandbox, &call, &id, |world, slot| world.archive_contact(slot, true))?;
    Ok(reply(&sandbox, slot, |r| ContactReference { archived: Some(true), ..r }))
}

/// `POST /contacts/{id}/unarchive`.
pub async fn unarchive(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    let slot = apply(&sandbox, &call, &id, |world, slot| world.archive_contact(slot, false))?;
    Ok(reply(&sandbox, slot, |r| ContactReference { archived: Some(false), ..r }))
}

/// `POST /contacts/{id}/block`: blocks and archives.
pub async fn block(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    let slot = apply(&sandbox, &call, &id, |world, slot| {
        world.contacts[slot as usize].blocked = true;
        world.archive_contact(slot, true);
    })?;
    Ok(reply(&sandbox, slot, |r| ContactReference { blocked: Some(true), ..r }))
}

fn apply(sandbox: &Sandbox, call: &Call, id: &str, verb: impl FnOnce(&mut World, Slot)) -> Result<Slot, crate::api::error::ApiError> {
    call.needs(WRITE_PEOPLE)?;
    let change = |world: &mut World| {
        let slot = world.contact(id)?;
        verb(world, slot);
        Ok(slot)
    };
    sandbox.change(change).map_err(|r| call.refuse(r))
}

fn reply(sandbox: &Sandbox, slot: Slot, mark: impl for<'a> FnOnce(ContactReference<'a>) -> ContactReference<'a>) -> Response {
    let world = sandbox.look();
    json(&mark(sandbox.lens(&world).contact_reference(slot)))
}
