//! Limits and faults: what the provider does on bad days, and what was counted.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::{Done, Frame, back, page};
use crate::api::fault::{Fault, FaultKind};
use crate::sandbox::{Sandbox, read};
use crate::settings::{Settings, Sign};
use crate::stats::Counts;

const PATH: &str = "/hub/app/faults";

#[derive(Template)]
#[template(path = "faults.html")]
struct Faults {
    frame: Frame,
    name: String,
    settings: Arc<Settings>,
    /// Value, label, chosen.
    signs: Vec<(&'static str, &'static str, bool)>,
    counts: Counts,
}

/// `GET /hub/app/faults`.
pub async fn show(State(sandbox): State<Arc<Sandbox>>, Query(done): Query<Done>) -> Response {
    let settings = sandbox.settings();
    let sign = |value, label, this| (value, label, settings.sign == this);
    page(&Faults {
        frame: Frame::new("Limits and faults", "hub").done(&done),
        name: read(&sandbox.app).name.clone(),
        signs: vec![
            sign("valid", "Correct", Sign::Valid),
            sign("missing", "Missing", Sign::Missing),
            sign("forged", "Forged", Sign::Forged),
        ],
        settings: Arc::clone(&settings),
        counts: sandbox.stats.snapshot(),
    })
}

#[derive(Deserialize)]
pub struct FaultsForm {
    limit: u32,
    latency: u64,
    drop: f64,
    duplicate: f64,
    reorder: f64,
    sign: Sign,
}

/// `POST /hub/app/faults`.
pub async fn save(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<FaultsForm>) -> Response {
    sandbox.set(|settings| {
        settings.limit_per_minute = form.limit;
        settings.latency_ms = form.latency;
        settings.drop_rate = form.drop.clamp(0.0, 1.0);
        settings.duplicate_rate = form.duplicate.clamp(0.0, 1.0);
        settings.reorder_rate = form.reorder.clamp(0.0, 1.0);
        settings.sign = form.sign;
    });
    back(PATH, "saved")
}

#[derive(Deserialize)]
pub struct NextForm {
    count: u32,
    status: u16,
    kind: FaultKind,
}

/// `POST /hub/app/faults/next`.
pub async fn next(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<NextForm>) -> Response {
    sandbox.faults.set(Some(Fault { status: Some(form.status), count: form.count, kind: form.kind, path: None, code: None, after: 0 }));
    back(PATH, "faults")
}

/// `POST /hub/app/faults/reset`.
pub async fn reset(State(sandbox): State<Arc<Sandbox>>) -> Response {
    sandbox.stats.reset();
    back(PATH, "counted")
}
