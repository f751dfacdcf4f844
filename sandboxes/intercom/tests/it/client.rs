//! A sandbox with a token, and short ways to call it.

use std::net::{Ipv4Addr, SocketAddr};

use atlas_sandbox_intercom::{Options, Running, start};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// The token every test sandbox accepts.
pub const TOKEN: &str = "test-token";
/// Noon of a Sunday in November 2026, UTC; Dublin is at UTC then.
pub const NOW: i64 = 1_795_348_800;

/// Every scope; a sandbox starts with the first four.
pub const SCOPES: [&str; 7] = [
    "read_users_companies",
    "write_users_companies",
    "read_conversations",
    "read_admins",
    "read_write_users",
    "read_single_user",
    "write_conversations",
];

/// A running sandbox and a client for it.
pub struct Box {
    pub running: Running,
    pub http: reqwest::Client,
}

/// Small sizes, no limit, a fixed present.
pub fn options() -> Options {
    Options {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        contacts: 60,
        companies: 15,
        conversations: 40,
        limit_per_minute: 0,
        access_token: Some(TOKEN.to_owned()),
        now: Some(NOW),
        ..Options::default()
    }
}

/// Starts a sandbox of the usual size.
pub async fn sandbox() -> Box {
    with(options()).await
}

/// Starts a sandbox.
pub async fn with(options: Options) -> Box {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("client");
    let sandbox = Box { running: start(options).await.expect("started"), http };
    sandbox.set(json!({ "scopes": SCOPES })).await;
    sandbox
}

impl Box {
    /// A raw call with the test token.
    pub fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.running.url)).bearer_auth(TOKEN).header("accept", "application/json")
    }

    /// Status and JSON of a GET.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.call(Method::GET, path).send().await.expect("answer")).await
    }

    /// Status and JSON of a POST.
    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        read(self.call(Method::POST, path).json(&body).send().await.expect("answer")).await
    }

    /// Status and JSON of any call with a body.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        read(self.call(method, path).json(&body).send().await.expect("answer")).await
    }

    /// JSON of a GET that must succeed.
    pub async fn ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// JSON of a POST that must succeed.
    pub async fn done(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Changes settings.
    pub async fn set(&self, change: Value) -> Value {
        self.done("/_sandbox/settings", change).await
    }

    /// The counters.
    pub async fn stats(&self) -> Value {
        self.ok("/_sandbox/stats").await
    }

    /// What a complete reader must end up with.
    pub async fn truth(&self) -> Value {
        self.ok("/_sandbox/truth").await
    }

    /// All rows of a cursor list or search; `field` names the array.
    pub async fn all(&self, path: &str, body: Option<Value>, field: &str, per_page: u64) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = match &body {
                None => {
                    let after = cursor
                        .as_ref()
                        .map(|c| format!("&starting_after={}", c.replace('=', "%3D").replace('+', "%2B")))
                        .unwrap_or_default();
                    self.ok(&format!("{path}?per_page={per_page}{after}")).await
                }
                Some(body) => {
                    let mut body = body.clone();
                    body["pagination"] = json!({ "per_page": per_page, "starting_after": cursor });
                    self.done(path, body).await
                }
            };
            rows.extend(page[field].as_array().expect("rows").iter().cloned());
            match page["pages"]["next"]["starting_after"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }
}

/// Status and JSON of an answer; `Null` when it is no JSON.
pub async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let text = answer.text().await.expect("body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The ids of rows, sorted.
pub fn ids(rows: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = rows.iter().map(|r| r["id"].as_str().expect("id").to_owned()).collect();
    ids.sort();
    ids
}

/// A list of the truth, sorted.
pub fn listed(truth: &Value, name: &str) -> Vec<String> {
    let mut ids: Vec<String> = truth[name].as_array().expect(name).iter().map(|v| v.as_str().expect("id").to_owned()).collect();
    ids.sort();
    ids
}

/// Code of the first error of an answer.
pub fn code(body: &Value) -> &str {
    assert_eq!(body["type"], "error.list", "{body}");
    assert!(body["request_id"].as_str().is_some_and(|id| id.len() == 36), "{body}");
    body["errors"][0]["code"].as_str().expect("code")
}
