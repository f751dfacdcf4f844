//! Who calls: a bearer token, or the session cookie of one of Atlas's own pages.

use atlas_kernel::{Actor, Error};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};

use crate::problem::Problem;
use crate::{ApiState, Credentials};

/// Every personal access token begins like this.
const TOKEN_PREFIX: &str = "atlas_pat_";

/// The actor behind a request.
pub(crate) async fn identify(state: &ApiState, method: &Method, headers: &HeaderMap) -> Result<Actor, Problem> {
    let credentials = credentials(state, headers).ok_or(Error::Unauthenticated)?;
    let by_cookie = matches!(credentials, Credentials::Session(_));
    if by_cookie && !method.is_safe() && !from_own_page(state, headers) {
        return Err(Problem::cross_origin());
    }
    let actor = (state.authenticate)(credentials).await?;
    Ok(actor.ok_or(Error::Unauthenticated)?)
}

/// A header that names somebody wins over the cookie, also when it is wrong.
fn credentials(state: &ApiState, headers: &HeaderMap) -> Option<Credentials> {
    if let Some(header) = headers.get(AUTHORIZATION) {
        let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
        let token = token.trim();
        let usable = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(TOKEN_PREFIX) && token.len() <= 256;
        return usable.then(|| Credentials::Token(token.to_owned()));
    }
    let pairs = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok()).flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == state.session_cookie);
    values.next().map(|(_, value)| Credentials::Session(value.trim_matches('"').to_owned()))
}

/// Whether a browser says that one of our own pages made the request. Silence is no proof: programs use tokens.
fn from_own_page(state: &ApiState, headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site").and_then(|site| site.to_str().ok()) {
        Some("same-origin") => return true,
        Some("cross-site") if state.trusted_origins.is_empty() => return false,
        _ => {}
    }
    let Some(origin) = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else { return false };
    let own = std::iter::once(&state.base_url).chain(&state.trusted_origins);
    own.filter_map(|url| origin_of(url)).any(|own| own == origin.to_ascii_lowercase()) || is_host(origin, headers)
}

/// The origin is the very host that was called, whatever name that goes by.
fn is_host(origin: &str, headers: &HeaderMap) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

fn origin_of(url: &str) -> Option<String> {
    let origin = url::Url::parse(url).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}
