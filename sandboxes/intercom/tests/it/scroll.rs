//! The company scroll and the paged list.

use serde_json::{Value, json};

use crate::client::{Box, code, ids, listed, options, sandbox, with};

async fn walk(sandbox: &Box) -> Result<Vec<Value>, (u16, String)> {
    let (mut rows, mut path) = (Vec::new(), "/companies/scroll".to_owned());
    loop {
        let (status, page) = sandbox.get(&path).await;
        if status != 200 {
            return Err((status.as_u16(), code(&page).to_owned()));
        }
        let data = page["data"].as_array().expect("data");
        if data.is_empty() {
            assert_eq!(page["scroll_param"], Value::Null, "the empty last page ends the walk");
            return Ok(rows);
        }
        rows.extend(data.iter().cloned());
        path = format!("/companies/scroll?scroll_param={}", page["scroll_param"].as_str().expect("param"));
    }
}

#[tokio::test]
async fn a_walk_sees_every_company_and_repeats_its_parameter() {
    let sandbox = with(atlas_sandbox_intercom::Options { companies: 250, contacts: 260, ..options() }).await;
    let first = sandbox.ok("/companies/scroll").await;
    assert_eq!((first["data"].as_array().map(Vec::len), &first["pages"], &first["total_count"]), (Some(100), &Value::Null, &Value::Null));
    let param = first["scroll_param"].as_str().expect("param");
    let second = sandbox.ok(&format!("/companies/scroll?scroll_param={param}")).await;
    assert_eq!(second["scroll_param"], param, "the same parameter on every page");
    sandbox.set(json!({ "expireScroll": true })).await;
    assert_eq!(ids(&walk(&sandbox).await.expect("walked")), listed(&sandbox.truth().await, "companies"));
    walk(&sandbox).await.expect("a finished walk does not block the next");
}

#[tokio::test]
async fn one_walk_at_a_time_gone_after_a_minute() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "scrollPageSize": 4 })).await;
    let first = sandbox.ok("/companies/scroll").await;
    let (status, body) = sandbox.get("/companies/scroll").await;
    assert_eq!((status.as_u16(), code(&body)), (400, "scroll_exists"));
    let again = format!("/companies/scroll?scroll_param={}", first["scroll_param"].as_str().expect("param"));
    sandbox.set(json!({ "clockOffset": 59 })).await;
    assert_eq!(sandbox.get(&again).await.0, 200, "each use keeps it alive");
    sandbox.set(json!({ "clockOffset": 118 })).await;
    assert_eq!(sandbox.get(&again).await.0, 200);
    sandbox.set(json!({ "clockOffset": 179 })).await;
    let (status, body) = sandbox.get(&again).await;
    assert_eq!((status.as_u16(), body["errors"][0]["message"].as_str()), (404, Some("scroll parameter not found")));
    assert_eq!(sandbox.get("/companies/scroll").await.0, 200, "a dead walk does not block");
}

#[tokio::test]
async fn a_walk_can_break_half_way_once() {
    let sandbox = sandbox().await;
    sandbox.set(json!({ "scrollPageSize": 4, "scroll404After": 2 })).await;
    assert_eq!(walk(&sandbox).await.expect_err("broken"), (404, "not_found".to_owned()));
    assert_eq!(walk(&sandbox).await.expect("the second attempt is whole").len(), 15);
}

#[tokio::test]
async fn the_list_leaves_out_companies_without_people_and_has_an_end() {
    let sandbox = sandbox().await;
    let empty =
        sandbox.done("/companies", json!({ "company_id": "lonely", "name": "Lonely", "plan": "Free", "monthly_spend": 12.9 })).await;
    assert_eq!((&empty["user_count"], &empty["monthly_spend"]), (&json!(0), &json!(12)));
    let list = sandbox.done("/companies/list?per_page=50", json!({})).await;
    assert_eq!(list["total_count"], 15);
    let active: Vec<i64> = list["data"].as_array().expect("data").iter().map(|c| c["last_request_at"].as_i64().expect("time")).collect();
    assert!(active.is_sorted_by(|a, b| a >= b), "last active first");
    assert_eq!(walk(&sandbox).await.expect("walked").len(), 16, "the scroll has them all");
    let contact = sandbox.truth().await["contacts"][0].as_str().expect("id").to_owned();
    sandbox.done(&format!("/contacts/{contact}/companies"), json!({ "id": empty["id"] })).await;
    assert_eq!(sandbox.done("/companies/list", json!({})).await["total_count"], 16);
    sandbox.set(json!({ "companyLimit": 10 })).await;
    assert_eq!(sandbox.post("/companies/list?page=2&per_page=5", json!({})).await.0, 200);
    let (status, body) = sandbox.post("/companies/list?page=3&per_page=5", json!({})).await;
    assert_eq!((status.as_u16(), body["errors"][0]["message"].as_str()), (400, Some("page limit reached, please use scroll API")));
}

#[tokio::test]
async fn companies_are_found_and_saved_by_our_own_id() {
    let sandbox = sandbox().await;
    let one = sandbox.ok("/companies?company_id=crm-acct-1003").await;
    assert_eq!((&one["type"], &one["company_id"]), (&json!("company"), &json!("crm-acct-1003")));
    let by_name = sandbox
        .http
        .get(format!("{}/companies", sandbox.running.url))
        .query(&[("name", one["name"].as_str().expect("name"))])
        .bearer_auth("test-token");
    let (_, by_name) = crate::client::read(by_name.send().await.expect("answer")).await;
    assert_eq!(by_name["id"], one["id"]);
    assert_eq!(sandbox.get("/companies?company_id=none").await.0, 404);
    assert_eq!(sandbox.ok("/companies").await["type"], "list");
    let again = sandbox.done("/companies", json!({ "company_id": "crm-acct-1003", "name": "Renamed" })).await;
    assert_eq!((&again["id"], &again["name"]), (&one["id"], &json!("Renamed")));
    let path = format!("/companies/{}", one["id"].as_str().expect("id"));
    let (status, _) = sandbox.send(reqwest::Method::PUT, &path, json!({ "company_id": "other" })).await;
    assert_eq!(status, 400, "company_id never changes");
    let (status, gone) = sandbox.send(reqwest::Method::DELETE, &path, json!({})).await;
    assert_eq!((status.as_u16(), &gone["object"]), (200, &json!("company")));
    assert_eq!(sandbox.get(&path).await.0, 404);
}
