//! Pages for people: an inbox, the contacts, and an imitation of the Developer Hub.

mod access;
mod faults;
mod hooks;
mod hub;
mod inbox;
mod people;
mod words;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::sandbox::Sandbox;

/// No outside resource, no inline script; forms may lead elsewhere, because consent ends at the app.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// All pages and their forms.
pub fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/", get(inbox::list))
        .route("/inbox/new", get(inbox::blank).post(inbox::start))
        .route("/inbox/{id}", get(inbox::show))
        .route("/inbox/{id}/write", post(inbox::write))
        .route("/inbox/{id}/act", post(inbox::act))
        .route("/inbox/{id}/redact", post(inbox::redact))
        .route("/people", get(people::list))
        .route("/people/new", get(people::blank).post(people::create))
        .route("/people/{id}", get(people::show).post(people::save))
        .route("/people/{id}/act", post(people::act))
        .route("/people/{id}/merge", post(people::merge))
        .route("/hub", get(hub::apps))
        .route("/hub/apps/new", get(hub::blank).post(hub::create))
        .route("/hub/app/basic", get(hub::basic).post(hub::save))
        .route("/hub/app/authentication", get(access::show))
        .route("/hub/app/authentication/redirects", post(access::add_redirect))
        .route("/hub/app/authentication/redirects/remove", post(access::remove_redirect))
        .route("/hub/app/authentication/scopes", post(access::save_scopes))
        .route("/hub/app/authentication/revoke", post(access::revoke))
        .route("/hub/app/webhooks", get(hooks::show).post(hooks::save))
        .route("/hub/app/webhooks/ping", post(hooks::ping))
        .route("/hub/app/webhooks/resend", post(hooks::resend))
        .route("/hub/app/webhooks/live", post(hooks::live))
        .route("/hub/app/webhooks/uninstall", post(hooks::uninstall))
        .route("/hub/app/faults", get(faults::show).post(faults::save))
        .route("/hub/app/faults/next", post(faults::next))
        .route("/hub/app/faults/reset", post(faults::reset))
        .route("/assets/sandbox.css", get(|| asset("text/css; charset=utf-8", include_str!("../assets/sandbox.css"))))
        .route("/assets/sandbox.js", get(|| asset("text/javascript; charset=utf-8", include_str!("../assets/sandbox.js"))))
        .route("/favicon.svg", get(|| asset("image/svg+xml", include_str!("../assets/favicon.svg"))))
        .route("/favicon.ico", get(|| asset("image/svg+xml", include_str!("../assets/favicon.svg"))))
}

/// What every page has around its content.
pub struct Frame {
    title: String,
    /// Entry of the main menu.
    here: &'static str,
    flash: Option<&'static str>,
    problem: Option<String>,
}

impl Frame {
    fn new(title: impl Into<String>, here: &'static str) -> Self {
        Self { title: title.into(), here, flash: None, problem: None }
    }

    /// With the sentence that belongs to `?done=`.
    fn done(mut self, done: &Done) -> Self {
        self.flash = done.done.as_deref().and_then(words::done);
        self
    }

    fn problem(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }
}

/// Page number and the note about what was just done.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct Done {
    done: Option<String>,
    page: Option<usize>,
    email: Option<String>,
}

/// Refuses forms that another site sent, and keeps outside resources out of the pages.
pub async fn same_origin(request: Request, next: Next) -> Response {
    if is_foreign(&request) {
        return (StatusCode::FORBIDDEN, "This form was sent from another site.").into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_foreign(request: &Request) -> bool {
    let text = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
    let host = |origin: &'_ str| origin.split_once("://").map(|(_, host)| host.to_owned());
    let origin = text(header::ORIGIN).filter(|o| *o != "null").and_then(host);
    let elsewhere = text(header::HeaderName::from_static("sec-fetch-site")) == Some("cross-site");
    request.method() != axum::http::Method::GET && (elsewhere || origin.is_some_and(|origin| Some(origin.as_str()) != text(header::HOST)))
}

async fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// A rendered page.
fn page(template: &impl Template) -> Response {
    page_as(StatusCode::OK, template)
}

fn page_as(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Back to a page after a form, with a note about what was done.
fn back(path: &str, done: &str) -> Response {
    Redirect::to(&format!("{path}?done={done}")).into_response()
}

/// A page for what is not there.
fn missing(what: &str) -> Response {
    (StatusCode::NOT_FOUND, Html(format!("<!doctype html><html lang=\"en\"><title>Not found</title><link rel=\"stylesheet\" href=\"/assets/sandbox.css\"><main><h1>Not found</h1><p>{what} is not here any more.</p><p><a href=\"/\">Back to the inbox</a></p></main></html>"))).into_response()
}
