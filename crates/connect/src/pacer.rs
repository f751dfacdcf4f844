//! The pacer: lets calls to one provider's workspace go just as fast as its window allows, and never draws a "too many".

mod core;
mod drift;
mod gauge;
mod grants;
mod registry;
#[cfg(test)]
mod simulation;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atlas_kernel::{Clock, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::core::{Core, Verdict};
use crate::RateReading;
use crate::pause::pause;

pub use self::gauge::{Gauge, WindowUse};
pub(crate) use self::grants::Grants;
pub(crate) use self::registry::Pacers;

/// Who a call is for; the first goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// People who wait, and notices.
    People,
    /// Writing what people changed.
    Write,
    /// Looking for changes on a schedule.
    Incremental,
    /// A history's pages, for which all its other calls wait: leaves a thirtieth of each window.
    Listing,
    /// History: leaves a tenth of each window to the others, and takes it in the window's last second.
    Bulk,
}

impl Lane {
    /// The lane of the pages that calls of this one wait for: a page behind the calls of the page before it would cost a window.
    pub(crate) fn of_pages(self) -> Self {
        if self == Self::Bulk { Self::Listing } else { self }
    }
}

/// Paces all calls of one node to one provider workspace with one app; clones share it.
#[derive(Clone)]
pub struct Pacer(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    time: Time,
    grants: Grants,
}

/// What the pacer reads the time from.
enum Time {
    /// The machine's steady clock, from a moment on.
    Steady { started: Instant, wall: i64 },
    /// A clock turned by hand.
    Turned(Clock),
}

struct State {
    core: Core,
    /// Who waits, in the order in which they go, each with its own bell.
    queue: BTreeMap<(Lane, u64), Arc<Notify>>,
    tickets: u64,
}

impl State {
    /// Lets whoever is first look again.
    fn ring(&self) {
        if let Some((_, bell)) = self.queue.first_key_value() {
            bell.notify_one();
        }
    }
}

impl Pacer {
    /// A pacer for a provider whose windows have this length, of which `per_minute` calls may be used.
    ///
    /// `now` is the present moment; from there on time is the machine's steady clock.
    pub fn new(window: Duration, per_minute: u32, now: Timestamp) -> Self {
        Self::on(window, per_minute, Time::Steady { started: Instant::now(), wall: now.as_microsecond() }, Grants::alone())
    }

    pub(crate) fn shared(window: Duration, per_minute: u32, clock: &Clock, grants: Grants) -> Self {
        let time = match clock {
            Clock::System => Time::Steady { started: Instant::now(), wall: clock.now().as_microsecond() },
            Clock::Manual(_) => Time::Turned(clock.clone()),
        };
        Self::on(window, per_minute, time, grants)
    }

    fn on(window: Duration, per_minute: u32, time: Time, grants: Grants) -> Self {
        let core = Core::new(micros(window), per_minute, grants.are_shared());
        let state = Mutex::new(State { core, queue: BTreeMap::new(), tickets: 0 });
        Self(Arc::new(Inner { state, time, grants }))
    }

    /// Changes the calls a minute that may be used.
    pub fn set_budget(&self, per_minute: u32) {
        let mut state = self.lock();
        state.core.set_budget(per_minute);
        state.ring();
    }

    /// Waits until a call may be sent. Dropping the future gives the place in the queue up.
    pub async fn permit(&self, lane: Lane) -> Permit {
        let ticket = Ticket::draw(self, lane);
        loop {
            match self.ask(&ticket) {
                Verdict::Go => {
                    let sent = self.now();
                    return Permit { pacer: self.clone(), sent, open: true };
                }
                Verdict::Hold => ticket.bell.notified().await,
                Verdict::Wait(until) => {
                    let wait = Duration::from_micros(u64::try_from(until - self.now()).unwrap_or(0).max(500));
                    tokio::select! { () = ticket.bell.notified() => {}, () = self.wait(wait) => {} }
                }
                Verdict::Share { window_end, cap, chunk } => {
                    let granted = self.0.grants.take(window_end, cap, chunk).await;
                    let now = self.now();
                    self.lock().core.granted(now, window_end, granted);
                }
            }
        }
    }

    /// How the present window is used.
    pub fn gauge(&self) -> Gauge {
        let now = self.now();
        let state = self.lock();
        let mut gauge = state.core.gauge(now);
        gauge.waiting = u32::try_from(state.queue.len()).unwrap_or(u32::MAX);
        gauge
    }

    /// How many calls are sensible at once, so that the window can be used up at the present answer time.
    pub fn sensible_in_flight(&self) -> usize {
        self.lock().core.sensible_in_flight()
    }

    /// Whether calls had to wait for the provider's window lately: the windows are what limits their number.
    pub fn is_limiting(&self) -> bool {
        let now = self.now();
        self.lock().core.is_limiting(now)
    }

    /// The provider's clock minus ours, in microseconds, as far as its answers tell.
    pub fn clock_difference(&self) -> Option<i64> {
        self.lock().core.drift.middle()
    }

    fn ask(&self, ticket: &Ticket) -> Verdict {
        let now = self.now();
        let mut state = self.lock();
        if state.queue.first_key_value().map(|(place, _)| *place) != Some(ticket.place) {
            return Verdict::Hold;
        }
        let verdict = state.core.ask(now, ticket.place.0);
        if verdict == Verdict::Go {
            state.core.sent(ticket.place.0);
        }
        verdict
    }

    fn now(&self) -> i64 {
        match &self.0.time {
            Time::Steady { started, wall } => wall + micros(started.elapsed()),
            Time::Turned(clock) => clock.now().as_microsecond(),
        }
    }

    async fn wait(&self, by: Duration) {
        match &self.0.time {
            Time::Steady { .. } => tokio::time::sleep(by).await,
            Time::Turned(clock) => pause(clock, by).await,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// A place in the queue, given up when dropped.
struct Ticket {
    pacer: Pacer,
    place: (Lane, u64),
    bell: Arc<Notify>,
}

impl Ticket {
    fn draw(pacer: &Pacer, lane: Lane) -> Self {
        let mut state = pacer.lock();
        state.tickets += 1;
        let place = (lane, state.tickets);
        let bell = Arc::new(Notify::new());
        state.queue.insert(place, bell.clone());
        drop(state);
        Self { pacer: pacer.clone(), place, bell }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.pacer.lock();
        state.queue.remove(&self.place);
        state.ring();
    }
}

/// Leave to send one call now; say how it was answered, or drop it when there was no answer.
pub struct Permit {
    pacer: Pacer,
    sent: i64,
    open: bool,
}

impl Permit {
    /// The call was answered: with this reading of the window, by a provider whose clock said `date` (Unix seconds).
    pub fn answered(mut self, reading: Option<RateReading>, date: Option<i64>) {
        self.open = false;
        let now = self.pacer.now();
        let mut state = self.pacer.lock();
        state.core.answered(now, self.sent, reading, date);
        state.ring();
    }

    /// The provider said "too many": nothing more goes out before the window's end, or before `retry_after`.
    pub fn refused(mut self, reading: Option<RateReading>, retry_after: Option<Duration>) {
        self.open = false;
        let now = self.pacer.now();
        let mut state = self.pacer.lock();
        state.core.refused(now, self.sent, reading, retry_after.map(micros));
        state.ring();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.open {
            let now = self.pacer.now();
            let mut state = self.pacer.lock();
            state.core.answered(now, self.sent, None, None);
            state.ring();
        }
    }
}
