//! Permissions, and the two shapes of a missing one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{code, sandbox};

/// A call, and the scope its refusal names.
const CALLS: [(&str, &str, &str); 12] = [
    ("GET", "/contacts", "read_users_companies"),
    ("POST", "/contacts/search", "read_users_companies"),
    ("POST", "/contacts", "write_users_companies"),
    ("GET", "/companies/scroll", "read_users_companies"),
    ("POST", "/companies/list", "read_users_companies"),
    ("POST", "/companies", "write_users_companies"),
    ("GET", "/conversations", "read_conversations"),
    ("GET", "/conversations/215470000000001", "read_conversations"),
    ("POST", "/conversations/search", "read_conversations"),
    ("POST", "/conversations", "write_conversations"),
    ("GET", "/admins", "read_admins"),
    ("GET", "/tags", "read_users_companies"),
];

#[tokio::test]
async fn every_call_names_the_scope_it_misses() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "scopes": [] })).await;
    for (method, path, scope) in CALLS {
        let (status, body) = sandbox.send(Method::from_bytes(method.as_bytes()).expect("method"), path, json!({})).await;
        assert_eq!((status.as_u16(), code(&body)), (403, "forbidden"), "{method} {path}");
        let text = format!("You do not have the required scope ({scope}) to access this resource");
        assert_eq!(body["errors"][0]["message"], text.as_str(), "{method} {path}");
    }
    assert_eq!(sandbox.get("/me").await.0, 200, "the token itself is still good");
    sandbox.set(json!({ "missingScopeShape": "token_unauthorized" })).await;
    let (status, body) = sandbox.get("/conversations").await;
    assert_eq!((status.as_u16(), code(&body)), (401, "token_unauthorized"));
    sandbox.set(json!({ "meNeedsReadAdmins": true })).await;
    assert_eq!(sandbox.get("/me").await.0, 401);
}

#[tokio::test]
async fn one_missing_scope_stops_only_what_it_covers() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "scopes": ["read_users_companies", "write_users_companies", "read_admins"] })).await;
    assert_eq!(sandbox.get("/conversations").await.0, 403);
    assert_eq!(sandbox.get("/contacts").await.0, 200);
    sandbox.set(json!({ "scopes": ["read_single_user", "read_conversations"] })).await;
    let contact = sandbox.truth().await["contacts"][0].as_str().expect("id").to_owned();
    assert_eq!(sandbox.get("/contacts").await.0, 403);
    assert_eq!(sandbox.get(&format!("/contacts/{contact}")).await.0, 200, "one user is enough for one user");
    assert_eq!(sandbox.get("/conversations").await.0, 200);
}

#[tokio::test]
async fn the_plan_can_forbid_conversations() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "planRestricted": true })).await;
    let (status, body) = sandbox.get("/conversations").await;
    assert_eq!((status.as_u16(), code(&body)), (403, "api_plan_restricted"));
    assert_eq!(sandbox.get("/contacts").await.0, 200);
}

#[tokio::test]
async fn unticking_on_the_page_works_at_once_and_ticking_needs_a_new_token() {
    let sandbox = sandbox().await;
    let save = |form: &'static [(&'static str, &'static str)]| {
        sandbox.http.post(format!("{}/hub/app/authentication/scopes", sandbox.running.url)).form(form).send()
    };
    save(&[("read_users_companies", "on")]).await.expect("saved");
    assert_eq!(sandbox.get("/conversations").await.0, 403);
    save(&[("read_users_companies", "on"), ("read_conversations", "on")]).await.expect("saved");
    assert_eq!(sandbox.get("/conversations").await.0, 403, "the old token keeps what it had");
    let fresh: Value = sandbox.done("/_sandbox/token", json!({})).await;
    let token = fresh["access_token"].as_str().expect("token");
    let answer = sandbox.http.get(format!("{}/conversations", sandbox.running.url)).bearer_auth(token).send().await.expect("answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_app_starts_with_the_four_scopes_of_the_guide() {
    let running = atlas_sandbox_intercom::start(crate::client::options()).await.expect("started");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = reqwest::get(format!("{}/_sandbox/settings", running.url)).await.expect("answer").json::<Value>().await.expect("JSON");
    let mut wanted = crate::client::SCOPES[..4].to_vec();
    wanted.sort_unstable();
    let mut scopes: Vec<&str> = settings["scopes"].as_array().expect("list").iter().map(|s| s.as_str().expect("slug")).collect();
    scopes.sort_unstable();
    assert_eq!(scopes, wanted);
}
