//! Answers beside the examples: the same keys in the same kinds, nothing missing.

use serde_json::{Value, json};

use crate::client::{options, with};

fn example(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("fixture")).expect("JSON")
}

/// Names of the keys of an object, as a sorted list.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn objects_have_exactly_the_keys_of_the_examples() {
    let sandbox = with(atlas_sandbox_intercom::Options { companies: 40, contacts: 80, ..options() }).await;
    let truth = sandbox.truth().await;
    let contact = sandbox.ok(&format!("/contacts/{}", truth["contacts"][0].as_str().expect("id"))).await;
    let wanted = example("contact");
    assert_eq!(keys(&contact), keys(&wanted));
    for nested in ["tags", "notes", "companies", "location", "social_profiles"] {
        assert_eq!(keys(&contact[nested]), keys(&wanted[nested]), "{nested}");
    }
    assert_eq!(keys(&contact["companies"]["data"][0]), keys(&wanted["companies"]["data"][0]));

    let companies = sandbox.ok("/companies/scroll").await;
    assert_eq!(keys(&companies), keys(&example("companies_scroll_page")));
    let planned = companies["data"]
        .as_array()
        .expect("data")
        .iter()
        .find(|c| c["plan"]["name"].is_string() && c["size"].is_u64())
        .expect("one has a plan and a size");
    let wanted = example("company");
    assert_eq!((keys(planned), keys(&planned["plan"])), (keys(&wanted), keys(&wanted["plan"])));

    let talk = sandbox.ok(&format!("/conversations/{}", truth["conversations"][0].as_str().expect("id"))).await;
    let wanted = example("conversation");
    assert_eq!(keys(&talk), keys(&wanted));
    assert_eq!(keys(&talk["source"]), keys(&wanted["source"]));
    let (part, wanted) = (&talk["conversation_parts"]["conversation_parts"][0], &wanted["conversation_parts"]["conversation_parts"][0]);
    assert_eq!((keys(part), keys(&part["author"])), (keys(wanted), keys(&wanted["author"])));

    let list = sandbox.done("/conversations/search", example("conversations_search_request")).await;
    let wanted = example("conversations_search_response");
    assert_eq!(keys(&list), keys(&wanted));
    let list = sandbox.done("/contacts/search", example("contacts_search_request")).await;
    assert_eq!(keys(&list), keys(&example("contacts_search_response")));
    assert!(keys(&sandbox.ok("/me").await).iter().filter(|k| keys(&example("me")).contains(k)).count() == keys(&example("me")).len());
    assert_eq!(keys(&sandbox.ok("/admins/6810042").await), keys(&example("admin")));
    let note = sandbox.ok(&format!("/contacts/{}/notes", truth["contacts"][1].as_str().expect("id"))).await["data"][0].clone();
    assert_eq!(keys(&note), keys(&example("note_contact")));
    assert_eq!(keys(&sandbox.done("/tags", json!({ "name": "VIP" })).await), keys(&example("tag")));
}

#[tokio::test]
async fn conversations_are_written_through_the_api_too() {
    let sandbox = with(options()).await;
    let truth = sandbox.truth().await;
    let contact = truth["contacts"][2].as_str().expect("id");
    let admin = json!("6810042");
    let made = sandbox.done("/conversations", json!({ "from": { "type": "user", "id": contact }, "body": "Through the API" })).await;
    let path = format!("/conversations/{}", made["conversation_id"].as_str().expect("id"));
    sandbox.done(&format!("{path}/reply"), json!({ "message_type": "note", "type": "admin", "admin_id": admin, "body": "Hm" })).await;
    sandbox
        .done(&format!("{path}/parts"), json!({ "message_type": "assignment", "admin_id": admin, "type": "admin", "assignee_id": admin }))
        .await;
    let closed = sandbox.done(&format!("{path}/parts"), json!({ "message_type": "close", "admin_id": admin, "type": "admin" })).await;
    assert_eq!((&closed["state"], &closed["admin_assignee_id"]), (&json!("closed"), &json!(6_810_042)));
    let back = json!({ "message_type": "comment", "type": "user", "intercom_user_id": contact, "body": "Again" });
    let open = sandbox.done("/conversations/last/reply", back).await;
    assert_eq!((&open["id"], &open["state"]), (&made["conversation_id"], &json!("open")));
    let kinds: Vec<_> =
        open["conversation_parts"]["conversation_parts"].as_array().expect("parts").iter().map(|p| p["part_type"].clone()).collect();
    assert_eq!(kinds, [json!("note"), json!("assignment"), json!("close"), json!("open")]);
    let part = open["conversation_parts"]["conversation_parts"][3]["id"].clone();
    let redact = json!({ "type": "conversation_part", "conversation_id": open["id"], "conversation_part_id": part });
    let redacted = sandbox.done("/conversations/redact", redact).await;
    assert_eq!(redacted["conversation_parts"]["conversation_parts"][3]["redacted"], true);
    assert_eq!(sandbox.truth().await["redactedParts"], json!([part]));
    for body in [
        json!({ "message_type": "comment", "type": "admin", "body": "x" }),
        json!({ "message_type": "shout", "type": "admin", "admin_id": admin, "body": "x" }),
    ] {
        assert_eq!(sandbox.post(&format!("{path}/reply"), body).await.0, 400);
    }
}
