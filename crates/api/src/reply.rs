//! An answer before it is sent: what is remembered for a repeated request, too.

use atlas_kernel::{Error, Result};
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::Operation;
use crate::conditional::etag;
use crate::endpoint::Answer;
use crate::problem::{PROBLEM_JSON, Place, Problem};

/// The headers that belong to the answer itself, and not to this one sending of it.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];

/// Status, headers and body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: Vec<(HeaderName, String)>,
    pub body: Vec<u8>,
    /// The version of what is answered, when it has one.
    pub version: Option<i64>,
    /// Whether the body is shown once and never kept.
    pub secret: bool,
}

/// Stands in the kept headers for a body that was not kept.
const NOT_KEPT: &str = "not-kept";

impl Reply {
    /// What an operation answered; `record_path` is where its records are read, for `Location`.
    pub fn of(operation: &Operation, record_path: Option<&str>, answer: &Answer) -> Result<Self> {
        let version = operation.version.as_ref().and_then(|read| read(&*answer.value));
        let mut headers = vec![];
        let mut body = vec![];
        if operation.status != StatusCode::NO_CONTENT {
            headers.push((CONTENT_TYPE, "application/json".to_owned()));
            body = answer.json()?;
        }
        if let Some(version) = version {
            headers.push((ETAG, etag(version)));
        }
        if operation.status == StatusCode::CREATED
            && let Some(location) = record_path.and_then(|path| location(path, &body))
        {
            headers.push((LOCATION, location));
        }
        Ok(Self { status: operation.status, headers, body, version, secret: operation.secret })
    }

    /// A refusal that is to be remembered.
    pub fn of_problem(problem: &Problem, place: &Place<'_>) -> Self {
        let status = problem.status();
        let headers = vec![(CONTENT_TYPE, PROBLEM_JSON.to_owned())];
        Self { status, headers, body: problem.body(place), version: None, secret: false }
    }

    /// What is kept of the answer: headers and body, but of a secret one only that there was one.
    pub fn to_keep(&self) -> (Value, Vec<u8>) {
        if self.secret {
            return (json!({ NOT_KEPT: true }), vec![]);
        }
        let kept = self.headers.iter().filter(|(name, _)| KEPT.contains(name));
        let kept = kept.map(|(name, value)| (name.to_string(), Value::String(value.clone()))).collect();
        (Value::Object(kept), self.body.clone())
    }

    /// An answer kept earlier; none when it was a secret one.
    pub fn recall(status: i64, headers: Option<&Value>, body: Vec<u8>) -> Result<Option<Self>> {
        let status = u16::try_from(status).ok().and_then(|s| StatusCode::from_u16(s).ok());
        let status = status.ok_or_else(|| Error::internal("a remembered answer has no valid status"))?;
        let none = Map::new();
        let kept = headers.and_then(Value::as_object).unwrap_or(&none);
        if kept.contains_key(NOT_KEPT) {
            return Ok(None);
        }
        let header = |name: HeaderName| kept.get(name.as_str()).and_then(Value::as_str).map(|value| (name.clone(), value.to_owned()));
        let headers = KEPT.into_iter().filter_map(header).collect();
        Ok(Some(Self { status, headers, body, version: None, secret: false }))
    }

    /// The answer to send.
    pub fn respond(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

fn location(record_path: &str, body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    Some(format!("{record_path}/{}", answer["id"].as_str()?))
}
