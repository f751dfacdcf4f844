//! Bodies and queries that cannot be accepted are named by field, and change nothing.

use axum::body::Body;
use serde_json::{Value, json};

use crate::app::App;

const MEMBER: (&str, &str) = ("authorization", "Bearer atlas_pat_member");
const JSON: (&str, &str) = ("content-type", "application/json");

fn fields(problem: &Value) -> Vec<(String, String)> {
    let text = |error: &Value, word: &str| error[word].as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(e, "field"), text(e, "code"))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let app = App::new().await;
    let deep = "[".repeat(100_000);
    for bad in ["{", "{\"name\": }", "nul", "{\"name\":\"\u{1}\"}", deep.as_str()] {
        app.raw("POST", "/v1/widgets", bad.to_owned(), &[MEMBER, JSON]).await.problem(400, "malformed_json");
    }
    app.raw("POST", "/v1/widgets", vec![0xff, 0xfe], &[MEMBER, JSON]).await.problem(400, "malformed_json");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json; charset=latin1"] {
        let headers = [MEMBER, ("content-type", kind)];
        app.raw("POST", "/v1/widgets", "{\"name\":\"a\"}", &headers).await.problem(415, "unsupported_media_type");
    }
    app.raw("POST", "/v1/widgets", "{\"name\":\"a\"}", &[MEMBER]).await.problem(415, "unsupported_media_type");
    let merge = [MEMBER, ("content-type", "application/merge-patch+json; charset=UTF-8")];
    assert_eq!(app.raw("POST", "/v1/widgets", "{\"name\":\"a\"}", &merge).await.status, 201);
}

#[tokio::test]
async fn fields_are_named() {
    let app = App::new().await;
    let check = async |body: Value, expect: &[(&str, &str)]| {
        let problem = app.call("POST", "/v1/widgets", Some(body)).await.problem(422, "validation_failed");
        assert_eq!(fields(&problem), pairs(expect), "{problem}");
    };
    check(json!({}), &[("name", "required")]).await;
    check(json!({"name": "a", "colour": 1, "size": 2}), &[("colour", "unknown_field"), ("size", "unknown_field")]).await;
    check(json!({"name": 7}), &[("name", "invalid")]).await;
    check(json!({"name": null}), &[("name", "invalid")]).await;
    check(json!({"name": "a", "screwCount": "many"}), &[("screwCount", "invalid")]).await;
    check(json!({"name": "a", "screwCount": 1e30}), &[("screwCount", "invalid")]).await;
    check(
        json!({"name": "a", "parts": [{"name": "p", "weight": 1}, {"weight": 1, "x": 2}]}),
        &[("parts[1].x", "unknown_field"), ("parts[1].name", "required")],
    )
    .await;
    check(json!({"name": "a", "parts": [{"name": "p", "weight": []}]}), &[("parts[0].weight", "invalid")]).await;
    let inner = json!({"name": "a", "parts": [{"name": "p", "weight": 1, "inner": {"name": "q", "weight": 2, "odd": 1}}]});
    check(inner, &[("parts[0].inner.odd", "unknown_field")]).await;
    check(json!({"name": "a", "screwCount": 1.5}), &[("screwCount", "invalid")]).await;
    let whole = app.call("POST", "/v1/widgets", Some(json!({"name": "whole", "screwCount": 3.0}))).await;
    assert_eq!(whole.status, 201, "3.0 is an integer to JSON Schema");
    app.call("DELETE", whole.header("location"), None).await;
    check(json!([]), &[("body", "invalid")]).await;
    check(json!(["a"]), &[("body", "invalid")]).await;
    check(json!({"name": "a", "parts": [["p", 1, null]]}), &[("parts[0]", "invalid")]).await;
    check(json!("text"), &[("body", "invalid")]).await;
    check(json!({"name": ""}), &[("name", "required")]).await;
    let empty = app.raw("POST", "/v1/widgets", "", &[MEMBER]).await.problem(422, "validation_failed");
    assert_eq!(fields(&empty), pairs(&[("name", "required")]));
    assert_eq!(app.call("GET", "/v1/widgets", None).await.json()["data"], json!([]));
}

#[tokio::test]
async fn queries_are_read_by_type_and_strictly() {
    let app = App::new().await;
    for name in ["a", "b", "c"] {
        app.call("POST", "/v1/widgets", Some(json!({"name": name}))).await;
    }
    let names = async |query: &str| -> Vec<String> {
        let answer = app.call("GET", &format!("/v1/widgets{query}"), None).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.json());
        answer.json()["data"].as_array().unwrap().iter().map(|w| w["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("?name=a&name=c&newestFirst=true").await, ["c", "a"]);
    assert_eq!(names("?state=worn").await, [""; 0]);
    assert_eq!(names("?limit=2").await, ["a", "b"]);
    let check = async |query: &str, field: &str, code: &str| {
        let problem = app.call("GET", &format!("/v1/widgets?{query}"), None).await.problem(422, "validation_failed");
        assert_eq!(fields(&problem), pairs(&[(field, code)]), "{query}");
    };
    check("stat=new", "stat", "unknown_parameter").await;
    check("state=broken", "state", "invalid").await;
    check("newestFirst=perhaps", "newestFirst", "invalid").await;
    check("limit=0", "limit", "out_of_range").await;
    check("limit=201", "limit", "out_of_range").await;
    check("limit=1&limit=2", "limit", "repeated").await;
    check("cursor=xyz", "cursor", "invalid").await;
    check("%00=1", "\0", "unknown_parameter").await;
    let limit = app.call("GET", "/v1/widgets?limit=ten", None).await.problem(422, "validation_failed");
    assert_eq!(limit["errors"].as_array().unwrap().len(), 1, "{limit}");
    let unasked = app.call("GET", "/v1/widgets/widget_00000000000000000000000000?expand=1", None).await;
    unasked.problem(422, "validation_failed");
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let app = App::with(|state| state.body_limit = 100).await;
    let long = json!({"name": "x".repeat(200)}).to_string();
    let problem = app.raw("POST", "/v1/widgets", long.clone(), &[MEMBER, JSON]).await.problem(413, "payload_too_large");
    assert_eq!(problem["limit"], 100);
    let announced = [MEMBER, JSON, ("content-length", "99999999999")];
    app.raw("POST", "/v1/widgets", "{}", &announced).await.problem(413, "payload_too_large");
    let chunks = futures::stream::iter(long.into_bytes().into_iter().map(|byte| Ok::<_, std::io::Error>(vec![byte])));
    app.raw("POST", "/v1/widgets", Body::from_stream(chunks), &[MEMBER, JSON]).await.problem(413, "payload_too_large");
    let broken = futures::stream::iter([Ok(b"{\"na".to_vec()), Err(std::io::Error::other("gone"))]);
    app.raw("POST", "/v1/widgets", Body::from_stream(broken), &[MEMBER, JSON]).await.problem(400, "incomplete_body");
}

#[tokio::test]
async fn operations_without_a_body_take_none() {
    let app = App::new().await;
    let path = "/v1/widgets/widget_00000000000000000000000000";
    let problem = app.call("DELETE", path, Some(json!({"force": true}))).await.problem(422, "validation_failed");
    assert_eq!(fields(&problem), pairs(&[("force", "unknown_field")]));
    app.call("DELETE", path, Some(json!({}))).await.problem(404, "not_found");
}

#[tokio::test]
async fn faults_of_ours_say_nothing_of_the_inside() {
    let app = App::new().await;
    for fail in ["panic", "error"] {
        let answer = app.call("POST", "/v1/widgets/crash", Some(json!({"fail": fail}))).await;
        answer.problem(500, "internal_error");
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(!text.contains("secret"), "{text}");
    }
    app.call("POST", "/v1/widgets/run", Some(json!({"fail": "panic"}))).await.problem(500, "internal_error");
    assert_eq!(app.call("GET", "/v1/widgets", None).await.json()["data"], json!([]));
    assert_eq!(app.call("POST", "/v1/widgets", Some(json!({"name": "after"}))).await.status, 201);
}
