//! The reduced description, and what an answer does that it does not say.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value, json};

/// Something an answer does and the description does not say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// A field as `schema.field`, or an operation with its status.
    pub at: String,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}: {}", self.at, self.what)
    }
}

/// The description, ready for checking.
pub struct Description {
    /// By operation and status: its validator and the published errors.
    answers: HashMap<(String, u16), Answer>,
    /// By name of the schema.
    schemas: HashMap<String, Validator>,
    /// Method and path of every operation described.
    pub operations: BTreeSet<String>,
}

struct Answer {
    /// `None` for an answer without a body.
    schema: Option<Validator>,
    errors: Vec<(String, String)>,
}

impl Description {
    /// Reads `tests/openapi/intercom-2.16.json`.
    pub fn load() -> Self {
        let all: Value = serde_json::from_str(include_str!("../../openapi/intercom-2.16.json")).expect("JSON");
        let object = |name: &str| all[name].as_object().expect("object");
        let compile = |schema: &Value| {
            let mut whole = schema.as_object().cloned().unwrap_or_else(Map::new);
            whole.insert("$defs".into(), all["$defs"].clone());
            jsonschema::validator_for(&Value::Object(whole)).expect("a schema")
        };
        let mut answers = HashMap::new();
        for (operation, statuses) in object("operations") {
            for (status, answer) in statuses.as_object().expect("statuses") {
                let schema = Some(&answer["schema"]).filter(|s| s.is_object()).map(compile);
                let text = |e: &Value, i: usize| e[i].as_str().unwrap_or_default().to_owned();
                let errors = answer["errors"].as_array().into_iter().flatten().map(|e| (text(e, 0), text(e, 1))).collect();
                answers.insert((operation.clone(), status.parse().expect("status")), Answer { schema, errors });
            }
        }
        let named = ["error", "conversation", "contact", "company"];
        let schemas = named.iter().map(|&n| (n.to_owned(), compile(&json!({ "$ref": format!("#/$defs/{n}") })))).collect();
        Self { answers, schemas, operations: object("operations").keys().cloned().collect() }
    }

    /// What the answer to an operation does that is not described.
    pub fn check(&self, operation: &str, status: u16, body: &Value) -> BTreeSet<Problem> {
        let at = format!("{operation} {status}");
        let Some(answer) = self.answers.get(&(operation.to_owned(), status)) else {
            let mut problems = if status >= 400 { self.fits("error", body) } else { BTreeSet::new() };
            problems.insert(Problem { at, what: "the status is not described".into() });
            return problems;
        };
        let mut problems = match &answer.schema {
            Some(_) if operation == "GET /companies" && body["type"] == "company" => {
                let what = "is a company instead of a list".into();
                self.fits("company", body).into_iter().chain([Problem { at: at.clone(), what }]).collect()
            }
            Some(schema) => judge(schema, body, ""),
            None if body.is_null() => BTreeSet::new(),
            None => [Problem { at: at.clone(), what: "a body is not described".into() }].into(),
        };
        let said = |field: &str| body["errors"][0][field].as_str().unwrap_or_default();
        let known = answer.errors.iter().any(|(code, text)| code == said("code") && text == said("message"));
        if status >= 400 && !known {
            let what = format!("answers `{}: {}`, which is not published", said("code"), said("message"));
            problems.insert(Problem { at, what });
        }
        problems
    }

    /// What a value does that the schema of that name does not say.
    pub fn fits(&self, schema: &str, value: &Value) -> BTreeSet<Problem> {
        judge(&self.schemas[schema], value, schema)
    }
}

fn judge(validator: &Validator, value: &Value, name: &str) -> BTreeSet<Problem> {
    let mut problems = BTreeSet::new();
    for error in validator.iter_errors(value) {
        explain(&error, name, &mut problems);
    }
    problems
}

/// Turns a validator's error into problems; of alternatives the one that comes closest is explained.
fn explain(error: &ValidationError<'_>, name: &str, problems: &mut BTreeSet<Problem>) {
    let place = place(error, name);
    let mut found = |at: String, what: String| problems.insert(Problem { at, what });
    let below = |field: &str| if place.is_empty() { field.to_owned() } else { format!("{place}.{field}") };
    match error.kind() {
        ValidationErrorKind::Required { property } => drop(found(below(property.as_str().unwrap_or_default()), "is not sent".into())),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for field in unexpected {
                found(below(field), "is not described".into());
            }
        }
        ValidationErrorKind::Type { .. } => drop(found(place, format!("is {}", kind(error.instance())))),
        ValidationErrorKind::Enum { .. } => drop(found(place, format!("is {}, which is not listed", error.instance()))),
        ValidationErrorKind::AnyOf { context } => {
            let distance = |errors: &&Vec<ValidationError<'static>>| {
                let at_once = errors
                    .iter()
                    .any(|e| e.instance_path() == error.instance_path() && matches!(e.kind(), ValidationErrorKind::Type { .. }));
                (at_once, errors.len())
            };
            match context.iter().filter(|e| !distance(e).0).min_by_key(distance) {
                Some(closest) => closest.iter().for_each(|e| explain(e, name, problems)),
                None => drop(found(place, format!("is {}", kind(error.instance())))),
            }
        }
        other => drop(found(place, format!("{other:?}"))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The innermost named schema and the field in it, such as `contact.location`.
fn place(error: &ValidationError<'_>, name: &str) -> String {
    let path = error.schema_path().to_string();
    let inner = path.rsplit_once("$defs/").map_or(path.as_str(), |(_, rest)| rest);
    let mut names: Vec<&str> = if inner.len() == path.len() { vec![name] } else { Vec::new() };
    let mut steps = inner.split('/').filter(|s| !s.is_empty());
    if names.is_empty() {
        names.extend(steps.next().map(|n| n.trim_end_matches('+')));
    }
    while let Some(step) = steps.next() {
        match step {
            "properties" => names.extend(steps.next()),
            "items" => names.push("*"),
            "additionalProperties" if error.kind().keyword() != "additionalProperties" => names.push("*"),
            _ => {}
        }
    }
    names.retain(|n| !n.is_empty());
    names.join(".")
}
