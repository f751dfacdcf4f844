//! Another workspace's ids look as if they did not exist, on every route that takes one.

use atlas_api::inventory;
use serde_json::json;

use crate::world::world;

#[tokio::test]
async fn another_workspaces_records_are_not_found() {
    let w = world().await;
    let company = w.make("/v1/companies", json!({ "name": "Secret Company" })).await;
    let contact = w.make("/v1/contacts", json!({ "name": "Secret Person", "companyId": company })).await;
    let deal = w.make("/v1/deals", json!({ "title": "Secret deal" })).await;
    let note = w.make("/v1/notes", json!({ "subject": contact, "body": "secret" })).await;
    let task = w.make("/v1/tasks", json!({ "title": "Secret task" })).await;
    let projects = w.call("GET", "/v1/projects", Some(&w.owner), None).await.json();
    let pipelines = w.call("GET", "/v1/pipelines", Some(&w.owner), None).await.json();
    let id_of = |list: &serde_json::Value| list["data"][0]["id"].as_str().unwrap().to_owned();
    let known = [
        ("/v1/companies", company),
        ("/v1/contacts", contact),
        ("/v1/deals", deal),
        ("/v1/notes", note),
        ("/v1/tasks", task),
        ("/v1/projects", id_of(&projects)),
        ("/v1/pipelines", id_of(&pipelines)),
    ];
    let mut tried = 0;
    for operation in inventory(&w.atlas.operations) {
        let Some((_, id)) = known.iter().find(|(prefix, _)| operation.path.starts_with(&format!("{prefix}/{{id}}"))) else { continue };
        let path = operation.path.replace("{id}", id);
        if path.contains('{') {
            continue;
        }
        let body = (operation.method != "GET").then(|| json!({}));
        let answer = w.call(&operation.method, &path, Some(&w.stranger), body).await;
        // A body that lacks required fields is refused before anything is looked up: that tells nothing either.
        assert!(answer.status == 404 || answer.status == 422, "{}: {} {}", operation.name, answer.status, answer.text);
        assert!(!answer.text.to_lowercase().contains("secret"), "{}: {}", operation.name, answer.text);
        tried += 1;
    }
    assert!(tried >= 25, "only {tried} routes take an id");
    for (path, _) in &known {
        let list = w.call("GET", path, Some(&w.stranger), None).await;
        assert!(!list.text.contains("Secret"), "{path}: {}", list.text);
    }
    let found = w.call("GET", "/v1/search?q=secret", Some(&w.stranger), None).await;
    assert_eq!(found.json()["data"], json!([]));
}
