//! OAuth as the provider has it: a consent page, a code, a token without expiry, and uninstalling.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::api::error::ApiError;
use crate::api::guard::bearer;
use crate::app::{App, Scope};
use crate::sandbox::{Sandbox, read, write};
use crate::settings::DenyShape;
use crate::webhook::installation;

/// The consent page, for browsers.
pub fn pages() -> Router<Arc<Sandbox>> {
    Router::new().route("/oauth", get(consent).post(decide))
}

/// The calls made by servers.
pub fn exchange() -> Router<Arc<Sandbox>> {
    Router::new().route("/auth/eagle/token", post(token)).route("/auth/uninstall", post(uninstall))
}

/// What the browser brings.
#[derive(Clone, Debug, Default, Deserialize)]
struct Request {
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    redirect_uri: String,
    /// `allow` or `deny`, on the way back from the page.
    #[serde(default)]
    decision: String,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    app: String,
    workspace: String,
    admin: String,
    scopes: Vec<(&'static str, &'static str)>,
    client_id: String,
    state: String,
    redirect_uri: String,
    registered: bool,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused {
    problem: String,
    remedy: String,
}

async fn consent(State(sandbox): State<Arc<Sandbox>>, Query(request): Query<Request>) -> Response {
    let redirect_uri = match target(&read(&sandbox.app), &request) {
        Ok(url) => url,
        Err(refused) => return (StatusCode::BAD_REQUEST, page(&refused)).into_response(),
    };
    if sandbox.settings().auto_approve {
        return send_back(&sandbox, &Request { redirect_uri, decision: "allow".to_owned(), ..request });
    }
    let (workspace, admin) = {
        let world = sandbox.look();
        (world.workspace.name.clone(), world.admins[0].name.clone())
    };
    let app = read(&sandbox.app);
    let granted = Scope::ALL.iter().filter(|s| app.scopes.contains(&s.0));
    page(&Consent {
        app: app.name.clone(),
        workspace,
        admin,
        scopes: granted.map(|s| (s.1, s.2)).collect(),
        client_id: request.client_id,
        state: request.state,
        registered: !app.redirect_urls.is_empty(),
        redirect_uri,
    })
}

async fn decide(State(sandbox): State<Arc<Sandbox>>, Form(request): Form<Request>) -> Response {
    let checked = target(&read(&sandbox.app), &request);
    match checked {
        Ok(redirect_uri) => send_back(&sandbox, &Request { redirect_uri, ..request }),
        Err(refused) => (StatusCode::BAD_REQUEST, page(&refused)).into_response(),
    }
}

/// Where the browser goes afterwards: the URL asked for, or the first one registered.
fn target(app: &App, request: &Request) -> Result<String, Refused> {
    let refused = |problem: &str, remedy: &str| Err(Refused { problem: problem.to_owned(), remedy: remedy.to_owned() });
    if request.client_id != app.client_id {
        return refused("No app has this client id.", "Copy the client id again from Basic information.");
    }
    let url = match request.redirect_uri.as_str() {
        "" => app.redirect_urls.first().cloned().unwrap_or_default(),
        given => given.to_owned(),
    };
    let parsed = Url::parse(&url).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    match parsed {
        None => refused("There is no redirect URL to go back to.", "Add one under Authentication, or send redirect_uri."),
        Some(_) if !app.accepts_redirect(&url) => {
            refused(&format!("The redirect URL {url} is not registered on the app."), "Add exactly this URL under Authentication.")
        }
        Some(parsed) if parsed.scheme() == "http" && !is_local(&parsed) => {
            refused("Redirect URLs must be HTTPS.", "Plain HTTP is accepted for this computer only.")
        }
        Some(_) => Ok(url),
    }
}

/// Whether a URL points at this computer.
pub fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn send_back(sandbox: &Sandbox, request: &Request) -> Response {
    let Ok(mut url) = Url::parse(&request.redirect_uri) else { return StatusCode::BAD_REQUEST.into_response() };
    let allowed = request.decision == "allow";
    if allowed {
        let code = write(&sandbox.app).new_code(sandbox.clock.ms());
        url.query_pairs_mut().append_pair("code", &code);
    } else if sandbox.settings().deny_shape == DenyShape::Error {
        url.query_pairs_mut().append_pair("error", "access_denied");
    }
    if !request.state.is_empty() {
        url.query_pairs_mut().append_pair("state", &request.state);
    }
    sandbox.stats.auth(|a| if allowed { a.consents += 1 } else { a.denials += 1 });
    Redirect::to(url.as_str()).into_response()
}

/// `POST /auth/eagle/token`: form or JSON with `code`, `client_id`, `client_secret`.
async fn token(State(sandbox): State<Arc<Sandbox>>, headers: HeaderMap, body: Bytes) -> Response {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Exchange {
        code: String,
        client_id: String,
        client_secret: String,
    }
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    let given: Exchange = if json {
        serde_json::from_slice(&body).unwrap_or_default()
    } else {
        let mut given = Exchange::default();
        for (name, value) in url::form_urlencoded::parse(&body) {
            match &*name {
                "code" => given.code = value.into_owned(),
                "client_id" => given.client_id = value.into_owned(),
                "client_secret" => given.client_secret = value.into_owned(),
                _ => {}
            }
        }
        given
    };
    let mut app = write(&sandbox.app);
    let known = given.client_id == app.client_id && given.client_secret == app.client_secret;
    let token = if known { app.redeem(&given.code, sandbox.clock.ms()) } else { None };
    drop(app);
    let Some(token) = token else {
        sandbox.stats.auth(|a| a.refused_exchanges += 1);
        let message = if known { "Unauthorized Code" } else { "Unauthorized Client" };
        return ApiError::new(401, "unauthorized", message).render("0000-token");
    };
    sandbox.stats.auth(|a| a.tokens_issued += 1);
    axum::Json(json!({ "token_type": "Bearer", "token": token, "access_token": token })).into_response()
}

/// `POST /auth/uninstall` with the token: every token of the app dies, and the app is told.
async fn uninstall(State(sandbox): State<Arc<Sandbox>>, Extension(client): Extension<reqwest::Client>, headers: HeaderMap) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer);
    let valid = token.is_some_and(|t| read(&sandbox.app).tokens.get(&t).is_some_and(|t| !t.revoked));
    if !valid {
        return ApiError::new(401, "unauthorized", "Access Token Invalid").render("0000-uninstall");
    }
    sandbox.stats.auth(|a| a.uninstalls += 1);
    revoke(&sandbox, client);
    axum::Json(json!({ "message": "The app has been uninstalled" })).into_response()
}

/// Revokes every token and sends the uninstall notification.
pub fn revoke(sandbox: &Arc<Sandbox>, client: reqwest::Client) {
    write(&sandbox.app).revoke_all();
    tokio::spawn(installation::uninstall(Arc::clone(sandbox), client));
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
