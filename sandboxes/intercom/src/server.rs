//! Puts the API, the pages and the control interface on one listener.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::options::Options;
use crate::sandbox::{Sandbox, read};
use crate::{api, control, oauth, site, webhook};

/// Serves a sandbox on `listener` until `shutdown` is ready.
///
/// # Errors
/// When the options name an unknown time zone or version, or the listener fails.
pub async fn serve(options: Options, listener: TcpListener, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let grown = tokio::task::spawn_blocking(move || Sandbox::new(options)).await.map_err(std::io::Error::other)?;
    let sandbox = Arc::new(grown.map_err(std::io::Error::other)?);
    let client = client()?;
    let postman = tokio::spawn(webhook::post::work(Arc::clone(&sandbox), client.clone()));
    let greeting = tokio::spawn(greet(Arc::clone(&sandbox), client.clone()));
    let checkup = tokio::spawn(webhook::installation::health_daily(Arc::clone(&sandbox), client.clone()));
    let closing = Arc::clone(&sandbox);
    let stop = async move {
        shutdown.await;
        closing.closing.notify_waiters();
    };
    let served = axum::serve(listener, router(&sandbox, client)).with_graceful_shutdown(stop).await;
    postman.abort();
    greeting.abort();
    checkup.abort();
    served
}

/// A sandbox running in the background; it stops when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Base URL without a slash at the end.
    pub url: String,
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

/// Starts a sandbox on `options.listen` (port 0 takes a free one) in a background task.
///
/// # Errors
/// When the address cannot be bound or the options are wrong.
pub async fn start(options: Options) -> std::io::Result<Running> {
    Sandbox::check(&options).map_err(std::io::Error::other)?;
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let task = tokio::spawn(serve(options, listener, shutdown));
    Ok(Running { url: format!("http://{address}"), address, stop: Some(stop), task: Some(task) })
}

impl Running {
    /// Stops the sandbox and waits until it has stopped.
    pub async fn stop(mut self) {
        self.stop.take();
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

pub(crate) fn router(sandbox: &Arc<Sandbox>, client: reqwest::Client) -> Router {
    let pages = Router::new().merge(oauth::pages()).merge(site::router()).merge(control::router());
    Router::new()
        .merge(pages.layer(axum::middleware::from_fn(site::same_origin)))
        .merge(oauth::exchange())
        .merge(api::router(sandbox))
        .layer(axum::Extension(client))
        .with_state(Arc::clone(sandbox))
}

/// A client for notices: no redirects, no proxy, our own TLS provider.
pub(crate) fn client() -> std::io::Result<reqwest::Client> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing the race against another installer is as good as winning it.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().map_err(std::io::Error::other)
}

/// Checks the endpoint given at the start, which may come up later than the sandbox.
async fn greet(sandbox: Arc<Sandbox>, client: reqwest::Client) {
    for _ in 0..60 {
        let Some(url) = read(&sandbox.app).hook.url.clone() else { return };
        let fine = webhook::send::head(&client, &url).await.is_ok_and(|status| (200..300).contains(&status));
        crate::sandbox::write(&sandbox.app).hook.verified = Some(fine);
        if fine {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
