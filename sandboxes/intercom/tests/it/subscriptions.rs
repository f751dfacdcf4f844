//! The old subscriptions API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{code, read, sandbox};
use crate::receiver::Receiver;

#[tokio::test]
async fn version_one_registers_topics_by_itself() {
    let (sandbox, receiver) = (sandbox().await, Receiver::start().await);
    let call = async |method: Method, path: &str, version: &str, body: Value| {
        read(sandbox.call(method, path).header("intercom-version", version).json(&body).send().await.expect("answer")).await
    };
    let wanted = json!({ "service_type": "web", "url": receiver.url, "topics": ["contact.created", "user.created", "conversation.user.created"], "hub_secret": "own" });
    let (status, body) = call(Method::POST, "/subscriptions", "2.16", wanted.clone()).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "intercom_version_invalid"));
    let (status, made) = call(Method::POST, "/subscriptions", "1.4", wanted.clone()).await;
    assert_eq!((status.as_u16(), &made["type"], &made["active"]), (200, &json!("notification_subscription"), &json!(true)));
    let mut wrong = wanted;
    wrong["topics"] = json!(["contact.lead.created"]);
    assert_eq!(call(Method::POST, "/subscriptions", "1.4", wrong).await.0, 400, "2.x names are unknown to 1.x");

    sandbox.done("/_sandbox/contacts", json!({ "role": "lead", "name": "Old school" })).await;
    sandbox.done("/_sandbox/contacts", json!({ "email": "old@example.com" })).await;
    let posts = receiver.wait(2).await;
    assert_eq!(receiver.topics(), ["contact.created", "user.created"], "under their old names");
    assert_eq!(
        posts[0].header("x-hub-signature"),
        Some(crate::notices::sign("own", &posts[0].body).as_str()),
        "signed with its own secret"
    );

    let path = format!("/subscriptions/{}", made["id"].as_str().expect("id"));
    assert_eq!(call(Method::GET, "/subscriptions", "1.4", json!({})).await.1["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(call(Method::DELETE, &path, "1.4", json!({})).await.0, 200);
    assert_eq!(call(Method::GET, &path, "1.4", json!({})).await.0, 404);
    sandbox.set(json!({ "subscriptionsApi": false })).await;
    assert_eq!(call(Method::GET, "/subscriptions", "1.4", json!({})).await.0, 404);
}
