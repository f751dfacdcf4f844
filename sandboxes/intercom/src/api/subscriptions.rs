//! `/subscriptions` of API 1.x: the only way the provider ever had to register for topics by a call.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::{Value, json as object};

use super::{
    Answer,
    body::Body,
    call::{Call, json},
    error::ApiError,
};
use crate::app::{MOST_SUBSCRIPTIONS, Subscription};
use crate::sandbox::{Sandbox, read as shared, write};
use crate::webhook::topics;

fn only_first(call: &Call) -> Result<(), ApiError> {
    match (call.version.is_first(), call.settings.subscriptions_api) {
        (true, true) => Ok(()),
        (true, false) => Err(ApiError::not_found("Resource Not Found")),
        (false, _) => Err(ApiError::new(400, "intercom_version_invalid", "Requested resource is not available in current API version.")),
    }
}

fn view(s: &Subscription, app_id: &str) -> Value {
    object!({
        "type": "notification_subscription", "id": s.id, "app_id": app_id, "service_type": "web", "url": s.url, "topics": s.topics,
        "active": s.active, "hub_secret": s.hub_secret, "metadata": {}, "mode": "point", "created_at": s.created_at, "updated_at": s.created_at,
        "links": { "self": format!("/subscriptions/{}", s.id) },
    })
}

/// `GET /subscriptions`.
pub async fn list(State(sandbox): State<Arc<Sandbox>>, call: Call) -> Answer {
    only_first(&call)?;
    let app_id = &shared(&sandbox.world).workspace.id.clone();
    let items: Vec<_> = shared(&sandbox.app).subscriptions.iter().map(|s| view(s, app_id)).collect();
    Ok(json(&object!({ "type": "notification_subscription.list", "pages": null, "items": items })))
}

/// `POST /subscriptions` with `{service_type: "web", url, topics, hub_secret?}`.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, call: Call, body: Body) -> Answer {
    only_first(&call)?;
    let url = body.required("url")?;
    if body.required("service_type")? != "web" || url::Url::parse(&url).is_err() {
        return Err(ApiError::invalid("service_type must be web and url a URL"));
    }
    let names = body.0.get("topics").and_then(Value::as_array).cloned().unwrap_or_default();
    let topics: Option<Vec<String>> = names.iter().map(|t| t.as_str().filter(|t| topics::of_first(t)).map(str::to_owned)).collect();
    let Some(topics) = topics.filter(|t| !t.is_empty()) else {
        return Err(ApiError::invalid("topics must be a list of known topics"));
    };
    let now = sandbox.clock.seconds();
    let (id, app_id) = {
        let mut world = write(&sandbox.world);
        (format!("nsub_{}", world.random.uuid()), world.workspace.id.clone())
    };
    let subscription = Subscription { id, url, topics, hub_secret: body.text("hub_secret"), created_at: now, active: true };
    let answer = view(&subscription, &app_id);
    let mut app = write(&sandbox.app);
    if app.subscriptions.len() >= MOST_SUBSCRIPTIONS {
        return Err(ApiError::new(400, "client_error", "the limit of 250 subscriptions is reached"));
    }
    app.subscriptions.push(subscription);
    Ok(json(&answer))
}

/// `GET /subscriptions/{id}`.
pub async fn read(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    only_first(&call)?;
    let app_id = shared(&sandbox.world).workspace.id.clone();
    let app = shared(&sandbox.app);
    let found = app.subscriptions.iter().find(|s| s.id == id);
    found.map(|s| json(&view(s, &app_id))).ok_or_else(|| ApiError::not_found("Resource Not Found"))
}

/// `DELETE /subscriptions/{id}`.
pub async fn remove(State(sandbox): State<Arc<Sandbox>>, call: Call, Path(id): Path<String>) -> Answer {
    only_first(&call)?;
    let app_id = shared(&sandbox.world).workspace.id.clone();
    let mut app = write(&sandbox.app);
    let place = app.subscriptions.iter().position(|s| s.id == id);
    let gone = place.map(|place| app.subscriptions.remove(place));
    gone.map(|s| json(&view(&s, &app_id))).ok_or_else(|| ApiError::not_found("Resource Not Found"))
}
