//! Nested lists, the cap on parts, notes and tags.

use serde_json::{Value, json};

use crate::client::{listed, options, sandbox, with};

#[tokio::test]
async fn the_first_contact_has_more_than_a_nested_list_shows() {
    let sandbox = sandbox().await;
    let id = sandbox.truth().await["contacts"][0].as_str().expect("id").to_owned();
    let contact = sandbox.ok(&format!("/contacts/{id}")).await;
    for (list, total) in [("tags", 25), ("companies", 12)] {
        let nested = &contact[list];
        assert_eq!((&nested["type"], &nested["total_count"], &nested["has_more"]), (&json!("list"), &json!(total), &json!(true)), "{list}");
        assert_eq!(nested["data"].as_array().map(Vec::len), Some(10), "{list}");
        let url = nested["url"].as_str().expect("url");
        assert_eq!(url, format!("/contacts/{id}/{list}"));
        let rest = sandbox.ok(url).await;
        assert_eq!(rest["data"].as_array().map(Vec::len), Some(total), "{list}");
    }
    let companies = sandbox.ok(&format!("/contacts/{id}/companies?per_page=5&page=3")).await;
    assert_eq!((companies["companies"].as_array().map(Vec::len), &companies["companies"]), (Some(2), &companies["data"]));
    assert_eq!(companies["pages"]["next"], Value::Null);
    let noted = sandbox.truth().await["contacts"][1].as_str().expect("id").to_owned();
    let contact = sandbox.ok(&format!("/contacts/{noted}")).await;
    assert_eq!((&contact["notes"]["total_count"], &contact["notes"]["has_more"]), (&json!(12), &json!(true)));
    let notes = sandbox.all(&format!("/contacts/{noted}/notes"), None, "data", 5).await;
    assert_eq!(notes.len(), 12);
    let mut numbered = Vec::new();
    for page in 1..=4 {
        let page = sandbox.ok(&format!("/contacts/{noted}/notes?per_page=5&page={page}")).await;
        numbered.extend(page["data"].as_array().expect("notes").iter().cloned());
    }
    assert_eq!(numbered, notes, "the official clients ask by number, until a page is empty");
    let one = sandbox.ok(&format!("/notes/{}", notes[0]["id"].as_str().expect("id"))).await;
    assert_eq!(one, notes[0]);
}

#[tokio::test]
async fn a_long_conversation_shows_its_newest_500_parts() {
    let sandbox = with(atlas_sandbox_intercom::Options { long_conversation: 1_200, ..options() }).await;
    let truth = sandbox.truth().await;
    assert_eq!(truth["partsBeyondCap"], 700);
    let mut longest = None;
    for row in sandbox.all("/conversations", None, "conversations", 150).await {
        if row["statistics"]["count_conversation_parts"] == 1_200 {
            longest = row["id"].as_str().map(str::to_owned);
        }
    }
    let full = sandbox.ok(&format!("/conversations/{}", longest.expect("one is long"))).await;
    let parts = full["conversation_parts"]["conversation_parts"].as_array().expect("parts");
    assert_eq!((parts.len(), &full["conversation_parts"]["total_count"]), (500, &json!(1_200)));
    assert!(parts.is_sorted_by_key(|p| p["created_at"].as_i64()));
    let visible = listed(&truth, "parts");
    assert!(parts.iter().all(|p| visible.binary_search(&p["id"].as_str().expect("id").to_owned()).is_ok()));
    assert_eq!(parts.last().expect("parts")["created_at"], full["updated_at"], "the newest ones");
}

#[tokio::test]
async fn tags_are_made_carried_and_guarded() {
    let sandbox = sandbox().await;
    let tag = sandbox.done("/tags", json!({ "name": "Fresh tag" })).await;
    assert_eq!(sandbox.done("/tags", json!({ "name": "fresh TAG" })).await["id"], tag["id"]);
    let id = sandbox.truth().await["contacts"][5].as_str().expect("id").to_owned();
    let path = format!("/contacts/{id}/tags");
    assert_eq!(sandbox.done(&path, json!({ "id": tag["id"] })).await["name"], "Fresh tag");
    let tag_path = format!("/tags/{}", tag["id"].as_str().expect("id"));
    let (status, body) = sandbox.send(reqwest::Method::DELETE, &tag_path, json!({})).await;
    assert_eq!((status.as_u16(), crate::client::code(&body)), (400, "tag_has_dependent_objects"));
    let (status, _) = sandbox.send(reqwest::Method::DELETE, &format!("{path}/{}", tag["id"].as_str().expect("id")), json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(sandbox.send(reqwest::Method::DELETE, &tag_path, json!({})).await.0, 200);
    assert_eq!(sandbox.get(&tag_path).await.0, 404);
}
