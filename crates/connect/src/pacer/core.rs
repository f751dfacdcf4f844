//! The pacer's arithmetic: what one window still allows. No waiting and no clock in here; times are microseconds.

use std::collections::VecDeque;

use super::drift::Drift;
use super::grants::UNKNOWN;
use super::{Gauge, Lane, WindowUse};
use crate::RateReading;

const SECOND: i64 = 1_000_000;
/// The windows kept for the page: two minutes of ten-second windows.
const REMEMBERED: usize = 12;
/// Between the moment the window must have ended and the first call of the next.
const MARGIN: i64 = 20_000;

/// So many calls that somebody waits for, in a window and the one before, mean that notices are coming.
const MANY_URGENT: u32 = 10;

/// Fewer calls than this in flight would wait for what the database does with their answers.
const FEW_IN_FLIGHT: usize = 128;
/// More calls than this in flight would be more connections than a process may have open.
const MANY_IN_FLIGHT: usize = 640;

/// What the arithmetic says to somebody who wants to send a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Send it.
    Go,
    /// Nothing changes before this moment, unless an answer comes first.
    Wait(i64),
    /// Wait for an answer.
    Hold,
    /// Agree with the other nodes first.
    Share { window_end: i64, cap: u32, chunk: u32 },
}

#[derive(Clone, Copy, Debug)]
struct Window {
    /// The provider's time of its end.
    end: i64,
    limit: u32,
    /// The least that an answer of this window said is left.
    remaining: Option<u32>,
    /// Calls of ours that were answered with this window.
    answered: u32,
    others: u32,
    /// Calls of ours that somebody waits for, sent in this window,
    urgent: u32,
    /// and in the one before.
    urgent_before: u32,
    /// The other calls of ours sent in this window.
    patient: u32,
    /// Calls that the other nodes leave to this one; none when this node is alone. Below zero for calls that were under
    /// way when the window began: the provider may count them here.
    grant: Option<i64>,
    closed: bool,
}

#[derive(Debug)]
pub(crate) struct Core {
    length: i64,
    budget: u32,
    shared: bool,
    /// The other nodes leave a first call to this one.
    may_probe: bool,
    in_flight: u32,
    window: Option<Window>,
    /// Set when the provider tells nothing of its window: the budget alone counts, by our clock.
    silent: Option<(i64, u32)>,
    blocked_until: i64,
    slack: i64,
    answer_time: i64,
    too_many: u32,
    before: VecDeque<WindowUse>,
    waiting_until: i64,
    /// When a call had to wait last.
    waited_at: i64,
    pub drift: Drift,
}

impl Core {
    pub fn new(length: i64, per_minute: u32, shared: bool) -> Self {
        let length = length.max(SECOND);
        let mut core = Self {
            length,
            budget: 1,
            shared,
            may_probe: false,
            in_flight: 0,
            window: None,
            silent: None,
            blocked_until: i64::MIN,
            slack: MARGIN,
            answer_time: 200_000,
            too_many: 0,
            before: VecDeque::new(),
            waiting_until: 0,
            waited_at: i64::MIN,
            drift: Drift::default(),
        };
        core.set_budget(per_minute);
        core
    }

    pub fn set_budget(&mut self, per_minute: u32) {
        let calls = i64::from(per_minute) * self.length / (60 * SECOND);
        self.budget = u32::try_from(calls).unwrap_or(u32::MAX).max(1);
    }

    /// May a call of this lane go out now? Whoever is told [`Verdict::Go`] says [`Core::sent`].
    pub fn ask(&mut self, now: i64, lane: Lane) -> Verdict {
        self.roll(now);
        let verdict = if now < self.blocked_until { Verdict::Wait(self.blocked_until) } else { self.judge(now, lane) };
        self.waiting_until = if let Verdict::Wait(until) = verdict { until } else { now };
        if let Verdict::Wait(_) = verdict {
            self.waited_at = now;
        }
        verdict
    }

    fn judge(&mut self, now: i64, lane: Lane) -> Verdict {
        let Some(window) = self.window else { return self.judge_unknown(now) };
        let cap = self.cap(window.limit);
        if !is_urgent(lane) && self.is_early(&window, cap, now) {
            return Verdict::Wait(now + self.length / 250);
        }
        let kept = if is_urgent(lane) { 0 } else { self.urgent_to_come(&window, cap, now) };
        if let Some(remaining) = window.remaining {
            let (in_flight, to_come) = (i64::from(self.in_flight), self.others_to_come(&window, now));
            let left = i64::from(remaining.min(cap.saturating_sub(window.answered))) - in_flight;
            if lane != Lane::People && left > 0 && i64::from(remaining) - to_come - in_flight <= 0 {
                // Left to other apps for now; what they do not take comes back as the window passes.
                return Verdict::Wait(now + self.length / 40);
            }
            let end = self.end_for_sure(window.end);
            let (reserve, lent_at) = self.reserve(cap, lane, window.end);
            let spare = if window.grant.is_some() { i64::from(spare_of(cap)) } else { 0 };
            if left <= 0 {
                return Verdict::Wait(end);
            }
            if kept > 0 && left - spare <= kept {
                return Verdict::Wait(now + self.length / 40);
            }
            if left <= reserve && now < lent_at {
                return Verdict::Wait(lent_at);
            }
        } else {
            let few = self.before_the_first_answer(&window, cap);
            if i64::from(self.in_flight) >= i64::from(few).min(i64::from(cap) - kept).max(1) {
                return Verdict::Hold;
            }
        }
        match window.grant {
            Some(..=0) if window.closed => Verdict::Wait(self.end_for_sure(window.end)),
            // A little is left for nodes that have just started and know of no window yet, and for calls that another node sent
            // in the window before and that arrive in this one.
            Some(grant @ ..=0) => {
                let left = window.remaining.map_or(cap, |left| left.min(cap));
                let chunk = (left / 8).max(cap / 40).max(1) + u32::try_from(-grant).unwrap_or(0);
                Verdict::Share { window_end: window.end / SECOND, cap: cap - spare_of(cap), chunk }
            }
            _ => Verdict::Go,
        }
    }

    /// Calls that may be out before a window's first answer: a few to find out with, most of them when nobody else called in the
    /// window before and windows have begun when they were expected to.
    fn before_the_first_answer(&self, window: &Window, cap: u32) -> u32 {
        let alone = self.before.back().is_some_and(|b| b.end * SECOND == window.end - self.length && b.others == 0 && b.ours > 0);
        let known = alone && self.slack == MARGIN && window.grant.is_none();
        if known { cap - cap.div_ceil(10) } else { cap / 10 }.max(1)
    }

    /// Nothing is known of the window: one call at a time finds out; a provider that tells nothing is paced by our clock.
    fn judge_unknown(&mut self, now: i64) -> Verdict {
        match self.silent {
            None if self.in_flight == 0 && self.shared && !self.may_probe => Verdict::Share { window_end: UNKNOWN, cap: 1, chunk: 1 },
            None if self.in_flight == 0 => Verdict::Go,
            None => Verdict::Hold,
            Some((start, used)) if now < start + self.length && used >= self.budget => Verdict::Wait(start + self.length),
            Some((start, _)) if now >= start + self.length => {
                self.silent = Some((now, self.in_flight));
                if self.in_flight < self.budget { Verdict::Go } else { Verdict::Hold }
            }
            Some(_) => Verdict::Go,
        }
    }

    /// What bulk leaves to the others, and from when on it may have that too.
    fn reserve(&self, cap: u32, lane: Lane, end: i64) -> (i64, i64) {
        let lent_at = self.drift.earliest(end) - SECOND - self.answer_time.min(SECOND);
        match lane {
            Lane::Bulk => (i64::from(cap.div_ceil(10)), lent_at),
            // Pages come one after the other, and what they lead to takes the rest of a window in no time: some of it is for them.
            Lane::Listing => (i64::from(cap.div_ceil(30)), lent_at),
            // Looking by itself never takes a window's last calls from a notice.
            Lane::Incremental => (i64::from(cap.div_ceil(60)), lent_at),
            Lane::People | Lane::Write => (0, i64::MIN),
        }
    }

    /// Calls that other apps will make before the window ends, if they go on as they did.
    fn others_to_come(&self, window: &Window, now: i64) -> i64 {
        let before = self.before.back().filter(|b| b.end * SECOND == window.end - self.length).map(|b| i64::from(b.others));
        let left = self.time_left(window, now);
        let seen = i64::from(window.others);
        let pace = match before {
            Some(before) => before.max(seen),
            // Some of our calls in flight are in the provider's count already; nobody knows how many: half of them.
            None if seen > 0 => (seen + i64::from(self.in_flight / 2)) * self.length / (self.length - left).max(self.length / 4),
            None => 0,
        };
        if pace == 0 { 0 } else { pace * left / self.length + pace / 8 + 2 }
    }

    /// Calls that somebody will wait for before the window ends, if notices and people go on as they did; half of the window at most.
    fn urgent_to_come(&self, window: &Window, cap: u32, now: i64) -> i64 {
        let left = self.time_left(window, now);
        let (seen, before) = (i64::from(window.urgent), i64::from(window.urgent_before));
        let pace = before.max(seen * self.length / (self.length - left).max(self.length / 4));
        (pace * left / self.length * 5 / 4).min(i64::from(cap / 2))
    }

    /// While notices come, what nobody waits for is spread over the window: a burst of answers would keep the notices waiting.
    /// A person now and then, such as whoever has just connected, is no reason to go slowly.
    fn is_early(&self, window: &Window, cap: u32, now: i64) -> bool {
        if window.urgent + window.urgent_before < MANY_URGENT {
            return false;
        }
        let elapsed = self.length - self.time_left(window, now);
        i64::from(window.patient) > i64::from(cap) * (elapsed + elapsed / 4) / self.length + i64::from(cap / 40)
    }

    fn time_left(&self, window: &Window, now: i64) -> i64 {
        (self.end_for_sure(window.end) - now).clamp(0, self.length)
    }

    pub fn sent(&mut self, lane: Lane) {
        self.in_flight += 1;
        if let Some(window) = &mut self.window {
            *if is_urgent(lane) { &mut window.urgent } else { &mut window.patient } += 1;
        }
        self.may_probe = false;
        if let Some((_, used)) = &mut self.silent {
            *used += 1;
        }
        if let Some(Window { grant: Some(grant), .. }) = &mut self.window {
            *grant -= 1;
        }
    }

    /// A call sent at `sent` was answered (or given up) at `now`.
    pub fn answered(&mut self, now: i64, sent: i64, reading: Option<RateReading>, date: Option<i64>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.answer_time = (self.answer_time * 7 + (now - sent).max(0)) / 8;
        if let Some(date) = date {
            self.drift.learn(sent, now, date * SECOND, (date + 1) * SECOND);
        }
        match reading {
            Some(reading) => self.read(now, sent, reading),
            None => {
                if let Some(window) = &mut self.window {
                    window.answered += 1;
                } else if date.is_some() && self.silent.is_none() {
                    self.silent = Some((sent, 1 + self.in_flight));
                }
            }
        }
    }

    fn read(&mut self, now: i64, sent: i64, reading: RateReading) {
        let end = reading.reset * SECOND;
        let agrees = self.drift.learn(sent, now, end - self.length, end);
        self.silent = None;
        let known = self.window.filter(|w| agrees && w.end >= end);
        match known {
            Some(window) if window.end > end => {}
            Some(mut window) => {
                window.limit = reading.limit;
                window.remaining = Some(window.remaining.map_or(reading.remaining, |least| least.min(reading.remaining)));
                window.answered += 1;
                window.others = others(&window, self.in_flight);
                self.window = Some(window);
            }
            None => {
                let mut window = self.fresh(end, reading.limit);
                window.remaining = Some(reading.remaining);
                window.answered = 1;
                window.others = others(&window, self.in_flight);
                self.close_window();
                self.window = Some(window);
            }
        }
    }

    /// The provider refused a call.
    pub fn refused(&mut self, now: i64, sent: i64, reading: Option<RateReading>, retry_after: Option<i64>) {
        self.too_many += 1;
        // Refused by a window that we took to be over: wait longer from now on. Otherwise somebody else used it up.
        if self.window.zip(reading).is_none_or(|(w, r)| r.reset * SECOND < w.end) {
            self.slack = (self.slack * 2).min(2 * SECOND);
        }
        self.answered(now, sent, reading, None);
        if let (Some(window), Some(_)) = (&mut self.window, reading) {
            window.remaining = Some(0);
            window.answered = window.answered.saturating_sub(1);
        }
        let pause = retry_after.unwrap_or(if reading.is_some() { 0 } else { self.length });
        self.blocked_until = self.blocked_until.max(now + pause);
    }

    /// This node may use `count` calls more of the window that ends then; 0 when the nodes have used it up.
    pub fn granted(&mut self, now: i64, window_end: i64, count: u32) {
        if window_end == UNKNOWN {
            self.may_probe = count > 0;
            self.blocked_until = if count > 0 { self.blocked_until } else { now + SECOND / 2 };
        }
        if let Some(window) = self.window.as_mut().filter(|w| w.end / SECOND == window_end) {
            window.closed = count == 0;
            window.grant = Some(window.grant.unwrap_or(0) + i64::from(count));
        }
    }

    /// Goes on to the window that must have begun by now.
    fn roll(&mut self, now: i64) {
        let Some(window) = self.window else { return };
        if now < self.end_for_sure(window.end) {
            return;
        }
        let passed = (now - self.end_for_sure(window.end)) / self.length + 1;
        self.close_window();
        self.window = Some(self.fresh(window.end + passed * self.length, window.limit));
    }

    fn fresh(&self, end: i64, limit: u32) -> Window {
        let grant = self.shared.then_some(-i64::from(self.in_flight));
        let urgent_before = self.window.filter(|w| w.end == end - self.length).map_or(0, |w| w.urgent);
        Window { end, limit, remaining: None, answered: 0, others: 0, urgent: 0, urgent_before, patient: 0, grant, closed: false }
    }

    fn close_window(&mut self) {
        let Some(window) = self.window else { return };
        self.before.push_back(WindowUse { end: window.end / SECOND, ours: window.answered, others: window.others, limit: window.limit });
        if self.before.len() > REMEMBERED {
            self.before.pop_front();
        }
    }

    fn end_for_sure(&self, end: i64) -> i64 {
        self.drift.latest(end) + self.slack
    }

    fn cap(&self, limit: u32) -> u32 {
        self.budget.min(limit).max(1)
    }

    /// So many that a window's calls are out within a tenth of it: a sync's last window then ends soon after it began.
    pub fn sensible_in_flight(&self) -> usize {
        let cap = i64::from(self.window.map_or(self.budget, |w| self.cap(w.limit)));
        let needed = usize::try_from(cap * self.answer_time * 10 / self.length).unwrap_or(0);
        needed.clamp(FEW_IN_FLIGHT, MANY_IN_FLIGHT).min(usize::try_from(cap).unwrap_or(FEW_IN_FLIGHT).max(4))
    }

    /// Whether a call had to wait in this window or the one before.
    pub fn is_limiting(&self, now: i64) -> bool {
        now.saturating_sub(self.waited_at) < 2 * self.length
    }

    pub fn gauge(&self, now: i64) -> Gauge {
        let window = self.window.filter(|w| now < self.end_for_sure(w.end) + self.length);
        Gauge {
            limit: self.window.map_or(0, |w| w.limit),
            budget: self.window.map_or(self.budget, |w| self.cap(w.limit)),
            ours: window.map_or(0, |w| w.answered) + self.in_flight,
            others: window.map_or(0, |w| w.others),
            remaining: window.and_then(|w| w.remaining),
            resets_in_ms: window.map(|w| ((self.end_for_sure(w.end) - now) / 1000).max(0)),
            waiting_ms: ((self.waiting_until - now) / 1000).max(0),
            waiting: 0,
            too_many: self.too_many,
            windows: self.before.iter().copied().collect(),
        }
    }
}

/// What the nodes together leave of a window.
fn spare_of(cap: u32) -> u32 {
    (cap / 50).max(3).min(cap / 2)
}

/// Whether somebody waits for the calls of this lane.
fn is_urgent(lane: Lane) -> bool {
    lane < Lane::Incremental
}

/// Calls in the provider's count that cannot be ours.
fn others(window: &Window, in_flight: u32) -> u32 {
    let counted = window.limit.saturating_sub(window.remaining.unwrap_or(window.limit));
    counted.saturating_sub(window.answered + in_flight).max(window.others)
}
