//! Idempotency-Key: one effect and one answer for each key, whatever happens in between.

use std::sync::atomic::Ordering;

use atlas_store::query;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::widgets::RUNS;

async fn create(app: &App, name: &str, key: &str) -> Answer {
    app.call_with("POST", "/v1/widgets", Some(json!({"name": name})), &[("idempotency-key", key)]).await
}

async fn count(app: &App) -> i64 {
    query("SELECT COUNT(*) FROM widgets").value(&app.db).await.unwrap()
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let app = App::new().await;
    let first = create(&app, "a", "k1").await;
    let again = create(&app, "a", "k1").await;
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((first.status, &first.bytes), (again.status, &again.bytes));
    for name in ["etag", "location", "content-type"] {
        assert_eq!(first.header(name), again.header(name));
    }
    assert_eq!(count(&app).await, 1);
    create(&app, "b", "k1").await.problem(409, "idempotency_key_reused");
    let path = first.header("location").to_owned();
    let other = app.call_with("DELETE", &path, None, &[("idempotency-key", "k1")]).await;
    other.problem(409, "idempotency_key_reused");
    assert_eq!(create(&app, "c", "k2").await.status, 201);
    assert_eq!(count(&app).await, 2);
}

#[tokio::test]
async fn deletes_and_refusals_are_remembered() {
    let app = App::new().await;
    let path = create(&app, "a", "k1").await.header("location").to_owned();
    for replayed in ["", "true"] {
        let gone = app.call_with("DELETE", &path, None, &[("idempotency-key", "k2")]).await;
        assert_eq!((gone.status.as_u16(), gone.header("idempotency-replayed")), (204, replayed));
    }
    create(&app, "b", "k3").await;
    let refused = create(&app, "b", "k4").await;
    refused.problem(409, "duplicate");
    let again = create(&app, "b", "k4").await;
    assert_eq!((again.status, &again.bytes, again.header("idempotency-replayed")), (refused.status, &refused.bytes, "true"));
    assert_eq!(again.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn faults_are_not_remembered() {
    let app = App::new().await;
    for _ in 0..2 {
        let answer = app.call_with("POST", "/v1/widgets/crash", Some(json!({})), &[("idempotency-key", "k1")]).await;
        answer.problem(500, "internal_error");
        assert_eq!(answer.header("idempotency-replayed"), "");
    }
    assert_eq!(count(&app).await, 0);
}

#[tokio::test]
async fn keys_belong_to_one_person_in_one_workspace() {
    let app = App::new().await;
    assert_eq!(create(&app, "a", "k1").await.status, 201);
    for token in ["Bearer atlas_pat_second", "Bearer atlas_pat_other"] {
        let headers = [("authorization", token), ("content-type", "application/json"), ("idempotency-key", "k1")];
        let answer = app.raw("POST", "/v1/widgets", json!({"name": token}).to_string(), &headers).await;
        assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (201, ""));
    }
}

#[tokio::test]
async fn answers_are_kept_for_a_day() {
    let app = App::new().await;
    create(&app, "a", "k1").await;
    app.later(24 * 3600 - 1);
    assert_eq!(create(&app, "a", "k1").await.header("idempotency-replayed"), "true");
    app.later(1);
    assert_eq!(create(&app, "b", "k1").await.status, 201);
    create(&app, "c", "k2").await;
    app.later(24 * 3600);
    let swept = app.db.write(|tx| async move { atlas_api::sweep_idempotency(&tx, tx.now()).await }).await.unwrap();
    assert_eq!(swept, 2);
    create(&app, "d", "k3").await;
    let workspace = app.workspace;
    let forgotten = app.db.write(|tx| async move { atlas_api::forget_answers(&tx, workspace).await }).await.unwrap();
    assert_eq!(forgotten, 1);
}

#[tokio::test]
async fn concurrent_writes_with_one_key_happen_once() {
    let app = App::new().await;
    let answers = futures::future::join_all((0..8).map(|_| create(&app, "a", "k1"))).await;
    assert!(answers.iter().all(|a| a.status == 201 && a.bytes == answers[0].bytes));
    assert_eq!(answers.iter().filter(|a| a.header("idempotency-replayed") == "true").count(), 7);
    assert_eq!(count(&app).await, 1);
}

async fn run(app: &App, fail: &str, key: &str) -> Answer {
    let body: Value = json!({"fail": fail});
    app.call_with("POST", "/v1/widgets/run", Some(body), &[("idempotency-key", key)]).await
}

#[tokio::test]
async fn actions_are_claimed_answered_and_given_back() {
    let app = App::new().await;
    let before = RUNS.load(Ordering::SeqCst);
    let (first, second) = futures::join!(run(&app, "slow", "k1"), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        run(&app, "slow", "k1").await
    });
    assert_eq!(first.status, 202);
    second.problem(409, "idempotency_in_progress");
    assert_eq!(second.header("retry-after"), "1");
    let replayed = run(&app, "slow", "k1").await;
    assert_eq!((replayed.header("idempotency-replayed"), &replayed.bytes), ("true", &first.bytes));
    assert_eq!(RUNS.load(Ordering::SeqCst), before + 1);
    run(&app, "other", "k1").await.problem(409, "idempotency_key_reused");
    for (fail, status, replayed) in [("conflict", 409, "true"), ("outside", 503, ""), ("panic", 500, "")] {
        assert_eq!(run(&app, fail, fail).await.status, status);
        let again = run(&app, fail, fail).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (status, replayed), "{fail}");
    }
}

#[tokio::test]
async fn an_action_goes_on_when_the_caller_hangs_up() {
    let app = App::new().await;
    let impatient = tokio::time::timeout(std::time::Duration::from_millis(80), run(&app, "slow", "k1")).await;
    assert!(impatient.is_err());
    let answer = loop {
        let answer = run(&app, "slow", "k1").await;
        if answer.status != 409 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (202, "true"));
}

#[tokio::test]
async fn an_abandoned_claim_is_taken_over() {
    let app = App::new().await;
    assert_eq!(run(&app, "no", "k1").await.status, 202);
    app.db.write(|tx| async move { query("UPDATE idempotency_keys SET status = NULL").run(&tx).await }).await.unwrap();
    run(&app, "no", "k1").await.problem(409, "idempotency_in_progress");
    app.later(301);
    let answer = run(&app, "no", "k1").await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (202, ""));
}

#[tokio::test]
async fn keys_have_a_form() {
    let app = App::new().await;
    let long = "k".repeat(256);
    for (key, code) in [(long.as_str(), "too_long"), ("schlüssel", "invalid"), ("", "too_long")] {
        let problem = create(&app, "a", key).await.problem(422, "validation_failed");
        assert_eq!((&problem["errors"][0]["field"], &problem["errors"][0]["code"]), (&json!("Idempotency-Key"), &json!(code)));
    }
    assert_eq!(create(&app, "a", &long[1..]).await.status, 201);
    assert_eq!(app.call_with("GET", "/v1/widgets", None, &[("idempotency-key", &long)]).await.status, 200);
}

#[tokio::test]
async fn secrets_are_answered_once_and_never_kept() {
    let app = App::new().await;
    let seal = || app.call_with("POST", "/v1/widgets/seal", None, &[("idempotency-key", "k1")]);
    assert_eq!(seal().await.json(), "open sesame");
    seal().await.problem(409, "answer_not_kept");
    let kept: Option<Vec<u8>> = query("SELECT body FROM idempotency_keys").value(&app.db).await.unwrap();
    assert_eq!(kept.unwrap_or_default(), b"");
}
