//! Bad days that a reader must survive, made to happen at an exact moment.

use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::json;
use sha2::Sha256;

use crate::client::{code, ids, options, sandbox, with};
use crate::receiver::Receiver;

#[tokio::test]
async fn a_token_dies_in_the_middle_of_a_sync() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "revokeAfter": 3 })).await;
    for call in 0..3 {
        assert_eq!(sandbox.get("/me").await.0, 200, "call {call}");
    }
    let (status, body) = sandbox.get("/me").await;
    assert_eq!((status.as_u16(), code(&body)), (401, "token_revoked"));
    assert_eq!(sandbox.ok("/_sandbox/settings").await["revokeAfter"], 0);
}

#[tokio::test]
async fn another_tool_holds_the_scroll_for_a_minute() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "openScroll": true })).await;
    let (status, body) = sandbox.get("/companies/scroll").await;
    assert_eq!((status.as_u16(), code(&body)), (400, "scroll_exists"));
    sandbox.set(json!({ "clockOffset": 59 })).await;
    assert_eq!(sandbox.get("/companies/scroll").await.0, 400);
    sandbox.set(json!({ "clockOffset": 61 })).await;
    assert_eq!(sandbox.get("/companies/scroll").await.0, 200);
}

#[tokio::test]
async fn conversations_vanish_between_list_and_detail() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "vanishAfterList": 2 })).await;
    let listed = ids(sandbox.ok("/conversations?per_page=5").await["conversations"].as_array().expect("rows"));
    let mut gone = Vec::new();
    for id in &listed {
        let answer = sandbox.call(Method::GET, &format!("/conversations/{id}")).send().await.expect("answer");
        if answer.status() == 404 {
            assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/html"));
            gone.push(id.clone());
        }
    }
    assert_eq!(gone.len(), 2);
    assert_eq!(crate::client::listed(&sandbox.truth().await, "deletedConversations"), gone);
    assert_eq!(sandbox.ok("/conversations?per_page=5").await["total_count"], 38, "only once");
    assert_eq!(sandbox.ok("/conversations").await["total_count"], 38);
}

#[tokio::test]
async fn others_use_the_same_budget() {
    let sandbox = with(atlas_sandbox_intercom::Options { limit_per_minute: 600, ..options() }).await;
    sandbox.set(json!({ "othersPerMinute": 600, "clockOffset": 9.5 })).await;
    let answer = sandbox.call(Method::GET, "/me").send().await.expect("answer");
    let remaining: u32 = answer.headers()["x-ratelimit-remaining"].to_str().expect("text").parse().expect("number");
    assert!(remaining <= 4, "nearly all is gone although we called once: {remaining}");
}

#[tokio::test]
async fn answers_take_their_time_within_bounds() {
    let sandbox = with(atlas_sandbox_intercom::Options { latency_ms: 20, latency_max_ms: 60, ..options() }).await;
    let mut times = Vec::new();
    for _ in 0..12 {
        let started = Instant::now();
        sandbox.ok("/me").await;
        times.push(started.elapsed().as_millis());
    }
    assert!(times.iter().all(|t| *t >= 20), "{times:?}");
    assert!(times.iter().max() > times.iter().min().map(|t| t + 5).as_ref(), "they differ: {times:?}");
}

#[tokio::test]
async fn five_thousand_conversations_share_a_second() {
    let sandbox = with(atlas_sandbox_intercom::Options { conversations: 5_200, parts_min: 1, parts_max: 2, ..options() }).await;
    let at = sandbox.done("/_sandbox/touch", json!({ "conversations": 5_000 })).await["at"].clone();
    let query = json!({ "query": { "field": "updated_at", "operator": "=", "value": at }, "sort": { "field": "updated_at", "order": "ascending" } });
    let rows = sandbox.all("/conversations/search", Some(query), "conversations", 150).await;
    let found: std::collections::BTreeSet<String> = ids(&rows).into_iter().collect();
    assert_eq!((rows.len(), found.len()), (5_000, 5_000), "none twice, none missing");
}

#[tokio::test]
async fn stored_notices_come_newest_first_after_an_outage() {
    let receiver = Receiver::start().await;
    let sandbox = with(atlas_sandbox_intercom::Options { webhook_url: Some(receiver.url.clone()), ..options() }).await;
    sandbox.set(json!({ "webhookOutage": true })).await;
    for name in ["first", "second", "third"] {
        sandbox.done("/_sandbox/contacts", json!({ "email": format!("{name}@example.com"), "name": name })).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(receiver.posts().len(), 0, "nothing leaves during the outage");
    sandbox.set(json!({ "webhookOutage": false })).await;
    let names: Vec<_> = receiver.wait(3).await.iter().map(|p| p.json()["data"]["item"]["name"].clone()).collect();
    assert_eq!(names, ["third", "second", "first"]);
}

#[tokio::test]
async fn the_health_check_is_signed_and_its_answer_judged() {
    let receiver = Receiver::start().await;
    let sandbox = sandbox().await;
    assert_eq!(sandbox.post("/_sandbox/webhooks/health", json!({})).await.0, 422, "nobody to ask");
    sandbox.set(json!({ "healthCheckUrl": receiver.url })).await;
    receiver.say(r#"{"state":"OK"}"#);
    let said = sandbox.done("/_sandbox/webhooks/health", json!({})).await;
    assert_eq!(said, json!({ "status": 200, "state": "OK", "message": null, "problem": null }));
    let asked = receiver.wait(1).await.remove(0);
    assert_eq!(asked.json(), json!({ "workspace_id": "k7q2atl5" }));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sandbox-secret").expect("key");
    mac.update(&asked.body);
    assert_eq!(asked.header("x-body-signature"), Some(hex::encode(mac.finalize().into_bytes()).as_str()));
    for (answer, problem) in [
        (r#"{"state":"UNHEALTHY","message":"reconnect"}"#, None),
        (r#"{"state":"UNHEALTHY"}"#, Some("UNHEALTHY needs a message")),
        (r#"{"state":"fine"}"#, Some("state must be OK, UNHEALTHY or UNKNOWN")),
    ] {
        receiver.say(answer);
        assert_eq!(sandbox.done("/_sandbox/webhooks/health", json!({})).await["problem"], json!(problem), "{answer}");
    }
    let asked = receiver.posts().len();
    sandbox.set(json!({ "clockOffset": 86_401 })).await;
    receiver.wait(asked + 1).await;
}

#[tokio::test]
async fn a_storm_at_a_dead_receiver_does_not_keep_the_sandbox_from_stopping() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "webhookUrl": "http://127.0.0.1:9/closed", "skipHead": true })).await;
    let storm = tokio::spawn(sandbox.call(Method::POST, "/_sandbox/storm").json(&json!({ "notices": 3 })).send());
    while sandbox.stats().await["webhooks"]["retried"] != 3 {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(std::time::Duration::from_secs(5), sandbox.running.stop()).await.expect("stops");
    let answer = storm.await.expect("joined");
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status() == 503));
}

#[tokio::test]
async fn a_storm_is_delivered_with_its_faults_counted() {
    let receiver = Receiver::start().await;
    let sandbox = sandbox().await;
    assert_eq!(sandbox.post("/_sandbox/storm", json!({ "notices": 5 })).await.0, 422, "nowhere to send");
    sandbox.set(json!({ "webhookUrl": receiver.url })).await;
    let before = sandbox.ok("/_sandbox/settings").await;
    let wanted = json!({ "notices": 2_000, "duplicates": 0.2, "disorder": 0.2, "dropped": 0.05, "concurrency": 8 });
    let told = sandbox.done("/_sandbox/storm", wanted).await;
    let number = |name: &str| told[name].as_u64().expect(name);
    let (dropped, duplicated, reordered) = (number("dropped"), number("duplicated"), number("reordered"));
    assert!((60..150).contains(&dropped) && (300..480).contains(&duplicated) && (300..480).contains(&reordered), "{told}");
    assert_eq!(number("sent"), 2_000 - dropped + duplicated);
    assert_eq!((number("acked"), number("failed"), number("waiting")), (number("sent"), 0, 0));
    let mut seen = std::collections::HashMap::new();
    for post in receiver.posts() {
        *seen.entry(post.json()["id"].as_str().expect("id").to_owned()).or_insert(0u64) += 1;
    }
    assert_eq!(seen.len() as u64, 2_000 - dropped, "every notice that was not dropped arrived");
    assert_eq!(seen.values().filter(|times| **times == 2).count() as u64, duplicated);
    assert_eq!(sandbox.ok("/_sandbox/settings").await["dropRate"], before["dropRate"], "the settings are as before");
    assert_eq!(sandbox.stats().await["webhooks"]["pending"], 0);
}
