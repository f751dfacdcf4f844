//! The model of the reference pages: groups, operations, their fields and examples, as data to be drawn.

mod fields;

use serde::Serialize;
use serde_json::Value;

use crate::postman::operations;
use crate::problem::{ERROR_CODES, ErrorCode};
use crate::{Effect, Operation, RateClass, RateSettings, openapi};
use fields::{body_fields, parameter_fields};

/// Everything the reference shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocsModel {
    /// `Atlas API`.
    pub title: String,
    /// The interface's version.
    pub version: String,
    /// What to know before the first call, in Markdown.
    pub introduction: String,
    /// Where this Atlas is reached.
    pub base_url: String,
    /// The operations by group, in the registry's order.
    pub groups: Vec<DocsGroup>,
    /// The codes that any operation can answer.
    pub errors: Vec<ErrorCode>,
}

/// The operations of one tag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocsGroup {
    /// The tag, such as `Contacts`.
    pub name: String,
    /// A part of a URL or an anchor, such as `contacts`.
    pub slug: String,
    /// Its operations.
    pub operations: Vec<DocsOperation>,
}

/// One operation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocsOperation {
    /// The stable name, such as `contacts.list`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path with its parameters in braces.
    pub path: &'static str,
    /// One line.
    pub summary: String,
    /// Paragraphs, in Markdown.
    pub description: &'static str,
    /// The scope a token must carry.
    pub scope: &'static str,
    /// The weakest role that may.
    pub least_role: &'static str,
    /// What it can do to the workspace.
    pub effect: Effect,
    /// Which allowance it is counted against.
    pub rate_class: RateClass,
    /// Calls a minute; 0 means no limit.
    pub calls_per_minute: u32,
    /// Whether `Idempotency-Key` is obeyed.
    pub takes_idempotency_key: bool,
    /// Whether `If-Match` is obeyed.
    pub takes_if_match: bool,
    /// Parameters of path and query.
    pub parameters: Vec<DocsField>,
    /// Fields of the body.
    pub body: Vec<DocsField>,
    /// Fields of the answer.
    pub answer: Vec<DocsField>,
    /// The status when all is well.
    pub status: u16,
    /// The statuses of problem documents it can answer.
    pub problems: Vec<u16>,
    /// A call to copy into a terminal.
    pub curl: String,
    /// A body, as indented JSON.
    pub request_example: Option<String>,
    /// An answer, as indented JSON.
    pub response_example: Option<String>,
}

/// One row of a table of fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocsField {
    /// The name, with its way through objects and lists: `stages[].name`.
    pub name: String,
    /// `path`, `query`, `body` or `answer`.
    pub place: &'static str,
    /// The type in words, such as `string (date-time)`.
    pub kind: String,
    /// Whether it must be there (or always is).
    pub required: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// The values it can have, when they are few.
    pub values: Vec<String>,
    /// What it means, in Markdown.
    pub description: String,
}

/// The model of the reference of these operations.
pub fn docs_model(registry: &[Operation], base_url: &str, rates: &RateSettings) -> DocsModel {
    let base_url = base_url.trim_end_matches('/');
    let document = openapi(registry, base_url, rates);
    let mut groups: Vec<DocsGroup> = vec![];
    for operation in registry {
        let name = operation.group();
        let described = describe(operation, &document, rates);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.operations.push(described),
            None => groups.push(DocsGroup { slug: slug(&name), name, operations: vec![described] }),
        }
    }
    let info = |word: &str| document["info"][word].as_str().unwrap_or_default().to_owned();
    DocsModel {
        title: info("title"),
        version: info("version"),
        introduction: info("description"),
        base_url: base_url.to_owned(),
        groups,
        errors: ERROR_CODES.to_vec(),
    }
}

fn describe(operation: &Operation, document: &Value, rates: &RateSettings) -> DocsOperation {
    let of_document = operations(document).find(|(.., found)| found["operationId"] == operation.name);
    let described = of_document.map_or(&Value::Null, |(.., found)| found);
    let body = &described["requestBody"]["content"]["application/json"];
    let answer = &described["responses"][operation.status.as_str()]["content"]["application/json"];
    let responses = described["responses"].as_object().into_iter().flatten();
    let problems = responses.filter_map(|(status, _)| status.parse().ok()).filter(|status| *status >= 400).collect();
    DocsOperation {
        name: operation.name,
        method: operation.method.to_string(),
        path: operation.path,
        summary: described["summary"].as_str().unwrap_or(operation.name).to_owned(),
        description: operation.description,
        scope: operation.permission.scope,
        least_role: operation.permission.least.as_str(),
        effect: operation.effect,
        rate_class: operation.rate,
        calls_per_minute: rates.per_minute(operation.rate),
        takes_idempotency_key: operation.idempotent_by_key(),
        takes_if_match: operation.takes_if_match(),
        parameters: parameter_fields(&described["parameters"]),
        body: body_fields(&body["schema"], document, "body"),
        answer: body_fields(&answer["schema"], document, "answer"),
        status: operation.status.as_u16(),
        problems,
        curl: curl(operation, described, document),
        request_example: indented(&body["example"]),
        response_example: indented(&answer["example"]),
    }
}

fn curl(operation: &Operation, described: &Value, document: &Value) -> String {
    let base_url = document["servers"][0]["url"].as_str().unwrap_or_default();
    let mut path = operation.path.to_owned();
    let mut query: Vec<String> = vec![];
    for parameter in described["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = match openapi::sample(&parameter["schema"], document) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), &value);
        } else if parameter["in"] == "query" && parameter["required"] == true {
            let pair = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, &value).finish();
            query.push(pair);
        }
    }
    let question = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut lines = vec![format!("curl '{base_url}{path}{question}'")];
    if operation.idempotent_by_key() {
        lines[0] = format!("curl -X {} '{base_url}{path}{question}'", operation.method);
    }
    lines.push("-H \"Authorization: Bearer $ATLAS_TOKEN\"".to_owned());
    if operation.idempotent_by_key() {
        lines.push("-H \"Idempotency-Key: $(uuidgen)\"".to_owned());
    }
    if let Some(body) = described.pointer("/requestBody/content/application~1json/example") {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        lines.push(format!("-d '{}'", body.to_string().replace('\'', "'\\''")));
    }
    lines.join(" \\\n  ")
}

fn indented(example: &Value) -> Option<String> {
    if example.is_null() { None } else { serde_json::to_string_pretty(example).ok() }
}

fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}
