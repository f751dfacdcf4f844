//! `POST /contacts/merge`: a lead becomes part of a user.

use std::sync::Arc;

use axum::extract::State;

use crate::api::{
    Answer,
    body::Body,
    call::{Call, WRITE_PEOPLE, json},
};
use crate::sandbox::Sandbox;
use crate::world::World;

/// Answers with the surviving contact.
pub async fn merge(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    call.needs(WRITE_PEOPLE)?;
    let (from, into) = (body.required("from")?, body.required("into")?);
    let skip = body.0.get("skip_duplicate_validation").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let change = |world: &mut World| {
        let (from, into) = (world.contact(&from)?, world.contact(&into)?);
        world.merge_contacts(from, into, skip).map(|()| into)
    };
    let slot = sandbox.change(change).map_err(|r| call.refuse(r))?;
    let world = sandbox.look();
    Ok(json(&call.lens(&world).contact(slot)))
}
