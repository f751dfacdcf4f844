//! The pages: every one answers, forms do what they say, foreign sites cannot use them.

use crate::client::{Box, sandbox};
use crate::receiver::Receiver;

async fn page(sandbox: &Box, path: &str) -> String {
    let answer = sandbox.http.get(format!("{}{path}", sandbox.running.url)).send().await.expect("page");
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.expect("text")
}

async fn submit(sandbox: &Box, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let answer = sandbox.http.post(format!("{}{path}", sandbox.running.url)).form(form).send().await.expect("answer");
    let to = answer.headers().get("location").map(|v| v.to_str().expect("text").to_owned()).unwrap_or_default();
    (answer.status().as_u16(), to)
}

#[tokio::test]
async fn every_page_stands_alone() {
    let sandbox = sandbox().await;
    let truth = sandbox.truth().await;
    let (talk, contact) = (truth["conversations"][1].as_str().expect("id"), truth["contacts"][0].as_str().expect("id"));
    let paths = [
        "/",
        "/?page=2",
        "/inbox/new",
        "/people",
        "/people/new",
        "/hub",
        "/hub/apps/new",
        "/hub/app/basic",
        "/hub/app/authentication",
        "/hub/app/webhooks",
        "/hub/app/faults",
        &format!("/inbox/{talk}"),
        &format!("/people/{contact}"),
        "/oauth?client_id=sandbox-client&redirect_uri=http://127.0.0.1:1/x",
    ];
    for path in paths {
        let html = page(&sandbox, path).await;
        assert!(html.contains("<html lang=\"en\">") && html.contains("<h1>") && html.contains("<main"), "{path}");
        assert!(
            !html.contains("src=\"http") && !html.contains("href=\"//") && !html.contains("<style"),
            "{path} needs nothing from elsewhere"
        );
        assert_eq!(html.matches("<h1>").count(), 1, "{path}");
    }
    page(&sandbox, "/assets/sandbox.css").await;
    page(&sandbox, "/assets/sandbox.js").await;
    page(&sandbox, "/favicon.svg").await;
    let missing = sandbox.http.get(format!("{}/inbox/77", sandbox.running.url)).send().await.expect("page");
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn a_person_can_write_as_anybody() {
    let sandbox = sandbox().await;
    let (status, to) =
        submit(&sandbox, "/people/new", &[("name", "Zoë <b>"), ("email", "zoe@example.com"), ("phone", ""), ("role", "user")]).await;
    assert!(status == 303 && to.ends_with("?done=created"), "{to}");
    let (status, _) = submit(&sandbox, "/people/new", &[("name", ""), ("email", "zoe@example.com"), ("role", "user")]).await;
    assert_eq!(status, 422, "a duplicate comes back with the reason");
    let (_, to) = submit(&sandbox, "/inbox/new", &[("email", "zoe@example.com"), ("body", "Help <script>alert(1)</script>")]).await;
    let path = to.split('?').next().expect("path").to_owned();
    for (voice, body) in [("user", "Are you there?"), ("admin", "Yes"), ("note", "/task call back tomorrow")] {
        submit(&sandbox, &format!("{path}/write"), &[("voice", voice), ("body", body)]).await;
    }
    submit(&sandbox, &format!("{path}/act"), &[("deed", "close")]).await;
    let html = page(&sandbox, &path).await;
    assert!(html.contains("Are you there?") && html.contains("/task call back tomorrow") && !html.contains("<script>alert"));
    let id = path.rsplit('/').next().expect("id");
    let full = sandbox.ok(&format!("/conversations/{id}")).await;
    let kinds: Vec<_> = full["conversation_parts"]["conversation_parts"]
        .as_array()
        .expect("parts")
        .iter()
        .map(|p| p["part_type"].as_str().expect("type").to_owned())
        .collect();
    assert_eq!(kinds, ["comment", "comment", "note", "close"]);
    submit(&sandbox, &format!("{path}/act"), &[("deed", "delete")]).await;
    assert_eq!(sandbox.call(reqwest::Method::GET, &format!("/conversations/{id}")).send().await.expect("answer").status(), 404);
}

#[tokio::test]
async fn the_developer_hub_sets_the_app_up() {
    let (sandbox, receiver) = (sandbox().await, Receiver::start().await);
    let (_, to) = submit(&sandbox, "/hub/apps/new", &[("name", "Atlas Connector")]).await;
    assert_eq!(to, "/hub/app/authentication?done=app");
    assert_eq!(submit(&sandbox, "/hub/app/authentication/redirects", &[("url", "http://atlas.example/x")]).await.0, 422);
    let callback = "http://127.0.0.1:7400/oauth/callback/intercom";
    submit(&sandbox, "/hub/app/authentication/redirects", &[("url", callback)]).await;
    let basic = page(&sandbox, "/hub/app/basic").await;
    assert!(basic.contains("sandbox-client") && basic.contains("sandbox-secret") && basic.contains("Atlas Connector"));
    assert!(page(&sandbox, "/hub/app/authentication").await.contains(callback));
    assert_eq!(submit(&sandbox, "/hub/app/webhooks", &[("url", "http://127.0.0.1:9/closed"), ("all", "1")]).await.0, 422);
    submit(&sandbox, "/hub/app/webhooks", &[("url", &receiver.url), ("conversation.user.created", "on")]).await;
    submit(&sandbox, "/hub/app/webhooks/ping", &[]).await;
    receiver.wait(1).await;
    assert_eq!((receiver.heads(), receiver.topics()), (1, vec!["ping".to_owned()]));
    submit(
        &sandbox,
        "/hub/app/faults",
        &[("limit", "200"), ("latency", "0"), ("drop", "0"), ("duplicate", "0.5"), ("reorder", "0"), ("sign", "forged")],
    )
    .await;
    let settings = sandbox.ok("/_sandbox/settings").await;
    assert_eq!((settings["limitPerMinute"].as_u64(), settings["sign"].as_str()), (Some(200), Some("forged")));
    submit(&sandbox, "/hub/app/authentication/revoke", &[]).await;
    assert_eq!(sandbox.get("/me").await.0, 401);
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let sandbox = sandbox().await;
    let send =
        |origin: &str| sandbox.http.post(format!("{}/hub/app/authentication/revoke", sandbox.running.url)).header("origin", origin).send();
    assert_eq!(send("https://evil.example").await.expect("answer").status(), 403);
    assert_eq!(sandbox.get("/me").await.0, 200);
    assert_eq!(send(&sandbox.running.url).await.expect("answer").status(), 303);
    let answer = sandbox.http.get(format!("{}/hub", sandbox.running.url)).send().await.expect("page");
    assert!(answer.headers()["content-security-policy"].to_str().expect("text").starts_with("default-src 'none'"));
}
