//! Counts what clients did, for tests and benchmarks: calls, refusals, overlap, first and last call, notices.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;

use crate::sandbox::lock;

/// The counters; reset by `POST /_sandbox/reset`.
#[derive(Debug, Default)]
pub struct Stats(Mutex<Counts>);

/// A snapshot of the counters.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Calls to the provider's API, refused ones included; not OAuth, not pages, not `/_sandbox/`.
    pub requests: u64,
    pub rejected429: u64,
    /// Calls under way right now, and the most there ever were.
    pub concurrent: u64,
    pub max_concurrent: u64,
    /// Milliseconds since the epoch, on the sandbox's clock.
    pub first_request_at: Option<i64>,
    pub last_request_at: Option<i64>,
    /// Calls by path, ids replaced by `{id}`.
    pub by_path: BTreeMap<String, u64>,
    /// Calls by method and path.
    pub by_route: BTreeMap<String, u64>,
    pub by_status: BTreeMap<u16, u64>,
    pub webhooks: Notices,
    pub auth: Auth,
}

/// Notices and their fate.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notices {
    /// Attempts that went out.
    pub sent: u64,
    /// Attempts answered with 2xx.
    pub acked: u64,
    /// Attempts that were not.
    pub failed: u64,
    /// Notices never sent, by `dropRate`, throttling or a switched-off subscription.
    pub dropped: u64,
    pub duplicated: u64,
    pub reordered: u64,
    pub retried: u64,
    /// Notices waiting to be sent or retried.
    pub pending: u64,
}

/// What happened around OAuth.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    pub consents: u64,
    pub denials: u64,
    pub tokens_issued: u64,
    pub refused_exchanges: u64,
    pub uninstalls: u64,
}

impl Stats {
    /// Counts the arrival of a call.
    pub fn arrive(&self, method: &str, path: &str, now_ms: i64) {
        let mut counts = lock(&self.0);
        counts.requests += 1;
        counts.concurrent += 1;
        counts.max_concurrent = counts.max_concurrent.max(counts.concurrent);
        counts.first_request_at.get_or_insert(now_ms);
        counts.last_request_at = Some(now_ms);
        *counts.by_path.entry(path.to_owned()).or_default() += 1;
        *counts.by_route.entry(format!("{method} {path}")).or_default() += 1;
    }

    /// Counts the answer of a call.
    pub fn answer(&self, status: u16) {
        let mut counts = lock(&self.0);
        counts.rejected429 += u64::from(status == 429);
        *counts.by_status.entry(status).or_default() += 1;
    }

    /// Counts the end of a call, answered or given up by the client.
    pub fn leave(&self) {
        let mut counts = lock(&self.0);
        counts.concurrent = counts.concurrent.saturating_sub(1);
    }

    /// Changes the counters of notices.
    pub fn notices(&self, change: impl FnOnce(&mut Notices)) {
        change(&mut lock(&self.0).webhooks);
    }

    /// Changes the counters around OAuth.
    pub fn auth(&self, change: impl FnOnce(&mut Auth)) {
        change(&mut lock(&self.0).auth);
    }

    /// Notices that wait to be sent or retried.
    pub fn waiting(&self) -> u64 {
        lock(&self.0).webhooks.pending
    }

    /// All counters as they are now.
    pub fn snapshot(&self) -> Counts {
        lock(&self.0).clone()
    }

    /// Starts counting anew; calls and notices under way stay counted as such.
    pub fn reset(&self) {
        let mut counts = lock(&self.0);
        let webhooks = Notices { pending: counts.webhooks.pending, ..Notices::default() };
        *counts = Counts { concurrent: counts.concurrent, webhooks, ..Counts::default() };
    }
}
