//! The OpenAPI document and the downloads, which nobody signs in for.

use atlas_api::inventory;
use serde_json::{Value, json};

use crate::app::{App, BASE};
use crate::widgets;

async fn document(path: &str) -> Value {
    let app = App::with(|state| state.rates = atlas_api::RateSettings::default()).await;
    let answer = app.raw("GET", path, "", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "{path}");
    let again = app.raw("GET", path, "", &[("if-none-match", answer.header("etag"))]).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    answer.json()
}

#[tokio::test]
async fn every_operation_is_described() {
    let openapi = document("/v1/openapi.json").await;
    if let Ok(path) = std::env::var("ATLAS_API_OPENAPI_OUT") {
        std::fs::write(path, openapi.to_string()).unwrap();
    }
    assert_eq!((&openapi["openapi"], &openapi["servers"][0]["url"]), (&json!("3.1.0"), &json!(BASE)));
    for info in inventory(&widgets::operations()) {
        let described = &openapi["paths"][info.path][info.method.to_lowercase()];
        assert_eq!(described["operationId"], info.name);
        assert_eq!(described["x-required-scopes"], json!([info.scope]));
        assert_eq!(described["x-ratelimit-class"], info.rate_class.as_str());
        assert_eq!(described["security"], json!([{"bearer": [info.scope]}, {"session": []}]));
        for status in ["400", "401", "403", "404", "422", "429", "500", "503"] {
            assert!(described["responses"][status]["$ref"].is_string(), "{} {status}", info.name);
        }
        let refers =
            |name: &str| described["parameters"].as_array().unwrap().iter().any(|p| p["$ref"] == format!("#/components/parameters/{name}"));
        assert_eq!(refers("IdempotencyKey"), info.method != "GET", "{}", info.name);
        assert_eq!(refers("IfMatch"), ["widgets.get", "widgets.update", "widgets.delete"].contains(&info.name));
    }
    assert_eq!(openapi["paths"]["/v1/widgets"]["get"]["x-rate-limits"][0]["limit"], 600);
}

#[tokio::test]
async fn types_are_described_once_and_closed_where_sent() {
    let openapi = document("/v1/atlas-public-api.openapi.json").await;
    let schemas = &openapi["components"]["schemas"];
    assert_eq!(schemas["Widget"]["required"], json!(["id", "name", "note", "state", "version"]));
    assert_eq!(schemas["WidgetPage"]["properties"]["data"]["items"]["$ref"], "#/components/schemas/Widget");
    assert!(schemas["Widget"]["additionalProperties"].is_null(), "answers may grow");
    assert_eq!(schemas["NewWidget"]["additionalProperties"], json!(false));
    assert_eq!(schemas["NewWidget"]["properties"]["parts"]["items"]["$ref"], "#/components/schemas/Part");
    assert!(schemas["ListWidgets"].is_null() && schemas["IdPath"].is_null(), "parameters are no components");
    let list = &openapi["paths"]["/v1/widgets"]["get"];
    let limit = list["parameters"].as_array().unwrap().iter().find(|p| p["name"] == "limit").unwrap();
    assert_eq!((&limit["in"], &limit["required"], &limit["schema"]["type"]), (&json!("query"), &json!(false), &json!("integer")));
    assert_eq!(limit["schema"]["maximum"], 200);
    let get = &openapi["paths"]["/v1/widgets/{id}"]["get"];
    assert_eq!(get["parameters"][0]["in"], "path");
    assert_eq!(get["responses"]["200"]["headers"]["ETag"]["$ref"], "#/components/headers/ETag");
    assert!(get["responses"]["304"].is_object());
    let note = &schemas["ChangeWidget"]["properties"]["note"];
    assert_eq!(note["type"], json!(["string", "null"]), "a Patch is its type or null");
    assert!(schemas["ChangeWidget"]["required"].is_null());
    assert_references(&openapi, &openapi);
}

fn assert_references(value: &Value, document: &Value) {
    match value {
        Value::Object(object) => {
            if let Some(target) = object.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(&target[1..]).is_some(), "{target} leads nowhere");
            }
            object.values().for_each(|inner| assert_references(inner, document));
        }
        Value::Array(items) => items.iter().for_each(|inner| assert_references(inner, document)),
        _ => {}
    }
}

#[tokio::test]
async fn postman_gets_every_operation() {
    let collection = document("/v1/atlas-public-api.postman_collection.json").await;
    assert_eq!(collection["info"]["schema"], "https://schema.getpostman.com/json/collection/v2.1.0/collection.json");
    let keys: Vec<&str> = collection["variable"].as_array().unwrap().iter().map(|v| v["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["baseUrl", "apiKey", "idempotencyKey"]);
    let folder = &collection["item"][0];
    assert_eq!(folder["name"], "Widgets");
    assert_eq!(folder["item"].as_array().unwrap().len(), widgets::operations().len());
    let update = folder["item"].as_array().unwrap().iter().find(|i| i["name"] == "Change a widget").unwrap();
    assert_eq!(update["request"]["url"]["raw"], "{{baseUrl}}/v1/widgets/:id");
    assert_eq!(update["request"]["url"]["variable"][0]["key"], "id");
    assert!(update["request"]["header"].as_array().unwrap().iter().any(|h| h["value"] == "{{idempotencyKey}}"));
    let environment = document("/v1/atlas-public-api.postman_environment.json").await;
    assert_eq!(environment["values"][0], json!({"key": "baseUrl", "value": BASE, "type": "default", "enabled": true}));
}
