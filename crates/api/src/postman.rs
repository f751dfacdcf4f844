//! The Postman collection (v2.1) and environment, made from the OpenAPI document.

use serde_json::{Map, Value, json};

/// The collection: one folder a tag, one request an operation.
pub fn postman_collection(openapi: &Value) -> Value {
    let mut folders: Vec<(String, Vec<Value>)> = vec![];
    for (path, method, operation) in operations(openapi) {
        let tag = operation["tags"][0].as_str().unwrap_or("Other").to_owned();
        let item = item(path, method, operation);
        match folders.iter_mut().find(|(name, _)| *name == tag) {
            Some((_, items)) => items.push(item),
            None => folders.push((tag, vec![item])),
        }
    }
    let folders: Vec<Value> = folders.into_iter().map(|(name, item)| json!({ "name": name, "item": item })).collect();
    json!({
        "info": {
            "name": openapi["info"]["title"],
            "description": openapi["info"]["description"],
            "version": openapi["info"]["version"],
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": { "type": "bearer", "bearer": [{ "key": "token", "value": "{{apiKey}}", "type": "string" }] },
        "variable": variables(openapi),
        "item": folders,
    })
}

/// The environment: the collection's variables, to be filled in.
pub fn postman_environment(openapi: &Value) -> Value {
    let value = |variable: &Value| {
        let kind = if variable["key"] == "apiKey" { "secret" } else { "default" };
        json!({ "key": variable["key"], "value": variable["value"], "type": kind, "enabled": true })
    };
    json!({
        "name": "Atlas",
        "values": variables(openapi).iter().map(value).collect::<Vec<_>>(),
        "_postman_variable_scope": "environment",
    })
}

/// `idempotencyKey` is a new random one for each request unless somebody sets it.
fn variables(openapi: &Value) -> Vec<Value> {
    vec![
        json!({ "key": "baseUrl", "value": openapi["servers"][0]["url"] }),
        json!({ "key": "apiKey", "value": "" }),
        json!({ "key": "idempotencyKey", "value": "{{$guid}}" }),
    ]
}

/// Every operation of a document: path, method, description.
pub(crate) fn operations(openapi: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        methods.as_object().into_iter().flatten().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn item(path: &str, method: &str, operation: &Value) -> Value {
    let mut request = json!({
        "method": method.to_ascii_uppercase(),
        "description": operation["description"],
        "header": headers(operation),
        "url": url(path, operation),
    });
    if let Some(content) = operation.pointer("/requestBody/content/application~1json") {
        let raw = serde_json::to_string_pretty(&content["example"]).unwrap_or_default();
        request["body"] = json!({ "mode": "raw", "raw": raw, "options": { "raw": { "language": "json" } } });
    }
    json!({ "name": operation["summary"], "request": request, "response": [] })
}

fn headers(operation: &Value) -> Vec<Value> {
    let mut headers = vec![json!({ "key": "Accept", "value": "application/json" })];
    if !operation["requestBody"].is_null() {
        headers.push(json!({ "key": "Content-Type", "value": "application/json" }));
    }
    let refers = |name: &str| {
        let target = format!("#/components/parameters/{name}");
        operation["parameters"].as_array().into_iter().flatten().any(|p| p["$ref"] == target.as_str())
    };
    if refers("IdempotencyKey") {
        headers.push(json!({ "key": "Idempotency-Key", "value": "{{idempotencyKey}}" }));
    }
    if refers("IfMatch") {
        headers.push(json!({ "key": "If-Match", "value": "\"v1\"", "disabled": true }));
    }
    headers
}

fn url(path: &str, operation: &Value) -> Value {
    let parameters = |place: &'static str| operation["parameters"].as_array().into_iter().flatten().filter(move |p| p["in"] == place);
    let part = |part: &str| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        Some(name) => format!(":{name}"),
        None => part.to_owned(),
    };
    let parts: Vec<String> = path.split('/').filter(|p| !p.is_empty()).map(part).collect();
    let mut url = Map::new();
    url.insert("raw".into(), format!("{{{{baseUrl}}}}/{}", parts.join("/")).into());
    url.insert("host".into(), json!(["{{baseUrl}}"]));
    url.insert("path".into(), json!(parts));
    let query = parameters("query");
    let query = query.map(|p| json!({ "key": p["name"], "value": "", "description": p["description"], "disabled": p["required"] != true }));
    url.insert("query".into(), query.collect());
    let variables = parameters("path").map(|p| json!({ "key": p["name"], "value": "", "description": p["description"] }));
    url.insert("variable".into(), variables.collect());
    Value::Object(url)
}
