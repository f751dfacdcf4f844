//! Every answer beside Intercom's published OpenAPI description, version 2.16, with every deviation named.

mod description;
mod deviations;
mod walk;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use description::{Description, Problem};
use deviations::DEVIATIONS;

/// Problems that no deviation explains, and deviations that explain nothing.
fn judge(problems: &BTreeSet<Problem>, deviations: &[deviations::Deviation]) -> (Vec<String>, Vec<String>) {
    let explained = |problem: &&Problem| !deviations.iter().any(|d| d.explains(problem));
    let open = problems.iter().filter(explained).map(ToString::to_string).collect();
    let idle = deviations.iter().flat_map(|d| d.idle(problems)).collect();
    (open, idle)
}

#[tokio::test]
async fn every_answer_fits_the_description() {
    let walk = walk::walk().await;
    let (open, idle) = judge(&walk.problems, DEVIATIONS);
    assert!(open.is_empty(), "not as described:\n{}", open.join("\n"));
    assert!(idle.is_empty(), "deviations without need:\n{}", idle.join("\n"));
    let missing: Vec<String> = walk.missing();
    assert!(missing.is_empty(), "never called, or never with success and with an error:\n{}", missing.join("\n"));
    println!("{} answers of {} operations, {} kinds of deviation", walk.answers, walk.operations(), DEVIATIONS.len());
}

/// A true answer of the sandbox, which a mutation then spoils.
async fn contact() -> Value {
    let sandbox = crate::client::sandbox().await;
    let id = sandbox.truth().await["contacts"][0].as_str().expect("id").to_owned();
    sandbox.ok(&format!("/contacts/{id}")).await
}

#[tokio::test]
async fn a_spoiled_answer_is_found() {
    let description = Description::load();
    let whole = contact().await;
    let open = |answer: &Value| {
        let problems = description.check("GET /contacts/{id}", 200, answer);
        judge(&problems, DEVIATIONS).0
    };
    assert_eq!(open(&whole), Vec::<String>::new());
    for field in ["id", "role", "created_at", "tags", "location", "custom_attributes"] {
        let mut answer = whole.clone();
        answer.as_object_mut().expect("object").remove(field);
        assert_eq!(open(&answer), [format!("contact.{field}: is not sent")]);
    }
    let mut answer = whole.clone();
    answer["created_at"] = json!("2026-11-22");
    answer["tags"]["has_more"] = json!(1);
    answer["nickname"] = json!("Ada");
    assert_eq!(
        open(&answer),
        ["contact.created_at: is a string", "contact.nickname: is not described", "contact_tags.has_more: is a number"]
    );
}

#[test]
fn wrong_errors_and_statuses_are_found() {
    let description = Description::load();
    let error =
        |code: &str, message: &str| json!({ "type": "error.list", "request_id": "b1", "errors": [{ "code": code, "message": message }] });
    let open = |operation: &str, status: u16, answer: &Value| judge(&description.check(operation, status, answer), DEVIATIONS).0;
    let none: Vec<String> = Vec::new();
    assert_eq!(open("GET /companies/{id}", 404, &error("company_not_found", "Company Not Found")), none);
    assert_eq!(
        open("GET /companies/{id}", 404, &error("not_found", "No")),
        ["GET /companies/{id} 404: answers `not_found: No`, which is not published"]
    );
    assert_eq!(open("GET /companies/{id}", 418, &error("teapot", "No"))[0], "GET /companies/{id} 418: the status is not described");
    assert_eq!(open("GET /companies/{id}", 404, &json!({ "error": "no" })).len(), 5);
}

#[test]
fn a_deviation_without_need_is_found() {
    let (open, idle) = judge(&BTreeSet::new(), &DEVIATIONS[..1]);
    assert!(open.is_empty() && idle.len() == DEVIATIONS[0].at.len(), "{idle:?}");
}
