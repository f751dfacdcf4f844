//! The delivery log, pings, and sending a notice again.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Problem, parse};
use crate::sandbox::{Sandbox, lock, read};
use crate::settings::Sign;
use crate::webhook::{self, Notice, Target};

/// `GET /_sandbox/webhooks`: the subscription and the last attempts, newest first.
pub async fn log(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    let hook = read(&sandbox.app).hook.clone();
    let paused_until = lock(&sandbox.postman.health).paused_until;
    Json(json!({
        "url": hook.url,
        "live": hook.live,
        "verified": hook.verified,
        "topics": hook.topics,
        "pausedUntil": (paused_until > sandbox.clock.ms()).then_some(paused_until),
        "deliveries": sandbox.postman.log(),
    }))
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Resend {
    count: u32,
    /// The notice with this id instead of the last one.
    id: Option<String>,
    /// The last notice of this topic.
    topic: Option<String>,
    sign: Option<Sign>,
}

impl Default for Resend {
    fn default() -> Self {
        Self { count: 1, id: None, topic: None, sign: None }
    }
}

/// `POST /_sandbox/webhooks/resend` with `{count?, id?, topic?, sign?}`: the same notice, the same id.
pub async fn resend(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let wanted: Resend = parse(&body)?;
    let last = sandbox.postman.last(wanted.id.as_deref(), wanted.topic.as_deref());
    let notice = last.ok_or_else(|| Problem(axum::http::StatusCode::NOT_FOUND, "no such notice was sent".to_owned()))?;
    for _ in 0..wanted.count {
        post(&sandbox, Notice { sign: wanted.sign, plain: true, ..notice.clone() });
    }
    Ok(Json(json!({ "id": notice.id, "topic": notice.topic, "count": wanted.count })))
}

/// `POST /_sandbox/webhooks/ping`.
pub async fn ping(State(sandbox): State<Arc<Sandbox>>) -> Json<Value> {
    send_ping(&sandbox);
    Json(json!({ "topic": "ping" }))
}

/// `POST /_sandbox/webhooks/health`: asks the installation for its health and answers with what it said.
pub async fn health(State(sandbox): State<Arc<Sandbox>>, Extension(client): Extension<reqwest::Client>) -> Answer {
    let said = webhook::installation::health(&sandbox, &client).await;
    let said = said.ok_or_else(|| Problem::wrong("there is no healthCheckUrl"))?;
    serde_json::to_value(said).map(Json).map_err(|e| Problem::wrong(e.to_string()))
}

/// Sends a ping to the endpoint of the Developer Hub.
pub fn send_ping(sandbox: &Sandbox) {
    let ping = webhook::ping(&sandbox.look(), sandbox.clock.seconds(), Target::Hub);
    post(sandbox, ping);
}

/// Queues a notice and counts it as waiting.
pub fn post(sandbox: &Sandbox, notice: Notice) {
    sandbox.stats.notices(|n| n.pending += 1);
    sandbox.postman.post(notice);
}
