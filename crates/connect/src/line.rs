//! A line to the provider for one connection: paced, retried, stopped when the connection stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use atlas_kernel::{Clock, Timestamp, random_bytes};
use serde_json::Value;

use crate::connection::Secret;
use crate::halt::Halt;
use crate::http::{Http, Lost, Outgoing, Reply};
use crate::pacer::{Lane, Pacer, Permit};
use crate::pause::pause;
use crate::shared::Shared;
use crate::{Answer, Connector, Failure, FailureClass, Request};

/// How often a call is tried that failed in passing.
const TRIES: u32 = 5;
/// How often a call is tried whose failure nobody knows.
const UNKNOWN_TRIES: u32 = 3;
/// How often a call waits for the next window.
const RATE_TRIES: u32 = 20;
/// No call is tried again after this long.
const CALL_BUDGET: Duration = Duration::from_secs(180);

/// A line; clones are the same line.
#[derive(Clone)]
pub(crate) struct Line(Arc<Inner>);

struct Inner {
    connector: Arc<Connector>,
    base: String,
    token: Secret,
    http: Http,
    pacer: Pacer,
    halt: Halt,
    shared: Shared,
    clock: Clock,
    calls: AtomicU64,
    retries: AtomicU64,
    too_many: AtomicU64,
}

/// A call that went well.
pub(crate) struct Good {
    pub value: Value,
    /// When it was sent, which is what the answer is as new as.
    pub started: Timestamp,
    pub took: Duration,
    /// The provider's clock, Unix seconds.
    pub date: Option<i64>,
}

/// A call that did not.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The provider's failure, in its class, with the answer for those who read more from it.
    Failed(Failure, Box<Answer>),
    /// The connection was stopped meanwhile.
    Halted,
}

impl Trouble {
    /// The failure's class, when there is one.
    pub fn class(&self) -> Option<FailureClass> {
        match self {
            Self::Failed(failure, _) => Some(failure.class),
            Self::Halted => None,
        }
    }
}

impl Line {
    pub fn new(connector: Arc<Connector>, base: &str, token: Secret, http: Http, pacer: Pacer, halt: Halt, clock: Clock) -> Self {
        let zero = AtomicU64::default;
        let (calls, retries, too_many, shared) = (zero(), zero(), zero(), Shared::default());
        Self(Arc::new(Inner { connector, base: base.to_owned(), token, http, pacer, halt, shared, clock, calls, retries, too_many }))
    }

    /// The same line, new still, with answers that other lines share.
    #[must_use]
    pub fn sharing(self, shared: Shared) -> Self {
        let inner = Arc::into_inner(self.0).expect("a line is shared only once it is made");
        Self(Arc::new(Inner { shared, ..inner }))
    }

    pub fn connector(&self) -> &Arc<Connector> {
        &self.0.connector
    }

    /// Answers that many objects need.
    pub fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub fn pacer(&self) -> &Pacer {
        &self.0.pacer
    }

    /// The provider's present time as far as its answers tell, Unix seconds.
    pub fn provider_now(&self) -> i64 {
        self.now().as_second() + self.0.pacer.clock_difference().map_or(0, |micros| micros.div_euclid(1_000_000))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub fn halt(&self) -> &Halt {
        &self.0.halt
    }

    /// Calls, retries and "too many" answers since this was asked last.
    pub fn take_counts(&self) -> (i64, i64, i64) {
        let take = |counter: &AtomicU64| i64::try_from(counter.swap(0, Ordering::Relaxed)).unwrap_or(i64::MAX);
        (take(&self.0.calls), take(&self.0.retries), take(&self.0.too_many))
    }

    /// Sends a call until it is answered for good.
    pub async fn call(&self, lane: Lane, request: &Request) -> Result<Good, Trouble> {
        let begun = Instant::now();
        let (mut tries, mut rate_tries) = (0, 0);
        loop {
            let (failure, answer) = match self.once(lane, request).await? {
                Ok(good) => return Ok(good),
                Err(failed) => failed,
            };
            let again = match failure.class {
                FailureClass::Rate => {
                    rate_tries += 1;
                    (rate_tries < RATE_TRIES).then_some(Duration::ZERO)
                }
                FailureClass::Transient | FailureClass::Provider => {
                    tries += 1;
                    let most = if failure.class == FailureClass::Transient { TRIES } else { UNKNOWN_TRIES };
                    (tries < most && begun.elapsed() < CALL_BUDGET).then(|| backoff(tries))
                }
                _ => None,
            };
            let Some(wait) = again else { return Err(Trouble::Failed(failure, Box::new(answer))) };
            self.0.retries.fetch_add(1, Ordering::Relaxed);
            tokio::select! {
                () = self.0.halt.raised() => return Err(Trouble::Halted),
                () = pause(&self.0.clock, wait) => {}
            }
        }
    }

    /// Sends a call once, when the pacer lets it.
    async fn once(&self, lane: Lane, request: &Request) -> Result<Result<Good, (Failure, Answer)>, Trouble> {
        let permit = tokio::select! {
            biased;
            () = self.0.halt.raised() => return Err(Trouble::Halted),
            permit = self.0.pacer.permit(lane) => permit,
        };
        let started = self.0.clock.now();
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        let headers = self.0.connector.headers;
        let call = Outgoing { base: &self.0.base, request, token: Some(&self.0.token), headers, form: None };
        let sent = tokio::select! {
            biased;
            () = self.0.halt.raised() => return Err(Trouble::Halted),
            sent = self.0.http.send(call) => sent,
        };
        Ok(match sent {
            Ok(reply) => self.read(reply, permit, started),
            Err(lost) => Err((failure_of(&lost), Answer::default())),
        })
    }

    fn read(&self, reply: Reply, permit: Permit, started: Timestamp) -> Result<Good, (Failure, Answer)> {
        let reading = reply.reading(self.0.connector.limits.read);
        let date = reply.date();
        if reply.is_success() {
            permit.answered(reading, date);
            return match reply.json() {
                Some(value) => Ok(Good { value, started, took: reply.took, date }),
                None => Err((unreadable(), reply.to_answer())),
            };
        }
        let answer = reply.to_answer();
        let mut failure = (self.0.connector.classify)(&answer);
        failure.message = self.scrub(&failure.message);
        if failure.class == FailureClass::Rate {
            self.0.too_many.fetch_add(1, Ordering::Relaxed);
            permit.refused(reading, reply.retry_after());
        } else {
            permit.answered(reading, date);
        }
        Err((failure, answer))
    }

    /// The provider's words without our token, cut short.
    fn scrub(&self, message: &str) -> String {
        let token = self.0.token.expose();
        let clean = if token.len() >= 6 { message.replace(token, "…") } else { message.to_owned() };
        clean.chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

fn failure_of(lost: &Lost) -> Failure {
    let class = match lost {
        Lost::Forbidden(_) | Lost::TooLarge => FailureClass::Input,
        Lost::Timeout | Lost::Connect | Lost::Broken => FailureClass::Transient,
    };
    Failure { class, code: lost.code().into(), message: lost.to_string(), scope: None }
}

/// A success that is no JSON: worth a few tries, then an unknown failure.
fn unreadable() -> Failure {
    Failure {
        class: FailureClass::Transient,
        code: "answer_unreadable".into(),
        message: "the answer is not the JSON it should be".into(),
        scope: None,
    }
}

/// 0.4, 0.8, 1.6 … 20 s, between half and all of it.
pub(crate) fn backoff(tries: u32) -> Duration {
    let whole = Duration::from_millis(400 << tries.saturating_sub(1).min(6)).min(Duration::from_secs(20));
    let [share] = random_bytes::<1>();
    whole / 2 + whole / 2 * u32::from(share) / 255
}
