//! The plan through HTTP: its setting of the workspace, and what the day's page tells.

use serde_json::json;

use crate::world::world;

#[tokio::test]
async fn when_a_better_plan_is_looked_for_is_read_set_and_shown() {
    let w = world().await;
    let path = "/v1/plan/quiet";
    let usual = json!({ "hour": null, "timeZone": "UTC", "found": "offered" });
    assert_eq!(w.call("GET", path, Some(&w.guest), None).await.json(), usual);
    let wanted = json!({ "hour": 3, "timeZone": "Europe/Dublin", "found": "taken" });
    let refused = w.call("PUT", path, Some(&w.guest), Some(wanted.clone())).await;
    assert_eq!((refused.status, refused.text.contains("plan:write")), (403, true), "{}", refused.text);
    for wrong in [
        json!({ "hour": 24, "timeZone": "UTC", "found": "taken" }),
        json!({ "hour": 3, "timeZone": "Nowhere", "found": "taken" }),
        json!({ "hour": 3, "timeZone": "UTC", "found": "guessed" }),
    ] {
        let answer = w.call("PUT", path, Some(&w.owner), Some(wrong)).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    let set = w.call("PUT", path, Some(&w.owner), Some(wanted.clone())).await;
    assert_eq!((set.status, set.json()), (200, wanted.clone()), "{}", set.text);
    assert_eq!(w.call("GET", path, Some(&w.owner), None).await.json(), wanted);
    assert_eq!(w.call("GET", path, Some(&w.stranger), None).await.json(), usual, "another workspace has its own");
    let page = w.page("GET", "/plan/hours", true).await;
    assert!(page.text.contains("From 03:00 to 04:00 by the clock of Europe/Dublin, and taken by itself."), "{}", page.text);
    assert!(page.text.contains(r#"action="/plan/quiet""#));
}

#[tokio::test]
async fn the_form_says_when_a_better_plan_is_looked_for_and_comes_back_as_typed_when_refused() {
    let w = world().await;
    let kept = async || w.call("GET", "/v1/plan/quiet", Some(&w.owner), None).await.json();
    let usual = kept().await;
    let refused = w.form("/plan/quiet", "hour=25&zone=Europe%2FDublin&found=taken").await;
    assert_eq!((refused.status, kept().await), (422, usual), "{}", refused.text);
    let (_, section) = refused.text.split_once("Looking for a better plan").expect("the section");
    assert!(section.contains("Not saved."), "{}", refused.text);
    for typed in [">Europe/Dublin<", r#"<option value="taken" selected>"#] {
        assert!(section.contains(typed), "{typed} is what was typed: {section}");
    }
    let saved = w.form("/plan/quiet", "hour=3&zone=Europe%2FDublin&found=taken").await;
    assert_eq!((saved.status, saved.headers["location"].to_str().unwrap()), (303, "/plan/hours"), "{}", saved.text);
    assert_eq!(kept().await, json!({ "hour": 3, "timeZone": "Europe/Dublin", "found": "taken" }));
    w.form("/plan/quiet", "hour=&zone=UTC&found=offered").await;
    assert_eq!(kept().await["hour"], json!(null), "whenever it is quiet again");
}

#[tokio::test]
async fn the_day_tells_every_move_also_one_to_where_the_task_was_before() {
    let w = world().await;
    let owner = atlas_identity::find_actor(&w.atlas.db, "ann@acme.example").await.unwrap().unwrap();
    let task = w.make("/v1/tasks", json!({ "title": "Write", "estimateMinutes": 60, "assignees": [owner.user.unwrap()] })).await;
    let planned = w.call("POST", "/v1/plan/propose", Some(&w.owner), Some(json!({}))).await;
    assert_eq!(planned.status, 200, "{}", planned.text);
    let soon = |hours: i64| {
        let hour = 3600 * (1 + w.atlas.db.clock().now().as_second() / 3600);
        atlas_kernel::Timestamp::from_second(hour + 3600 * hours).unwrap().to_string()
    };
    for start in [soon(30), soon(28), soon(30)] {
        let moved = w.call("POST", &format!("/v1/plan/tasks/{task}/move"), Some(&w.owner), Some(json!({ "start": start }))).await;
        assert_eq!(moved.status, 200, "{}", moved.text);
        let page = w.page("GET", "/plan", true).await.text;
        let (_, line) = page.split_once(r#"id="plan-change""#).expect("the day tells the change");
        assert!(line.contains("was moved by hand: moved 1 task"), "{}", line.chars().take(300).collect::<String>());
    }
}
