//! Faults on demand: the next calls fail in a chosen way.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::error::{ApiError, html_page};
use crate::sandbox::{Sandbox, lock};

/// How long a call hangs when it is told to time out.
const HANG: Duration = Duration::from_secs(600);

/// What to do with the next calls.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Status of the answer; 500 unless given, for `truncated` the true one is kept.
    pub status: Option<u16>,
    /// How many calls fail; 1 unless given.
    #[serde(default = "once")]
    pub count: u32,
    #[serde(default)]
    pub kind: FaultKind,
    /// Only calls whose path starts with this.
    pub path: Option<String>,
    /// Error code of a JSON fault; by status unless given.
    pub code: Option<String>,
    /// Matching calls let through before the fault begins.
    #[serde(default)]
    pub after: u32,
}

/// The shape of a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A proper error object.
    #[default]
    Json,
    /// An HTML page, as from a proxy.
    Html,
    /// The true answer, cut off in the middle.
    Truncated,
    /// No answer; the connection stays open.
    Timeout,
}

fn once() -> u32 {
    1
}

/// The fault that is set, if any.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Option<Fault>>);

impl Faults {
    /// Sets or clears the fault.
    pub fn set(&self, fault: Option<Fault>) {
        *lock(&self.0) = fault.filter(|f| f.count > 0);
    }

    /// The fault as it stands.
    pub fn current(&self) -> Option<Fault> {
        lock(&self.0).clone()
    }

    /// Uses the fault up by one call.
    pub fn take(&self, path: &str) -> Option<Fault> {
        let mut held = lock(&self.0);
        let fault = held.as_mut().filter(|f| f.path.as_ref().is_none_or(|p| path.starts_with(p.as_str())))?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.count -= 1;
        let taken = fault.clone();
        if taken.count == 0 {
            *held = None;
        }
        Some(taken)
    }
}

impl Fault {
    /// The failing answer; `None` for truncation, which needs the true answer first.
    pub async fn strike(&self, sandbox: &Sandbox, request_id: &str) -> Option<Response> {
        let status = StatusCode::from_u16(self.status.unwrap_or(500)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.kind {
            FaultKind::Json => Some(self.object(status).render(request_id)),
            FaultKind::Html => Some(html_page(status)),
            FaultKind::Truncated => None,
            FaultKind::Timeout => {
                tokio::select! {
                    () = tokio::time::sleep(HANG) => {}
                    () = sandbox.closing.notified() => {}
                }
                Some(html_page(StatusCode::GATEWAY_TIMEOUT))
            }
        }
    }

    fn object(&self, status: StatusCode) -> ApiError {
        let (code, message) = match status.as_u16() {
            408 => ("request_timeout", "Request timed out"),
            429 => ("rate_limit_exceeded", "Exceeded rate limit of 167 in 10_seconds"),
            502..=504 => ("service_unavailable", "Service unavailable"),
            _ => ("server_error", "Server error"),
        };
        ApiError::new(status.as_u16(), self.code.as_deref().unwrap_or(code), message)
    }
}

/// Sends the first half of a body under the length of the whole, then breaks the connection.
pub async fn truncate(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let half = bytes.slice(..bytes.len() / 2);
    let broken = async {
        // The half must have left before the connection breaks.
        tokio::time::sleep(Duration::from_millis(30)).await;
        Err(std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut off on demand"))
    };
    Response::from_parts(parts, Body::from_stream(stream::iter([Ok(half)]).chain(stream::once(broken))))
}
