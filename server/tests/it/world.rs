//! Atlas in process with two workspaces and named clients.

use atlas_api::inventory;
use atlas_identity::{Gate, NewOwner, NewToken, NewWorkspace, Origin, Vault};
use atlas_kernel::{Actor, Role, Scopes};
use atlas_server::app::{self, Atlas};
use atlas_server::config::{Config, Flags};
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use serde_json::Value;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse battery staple";

/// Everything a test needs.
pub struct World {
    pub atlas: Atlas,
    /// A token of the first workspace's owner.
    pub owner: String,
    /// A token of the second workspace's owner.
    pub stranger: String,
    /// A token of a guest of the first workspace.
    pub guest: String,
    /// A session cookie of the first workspace's owner.
    pub cookie: String,
}

/// One answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

pub async fn world() -> World {
    world_with("").await
}

/// The same, with a local Intercom at this address.
pub async fn world_with(local_intercom: &str) -> World {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = atlas_testkit::database(&app::migrations()[2..]).await;
    let config = Config::load(None, &Flags::default()).unwrap();
    let local = local_intercom.to_owned();
    let config = Config { rate_read: 0, rate_write: 0, rate_heavy: 0, allow_private_providers: true, local_intercom: local, ..config };
    let vault = Vault::from_master([7; 32]);
    let atlas = app::assemble(db, vault, &config, tokio::sync::watch::channel(false).1).unwrap();
    let gate = Gate::new();
    let (first, second) = (workspace(&atlas, &gate, "ann@acme.example").await, workspace(&atlas, &gate, "bob@other.example").await);
    let owner = token(&atlas, &first, Scopes::All).await;
    let stranger = token(&atlas, &second, Scopes::All).await;
    let guest = guest(&atlas, &gate, &first).await;
    let origin = Origin { ip: "127.0.0.1".into(), user_agent: "test".into() };
    let signed = atlas_identity::sign_in(&atlas.db, &gate, "ann@acme.example", PASSWORD, &origin).await.unwrap();
    let cookie = format!("atlas_session={}", signed.cookie.expose());
    World { atlas, owner, stranger, guest, cookie }
}

async fn workspace(atlas: &Atlas, gate: &Gate, email: &str) -> Actor {
    let password = gate.hash(PASSWORD).await.unwrap();
    let owner = NewOwner { name: email.to_owned(), email: email.to_owned(), password, time_zone: "UTC".into() };
    let new = &NewWorkspace { name: format!("Workspace of {email}"), owner };
    atlas.db.write(|tx| async move { atlas_identity::create_workspace(&tx, new).await }).await.unwrap();
    atlas_identity::find_actor(&atlas.db, email).await.unwrap().unwrap()
}

pub async fn token(atlas: &Atlas, actor: &Actor, scopes: Scopes) -> String {
    let known: Vec<&'static str> = inventory(&atlas.operations).iter().map(|o| o.scope).collect();
    let (known, new) = (&known, &NewToken { name: "test".into(), scopes, expires_at: None });
    let made = atlas.db.write(|tx| async move { atlas_identity::create_token(&tx, actor, new.clone(), known).await }).await;
    made.unwrap().1.expose().to_owned()
}

/// Guests cannot make tokens, so this one was made while they were a member.
async fn guest(atlas: &Atlas, gate: &Gate, owner: &Actor) -> String {
    let invited = atlas.db.write(|tx| async move { atlas_identity::invite(&tx, owner, "gus@acme.example", Role::Member).await }).await;
    let secret = invited.unwrap().1;
    let with = atlas_identity::Acceptance { name: "Gus".into(), password: PASSWORD.into(), time_zone: "UTC".into() };
    let origin = Origin { ip: "127.0.0.1".into(), user_agent: "test".into() };
    let signed = atlas_identity::accept_invitation(&atlas.db, gate, secret.expose(), &with, &origin).await.unwrap();
    let member = atlas_identity::find_actor(&atlas.db, "gus@acme.example").await.unwrap().unwrap();
    let made = token(atlas, &member, Scopes::All).await;
    atlas.db.write(|tx| async move { atlas_identity::change_role(&tx, owner, signed.user, Role::Guest).await }).await.unwrap();
    made
}

impl World {
    /// A call with a token (or none) and a JSON body (or none).
    pub async fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send(request.body(body.map_or_else(Body::empty, |json| Body::from(json.to_string()))).unwrap()).await
    }

    /// A page, with the owner's session or without.
    pub async fn page(&self, method: &str, path: &str, signed: bool) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7400");
        if signed {
            request = request.header(header::COOKIE, &self.cookie);
        }
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form's fields, encoded, signed in.
    pub async fn form(&self, path: &str, fields: &'static str) -> Answer {
        let request =
            Request::builder().method("POST").uri(path).header(header::HOST, "127.0.0.1:7400").header(header::COOKIE, &self.cookie);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(fields)).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.atlas.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 16 << 20).await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Makes a record as the owner and answers its id.
    pub async fn make(&self, path: &str, body: Value) -> String {
        let made = self.call("POST", path, Some(&self.owner), Some(body)).await;
        assert_eq!(made.status, 201, "{path}: {}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    }
}
