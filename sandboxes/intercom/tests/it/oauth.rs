//! Consent, code, token, uninstall.

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::client::{self, Box, code, options, read, sandbox, with};
use crate::receiver::Receiver;

const BACK: &str = "http://127.0.0.1:7400/oauth/callback/intercom";

async fn decide(sandbox: &Box, decision: &str) -> Url {
    let form = [("client_id", "sandbox-client"), ("state", "s=1&x"), ("redirect_uri", BACK), ("decision", decision)];
    let answer = sandbox.http.post(format!("{}/oauth", sandbox.running.url)).form(&form).send().await.expect("answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    Url::parse(answer.headers()["location"].to_str().expect("text")).expect("URL")
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
}

async fn exchange(sandbox: &Box, code: &str, secret: &str) -> (StatusCode, Value) {
    let form = [("code", code), ("client_id", "sandbox-client"), ("client_secret", secret)];
    read(sandbox.http.post(format!("{}/auth/eagle/token", sandbox.running.url)).form(&form).send().await.expect("answer")).await
}

#[tokio::test]
async fn the_round_trip_gives_a_token_that_works_until_uninstalled() {
    let sandbox = sandbox().await;
    let page = sandbox
        .http
        .get(format!("{}/oauth?client_id=sandbox-client&state=s&redirect_uri={BACK}", sandbox.running.url))
        .send()
        .await
        .expect("page");
    assert_eq!(page.status(), 200);
    let html = page.text().await.expect("text");
    for part in ["sandbox-client", "Allow access", "Deny", "read_conversations", BACK] {
        assert!(html.contains(part), "{part} is not on the page");
    }
    let url = decide(&sandbox, "allow").await;
    assert!(url.as_str().starts_with(BACK));
    assert_eq!(query(&url, "state").as_deref(), Some("s=1&x"));
    let (status, token) = exchange(&sandbox, &query(&url, "code").expect("code"), "sandbox-secret").await;
    assert_eq!(status, 200);
    assert_eq!((&token["token_type"], &token["token"]), (&json!("Bearer"), &token["access_token"]));

    let token = token["access_token"].as_str().expect("token").to_owned();
    let me = |token: String| sandbox.http.get(format!("{}/me", sandbox.running.url)).bearer_auth(token).send();
    assert_eq!(me(token.clone()).await.expect("answer").status(), 200);
    let basic = sandbox.http.get(format!("{}/me", sandbox.running.url)).basic_auth(&token, Some("")).send().await.expect("answer");
    assert_eq!(basic.status(), 200);

    let gone = sandbox.http.post(format!("{}/auth/uninstall", sandbox.running.url)).bearer_auth(&token).send().await.expect("answer");
    assert_eq!(gone.status(), 200);
    let (status, body) = read(me(token.clone()).await.expect("answer")).await;
    assert_eq!((status.as_u16(), code(&body)), (401, "token_revoked"));
    let again = sandbox.http.post(format!("{}/auth/uninstall", sandbox.running.url)).bearer_auth(&token).send().await.expect("answer");
    assert_eq!(again.status(), 401);
    assert_eq!(sandbox.stats().await["auth"]["uninstalls"], 1);
}

#[tokio::test]
async fn codes_work_once_for_five_minutes_and_only_with_the_secret() {
    let sandbox = sandbox().await;
    let mut padded = 0;
    for _ in 0..6 {
        let once = query(&decide(&sandbox, "allow").await, "code").expect("code");
        padded += u32::from(once.ends_with('='));
        let (status, body) = exchange(&sandbox, &once, "wrong").await;
        assert_eq!((status.as_u16(), code_of(&body)), (401, "Unauthorized Client"));
        assert_eq!(exchange(&sandbox, &once, "sandbox-secret").await.0, 200);
        let (status, body) = exchange(&sandbox, &once, "sandbox-secret").await;
        assert_eq!((status.as_u16(), code_of(&body)), (401, "Unauthorized Code"));
    }
    assert!(padded > 0, "some codes end in =");
    let late = query(&decide(&sandbox, "allow").await, "code").expect("code");
    sandbox.set(json!({ "clockOffset": 301 })).await;
    assert_eq!(exchange(&sandbox, &late, "sandbox-secret").await.0, 401);
}

fn code_of(body: &Value) -> &str {
    body["errors"][0]["message"].as_str().expect("message")
}

#[tokio::test]
async fn declining_comes_back_without_a_code() {
    let sandbox = sandbox().await;
    let url = decide(&sandbox, "deny").await;
    assert_eq!((query(&url, "code"), query(&url, "error").as_deref()), (None, Some("access_denied")));
    sandbox.set(json!({ "denyShape": "no_code" })).await;
    let url = decide(&sandbox, "deny").await;
    assert_eq!((query(&url, "code"), query(&url, "error"), query(&url, "state").is_some()), (None, None, true));
}

#[tokio::test]
async fn only_registered_redirects_and_known_clients_are_served() {
    let sandbox = with(atlas_sandbox_intercom::Options { redirect_urls: vec![BACK.into()], ..options() }).await;
    let get = |query: &str| sandbox.http.get(format!("{}/oauth?{query}", sandbox.running.url)).send();
    let first = get("client_id=sandbox-client").await.expect("page");
    assert!(first.text().await.expect("text").contains(BACK), "the first registered one is the default");
    assert_eq!(get("client_id=other").await.expect("page").status(), 400);
    assert_eq!(get("client_id=sandbox-client&redirect_uri=http://127.0.0.1:1/other").await.expect("page").status(), 400);
    let open = client::sandbox().await;
    let plain =
        open.http.get(format!("{}/oauth?client_id=sandbox-client&redirect_uri=http://atlas.example/x", open.running.url)).send().await;
    assert_eq!(plain.expect("page").status(), 400, "plain HTTP to another computer");
}

#[tokio::test]
async fn consent_can_be_given_without_a_person() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "autoApprove": true })).await;
    let answer = sandbox
        .http
        .get(format!("{}/oauth?client_id=sandbox-client&state=s&redirect_uri={BACK}", sandbox.running.url))
        .send()
        .await
        .expect("answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(answer.headers()["location"].to_str().expect("text").contains("code="));
}

#[tokio::test]
async fn the_uninstall_notification_is_signed_over_its_body() {
    let receiver = Receiver::start().await;
    let sandbox = with(atlas_sandbox_intercom::Options { uninstall_url: Some(receiver.url.clone()), ..options() }).await;
    sandbox.set(json!({ "revokeToken": true })).await;
    let post = receiver.wait(1).await.remove(0);
    assert_eq!(post.body.as_ref(), br#"{"app_id":"k7q2atl5"}"#);
    // HMAC-SHA256 of that body under "sandbox-secret".
    assert_eq!(post.header("x-body-signature").map(str::len), Some(64));
    assert_eq!(sandbox.get("/me").await.0, 401);
}
