//! Example values in the shape of a schema: ids look like ids, times like times.

use serde_json::{Map, Value, json};

/// Deeper than this, examples stop explaining.
const MAX_DEPTH: usize = 7;
/// The part of an id after its prefix.
const ID_DIGITS: &str = "01JQ8Z3V9K4M7N2P5R6S8T0W1X";

/// A value that fits `schema`, whose references are in `document`.
pub(crate) fn sample(schema: &Value, document: &Value) -> Value {
    value(schema, document, "", 0)
}

/// The schema that a reference names, or the schema itself.
pub(crate) fn follow<'a>(mut schema: &'a Value, document: &'a Value) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        let target = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')).and_then(|pointer| document.pointer(pointer));
        match target {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

fn value(schema: &Value, document: &Value, name: &str, depth: usize) -> Value {
    let schema = follow(schema, document);
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(given) = given(schema) {
        return given;
    }
    for word in ["anyOf", "oneOf"] {
        let choices = schema[word].as_array().into_iter().flatten();
        if let Some(choice) = choices.into_iter().find(|choice| follow(choice, document)["type"] != "null") {
            return merged(object(schema, document, depth), value(choice, document, name, depth + 1));
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let values = parts.iter().map(|part| value(part, document, name, depth + 1));
        return values.fold(object(schema, document, depth), merged);
    }
    match kind(schema) {
        "object" => object(schema, document, depth),
        "array" => json!([value(&schema["items"], document, name, depth + 1)]),
        "integer" | "number" => number(schema, name),
        "boolean" => json!(false),
        "string" => json!(text(schema, name)),
        _ => Value::Null,
    }
}

/// What the schema itself offers.
fn given(schema: &Value) -> Option<Value> {
    let first = |word: &str| schema[word].as_array().and_then(|list| list.iter().find(|v| !v.is_null())).cloned();
    let given = schema.get("example").cloned().or_else(|| first("examples")).or_else(|| schema.get("const").cloned());
    given.or_else(|| first("enum")).or_else(|| schema.get("default").filter(|v| !v.is_null()).cloned())
}

fn kind(schema: &Value) -> &str {
    let listed = schema["type"].as_array().and_then(|types| types.iter().filter_map(Value::as_str).find(|t| *t != "null"));
    let implied = if schema["properties"].is_object() { "object" } else { "" };
    schema["type"].as_str().or(listed).unwrap_or(implied)
}

fn object(schema: &Value, document: &Value, depth: usize) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten();
    Value::Object(properties.map(|(name, of)| (name.clone(), value(of, document, name, depth + 1))).collect::<Map<_, _>>())
}

fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut a), Value::Object(b)) => {
            a.extend(b);
            Value::Object(a)
        }
        (_, second) => second,
    }
}

fn number(schema: &Value, name: &str) -> Value {
    match name {
        "amount" => json!(4_800_000),
        "limit" => json!(50),
        _ => schema.get("minimum").filter(|least| least.as_f64().is_some_and(|n| n > 0.0)).cloned().unwrap_or(json!(1)),
    }
}

fn text(schema: &Value, name: &str) -> String {
    match schema["format"].as_str() {
        Some("date-time") => return "2027-03-14T09:30:00Z".into(),
        Some("date") => return "2027-03-14".into(),
        Some("email") => return "ada@example.com".into(),
        Some("uri" | "url") => return "https://example.com".into(),
        _ => {}
    }
    let prefix = schema["pattern"].as_str().and_then(|p| p.strip_prefix('^')).and_then(|p| p.split_once("_[0-7]"));
    if let Some((prefix, _)) = prefix {
        let prefix = if prefix.contains('[') { "contact" } else { prefix };
        return format!("{prefix}_{ID_DIGITS}");
    }
    let name = name.to_ascii_lowercase();
    let by_name = [
        ("email", "ada@example.com"),
        ("phone", "+353 1 555 0100"),
        ("currency", "EUR"),
        ("timezone", "Europe/Dublin"),
        ("domain", "example.com"),
        ("url", "https://example.com"),
        ("cursor", "WyIwMUpROFozVjlLNCJd"),
        ("description", "What there is to know about it."),
        ("body", "What was said."),
        ("title", "Send the contract"),
        ("name", "Acme"),
    ];
    by_name.into_iter().find(|(part, _)| name.contains(part)).map_or("text", |(_, text)| text).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::sample;

    #[test]
    fn samples_fit_their_schema() {
        let document =
            json!({ "components": { "schemas": { "Stage": { "type": "object", "properties": { "name": { "type": "string" } } } } } });
        let schema = json!({ "type": "object", "properties": {
            "id": { "type": "string", "pattern": "^deal_[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$" },
            "stage": { "anyOf": [{ "$ref": "#/components/schemas/Stage" }, { "type": "null" }] },
            "tags": { "type": ["array", "null"], "items": { "type": "string", "enum": ["vip"] } },
        } });
        let found = sample(&schema, &document);
        let id = found["id"].as_str().unwrap();
        assert_eq!(id.parse::<atlas_kernel::Ref>().unwrap().kind(), "deal");
        assert_eq!(found["stage"], json!({ "name": "Acme" }));
        assert_eq!(found["tags"], json!(["vip"]));
    }
}
