//! What differs between API versions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Box, code, read, sandbox};

async fn at(sandbox: &Box, version: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = sandbox.call(method, path).header("intercom-version", version);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let (status, body) = read(request.send().await.expect("answer")).await;
    (status.as_u16(), body)
}

#[tokio::test]
async fn fields_change_their_type_with_the_version() {
    let sandbox = sandbox().await;
    let owned =
        sandbox.all("/contacts", None, "data", 150).await.into_iter().find(|c| c["owner_id"].is_string()).expect("somebody is owned");
    let path = format!("/contacts/{}", owned["id"].as_str().expect("id"));
    assert!(at(&sandbox, "2.15", Method::GET, &path, None).await.1["owner_id"].is_u64());
    assert!(at(&sandbox, "2.16", Method::GET, &path, None).await.1["owner_id"].is_string());
    let made = sandbox.done("/_sandbox/conversations", json!({})).await;
    let path = format!("/conversations/{}", made["id"].as_str().expect("id"));
    let new = at(&sandbox, "2.16", Method::GET, &path, None).await.1;
    let old = at(&sandbox, "2.14", Method::GET, &path, None).await.1;
    assert_eq!((&new["admin_assignee_id"], &new["team_assignee_id"], &new["priority"]), (&json!(0), &json!(0), &json!("none")));
    assert_eq!(
        (&old["admin_assignee_id"], &old["team_assignee_id"], &old["priority"]),
        (&Value::Null, &Value::Null, &json!("not_priority"))
    );
    let first =
        |body: Value| json!({ "query": { "operator": "AND", "value": [body, { "field": "id", "operator": "=", "value": made["id"] }] } });
    for (version, word, found) in [("2.15", "not_priority", 1), ("2.16", "none", 1), ("2.16", "not_priority", 0)] {
        let query = first(json!({ "field": "priority", "operator": "=", "value": word }));
        let (_, page) = at(&sandbox, version, Method::POST, "/conversations/search", Some(query)).await;
        assert_eq!(page["total_count"], found, "{version} {word}");
    }
    let sort =
        json!({ "query": { "field": "role", "operator": "=", "value": "user" }, "sort": { "field": "created_at", "order": "desc" } });
    assert_eq!(at(&sandbox, "2.15", Method::POST, "/contacts/search", Some(sort.clone())).await.0, 200);
    assert_eq!(at(&sandbox, "2.16", Method::POST, "/contacts/search", Some(sort)).await.0, 400);
}

#[tokio::test]
async fn unknown_versions_and_missing_resources_are_refused() {
    let sandbox = sandbox().await;
    for (version, path) in [("9.9", "/me"), ("newest", "/me"), ("2.15", "/conversations/deleted"), ("1.4", "/contacts")] {
        let (status, body) = at(&sandbox, version, Method::GET, path, None).await;
        assert_eq!((status, code(&body)), (400, "intercom_version_invalid"), "{version} {path}");
    }
    assert_eq!(sandbox.get("/conversations/deleted").await.0, 200);
    sandbox.set(json!({ "appVersion": "2.14" })).await;
    assert_eq!(sandbox.get("/conversations/deleted").await.0, 400, "without a header the app's version counts");
    assert_eq!(at(&sandbox, "2.16", Method::GET, "/conversations/deleted", None).await.0, 200);
}

#[tokio::test]
async fn bodies_can_be_read_as_plain_text() {
    let sandbox = sandbox().await;
    let made = sandbox.done("/_sandbox/conversations", json!({ "body": "<p>Fish &amp; chips<br>please</p>" })).await;
    let path = format!("/conversations/{}", made["id"].as_str().expect("id"));
    assert_eq!(sandbox.ok(&path).await["source"]["body"], "<p>Fish &amp; chips<br>please</p>");
    assert_eq!(sandbox.ok(&format!("{path}?display_as=plaintext")).await["source"]["body"], "Fish & chips\nplease");
}
