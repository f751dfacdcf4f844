//! What planning needs to know of a task, over REST: kept as written, checked by field, and never in a circle.

use atlas_work::task::change::TaskChange;
use atlas_work::task::verbs;
use serde_json::{Value, json};

use crate::api::Rest;
use crate::app::App;

/// A task made with these fields; its key.
async fn made(rest: &Rest, title: &str, mut fields: Value) -> String {
    fields["title"] = json!(title);
    let made = rest.ines("POST", "/v1/tasks", fields).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["key"].as_str().unwrap().to_owned()
}

/// Field and code of the first error of a change that is refused.
async fn refused(rest: &Rest, key: &str, change: Value) -> (String, String) {
    let answer = rest.ines("PATCH", &format!("/v1/tasks/{key}"), change).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let first = &answer.body["errors"][0];
    (first["field"].as_str().unwrap().to_owned(), first["code"].as_str().unwrap().to_owned())
}

fn said(field: &str, code: &str) -> (String, String) {
    (field.to_owned(), code.to_owned())
}

#[tokio::test]
async fn what_planning_needs_is_kept_as_it_was_written_and_can_be_emptied() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    let before = made(rest, "Before", json!({})).await;
    let body = json!({ "title": "Call them", "dueDate": "2026-11-27", "hardDeadline": true, "splittable": false, "minBlockMinutes": 15,
        "maxBlockMinutes": 60, "candidates": [app.ines.user, app.jonas.user, app.ines.user], "blockedBy": [before] });
    let task = rest.ines("POST", "/v1/tasks", body).await.body;
    let fields = |task: &Value| json!([task["hardDeadline"], task["splittable"], task["minBlockMinutes"], task["maxBlockMinutes"]]);
    assert_eq!(fields(&task), json!([true, false, 15, 60]));
    let mut both = [app.ines.user.unwrap(), app.jonas.user.unwrap()];
    both.sort();
    assert_eq!(task["candidates"], json!(both), "each once");
    assert_eq!(task["blockedBy"].as_array().unwrap().len(), 1);
    let path = format!("/v1/tasks/{}", task["key"].as_str().unwrap());
    assert_eq!(rest.ines("GET", &path, Value::Null).await.body, task);
    let empty =
        json!({ "dueDate": null, "splittable": true, "minBlockMinutes": null, "maxBlockMinutes": null, "candidates": [], "blockedBy": [] });
    let emptied = rest.ines("PATCH", &path, empty).await.body;
    assert_eq!(fields(&emptied), json!([false, true, null, null]), "without a date there is no deadline");
    assert_eq!((&emptied["candidates"], &emptied["blockedBy"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn fields_that_contradict_each_other_are_refused_by_name() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    let key = &made(rest, "One", json!({})).await;
    assert_eq!(refused(rest, key, json!({ "minBlockMinutes": 90, "maxBlockMinutes": 60 })).await, said("minBlockMinutes", "above_maximum"));
    assert_eq!(refused(rest, key, json!({ "minBlockMinutes": 4 })).await, said("minBlockMinutes", "out_of_range"));
    assert_eq!(refused(rest, key, json!({ "maxBlockMinutes": 1441 })).await, said("maxBlockMinutes", "out_of_range"));
    assert_eq!(refused(rest, key, json!({ "hardDeadline": true })).await, said("hardDeadline", "without_date"));
    let nobody = atlas_kernel::UserId::new(app.clock.now());
    assert_eq!(refused(rest, key, json!({ "candidates": [nobody] })).await.0, "candidates");
    assert_eq!(refused(rest, key, json!({ "blockedBy": ["ACME-99"] })).await, said("blockedBy", "unknown"));
}

#[tokio::test]
async fn what_would_wait_for_itself_is_refused_and_nothing_is_written() {
    let app = &App::new().await;
    let rest = &Rest::of(app);
    let first = &made(rest, "First", json!({})).await;
    let second = &made(rest, "Second", json!({ "blockedBy": [first] })).await;
    let third = &made(rest, "Third", json!({ "blockedBy": [second] })).await;
    for (task, blocker) in [(first, first), (first, second), (first, third), (second, third)] {
        assert_eq!(refused(rest, task, json!({ "blockedBy": [blocker] })).await, said("blockedBy", "circle"), "{task} after {blocker}");
    }
    let why = rest.ines("PATCH", &format!("/v1/tasks/{first}"), json!({ "blockedBy": [third] })).await.body;
    assert_eq!(why["errors"][0]["message"], json!(format!("{third} waits for this task already")));
    assert_eq!(app.count("SELECT COUNT(*) FROM work_task_blockers").await, 2);
    // A way round is no circle, and one that was opened may be closed the other way.
    let fourth = made(rest, "Fourth", json!({ "blockedBy": [first, third] })).await;
    assert_eq!(rest.ines("PATCH", &format!("/v1/tasks/{second}"), json!({ "blockedBy": [] })).await.status, 200);
    assert_eq!(rest.ines("PATCH", &format!("/v1/tasks/{first}"), json!({ "blockedBy": [second] })).await.status, 200);
    assert_eq!(refused(rest, second, json!({ "blockedBy": [fourth] })).await, said("blockedBy", "circle"));
}

#[tokio::test]
async fn the_halves_of_a_circle_are_not_both_written_at_once() {
    let app = &App::new().await;
    for round in 0..8 {
        let (a, b) = (app.task(&format!("A{round}")).await, app.task(&format!("B{round}")).await);
        let wait = async |task: &atlas_work::task::Task, on: &atlas_work::task::Task| {
            let change = &TaskChange { blocked_by: Some(vec![on.key.clone()]), ..TaskChange::default() };
            let (ines, nouns, id) = (&app.ines, &app.nouns, task.id);
            app.db.write(|tx| async move { verbs::edit(&tx, ines, nouns, id, change, None).await.map(|_| ()) }).await
        };
        let (one, other) = tokio::join!(wait(&a, &b), wait(&b, &a));
        let refused = one.err().or(other.err()).expect("one of them is refused");
        assert_eq!(crate::app::field_of(&refused), "blockedBy");
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM work_task_blockers").await, 8);
}
