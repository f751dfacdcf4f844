//! How fast the sandbox itself is: growing a million parts, answering, and sending a storm of notices.
//!
//! `cargo run --release -p atlas-sandbox-intercom --example load [conversations] [notices]`; everything runs in this one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atlas_sandbox_intercom::{Options, start};
use axum::Router;
use axum::http::StatusCode;
use reqwest::Client;
use serde_json::{Value, json};

const TOKEN: &str = "load";
const PARTS: u32 = 20;
/// Calls under way at the same time.
const WORKERS: usize = 32;
const LASTS: Duration = Duration::from_secs(4);

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().skip(1).map(|n| n.parse::<u32>().expect("a number"));
    let conversations = numbers.next().unwrap_or(50_000);
    let notices = numbers.next().unwrap_or(100_000);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().build().expect("client");
    let (hook, arrived) = receiver().await;
    let started = Instant::now();
    let sandbox = start(Options {
        listen: ([127, 0, 0, 1], 0).into(),
        contacts: conversations / 2,
        companies: conversations / 20,
        conversations,
        parts_min: PARTS,
        parts_max: PARTS,
        limit_per_minute: 0,
        access_token: Some(TOKEN.to_owned()),
        ..Options::default()
    })
    .await
    .expect("started");
    let load = Load { client, url: sandbox.url.clone() };
    let settings = json!({ "webhookUrl": hook, "scopes": ["read_users_companies", "read_conversations", "read_admins"] });
    load.post("/_sandbox/settings", &settings).await;
    println!("grown: {conversations} conversations of {PARTS} parts in {:.1} s, {} MB", started.elapsed().as_secs_f64(), memory());
    let started = Instant::now();
    let truth = load.get("/_sandbox/truth").await;
    let parts = truth["parts"].as_array().map_or(0, Vec::len) as u64 + truth["partsBeyondCap"].as_u64().unwrap_or(0);
    println!("truth: {parts} parts told in {:.1} s", started.elapsed().as_secs_f64());
    let ids: Vec<String> = truth["conversations"].as_array().expect("ids").iter().map(|id| id.as_str().expect("id").to_owned()).collect();
    drop(truth);
    answers(&load, Arc::new(ids)).await;
    let started = Instant::now();
    let storm = json!({ "notices": notices, "duplicates": 0.2, "disorder": 0.2, "dropped": 0.05, "concurrency": WORKERS });
    let told = load.post("/_sandbox/storm", &storm).await;
    let rate = arrived.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    println!("storm: {told}");
    println!("storm: {} notices arrived, {rate:.0} a second, {} MB", arrived.load(Ordering::Relaxed), memory());
    sandbox.stop().await;
}

/// Calls a second of each kind that a sync makes.
async fn answers(load: &Load, ids: Arc<Vec<String>>) {
    let query = json!({ "query": { "field": "updated_at", "operator": ">", "value": 1 }, "pagination": { "per_page": 150 } });
    let count = ids.len();
    let kinds: [(&str, Arc<dyn Fn(usize) -> String + Send + Sync>, Option<Value>); 5] = [
        ("GET /me", Arc::new(|_| "/me".to_owned()), None),
        ("GET /conversations/{id}", Arc::new(move |n| format!("/conversations/{}", ids[(n * 7919) % count])), None),
        ("GET /conversations, 150 a page", Arc::new(|_| "/conversations?per_page=150".to_owned()), None),
        ("GET /contacts, 150 a page", Arc::new(|_| "/contacts?per_page=150".to_owned()), None),
        ("POST /contacts/search, 150 a page", Arc::new(|_| "/contacts/search".to_owned()), Some(query)),
    ];
    for (name, path, body) in kinds {
        let (done, until) = (Arc::new(AtomicU64::new(0)), Instant::now() + LASTS);
        let workers: Vec<_> =
            (0..WORKERS).map(|_| tokio::spawn(work(load.clone(), Arc::clone(&path), body.clone(), Arc::clone(&done), until))).collect();
        for worker in workers {
            worker.await.expect("a worker");
        }
        println!("{name}: {:.0} answers a second", done.load(Ordering::Relaxed) as f64 / LASTS.as_secs_f64());
    }
}

async fn work(load: Load, path: Arc<dyn Fn(usize) -> String + Send + Sync>, body: Option<Value>, done: Arc<AtomicU64>, until: Instant) {
    while Instant::now() < until {
        let path = path(done.fetch_add(1, Ordering::Relaxed) as usize);
        let url = format!("{}{path}", load.url);
        let request = match &body {
            None => load.client.get(url),
            Some(body) => load.client.post(url).json(body),
        };
        let answer = request.bearer_auth(TOKEN).send().await.expect("answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.expect("a body");
    }
}

#[derive(Clone)]
struct Load {
    client: Client,
    url: String,
}

impl Load {
    async fn get(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.url)).send().await.expect("answer").json().await.expect("JSON")
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.client.post(format!("{}{path}", self.url)).json(body).send().await.expect("answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
        answer.json().await.expect("JSON")
    }
}

/// An endpoint that says 200 to everything and counts.
async fn receiver() -> (String, Arc<AtomicU64>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("http://{}/hook", listener.local_addr().expect("address"));
    let arrived = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&arrived);
    let take = move |body: axum::body::Bytes| async move {
        counter.fetch_add(u64::from(!body.is_empty()), Ordering::Relaxed);
        StatusCode::OK
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (url, arrived)
}

/// Resident memory of this process in megabytes, where the system tells.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
