//! The pictures of the guides, embedded in the binary.

use atlas_kernel::Error;
use atlas_web::{Reply, Visitor};
use axum::http::header;
use axum::response::IntoResponse;
use rust_embed::RustEmbed;

use crate::Parts;

#[derive(RustEmbed)]
#[folder = "shots/"]
struct Shots;

/// Whether there is a picture of this name.
pub(crate) fn exists(file: &str) -> bool {
    Shots::get(file).is_some()
}

pub(crate) fn serve(_visitor: &Visitor, _parts: &Parts, file: &str) -> Reply {
    let found = Shots::get(file).ok_or(Error::NotFound("picture"))?;
    let content_type = if file.ends_with(".webp") { "image/webp" } else { "image/png" };
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=86400")];
    Ok((headers, found.data.into_owned()).into_response())
}
