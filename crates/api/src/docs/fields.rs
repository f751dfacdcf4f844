//! Tables of fields, read out of schemas.

use serde_json::Value;

use super::DocsField;
use crate::openapi::follow;

/// Objects inside objects are listed this deep.
const MAX_DEPTH: usize = 3;

/// The parameters of path and query.
pub(super) fn parameter_fields(parameters: &Value) -> Vec<DocsField> {
    let parameters = parameters.as_array().into_iter().flatten();
    let place = |parameter: &Value| ["path", "query"].into_iter().find(|place| parameter["in"] == *place);
    let field = |parameter: &Value| {
        let schema = &parameter["schema"];
        Some(DocsField {
            name: text(&parameter["name"]),
            place: place(parameter)?,
            kind: kind(schema, &Value::Null),
            required: parameter["required"] == true,
            nullable: false,
            values: values(schema, &Value::Null),
            description: text(&parameter["description"]),
        })
    };
    parameters.filter_map(field).collect()
}

/// The fields of a body or answer, those of objects inside it too.
pub(super) fn body_fields(schema: &Value, document: &Value, place: &'static str) -> Vec<DocsField> {
    let mut fields = vec![];
    if !schema.is_null() {
        collect(schema, document, place, "", 0, &mut fields);
    }
    fields
}

fn collect(schema: &Value, document: &Value, place: &'static str, at: &str, depth: usize, fields: &mut Vec<DocsField>) {
    let schema = real(schema, document);
    if !schema["items"].is_null() {
        return collect(&schema["items"], document, place, &format!("{at}[]"), depth, fields);
    }
    let required = |name: &str| schema["required"].as_array().is_some_and(|list| list.iter().any(|r| r == name));
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        fields.push(DocsField {
            name: path.clone(),
            place,
            kind: kind(inner, document),
            required: required(name),
            nullable: is_nullable(inner, document),
            values: values(inner, document),
            description: description(inner, document),
        });
        if depth + 1 < MAX_DEPTH {
            collect(inner, document, place, &path, depth + 1, fields);
        }
    }
}

/// The schema without references and without the null it may be.
fn real<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let schema = follow(schema, document);
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    let mut others = choices.filter(|choice| choice["type"] != "null");
    match (others.next(), others.next()) {
        (Some(only), None) => follow(only, document),
        _ => schema,
    }
}

fn kind(schema: &Value, document: &Value) -> String {
    let schema = real(schema, document);
    let listed = schema["type"].as_array().and_then(|types| types.iter().find(|t| *t != "null")).and_then(Value::as_str);
    let name = schema["type"].as_str().or(listed);
    match (name, schema["format"].as_str()) {
        (Some("array"), _) => format!("list of {}", kind(&schema["items"], document)),
        (Some(name @ "string"), Some(format)) => format!("{name} ({format})"),
        (Some(name), _) => name.to_owned(),
        (None, _) if schema["properties"].is_object() => "object".to_owned(),
        (None, _) if schema["anyOf"].is_array() || schema["oneOf"].is_array() => "one of several".to_owned(),
        (None, _) => "any".to_owned(),
    }
}

fn is_nullable(schema: &Value, document: &Value) -> bool {
    let schema = follow(schema, document);
    let listed = |types: &Value| types.as_array().is_some_and(|all| all.iter().any(|t| t == "null"));
    listed(&schema["type"]) || schema["anyOf"].as_array().is_some_and(|all| all.iter().any(|choice| choice["type"] == "null"))
}

fn values(schema: &Value, document: &Value) -> Vec<String> {
    let listed = real(schema, document)["enum"].as_array().into_iter().flatten();
    listed.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn description(schema: &Value, document: &Value) -> String {
    let own = text(&schema["description"]);
    if own.is_empty() { text(&real(schema, document)["description"]) } else { own }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
