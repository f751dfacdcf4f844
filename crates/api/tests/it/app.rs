//! A small Atlas of widgets only, called without a socket.

use std::path::PathBuf;
use std::time::Duration;

use atlas_api::{ApiState, Credentials, RateSettings, authenticate_with, router};
use atlas_kernel::{Actor, Clock, Role, Scopes, SessionId, Timestamp, TokenId, UserId, Via, WorkspaceId};
use atlas_store::{Db, Location, Nouns, Options};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use crate::widgets;

pub const BASE: &str = "https://atlas.example.com";

/// The program under test.
pub struct App {
    pub router: Router,
    pub db: Db,
    pub clock: Clock,
    pub workspace: WorkspaceId,
    folder: PathBuf,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl App {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ApiState)) -> Self {
        let clock = Clock::manual("2027-03-14T09:00:00Z".parse().unwrap());
        let name = hex::encode(atlas_kernel::random_bytes::<8>());
        let folder = std::env::temp_dir().join(format!("atlas-api-{name}"));
        let location = match std::env::var("TEST_PG") {
            Ok(url) => Location::Postgres { url, schema: Some(format!("api_{name}")) },
            Err(_) => Location::Sqlite(folder.join("atlas.db")),
        };
        let migrations = [atlas_store::migrations(), atlas_api::migrations(), widgets::migrations()].concat();
        let db = Db::open(Options { location, connections: 4, clock: clock.clone() }, &migrations).await.unwrap();
        let (workspace, other) = (WorkspaceId::new(clock.now()), WorkspaceId::new(clock.now()));
        let people = people(workspace, other, clock.now());
        let authenticate = authenticate_with(move |shown| {
            let found = people.iter().find(|(credentials, _)| *credentials == shown).map(|(_, actor)| actor.clone());
            async move { Ok(found) }
        });
        let mut state = ApiState::new(db.clone(), Nouns::default(), authenticate, BASE);
        state.rates = RateSettings::UNLIMITED;
        change(&mut state);
        Self { router: router(widgets::operations(), state), db, clock, workspace, folder }
    }

    /// Calls as the member with all scopes.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    /// Calls as the member, with more headers.
    pub async fn call_with(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("authorization", "Bearer atlas_pat_member")];
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        all.extend(headers);
        self.raw(method, path, body.map(|b| b.to_string()).unwrap_or_default(), &all).await
    }

    /// Calls with exactly these headers.
    pub async fn raw(&self, method: &str, path: &str, body: impl Into<Body>, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: head.status, headers: head.headers, bytes }
    }

    pub fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.bytes)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a problem document, and gives it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.bytes));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["title"], code, "{problem}");
        assert_eq!(problem["type"], format!("{BASE}/docs/errors/{code}"));
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(problem["requestId"], self.header("x-request-id"));
        problem
    }
}

fn people(workspace: WorkspaceId, other: WorkspaceId, now: Timestamp) -> Vec<(Credentials, Actor)> {
    let person = |workspace, role, scopes| Actor {
        workspace,
        user: Some(UserId::new(now)),
        name: "Ada".into(),
        role,
        via: Via::Token(TokenId::new(now), scopes),
        time_zone: "UTC".into(),
    };
    let token = |name: &str| Credentials::Token(format!("atlas_pat_{name}"));
    let session = Actor { via: Via::Session(SessionId::new(now)), ..person(workspace, Role::Member, Scopes::All) };
    vec![
        (token("member"), person(workspace, Role::Member, Scopes::All)),
        (token("second"), person(workspace, Role::Member, Scopes::All)),
        (token("reader"), person(workspace, Role::Member, Scopes::Only(vec!["widgets:read".into()]))),
        (token("guest"), person(workspace, Role::Guest, Scopes::All)),
        (token("other"), person(other, Role::Owner, Scopes::All)),
        (Credentials::Session("secret".into()), session),
    ]
}
