//! The Developer Hub's Authentication page: redirect URLs, scopes, tokens.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use url::Url;

use super::{Done, Frame, back, page, page_as};
use crate::app::Scope;
use crate::oauth;
use crate::sandbox::{Sandbox, read, write};

#[derive(Template)]
#[template(path = "authentication.html")]
struct Access {
    frame: Frame,
    name: String,
    typed: String,
    redirects: Vec<String>,
    scopes: Vec<Choice>,
    tokens: usize,
}

struct Choice {
    slug: &'static str,
    label: &'static str,
    on: bool,
}

/// `GET /hub/app/authentication`.
pub async fn show(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    page(&view(&sandbox, Frame::new("Authentication", "hub").done(&done), String::new()))
}

fn view(sandbox: &Sandbox, frame: Frame, typed: String) -> Access {
    let app = read(&sandbox.app);
    let choice = |&(scope, slug, label)| Choice { slug, label, on: app.scopes.contains(&scope) };
    Access {
        frame,
        name: app.name.clone(),
        typed,
        redirects: app.redirect_urls.clone(),
        scopes: Scope::ALL.iter().map(choice).collect(),
        tokens: app.tokens.values().filter(|t| !t.revoked).count(),
    }
}

#[derive(Deserialize)]
pub struct UrlForm {
    url: String,
}

/// `POST /hub/app/authentication/redirects`.
pub async fn add_redirect(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<UrlForm>) -> Response {
    let url = form.url.trim().to_owned();
    let fine = Url::parse(&url).is_ok_and(|u| u.scheme() == "https" || (u.scheme() == "http" && oauth::is_local(&u)));
    if !fine {
        let frame = Frame::new("Authentication", "hub").problem("The redirect URL must begin with https://, or be on this computer.");
        return page_as(StatusCode::UNPROCESSABLE_ENTITY, &view(&sandbox, frame, url));
    }
    let mut app = write(&sandbox.app);
    if !app.redirect_urls.contains(&url) {
        app.redirect_urls.push(url);
    }
    back("/hub/app/authentication", "redirect")
}

/// `POST /hub/app/authentication/redirects/remove`.
pub async fn remove_redirect(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<UrlForm>) -> Response {
    write(&sandbox.app).redirect_urls.retain(|url| *url != form.url);
    back("/hub/app/authentication", "removed")
}

/// `POST /hub/app/authentication/scopes`: the ticked ones.
pub async fn save_scopes(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<HashMap<String, String>>) -> Response {
    let ticked = Scope::ALL.iter().filter(|s| form.contains_key(s.1)).map(|s| s.0).collect();
    write(&sandbox.app).set_scopes(ticked, false);
    back("/hub/app/authentication", "scopes")
}

/// `POST /hub/app/authentication/revoke`.
pub async fn revoke(State(sandbox): State<Arc<Sandbox>>, Extension(client): Extension<reqwest::Client>) -> Response {
    oauth::revoke(&sandbox, client);
    back("/hub/app/authentication", "revoked")
}
