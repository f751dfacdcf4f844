//! Rate windows and counting.

use serde_json::json;

use crate::client::{options, read, sandbox, with};

#[tokio::test]
async fn a_window_holds_a_sixth_of_the_minute_rounded_up() {
    let sandbox = with(atlas_sandbox_intercom::Options { limit_per_minute: 20, ..options() }).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        let answer = sandbox.call(reqwest::Method::GET, "/me").send().await.expect("answer");
        let number = |name: &str| answer.headers()[name].to_str().expect("text").parse::<i64>().expect("number");
        seen.push((answer.status().as_u16(), number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset")));
        if answer.status() == 429 {
            let (_, body) = read(answer).await;
            assert_eq!(body["errors"][0]["code"], "rate_limit_exceeded");
            assert_eq!(body["errors"][0]["message"], "Exceeded rate limit of 4 in 10_seconds");
        }
    }
    assert_eq!(seen.iter().map(|s| (s.0, s.2)).collect::<Vec<_>>(), [(200, 3), (200, 2), (200, 1), (200, 0), (429, 0), (429, 0)]);
    assert!(seen.iter().all(|s| s.1 == 4 && s.3 % 10 == 0), "windows lie on the clock");
    sandbox.set(json!({ "clockOffset": 10 })).await;
    assert_eq!(sandbox.get("/me").await.0, 200, "the next window is fresh");
    let stats = sandbox.stats().await;
    assert_eq!((&stats["requests"], &stats["rejected429"]), (&json!(7), &json!(2)));
}

#[tokio::test]
async fn only_api_calls_are_counted_by_normal_path() {
    let sandbox = sandbox().await;
    let answer = sandbox.call(reqwest::Method::GET, "/me").send().await.expect("answer");
    assert!(!answer.headers().contains_key("x-ratelimit-limit"), "without a limit there are no limit headers");
    let truth = sandbox.truth().await;
    for id in truth["conversations"].as_array().expect("ids").iter().take(3) {
        sandbox.ok(&format!("/conversations/{}", id.as_str().expect("id"))).await;
    }
    sandbox.http.get(format!("{}/hub", sandbox.running.url)).send().await.expect("page");
    let stats = sandbox.stats().await;
    assert_eq!(stats["requests"], 4);
    assert_eq!(stats["byPath"], json!({ "/me": 1, "/conversations/{id}": 3 }));
    assert_eq!(stats["byRoute"]["GET /conversations/{id}"], 3);
    assert!(stats["lastRequestAt"].as_i64() >= stats["firstRequestAt"].as_i64());
    sandbox.done("/_sandbox/reset", json!({})).await;
    let stats = sandbox.stats().await;
    assert_eq!((&stats["requests"], &stats["firstRequestAt"]), (&json!(0), &json!(null)));
    assert_eq!(sandbox.get("/me").await.0, 200, "counting anew leaves tokens alone");
}

#[tokio::test]
async fn overlap_and_latency_are_seen() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "latencyMs": 150 })).await;
    let started = std::time::Instant::now();
    let calls: Vec<_> = (0..8).map(|_| tokio::spawn(sandbox.call(reqwest::Method::GET, "/me").send())).collect();
    for call in calls {
        assert_eq!(call.await.expect("joined").expect("answer").status(), 200);
    }
    assert!(started.elapsed().as_millis() >= 150);
    let stats = sandbox.stats().await;
    assert_eq!(stats["maxConcurrent"], 8);
    assert_eq!(stats["concurrent"], 0);
}
