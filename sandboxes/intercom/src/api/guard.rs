//! What every API call passes: counting, delay, faults, token, rate limit, Accept and version.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    call::Call,
    error::ApiError,
    fault::{FaultKind, truncate},
};
use crate::app::Token;
use crate::limits::Verdict;
use crate::random::Random;
use crate::render::version::Version;
use crate::sandbox::{Sandbox, read, write};
use crate::settings::Settings;

/// Leaves the counter of calls under way also when the client hangs up.
struct Under<'a>(&'a Sandbox);

impl Drop for Under<'_> {
    fn drop(&mut self) {
        self.0.stats.leave();
    }
}

/// The middleware in front of the API.
pub async fn guard(State(sandbox): State<Arc<Sandbox>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let path = normal_path(&request);
    sandbox.stats.arrive(request.method().as_str(), &path, sandbox.clock.ms());
    let _under = Under(&sandbox);
    let settings = sandbox.settings();
    let mut random = random(&sandbox);
    let request_id = random.uuid();
    let wait = random.between(settings.latency_ms, settings.latency_max_ms.max(settings.latency_ms));
    if wait > 0 {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    let fault = sandbox.faults.take(request.uri().path());
    let failed = match &fault {
        Some(fault) => fault.strike(&sandbox, &request_id).await,
        None => None,
    };
    let mut response = match failed {
        Some(response) => response,
        None => admit(&sandbox, settings, request, next, &request_id).await,
    };
    if fault.is_some_and(|f| f.kind == FaultKind::Truncated) {
        response = truncate(response).await;
    }
    sandbox.stats.answer(response.status().as_u16());
    let headers = response.headers_mut();
    put(headers, "x-request-id", &request_id);
    put(headers, "x-runtime", &format!("{:.6}", started.elapsed().as_secs_f64()));
    response
}

/// Token, then limit, then the rest: without a valid token there are no limit headers.
async fn admit(sandbox: &Sandbox, settings: Arc<Settings>, request: Request, next: Next, request_id: &str) -> Response {
    let token = match authenticate(sandbox, &settings, request.headers()) {
        Ok(token) => token,
        Err(error) => return error.render(request_id),
    };
    if settings.revoke_after > 0 {
        revoke_soon(sandbox);
    }
    let verdict = sandbox.limiter.take(sandbox.clock.ms(), settings.limit_per_minute, settings.others_per_minute);
    let mut response = match verdict {
        Some(Verdict { allowed: false, limit, .. }) => {
            ApiError::new(429, "rate_limit_exceeded", format!("Exceeded rate limit of {limit} in 10_seconds")).into_response()
        }
        _ => dispatch(sandbox, settings, token, request, next).await,
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        response = error.render(request_id);
    }
    if let Some(verdict) = verdict {
        let headers = response.headers_mut();
        put(headers, "x-ratelimit-limit", &verdict.limit.to_string());
        put(headers, "x-ratelimit-remaining", &verdict.remaining.to_string());
        put(headers, "x-ratelimit-reset", &verdict.reset.to_string());
    }
    response
}

async fn dispatch(sandbox: &Sandbox, settings: Arc<Settings>, token: Token, mut request: Request, next: Next) -> Response {
    if let Err(error) = acceptable(request.headers()) {
        return error.into_response();
    }
    let version = match version(sandbox, request.headers(), request.uri().path()) {
        Ok(version) => version,
        Err(error) => return error.into_response(),
    };
    request.extensions_mut().insert(Call { version, scopes: token.scopes, settings });
    let mut response = next.run(request).await;
    put(response.headers_mut(), "intercom-version", &version.to_string());
    response
}

fn authenticate(sandbox: &Sandbox, settings: &Settings, headers: &HeaderMap) -> Result<Token, ApiError> {
    let invalid = || ApiError::new(401, "unauthorized", "Access Token Invalid");
    let Some(header) = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) else {
        return Err(ApiError::new(401, "missing_authorization", "No authorization details were provided"));
    };
    let token = bearer(header).ok_or_else(invalid)?;
    let app = read(&sandbox.app);
    match app.tokens.get(&token) {
        Some(_) if settings.region_mismatch => Err(invalid()),
        Some(known) if known.revoked => Err(ApiError::new(401, &settings.revoked_code, "Token revoked")),
        Some(known) => Ok(known.clone()),
        None => Err(invalid()),
    }
}

/// Counts down to the revocation; this call is still answered.
fn revoke_soon(sandbox: &Sandbox) {
    let mut now = false;
    sandbox.set(|settings| {
        now = settings.revoke_after == 1;
        settings.revoke_after = settings.revoke_after.saturating_sub(1);
    });
    if now {
        write(&sandbox.app).revoke_all();
    }
}

/// The token of `Bearer …`, or of `Basic …` with the token as user name.
pub fn bearer(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(value.trim().to_owned()),
        "basic" => {
            let pair = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
            Some(pair.strip_suffix(':').unwrap_or(&pair).to_owned())
        }
        _ => None,
    }
}

fn acceptable(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()) else { return Ok(()) };
    let fits = |part: &str| {
        let kind = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "*/*" | "application/*" | "application/json")
            || (kind.starts_with("application/vnd.intercom") && kind.ends_with("+json"))
    };
    match accept.split(',').any(fits) {
        true => Ok(()),
        false => Err(ApiError::new(406, "media_type_not_acceptable", "The Accept header should send a media type of application/json")),
    }
}

/// The version asked for, or the app's; of 1.x only the subscriptions are imitated.
fn version(sandbox: &Sandbox, headers: &HeaderMap, path: &str) -> Result<Version, ApiError> {
    let invalid = |message: &str| ApiError::new(400, "intercom_version_invalid", message);
    let asked = headers.get("intercom-version").map(|v| v.to_str().unwrap_or_default());
    let version = match asked {
        None => read(&sandbox.app).version,
        Some(text) => Version::parse(text).ok_or_else(|| invalid("The requested version could not be found"))?,
    };
    if version.is_first() && !path.starts_with("/subscriptions") && path != "/me" {
        return Err(invalid("Requested resource is not available in current API version."));
    }
    Ok(version)
}

/// The route with every parameter called `{id}`; unknown paths have their digits and long words replaced.
fn normal_path(request: &Request) -> String {
    let template = request.extensions().get::<MatchedPath>().map(|m| m.as_str().to_owned());
    let looks_like_id =
        |part: &str| part.starts_with('{') || part.len() > 20 || (!part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    let path = template.unwrap_or_else(|| request.uri().path().to_owned());
    path.split('/').map(|part| if looks_like_id(part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Each call has its own randomness, so that the same calls get the same ids and delays.
fn random(sandbox: &Sandbox) -> Random {
    let call = sandbox.calls.fetch_add(1, Ordering::Relaxed);
    Random::new(sandbox.options.seed, 0x00ca_1100_0000_0000 + call)
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
