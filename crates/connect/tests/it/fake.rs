//! A provider for tests: people, firms (one scroll at a time) and chats, with scopes, windows and faults on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Fake(Arc<Inner>);

struct Inner {
    data: Mutex<Data>,
    pub address: String,
}

pub struct Data {
    pub people: BTreeMap<i64, Value>,
    pub firms: BTreeMap<i64, Value>,
    pub chats: BTreeMap<i64, Value>,
    pub deleted: Vec<i64>,
    pub account: &'static str,
    pub tokens: BTreeSet<String>,
    pub codes: BTreeSet<String>,
    pub scopes: BTreeSet<&'static str>,
    pub limit: u32,
    pub window: i64,
    pub latency: Duration,
    /// Paths that answer once with this, in order.
    pub faults: Vec<(String, Fault)>,
    pub used: (i64, u32),
    pub requests: u64,
    pub too_many: u64,
    pub in_flight: u64,
    pub most_in_flight: u64,
    /// Paths asked for, in their order.
    pub paths: Vec<String>,
    pub uninstalled: u64,
    /// The open scroll: its number, its place, and when it was last used.
    pub scroll: Option<(u64, usize, Instant)>,
    pub scrolls: u64,
}

#[derive(Clone)]
pub enum Fault {
    Status(u16, &'static str),
    Truncated,
    Html(u16),
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

impl Fake {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let data = Data {
            people: BTreeMap::new(),
            firms: BTreeMap::new(),
            chats: BTreeMap::new(),
            deleted: vec![],
            account: "acct-1",
            tokens: BTreeSet::new(),
            codes: BTreeSet::from(["code-1=".to_owned()]),
            scopes: BTreeSet::from(["read_people", "read_chats"]),
            limit: 1000,
            window: 2,
            latency: Duration::ZERO,
            faults: vec![],
            used: (0, 0),
            requests: 0,
            too_many: 0,
            in_flight: 0,
            most_in_flight: 0,
            paths: vec![],
            uninstalled: 0,
            scroll: None,
            scrolls: 0,
        };
        let fake = Self(Arc::new(Inner { data: Mutex::new(data), address }));
        let app = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        fake
    }

    pub fn url(&self) -> String {
        self.0.address.clone()
    }

    pub fn data(&self) -> MutexGuard<'_, Data> {
        self.0.data.lock().unwrap()
    }

    /// Fills the provider: `people` people in firms of ten, `chats` chats with three parts each, all older than an hour.
    pub fn seed(&self, people: i64, chats: i64) {
        let mut data = self.data();
        let old = now() - 3_600;
        for id in 1..=(people / 10).max(1) {
            data.firms.insert(id, json!({ "id": id.to_string(), "name": format!("Firm {id}"), "updated_at": old - id }));
        }
        for id in 1..=people {
            let firm = ((id - 1) / 10 + 1).min((people / 10).max(1));
            let more = id % 7 == 0;
            data.people.insert(id, person(id, &format!("Person {id}"), old - id, &[firm.to_string()], more));
        }
        for id in 1..=chats {
            let who = (id - 1) % people.max(1) + 1;
            data.chats.insert(id, chat(id, who, old - id, 3));
        }
    }

    pub fn stats(&self) -> (u64, u64, u64) {
        let data = self.data();
        (data.requests, data.too_many, data.most_in_flight)
    }

    pub fn calls(&self, path: &str) -> u64 {
        self.data().paths.iter().filter(|asked| *asked == path).count() as u64
    }
}

pub fn person(id: i64, name: &str, updated_at: i64, firms: &[String], more: bool) -> Value {
    json!({ "id": id.to_string(), "name": name, "email": format!("p{id}@example.com"), "updated_at": updated_at, "firms": firms,
            "more_firms": more.then(|| format!("/people/{id}/firms")) })
}

pub fn chat(id: i64, person: i64, updated_at: i64, parts: i64) -> Value {
    let part = |n: i64| json!({ "id": format!("{id}-{n}"), "at": updated_at - 100 + n, "body": format!("<p>words {id}-{n}</p>"), "redacted": false });
    json!({ "id": id.to_string(), "people": [person.to_string()], "updated_at": updated_at, "opening": format!("Opening {id}"),
            "parts": (1..=parts).map(part).collect::<Vec<_>>(), "total_parts": parts })
}

async fn answer(State(fake): State<Fake>, request: Request<Body>) -> Response {
    let path = request.uri().path().to_owned();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes()).into_owned().collect();
    let headers = request.headers().clone();
    let method = request.method().clone();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let latency = {
        let mut data = fake.data();
        data.requests += 1;
        data.paths.push(path.clone());
        data.in_flight += 1;
        data.most_in_flight = data.most_in_flight.max(data.in_flight);
        data.latency
    };
    tokio::time::sleep(latency / 2).await;
    let response = respond(&fake, &path, method.as_str(), &query, &headers, &body);
    tokio::time::sleep(latency / 2).await;
    fake.data().in_flight -= 1;
    response
}

fn failure(status: u16, code: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(json!({ "error": code }))).into_response()
}

fn respond(fake: &Fake, path: &str, method: &str, query: &BTreeMap<String, String>, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut data = fake.data();
    if path == "/oauth/token" {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let good = form.get("client_secret").is_some_and(|s| s == "toy-secret") && form.get("client_id").is_some_and(|s| s == "toy-client");
        if !good || !data.codes.remove(&form["code"]) {
            return failure(401, "bad_code");
        }
        let token = format!("tok-{}-{}", data.account, data.requests);
        data.tokens.insert(token.clone());
        return Json(json!({ "access_token": token })).into_response();
    }
    let token = headers.get("authorization").and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer ")).unwrap_or("").to_owned();
    if !data.tokens.contains(&token) {
        return failure(401, "token_revoked");
    }
    let (limit, window) = (data.limit, data.window);
    let end = (now() / window + 1) * window;
    if data.used.0 != end {
        data.used = (end, 0);
    }
    let rate =
        |used: u32| [("x-limit", limit.to_string()), ("x-remaining", limit.saturating_sub(used).to_string()), ("x-reset", end.to_string())];
    if data.used.1 >= limit {
        data.too_many += 1;
        return (rate(limit), failure(429, "too_many")).into_response();
    }
    data.used.1 += 1;
    let used = data.used.1;
    (rate(used), content(&mut data, path, method, query, &token)).into_response()
}

fn content(data: &mut Data, path: &str, method: &str, query: &BTreeMap<String, String>, token: &str) -> Response {
    if let Some(place) = data.faults.iter().position(|(at, _)| path == at) {
        return match data.faults.remove(place).1 {
            Fault::Status(status, code) => failure(status, code),
            Fault::Truncated => (StatusCode::OK, "{\"items\": [{\"id\": \"1").into_response(),
            Fault::Html(status) => (StatusCode::from_u16(status).unwrap(), "<html>no</html>").into_response(),
        };
    }
    let scope = |scope: &str| data.scopes.iter().any(|s| *s == scope);
    let needed = if path.starts_with("/chats") { "read_chats" } else { "read_people" };
    if path != "/me" && path != "/uninstall" && !scope(needed) {
        return failure(403, "forbidden");
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["me"]) => {
            // The token says whose it is: `tok-`, the account, `-` and a number.
            let account = token.strip_prefix("tok-").and_then(|rest| rest.rsplit_once('-')).map_or("nobody", |(account, _)| account);
            Json(json!({ "id": account, "name": format!("Account {account}") })).into_response()
        }
        ("POST", ["uninstall"]) => {
            data.tokens.remove(token);
            data.uninstalled += 1;
            Json(json!({})).into_response()
        }
        ("GET", ["people"]) => list(&data.people, query),
        ("GET", ["chats"]) => list(&data.chats, query),
        ("GET", ["chats", "deleted"]) => {
            Json(json!({ "items": data.deleted.iter().map(|id| json!({ "id": id.to_string(), "updated_at": now() })).collect::<Vec<_>>() }))
                .into_response()
        }
        ("GET", ["firms", "scroll"]) => scroll(data, query),
        ("GET", ["people", id, "firms"]) => Json(json!({ "firms": ["1"], "of": id })).into_response(),
        ("GET", ["people", id]) => one(&data.people, id),
        ("GET", ["firms", "names"]) => Json(json!({ "firms": ["1"] })).into_response(),
        ("GET", ["firms", id]) => one(&data.firms, id),
        ("GET", ["chats", id]) => one(&data.chats, id),
        _ => failure(404, "not_found"),
    }
}

fn one(all: &BTreeMap<i64, Value>, id: &str) -> Response {
    match id.parse().ok().and_then(|id: i64| all.get(&id)) {
        Some(found) => Json(found.clone()).into_response(),
        None => failure(404, "not_found"),
    }
}

/// Newest first for history, oldest first since a moment; ten a page, by an opaque cursor.
fn list(all: &BTreeMap<i64, Value>, query: &BTreeMap<String, String>) -> Response {
    let since: i64 = query.get("since").and_then(|s| s.parse().ok()).unwrap_or(0);
    let at = |v: &Value| v["updated_at"].as_i64().unwrap();
    let mut found: Vec<&Value> = all.values().filter(|v| at(v) >= since).collect();
    found.sort_by_key(|v| -at(v));
    let from: usize = query.get("after").and_then(|s| s.parse().ok()).unwrap_or(0);
    let page: Vec<Value> = found.iter().skip(from).take(10).map(|v| (*v).clone()).collect();
    let next = (from + 10 < found.len()).then(|| (from + 10).to_string());
    Json(json!({ "items": page, "total": found.len(), "next": next })).into_response()
}

/// One at a time; the parameter is the same on every page; the end is an empty page.
fn scroll(data: &mut Data, query: &BTreeMap<String, String>) -> Response {
    let alive = data.scroll.filter(|(_, _, used)| used.elapsed() < Duration::from_secs(1));
    let place = match (query.get("scroll"), alive) {
        (None, Some(_)) => return failure(400, "scroll_exists"),
        (None, None) => {
            data.scrolls += 1;
            (data.scrolls, 0)
        }
        (Some(given), Some((number, place, _))) if *given == number.to_string() => (number, place),
        _ => return failure(404, "scroll_not_found"),
    };
    let page: Vec<Value> = data.firms.values().skip(place.1).take(5).cloned().collect();
    data.scroll = if page.is_empty() { None } else { Some((place.0, place.1 + 5, Instant::now())) };
    Json(json!({ "items": page, "scroll": place.0.to_string() })).into_response()
}
