//! Reads everything, receives notices, and is refused on every path.

use reqwest::Method;
use serde_json::json;

use super::{ADMIN, Walk, id, routes};
use crate::client::read;
use crate::receiver::Receiver;

/// Everything the seed grew: lists, pages, and each object by itself.
pub async fn readings(walk: &mut Walk) {
    let truth = walk.sandbox.truth().await;
    for path in [
        "/me",
        "/admins",
        "/teams",
        "/tags",
        "/segments",
        "/subscription_types",
        "/data_attributes",
        "/companies",
        "/conversations/deleted",
    ] {
        walk.get(path).await;
    }
    walk.get(&format!("/admins/{ADMIN}")).await;
    walk.get("/tags/7522901").await;
    let teams = walk.get("/teams").await;
    walk.get(&format!("/teams/{}", id(&teams["teams"][0]))).await;
    for page in ["/contacts?per_page=7", "/contacts?per_page=150", "/conversations?per_page=150"] {
        walk.get(page).await;
    }
    let mut page = walk.get("/companies/scroll").await;
    while let Some(param) = page["scroll_param"].as_str().map(str::to_owned) {
        page = walk.get(&format!("/companies/scroll?scroll_param={param}")).await;
    }
    for kind in ["contacts", "companies", "conversations"] {
        for object in truth[kind].as_array().expect("ids") {
            walk.get(&format!("/{kind}/{}", object.as_str().expect("id"))).await;
        }
    }
    for contact in truth["contacts"].as_array().expect("ids").iter().take(12) {
        for list in ["companies", "tags", "notes", "segments", "subscriptions"] {
            walk.get(&format!("/contacts/{}/{list}", contact.as_str().expect("id"))).await;
        }
    }
    let company = truth["companies"][0].as_str().expect("id");
    for list in ["contacts", "notes", "segments"] {
        walk.get(&format!("/companies/{company}/{list}")).await;
    }
    walk.post("/companies/list?per_page=4", json!({})).await;
    let query = json!({ "query": { "field": "updated_at", "operator": ">", "value": 1 }, "pagination": { "per_page": 5 } });
    walk.post("/contacts/search", query.clone()).await;
    walk.post("/conversations/search", query).await;
    let refused =
        json!({ "query": { "field": "updated_at", "operator": ">", "value": 1 }, "sort": { "field": "updated_at", "order": "desc" } });
    walk.post("/contacts/search", refused).await;
}

/// The items of notices are objects of the API too.
pub async fn notices(walk: &mut Walk, receiver: &Receiver) {
    receiver.wait(28).await;
    let mut kinds = std::collections::BTreeSet::new();
    for post in receiver.posts() {
        let notice = post.json();
        let (topic, item) = (notice["topic"].as_str().expect("topic"), &notice["data"]["item"]);
        let name = item["type"].as_str().expect("type");
        if !topic.ends_with("deleted") && matches!(name, "conversation" | "contact" | "company") {
            walk.problems.extend(walk.description.fits(name, item));
            kinds.insert(name.to_owned());
        }
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["company", "contact", "conversation"]);
}

/// Each route without a token, without a scope, with a bad body, past its limit and on a bad day.
pub async fn refusals(walk: &mut Walk) {
    let path = |route: &str| route.replace("{id}", "0123456789abcdef01234567");
    walk.sandbox.set(json!({ "scopes": [], "meNeedsReadAdmins": true })).await;
    for route in routes() {
        let (method, template) = route.split_once(' ').expect("method and path");
        let (method, path) = (Method::from_bytes(method.as_bytes()).expect("method"), path(template));
        let body = Some(json!({ "body": "x", "id": "1", "name": "x", "from": { "type": "user", "id": "1" }, "into": "2" }));
        walk.send(method.clone(), &path, body.filter(|_| method != Method::GET)).await;
        let url = format!("{}{path}", walk.sandbox.running.url);
        let stranger = walk.sandbox.http.request(method.clone(), url).bearer_auth("nobody").send().await.expect("answer");
        let (status, answer) = read(stranger).await;
        walk.note(&method, &path, status.as_u16(), &answer);
    }
    walk.sandbox.set(json!({ "scopes": crate::client::SCOPES, "planRestricted": true })).await;
    walk.get("/conversations").await;
    walk.sandbox.set(json!({ "planRestricted": false, "failNext": { "status": 503 } })).await;
    walk.get("/me").await;
    walk.sandbox.set(json!({ "limitPerMinute": 6 })).await;
    walk.get("/me").await;
    walk.get("/me").await;
    walk.sandbox.set(json!({ "limitPerMinute": 0 })).await;
}
