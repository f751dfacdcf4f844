//! JSON bodies and query strings, read as strictly as the provider reads them.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiError;
use crate::search::page::Paging;

/// A JSON object; an empty body counts as `{}`.
pub struct Body(pub Value);

impl Body {
    /// The body as a typed value; wrong types are 400 `parameter_invalid`.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        serde_json::from_value(self.0).map_err(|e| ApiError::invalid(e.to_string()))
    }

    /// A text or number field as text.
    pub fn text(&self, field: &str) -> Option<String> {
        match self.0.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A field that must be there.
    pub fn required(&self, field: &str) -> Result<String, ApiError> {
        self.text(field)
            .filter(|t| !t.is_empty())
            .ok_or_else(|| ApiError::new(400, "parameter_not_found", format!("{field} not specified")))
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
        let bytes = Bytes::from_request(request, state).await.map_err(|e| ApiError::new(400, "bad_request", e.body_text()))?;
        if bytes.is_empty() {
            return Ok(Self(Value::Object(serde_json::Map::new())));
        }
        if !kind.starts_with("application/json") {
            return Err(ApiError::new(415, "media_type_not_supported", "The Content-Type header should be application/json"));
        }
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(value) if value.is_object() => Ok(Self(value)),
            Ok(_) => Err(ApiError::new(400, "bad_request", "the body must be a JSON object")),
            Err(error) => Err(ApiError::new(400, "bad_request", format!("bad JSON: {error}"))),
        }
    }
}

/// The query string.
pub struct Params(HashMap<String, String>);

impl Params {
    /// A parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Cursor and size of a list.
    pub fn paging(&self, usual: u64) -> Result<Paging, ApiError> {
        let size = self.get("per_page").map(|v| Value::String(v.to_owned()));
        Ok(Paging::read(size.as_ref(), self.get("starting_after"), usual)?)
    }

    /// A positive number, or the usual one.
    pub fn number(&self, name: &str, usual: u64) -> Result<u64, ApiError> {
        match self.get(name).map(str::parse) {
            None => Ok(usual),
            Some(Ok(n)) if n > 0 => Ok(n),
            Some(_) => Err(ApiError::invalid(format!("{name} must be a positive number"))),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(map)| Self(map)).map_err(|e| ApiError::new(400, "bad_request", e.body_text()))
    }
}
