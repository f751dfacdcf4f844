//! Makes, changes, merges, answers and deletes, as two-way writing does.

use serde_json::{Value, json};

use super::{ADMIN, Walk, id};

/// Contacts and what hangs on them; the id of a user that stays.
pub async fn people(walk: &mut Walk) -> String {
    let ada = json!({ "email": "ada@bluepine.example", "external_id": "crm-ada", "name": "Ada", "phone": "+353851112222", "owner_id": ADMIN, "custom_attributes": { "plan_tier": "gold", "seats": 3 } });
    let user = id(&walk.post("/contacts", ada).await);
    walk.post("/contacts", json!({ "email": "ADA@bluepine.example" })).await;
    walk.post("/contacts", json!({ "name": "nobody" })).await;
    walk.post("/contacts", json!({ "email": "no address" })).await;
    walk.post("/contacts", json!({ "email": "b@bluepine.example", "custom_attributes": { "shoe_size": 44 } })).await;
    walk.put(&format!("/contacts/{user}"), json!({ "name": "Ada L.", "email": "ada.l@bluepine.example", "email_verified": true })).await;
    walk.put(&format!("/contacts/{user}"), json!({ "email_verified": true })).await;
    walk.put(&format!("/contacts/{user}"), json!({ "custom_attributes": { "seats": "many" } })).await;
    walk.put("/contacts/0123456789abcdef01234567", json!({ "name": "x" })).await;
    walk.get("/contacts/find_by_external_id/crm-ada").await;
    walk.get("/contacts/find_by_external_id/nobody").await;
    let lead = id(&walk.post("/contacts", json!({ "role": "lead", "email": "ada.l@bluepine.example" })).await);
    let stranger = id(&walk.post("/contacts", json!({ "role": "lead", "name": "Sam" })).await);
    walk.post("/contacts/merge", json!({ "from": stranger, "into": user })).await;
    walk.post("/contacts/merge", json!({ "from": lead, "into": user })).await;
    walk.get(&format!("/contacts/{lead}")).await;
    for state in ["archive", "unarchive", "block"] {
        walk.post(&format!("/contacts/{stranger}/{state}"), json!({})).await;
    }
    walk.delete(&format!("/contacts/{stranger}")).await;
    walk.get(&format!("/contacts/{stranger}")).await;
    let notes = format!("/contacts/{user}/notes");
    let note = walk.post(&notes, json!({ "body": "Call back", "admin_id": ADMIN })).await;
    walk.post(&notes, json!({ "body": "Call back", "admin_id": "1" })).await;
    walk.post("/contacts/none/notes", json!({ "body": "Call back" })).await;
    walk.get(&notes).await;
    walk.get("/contacts/none/notes").await;
    walk.get(&format!("/notes/{}", id(&note))).await;
    walk.get("/notes/1").await;
    let tag = id(&walk.post("/tags", json!({ "name": "Walked" })).await);
    let tags = format!("/contacts/{user}/tags");
    walk.post(&tags, json!({ "id": tag })).await;
    walk.post(&tags, json!({ "id": "1" })).await;
    walk.post("/contacts/none/tags", json!({ "id": tag })).await;
    walk.get("/contacts/none/tags").await;
    walk.delete(&format!("/tags/{tag}")).await;
    walk.delete(&format!("{tags}/{tag}")).await;
    walk.delete(&format!("{tags}/1")).await;
    user
}

/// Companies and who belongs to them.
pub async fn firms(walk: &mut Walk, user: &str) {
    let fields = json!({ "company_id": "walked", "name": "Walked Ltd", "plan": "Growth", "size": 12, "website": "https://walked.example", "industry": "Walking", "remote_created_at": 1_700_000_000, "monthly_spend": 155.98, "custom_attributes": { "region_code": "IE" } });
    let company = id(&walk.post("/companies", fields).await);
    walk.post("/companies", json!({ "company_id": "walked", "monthly_spend": 9e12 })).await;
    walk.post("/companies", json!({ "company_id": "walked", "custom_attributes": { "mood": "good" } })).await;
    walk.post("/companies", json!({ "company_id": "walked", "test": "invalid" })).await;
    walk.put(&format!("/companies/{company}"), json!({ "name": "Walked & Sons" })).await;
    walk.put(&format!("/companies/{company}"), json!({ "company_id": "another" })).await;
    walk.put("/companies/none", json!({ "name": "x" })).await;
    walk.get("/companies?company_id=walked").await;
    walk.get("/companies?company_id=none").await;
    walk.get("/companies/none").await;
    let attach = format!("/contacts/{user}/companies");
    walk.post(&attach, json!({ "id": company })).await;
    walk.post(&attach, json!({})).await;
    walk.post(&attach, json!({ "id": "none" })).await;
    walk.get(&attach).await;
    walk.get("/contacts/none/companies").await;
    walk.get(&format!("/companies/{company}/contacts")).await;
    walk.get("/companies/none/contacts").await;
    walk.post(&format!("/companies/{company}/notes"), json!({ "body": "Visit", "admin_id": ADMIN })).await;
    walk.post(&format!("/companies/{company}/notes"), json!({ "body": "Visit", "admin_id": "1" })).await;
    walk.post("/companies/none/notes", json!({ "body": "Visit", "admin_id": ADMIN })).await;
    walk.get(&format!("/companies/{company}/notes")).await;
    walk.get("/companies/none/notes").await;
    walk.delete(&format!("{attach}/{company}")).await;
    walk.delete(&format!("{attach}/none")).await;
    walk.delete(&format!("/companies/{company}")).await;
    walk.delete("/companies/none").await;
}

/// Conversations: started, answered, noted, assigned, snoozed, closed, opened, tagged, redacted, deleted.
pub async fn talks(walk: &mut Walk, user: &str) {
    let opening = json!({ "from": { "type": "user", "id": user }, "body": "The checkout fails" });
    let talk = walk.post("/conversations", opening).await["conversation_id"].as_str().expect("id").to_owned();
    walk.post("/conversations", json!({ "from": { "type": "user", "id": "none" }, "body": "x" })).await;
    let path = format!("/conversations/{talk}");
    for (kind, by) in [("comment", "admin"), ("note", "admin")] {
        walk.post(&format!("{path}/reply"), json!({ "message_type": kind, "type": by, "admin_id": ADMIN, "body": "Looking" })).await;
    }
    walk.post(&format!("{path}/reply"), json!({ "message_type": "comment", "type": "user", "intercom_user_id": user, "body": "Thanks" }))
        .await;
    walk.post("/conversations/1/reply", json!({ "message_type": "comment", "type": "admin", "admin_id": ADMIN, "body": "x" })).await;
    let parts = format!("{path}/parts");
    for deed in [
        json!({ "message_type": "assignment", "assignee_id": ADMIN }),
        json!({ "message_type": "snoozed", "snoozed_until": 1_900_000_000 }),
        json!({ "message_type": "open" }),
        json!({ "message_type": "close", "body": "Solved" }),
    ] {
        let mut deed = deed;
        deed["type"] = json!("admin");
        deed["admin_id"] = json!(ADMIN);
        walk.post(&parts, deed).await;
    }
    walk.post("/conversations/1/parts", json!({ "message_type": "open", "type": "admin", "admin_id": ADMIN })).await;
    walk.sandbox.done(&format!("/_sandbox/conversations/{talk}/rate"), json!({ "score": 4, "remark": "Quick" })).await;
    let shown = walk.get(&path).await;
    let part = shown["conversation_parts"]["conversation_parts"][0]["id"].clone();
    walk.post("/conversations/redact", json!({ "type": "conversation_part", "conversation_id": talk, "conversation_part_id": part })).await;
    walk.post("/conversations/redact", json!({ "type": "conversation_part", "conversation_id": talk, "conversation_part_id": "1" })).await;
    walk.put(&path, json!({ "read": true, "title": "Checkout", "custom_attributes": { "issue_type": "Billing" } })).await;
    walk.put(&path, json!({ "custom_attributes": { "anything": "you want" } })).await;
    walk.put("/conversations/1", json!({ "read": true })).await;
    let tag = id(&walk.post("/tags", json!({ "name": "Checkout" })).await);
    let label = json!({ "id": tag, "admin_id": ADMIN });
    walk.post(&format!("{path}/tags"), label.clone()).await;
    walk.post("/conversations/1/tags", label.clone()).await;
    walk.get(&path).await;
    walk.delete(&format!("{path}/tags/{tag}")).await;
    walk.delete(&format!("{path}/tags/1")).await;
    walk.delete(&format!("/conversations/1/tags/{tag}")).await;
    walk.delete(&path).await;
    walk.get(&path).await;
    walk.get("/conversations/1").await;
    walk.get("/conversations/deleted").await;
}

/// Tags, attributes and admins.
pub async fn office(walk: &mut Walk, user: &str) {
    let tag = id(&walk.post("/tags", json!({ "name": "Gone soon" })).await);
    walk.post("/tags", json!({ "name": " " })).await;
    walk.post("/tags", json!({ "id": tag, "name": "Gone" })).await;
    walk.post("/tags", json!({ "name": "Gone", "users": [{ "id": user }], "companies": [] })).await;
    walk.post("/tags", json!({ "name": "Gone", "users": [{ "id": "none" }] })).await;
    walk.delete(&format!("/tags/{tag}")).await;
    walk.post("/tags", json!({ "name": "Gone", "users": [{ "id": user, "untag": true }] })).await;
    walk.delete(&format!("/tags/{tag}")).await;
    walk.get(&format!("/tags/{tag}")).await;
    walk.delete("/tags/1").await;
    walk.get("/admins/1").await;
    walk.get("/teams/1").await;
    let list = json!({ "name": "Tier", "model": "contact", "data_type": "options", "options": [{ "value": "a" }, { "value": "b" }] });
    let attribute = walk.post("/data_attributes", list).await;
    let ring = json!({ "name": "The One Ring", "model": "company", "data_type": "string" });
    walk.post("/data_attributes", ring.clone()).await;
    let path = format!("/data_attributes/{}", id(&attribute));
    for refused in [
        ring,
        json!({ "name": "The One Ring", "model": "contact", "data_type": "integer" }),
        json!({ "name": "!nv@l!d n@me", "model": "company", "data_type": "string" }),
        json!({ "name": "Ring", "model": "company", "data_type": "mithril" }),
        json!({ "name": "Ring", "model": "ship", "data_type": "string" }),
    ] {
        walk.post("/data_attributes", refused).await;
    }
    walk.put(&path, json!({ "description": "How good", "options": [{ "value": "a" }, { "value": "c" }] })).await;
    walk.put(&path, json!({ "options": 5 })).await;
    walk.put("/data_attributes/1", json!({ "description": "x" })).await;
    walk.put(&path, json!({ "archived": true })).await;
    walk.get("/data_attributes?model=contact").await;
    walk.get("/data_attributes?model=conversation").await;
    let made: Value = walk.get("/data_attributes?include_archived=true").await;
    assert!(made["data"].as_array().is_some_and(|all| all.iter().any(|a| a["name"] == "Tier" && a["archived"] == true)), "{made}");
}
