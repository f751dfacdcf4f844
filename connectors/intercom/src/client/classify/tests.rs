//! Classes by code, by words and by status.

use super::*;

fn check(status: u16, body: &str, class: FailureClass, code: &str) -> Failure {
    let failure = classify(&Answer { status, body: body.into(), headers: vec![] });
    assert_eq!((failure.class, failure.code.as_str()), (class, code), "{status} {body}");
    failure
}

fn list(code: &str, message: &str) -> String {
    serde_json::json!({"type": "error.list", "errors": [{"code": code, "message": message}]}).to_string()
}

#[test]
fn codes_decide_before_the_status() {
    check(401, &list("token_revoked", "Token revoked"), FailureClass::Auth, "token_revoked");
    check(401, &list("token_unauthorized", "Not authorized to access resource"), FailureClass::Scope, "token_unauthorized");
    check(403, &list("api_plan_restricted", "Active subscription needed."), FailureClass::Plan, "api_plan_restricted");
    check(400, &list("rate_limit_exceeded", "Job quota"), FailureClass::Rate, "rate_limit_exceeded");
    check(400, &list("intercom_version_invalid", "Requested resource is not available"), FailureClass::Input, "intercom_version_invalid");
    check(418, &list("something_new", ""), FailureClass::Input, "something_new");
    check(403, &list("something_new", ""), FailureClass::Provider, "something_new");
}

#[test]
fn words_decide_where_the_code_is_too_general() {
    check(404, &list("not_found", "scroll parameter not found"), FailureClass::Restart, "scroll_expired");
    check(500, &list("server_error", "The scroll timed out, restart it"), FailureClass::Restart, "scroll_expired");
    check(400, &list("client_error", "Invalid starting_after param: x"), FailureClass::Restart, "cursor_refused");
    check(400, &list("bad_request", "scroll already exists for this workspace"), FailureClass::Conflict, "scroll_exists");
    check(401, &list("unauthorized", "Unauthorized Code"), FailureClass::Auth, "unauthorized_code");
}

#[test]
fn the_missing_scope_is_read_from_the_words() {
    let message = "You do not have the required scope (read_conversations) to access this resource";
    let failure = check(403, &list("forbidden", message), FailureClass::Scope, "forbidden");
    assert_eq!(failure.scope.as_deref(), Some("read_conversations"));
    assert_eq!(check(403, &list("forbidden", "Forbidden (403)"), FailureClass::Scope, "forbidden").scope, None);
}

#[test]
fn without_a_code_the_status_speaks() {
    let page = "<!doctype html><title>Not found</title>";
    assert_eq!(check(404, page, FailureClass::Gone, "http_404").message, "");
    check(401, "", FailureClass::Auth, "http_401");
    check(402, page, FailureClass::Plan, "http_402");
    check(403, page, FailureClass::Provider, "http_403");
    check(408, "", FailureClass::Transient, "http_408");
    check(429, page, FailureClass::Rate, "http_429");
    for status in [500, 502, 503, 504] {
        check(status, page, FailureClass::Transient, &format!("http_{status}"));
    }
    check(301, "", FailureClass::Provider, "http_301");
    check(502, r#"{"type":"error.list","err"#, FailureClass::Transient, "http_502");
    check(200, r#"{"type":"list","data":[{"id"#, FailureClass::Transient, "unreadable_answer");
    check(200, "[1,2]", FailureClass::Transient, "unreadable_answer");
    assert_eq!(check(0, "connection reset", FailureClass::Transient, "no_answer").message, "connection reset");
}

#[test]
fn all_entries_are_read_and_old_answers_too() {
    let body = r#"{"errors":[{"code":"mystery"},{"code":"token_revoked","message":"Token revoked"}]}"#;
    check(401, body, FailureClass::Auth, "token_revoked");
    check(404, r#"{"errors":[{"type":"not_found","message":"User Not Found"}]}"#, FailureClass::Gone, "not_found");
    check(500, r#"{"errors":[]}"#, FailureClass::Transient, "http_500");
}

#[test]
fn messages_carry_no_secret() {
    let long = "A".repeat(60);
    let failure = check(401, &list("unauthorized", &format!("Bearer abc and {long} or dG9rOmFiYw==")), FailureClass::Auth, "unauthorized");
    assert_eq!(failure.message, "Bearer … and … or …");
    let merged = check(409, &list("conflict", "exists with id=6920a1c4e8b7d3f05a9c1e42"), FailureClass::Conflict, "conflict");
    assert!(merged.message.ends_with("6920a1c4e8b7d3f05a9c1e42"));
}
