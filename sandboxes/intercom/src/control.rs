//! `/_sandbox/`: what tests and the pages use to steer the sandbox; no part of the imitated API.

pub mod crowd;
pub mod notices;
pub mod people;
pub mod settings;
pub mod storm;
pub mod talk;
pub mod truth;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, write};
use crate::settings::Settings;
use crate::stats::Counts;
use crate::world::refusal::Refusal;

/// All control paths.
pub fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/_sandbox/stats", get(stats))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/settings", get(settings::read).post(settings::change))
        .route("/_sandbox/truth", get(truth::truth))
        .route("/_sandbox/token", post(token))
        .route("/_sandbox/contacts", post(people::create))
        .route("/_sandbox/contacts/{id}", patch(people::update).delete(people::remove))
        .route("/_sandbox/contacts/{id}/merge", post(people::merge))
        .route("/_sandbox/contacts/{id}/notes", post(people::note))
        .route("/_sandbox/contacts/{id}/tags", post(people::tag))
        .route("/_sandbox/contacts/{id}/companies", post(people::attach))
        .route("/_sandbox/companies", post(people::create_company))
        .route("/_sandbox/companies/{id}", patch(people::update_company).delete(people::remove_company))
        .route("/_sandbox/conversations", post(talk::start))
        .route("/_sandbox/conversations/{id}", delete(talk::remove))
        .route("/_sandbox/conversations/{id}/reply", post(talk::reply))
        .route("/_sandbox/conversations/{id}/note", post(talk::note))
        .route("/_sandbox/conversations/{id}/close", post(talk::close))
        .route("/_sandbox/conversations/{id}/open", post(talk::open))
        .route("/_sandbox/conversations/{id}/assign", post(talk::assign))
        .route("/_sandbox/conversations/{id}/snooze", post(talk::snooze))
        .route("/_sandbox/conversations/{id}/rate", post(talk::rate))
        .route("/_sandbox/conversations/{id}/redact", post(talk::redact))
        .route("/_sandbox/webhooks", get(notices::log))
        .route("/_sandbox/webhooks/resend", post(notices::resend))
        .route("/_sandbox/webhooks/ping", post(notices::ping))
        .route("/_sandbox/webhooks/health", post(notices::health))
        .route("/_sandbox/burst", post(crowd::burst))
        .route("/_sandbox/storm", post(storm::storm))
        .route("/_sandbox/touch", post(crowd::touch))
}

/// An answer of the control interface.
pub type Answer = Result<Json<Value>, Problem>;

/// What is wrong with a control request: `{error}` under 404 or 422.
#[derive(Debug)]
pub struct Problem(pub StatusCode, pub String);

impl Problem {
    /// 422 with that text.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, message.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid { message, .. } => Self::wrong(message),
            Refusal::Duplicate { id, .. } => {
                Self(StatusCode::CONFLICT, format!("a contact matching those details already exists with id={id}"))
            }
            Refusal::TooManyCompanies => Self::wrong("the contact is attached to 1,000 companies already"),
            Refusal::Merged(into) => Self(StatusCode::GONE, format!("the contact was merged into {into}")),
            other => Self(StatusCode::NOT_FOUND, format!("not found: {other:?}")),
        }
    }
}

/// Reads a control body; no body counts as `{}`, unknown fields are named.
pub fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|e| Problem::wrong(e.to_string()))
}

async fn stats(State(sandbox): State<Arc<Sandbox>>) -> Json<Counts> {
    Json(sandbox.stats.snapshot())
}

/// Without a body only counters, logs and pending faults go; data, settings and tokens stay.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reset {
    /// Also grow the workspace anew.
    data: bool,
    /// Also go back to the start options' settings.
    settings: bool,
}

async fn reset(State(sandbox): State<Arc<Sandbox>>, body: axum::body::Bytes) -> Answer {
    let wanted: Reset = parse(&body)?;
    sandbox.stats.reset();
    sandbox.postman.reset();
    sandbox.faults.set(None);
    if wanted.settings {
        let fresh = Settings::new(&sandbox.options);
        sandbox.set(|settings| *settings = fresh);
        sandbox.clock.set_offset_ms(0);
    }
    if wanted.data {
        let sandbox = Arc::clone(&sandbox);
        let grown = tokio::task::spawn_blocking(move || sandbox.regrow()).await;
        grown.map_err(|e| Problem(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    }
    Ok(Json(json!({ "reset": true })))
}

/// `POST /_sandbox/token`: an access token without the consent page.
async fn token(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    Json(json!({ "access_token": write(&sandbox.app).new_token() }))
}
