//! Progress of a sync: what is done of what, how fast, and how long it will take.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Applied, Gauge};

/// What a sync has done with one listing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StreamProgress {
    /// What people read, such as `Contacts`.
    pub label: String,
    /// `waiting`, `running`, `done`, `off` or `failed`.
    pub state: String,
    /// The code, when off or failed.
    pub code: Option<String>,
    /// Objects dealt with.
    pub done: i64,
    /// Objects in all, when the provider says.
    pub total: Option<i64>,
    /// Of those done, how many were stored already.
    pub skipped: i64,
    /// Records made.
    pub created: i64,
    /// Records changed.
    pub updated: i64,
    /// Records taken away.
    pub removed: i64,
    /// Messages added to timelines.
    pub messages: i64,
    /// Objects that could not be read.
    pub unreadable: i64,
    /// Calls made for it.
    pub calls: i64,
    /// Times the listing had to be started again.
    pub restarts: i64,
}

impl StreamProgress {
    /// Counts what the modules made of an object.
    pub fn count(&mut self, applied: Applied) {
        self.created += i64::from(applied.created);
        self.updated += i64::from(applied.updated);
        self.removed += i64::from(applied.removed);
        self.messages += i64::from(applied.messages);
    }
}

/// How a sync gets on over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncProgress {
    /// Moments (Unix milliseconds) and the work done by then, oldest first: what speed is measured from.
    pub samples: Vec<(i64, f64)>,
    /// The rate gauge of the node at work.
    pub gauge: Option<Gauge>,
}

const SAMPLE_EVERY_MS: i64 = 5_000;
const MOST_SAMPLES: usize = 25;
/// Speed is measured over six windows of the provider, so that waiting for one does not show.
const SPEED_OVER_MS: i64 = 60_000;

impl SyncProgress {
    /// Notes how much work was done by now.
    pub fn sample(&mut self, now_ms: i64, work: f64) {
        if self.samples.last().is_none_or(|(at, _)| now_ms - at >= SAMPLE_EVERY_MS) {
            self.samples.push((now_ms, work));
        }
        if self.samples.len() > MOST_SAMPLES {
            self.samples.remove(0);
        }
    }

    /// Forgets the speed of before a pause.
    pub fn restart(&mut self) {
        self.samples.clear();
    }

    /// Work a second over the last minute.
    pub fn speed(&self) -> Option<f64> {
        let (last, done) = *self.samples.last()?;
        let (first, before) = *self.samples.iter().find(|(at, _)| last - at <= SPEED_OVER_MS)?;
        (last > first).then(|| (done - before) * 1000.0 / (last - first) as f64)
    }
}

/// Work is counted in calls: an object of a listing costs as many calls as those before it did.
pub(crate) fn work_done(streams: &BTreeMap<String, StreamProgress>) -> f64 {
    streams.values().map(|s| s.calls as f64).sum()
}

/// Calls that are still to be made, as far as totals are known.
fn work_left(streams: &BTreeMap<String, StreamProgress>) -> Option<f64> {
    let mut left = 0.0;
    for stream in streams.values().filter(|s| matches!(s.state.as_str(), "running" | "waiting")) {
        let total = stream.total?;
        let fresh = (stream.done - stream.skipped).max(1) as f64;
        let cost = if stream.calls > 0 { stream.calls as f64 / fresh } else { 1.0 };
        left += (total - stream.done).max(0) as f64 * cost;
    }
    Some(left)
}

/// Seconds until a sync is done; none while that cannot be told.
pub(crate) fn time_left(streams: &BTreeMap<String, StreamProgress>, progress: &SyncProgress) -> Option<i64> {
    let speed = progress.speed().filter(|s| *s > 0.0)?;
    Some((work_left(streams)? / speed).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_calls_left_over_calls_a_second() {
        let stream = |done, total, calls| StreamProgress { state: "running".into(), done, total, calls, ..Default::default() };
        let mut streams = BTreeMap::from([
            ("contacts".to_owned(), stream(300, Some(600), 2)),
            ("conversations".to_owned(), stream(100, Some(1100), 101)),
        ]);
        let mut progress = SyncProgress::default();
        for second in 0..=60 {
            progress.sample(second * 1000, second as f64 * 10.0);
        }
        assert_eq!(progress.speed(), Some(10.0));
        // 2 calls for 300 contacts, 1.01 calls a conversation.
        assert_eq!(time_left(&streams, &progress), Some(102));
        streams.get_mut("contacts").unwrap().total = None;
        assert_eq!(time_left(&streams, &progress), None);
    }
}
