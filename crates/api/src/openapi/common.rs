//! What every operation of the document shares: ways to sign in, headers, and problem documents.

use serde_json::{Map, Value, json};

use crate::problem::{ERROR_CODES, PROBLEM_JSON};
use crate::state::SESSION_COOKIE;

/// Security schemes, headers, parameters and problem responses.
pub(super) fn standard_components(base_url: &str) -> Value {
    json!({
        "securitySchemes": {
            "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "atlas_pat_…",
                "description": "A personal access token, made under Settings, Tokens.",
            },
            "session": {
                "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
                "description": "The browser's session. Writes are taken only from Atlas's own pages.",
            },
        },
        "parameters": shared_parameters(),
        "headers": headers(),
        "responses": problem_responses(base_url),
        "schemas": { "Problem": problem_schema(), "ProblemField": field_schema() },
    })
}

fn shared_parameters() -> Value {
    let version = json!({ "type": "string", "pattern": "^(\"v[0-9]{1,18}\"|\\*)$", "examples": ["\"v12\""] });
    json!({
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key with the same request gets the same answer for 24 hours; with another request it is refused (409).",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$" },
        },
        "IfMatch": {
            "name": "If-Match", "in": "header", "required": false,
            "description": "The record's ETag as last read: nothing happens when the record changed since (412).",
            "schema": version,
        },
        "IfNoneMatch": {
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "An ETag that is known: answered with 304 when it is still the one.",
            "schema": { "type": "string", "examples": ["\"v12\""] },
        },
    })
}

fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let whole = || json!({ "type": "integer", "minimum": 0 });
    let text = || json!({ "type": "string" });
    json!({
        "RateLimitLimit": header("Calls allowed in the window.", whole()),
        "RateLimitRemaining": header("Calls left.", whole()),
        "RateLimitReset": header("Seconds until all calls are there again.", whole()),
        "RateLimitPolicy": header("Calls and window, such as `600;w=60`.", text()),
        "RetryAfter": header("Seconds to wait before trying again.", whole()),
        "RequestId": header("The id of this call, to quote when reporting a problem.", text()),
        "ETag": header("The record's version, such as `\"v12\"`.", text()),
        "Location": header("Where the new record is read.", text()),
        "IdempotencyReplayed": header("`true` when this answer was given before.", json!({ "type": "string", "enum": ["true"] })),
    })
}

/// The headers of every answer to somebody known.
pub(super) fn rate_headers() -> Value {
    let refer = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    json!({
        "RateLimit-Limit": refer("RateLimitLimit"),
        "RateLimit-Remaining": refer("RateLimitRemaining"),
        "RateLimit-Reset": refer("RateLimitReset"),
        "RateLimit-Policy": refer("RateLimitPolicy"),
        "X-Request-Id": refer("RequestId"),
    })
}

fn problem_responses(base_url: &str) -> Value {
    let mut responses = Map::new();
    for code in ERROR_CODES {
        let name = format!("Problem{}", code.status);
        let line = format!("- `{}`: {}", code.code, code.meaning);
        let response = responses.entry(name).or_insert_with(|| problem_response(base_url, code.status, code.code));
        let lines = match response["description"].as_str() {
            Some(text) if !text.is_empty() => format!("{text}\n{line}"),
            _ => line,
        };
        response["description"] = lines.into();
    }
    Value::Object(responses)
}

fn problem_response(base_url: &str, status: u16, code: &str) -> Value {
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } });
    if matches!(status, 409 | 429 | 503) {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    let example = json!({
        "type": format!("{base_url}/docs/errors/{code}"), "title": code, "status": status,
        "detail": "A sentence that says what was kept and what to do.",
        "instance": "/v1/…", "requestId": "req_5f0c9a1e77b24d3c8a90b1e2",
    });
    let content = json!({ "schema": { "$ref": "#/components/schemas/Problem" }, "example": example });
    json!({ "description": "", "headers": headers, "content": { PROBLEM_JSON: content } })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457), with members that carry the fix.",
        "required": ["type", "title", "status", "detail", "instance", "requestId"],
        "properties": {
            "type": { "type": "string", "format": "uri", "description": "A page of the documentation about this code." },
            "title": { "type": "string", "description": "The stable snake_case code." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status." },
            "detail": { "type": "string", "description": "A sentence for a person." },
            "instance": { "type": "string", "description": "The path called." },
            "requestId": { "type": "string", "description": "The id of the call." },
            "errors": { "type": "array", "items": { "$ref": "#/components/schemas/ProblemField" }, "description": "The fields that need a change." },
            "permission": { "type": "string", "description": "The permission that is missing." },
            "missingScopes": { "type": "array", "items": { "type": "string" }, "description": "The scopes that the token lacks." },
            "retryAfter": { "type": "integer", "minimum": 0, "description": "Seconds to wait." },
            "limit": { "type": "integer", "minimum": 0, "description": "The longest body taken, in bytes." },
        },
    })
}

fn field_schema() -> Value {
    json!({
        "type": "object",
        "required": ["field", "code", "message"],
        "properties": {
            "field": { "type": "string", "description": "The field as the caller wrote it, such as `stages[2].name`." },
            "code": { "type": "string", "description": "A stable snake_case code, such as `required`." },
            "message": { "type": "string", "description": "A sentence for a person." },
        },
    })
}
