//! Problem documents (RFC 9457): every refusal in one form, with what is needed to repair the call.

use atlas_kernel::Error;
use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A refusal: the code, the sentence, members that carry the fix, and headers that belong to it.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: u16,
    code: String,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, String)>,
}

/// Where a problem happened.
pub(crate) struct Place<'a> {
    pub base_url: &'a str,
    pub path: &'a str,
    pub request_id: &'a str,
}

impl Problem {
    fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts { status, code: code.to_owned(), detail: detail.into(), members: Map::new(), headers: vec![] }))
    }

    fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    pub fn no_such_path() -> Self {
        Self::new(404, "not_found", "There is nothing at this path. GET /v1/openapi.json lists what there is.")
    }

    pub fn method_not_allowed(method: &Method, allowed: &str) -> Self {
        Self::new(405, "method_not_allowed", format!("{method} is not possible here; {allowed} are.")).header(ALLOW, allowed)
    }

    pub fn malformed_json(error: &serde_json::Error) -> Self {
        Self::new(400, "malformed_json", format!("The body is not valid JSON: {error}."))
    }

    pub fn incomplete_body() -> Self {
        Self::new(400, "incomplete_body", "The body ended before it was complete. Nothing was saved. Send it again.")
    }

    pub fn unsupported_media_type() -> Self {
        Self::new(415, "unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.")
            .header(HeaderName::from_static("accept-post"), "application/json")
    }

    pub fn malformed_if_match() -> Self {
        Self::new(400, "malformed_if_match", "If-Match takes one ETag as this record's ETag header gave it, such as \"v12\", or *.")
    }

    pub fn cross_origin() -> Self {
        let detail = "A session cookie may write only from Atlas's own pages. Programs send a token in the Authorization header.";
        Self::new(403, "cross_origin_refused", detail)
    }

    pub fn key_reused() -> Self {
        let detail = "This Idempotency-Key was used for another request. Nothing was saved. Use a new key for a new request.";
        Self::new(409, "idempotency_key_reused", detail)
    }

    pub fn answer_not_kept() -> Self {
        let detail = "This request was answered before, with a secret that is shown only once. Nothing was done again. \
            If the secret is lost, revoke it and make a new one with a new Idempotency-Key.";
        Self::new(409, "answer_not_kept", detail)
    }

    pub fn in_progress() -> Self {
        let detail = "The request with this Idempotency-Key is still being answered. Send it again in a moment for its answer.";
        Self::new(409, "idempotency_in_progress", detail).member("retryAfter", 1).header(RETRY_AFTER, "1")
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer, for somebody at `place`.
    pub fn respond(&self, place: &Place<'_>) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body(place)));
        *response.status_mut() = self.status();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        for (name, value) in &self.0.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name.clone(), value);
            }
        }
        response
    }

    /// The document itself.
    pub fn body(&self, place: &Place<'_>) -> Vec<u8> {
        let mut document = Map::new();
        document.insert("type".into(), format!("{}/docs/errors/{}", place.base_url, self.0.code).into());
        document.insert("title".into(), self.0.code.clone().into());
        document.insert("status".into(), self.0.status.into());
        document.insert("detail".into(), self.0.detail.clone().into());
        document.insert("instance".into(), place.path.into());
        document.insert("requestId".into(), place.request_id.into());
        document.extend(self.0.members.clone());
        serde_json::to_vec(&document).expect("JSON values always serialise")
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let problem = Self::new(error.status(), error.code(), error.detail());
        match error {
            Error::Unauthenticated => problem.header(WWW_AUTHENTICATE, "Bearer realm=\"atlas\""),
            Error::Denied { permission, missing_scopes } => denied(problem, permission, missing_scopes),
            Error::Invalid(fields) => problem.member("errors", json!(fields)),
            Error::TooLarge { limit } => problem.member("limit", *limit),
            Error::RateLimited { retry_after } => problem.member("retryAfter", *retry_after).header(RETRY_AFTER, retry_after.to_string()),
            Error::Unavailable(_) => problem.header(RETRY_AFTER, "5"),
            _ => problem,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

fn denied(problem: Problem, permission: &str, missing: &[String]) -> Problem {
    let problem = problem.member("permission", permission);
    if missing.is_empty() {
        return problem;
    }
    let challenge = format!("Bearer realm=\"atlas\", error=\"insufficient_scope\", scope=\"{}\"", missing.join(" "));
    problem.member("missingScopes", missing).header(WWW_AUTHENTICATE, challenge)
}

/// The problem document of an error, for receivers outside the registry (webhooks, the program's own fallback).
pub fn problem_response(error: &Error, base_url: &str, path: &str, request_id: &str) -> Response<Body> {
    Problem::from(error).respond(&Place { base_url: base_url.trim_end_matches('/'), path, request_id })
}

/// One error code that any operation can answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ErrorCode {
    /// The code: `title` of the document, and the last part of its `type`.
    pub code: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it means and what to do.
    pub meaning: &'static str,
}

/// The codes of the kit; operations add conflict codes of their own.
pub const ERROR_CODES: &[ErrorCode] = &[
    ErrorCode { code: "malformed_json", status: 400, meaning: "The body is not JSON. `detail` says where it breaks." },
    ErrorCode { code: "incomplete_body", status: 400, meaning: "The body ended early. Send the request again." },
    ErrorCode { code: "malformed_if_match", status: 400, meaning: "`If-Match` is not an ETag. Copy the record's `ETag` header as it is." },
    ErrorCode {
        code: "unauthenticated",
        status: 401,
        meaning: "No token, or one that is not valid any more. Create one under Settings, Tokens.",
    },
    ErrorCode {
        code: "missing_scope",
        status: 403,
        meaning: "The token lacks the scopes in `missingScopes`. Create a token that has them.",
    },
    ErrorCode {
        code: "permission_denied",
        status: 403,
        meaning: "The role lacks the permission in `permission`. An admin of the workspace can change roles.",
    },
    ErrorCode { code: "cross_origin_refused", status: 403, meaning: "A session cookie was sent from another site. Use a token instead." },
    ErrorCode { code: "not_found", status: 404, meaning: "No such path, or no such record in this workspace." },
    ErrorCode { code: "method_not_allowed", status: 405, meaning: "The path exists, the method does not. `Allow` lists those that do." },
    ErrorCode { code: "duplicate", status: 409, meaning: "A record with this unique value exists already." },
    ErrorCode {
        code: "idempotency_key_reused",
        status: 409,
        meaning: "The `Idempotency-Key` belongs to another request of the last 24 hours. Use a new one.",
    },
    ErrorCode {
        code: "idempotency_in_progress",
        status: 409,
        meaning: "The same request is still being answered. Repeat it in a moment to get its answer.",
    },
    ErrorCode {
        code: "answer_not_kept",
        status: 409,
        meaning: "The request was answered before with a secret that is shown once. Revoke it and make a new one.",
    },
    ErrorCode {
        code: "precondition_failed",
        status: 412,
        meaning: "The record changed since it was read. Read it again and repeat the change.",
    },
    ErrorCode { code: "payload_too_large", status: 413, meaning: "The body is longer than `limit` bytes." },
    ErrorCode { code: "unsupported_media_type", status: 415, meaning: "The body is not sent as `application/json`." },
    ErrorCode {
        code: "validation_failed",
        status: 422,
        meaning: "Fields cannot be accepted; `errors` names each with a code and a sentence.",
    },
    ErrorCode { code: "rate_limit_exceeded", status: 429, meaning: "Too many calls. Wait as many seconds as `Retry-After` says." },
    ErrorCode { code: "internal_error", status: 500, meaning: "A fault of Atlas. Quote `requestId` when reporting it." },
    ErrorCode { code: "unavailable", status: 503, meaning: "The database did not answer. Try again in a few seconds." },
    ErrorCode { code: "storage_full", status: 507, meaning: "No space left to write. Reads go on." },
];
