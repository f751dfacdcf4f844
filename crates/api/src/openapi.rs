//! The OpenAPI 3.1 document, made from the registry.

mod common;
mod sample;
mod schemas;

use serde_json::{Map, Value, json};

use crate::router::parameters;
use crate::{Operation, RateClass, RateSettings};
use common::{rate_headers, standard_components};
use schemas::{Schemas, inline_fields};

pub(crate) use sample::{follow, sample};

/// The version of the interface, independent of the program's.
const VERSION: &str = "1.0.0";

const ABOUT: &str = "Everything Atlas does, over HTTP and JSON.\n\n\
    Authenticate with `Authorization: Bearer atlas_pat_…`; a token carries scopes, named with each operation. \
    Field names are camelCase, times are RFC 3339 in UTC, money is integer minor units with an ISO 4217 code, and ids carry a prefix that names their kind.\n\n\
    Lists answer `{\"data\": […], \"nextCursor\": …}`: send `nextCursor` back as `cursor` for the next page, until it is null. \
    Send an `Idempotency-Key` with every write: the same key with the same request gets the same answer for 24 hours. \
    Records carry an `ETag`: send it as `If-Match` to change a record only if nobody else did meanwhile.\n\n\
    Refusals are problem documents (RFC 9457). Unknown fields and parameters are refused, not ignored.";

/// The OpenAPI 3.1 document of these operations.
pub fn openapi(operations: &[Operation], base_url: &str, rates: &RateSettings) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in operations {
        let described = describe(operation, rates, &mut schemas);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    let mut components = standard_components(base_url);
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": { "title": "Atlas API", "version": VERSION, "summary": "Work, customers and their conversations", "description": ABOUT },
        "externalDocs": { "url": format!("{base_url}/docs"), "description": "Atlas documentation" },
        "servers": [{ "url": base_url, "description": "This Atlas" }],
        "tags": tags(operations),
        "security": [{ "bearer": [] }, { "session": [] }],
        "paths": paths,
    });
    let own = schemas.finish(&mut document);
    for (name, schema) in own {
        components["schemas"][name] = schema;
    }
    document["components"] = components;
    add_examples(&mut document);
    document
}

fn tags(operations: &[Operation]) -> Vec<Value> {
    let mut names: Vec<String> = vec![];
    for group in operations.iter().map(Operation::group) {
        if !names.contains(&group) {
            names.push(group);
        }
    }
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

fn describe(operation: &Operation, rates: &RateSettings, schemas: &mut Schemas) -> Value {
    let scope = operation.permission.scope;
    let summary = if operation.summary.is_empty() { operation.name } else { operation.summary };
    let mut described = json!({
        "operationId": operation.name,
        "tags": [operation.group()],
        "summary": summary,
        "description": description(operation),
        "security": [{ "bearer": [scope] }, { "session": [] }],
        "parameters": operation_parameters(operation),
        "responses": responses(operation, schemas),
        "x-required-scopes": [scope],
        "x-least-role": operation.permission.least.as_str(),
        "x-effect": operation.effect.as_str(),
        "x-ratelimit-class": operation.rate.as_str(),
        "x-rate-limits": rate_limits(operation.rate, rates),
    });
    if !operation.types.body.none {
        let schema = schemas.input(operation.types.body);
        let required = schemas::has_required_fields(&schema, operation.types.body);
        described["requestBody"] = json!({ "required": required, "content": { "application/json": { "schema": schema } } });
    }
    described
}

fn description(operation: &Operation) -> String {
    let role = operation.permission.least;
    let needs = format!("Needs the scope `{}` and the role {role} or stronger.", operation.permission.scope);
    if operation.description.is_empty() { needs } else { format!("{}\n\n{needs}", operation.description) }
}

/// Calls a minute; an empty list where there is no limit.
fn rate_limits(class: RateClass, rates: &RateSettings) -> Value {
    match rates.per_minute(class) {
        0 => json!([]),
        limit => json!([{ "limit": limit, "windowSeconds": 60, "per": "token or session" }]),
    }
}

fn operation_parameters(operation: &Operation) -> Vec<Value> {
    let named = parameters(operation.path);
    let parameter = |place: &str, name: &str, schema: Value, required: bool| {
        let mut schema = schema;
        let description = schema.as_object_mut().and_then(|s| s.remove("description"));
        let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": schema });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameter
    };
    let mut path = inline_fields(operation.types.path);
    path.sort_by_key(|(name, ..)| named.iter().position(|n| n == name));
    let mut all: Vec<Value> = path.into_iter().map(|(name, schema, _)| parameter("path", &name, schema, true)).collect();
    let query = inline_fields(operation.types.query).into_iter();
    all.extend(query.map(|(name, schema, required)| parameter("query", &name, schemas::without_null(schema), required)));
    let mut shared = |name: &str| all.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
    if operation.idempotent_by_key() {
        shared("IdempotencyKey");
    }
    if operation.takes_if_match() {
        shared("IfMatch");
    }
    if operation.version.is_some() && !operation.idempotent_by_key() {
        shared("IfNoneMatch");
    }
    all
}

fn responses(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut headers = rate_headers();
    if operation.version.is_some() {
        headers["ETag"] = json!({ "$ref": "#/components/headers/ETag" });
    }
    if operation.status.as_u16() == 201 {
        headers["Location"] = json!({ "$ref": "#/components/headers/Location" });
    }
    if operation.idempotent_by_key() {
        headers["Idempotency-Replayed"] = json!({ "$ref": "#/components/headers/IdempotencyReplayed" });
    }
    let meaning = match operation.status.as_u16() {
        201 => "Created",
        202 => "Taken on; the work goes on in the background",
        204 => "Done; nothing to say",
        _ => "Done",
    };
    let mut success = json!({ "description": meaning, "headers": headers });
    if operation.status.as_u16() != 204 {
        let schema = if operation.types.answer.none { json!({ "type": "null" }) } else { schemas.output(operation.types.answer) };
        success["content"] = json!({ "application/json": { "schema": schema } });
    }
    let mut responses = json!({ operation.status.as_str(): success });
    if operation.version.is_some() && !operation.idempotent_by_key() {
        responses["304"] = json!({ "description": "The record is still the one that `If-None-Match` names", "headers": rate_headers() });
    }
    for status in problems(operation) {
        responses[status] = json!({ "$ref": format!("#/components/responses/Problem{status}") });
    }
    responses
}

/// The refusals that an operation can answer.
fn problems(operation: &Operation) -> Vec<&'static str> {
    let writes = operation.idempotent_by_key();
    let mut statuses = vec!["400", "401", "403", "404"];
    if writes {
        statuses.push("409");
    }
    if writes || operation.takes_if_match() {
        statuses.push("412");
    }
    if writes {
        statuses.extend(["413", "415"]);
    }
    statuses.extend(["422", "429", "500", "503"]);
    if writes {
        statuses.push("507");
    }
    statuses
}

/// Bodies and answers with an example each, in the shape of their schema.
fn add_examples(document: &mut Value) {
    let whole = document.clone();
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        if let Some(content) = operation.pointer_mut("/requestBody/content/application~1json") {
            content["example"] = sample(&content["schema"], &whole);
        }
        let responses = operation["responses"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
        for content in responses.filter_map(|response| response.pointer_mut("/content/application~1json")) {
            content["example"] = sample(&content["schema"], &whole);
        }
    }
}
