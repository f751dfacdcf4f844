//! Request bodies: read up to a limit, and taken for JSON only when they say so.

use atlas_kernel::Error;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::input::Shape;
use crate::problem::Problem;

/// The whole body, up to `limit` bytes.
pub(crate) async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge { limit }.into());
    }
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::incomplete_body())?;
        if bytes.len() + chunk.len() > limit {
            return Err(Error::TooLarge { limit }.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The body as JSON of the given shape. An empty body is an object without fields, or null where null will do.
pub(crate) fn read_json(headers: &HeaderMap, bytes: &[u8], shape: &Shape) -> Result<Value, Problem> {
    let mut value = if bytes.iter().all(u8::is_ascii_whitespace) {
        if shape.takes_null() { Value::Null } else { json!({}) }
    } else if is_json(headers) {
        serde_json::from_slice(bytes).map_err(|error| Problem::malformed_json(&error))?
    } else {
        return Err(Problem::unsupported_media_type());
    };
    shape.check(&mut value)?;
    Ok(value)
}

/// `application/json` or a type built on it, such as `application/merge-patch+json`, in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let text = text.to_ascii_lowercase();
    let (kind, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let json = kind.trim() == "application/json" || (kind.starts_with("application/") && kind.trim().ends_with("+json"));
    let charset = parameters.split(';').filter_map(|p| p.trim().strip_prefix("charset=")).next();
    json && charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8")
}
