//! One call from its first header to its last: who, whether, with what, and how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use atlas_kernel::Error;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts as Head;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use futures::FutureExt;
use serde_json::Value;
use tracing::Instrument;

use crate::body::{read_body, read_json};
use crate::idempotency::{Key, request_hash};
use crate::input::Parts;
use crate::problem::{Place, Problem};
use crate::rates::Allowance;
use crate::router::{Bound, Route, Shared};
use crate::run::{Call, Ended, panicked};
use crate::{Ctx, auth, conditional, observe};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What became known on the way, for headers and logs.
#[derive(Default)]
struct Trail {
    allowance: Option<Allowance>,
}

/// Answers one request to one path; `words` are the path's parameters by place, none when they are no text.
pub(crate) async fn dispatch(shared: Arc<Shared>, route: Arc<Route>, words: Option<Vec<String>>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let request_id = request_id(&head.headers);
    let is_head = head.method == Method::HEAD;
    let operation = route.operation(&head.method).map(|bound| bound.operation.name);
    let span = observe::span(&head.method, &route, operation, &request_id);
    let mut trail = Trail::default();
    let answering = answer(&shared, &route, words, &head, body, &request_id, &mut trail);
    let caught = AssertUnwindSafe(answering).catch_unwind().instrument(span.clone()).await;
    let outcome = caught.unwrap_or_else(|panic| Err(Failure::Error(panicked(&*panic))));
    let place = Place { base_url: &shared.base_url, path: head.uri.path(), request_id: &request_id };
    let mut response = span.in_scope(|| outcome.unwrap_or_else(|failure| failure.respond(&place)));
    finish(&mut response, &request_id, trail.allowance);
    span.in_scope(|| observe::answered(operation, &head.method, response.status(), started.elapsed()));
    if is_head { without_body(response) } else { response }
}

/// Why there is no answer: what the database or a verb says, or what the kit itself refuses.
enum Failure {
    Error(Error),
    Problem(Problem),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Failure {
    fn respond(self, place: &Place<'_>) -> Response<Body> {
        match self {
            Self::Error(error) => {
                observe::failed(&error);
                Problem::from(error).respond(place)
            }
            Self::Problem(problem) => problem.respond(place),
        }
    }
}

async fn answer(
    shared: &Shared,
    route: &Route,
    words: Option<Vec<String>>,
    head: &Head,
    body: Body,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response<Body>, Failure> {
    if matches!(route, Route::Nowhere) {
        return Err(Problem::no_such_path().into());
    }
    if head.method == Method::OPTIONS {
        return Ok(options(&route.allowed()));
    }
    if let (Route::Document(document), &Method::GET | &Method::HEAD) = (route, &head.method) {
        return Ok(document.respond(&head.headers));
    }
    let (Some(bound), Route::Operations { names, .. }) = (route.operation(&head.method), route) else {
        return Err(Problem::method_not_allowed(&head.method, &route.allowed()).into());
    };
    let call = admit(shared, bound, names, words, head, body, request_id, trail).await?;
    let if_match = call.ctx.if_match;
    match call.run().await? {
        Ended::Fresh(reply) if bound.operation.method == Method::GET => {
            if let (Some(version), Some(demanded)) = (reply.version, if_match)
                && version != demanded
            {
                return Err(Error::Stale.into());
            }
            Ok(unless_known(reply.respond(), &head.headers))
        }
        Ended::Fresh(reply) => Ok(reply.respond()),
        Ended::Replayed(reply) => Ok(replayed(reply.respond())),
        Ended::Gone => Err(Problem::answer_not_kept().into()),
        Ended::Reused => Err(Problem::key_reused().into()),
        Ended::Busy => Err(Problem::in_progress().into()),
    }
}

/// Everything before the handler: identity, allowance, permission, and input that can be read.
#[expect(clippy::too_many_arguments, reason = "one call's parts, handed over once")]
async fn admit(
    shared: &Shared,
    bound: &Arc<Bound>,
    names: &[String],
    words: Option<Vec<String>>,
    head: &Head,
    body: Body,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Call, Failure> {
    let (state, operation) = (&shared.state, &bound.operation);
    let actor = auth::identify(state, &head.method, &head.headers).await?;
    observe::actor(&actor);
    trail.allowance = shared.rates.take(operation.rate, &actor);
    if let Some(retry_after) = trail.allowance.and_then(|allowance| allowance.retry_after) {
        observe::limited(operation.rate);
        return Err(Error::RateLimited { retry_after }.into());
    }
    actor.may(&operation.permission)?;
    let creates = operation.status == StatusCode::CREATED;
    let if_match = if operation.takes_if_match() || (operation.idempotent_by_key() && !creates) {
        conditional::if_match(&head.headers)?
    } else {
        None
    };
    let bytes = match operation.method {
        Method::GET => vec![],
        _ => read_body(&head.headers, body, operation.body_limit.unwrap_or(state.body_limit)).await?,
    };
    let parts = parts(bound, names, words, head, &bytes)?;
    operation.endpoint.check(&parts)?;
    let query = head.uri.query().unwrap_or_default();
    let key = match operation.idempotent_by_key() {
        true => Key::of(&head.headers, &actor, request_hash(&operation.method, head.uri.path(), query, if_match, &bytes))?,
        false => None,
    };
    let ctx = Ctx { actor, db: state.db.clone(), nouns: state.nouns.clone(), request_id: request_id.to_owned(), if_match };
    let (base_url, path) = (shared.base_url.clone(), head.uri.path().into());
    Ok(Call { bound: bound.clone(), ctx, parts: Arc::new(parts), key, base_url, path })
}

fn parts(bound: &Bound, names: &[String], words: Option<Vec<String>>, head: &Head, body: &[u8]) -> Result<Parts, Failure> {
    let types = &bound.operation.types;
    let unless_none = |none: bool, value: Value| if none { Value::Null } else { value };
    let words = words.ok_or(Error::NotFound("record"))?;
    let path = bound.path.words(names.iter().cloned().zip(words)).map_err(|_| Error::NotFound("record"))?;
    let pairs = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned();
    let query = bound.query.words(pairs)?;
    let body = read_json(&head.headers, body, &bound.body)?;
    Ok(Parts {
        path: unless_none(types.path.none, path),
        query: unless_none(types.query.none, query),
        body: unless_none(types.body.none, body),
    })
}

/// The caller's own id when it is short and plain, otherwise a new one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain);
    given.map_or_else(|| format!("req_{}", hex::encode(atlas_kernel::random_bytes::<12>())), str::to_owned)
}

fn options(allowed: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    set(response.headers_mut(), ALLOW, allowed);
    response
}

fn replayed(mut response: Response<Body>) -> Response<Body> {
    observe::replayed();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn unless_known(response: Response<Body>, headers: &HeaderMap) -> Response<Body> {
    let etag = response.headers().get(axum::http::header::ETAG).and_then(|etag| etag.to_str().ok());
    if !etag.is_some_and(|etag| conditional::is_known(headers, etag)) {
        return response;
    }
    let (mut head, _) = response.into_parts();
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(axum::http::header::CONTENT_TYPE);
    Response::from_parts(head, Body::empty())
}

fn finish(response: &mut Response<Body>, request_id: &str, allowance: Option<Allowance>) {
    let headers = response.headers_mut();
    set(headers, REQUEST_ID, request_id);
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    if !headers.contains_key(CACHE_CONTROL) {
        set(headers, CACHE_CONTROL, "no-store");
    }
    if let Some(allowance) = allowance {
        allowance.write(headers);
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `HEAD` says how long the body would be, and sends none.
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(length) = axum::body::HttpBody::size_hint(&body).exact().filter(|_| head.status != StatusCode::NO_CONTENT) {
        set(&mut head.headers, CONTENT_LENGTH, &length.to_string());
    }
    Response::from_parts(head, Body::empty())
}
