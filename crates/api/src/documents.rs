//! The public documents: built once when the router is made, served with an ETag.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::postman::{postman_collection, postman_environment};
use crate::{Operation, RateSettings, conditional, openapi};

/// A document at a fixed path, the same for everybody.
pub(crate) struct Document {
    pub path: &'static str,
    /// The name under which browsers save it; shown in place when none.
    file: Option<&'static str>,
    etag: String,
    bytes: Bytes,
}

/// The OpenAPI document and the downloads.
pub(crate) fn documents(operations: &[Operation], base_url: &str, rates: &RateSettings) -> Vec<Document> {
    let openapi = openapi(operations, base_url, rates);
    let collection = postman_collection(&openapi);
    let environment = postman_environment(&openapi);
    vec![
        Document::new("/v1/openapi.json", false, &openapi),
        Document::new("/v1/atlas-public-api.openapi.json", true, &openapi),
        Document::new("/v1/atlas-public-api.postman_collection.json", true, &collection),
        Document::new("/v1/atlas-public-api.postman_environment.json", true, &environment),
    ]
}

impl Document {
    fn new(path: &'static str, download: bool, value: &Value) -> Self {
        let bytes = serde_json::to_vec_pretty(value).expect("JSON values always serialise");
        let etag = format!("\"{}\"", &hex::encode(Sha256::digest(&bytes))[..32]);
        let file = download.then(|| path.rsplit('/').next().unwrap_or(path));
        Self { path, file, etag, bytes: bytes.into() }
    }

    /// The document, or 304 for who has it.
    pub fn respond(&self, headers: &HeaderMap) -> Response<Body> {
        let known = conditional::is_known(headers, &self.etag);
        let mut response = Response::new(if known { Body::empty() } else { Body::from(self.bytes.clone()) });
        let mut set = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(ETAG, &self.etag);
        set(CACHE_CONTROL, "public, no-cache");
        if !known {
            set(CONTENT_TYPE, "application/json");
            if let Some(file) = self.file {
                set(CONTENT_DISPOSITION, &format!("attachment; filename=\"{file}\""));
            }
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }
}
