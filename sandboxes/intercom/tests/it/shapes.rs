//! Checks answers against the provider's published description, reduced to types.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::client::sandbox;

struct Schemas(Map<String, Value>);

impl Schemas {
    fn load() -> Self {
        let text = include_str!("../fixtures/schemas-2.16.json");
        Self(serde_json::from_str(text).expect("JSON"))
    }

    /// Lists what does not fit, with its path.
    fn check(&self, value: &Value, name: &str) -> Vec<String> {
        let mut problems = Vec::new();
        self.visit(value, &self.0[name], name, &mut problems);
        problems
    }

    fn visit(&self, value: &Value, schema: &Value, path: &str, problems: &mut Vec<String>) {
        let schema = match schema["$ref"].as_str() {
            Some(name) => &self.0[name],
            None => schema,
        };
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.visit(value, part, path, problems);
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(options) = schema[key].as_array() {
                let fits = options.iter().any(|option| {
                    let mut own = Vec::new();
                    self.visit(value, option, path, &mut own);
                    own.is_empty()
                });
                if !fits {
                    problems.push(format!("{path}: fits none of {key}"));
                }
            }
        }
        // The description says `nullable` far more rarely than the provider sends null.
        if value.is_null() {
            return;
        }
        if let Some(kind) = schema["type"].as_str().filter(|kind| !fits(value, kind)) {
            problems.push(format!("{path}: {value} is not of type {kind}"));
        }
        if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
            problems.push(format!("{path}: {value} is not one of {allowed:?}"));
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.get(name).is_none() {
                problems.push(format!("{path}.{name} is missing"));
            }
        }
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.visit(value, schema, &format!("{path}.{name}"), problems);
            }
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            if schema.get("items").is_some() {
                self.visit(item, &schema["items"], &format!("{path}[{i}]"), problems);
            }
        }
    }

    fn assert(&self, value: &Value, name: &str) {
        let problems = self.check(value, name);
        assert!(problems.is_empty(), "{name}:\n{}", problems.join("\n"));
    }
}

fn fits(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

#[test]
fn the_checker_itself_finds_faults() {
    let schemas = Schemas::load();
    assert_eq!(schemas.check(&json!({ "type": "contact", "id": 5 }), "contact").len(), 1);
    assert_eq!(schemas.check(&json!({ "type": "list", "data": [{ "id": true }] }), "contact_list").len(), 1);
    assert_eq!(schemas.check(&json!({ "state": "ajar" }), "conversation").len(), 1);
}

#[tokio::test]
async fn answers_fit_the_description() {
    let (sandbox, schemas) = (sandbox().await, Schemas::load());
    let truth = sandbox.truth().await;
    let contact = truth["contacts"][0].as_str().expect("id");
    let company = truth["companies"][0].as_str().expect("id");
    let talk = truth["conversations"][0].as_str().expect("id");
    for (path, name) in [
        ("/me".to_owned(), "admin_with_app"),
        ("/admins".to_owned(), "admin_list"),
        ("/admins/6810042".to_owned(), "admin"),
        ("/teams".to_owned(), "team_list"),
        ("/tags".to_owned(), "tag_list"),
        ("/tags/7522901".to_owned(), "tag"),
        ("/contacts".to_owned(), "contact_list"),
        (format!("/contacts/{contact}"), "contact"),
        (format!("/contacts/{contact}/companies"), "contact_attached_companies"),
        (format!("/contacts/{contact}/tags"), "tag_list"),
        (format!("/contacts/{}/notes", truth["contacts"][1].as_str().expect("id")), "note_list"),
        ("/companies".to_owned(), "company_list"),
        ("/companies/scroll".to_owned(), "company_scroll"),
        (format!("/companies/{company}"), "company"),
        (format!("/companies/{company}/contacts"), "company_attached_contacts"),
        ("/conversations?per_page=40".to_owned(), "conversation_list"),
        (format!("/conversations/{talk}"), "conversation"),
        ("/data_attributes".to_owned(), "data_attribute_list"),
        ("/segments".to_owned(), "segment_list"),
        ("/contacts/none".to_owned(), "error"),
    ] {
        let answer = sandbox.get(&path).await.1;
        assert!(answer.is_object(), "{path}");
        schemas.assert(&answer, name);
    }
    let made = sandbox.done("/contacts", json!({ "email": "shape@example.com" })).await;
    schemas.assert(&made, "contact");
    let message = sandbox.done("/conversations", json!({ "from": { "type": "user", "id": made["id"] }, "body": "Hi" })).await;
    schemas.assert(&message, "message");
    let path = format!("/conversations/{}", message["conversation_id"].as_str().expect("id"));
    let reply = json!({ "message_type": "comment", "type": "admin", "admin_id": "6810042", "body": "Hello" });
    schemas.assert(&sandbox.done(&format!("{path}/reply"), reply).await, "conversation");
    schemas.assert(&sandbox.send(Method::DELETE, &path, json!({})).await.1, "conversation_deleted");
    schemas.assert(&sandbox.ok("/conversations/deleted").await, "deleted_conversation_list");
    let gone = sandbox.send(Method::DELETE, &format!("/contacts/{}", made["id"].as_str().expect("id")), json!({})).await.1;
    schemas.assert(&gone, "contact_deleted");
}
