//! How often one token or session may call, by class.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atlas_kernel::{Actor, Clock, ConnectionId, SessionId, TokenId, Via, WorkspaceId};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::{RateClass, RateSettings};

/// Callers that have their whole allowance again are forgotten after so many checks.
const SWEEP_EVERY: u64 = 4096;

/// Who is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    Session(SessionId),
    Token(TokenId),
    Connection(ConnectionId),
    System(WorkspaceId),
}

type Limiter = RateLimiter<Caller, DashMapStateStore<Caller>, RateClock, StateInformationMiddleware>;

/// The allowances of all callers on this node.
pub(crate) struct Rates {
    limiters: Vec<(RateClass, u32, Option<Limiter>)>,
    clock: RateClock,
    checks: AtomicU64,
}

/// What a caller has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    /// Seconds until the whole allowance is there again.
    reset: u64,
    /// Seconds to wait, when this call is one too many.
    pub retry_after: Option<u64>,
}

impl Rates {
    pub fn new(settings: RateSettings, clock: &Clock) -> Self {
        let clock = RateClock::new(clock);
        let limiter = |class| {
            let limit = settings.per_minute(class);
            let quota = std::num::NonZeroU32::new(limit).map(Quota::per_minute);
            let limiter = |quota| Limiter::new(quota, DashMapStateStore::default(), clock.clone());
            (class, limit, quota.map(limiter))
        };
        Self { limiters: RateClass::ALL.into_iter().map(limiter).collect(), clock: clock.clone(), checks: AtomicU64::new(0) }
    }

    /// Counts one call; `None` where there is no limit.
    pub fn take(&self, class: RateClass, actor: &Actor) -> Option<Allowance> {
        let (_, limit, limiter) = self.limiters.iter().find(|(of, ..)| *of == class)?;
        let limiter = limiter.as_ref()?;
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiters.iter().filter_map(|(.., limiter)| limiter.as_ref()).for_each(Limiter::retain_recent);
        }
        let limit = *limit;
        Some(match limiter.check_key(&caller(actor)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let spent = u64::from(limit.saturating_sub(remaining));
                Allowance { limit, remaining, reset: (spent * 60).div_ceil(u64::from(limit)), retry_after: None }
            }
            Err(until) => {
                let wait = until.wait_time_from(governor::clock::Clock::now(&self.clock));
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Allowance { limit, remaining: 0, reset: 60, retry_after: Some(seconds.max(1)) }
            }
        })
    }
}

impl Allowance {
    /// `RateLimit-*`: what is allowed, what is left, and when all of it is there again.
    pub fn write(&self, headers: &mut HeaderMap) {
        let mut set = |name, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("ratelimit-limit", self.limit.to_string());
        set("ratelimit-remaining", self.remaining.to_string());
        set("ratelimit-reset", self.reset.to_string());
        set("ratelimit-policy", format!("{};w=60", self.limit));
    }
}

fn caller(actor: &Actor) -> Caller {
    match &actor.via {
        Via::Session(id) => Caller::Session(*id),
        Via::Token(id, _) => Caller::Token(*id),
        Via::Connection(id, _) => Caller::Connection(*id),
        Via::System => Caller::System(actor.workspace),
    }
}

/// The limiter's time: monotonic on the machine's clock, and the hand-turned clock itself in tests.
#[derive(Clone, Debug)]
enum RateClock {
    Monotonic(Instant),
    Given(Clock),
}

impl RateClock {
    fn new(clock: &Clock) -> Self {
        match clock {
            Clock::System => Self::Monotonic(Instant::now()),
            manual @ Clock::Manual(_) => Self::Given(manual.clone()),
        }
    }
}

impl governor::clock::Clock for RateClock {
    type Instant = Duration;
    fn now(&self) -> Duration {
        match self {
            Self::Monotonic(start) => start.elapsed(),
            Self::Given(clock) => Duration::from_micros(u64::try_from(clock.now().as_microsecond()).unwrap_or(0)),
        }
    }
}
