//! Records: created, versioned, changed only as last seen, paged.

use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn versions_guard_changes() {
    let app = App::new().await;
    let made = app.call("POST", "/v1/widgets", Some(json!({"name": "a", "note": "n"}))).await;
    assert_eq!((made.status.as_u16(), made.header("etag"), made.header("content-type")), (201, "\"v1\"", "application/json"));
    let path = format!("/v1/widgets/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(made.header("location"), path);
    let patch = |body, etag: &'static str| app_patch(&app, &path, body, etag);
    let changed = patch(json!({"name": "b"}), "\"v1\"").await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, "\"v2\""));
    assert_eq!(changed.json()["note"], "n");
    patch(json!({"name": "c"}), "\"v1\"").await.problem(412, "precondition_failed");
    patch(json!({"name": "c"}), "W/\"v2\"").await.problem(412, "precondition_failed");
    patch(json!({"name": "c"}), "\"something\"").await.problem(412, "precondition_failed");
    for malformed in ["v2", "\"v2", "\"v1\", \"v2\"", ""] {
        patch(json!({"name": "c"}), malformed).await.problem(400, "malformed_if_match");
    }
    let cleared = patch(json!({"note": null}), "*").await.json();
    assert_eq!((&cleared["note"], &cleared["name"], &cleared["version"]), (&json!(null), &json!("b"), &json!(3)));
    app.call_with("DELETE", &path, None, &[("if-match", "\"v2\"")]).await.problem(412, "precondition_failed");
    let gone = app.call_with("DELETE", &path, None, &[("if-match", "\"v3\"")]).await;
    assert_eq!((gone.status.as_u16(), gone.bytes.len(), gone.header("content-type")), (204, 0, ""));
}

async fn app_patch(app: &App, path: &str, body: serde_json::Value, etag: &str) -> crate::app::Answer {
    app.call_with("PATCH", path, Some(body), &[("if-match", etag)]).await
}

#[tokio::test]
async fn known_versions_are_not_sent_again() {
    let app = App::new().await;
    let made = app.call("POST", "/v1/widgets", Some(json!({"name": "a"}))).await;
    let path = made.header("location").to_owned();
    for known in ["\"v1\"", "W/\"v1\"", "\"v7\", \"v1\"", "*"] {
        let answer = app.call_with("GET", &path, None, &[("if-none-match", known)]).await;
        assert_eq!((answer.status.as_u16(), answer.bytes.len(), answer.header("etag")), (304, 0, "\"v1\""), "{known}");
    }
    assert_eq!(app.call_with("GET", &path, None, &[("if-none-match", "\"v2\"")]).await.status, 200);
    app.call_with("GET", &path, None, &[("if-match", "\"v2\"")]).await.problem(412, "precondition_failed");
    assert_eq!(app.call_with("GET", "/v1/widgets", None, &[("if-match", "nonsense")]).await.status, 200);
}

#[tokio::test]
async fn pages_follow_the_cursor() {
    let app = App::new().await;
    for number in 0..7 {
        app.call("POST", "/v1/widgets", Some(json!({"name": format!("w{number}")}))).await;
    }
    let (mut names, mut cursor) = (vec![], String::new());
    loop {
        let page = app.call("GET", &format!("/v1/widgets?limit=3{cursor}"), None).await.json();
        names.extend(page["data"].as_array().unwrap().iter().map(|w| w["name"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["w0", "w1", "w2", "w3", "w4", "w5", "w6"]);
}

#[tokio::test]
async fn taken_names_conflict() {
    let app = App::new().await;
    assert_eq!(app.call("POST", "/v1/widgets", Some(json!({"name": "a"}))).await.status, 201);
    app.call("POST", "/v1/widgets", Some(json!({"name": "a"}))).await.problem(409, "duplicate");
}
