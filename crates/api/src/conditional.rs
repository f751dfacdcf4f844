//! ETags from versions: `If-Match` against lost updates, `If-None-Match` against sending what is known.

use atlas_kernel::Error;
use axum::http::HeaderMap;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};

use crate::problem::Problem;

/// The ETag of a version, such as `"v12"`.
pub(crate) fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// The version that `If-Match` demands; `*` demands none in particular.
///
/// A well-formed ETag that is no version of ours can never match: the record changed, as far as the caller can know.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let mut lines = headers.get_all(IF_MATCH).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return if headers.contains_key(IF_MATCH) { Err(Problem::malformed_if_match()) } else { Ok(None) };
    };
    let text = line.to_str().map_err(|_| Problem::malformed_if_match())?.trim();
    if text == "*" {
        return Ok(None);
    }
    let strong = text.strip_prefix("W/").unwrap_or(text);
    let inside = strong.strip_prefix('"').and_then(|t| t.strip_suffix('"')).filter(|t| !t.contains('"'));
    let inside = inside.ok_or_else(Problem::malformed_if_match)?;
    let version = inside.strip_prefix('v').and_then(|digits| digits.parse().ok()).filter(|_| strong == text);
    version.map(Some).ok_or_else(|| Error::Stale.into())
}

/// Whether the caller has this ETag already.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}
