//! What two-way writing meets: attributes that must exist, types, lists, unknown parameters, tags on many at once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Box, code, sandbox};

async fn refused(sandbox: &Box, method: Method, path: &str, body: Value) -> (u16, String, String) {
    let (status, answer) = sandbox.send(method, path, body).await;
    (status.as_u16(), code(&answer).to_owned(), answer["errors"][0]["message"].as_str().expect("text").to_owned())
}

#[tokio::test]
async fn custom_values_follow_their_attributes() {
    let sandbox = sandbox().await;
    for (name, kind) in [("score", "float"), ("vip", "boolean"), ("since", "date")] {
        sandbox.done("/data_attributes", json!({ "name": name, "model": "contact", "data_type": kind })).await;
    }
    let list = json!({ "name": "tier", "model": "contact", "data_type": "options", "options": [{ "value": "gold" }, { "value": "lead" }] });
    let list = sandbox.done("/data_attributes", list).await;
    assert_eq!((&list["data_type"], &list["options"]), (&json!("string"), &json!(["gold", "lead"])));
    let long = "x".repeat(300);
    let given = json!({ "plan_tier": long, "seats": 4, "score": 1.5, "vip": true, "since": "2026-11-22T12:00:00Z", "tier": "gold" });
    let made = sandbox.done("/contacts", json!({ "email": "kinds@example.com", "custom_attributes": given })).await;
    let kept = json!({ "plan_tier": "x".repeat(255), "seats": 4, "score": 1.5, "vip": true, "since": 1_795_348_800, "tier": "gold" });
    assert_eq!(made["custom_attributes"], kept, "texts are cut at 255 characters, times become seconds");
    let path = format!("/contacts/{}", made["id"].as_str().expect("id"));
    for (name, value, text) in [
        ("shoe_size", json!(44), "Custom attribute 'shoe_size' does not exist"),
        ("seats", json!("four"), "Custom attribute 'seats' must be of type integer"),
        ("seats", json!(4.5), "Custom attribute 'seats' must be of type integer"),
        ("vip", json!("yes"), "Custom attribute 'vip' must be of type boolean"),
        ("since", json!("tomorrow"), "Custom attribute 'since' must be of type date"),
        ("plan_tier", json!({ "deep": 1 }), "Custom attribute 'plan_tier' must be of type string"),
        ("tier", json!("tin"), "'tin' is not one of the options of 'tier'"),
    ] {
        let answer = refused(&sandbox, Method::PUT, &path, json!({ "name": "Changed", "custom_attributes": { name: value } })).await;
        assert_eq!(answer, (400, "parameter_invalid".into(), text.into()));
    }
    let after = sandbox.ok(&path).await;
    assert_eq!((&after["name"], &after["custom_attributes"]), (&Value::Null, &kept), "a refused write changes nothing");
    let (_, after) = sandbox.send(Method::PUT, &path, json!({ "custom_attributes": { "tier": null, "seats": 5 } })).await;
    assert_eq!((&after["custom_attributes"]["tier"], &after["custom_attributes"]["seats"]), (&Value::Null, &json!(5)));
    let archive = format!("/data_attributes/{}", list["id"]);
    let (_, archived) = sandbox.send(Method::PUT, &archive, json!({ "archived": true })).await;
    assert_eq!(archived["archived"], true);
    let answer = refused(&sandbox, Method::PUT, &path, json!({ "custom_attributes": { "tier": "gold" } })).await;
    assert_eq!(answer.2, "Custom attribute 'tier' does not exist");
    assert_eq!(
        sandbox.ok("/data_attributes?model=contact").await["data"].as_array().expect("rows").iter().filter(|a| a["name"] == "tier").count(),
        0
    );
}

#[tokio::test]
async fn companies_refuse_what_they_do_not_know() {
    let sandbox = sandbox().await;
    let fields = json!({ "company_id": "acme", "name": "Acme", "monthly_spend": 155.98, "custom_attributes": { "seats": 7 } });
    let made = sandbox.done("/companies", fields).await;
    assert_eq!((&made["monthly_spend"], &made["custom_attributes"]["seats"]), (&json!(155), &json!(7)));
    let path = format!("/companies/{}", made["id"].as_str().expect("id"));
    let again = sandbox.done("/companies", json!({ "company_id": "acme", "name": "Acme Ltd" })).await;
    assert_eq!((&again["id"], &again["name"]), (&made["id"], &json!("Acme Ltd")), "found by company_id");
    for (method, path, body, text) in [
        (Method::POST, "/companies", json!({ "company_id": "acme", "test": 1 }), "bad 'test' parameter"),
        (Method::PUT, path.as_str(), json!({ "company_id": "other" }), "bad 'company_id' parameter"),
        (Method::PUT, path.as_str(), json!({ "custom_attributes": { "mood": "good" } }), "Custom attribute 'mood' does not exist"),
    ] {
        let answer = refused(&sandbox, method, path, body).await;
        assert_eq!((answer.0, answer.2.as_str()), (400, text));
    }
    let contact = sandbox.truth().await["contacts"][3].as_str().expect("id").to_owned();
    sandbox.done(&format!("/contacts/{contact}/companies"), json!({ "id": made["id"] })).await;
    sandbox.set(json!({ "clockOffset": 90 })).await;
    sandbox.done("/companies", json!({ "company_id": "acme", "update_last_request_at": true })).await;
    let first = sandbox.done("/companies/list", json!({})).await["data"][0].clone();
    assert_eq!((&first["id"], &first["last_request_at"]), (&made["id"], &json!(crate::client::NOW + 90)), "the last seen comes first");
}

#[tokio::test]
async fn many_are_tagged_and_untagged_at_once() {
    let sandbox = sandbox().await;
    let truth = sandbox.truth().await;
    let (contact, company) = (truth["contacts"][5].clone(), truth["companies"][2].clone());
    let tag = sandbox.done("/tags", json!({ "name": "Wave", "users": [{ "id": contact }] })).await;
    assert_eq!((&tag["users"], tag.get("companies")), (&json!([{ "id": contact, "tagged": true }]), None));
    let tag = sandbox.done("/tags", json!({ "name": "Wave", "companies": [{ "id": company }] })).await;
    let path = format!("/contacts/{}/tags", contact.as_str().expect("id"));
    let on_contact =
        sandbox.ok(&path).await["data"].as_array().expect("tags").iter().find(|t| t["id"] == tag["id"]).expect("there").clone();
    assert_eq!(
        (&on_contact["applied_at"], &on_contact["applied_by"]),
        (&json!(crate::client::NOW), &json!({ "type": "admin", "id": "6810042" }))
    );
    let company_path = format!("/companies/{}", company.as_str().expect("id"));
    let names = |c: &Value| c["tags"]["tags"].as_array().expect("tags").iter().map(|t| t["name"].clone()).collect::<Vec<_>>();
    assert!(names(&sandbox.ok(&company_path).await).contains(&json!("Wave")));
    sandbox.done("/tags", json!({ "name": "Wave", "companies": [{ "id": company, "untag": true }] })).await;
    assert!(!names(&sandbox.ok(&company_path).await).contains(&json!("Wave")));
    let nobody = json!({ "name": "Wave", "users": [{ "id": contact, "untag": true }, { "id": "none" }] });
    assert_eq!(sandbox.post("/tags", nobody).await.0, 404);
    assert!(sandbox.ok(&path).await["data"].as_array().expect("tags").iter().any(|t| t["id"] == tag["id"]), "all or nothing");
}
