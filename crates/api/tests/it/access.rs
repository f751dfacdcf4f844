//! Who may: tokens, sessions, scopes, roles, workspaces; what is not there.

use serde_json::json;

use crate::app::{App, BASE};

#[tokio::test]
async fn nobody_gets_in_without_valid_credentials() {
    let app = App::new().await;
    let headers: [&[(&str, &str)]; 6] = [
        &[],
        &[("authorization", "Bearer atlas_pat_wrong")],
        &[("authorization", "Bearer member")],
        &[("authorization", "Basic atlas_pat_member")],
        &[("cookie", "atlas_session=wrong")],
        &[("authorization", "Bearer"), ("cookie", "atlas_session=secret")],
    ];
    for headers in headers {
        let answer = app.raw("GET", "/v1/widgets", "", headers).await;
        answer.problem(401, "unauthenticated");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{headers:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn scopes_and_roles_are_named_when_missing() {
    let app = App::new().await;
    let scoped = app.raw("POST", "/v1/widgets", "{}", &[("authorization", "Bearer atlas_pat_reader")]).await;
    let problem = scoped.problem(403, "missing_scope");
    assert_eq!(problem["missingScopes"], json!(["widgets:write"]));
    assert!(scoped.header("www-authenticate").contains("insufficient_scope"));
    let guest = app.raw("POST", "/v1/widgets", "{}", &[("authorization", "Bearer atlas_pat_guest")]).await;
    let problem = guest.problem(403, "permission_denied");
    assert_eq!(problem["permission"], "widgets:write");
    assert!(problem["detail"].as_str().unwrap().contains("widgets:write"));
    app.call("POST", "/v1/widgets/reset", None).await.problem(403, "permission_denied");
    assert_eq!(app.raw("GET", "/v1/widgets", "", &[("authorization", "bearer atlas_pat_guest")]).await.status, 200);
}

#[tokio::test]
async fn other_workspaces_records_are_not_there() {
    let app = App::new().await;
    let made = app.call("POST", "/v1/widgets", Some(json!({"name": "a"}))).await;
    let path = format!("/v1/widgets/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(app.call("GET", &path, None).await.status, 200);
    for method in ["GET", "DELETE"] {
        app.raw(method, &path, "", &[("authorization", "Bearer atlas_pat_other")]).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn cookies_write_from_own_pages_only() {
    let app = App::with(|state| state.trusted_origins = vec!["https://desk.example.com".into()]).await;
    let cookie = ("cookie", "theme=dark; atlas_session=secret");
    assert_eq!(app.raw("GET", "/v1/widgets", "", &[cookie]).await.status, 200);
    let refused: [&[(&str, &str)]; 6] = [
        &[],
        &[("origin", "https://evil.example.com")],
        &[("origin", "null")],
        &[("origin", "https://atlas.example.com.evil.example"), ("host", "atlas.example.com")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://evil.example.com")],
    ];
    for headers in refused {
        let headers = [&[cookie, ("content-type", "application/json")], headers].concat();
        app.raw("POST", "/v1/widgets", r#"{"name":"x"}"#, &headers).await.problem(403, "cross_origin_refused");
    }
    let allowed: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin")],
        &[("origin", BASE)],
        &[("origin", "https://desk.example.com"), ("sec-fetch-site", "cross-site")],
        &[("origin", "http://192.0.2.1:7400"), ("host", "192.0.2.1:7400")],
    ];
    for (number, headers) in allowed.into_iter().enumerate() {
        let headers = [&[cookie, ("content-type", "application/json")], headers].concat();
        let answer = app.raw("POST", "/v1/widgets", json!({"name": format!("w{number}")}).to_string(), &headers).await;
        assert_eq!(answer.status, 201, "{headers:?}");
    }
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let app = App::new().await;
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/widgets/a/b/c/d", "/v1/widgets/", "/v1/widgets/x/notes"] {
        app.call("GET", path, None).await.problem(404, "not_found");
        app.raw("POST", path, "", &[]).await.problem(404, "not_found");
    }
    let id = format!("widget_{}", "0".repeat(26));
    for path in [
        "/v1/widgets/nonsense",
        "/v1/widgets/contact_00000000000000000000000000",
        "/v1/widgets/%FF",
        "/v1/widgets/%00",
        &format!("/v1/widgets/{id}/notes/x"),
    ] {
        let problem = app.call("GET", path, None).await;
        assert_eq!(problem.status, 404, "{path}: {}", String::from_utf8_lossy(&problem.bytes));
        assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
    }
    assert_eq!(app.call("GET", &format!("/v1/widgets/{id}/notes/7"), None).await.json(), json!([7, 33]));
    let wrong = app.call("PUT", "/v1/widgets", None).await;
    wrong.problem(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), "GET, POST, HEAD, OPTIONS");
    app.call("BREW", "/v1/widgets", None).await.problem(405, "method_not_allowed");
    app.call("POST", "/v1/openapi.json", None).await.problem(405, "method_not_allowed");
    app.call("GET", "/v1/widgets/run", None).await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn head_options_and_request_ids() {
    let app = App::new().await;
    let head = app.call("HEAD", "/v1/widgets", None).await;
    assert_eq!((head.status.as_u16(), head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), "29");
    let options = app.raw("OPTIONS", "/v1/widgets", "", &[]).await;
    assert_eq!((options.status.as_u16(), options.header("allow")), (204, "GET, POST, HEAD, OPTIONS"));
    let given = app.call_with("GET", "/v1/widgets", None, &[("x-request-id", "trace-7.a_b")]).await;
    assert_eq!(given.header("x-request-id"), "trace-7.a_b");
    let odd = app.call_with("GET", "/v1/widgets", None, &[("x-request-id", "a b<script>")]).await;
    assert!(odd.header("x-request-id").starts_with("req_"));
    assert_eq!(odd.header("x-content-type-options"), "nosniff");
    assert_eq!(odd.header("cache-control"), "no-store");
}
