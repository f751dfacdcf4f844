//! Calls about the installation itself: the app was removed at the provider, or the provider asks whether it is healthy.

use atlas_kernel::Error;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{refused, unavailable, verify};
use crate::connection::{Connection, ConnectionState, of_provider};
use crate::{Connections, heed};

/// Such a call names a workspace and hardly more.
const MOST_BYTES: usize = 64 * 1024;
/// Intercom reads at most this many characters of a health message.
const MOST_WORDS: usize = 2_000;

/// `POST /webhooks/{provider}/uninstall`: access ends here too, and the data goes within a day. Repeated calls change nothing.
pub(super) async fn uninstalled(
    State(conns): State<Connections>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let concerned = match concerned(&conns, &provider, &headers, body).await {
        Ok(concerned) => concerned,
        Err(answer) => return answer,
    };
    for connection in &concerned {
        if let Err(error) = conns.ended_by_provider(connection).await {
            return unavailable(&error);
        }
    }
    StatusCode::OK.into_response()
}

/// `POST /webhooks/{provider}/health`: how the connection is, in the provider's words for it.
pub(super) async fn health(State(conns): State<Connections>, Path(provider): Path<String>, headers: HeaderMap, body: Body) -> Response {
    match concerned(&conns, &provider, &headers, body).await {
        Ok(concerned) => Json(concerned.first().map_or_else(|| json!({ "state": "UNKNOWN" }), |c| state(&conns, c))).into_response(),
        Err(answer) => answer,
    }
}

/// The connections whose secret signed the call and whose workspace it names.
async fn concerned(conns: &Connections, provider: &str, headers: &HeaderMap, body: Body) -> Result<Vec<Connection>, Response> {
    let missing = |_: Error| StatusCode::NOT_FOUND.into_response();
    let connector = conns.connector(provider).map_err(missing)?;
    let installation = connector.webhook.as_ref().and_then(|webhook| webhook.installation);
    let Some(installation) = installation else { return Err(StatusCode::NOT_FOUND.into_response()) };
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    let candidates = of_provider(conns.db(), connector.id).await.map_err(|error| unavailable(&error))?;
    let verified = verify(conns, installation.verify, candidates, headers, &body);
    if verified.is_empty() {
        return Err(refused(conns, connector.id));
    }
    let account = (installation.account)(&body);
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
