//! Allowances: counted by class and caller, told in headers, given back with time.

use atlas_api::RateSettings;
use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn one_call_too_many_waits() {
    let app = App::with(|state| state.rates = RateSettings { read: 6, write: 2, heavy: 1 }).await;
    let first = app.call("GET", "/v1/widgets", None).await;
    let told = |answer: &crate::app::Answer| {
        ["limit", "remaining", "reset", "policy"].map(|w| answer.header(&format!("ratelimit-{w}")).to_owned())
    };
    assert_eq!(told(&first), ["6", "5", "10", "6;w=60"]);
    for _ in 0..5 {
        assert_eq!(app.call("GET", "/v1/widgets", None).await.status, 200);
    }
    let refused = app.call("GET", "/v1/widgets", None).await;
    let problem = refused.problem(429, "rate_limit_exceeded");
    assert_eq!((refused.header("retry-after"), &problem["retryAfter"]), ("10", &json!(10)));
    assert_eq!(told(&refused), ["6", "0", "60", "6;w=60"]);
    let second = app.raw("GET", "/v1/widgets", "", &[("authorization", "Bearer atlas_pat_second")]).await;
    assert_eq!(second.status, 200, "another token has its own allowance");
    assert_eq!(app.call("POST", "/v1/widgets", Some(json!({"name": "a"}))).await.status, 201, "writes are counted apart");
    app.later(10);
    assert_eq!(app.call("GET", "/v1/widgets", None).await.status, 200);
    app.call("GET", "/v1/widgets", None).await.problem(429, "rate_limit_exceeded");
}

#[tokio::test]
async fn refusals_count_and_carry_the_headers() {
    let app = App::with(|state| state.rates = RateSettings { read: 0, write: 3, heavy: 1 }).await;
    let denied = app.raw("POST", "/v1/widgets", "{}", &[("authorization", "Bearer atlas_pat_guest")]).await;
    denied.problem(403, "permission_denied");
    assert_eq!(denied.header("ratelimit-remaining"), "2");
    assert_eq!(app.call("POST", "/v1/widgets/run", None).await.status, 202);
    app.call("POST", "/v1/widgets/run", None).await.problem(429, "rate_limit_exceeded");
    assert_eq!(app.call("GET", "/v1/widgets", None).await.header("ratelimit-limit"), "");
}
