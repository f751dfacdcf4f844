//! A large workspace grows quickly, and searching it does not walk it.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{options, with};

#[tokio::test]
async fn a_large_workspace_is_usable() {
    let started = Instant::now();
    let sandbox = with(atlas_sandbox_intercom::Options {
        contacts: 20_000,
        companies: 2_000,
        conversations: 2_000,
        parts_min: 80,
        parts_max: 120,
        ..options()
    })
    .await;
    let page = sandbox.ok("/contacts?per_page=150").await;
    println!("grown and first page after {:?}", started.elapsed());
    assert_eq!(page["total_count"], 20_000);
    let query = json!({ "query": { "operator": "OR", "value": [
        { "field": "updated_at", "operator": ">", "value": 1 }, { "field": "updated_at", "operator": "=", "value": 1 } ] },
        "sort": { "field": "updated_at", "order": "ascending" } });
    let started = Instant::now();
    let (mut rows, mut cursor) = (0, Value::Null);
    for _ in 0..20 {
        let mut body = query.clone();
        body["pagination"] = json!({ "per_page": 1, "starting_after": cursor });
        let page = sandbox.done("/contacts/search", body).await;
        rows += page["data"].as_array().map_or(0, Vec::len);
        cursor = page["pages"]["next"]["starting_after"].clone();
    }
    println!("twenty pages of one contact after {:?}", started.elapsed());
    assert_eq!(rows, 20);
    let truth = sandbox.truth().await;
    assert!(truth["parts"].as_array().is_some_and(|p| p.len() > 150_000));
    assert!(truth["partsBeyondCap"].as_u64() == Some(700), "one is long by itself at this size");
}
