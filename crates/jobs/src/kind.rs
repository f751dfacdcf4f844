//! A kind of job: its name, the queue that works it, and the code that runs it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use atlas_kernel::Error;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::{DEFAULT_QUEUE, JobCtx};

/// How a job ended well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is done and gone.
    Done,
    /// The same job again after this long, its attempts counted anew.
    Again(Duration),
}

/// How a job ended badly.
#[derive(Debug)]
pub enum JobError {
    /// Worth another try: after the given time, or after the usual backoff.
    Retry {
        /// What happened.
        error: Error,
        /// When the other side said how long to wait.
        after: Option<Duration>,
    },
    /// No try will help: it becomes a dead letter.
    Fail(Error),
}

impl JobError {
    /// Another try after the usual backoff.
    pub fn retry(error: Error) -> Self {
        Self::Retry { error, after: None }
    }

    /// Another try after `delay`.
    pub fn retry_after(error: Error, delay: Duration) -> Self {
        Self::Retry { error, after: Some(delay) }
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) | Error::Invalid(_) | Error::Denied { .. } | Error::Conflict { .. } => Self::Fail(error),
            Error::RateLimited { retry_after } => Self::retry_after(error, Duration::from_secs(retry_after)),
            error => Self::retry(error),
        }
    }
}

type Handler = Arc<dyn Fn(JobCtx, Json) -> BoxFuture<'static, Result<Outcome, JobError>> + Send + Sync>;

/// A kind of job and how it is run.
#[derive(Clone)]
pub struct JobKind {
    pub(crate) name: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) longest: Duration,
    handler: Handler,
}

impl JobKind {
    /// The kind called `name` (`module.verb`), run by `handler` with its payload.
    ///
    /// A payload that cannot be read makes a dead letter.
    pub fn new<P, F, Fut>(name: &'static str, handler: F) -> Self
    where
        P: DeserializeOwned + Send + 'static,
        F: Fn(JobCtx, P) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome, JobError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |ctx, payload| match serde_json::from_value::<P>(payload) {
            Ok(payload) => handler(ctx, payload).boxed(),
            Err(error) => futures::future::ready(Err(JobError::Fail(Error::internal(unreadable(&error))))).boxed(),
        });
        Self { name, queue: DEFAULT_QUEUE, longest: Duration::from_secs(3600), handler }
    }

    /// Works this kind from another queue than `default`, so that neither waits for the other.
    #[must_use]
    pub fn queue(mut self, queue: &'static str) -> Self {
        self.queue = queue;
        self
    }

    /// Stops an attempt that takes longer (an hour when not said) and tries again.
    #[must_use]
    pub fn longest(mut self, time: Duration) -> Self {
        self.longest = time;
        self
    }

    /// The kind's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn call(&self, ctx: JobCtx, payload: Json) -> BoxFuture<'static, Result<Outcome, JobError>> {
        (self.handler)(ctx, payload)
    }
}

/// What serde says, without the values of the payload that it may quote.
fn unreadable(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "has another shape than this version expects",
        _ => "is not JSON",
    };
    format!("the job's payload {what}")
}

impl fmt::Debug for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobKind").field("name", &self.name).field("queue", &self.queue).finish_non_exhaustive()
    }
}
