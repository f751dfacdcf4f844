//! `atlas admin seed-demo`: a few companies, deals and tasks, made through the public API like anybody's.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;

const STEPS: &str = include_str!("../demo.json");

/// One call; `$name` in its body stands for the id of an earlier one, `$day:3` for a date, `$stage:Won` for a stage.
#[derive(Deserialize)]
struct Step {
    post: String,
    #[serde(default, rename = "as")]
    name: Option<String>,
    body: Value,
}

/// Makes everything, acting with `token`.
///
/// # Errors
/// The first call that was refused, with the answer's own words.
pub async fn run(router: &Router, token: &str, today: jiff::civil::Date) -> Result<usize> {
    let steps: Vec<Step> = serde_json::from_str(STEPS).context("demo.json is no list of steps")?;
    let mut known = stages(router, token).await?;
    for step in &steps {
        let body = filled(&step.body, &known, today)?;
        let answer = call(router, token, "POST", &step.post, Some(body)).await?;
        if let (Some(name), Some(id)) = (&step.name, answer["id"].as_str()) {
            known.insert(name.clone(), id.to_owned());
        }
    }
    Ok(steps.len())
}

async fn stages(router: &Router, token: &str) -> Result<HashMap<String, String>> {
    let pipelines = call(router, token, "GET", "/v1/pipelines", None).await?;
    let stages = pipelines["data"][0]["stages"].as_array().cloned().unwrap_or_default();
    let named = stages.iter().filter_map(|s| Some((format!("stage:{}", s["name"].as_str()?), s["id"].as_str()?.to_owned())));
    Ok(named.collect())
}

fn filled(value: &Value, known: &HashMap<String, String>, today: jiff::civil::Date) -> Result<Value> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix('$') {
            None => value.clone(),
            Some(name) => match name.strip_prefix("day:") {
                Some(days) => (today + jiff::Span::new().days(days.parse::<i64>()?)).to_string().into(),
                None => known.get(name).with_context(|| format!("demo.json names {name} before making it"))?.clone().into(),
            },
        },
        Value::Array(items) => items.iter().map(|item| filled(item, known, today)).collect::<Result<Vec<_>>>()?.into(),
        Value::Object(fields) => {
            fields.iter().map(|(k, v)| Ok((k.clone(), filled(v, known, today)?))).collect::<Result<serde_json::Map<_, _>>>()?.into()
        }
        other => other.clone(),
    })
}

async fn call(router: &Router, token: &str, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
    let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let body = body.map_or_else(Body::empty, |json| Body::from(json.to_string()));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(body)?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await?;
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if !status.is_success() {
        bail!("{method} {path} was refused with {status}: {}", answer["detail"].as_str().unwrap_or("no words"));
    }
    Ok(answer)
}
