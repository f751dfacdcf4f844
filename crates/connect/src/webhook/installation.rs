//! Calls about the installation itself: the app was removed at the provider, or the provider asks whether it is healthy.

use std::time::Duration;

use atlas_kernel::Error;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{refused, unavailable, verify};
use crate::connection::{Connection, ConnectionState, of_provider};
use crate::pacer::Lane;
use crate::{Connections, Installation, heed};

/// Such a call names a workspace and hardly more.
const MOST_BYTES: usize = 64 * 1024;
/// Intercom reads at most this many characters of a health message.
const MOST_WORDS: usize = 2_000;

/// Access that still works is looked at once more after this long: it may be ending at the provider just now.
const ENDING: Duration = Duration::from_millis(1_500);
/// An answer that takes longer is none.
const ANSWER: Duration = Duration::from_secs(5);

/// `POST /webhooks/{provider}/uninstall`: access ends here too, and the data goes within a day. Repeated calls change nothing, and
/// one that comes late, when access has been granted again, ends nothing.
pub(super) async fn uninstalled(
    State(conns): State<Connections>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let concerned = match concerned(&conns, &provider, &headers, body, |installation| installation.removed_from).await {
        Ok(concerned) => concerned,
        Err(answer) => return answer,
    };
    for connection in &concerned {
        let heard = if has_access(&conns, connection).await {
            conns.not_ended_by_provider(connection).await
        } else {
            conns.ended_by_provider(connection).await
        };
        if let Err(error) = heard {
            return unavailable(&error);
        }
    }
    StatusCode::OK.into_response()
}

/// Whether the provider still lets this connection in.
async fn has_access(conns: &Connections, connection: &Connection) -> bool {
    for wait in [Duration::ZERO, ENDING] {
        tokio::time::sleep(wait).await;
        let (Ok(line), Ok(connector)) = (conns.line(connection), conns.connector(&connection.provider)) else { return false };
        let who = (connector.whoami.request)();
        if !matches!(tokio::time::timeout(ANSWER, line.call(Lane::People, &who)).await, Ok(Ok(_))) {
            return false;
        }
    }
    true
}

/// `POST /webhooks/{provider}/health`: how the connection is, in the provider's words for it.
pub(super) async fn health(State(conns): State<Connections>, Path(provider): Path<String>, headers: HeaderMap, body: Body) -> Response {
    match concerned(&conns, &provider, &headers, body, |installation| installation.asked_for).await {
        Ok(concerned) => Json(concerned.first().map_or_else(|| json!({ "state": "UNKNOWN" }), |c| state(&conns, c))).into_response(),
        Err(answer) => answer,
    }
}

/// The connections whose secret signed the call and whose workspace it names, read as a call of this kind.
async fn concerned(
    conns: &Connections,
    provider: &str,
    headers: &HeaderMap,
    body: Body,
    kind: fn(Installation) -> fn(&[u8]) -> Option<String>,
) -> Result<Vec<Connection>, Response> {
    let missing = |_: Error| StatusCode::NOT_FOUND.into_response();
    let connector = conns.connector(provider).map_err(missing)?;
    let installation = connector.webhook.as_ref().and_then(|webhook| webhook.installation);
    let Some(installation) = installation else { return Err(StatusCode::NOT_FOUND.into_response()) };
    if !headers.contains_key(installation.signature) {
        return Err(refused(conns, connector.id));
    }
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    let candidates = of_provider(conns.db(), connector.id).await.map_err(|error| unavailable(&error))?;
    let verified = verify(conns, installation.verify, candidates, headers, &body);
    if verified.is_empty() {
        return Err(refused(conns, connector.id));
    }
    let account = kind(installation)(&body);
    Ok(verified.into_iter().filter(|c| c.account_id.is_some() && c.account_id == account).collect())
}

fn state(conns: &Connections, connection: &Connection) -> Value {
    match connection.state {
        ConnectionState::Connected => json!({ "state": "OK" }),
        ConnectionState::NeedsAttention => {
            let words = trouble(conns, connection);
            json!({ "state": "UNHEALTHY", "message": words.chars().take(MOST_WORDS).collect::<String>() })
        }
        _ => json!({ "state": "UNKNOWN" }),
    }
}

fn trouble(conns: &Connections, connection: &Connection) -> String {
    let code = connection.error_code.as_deref().unwrap_or("needs_attention");
    let connector = conns.connector(&connection.provider).ok();
    let known = connector.as_ref().and_then(|connector| heed::remedy(connector, code));
    known.map_or_else(|| code.to_owned(), |known| format!("{}. {}", known.title, known.remedy))
}
