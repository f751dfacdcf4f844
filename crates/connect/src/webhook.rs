//! The webhook receiver: verify, note, answer. Everything else is a job.

mod installation;
mod intake;
mod rejections;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::Connections;
use crate::connection::{CONNECTED, Connection, Secret, of_provider};

pub(crate) use self::intake::Arrivals;
pub(crate) use self::rejections::{Rejections, write_down};

/// Whether a body is signed with this secret.
type Verify = fn(&[u8], &dyn Fn(&str) -> Option<String>, &[u8]) -> bool;

/// The largest notice read, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

impl Connections {
    /// The routes of the receiver: `POST` and `HEAD /webhooks/{provider}`, `POST …/uninstall` and `POST …/health`; mounted
    /// outside sessions and origin checks, since each call is signed.
    pub fn webhooks(&self) -> Router {
        Router::new()
            .route("/webhooks/{provider}", post(receive).head(greet).get(greet))
            .route("/webhooks/{provider}/uninstall", post(installation::uninstalled))
            .route("/webhooks/{provider}/health", post(installation::health))
            .with_state(self.clone())
    }
}

/// The provider asks whether somebody is at home.
async fn greet(State(conns): State<Connections>, Path(provider): Path<String>) -> StatusCode {
    match conns.connector(&provider) {
        Ok(connector) if connector.webhook.is_some() => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    }
}

/// A notice. The answer is never 410, which makes some providers stop for good.
async fn receive(State(conns): State<Connections>, Path(provider): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let Ok(connector) = conns.connector(&provider) else { return StatusCode::NOT_FOUND.into_response() };
    let Some(webhook) = connector.webhook.clone() else { return StatusCode::NOT_FOUND.into_response() };
    if !headers.contains_key(webhook.signature) {
        return refused(&conns, connector.id);
    }
    if declared_length(&headers).is_some_and(|length| length > MOST_BYTES) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let Ok(body) = to_bytes(body, MOST_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let candidates = match of_provider(conns.db(), connector.id).await {
        Ok(candidates) => candidates,
        Err(error) => return unavailable(&error),
    };
    let verified = verify(&conns, webhook.verify, candidates, &headers, &body);
    if verified.is_empty() {
        return refused(&conns, connector.id);
    }
    metrics::counter!("atlas_webhook_accepted_total", "provider" => connector.id).increment(1);
    match (webhook.read)(&body) {
        Ok(notice) => match intake::take_in(&conns, verified, &notice).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(error) => unavailable(&error),
        },
        // Signed, but of a shape nobody knows: acknowledged, or the provider repeats it for ever.
        Err(why) => {
            tracing::warn!(provider = connector.id, why, "a signed notice could not be read");
            StatusCode::OK.into_response()
        }
    }
}

/// Counted and said, and nothing of it is stored.
fn refused(conns: &Connections, provider: &'static str) -> Response {
    conns.rejections().count(provider, 1);
    metrics::counter!("atlas_webhook_rejected_total", "provider" => provider).increment(1);
    tracing::warn!(provider, "a notice without a right signature was refused");
    StatusCode::UNAUTHORIZED.into_response()
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get("content-length")?.to_str().ok()?.parse().ok()
}

/// The provider repeats what it could not deliver.
fn unavailable(error: &atlas_kernel::Error) -> Response {
    tracing::error!(%error, "a notice could not be stored");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

/// The connections whose secret signed this body: all are tried, since several workspaces may use one app, and each secret once.
fn verify(conns: &Connections, is_right: Verify, candidates: Vec<Connection>, headers: &HeaderMap, body: &[u8]) -> Vec<Connection> {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (mut verified, mut tried) = (vec![], Vec::<(Secret, bool)>::new());
    for connection in candidates {
        let Some(sealed) = connection.client_secret.as_deref() else { continue };
        let Ok(secret) = conns.unseal_word(&connection, "client_secret", sealed) else { continue };
        if secret.is_empty() {
            continue;
        }
        let known = tried.iter().find(|(tried, _)| tried.expose() == secret.expose()).map(|(_, right)| *right);
        let right = known.unwrap_or_else(|| is_right(secret.expose().as_bytes(), &header, body));
        if known.is_none() {
            tried.push((secret, right));
        }
        if right {
            verified.push(connection);
        }
    }
    verified
}

/// Whether notices for a connection in this state are kept.
fn is_kept(connection: &Connection) -> bool {
    CONNECTED.contains(&connection.state)
}
