//! Webhooks: signature, envelope, latest part, retry, throttle, switching off, faults.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::client::{Box, options, sandbox, with};
use crate::receiver::Receiver;

/// The signature a receiver expects, computed here and not by the sandbox.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("key");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

async fn hooked() -> (Box, Receiver) {
    let receiver = Receiver::start().await;
    (with(atlas_sandbox_intercom::Options { webhook_url: Some(receiver.url.clone()), ..options() }).await, receiver)
}

fn example(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("fixture")).expect("JSON")
}

/// Every key of the example is there, at every depth that both have.
fn covers(made: &Value, example: &Value, path: &str) {
    match (made, example) {
        (Value::Object(made), Value::Object(example)) => {
            for (key, value) in example {
                let found = made.get(key).unwrap_or_else(|| panic!("{path}.{key} is missing"));
                if key != "custom_attributes" {
                    covers(found, value, &format!("{path}.{key}"));
                }
            }
        }
        (Value::Array(made), Value::Array(example)) => {
            if let (Some(made), Some(example)) = (made.first(), example.first()) {
                covers(made, example, path);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ => assert_eq!(std::mem::discriminant(made), std::mem::discriminant(example), "{path}: {made} is not like {example}"),
    }
}

#[tokio::test]
async fn notices_look_like_the_examples_and_carry_the_latest_part() {
    let (sandbox, receiver) = hooked().await;
    let contact = sandbox.done("/_sandbox/contacts", json!({ "email": "ada@bluepine.example", "name": "Ada" })).await;
    sandbox.done("/_sandbox/contacts", json!({ "role": "lead", "name": "Sam" })).await;
    let talk = sandbox
        .done("/_sandbox/conversations", json!({ "contactId": contact["id"], "body": "<p>Checkout <b>shows</b> an error.</p>" }))
        .await;
    let path = format!("/_sandbox/conversations/{}", talk["id"].as_str().expect("id"));
    let reply = sandbox.done(&format!("{path}/reply"), json!({ "as": "user", "body": "It still fails." })).await;
    sandbox.done(&format!("{path}/reply"), json!({ "as": "admin", "body": "We look." })).await;
    sandbox.done(&format!("{path}/note"), json!({ "body": "Refund before Friday" })).await;
    sandbox.done(&format!("{path}/close"), json!({ "body": "Closing this now." })).await;
    let posts = receiver.wait(7).await;
    let names = [
        "contact_user_created",
        "contact_lead_created",
        "conversation_user_created",
        "conversation_user_replied",
        "conversation_admin_replied",
        "conversation_admin_noted",
        "conversation_admin_closed",
    ];
    for (post, name) in posts.iter().zip(names) {
        let example = example(&format!("webhook_{name}"));
        let made = post.json();
        assert_eq!(made["topic"], example["topic"]);
        covers(&made, &example, name);
        assert_eq!(post.header("x-hub-signature"), Some(sign("sandbox-secret", &post.body).as_str()));
        assert_eq!(post.header("user-agent"), Some("intercom-parrot-service-client/1.0"));
        assert!(made["id"].as_str().is_some_and(|id| id.starts_with("notif_")));
        assert_eq!((&made["app_id"], &made["delivery_attempts"]), (&json!("k7q2atl5"), &json!(1)));
    }
    let created = posts[2].json()["data"]["item"].clone();
    assert_eq!(
        (&created["source"]["body"], &created["conversation_parts"]["total_count"]),
        (&json!("Checkout shows an error."), &json!(0))
    );
    let replied = posts[3].json()["data"]["item"]["conversation_parts"].clone();
    assert_eq!((&replied["total_count"], &replied["conversation_parts"][0]["id"]), (&json!(1), &reply["partId"]));
    assert_eq!(replied["conversation_parts"][0]["body"], "It still fails.");
    let closed = &posts[6].json()["data"]["item"];
    assert_eq!(
        (&closed["state"], &closed["conversation_parts"]["conversation_parts"][0]["part_type"]),
        (&json!("closed"), &json!("close"))
    );
    let reopened = sandbox.done(&format!("{path}/reply"), json!({ "as": "user", "body": "One more thing." })).await;
    let last = reopened["conversation_parts"]["conversation_parts"].as_array().expect("parts").last().cloned().expect("a part");
    assert_eq!((&last["part_type"], &reopened["state"]), (&json!("open"), &json!("open")), "a reply to a closed conversation opens it");
}

#[tokio::test]
async fn old_versions_carry_html() {
    let (sandbox, receiver) = hooked().await;
    sandbox.set(json!({ "appVersion": "2.14" })).await;
    sandbox.done("/_sandbox/conversations", json!({ "body": "Hi" })).await;
    assert_eq!(receiver.wait(1).await[0].json()["data"]["item"]["source"]["body"], "<p>Hi</p>");
    sandbox.set(json!({ "appVersion": "2.16", "webhookHtml": true })).await;
    sandbox.done("/_sandbox/conversations", json!({ "body": "Ho" })).await;
    assert_eq!(receiver.wait(2).await[1].json()["data"]["item"]["source"]["body"], "<p>Ho</p>");
}

#[tokio::test]
async fn everything_that_happens_is_told() {
    let (sandbox, receiver) = hooked().await;
    let user = sandbox.done("/_sandbox/contacts", json!({ "email": "all@example.com" })).await;
    let lead = sandbox.done("/_sandbox/contacts", json!({ "role": "lead" })).await;
    let (user, lead) = (user["id"].as_str().expect("id"), lead["id"].as_str().expect("id"));
    let patch = async |path: String, body: Value| sandbox.send(reqwest::Method::PATCH, &path, body).await;
    patch(format!("/_sandbox/contacts/{user}"), json!({ "name": "New" })).await;
    patch(format!("/_sandbox/contacts/{lead}"), json!({ "email": "lead@example.com" })).await;
    sandbox.done(&format!("/_sandbox/contacts/{user}/tags"), json!({ "name": "Told" })).await;
    let company = sandbox.done("/_sandbox/companies", json!({ "companyId": "c-1", "name": "Told" })).await;
    let company_id = company["id"].as_str().expect("id");
    patch(format!("/_sandbox/companies/{company_id}"), json!({ "name": "Told again" })).await;
    sandbox.done(&format!("/_sandbox/contacts/{user}/companies"), json!({ "id": company_id })).await;
    let talk = sandbox.done("/_sandbox/conversations", json!({ "as": "admin", "contactId": user, "body": "Hello" })).await;
    let path = format!("/_sandbox/conversations/{}", talk["id"].as_str().expect("id"));
    let part = sandbox.done(&format!("{path}/reply"), json!({ "body": "My password is 1234" })).await["partId"].clone();
    sandbox.done(&format!("{path}/assign"), json!({ "assigneeId": "6810042" })).await;
    sandbox.done(&format!("{path}/snooze"), json!({})).await;
    sandbox.done(&format!("{path}/open"), json!({})).await;
    sandbox.done(&format!("{path}/rate"), json!({ "score": 4 })).await;
    let redacted = sandbox.done(&format!("{path}/redact"), json!({ "partId": part })).await;
    assert_eq!(redacted["conversation_parts"]["conversation_parts"][0]["redacted"], true);
    sandbox.send(reqwest::Method::DELETE, &path, json!({})).await;
    sandbox.done(&format!("/_sandbox/contacts/{lead}/merge"), json!({ "into": user })).await;
    sandbox.send(reqwest::Method::DELETE, &format!("/_sandbox/contacts/{user}"), json!({})).await;
    sandbox.send(reqwest::Method::DELETE, &format!("/_sandbox/companies/{company_id}"), json!({})).await;
    let wanted = [
        "contact.user.created",
        "contact.lead.created",
        "contact.user.updated",
        "contact.lead.updated",
        "contact.lead.added_email",
        "contact.user.tag.created",
        "company.created",
        "company.updated",
        "company.contact.attached",
        "conversation.admin.single.created",
        "conversation.user.replied",
        "conversation.admin.assigned",
        "conversation.admin.snoozed",
        "conversation.admin.unsnoozed",
        "conversation.rating.added",
        "conversation_part.redacted",
        "conversation.deleted",
        "contact.merged",
        "contact.deleted",
        "company.deleted",
    ];
    let posts = receiver.wait(wanted.len()).await;
    assert_eq!(receiver.topics(), wanted);
    let item = |topic: &str| posts.iter().map(|p| p.json()).find(|p| p["topic"] == topic).expect(topic)["data"]["item"].clone();
    assert_eq!(item("contact.merged")["merged_from"], json!({ "type": "contact", "id": lead }));
    assert_eq!(item("contact.deleted")["id"], user);
    assert!(item("contact.deleted").get("email").is_none(), "identification only");
    assert_eq!(item("conversation.deleted"), json!({ "type": "conversation", "id": talk["id"] }));
    assert_eq!((&item("conversation_part.redacted")["id"], &item("conversation_part.redacted")["redacted"]), (&part, &json!(true)));
}

#[tokio::test]
async fn a_failed_notice_is_tried_once_more_after_a_minute() {
    let (sandbox, receiver) = hooked().await;
    receiver.answer(&[500, 500]);
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(1).await;
    sandbox.set(json!({ "clockOffset": 30 })).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(receiver.posts().len(), 1, "not before the minute is over");
    sandbox.set(json!({ "clockOffset": 61 })).await;
    let posts = receiver.wait(2).await;
    assert_eq!(posts[0].json()["id"], posts[1].json()["id"]);
    assert_eq!(posts[1].json()["delivery_attempts"], 2);
    sandbox.set(json!({ "clockOffset": 600 })).await;
    settle(&sandbox).await;
    assert_eq!(receiver.posts().len(), 2, "and never a third time");
    let webhooks = sandbox.stats().await["webhooks"].clone();
    assert_eq!((&webhooks["sent"], &webhooks["failed"], &webhooks["retried"]), (&json!(2), &json!(2), &json!(1)));
}

#[tokio::test]
async fn three_hours_down_is_forgiven_and_eight_days_switch_it_off() {
    let (sandbox, receiver) = hooked().await;
    sandbox.set(json!({ "retryDelayMs": 0 })).await;
    let live = async || sandbox.ok("/_sandbox/webhooks").await["live"].clone();
    receiver.answer(&[500; 4]);
    sandbox.done("/_sandbox/conversations", json!({})).await;
    settle(&sandbox).await;
    sandbox.set(json!({ "clockOffset": 3 * 3600 })).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    settle(&sandbox).await;
    assert_eq!((receiver.posts().len(), live().await), (4, json!(true)), "lost for good, but the subscription stands");
    receiver.answer(&[500; 2]);
    sandbox.set(json!({ "clockOffset": 8 * 86_400 })).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    settle(&sandbox).await;
    assert_eq!(live().await, false, "after a week of errors");
    let before = receiver.posts().len();
    sandbox.done("/_sandbox/conversations", json!({})).await;
    settle(&sandbox).await;
    assert_eq!(receiver.posts().len(), before, "nothing is sent any more");
    sandbox.set(json!({ "webhookLive": true })).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(before + 1).await;
}

/// Waits until nothing is on its way.
async fn settle(sandbox: &Box) {
    for _ in 0..500 {
        if sandbox.stats().await["webhooks"]["pending"] == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("notices are still waiting: {}", sandbox.stats().await["webhooks"]);
}

#[tokio::test]
async fn gone_switches_off_and_too_many_waits() {
    let (sandbox, receiver) = hooked().await;
    receiver.answer(&[429]);
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(1).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(receiver.posts().len(), 1, "everything waits");
    sandbox.set(json!({ "clockOffset": 61 })).await;
    receiver.wait(3).await;
    receiver.answer(&[410]);
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(4).await;
    settle(&sandbox).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    settle(&sandbox).await;
    assert_eq!(receiver.posts().len(), 4, "nothing more after 410");
    assert_eq!(sandbox.ok("/_sandbox/webhooks").await["live"], false);
    sandbox.set(json!({ "webhookLive": true })).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(5).await;
}

#[tokio::test]
async fn notices_get_lost_repeated_and_overtaken_by_rate() {
    let (sandbox, receiver) = hooked().await;
    sandbox.set(json!({ "dropRate": 0.2, "duplicateRate": 0.3, "reorderRate": 0.3 })).await;
    sandbox.done("/_sandbox/burst", json!({ "replies": 100, "notes": 50 })).await;
    settle(&sandbox).await;
    let stats = sandbox.stats().await["webhooks"].clone();
    let count = |name: &str| stats[name].as_u64().expect("number");
    assert!(count("dropped") > 10 && count("duplicated") > 15 && count("reordered") > 15, "{stats}");
    assert_eq!(count("sent"), 150 - count("dropped") + count("duplicated"));
    assert_eq!((count("acked"), receiver.posts().len() as u64), (count("sent"), count("sent")));
    let posts = receiver.posts();
    let unique: std::collections::BTreeSet<_> = posts.iter().map(|p| p.json()["id"].as_str().expect("id").to_owned()).collect();
    assert_eq!(unique.len() as u64, 150 - count("dropped"));
    let parts: Vec<u64> = posts
        .iter()
        .map(|p| {
            p.json()["data"]["item"]["conversation_parts"]["conversation_parts"][0]["id"].as_str().expect("id").parse().expect("number")
        })
        .collect();
    assert!(!parts.is_sorted(), "some were overtaken");
}

#[tokio::test]
async fn signatures_can_be_missing_or_forged_and_notices_resent() {
    let (sandbox, receiver) = hooked().await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(1).await;
    sandbox.done("/_sandbox/webhooks/resend", json!({ "count": 2 })).await;
    sandbox.done("/_sandbox/webhooks/resend", json!({ "sign": "forged" })).await;
    sandbox.done("/_sandbox/webhooks/resend", json!({ "sign": "missing", "topic": "conversation.user.created" })).await;
    let posts = receiver.wait(5).await;
    assert!(posts.iter().all(|p| p.json()["id"] == posts[0].json()["id"]), "the same notice each time");
    let fits = |i: usize| posts[i].header("x-hub-signature") == Some(sign("sandbox-secret", &posts[i].body).as_str());
    assert_eq!((0..5).map(fits).collect::<Vec<_>>(), [true, true, true, false, false]);
    assert!(posts[3].header("x-hub-signature").is_some() && posts[4].header("x-hub-signature").is_none());
    sandbox.done("/_sandbox/webhooks/ping", json!({})).await;
    let ping = receiver.wait(6).await[5].json();
    let example = example("webhook_ping");
    assert_eq!((&ping["id"], &ping["topic"], &ping["data"]), (&Value::Null, &json!("ping"), &example["data"]));
    covers(&ping, &example, "ping");
}

#[tokio::test]
async fn saving_an_endpoint_sends_head_and_topics_and_scopes_decide() {
    let (sandbox, receiver) = (sandbox().await, Receiver::start().await);
    let (status, body) = sandbox.post("/_sandbox/settings", json!({ "webhookUrl": "http://127.0.0.1:9/closed" })).await;
    assert_eq!(status, 422, "{body}");
    sandbox.set(json!({ "webhookUrl": receiver.url, "topics": ["conversation.user.created"] })).await;
    assert_eq!(receiver.heads(), 1);
    sandbox.done("/_sandbox/contacts", json!({ "email": "quiet@example.com" })).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    receiver.wait(1).await;
    assert_eq!(receiver.topics(), ["conversation.user.created"]);
    sandbox.set(json!({ "scopes": ["read_users_companies"] })).await;
    sandbox.done("/_sandbox/conversations", json!({})).await;
    settle(&sandbox).await;
    assert_eq!(receiver.posts().len(), 1, "without the permission the topic is off");
    assert_eq!(sandbox.post("/_sandbox/settings", json!({ "topics": ["no.such.topic"] })).await.0, 422);
}
