//! Reading a calendar from its address: only when it changed, bounded in size and time, a few redirects, never inside.

use std::sync::Arc;
use std::time::Duration;

use atlas_connect::{Inside, Loss, Resolver, Transport};
use atlas_kernel::{Error, Result};
use axum::http::{Request, Response, header};
use reqwest::Client;
use url::Url;

use super::guard::refusal;
use super::{MOST_BYTES, Reach};

/// So often a host may send the reader elsewhere.
const REDIRECTS: usize = 3;

/// What an address answered.
#[derive(Debug)]
pub enum Fetched {
    /// The same as before.
    Unchanged,
    /// Something new.
    New {
        /// The calendar.
        content: String,
        /// Its version as the host names it.
        etag: Option<String>,
        /// When it was changed, as the host says.
        changed: Option<String>,
    },
    /// Nothing usable, and why, in words.
    Failed(String),
}

/// Reads an address as people write it.
///
/// # Errors
/// A field error on `address`.
pub fn address(text: &str, allow_private: bool) -> Result<Url> {
    let text = text.trim();
    let text = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("webcal") || scheme.eq_ignore_ascii_case("webcals") => {
            format!("https://{rest}")
        }
        _ => text.to_owned(),
    };
    let url = Url::parse(&text).map_err(|_| Error::field("address", "invalid", "an address such as https://…/basic.ics"))?;
    if text.len() > 2000 {
        return Err(Error::field("address", "too_long", "at most 2000 characters"));
    }
    refusal(&url, allow_private).map_or(Ok(url), |wanted| Err(Error::field("address", "forbidden", wanted)))
}

/// Asks the address for the calendar unless it is still the one with this version.
pub async fn fetch(reach: &Reach, first: &Url, etag: Option<&str>, changed: Option<&str>) -> Result<Fetched> {
    let mut url = first.clone();
    for _ in 0..=REDIRECTS {
        if refusal(&url, reach.allow_private).is_some() {
            return Ok(Fetched::Failed("It sends readers to an address that may not be called.".into()));
        }
        let mut request = Request::get(url.as_str()).header(header::ACCEPT, "text/calendar, text/plain;q=0.5");
        for (name, value) in [(header::IF_NONE_MATCH, etag), (header::IF_MODIFIED_SINCE, changed)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let answer = match send(reach, request.body(vec![]).map_err(Error::internal)?).await? {
            Ok(answer) => answer,
            Err(why) => return Ok(Fetched::Failed(why.into())),
        };
        let said = |name: header::HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        match answer.status().as_u16() {
            200 => {
                let content = String::from_utf8_lossy(answer.body()).into_owned();
                return Ok(Fetched::New { etag: said(header::ETAG), changed: said(header::LAST_MODIFIED), content });
            }
            304 => return Ok(Fetched::Unchanged),
            301 | 302 | 303 | 307 | 308 => match said(header::LOCATION).and_then(|to| url.join(&to).ok()) {
                Some(next) => url = next,
                None => return Ok(Fetched::Failed("It sends readers nowhere.".into())),
            },
            401 | 403 => return Ok(Fetched::Failed("Its host refuses it. Use the secret address in iCal format.".into())),
            404 | 410 => return Ok(Fetched::Failed("There is no calendar at this address any more.".into())),
            status => return Ok(Fetched::Failed(format!("Its host answered {status}."))),
        }
    }
    Ok(Fetched::Failed("It sends readers from one address to the next.".into()))
}

/// One call; the inner error is what became of it, in words.
async fn send(reach: &Reach, request: Request<Vec<u8>>) -> Result<std::result::Result<Response<Vec<u8>>, &'static str>> {
    match &reach.transport {
        Transport::Network => over_the_network(reach.allow_private, request).await,
        Transport::Inside(inside) => Ok(inside_the_process(inside, request).await),
    }
}

async fn inside_the_process(inside: &Inside, request: Request<Vec<u8>>) -> std::result::Result<Response<Vec<u8>>, &'static str> {
    let answer = inside(request).await.map_err(|loss| match loss {
        Loss::Timeout => SLOW,
        Loss::Connect | Loss::Broken => SILENT,
    })?;
    if answer.body().len() > MOST_BYTES { Err(LARGE) } else { Ok(answer) }
}

const SLOW: &str = "Its host did not answer in time.";
const SILENT: &str = "Its host does not answer, or has no public address.";
const LARGE: &str = "It is larger than 5 MiB.";

async fn over_the_network(allow_private: bool, request: Request<Vec<u8>>) -> Result<std::result::Result<Response<Vec<u8>>, &'static str>> {
    atlas_connect::install_crypto();
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .dns_resolver(Arc::new(Resolver { allow_private }))
        .user_agent(concat!("Atlas/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Error::internal)?;
    let lost = |error: reqwest::Error| if error.is_timeout() { SLOW } else { SILENT };
    let sent = client.get(request.uri().to_string()).headers(request.headers().clone()).send().await;
    let mut answer = match sent {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(lost(error))),
    };
    let mut kept = Response::builder().status(answer.status());
    if let Some(headers) = kept.headers_mut() {
        *headers = answer.headers().clone();
    }
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST_BYTES => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Ok(Err(LARGE)),
            Ok(None) => return Ok(Ok(kept.body(body).map_err(Error::internal)?)),
            Err(error) => return Ok(Err(lost(error))),
        }
    }
}
