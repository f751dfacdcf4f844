//! The browser's files: hashed names, embedded in the binary, cached for ever.

use std::collections::HashMap;
use std::sync::Arc;

use atlas_kernel::{Error, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::ui::url_encode;

#[derive(RustEmbed)]
#[folder = "dist/"]
struct Dist;

#[derive(Deserialize)]
struct Manifest {
    base: String,
    files: HashMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    #[serde(rename = "type")]
    content_type: String,
    #[serde(default)]
    integrity: String,
}

/// Addresses of the browser's files by their logical names, such as `app.css`.
#[derive(Clone)]
pub struct Assets(Arc<Manifest>);

impl Assets {
    /// Reads the manifest of the embedded files.
    ///
    /// # Errors
    /// When the binary was built before the browser's files were.
    pub fn embedded() -> Result<Self> {
        let missing = || Error::internal("the browser's files are not built: run `cargo xtask assets`, then build again");
        let file = Dist::get("manifest.json").ok_or_else(missing)?;
        let manifest = serde_json::from_slice(&file.data).map_err(Error::internal)?;
        Ok(Self(Arc::new(manifest)))
    }

    /// The address of a file; of the page's own root when there is none of this name.
    pub fn url(&self, name: &str) -> String {
        self.0.files.get(name).map_or_else(|| "/".to_owned(), |entry| format!("{}{}", self.0.base, entry.file))
    }

    /// A small picture as a `data:` address, which spares the browser a request; the file's own address when there is none of this name.
    pub fn inline_svg(&self, name: &str) -> String {
        let file = self.0.files.get(name).and_then(|entry| Dist::get(&entry.file));
        file.map_or_else(|| self.url(name), |file| format!("data:image/svg+xml,{}", url_encode(&String::from_utf8_lossy(&file.data))))
    }

    /// The integrity value of a file.
    pub fn integrity(&self, name: &str) -> &str {
        self.0.files.get(name).map_or("", |entry| &entry.integrity)
    }

    /// The hashed file behind a logical name, for the few pages that cannot know the hash.
    fn hashed<'a>(&'a self, name: &'a str) -> (&'a str, &'static str) {
        match self.0.files.get(name) {
            Some(entry) => (&entry.file, "no-cache"),
            None => (name, "public, max-age=31536000, immutable"),
        }
    }

    fn content_type(&self, file: &str) -> Option<&str> {
        self.0.files.values().find(|entry| entry.file == file).map(|entry| entry.content_type.as_str())
    }
}

pub(crate) fn router(assets: Assets) -> Router {
    Router::new().route("/assets/{*file}", get(serve)).with_state(assets)
}

async fn serve(State(assets): State<Assets>, Path(file): Path<String>) -> Response {
    let (file, cache) = assets.hashed(&file);
    match (assets.content_type(file), Dist::get(file)) {
        (Some(content_type), Some(found)) => {
            let headers =
                [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, cache), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (headers, found.data.into_owned()).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
