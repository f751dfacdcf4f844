//! What the kit tells operators: a span a call, errors with their causes, and metrics; never input or secrets.

use std::error::Error as _;
use std::time::Duration;

use atlas_kernel::{Actor, Error};
use axum::http::{Method, StatusCode};
use tracing::Span;

use crate::RateClass;
use crate::router::Route;

/// The span of one call.
pub(crate) fn span(method: &Method, route: &Route, operation: Option<&str>, request_id: &str) -> Span {
    let template = match route {
        Route::Operations { template, .. } => template,
        Route::Document(document) => document.path,
        Route::Nowhere => "/v1/{*rest}",
    };
    tracing::info_span!(
        "api.call",
        request.id = request_id,
        http.request.method = %method,
        http.route = template,
        operation = operation,
        workspace.id = tracing::field::Empty,
        actor.id = tracing::field::Empty,
    )
}

/// Notes who calls.
pub(crate) fn actor(actor: &Actor) {
    let span = Span::current();
    span.record("workspace.id", tracing::field::display(actor.workspace));
    if let Some(user) = actor.user {
        span.record("actor.id", tracing::field::display(user));
    }
}

/// Notes how a call ended.
pub(crate) fn answered(operation: Option<&'static str>, method: &Method, status: StatusCode, took: Duration) {
    let operation = operation.unwrap_or("none");
    let status_text = status.as_u16().to_string();
    metrics::counter!("atlas_api_requests_total", "operation" => operation, "method" => known(method), "status" => status_text)
        .increment(1);
    metrics::histogram!("atlas_api_request_duration_seconds", "operation" => operation).record(took.as_secs_f64());
    tracing::info!(http.response.status_code = status.as_u16(), duration.ms = took.as_secs_f64() * 1e3, "call answered");
}

/// Methods are the caller's to invent; metrics have only those that exist.
fn known(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// Notes faults of ours with all their causes; what callers did wrong is in the status already.
pub(crate) fn failed(error: &Error) {
    if error.status() < 500 {
        return;
    }
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !told.contains(&cause_text) {
            told = format!("{told}: {cause_text}");
        }
        source = cause.source();
    }
    tracing::error!(error.code = error.code(), "call failed: {told}");
}

/// Notes a call that was one too many.
pub(crate) fn limited(class: RateClass) {
    metrics::counter!("atlas_api_rate_limited_total", "class" => class.as_str()).increment(1);
}

/// Notes an answer given again.
pub(crate) fn replayed() {
    metrics::counter!("atlas_api_idempotent_replays_total").increment(1);
}
