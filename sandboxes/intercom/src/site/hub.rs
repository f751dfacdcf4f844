//! The Developer Hub's first pages: the app, making one, basic information.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;

use super::{Done, Frame, back, page};
use crate::render::version::Version;
use crate::sandbox::{Sandbox, read, write};

/// Versions the page offers; webhooks of 1.x look different and are not imitated.
const VERSIONS: [&str; 6] = ["2.11", "2.12", "2.13", "2.14", "2.15", "2.16"];

#[derive(Template)]
#[template(path = "hub.html")]
struct Apps {
    frame: Frame,
    workspace: String,
    name: String,
    version: String,
    scopes: usize,
    tokens: usize,
    hooked: bool,
}

/// `GET /hub`.
pub async fn apps(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    let workspace = sandbox.look().workspace.name.clone();
    let app = read(&sandbox.app);
    page(&Apps {
        frame: Frame::new("Developer hub", "hub").done(&done),
        workspace,
        name: app.name.clone(),
        version: app.version.to_string(),
        scopes: app.scopes.len(),
        tokens: app.tokens.values().filter(|t| !t.revoked).count(),
        hooked: app.hook.url.is_some() && app.hook.live,
    })
}

#[derive(Template)]
#[template(path = "app_new.html")]
struct Blank {
    frame: Frame,
    workspace: String,
}

/// `GET /hub/apps/new`.
pub async fn blank(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let workspace = sandbox.look().workspace.name.clone();
    page(&Blank { frame: Frame::new("New app", "hub"), workspace })
}

#[derive(Deserialize)]
pub struct AppForm {
    name: String,
}

/// `POST /hub/apps/new`: names the one app.
pub async fn create(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<AppForm>) -> Response {
    let name = form.name.trim();
    if !name.is_empty() {
        name.clone_into(&mut write(&sandbox.app).name);
    }
    back("/hub/app/authentication", "app")
}

#[derive(Template)]
#[template(path = "basic.html")]
struct Basic {
    frame: Frame,
    name: String,
    client_id: String,
    client_secret: String,
    base: String,
    workspace: String,
    workspace_id: String,
    region: String,
    timezone: String,
    version: String,
    versions: [&'static str; 6],
}

/// `GET /hub/app/basic`.
pub async fn basic(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("127.0.0.1:7401").to_owned();
    let workspace = sandbox.look().workspace.clone();
    let app = read(&sandbox.app);
    page(&Basic {
        frame: Frame::new("Basic information", "hub").done(&done),
        name: app.name.clone(),
        client_id: app.client_id.clone(),
        client_secret: app.client_secret.clone(),
        base: format!("http://{host}"),
        workspace: workspace.name,
        workspace_id: workspace.id,
        region: workspace.region,
        timezone: workspace.timezone,
        version: app.version.to_string(),
        versions: VERSIONS,
    })
}

#[derive(Deserialize)]
pub struct VersionForm {
    version: String,
}

/// `POST /hub/app/basic`.
pub async fn save(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<VersionForm>) -> Response {
    if let Some(version) = Version::parse(&form.version) {
        write(&sandbox.app).version = version;
    }
    back("/hub/app/basic", "saved")
}
