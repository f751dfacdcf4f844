//! Paging, day buckets, refused queries, ties and the search delay.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{NOW, code, ids, listed, options, sandbox, with};

#[tokio::test]
async fn lists_and_searches_page_to_the_truth() {
    let sandbox = sandbox().await;
    let truth = sandbox.truth().await;
    assert_eq!(ids(&sandbox.all("/contacts", None, "data", 7).await), listed(&truth, "contacts"));
    assert_eq!(ids(&sandbox.all("/conversations", None, "conversations", 9).await), listed(&truth, "conversations"));
    let since = json!({ "query": { "operator": "OR", "value": [
        { "field": "updated_at", "operator": ">", "value": 1 }, { "field": "updated_at", "operator": "=", "value": 1 } ] },
        "sort": { "field": "updated_at", "order": "ascending" } });
    let found = sandbox.all("/contacts/search", Some(since.clone()), "data", 11).await;
    assert_eq!(ids(&found), listed(&truth, "contacts"));
    assert!(found.is_sorted_by_key(|c| c["updated_at"].as_i64()));
    let found = sandbox.all("/conversations/search", Some(since), "conversations", 13).await;
    assert_eq!(ids(&found), listed(&truth, "conversations"));
    let page = sandbox.ok("/contacts?per_page=50").await;
    assert_eq!((&page["total_count"], &page["pages"]["total_pages"], &page["pages"]["page"]), (&json!(60), &json!(2), &json!(1)));
    assert!(page["pages"]["next"]["starting_after"].as_str().is_some_and(|c| c.starts_with("Wz")));
}

#[tokio::test]
async fn page_sizes_and_cursors_are_checked() {
    let sandbox = sandbox().await;
    for path in [
        "/contacts?per_page=151",
        "/contacts?starting_after=nonsense",
        "/conversations?starting_after=WzFd",
        "/companies/1/contacts?per_page=0",
    ] {
        let (status, body) = sandbox.get(path).await;
        assert!(status == 400 && matches!(code(&body), "client_error" | "parameter_invalid"), "{path}: {body}");
    }
    let query = json!({ "field": "role", "operator": "=", "value": "user" });
    let (status, body) = sandbox.post("/contacts/search", json!({ "query": query, "pagination": { "starting_after": "bad!" } })).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "client_error"));
    let ignored = sandbox.done("/contacts/search?starting_after=bad", json!({ "query": query })).await;
    assert_eq!(ignored["pages"]["page"], 1, "a cursor in the query string of a search is ignored");
}

#[tokio::test]
async fn contact_dates_compare_by_the_workspaces_day() {
    // Kiritimati is 14 hours ahead: its days begin at 10:00 UTC.
    let sandbox = with(atlas_sandbox_intercom::Options {
        contacts: 0,
        companies: 0,
        conversations: 0,
        timezone: "Pacific/Kiritimati".into(),
        ..options()
    })
    .await;
    let day = NOW - 2 * 3600;
    for (name, at) in [("before", day - 1), ("first", day), ("late", day + 86_399), ("next", day + 86_400)] {
        sandbox.set(json!({ "clockOffset": at - NOW })).await;
        sandbox.done("/contacts", json!({ "email": format!("{name}@example.com") })).await;
    }
    let find = async |operator: &str, value: i64| -> Vec<String> {
        let query = json!({ "query": { "field": "created_at", "operator": operator, "value": value }, "sort": { "field": "created_at", "order": "ascending" } });
        let found = sandbox.done("/contacts/search", query).await;
        found["data"].as_array().expect("data").iter().map(|c| c["email"].as_str().expect("email").replace("@example.com", "")).collect()
    };
    let noon = day + 43_200;
    assert_eq!(find("=", noon).await, ["first", "late"]);
    assert_eq!(find(">", noon).await, ["next"], "greater means from the next day on");
    assert_eq!(find("<", noon).await, ["before"]);
    sandbox.set(json!({ "exactContactDates": true })).await;
    assert_eq!(find(">", noon).await, ["late", "next"]);
    assert_eq!(find("=", day).await, ["first"]);
}

#[tokio::test]
async fn conversation_dates_compare_by_the_second() {
    let sandbox = sandbox().await;
    let newest = sandbox.ok("/conversations?per_page=1").await["conversations"][0].clone();
    let at = newest["updated_at"].as_i64().expect("time");
    let count = async |operator: &str, value: i64| -> u64 {
        let query = json!({ "query": { "field": "updated_at", "operator": operator, "value": value } });
        sandbox.done("/conversations/search", query).await["total_count"].as_u64().expect("count")
    };
    assert_eq!(count(">", at).await, 1, "greater or equal");
    assert_eq!(count(">", at + 1).await, 0);
    assert_eq!(count("<=", at).await, 40);
    assert_eq!(count("<", at - 1).await, 39);
    assert_eq!(count("=", at).await, 1);
}

#[tokio::test]
async fn what_the_provider_refuses_is_refused() {
    let sandbox = sandbox().await;
    let leaf = |field: &str, operator: &str, value: Value| json!({ "query": { "field": field, "operator": operator, "value": value } });
    let deep = json!({ "query": { "operator": "AND", "value": [{ "operator": "OR", "value": [{ "operator": "AND", "value": [
        { "field": "role", "operator": "=", "value": "user" }] }] }] } });
    let many: Vec<Value> = (0..16).map(|i| json!({ "field": "name", "operator": "=", "value": i.to_string() })).collect();
    let mixed = json!({ "query": { "operator": "AND", "value": [{ "field": "role", "operator": "=", "value": "user" },
        { "operator": "OR", "value": [{ "field": "role", "operator": "=", "value": "lead" }] }] } });
    let bad = [
        leaf("updated_at", ">=", json!(1)),
        leaf("updated_at", "!=", json!(1)),
        leaf("updated_at", "IN", json!([1])),
        leaf("updated_at", ">", json!("yesterday")),
        leaf("shoe_size", "=", json!(1)),
        leaf("name", "LIKE", json!("a")),
        leaf("name", ">", json!("a")),
        leaf("role", "IN", json!("user")),
        leaf("unsubscribed_from_emails", "=", json!("yes")),
        leaf("tag_id", "IN", json!(["1"])),
        json!({ "query": { "operator": "AND", "value": many } }),
        json!({ "query": { "operator": "AND", "value": [] } }),
        json!({ "query": { "field": "role", "value": "user" } }),
        deep,
        mixed,
    ];
    for query in bad {
        let (status, body) = sandbox.post("/contacts/search", query.clone()).await;
        assert_eq!((status.as_u16(), code(&body)), (400, "parameter_invalid"), "{query}");
    }
    let (status, body) = sandbox.post("/contacts/search", json!({})).await;
    assert_eq!((status.as_u16(), code(&body)), (400, "parameter_not_found"));
}

#[tokio::test]
async fn filters_find_by_text_tag_and_group() {
    let sandbox = sandbox().await;
    let everyone = sandbox.all("/contacts", None, "data", 150).await;
    let find =
        async |query: Value| -> Vec<String> { ids(&sandbox.all("/contacts/search", Some(json!({ "query": query })), "data", 5).await) };
    let with = |test: &dyn Fn(&Value) -> bool| ids(&everyone.iter().filter(|c| test(c)).cloned().collect::<Vec<_>>());
    assert_eq!(find(json!({ "field": "role", "operator": "=", "value": "lead" })).await, with(&|c| c["role"] == "lead"));
    let host = |c: &Value| c["email"].as_str().is_some_and(|e| e.ends_with("example.com"));
    assert_eq!(find(json!({ "field": "email", "operator": "$", "value": "Example.com" })).await, with(&host));
    let first = &everyone[0];
    assert_eq!(find(json!({ "field": "id", "operator": "IN", "value": [first["id"], "x"] })).await, [first["id"].as_str().expect("id")]);
    let tagged = everyone.iter().find(|c| c["tags"]["total_count"] != 0).expect("somebody has tags");
    let tag = &tagged["tags"]["data"][0]["id"];
    assert!(
        find(json!({ "field": "tag_id", "operator": "=", "value": tag })).await.contains(&tagged["id"].as_str().expect("id").to_owned())
    );
    let group = json!({ "operator": "AND", "value": [
        { "operator": "OR", "value": [{ "field": "role", "operator": "=", "value": "lead" }, { "field": "name", "operator": "~", "value": "a" }] },
        { "operator": "OR", "value": [{ "field": "created_at", "operator": ">", "value": NOW - 200 * 86_400 }] } ] });
    let found = find(group).await;
    let after = (NOW - 200 * 86_400).div_euclid(86_400) * 86_400 + 86_400;
    let name = |c: &Value| c["name"].as_str().is_some_and(|n| n.to_lowercase().contains('a'));
    // Dublin is an hour ahead of UTC in summer.
    let wanted = with(&|c| (c["role"] == "lead" || name(c)) && c["created_at"].as_i64().expect("time") >= after - 3600);
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn a_tie_of_one_second_neither_loops_nor_loses() {
    let sandbox = with(atlas_sandbox_intercom::Options { conversations: 400, parts_max: 2, ..options() }).await;
    sandbox.done("/_sandbox/touch", json!({ "conversations": 400, "at": NOW - 5 })).await;
    let query = json!({ "query": { "field": "updated_at", "operator": ">", "value": NOW - 5 }, "sort": { "field": "updated_at", "order": "ascending" } });
    let found = sandbox.all("/conversations/search", Some(query), "conversations", 60).await;
    assert_eq!(found.len(), 400);
    assert_eq!(ids(&found), listed(&sandbox.truth().await, "conversations"));
}

#[tokio::test]
async fn a_new_contact_reaches_search_after_the_delay() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "searchDelayMs": 120_000 })).await;
    let made = sandbox.done("/contacts", json!({ "email": "late@example.com" })).await;
    let query = json!({ "query": { "field": "email", "operator": "=", "value": "late@example.com" } });
    assert_eq!(sandbox.done("/contacts/search", query.clone()).await["total_count"], 0);
    let path = format!("/contacts/{}", made["id"].as_str().expect("id"));
    assert_eq!(sandbox.get(&path).await.0, 200, "by id it is there");
    let (_, conflict) = sandbox.post("/contacts", json!({ "email": "late@example.com" })).await;
    assert_eq!(code(&conflict), "conflict", "and so is the conflict");
    sandbox.set(json!({ "clockOffset": 121 })).await;
    assert_eq!(sandbox.done("/contacts/search", query).await["total_count"], 1);
    sandbox.call(Method::DELETE, &path).send().await.expect("deleted");
}
