//! Merging, archiving, deleting contacts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{code, ids, sandbox};

#[tokio::test]
async fn a_lead_merges_into_a_user_and_points_to_it() {
    let sandbox = sandbox().await;
    let lead = sandbox.done("/contacts", json!({ "role": "lead", "name": "Half known", "phone": "+353850000001" })).await;
    let user = sandbox.done("/contacts", json!({ "email": "whole@example.com" })).await;
    assert_eq!((lead["role"].as_str(), lead["external_id"].as_str().map(str::len)), (Some("lead"), Some(36)));
    let talk = sandbox.done("/_sandbox/conversations", json!({ "contactId": lead["id"], "body": "Hi" })).await;
    let merge = json!({ "from": lead["id"], "into": user["id"] });
    let (status, body) = sandbox.post("/contacts/merge", merge.clone()).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "invalid_merge"));
    let mut forced = merge;
    forced["skip_duplicate_validation"] = json!(true);
    let merged = sandbox.done("/contacts/merge", forced).await;
    assert_eq!((&merged["id"], &merged["phone"]), (&user["id"], &json!("+353850000001")));

    let path = format!("/contacts/{}", lead["id"].as_str().expect("id"));
    let gone = sandbox.call(Method::GET, &path).send().await.expect("answer");
    let link = gone.headers()["link"].to_str().expect("text").to_owned();
    assert_eq!(link, format!("</contacts/{}>; rel=\"canonical\"", user["id"].as_str().expect("id")));
    let (status, body) = crate::client::read(gone).await;
    assert_eq!((status.as_u16(), code(&body)), (410, "contact_merged"));
    let old = sandbox.call(Method::GET, &path).header("intercom-version", "2.15").send().await.expect("answer");
    assert_eq!(old.status(), 404);
    sandbox.set(json!({ "mergedAs404": true })).await;
    assert_eq!(sandbox.get(&path).await.0, 404);

    let everybody = ids(&sandbox.all("/contacts", None, "data", 150).await);
    assert!(!everybody.contains(&lead["id"].as_str().expect("id").to_owned()));
    let moved = sandbox.ok(&format!("/conversations/{}", talk["id"].as_str().expect("id"))).await;
    assert_eq!(moved["contacts"]["contacts"][0]["id"], user["id"]);
    assert_eq!(sandbox.truth().await["mergedContacts"], json!([[lead["id"], user["id"]]]));
    sandbox.set(json!({ "mergedAs404": false })).await;

    let again = json!({ "from": lead["id"], "into": user["id"], "skip_duplicate_validation": true });
    let (status, body) = sandbox.post("/contacts/merge", again).await;
    assert_eq!((status.as_u16(), code(&body)), (410, "contact_merged"), "once merged there is nothing left to merge");
    let second = sandbox.done("/contacts", json!({ "role": "lead", "name": "Half known again" })).await;
    let talk = sandbox.done("/_sandbox/conversations", json!({ "contactId": second["id"], "body": "Me again" })).await;
    sandbox.done("/contacts/merge", json!({ "from": second["id"], "into": user["id"], "skip_duplicate_validation": true })).await;
    let moved = sandbox.ok(&format!("/conversations/{}", talk["id"].as_str().expect("id"))).await;
    assert_eq!(moved["contacts"]["contacts"], json!([{ "type": "contact", "id": user["id"], "external_id": null }]));
    assert_eq!(sandbox.truth().await["mergedContacts"], json!([[lead["id"], user["id"]], [second["id"], user["id"]]]));
}

#[tokio::test]
async fn duplicates_need_no_override_and_users_never_merge_away() {
    let sandbox = sandbox().await;
    let user = sandbox.done("/contacts", json!({ "email": "same@example.com" })).await;
    let lead = sandbox.done("/contacts", json!({ "role": "lead", "email": "same@example.com" })).await;
    let (status, body) = sandbox.post("/contacts/merge", json!({ "from": user["id"], "into": lead["id"] })).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "invalid_merge"));
    assert_eq!(sandbox.done("/contacts/merge", json!({ "from": lead["id"], "into": user["id"] })).await["id"], user["id"]);
}

#[tokio::test]
async fn archived_contacts_leave_the_lists_and_still_conflict() {
    let sandbox = sandbox().await;
    let user = sandbox.done("/contacts", json!({ "email": "shelf@example.com", "external_id": "shelf-1" })).await;
    let id = user["id"].as_str().expect("id");
    assert_eq!(
        sandbox.done(&format!("/contacts/{id}/archive"), json!({})).await,
        json!({ "type": "contact", "id": id, "external_id": "shelf-1", "archived": true })
    );
    let query = json!({ "query": { "field": "external_id", "operator": "=", "value": "shelf-1" } });
    assert_eq!(sandbox.done("/contacts/search", query.clone()).await["total_count"], 0);
    let (status, body) = sandbox.post("/contacts", json!({ "email": "shelf@example.com" })).await;
    assert_eq!(status, 409);
    assert!(
        body["errors"][0]["message"]
            .as_str()
            .expect("text")
            .starts_with("An archived contact matching those details already exists with id=")
    );
    sandbox.done(&format!("/contacts/{id}/unarchive"), json!({})).await;
    assert_eq!(sandbox.done("/contacts/search", query).await["total_count"], 1);
    let gone = sandbox.call(Method::DELETE, &format!("/contacts/{id}")).send().await.expect("answer");
    assert_eq!(crate::client::read(gone).await.1, json!({ "type": "contact", "id": id, "external_id": "shelf-1", "deleted": true }));
    assert_eq!(sandbox.get(&format!("/contacts/{id}")).await.0, 404);
    assert_eq!(sandbox.post("/contacts", json!({ "email": "shelf@example.com" })).await.0, 200, "the address is free again");
}

#[tokio::test]
async fn updates_change_only_what_was_sent() {
    let sandbox = sandbox().await;
    let user = sandbox.done("/contacts", json!({ "email": "part@example.com", "name": "Part", "custom_attributes": { "seats": 1 } })).await;
    let path = format!("/contacts/{}", user["id"].as_str().expect("id"));
    let (_, after) =
        sandbox.send(Method::PUT, &path, json!({ "phone": "+353850000002", "custom_attributes": { "plan_tier": "gold" } })).await;
    assert_eq!(
        (&after["name"], &after["phone"], &after["custom_attributes"]),
        (&json!("Part"), &json!("+353850000002"), &json!({ "seats": 1, "plan_tier": "gold" }))
    );
    let (_, after) = sandbox.send(Method::PUT, &path, json!({ "name": null })).await;
    assert_eq!((&after["name"], &after["email"]), (&Value::Null, &json!("part@example.com")));
    assert_eq!(sandbox.ok("/contacts/find_by_external_id/crm-10000").await["external_id"], "crm-10000");
}
