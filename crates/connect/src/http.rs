//! The HTTP client for providers: no redirects, bounded in time and size, and only to public addresses.

mod guard;

use std::sync::Arc;
use std::time::{Duration, Instant};

use atlas_kernel::{Error, Result};
use axum::http;
use futures::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde_json::Value;
use url::Url;

use crate::connection::Secret;
use crate::{Answer, RateReading, Request};

pub(crate) use self::guard::public_url;
pub use self::guard::{Refusal, Resolver, refusal};

/// The largest answer read, in bytes.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// What of a body is kept for classification.
const KEPT_BYTES: usize = 64 * 1024;

/// Installs the cryptography that TLS uses; once per process, before the first client is made. A second time does nothing.
pub fn install_crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// How calls reach a provider.
#[derive(Clone, Default)]
pub enum Transport {
    /// Over the network.
    #[default]
    Network,
    /// To a provider in this very process, such as a sandbox under test: no sockets.
    Inside(Inside),
}

/// Answers a call inside the process, or says how it was lost.
pub type Inside = Arc<dyn Fn(http::Request<Vec<u8>>) -> BoxFuture<'static, Result<http::Response<Vec<u8>>, Loss>> + Send + Sync>;

/// How a call to a provider inside the process is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// No answer in time.
    Timeout,
    /// Nobody listens.
    Connect,
    /// The answer broke off.
    Broken,
}

/// Sends calls to providers.
#[derive(Clone)]
pub(crate) struct Http {
    way: Way,
    allow_private: bool,
}

#[derive(Clone)]
enum Way {
    Network(Client),
    Inside(Inside),
}

/// What came back.
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Answer time.
    pub took: Duration,
}

/// Why nothing usable came back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    #[error("the address may not be called: {0}")]
    Forbidden(&'static str),
    #[error("no answer in time")]
    Timeout,
    #[error("no connection")]
    Connect,
    #[error("the answer broke off")]
    Broken,
    #[error("the answer is larger than 32 MiB")]
    TooLarge,
}

impl Lost {
    /// The code shown and logged.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Forbidden(_) => "address_forbidden",
            Self::Timeout => "timeout",
            Self::Connect => "no_connection",
            Self::Broken => "answer_broken",
            Self::TooLarge => "answer_too_large",
        }
    }
}

/// A call with everything that is sent.
pub(crate) struct Outgoing<'a> {
    pub base: &'a str,
    pub request: &'a Request,
    pub token: Option<&'a Secret>,
    pub headers: &'a [(&'static str, &'static str)],
    /// Sent as a form instead of the request's JSON body.
    pub form: Option<&'a [(&'a str, &'a str)]>,
}

impl Http {
    /// A client; with `allow_private`, plain HTTP and addresses of the local network are allowed too.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(allow_private: bool, transport: Transport) -> Result<Self> {
        let way = match transport {
            Transport::Network => Way::Network(Self::client(allow_private)?),
            Transport::Inside(inside) => Way::Inside(inside),
        };
        Ok(Self { way, allow_private })
    }

    fn client(allow_private: bool) -> Result<Client> {
        install_crypto();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(64)
            .dns_resolver(Arc::new(guard::Resolver { allow_private }))
            .user_agent(concat!("Atlas/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map_err(Error::internal)
    }

    /// Sends one call, once.
    pub async fn send(&self, call: Outgoing<'_>) -> Result<Reply, Lost> {
        let url = self.address(call.base, &call.request.path)?;
        let method = Method::from_bytes(call.request.method.as_bytes()).map_err(|_| Lost::Forbidden("unknown method"))?;
        let mut headers = fixed_headers(call.headers);
        if let Some(token) = call.token {
            headers.insert("authorization", bearer(token)?);
        }
        match &self.way {
            Way::Network(client) => over_the_network(client.request(method, url).headers(headers), &call).await,
            Way::Inside(inside) => inside_the_process(inside, method, &url, headers, &call).await,
        }
    }

    /// Whether an address of ours answers `HEAD`; no guard, since the operator chose it.
    pub async fn head(&self, url: &str) -> Result<u16, Lost> {
        let url = Url::parse(url).map_err(|_| Lost::Forbidden("no address"))?;
        match &self.way {
            Way::Network(client) => {
                let sent = client.head(url).timeout(Duration::from_secs(5)).send().await;
                sent.map(|r| r.status().as_u16()).map_err(|e| lost(&e))
            }
            Way::Inside(inside) => {
                let request = http::Request::head(url.as_str()).body(vec![]).map_err(|_| Lost::Forbidden("no address"))?;
                inside(request).await.map(|answer| answer.status().as_u16()).map_err(Lost::from)
            }
        }
    }

    fn address(&self, base: &str, path: &str) -> Result<Url, Lost> {
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(Lost::Forbidden("a path on the provider's host starts with one slash"));
        }
        let url = Url::parse(&format!("{}{path}", base.trim_end_matches('/'))).map_err(|_| Lost::Forbidden("no address"))?;
        public_url(&url, self.allow_private).map_err(Lost::Forbidden)?;
        Ok(url)
    }
}

async fn over_the_network(builder: reqwest::RequestBuilder, call: &Outgoing<'_>) -> Result<Reply, Lost> {
    let builder = match (call.form, &call.request.body) {
        (Some(form), _) => builder.form(form),
        (None, Some(body)) => builder.json(body),
        (None, None) => builder,
    };
    let started = Instant::now();
    let response = builder.send().await.map_err(|e| lost(&e))?;
    let status = response.status().as_u16();
    let headers = read_headers(response.headers());
    let body = read_body(response).await?;
    Ok(Reply { status, headers, body, took: started.elapsed() })
}

async fn inside_the_process(inside: &Inside, method: Method, url: &Url, headers: HeaderMap, call: &Outgoing<'_>) -> Result<Reply, Lost> {
    let (kind, body) = match (call.form, &call.request.body) {
        (Some(form), _) => {
            ("application/x-www-form-urlencoded", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish())
        }
        (None, Some(body)) => ("application/json", body.to_string()),
        (None, None) => ("", String::new()),
    };
    let mut request = http::Request::new(body.into_bytes());
    *request.method_mut() = method;
    *request.uri_mut() = url.as_str().parse().map_err(|_| Lost::Forbidden("no address"))?;
    *request.headers_mut() = headers;
    if !kind.is_empty() {
        request.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    }
    let started = Instant::now();
    let answer = inside(request).await?;
    let (status, headers) = (answer.status().as_u16(), read_headers(answer.headers()));
    Ok(Reply { status, headers, body: answer.into_body(), took: started.elapsed() })
}

impl From<Loss> for Lost {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Timeout => Self::Timeout,
            Loss::Connect => Self::Connect,
            Loss::Broken => Self::Broken,
        }
    }
}

fn fixed_headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("application/json"));
    for (name, value) in given {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers
}

fn bearer(token: &Secret) -> Result<HeaderValue, Lost> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| Lost::Forbidden("a token with control characters"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn read_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

async fn read_body(mut response: reqwest::Response) -> Result<Vec<u8>, Lost> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| if e.is_timeout() { Lost::Timeout } else { Lost::Broken })? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Lost::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn lost(error: &reqwest::Error) -> Lost {
    if guard::was_refused(error) {
        return Lost::Forbidden("the name leads to an address that is not public");
    }
    match () {
        () if error.is_timeout() => Lost::Timeout,
        () if error.is_connect() => Lost::Connect,
        () => Lost::Broken,
    }
}

impl Reply {
    /// Whether the status says success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; an empty body is `null`.
    pub fn json(&self) -> Option<Value> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Some(Value::Null);
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// What a connector needs to say what the answer means.
    pub fn to_answer(&self) -> Answer {
        let kept = &self.body[..self.body.len().min(KEPT_BYTES)];
        Answer { status: self.status, body: String::from_utf8_lossy(kept).into_owned(), headers: self.headers.clone() }
    }

    /// A header by lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// What the answer says of the rate window.
    pub fn reading(&self, read: fn(&dyn Fn(&str) -> Option<String>) -> Option<RateReading>) -> Option<RateReading> {
        read(&|name| self.header(&name.to_ascii_lowercase()).map(str::to_owned))
    }

    /// The provider's clock, Unix seconds, from the `Date` header.
    pub fn date(&self) -> Option<i64> {
        let date = jiff::fmt::rfc2822::parse(self.header("date")?).ok()?;
        Some(date.timestamp().as_second())
    }

    /// How long the provider asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds.min(300)))
    }
}
