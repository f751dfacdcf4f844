//! `atlas serve`: listeners, health, metrics, and an end that loses nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use atlas_kernel::Clock;
use atlas_store::Db;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::app;
use crate::config::Config;

/// Serves until a stop is asked for.
///
/// # Errors
/// When a listener or the database cannot be opened.
pub async fn run(config: Config) -> Result<()> {
    let metrics = PrometheusBuilder::new().install_recorder().context("metrics cannot be recorded")?;
    let (stop, stopping) = watch::channel(false);
    let atlas = app::build(&config, Clock::System, stopping.clone()).await?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("{} cannot be listened on", config.listen))?;
    let router = router(atlas.router, &atlas.db, stopping.clone());
    serve_metrics(&config, metrics, stopping.clone()).await?;
    tracing::info!(listen = %listener.local_addr()?, base_url = config.base_url, database = atlas_store::Executor::dialect(&atlas.db).name(), "Atlas is ready");
    let grace = Duration::from_secs(config.grace_seconds);
    // Jobs have threads of their own, so that no request waits behind what a sync or a plan computes.
    let threads =
        Builder::new_multi_thread().thread_name("atlas-jobs").enable_all().build().context("threads for jobs cannot be started")?;
    let worker = threads.spawn(work(atlas.worker, config.workers, stopping.clone()));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, service).with_graceful_shutdown(until(stopping)).await });
    stop_signal().await;
    tracing::info!("stopping: no new requests, finishing what runs");
    let _ = stop.send(true);
    if tokio::time::timeout(grace, server).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    if tokio::time::timeout(grace, worker).await.is_err() {
        tracing::warn!("some jobs did not end in time; they run again when their leases end");
    }
    atlas.db.close().await;
    threads.shutdown_background();
    Ok(())
}

async fn work(worker: atlas_jobs::Worker, concurrency: usize, stopping: watch::Receiver<bool>) {
    if concurrency > 0 {
        worker.run(until(stopping)).await;
    }
}

async fn until(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Waits for Ctrl+C or a polite request to end.
pub async fn stop_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}

#[derive(Clone)]
struct Health {
    db: Db,
    stopping: watch::Receiver<bool>,
}

fn router(pages_and_api: Router, db: &Db, stopping: watch::Receiver<bool>) -> Router {
    let health = Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(Health { db: db.clone(), stopping });
    pages_and_api.layer(from_fn(observe)).layer(CatchPanicLayer::custom(panicked)).layer(CompressionLayer::new().gzip(true)).merge(health)
}

async fn ready(State(health): State<Health>) -> Response {
    if *health.stopping.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match health.db.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "This did not work. Nothing was saved. Try again.\n").into_response()
}

/// One log line and one measurement a request: the route's pattern, never its ids or query.
async fn observe(mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id: String = match request.headers().get("x-request-id").and_then(|v| v.to_str().ok()) {
        Some(id) if id.len() <= 64 && id.bytes().all(|b| b.is_ascii_graphic()) => id.to_owned(),
        _ => hex::encode(atlas_kernel::random_bytes::<8>()),
    };
    let header = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"));
    request.headers_mut().insert("x-request-id", header.clone());
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("(none)".to_owned(), |path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    response.headers_mut().entry("x-request-id").or_insert(header);
    // The REST kit writes its own line, with the operation's name.
    if !route.starts_with("/v1") {
        tracing::info!(
            request.id = id,
            http.method = method,
            http.route = route,
            http.status = status,
            http.ms = took.as_secs_f64() * 1000.0,
            "request"
        );
    }
    let labels = [("method", method), ("route", route), ("status", status.to_string())];
    metrics::counter!("atlas_http_requests_total", &labels).increment(1);
    metrics::histogram!("atlas_http_request_seconds", &labels[..2]).record(took.as_secs_f64());
    response
}

async fn serve_metrics(config: &Config, metrics: PrometheusHandle, stopping: watch::Receiver<bool>) -> Result<()> {
    if config.metrics_listen.is_empty() {
        return Ok(());
    }
    let listener =
        TcpListener::bind(&config.metrics_listen).await.with_context(|| format!("{} cannot be listened on", config.metrics_listen))?;
    let router = Router::new().route("/metrics", get(move || std::future::ready(metrics.render())));
    tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(until(stopping)).await });
    Ok(())
}
