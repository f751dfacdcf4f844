//! Progress of a sync: what is done of what, how fast, and how long it will take.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Applied, Gauge, Limits};

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
///
/// A provider's window is used up in its first seconds and waited for in the others, so speed is measured from the end of
/// one window to the end of another, never from the middle of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SyncProgress {
    /// The moment (Unix milliseconds) of the first work, and the work done by then.
    pub first: Option<(i64, f64)>,
    /// The moment of the last work, and the work done by then.
    pub last: Option<(i64, f64)>,
    /// Ends of windows and the work done by then, oldest first.
    pub marks: Vec<(i64, f64)>,
    /// The rate gauge of the node at work.
    pub gauge: Option<Gauge>,
}

/// Windows whose speed counts: more of them would remember listings that cost something else.
const MOST_MARKS: usize = 7;
/// Before a whole window has passed, speed is told from this long on.
const SOON_MS: i64 = 5_000;
/// A window counts as used up from this share of its calls on.
const USED_UP: f64 = 0.85;
/// The share of a window in which its calls go out when all of them do.
const BURST: f64 = 0.2;

impl SyncProgress {
    /// Notes how much work was done by now. The provider's windows have this length, and one of them ends at `an_end`.
    pub fn sample(&mut self, now: i64, work: f64, length: i64, an_end: i64) {
        self.first.get_or_insert((now, work));
        if let Some((before, done)) = self.last {
            let window = |at: i64| (at - an_end).div_euclid(length);
            if window(before) < window(now) {
                self.marks.push(((window(before) + 1) * length + an_end, done));
            }
            if window(before) + 1 < window(now) {
                self.marks.push((window(now) * length + an_end, done));
            }
        }
        self.marks.drain(..self.marks.len().saturating_sub(MOST_MARKS));
        self.last = Some((now, work));
    }

    /// Forgets the speed of before a pause.
    pub fn restart(&mut self) {
        (self.first, self.last) = (None, None);
        self.marks.clear();
    }

    /// The end of the last whole window, and the work done by then; before there is one, the last work.
    fn known(&self) -> Option<(i64, f64)> {
        self.marks.last().filter(|_| self.marks.len() > 1).copied().or(self.last)
    }

    /// Work a second, over the last whole windows.
    pub fn speed(&self) -> Option<f64> {
        let ((from, before), (to, done)) = match self.marks.as_slice() {
            [first, .., last] => (*first, *last),
            _ => (self.first?, self.last.filter(|(at, _)| self.first.is_some_and(|(first, _)| at - first >= SOON_MS))?),
        };
        (to > from).then(|| (done - before) * 1000.0 / (to - from) as f64)
    }
}

/// The length of the provider's windows in milliseconds.
pub(crate) fn window_ms(limits: &Limits) -> i64 {
    i64::try_from(limits.window.as_millis()).unwrap_or(i64::MAX).max(1_000)
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

/// Seconds from `now` (Unix milliseconds) until a sync is done; none while that cannot be told.
pub(crate) fn time_left(streams: &BTreeMap<String, StreamProgress>, progress: &SyncProgress, now: i64, length: i64) -> Option<i64> {
    let speed = progress.speed().filter(|s| *s > 0.0)?;
    let ((at, done), (_, latest)) = (progress.known()?, progress.last?);
    // What was left then, and how long that takes.
    let left = work_left(streams)? + latest - done;
    let (each, length) = (speed * length as f64 / 1000.0, length as f64);
    let budget = progress.gauge.as_ref().map_or(f64::MAX, |gauge| f64::from(gauge.budget));
    let needs = if each >= budget * USED_UP {
        // Windows are waited for: the last one needs no more of its time than its calls do.
        (left / each).floor() * length + (left / each).fract() * length * BURST
    } else {
        left / each * length
    };
    let ends = at as f64 + needs;
    Some(((ends - now as f64) / 1000.0).ceil().max(0.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(done: i64, total: Option<i64>, calls: i64) -> StreamProgress {
        StreamProgress { state: "running".into(), done, total, calls, ..Default::default() }
    }

    #[test]
    fn time_left_is_calls_left_over_calls_a_second() {
        let mut streams = BTreeMap::from([
            ("contacts".to_owned(), stream(300, Some(600), 2)),
            ("conversations".to_owned(), stream(100, Some(1100), 101)),
        ]);
        let mut progress = SyncProgress::default();
        for second in 0..=60 {
            progress.sample(second * 1000, second as f64 * 10.0, 10_000, 0);
        }
        let speed = progress.speed().unwrap();
        assert!((9.9..=10.1).contains(&speed), "{speed}");
        // 2 calls for 300 contacts, 1.01 calls a conversation: 1,012 calls, all of them after second 60.
        let left = time_left(&streams, &progress, 60_000, 10_000).unwrap();
        assert!((101..=103).contains(&left), "{left}");
        assert_eq!(time_left(&streams, &progress, 65_000, 10_000), Some(left - 5), "time passes while nothing is written");
        streams.get_mut("contacts").unwrap().total = None;
        assert_eq!(time_left(&streams, &progress, 60_000, 10_000), None);
    }

    #[test]
    fn time_left_is_right_wherever_in_a_window_it_is_asked() {
        // 166 calls a window go out in its first two seconds; windows end 3 s after the tens; 3,000 calls in all.
        let (budget, total) = (166.0_f64, 3_000.0_f64);
        let done_at = |ms: i64| {
            let (window, within) = ((ms - 3_000).div_euclid(10_000), (ms - 3_000).rem_euclid(10_000));
            ((window as f64 + 1.0) * budget + (within as f64 / 2_000.0).min(1.0) * budget).min(total)
        };
        let ends = (0..).map(|step| step * 100).find(|ms| done_at(*ms) >= total).unwrap();
        let mut progress = SyncProgress { gauge: Some(Gauge { budget: 166, ..Gauge::default() }), ..Default::default() };
        let mut asked = 0;
        for now in (0..ends - 60_000).step_by(250) {
            let done = done_at(now);
            // Nothing is written while a window is waited for.
            if now == 0 || done > done_at(now - 250) {
                progress.sample(now, done, 10_000, 3_000);
            }
            if now >= 60_000 {
                let streams = BTreeMap::from([("all".to_owned(), stream(done as i64, Some(total as i64), done as i64))]);
                let (left, real) = (time_left(&streams, &progress, now, 10_000).unwrap() as f64, (ends - now) as f64 / 1000.0);
                assert!((left - real).abs() <= real * 0.05 + 1.0, "at {now}: {left} s said, {real} s real");
                asked += 1;
            }
        }
        assert!(asked > 100);
    }
}
