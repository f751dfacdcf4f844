//! A storm of changes with their notices: many, late, twice or never, as fast as the receiver takes them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Problem, crowd, parse};
use crate::sandbox::{Sandbox, read};
use crate::settings::Settings;
use crate::stats::Notices;
use crate::world::World;

/// Changes made under one lock.
const CHUNK: u64 = 50;
/// Notices that may wait, so that a storm does not fill the memory.
const MOST_WAITING: u64 = 2_000;
/// How often the queue is looked at.
const GLANCE: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Storm {
    /// Changes, each with one notice.
    notices: u64,
    /// Shares of the notices.
    duplicates: f64,
    disorder: f64,
    dropped: f64,
    /// Notices under way at the same time.
    concurrency: usize,
    /// Answer only when every notice has been delivered or lost.
    wait: bool,
}

impl Default for Storm {
    fn default() -> Self {
        Self { notices: 1_000, duplicates: 0.0, disorder: 0.0, dropped: 0.0, concurrency: 16, wait: true }
    }
}

/// `POST /_sandbox/storm` with `{notices, duplicates, disorder, dropped, concurrency, wait}`.
///
/// The rates and the concurrency hold until all is delivered, then the settings from before come back; a storm that is
/// not waited for leaves them.
pub async fn storm(State(sandbox): State<Arc<Sandbox>>, body: Bytes) -> Answer {
    let wanted: Storm = parse(&body)?;
    check(&sandbox, &wanted)?;
    // A receiver that does not answer must not keep the sandbox from stopping.
    let stopping = sandbox.closing.notified();
    tokio::select! {
        told = run(&sandbox, wanted) => Ok(Json(told)),
        () = stopping => Err(Problem(StatusCode::SERVICE_UNAVAILABLE, "the sandbox is stopping".to_owned())),
    }
}

async fn run(sandbox: &Sandbox, wanted: Storm) -> Value {
    let (before, counted, started) = (sandbox.settings(), sandbox.stats.snapshot().webhooks, Instant::now());
    sandbox.set(|settings| blow(settings, &wanted));
    let mut left = wanted.notices;
    while left > 0 {
        calm(sandbox, MOST_WAITING).await;
        let now = left.min(CHUNK);
        sandbox.change(|world| (0..now).for_each(|_| happen(world)));
        left -= now;
        tokio::task::yield_now().await;
    }
    let changed = started.elapsed();
    if wanted.wait {
        calm(sandbox, 1).await;
        sandbox.set(|settings| {
            settings.drop_rate = before.drop_rate;
            settings.duplicate_rate = before.duplicate_rate;
            settings.reorder_rate = before.reorder_rate;
            settings.webhook_concurrency = before.webhook_concurrency;
        });
    }
    report(&wanted, &counted, &sandbox.stats.snapshot().webhooks, changed, started.elapsed())
}

fn check(sandbox: &Sandbox, wanted: &Storm) -> Result<(), Problem> {
    let rates = [wanted.duplicates, wanted.disorder, wanted.dropped];
    if rates.iter().any(|rate| !(0.0..=1.0).contains(rate)) {
        return Err(Problem::wrong("shares lie between 0 and 1"));
    }
    let hook = read(&sandbox.app).hook.clone();
    if hook.url.is_none() || !hook.live {
        return Err(Problem::wrong("there is no live webhookUrl to send to"));
    }
    let world = sandbox.look();
    match world.contacts_by_creation.all().is_empty() || world.conversations_by_creation.all().is_empty() {
        true => Err(Problem::wrong("there is nobody to write, or nothing to answer")),
        false => Ok(()),
    }
}

fn blow(settings: &mut Settings, wanted: &Storm) {
    settings.drop_rate = wanted.dropped;
    settings.duplicate_rate = wanted.duplicates;
    settings.reorder_rate = wanted.disorder;
    settings.webhook_concurrency = wanted.concurrency.max(1);
}

/// Waits until fewer notices than that are waiting.
async fn calm(sandbox: &Sandbox, most: u64) {
    while sandbox.stats.waiting() >= most {
        tokio::time::sleep(GLANCE).await;
    }
}

/// One change with one notice: mostly messages and notes, some new conversations and people.
fn happen(world: &mut World) {
    let act = match world.random.below(100) {
        0..=4 => crowd::newcomer,
        5..=14 => crowd::conversation,
        15..=34 => crowd::note,
        35..=44 => crowd::closing,
        _ => crowd::reply,
    };
    act(world);
}

fn report(wanted: &Storm, before: &Notices, after: &Notices, changed: Duration, took: Duration) -> Value {
    // Saturating, because the counters may have been reset in between.
    json!({
        "changes": wanted.notices,
        "sent": after.sent.saturating_sub(before.sent),
        "acked": after.acked.saturating_sub(before.acked),
        "failed": after.failed.saturating_sub(before.failed),
        "dropped": after.dropped.saturating_sub(before.dropped),
        "duplicated": after.duplicated.saturating_sub(before.duplicated),
        "reordered": after.reordered.saturating_sub(before.reordered),
        "waiting": after.pending,
        "changedMs": changed.as_millis() as u64,
        "ms": took.as_millis() as u64,
    })
}
