//! The generated data: deterministic, complete to read, and as odd as real data.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{NOW, ids, listed, options, sandbox, with};

#[tokio::test]
async fn a_full_reader_reads_the_truth() {
    let sandbox = with(atlas_sandbox_intercom::Options { long_conversation: 520, ..options() }).await;
    sandbox.done("/_sandbox/burst", json!({ "contacts": 3, "conversations": 4, "replies": 10, "notes": 5 })).await;
    let truth = sandbox.truth().await;
    let (mut parts, mut notes, mut sources) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for row in sandbox.all("/conversations", None, "conversations", 150).await {
        let full = sandbox.ok(&format!("/conversations/{}", row["id"].as_str().expect("id"))).await;
        sources.insert(full["source"]["id"].as_str().expect("id").to_owned());
        let shown = full["conversation_parts"]["conversation_parts"].as_array().expect("parts");
        let total = full["conversation_parts"]["total_count"].as_u64().expect("count");
        assert_eq!(shown.len() as u64, total.min(500));
        assert_eq!(row["statistics"]["count_conversation_parts"], total);
        for part in shown {
            let id = part["id"].as_str().expect("id").to_owned();
            if part["part_type"].as_str().is_some_and(|t| t.starts_with("note")) {
                notes.insert(id.clone());
            }
            assert!(parts.insert(id), "part ids are unique");
            assert!(part["created_at"].as_i64() >= full["created_at"].as_i64() && part["created_at"].as_i64() <= Some(NOW + 60));
        }
        let last = shown.last().map_or(&full["created_at"], |p| &p["created_at"]);
        assert_eq!(&full["updated_at"], last);
        assert_eq!(full["state"], shown.last().map_or(json!("open"), |p| p["state"].clone()));
    }
    let sorted = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
    assert_eq!(sorted(parts), listed(&truth, "parts"));
    assert_eq!(sorted(notes), listed(&truth, "notes"));
    assert_eq!(sorted(sources), listed(&truth, "sources"));
    assert_eq!(truth["partsBeyondCap"], 20);
    assert_eq!(ids(&sandbox.all("/contacts", None, "data", 150).await), listed(&truth, "contacts"));
    assert_eq!((truth["contacts"].as_array().map(Vec::len), truth["conversations"].as_array().map(Vec::len)), (Some(63), Some(44)));
}

#[tokio::test]
async fn the_same_seed_grows_the_same_workspace() {
    let (a, b) = (sandbox().await, sandbox().await);
    let c = with(atlas_sandbox_intercom::Options { seed: 2, ..options() }).await;
    assert_eq!(a.truth().await, b.truth().await);
    assert_ne!(a.truth().await["contacts"], c.truth().await["contacts"]);
    let first = a.truth().await["conversations"][7].as_str().expect("id").to_owned();
    let path = format!("/conversations/{first}");
    assert_eq!(a.ok(&path).await, b.ok(&path).await);
    assert_eq!(a.ok(&path).await, a.ok(&path).await, "parts are the same at each reading");
    a.done("/_sandbox/contacts", json!({ "email": "extra@example.com" })).await;
    a.done("/_sandbox/reset", json!({ "data": true, "settings": true })).await;
    assert_eq!(a.truth().await, b.truth().await, "and again after a reset of the data");
}

#[tokio::test]
async fn people_are_of_many_kinds() {
    let sandbox = with(atlas_sandbox_intercom::Options { contacts: 400, companies: 40, conversations: 300, ..options() }).await;
    let people = sandbox.all("/contacts", None, "data", 150).await;
    let count = |test: &dyn Fn(&Value) -> bool| people.iter().filter(|p| test(p)).count();
    assert!((20..90).contains(&count(&|p| p["role"] == "lead")));
    assert!(count(&|p| p["name"].is_null()) > 3, "some leads have no name");
    assert!(count(&|p| p["email"].is_null()) > 5);
    assert!(count(&|p| p["phone"].is_string()) > 100);
    assert!(count(&|p| p["name"].as_str().is_some_and(|n| !n.is_ascii())) > 60, "accents and other scripts");
    assert!(count(&|p| p["name"].as_str().is_some_and(|n| n.chars().count() > 40)) > 0, "long names");
    let example = |e: &str| {
        ["example", "example.com", "example.net", "example.org"]
            .iter()
            .any(|h| e.ends_with(&format!(".{h}")) || e.ends_with(&format!("@{h}")))
    };
    assert_eq!(count(&|p| p["email"].as_str().is_some_and(|e| !example(e) || !e.is_ascii())), 0);
    let users: Vec<&str> = people.iter().filter(|p| p["role"] == "user").filter_map(|p| p["email"].as_str()).collect();
    assert_eq!(users.len(), users.iter().collect::<BTreeSet<_>>().len(), "no two users share an address");
    assert!(
        count(&|p| p["role"] == "lead" && p["email"].as_str().is_some_and(|e| users.contains(&e))) > 0,
        "some leads are duplicates of users"
    );
    let oldest = people.iter().map(|p| p["created_at"].as_i64().expect("time")).min().expect("people");
    assert!((NOW - oldest) / 86_400 > 500, "about eighteen months");
    let kinds: BTreeSet<String> = {
        let mut kinds = BTreeSet::new();
        for row in sandbox.all("/conversations", None, "conversations", 150).await.iter().take(80) {
            let full = sandbox.ok(&format!("/conversations/{}", row["id"].as_str().expect("id"))).await;
            for part in full["conversation_parts"]["conversation_parts"].as_array().expect("parts") {
                kinds.insert(part["part_type"].as_str().expect("type").to_owned());
            }
        }
        kinds
    };
    for kind in ["comment", "note", "assignment", "close", "open", "snoozed"] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}
