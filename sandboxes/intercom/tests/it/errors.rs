//! Every error shape, and faults on demand.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{code, read, sandbox};

fn example(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("fixture")).expect("JSON")
}

/// Compares with a published example, without the request id and without ids in texts.
fn same(body: &Value, name: &str) {
    let example = example(name);
    code(body);
    let plain = |v: &Value| v["errors"][0]["message"].as_str().expect("text").split("id=").next().map(str::to_owned);
    assert_eq!(body["errors"][0]["code"], example["errors"][0]["code"], "{name}");
    assert_eq!(plain(body), plain(&example), "{name}");
    let keys = |v: &Value| v.as_object().expect("object").keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(keys(body), keys(&example), "{name}");
}

#[tokio::test]
async fn errors_look_like_the_examples() {
    let sandbox = sandbox().await;
    let (status, body) = sandbox.get("/contacts/0123456789abcdef01234567").await;
    assert_eq!(status, 404);
    same(&body, "error_404_contact");
    let (status, body) = sandbox.get("/companies/0123456789abcdef01234567").await;
    assert_eq!(status, 404);
    same(&body, "error_404_company");
    let made = sandbox.done("/contacts", json!({ "email": "twin@example.com" })).await;
    let (status, body) = sandbox.post("/contacts", json!({ "email": "TWIN@example.com" })).await;
    assert_eq!(status, 409);
    same(&body, "error_409_contact_conflict");
    assert!(body["errors"][0]["message"].as_str().expect("text").ends_with(made["id"].as_str().expect("id")));
    let sort =
        json!({ "query": { "field": "updated_at", "operator": ">", "value": 1 }, "sort": { "field": "updated_at", "order": "desc" } });
    let (status, body) = sandbox.post("/contacts/search", sort).await;
    assert_eq!(status, 400);
    same(&body, "error_400_invalid_sort_order");
    sandbox.set(json!({ "failNext": { "status": 500 } })).await;
    let (status, body) = sandbox.get("/me").await;
    assert_eq!(status, 500);
    same(&body, "error_500_server_error");
    sandbox.set(json!({ "revokeToken": true })).await;
    let (status, body) = sandbox.get("/me").await;
    assert_eq!(status, 401);
    same(&body, "error_401_token_revoked");
    let other = sandbox.http.get(format!("{}/me", sandbox.running.url)).bearer_auth("no such token").send().await.expect("answer");
    let (status, body) = read(other).await;
    assert_eq!(status, 401);
    same(&body, "error_401_unauthorized");
}

#[tokio::test]
async fn bad_requests_are_refused_by_kind() {
    let sandbox = sandbox().await;
    let missing = sandbox.http.get(format!("{}/me", sandbox.running.url)).send().await.expect("answer");
    assert!(!missing.headers().contains_key("x-ratelimit-limit"));
    let (status, body) = read(missing).await;
    assert_eq!((status.as_u16(), code(&body)), (401, "missing_authorization"));
    let html = sandbox.call(Method::GET, "/me").header("accept", "text/html").send().await.expect("answer");
    // Two Accept headers were sent; the first one wins.
    assert_eq!(html.status(), 200);
    let html = sandbox
        .http
        .get(format!("{}/me", sandbox.running.url))
        .bearer_auth("test-token")
        .header("accept", "text/html")
        .send()
        .await
        .expect("answer");
    let (status, body) = read(html).await;
    assert_eq!((status.as_u16(), code(&body)), (406, "media_type_not_acceptable"));
    let vendor = sandbox
        .http
        .get(format!("{}/me", sandbox.running.url))
        .bearer_auth("test-token")
        .header("accept", "application/vnd.intercom.3+json")
        .send()
        .await;
    assert_eq!(vendor.expect("answer").status(), 200);
    let broken = sandbox.call(Method::POST, "/contacts").header("content-type", "application/json").body("{").send().await.expect("answer");
    let (status, body) = read(broken).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "bad_request"));
    let form = sandbox.call(Method::POST, "/contacts").body("a=b").send().await.expect("answer");
    assert_eq!(form.status(), 415);
    for (method, path) in [(Method::GET, "/nothing/here"), (Method::PUT, "/contacts"), (Method::DELETE, "/me")] {
        let (status, body) = sandbox.send(method, path, json!({})).await;
        assert_eq!((status.as_u16(), code(&body)), (404, "not_found"), "{path}");
    }
    for body in
        [json!({}), json!({ "role": "boss" }), json!({ "email": "nonsense" }), json!({ "email": "a@b.example", "signed_up_at": "soon" })]
    {
        let (status, answer) = sandbox.post("/contacts", body.clone()).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "parameter_invalid"), "{body}");
    }
    let contact = sandbox.truth().await["contacts"][0].as_str().expect("id").to_owned();
    let (status, _) = sandbox.send(Method::PUT, &format!("/contacts/{contact}"), json!({ "email_verified": true })).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_deleted_conversation_answers_with_a_page() {
    let sandbox = sandbox().await;
    let id = sandbox.truth().await["conversations"][3].as_str().expect("id").to_owned();
    sandbox.send(Method::DELETE, &format!("/_sandbox/conversations/{id}"), json!({})).await;
    let answer = sandbox.call(Method::GET, &format!("/conversations/{id}")).send().await.expect("answer");
    assert_eq!(answer.status(), 404);
    assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
    let (status, body) = sandbox.get("/conversations/999").await;
    assert_eq!((status.as_u16(), code(&body)), (404, "not_found"), "one that never was answers as usual");
    let gone = sandbox.ok("/conversations/deleted").await;
    assert_eq!(gone["conversations"][0]["id"], id.as_str());
    assert_eq!(sandbox.truth().await["deletedConversations"], json!([id]));
}

#[tokio::test]
async fn the_next_calls_fail_as_told() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "failNext": { "status": 502, "count": 2, "kind": "html", "path": "/contacts" } })).await;
    assert_eq!(sandbox.get("/me").await.0, 200, "another path is spared");
    for _ in 0..2 {
        let answer = sandbox.call(Method::GET, "/contacts").send().await.expect("answer");
        assert_eq!(answer.status(), 502);
        assert!(answer.text().await.expect("text").contains("<html>"));
    }
    assert_eq!(sandbox.get("/contacts").await.0, 200);

    sandbox.set(json!({ "failNext": { "kind": "truncated" } })).await;
    let answer = sandbox.call(Method::GET, "/contacts").send().await.expect("head");
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err(), "the body ends too early");
    assert_eq!(sandbox.get("/contacts").await.0, 200);

    sandbox.set(json!({ "failNext": { "kind": "timeout" } })).await;
    let answer = sandbox.call(Method::GET, "/contacts").timeout(Duration::from_millis(200)).send().await;
    assert!(answer.is_err_and(|e| e.is_timeout()));
    assert_eq!(sandbox.get("/contacts").await.0, 200);
    assert_eq!(sandbox.stats().await["concurrent"], 0, "a client that hung up is not counted any more");
}

#[tokio::test]
async fn a_hanging_answer_does_not_keep_the_sandbox_from_stopping() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "failNext": { "kind": "timeout" } })).await;
    let call = tokio::spawn(sandbox.call(Method::GET, "/me").send());
    while sandbox.stats().await["concurrent"] == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(Duration::from_secs(5), sandbox.running.stop()).await.expect("stops");
    let answer = call.await.expect("joined");
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status() == StatusCode::GATEWAY_TIMEOUT));
}
