//! `/me`, `/admins` and `/teams`.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json as object;

use super::{
    Answer,
    call::{Call, json},
    error::ApiError,
};
use crate::app::Scope;
use crate::sandbox::Sandbox;

/// `GET /me`: the admin behind the token and the workspace.
pub async fn me(State(sandbox): State<Arc<Sandbox>>, call: Call) -> Answer {
    if call.settings.me_needs_read_admins {
        call.needs(&[Scope::ReadAdmins])?;
    }
    let world = sandbox.look();
    Ok(json(&call.lens(&world).me(0)))
}

/// `GET /admins`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call) -> Answer {
    call.needs(&[Scope::ReadAdmins])?;
    let world = sandbox.look();
    let lens = call.lens(&world);
    let admins: Vec<_> = (0..world.admins.len()).map(|place| lens.admin(place)).collect();
    Ok(json(&object!({ "type": "admin.list", "admins": admins })))
}

/// `GET /admins/{id}`.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(&[Scope::ReadAdmins])?;
    let world = sandbox.look();
    let place = world.admin(&id)?;
    Ok(json(&call.lens(&world).admin(place)))
}

/// `GET /teams`.
pub async fn teams(State(sandbox): State<Arc<Sandbox>>, call: Call) -> Answer {
    call.needs(&[Scope::ReadAdmins])?;
    let world = sandbox.look();
    Ok(json(&object!({ "type": "team.list", "teams": call.lens(&world).teams() })))
}

/// `GET /teams/{id}`.
pub async fn team(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(&[Scope::ReadAdmins])?;
    let world = sandbox.look();
    let place = world.teams.iter().position(|t| t.id.to_string() == id);
    let mut teams = call.lens(&world).teams();
    match place {
        Some(place) => Ok(json(&teams.swap_remove(place))),
        None => Err(ApiError::new(404, "team_not_found", "Team not found")),
    }
}
