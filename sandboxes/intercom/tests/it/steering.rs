//! The control interface: settings, forms of errors, workspace and region.

use serde_json::json;

use crate::client::{options, sandbox, with};

#[tokio::test]
async fn settings_show_everything_and_refuse_the_unknown() {
    let sandbox = sandbox().await;
    let all = sandbox.set(json!({ "limitPerMinute": 1200, "scroll404After": 3 })).await;
    assert_eq!(
        (&all["limitPerMinute"], &all["scroll404After"], &all["scopes"].as_array().map(Vec::len)),
        (&json!(1200), &json!(3), &Some(7))
    );
    for bad in [json!({ "limitPerHour": 1 }), json!({ "dropRate": 2 }), json!({ "scopes": ["fly"] }), json!({ "appVersion": "9.9" })] {
        let (status, body) = sandbox.post("/_sandbox/settings", bad.clone()).await;
        assert!(status == 422 && body["error"].is_string(), "{bad}: {body}");
    }
    assert_eq!(sandbox.get("/me").await.1["app"]["region"], "US");
    sandbox.set(json!({ "workspaceId": "another1" })).await;
    assert_eq!(sandbox.ok("/me").await["app"]["id_code"], "another1", "as after connecting the wrong workspace");
    sandbox.set(json!({ "regionMismatch": true })).await;
    assert_eq!(sandbox.get("/me").await.0, 401);
    sandbox.done("/_sandbox/reset", json!({ "settings": true })).await;
    assert_eq!(sandbox.get("/me").await.0, 200);
}

#[tokio::test]
async fn the_revoked_code_can_be_another_one() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "revokedCode": "unauthorized", "revokeToken": true })).await;
    assert_eq!(crate::client::code(&sandbox.get("/me").await.1), "unauthorized");
    assert_eq!(sandbox.ok("/_sandbox/settings").await["validTokens"], 0);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let sandbox = sandbox().await;
    for path in ["/_sandbox/conversations/1/reply", "/_sandbox/contacts/x/notes"] {
        let (status, body) = sandbox.post(path, json!({ "body": "x" })).await;
        assert!(status == 404 && body["error"].is_string(), "{path}: {body}");
    }
    assert_eq!(sandbox.post("/_sandbox/webhooks/resend", json!({})).await.0, 404);
    assert_eq!(sandbox.post("/_sandbox/conversations", json!({ "contact": "x" })).await.0, 422);
}

#[tokio::test]
async fn wrong_options_do_not_start() {
    let wrong = atlas_sandbox_intercom::Options { timezone: "Atlantis/Capital".into(), ..options() };
    assert!(atlas_sandbox_intercom::start(wrong).await.is_err());
    let empty =
        with(atlas_sandbox_intercom::Options { contacts: 0, companies: 0, conversations: 5, region: "EU".into(), ..options() }).await;
    assert_eq!(empty.ok("/contacts").await["total_count"], 0);
    assert_eq!(empty.ok("/me").await["app"]["region"], "EU");
    assert_eq!(empty.post("/_sandbox/conversations", json!({})).await.0, 404);
    let made = empty.done("/_sandbox/conversations", json!({ "email": "first@example.com", "name": "First" })).await;
    assert_eq!(made["source"]["author"]["name"], "First");
}

#[tokio::test]
async fn the_manual_names_every_setting() {
    let sandbox = sandbox().await;
    let manual = include_str!("../../README.md");
    let all = sandbox.ok("/_sandbox/settings").await;
    for name in all.as_object().expect("settings").keys() {
        assert!(manual.contains(&format!("`{name}`")), "README.md does not mention {name}");
    }
    for name in sandbox.truth().await.as_object().expect("truth").keys() {
        assert!(manual.contains(&format!("`{name}`")), "README.md does not mention {name}");
    }
}
