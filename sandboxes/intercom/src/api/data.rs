//! `/segments` and `/subscription_types`: there are none.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json as object;

use super::{
    Answer,
    call::{Call, READ_FIRM, READ_FIRMS, json},
};
use crate::sandbox::Sandbox;

/// `GET /companies/{id}/segments`.
pub async fn of_company(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    call.needs(READ_FIRM)?;
    sandbox.look().company(&id)?;
    Ok(json(&object!({ "type": "list", "data": [] })))
}

/// `GET /segments`.
pub async fn segments(call: Call) -> Answer {
    call.needs(READ_FIRMS)?;
    Ok(json(&object!({ "type": "segment.list", "segments": [] })))
}

/// `GET /subscription_types`.
pub async fn subscription_types(call: Call) -> Answer {
    call.needs(READ_FIRMS)?;
    Ok(json(&object!({ "type": "list", "data": [] })))
}
