//! The main job in process, on whichever database the run is on: connect the strict sandbox, sync, listen, disconnect.

use std::collections::BTreeSet;

use atlas_connect::Callback;
use atlas_kernel::Timestamp;
use atlas_sandbox_intercom::{Options, Running, start};
use atlas_store::query;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::world::{Answer, World, world_with};

pub struct Pair {
    pub sandbox: Running,
    pub http: reqwest::Client,
    pub w: World,
}

pub async fn pair() -> Pair {
    let sandbox = provider(Options::default()).await;
    let w = world_with(&sandbox.url).await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Pair { sandbox, http, w }
}

/// A small workspace at the provider.
pub async fn provider(options: Options) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listen = "127.0.0.1:0".parse().unwrap();
    start(Options { listen, contacts: 60, companies: 12, conversations: 40, limit_per_minute: 0, ..options }).await.unwrap()
}

impl Pair {
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.w.call(method, path, Some(&self.w.owner), body).await
    }

    /// Credentials, consent, callback.
    pub async fn connect(&self) {
        let credentials = json!({ "clientId": "sandbox-client", "clientSecret": "sandbox-secret", "region": "local" });
        self.connect_as("intercom", credentials, &self.sandbox).await.unwrap();
    }

    /// The same for the connection of this name, to this provider.
    pub async fn connect_as(&self, slug: &str, credentials: Value, provider: &Running) -> atlas_kernel::Result<()> {
        let saved = self.api("PUT", &format!("/v1/connections/{slug}/credentials"), Some(credentials)).await;
        assert_eq!(saved.status, 200, "{}", saved.text);
        assert!(!saved.text.contains("sandbox-secret"), "the secret is never returned");
        let cookie = self.w.cookie.trim_start_matches("atlas_session=");
        let now = self.w.atlas.db.clock().now();
        let (actor, _) = atlas_identity::authenticate_session(&self.w.atlas.db, cookie, now).await.unwrap().unwrap();
        let consent = self.w.atlas.connections.begin(&actor, slug).await.unwrap();
        let back = self.consent(provider, &consent, "allow").await;
        let query: Value = serde_json::to_value(back.query_pairs().into_owned().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
        let callback: Callback = serde_json::from_value(query).unwrap();
        self.w.atlas.connections.finish(&actor, slug, callback).await.map(|_| ())
    }

    async fn consent(&self, provider: &Running, page: &str, decision: &str) -> url::Url {
        let page = url::Url::parse(page).unwrap();
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        form.push(("decision".into(), decision.into()));
        let answer = self.http.post(format!("{}/oauth", provider.url)).form(&form).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        url::Url::parse(&location).unwrap()
    }

    /// How often this provider was told that access has ended.
    pub async fn uninstalls(&self, provider: &Running) -> u64 {
        let stats: Value = self.http.get(format!("{}/_sandbox/stats", provider.url)).send().await.unwrap().json().await.unwrap();
        stats["auth"]["uninstalls"].as_u64().unwrap()
    }

    pub async fn truth(&self) -> Value {
        self.http.get(format!("{}/_sandbox/truth", self.sandbox.url)).send().await.unwrap().json().await.unwrap()
    }

    pub async fn sandbox(&self, path: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}{path}", self.sandbox.url)).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub async fn all(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (vec![], String::new());
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let after = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page = self.api("GET", &format!("{path}{joint}limit=200{after}"), None).await;
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            rows.extend(page.json()["data"].as_array().unwrap().clone());
            match page.json()["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return rows,
            }
        }
    }

    /// The provider's ids of every timeline item of every contact, with how often each occurs for one contact at most.
    async fn timeline_ids(&self) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        for contact in self.all("/v1/contacts").await {
            let id = contact["id"].as_str().unwrap();
            let mut mine = BTreeSet::new();
            for item in self.all(&format!("/v1/contacts/{id}/timeline?kind=chat")).await {
                let source = item["source"].clone();
                let key = format!("{}/{}", source["kind"].as_str().unwrap_or("?"), source["externalId"].as_str().unwrap_or("?"));
                assert!(mine.insert(key.clone()), "{key} is twice on one timeline");
                seen.insert(key);
            }
        }
        seen
    }

    pub async fn drain(&self) {
        let drained = self.w.atlas.worker.drain().await.unwrap();
        assert_eq!(drained.dead, 0);
    }

    /// A notice as the provider signs it.
    pub async fn notice(&self, body: &str, signature: Option<&str>) -> u16 {
        let mut request =
            axum::http::Request::builder().method("POST").uri("/webhooks/intercom").header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature", signature);
        }
        let request = request.body(axum::body::Body::from(body.to_owned())).unwrap();
        tower::ServiceExt::oneshot(self.w.atlas.router.clone(), request).await.unwrap().status().as_u16()
    }
}

pub fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(b"sandbox-secret").unwrap();
    mac.update(body.as_bytes());
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

fn ids(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_sync_equals_the_providers_truth_and_a_second_changes_nothing() {
    let pair = pair().await;
    pair.connect().await;
    pair.drain().await;
    let truth = pair.truth().await;
    let contacts = pair.all("/v1/contacts?source=intercom").await;
    let companies = pair.all("/v1/companies?source=intercom").await;
    assert_eq!(contacts.len(), ids(&truth["contacts"]).len());
    assert_eq!(companies.len(), ids(&truth["companies"]).len());
    let conversations = pair.all("/v1/conversations").await;
    assert_eq!(conversations.len(), ids(&truth["conversations"]).len());
    let expected: BTreeSet<String> = ids(&truth["parts"]).iter().map(|id| format!("conversation_part/{id}")).collect();
    let seen = pair.timeline_ids().await;
    let parts: BTreeSet<String> = seen.iter().filter(|key| key.starts_with("conversation_part/")).cloned().collect();
    assert_eq!(parts, expected);
    assert_eq!(seen.len() - parts.len(), conversations.len(), "and the opening message of each conversation");
    let tasks = pair.all("/v1/tasks").await;
    assert!(tasks.is_empty(), "history makes no tasks");

    let again = pair.api("POST", "/v1/connections/intercom/sync", Some(json!({}))).await;
    assert!(again.status == 202 || again.status == 200, "{}", again.text);
    pair.drain().await;
    assert_eq!(pair.timeline_ids().await, seen);
    assert_eq!(pair.all("/v1/contacts?source=intercom").await.len(), contacts.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_makes_one_task_however_often_it_is_told() {
    let pair = pair().await;
    pair.connect().await;
    pair.drain().await;
    let conversation = ids(&pair.truth().await["conversations"]).into_iter().next().unwrap();
    pair.sandbox(&format!("/_sandbox/conversations/{conversation}/note"), json!({ "body": "/task Send the SLA tomorrow @me !high" })).await;
    let account = pair.api("GET", "/v1/connections/intercom", None).await.json();
    assert_eq!(account["state"], "connected");
    let app = pair.http.get(format!("{}/_sandbox/settings", pair.sandbox.url)).send().await.unwrap().json::<Value>().await.unwrap();
    let app = app["workspaceId"].as_str().unwrap().to_owned();
    let notice = |n: u32| {
        json!({ "type": "notification_event", "app_id": app, "id": format!("notif_{n}"), "topic": "conversation.admin.noted", "created_at": 1_795_299_100,
            "delivery_attempts": 1, "first_sent_at": 1_795_299_101, "data": { "type": "notification_event_data",
            "item": { "type": "conversation", "id": conversation, "created_at": 1_795_298_200, "updated_at": 1_795_299_100,
                "conversation_parts": { "type": "conversation_part.list", "conversation_parts": [], "total_count": 0 } } } })
        .to_string()
    };
    for n in [1, 1, 2] {
        let body = notice(n);
        assert_eq!(pair.notice(&body, Some(&sign(&body))).await, 200);
        pair.drain().await;
    }
    let tasks = pair.all("/v1/tasks").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0]["title"], "Send the SLA");
    assert_eq!(tasks[0]["priority"], "high");
    assert!(tasks[0]["dueDate"].is_string() || tasks[0]["due"].is_string() || tasks[0]["dueOn"].is_string(), "{}", tasks[0]);
    let links = tasks[0]["links"].to_string();
    assert!(links.contains("conv_") && links.contains("contact_"), "{links}");
}

/// Providers tell whole seconds: whatever of the second of connecting is left, a note in it is news.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_of_connecting_is_live_from_its_start() {
    let pair = pair().await;
    pair.connect().await;
    let sql = "SELECT connected_at, live_since FROM connections WHERE state = $1";
    let (connected, live): (Timestamp, Timestamp) = query(sql).bind("connected").first(&pair.w.atlas.db).await.unwrap().unwrap();
    assert_eq!((live.as_second(), live.subsec_nanosecond()), (connected.as_second(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_and_missing_signatures_are_refused_and_leave_nothing() {
    let pair = pair().await;
    pair.connect().await;
    pair.drain().await;
    let body = json!({ "type": "notification_event", "topic": "ping", "id": null, "app_id": "x", "data": { "item": { "type": "ping" } } })
        .to_string();
    assert_eq!(pair.notice(&body, None).await, 401);
    assert_eq!(pair.notice(&body, Some("sha1=0000000000000000000000000000000000000000")).await, 401);
    assert_eq!(pair.notice(&body, Some(&sign("another body"))).await, 401);
    assert_eq!(pair.notice(&body, Some(&sign(&body))).await, 200);
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
    assert_eq!(pair.notice(&huge, Some(&sign(&huge))).await, 413);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnect_removes_what_came_and_keeps_what_people_wrote() {
    let pair = pair().await;
    pair.connect().await;
    pair.drain().await;
    let contact = pair.all("/v1/contacts?source=intercom").await[0]["id"].as_str().unwrap().to_owned();
    pair.w.make("/v1/notes", json!({ "subject": contact, "body": "Written by hand" })).await;
    let gone = pair.api("DELETE", "/v1/connections/intercom?purge=now", None).await;
    assert!(gone.status < 300, "{}", gone.text);
    pair.drain().await;
    assert_eq!(pair.uninstalls(&pair.sandbox).await, 1);
    assert!(pair.all("/v1/conversations").await.is_empty());
    let left = pair.all("/v1/contacts").await;
    assert_eq!(left.len(), 1, "only the contact with a note stays");
    let notes = pair.all("/v1/notes").await;
    assert_eq!(notes.len(), 1);
    let connection = pair.api("GET", "/v1/connections/intercom", None).await.json();
    assert_eq!(connection["state"], "disconnected");
    assert!(connection["receipt"].is_object(), "{connection}");
}
