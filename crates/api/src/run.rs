//! Running an operation: straight, in a transaction, or to its end; remembered when a key says so.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use atlas_kernel::{Error, Result};
use futures::FutureExt;
use tracing::Instrument;

use crate::Ctx;
use crate::endpoint::Running;
use crate::idempotency::{Claim, Key};
use crate::input::Parts;
use crate::problem::{Place, Problem};
use crate::reply::Reply;
use crate::router::Bound;

/// One call, ready to run.
#[derive(Clone)]
pub(crate) struct Call {
    pub bound: Arc<Bound>,
    pub ctx: Ctx,
    pub parts: Arc<Parts>,
    pub key: Option<Key>,
    /// Where problems say they happened.
    pub base_url: Arc<str>,
    pub path: Arc<str>,
}

/// How a call ended.
pub(crate) enum Ended {
    Fresh(Reply),
    Replayed(Reply),
    Gone,
    Reused,
    Busy,
}

impl Call {
    pub async fn run(self) -> Result<Ended> {
        match self.bound.operation.endpoint.running() {
            Running::Reading => self.once(None).await.map(Ended::Fresh),
            Running::Writing => self.write().await,
            Running::Acting => {
                let acting = tokio::spawn(self.act().instrument(tracing::Span::current()));
                acting.await.map_err(Error::internal)?
            }
        }
    }

    async fn once(&self, tx: Option<atlas_store::Tx>) -> Result<Reply> {
        let operation = &self.bound.operation;
        let answer = operation.endpoint.call(self.ctx.clone(), tx, self.parts.clone()).await?;
        Reply::of(operation, self.bound.record_path.as_deref(), &answer)
    }

    /// The answer and its memory are committed together, so that neither exists without the other.
    async fn write(self) -> Result<Ended> {
        let outcome = self.ctx.db.write(|tx| self.write_in(tx)).await;
        if let (Err(error), Some(key)) = (&outcome, &self.key)
            && is_verdict(error)
        {
            self.remember_refusal(key, error).await;
        }
        outcome
    }

    async fn write_in(&self, tx: atlas_store::Tx) -> Result<Ended> {
        let Some(key) = &self.key else { return self.once(Some(tx)).await.map(Ended::Fresh) };
        let mark = match key.claim(&tx).await? {
            Claim::Mine(mark) => mark,
            other => return Ok(other.into()),
        };
        let reply = self.once(Some(tx.clone())).await?;
        key.remember(&tx, &mark, &reply).await?;
        Ok(Ended::Fresh(reply))
    }

    /// The key is claimed first and answered afterwards: what the outside did cannot be rolled back.
    async fn act(self) -> Result<Ended> {
        let Some(key) = &self.key else { return self.guarded().await.map(Ended::Fresh) };
        let mark = match self.ctx.db.write(|tx| async move { key.claim(&tx).await }).await? {
            Claim::Mine(mark) => mark,
            other => return Ok(other.into()),
        };
        let outcome = self.guarded().await;
        let kept = match &outcome {
            Ok(reply) => Some(reply.clone()),
            Err(error) => is_verdict(error).then(|| self.refusal(error)),
        };
        let (mark, kept) = (mark.as_str(), kept.as_ref());
        let noted = self.ctx.db.write(|tx| async move {
            match kept {
                Some(reply) => key.remember(&tx, mark, reply).await,
                None => key.release(&tx, mark).await,
            }
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "an answer could not be remembered; its key stays busy for some minutes");
        }
        outcome.map(Ended::Fresh)
    }

    async fn guarded(&self) -> Result<Reply> {
        let caught = AssertUnwindSafe(self.once(None)).catch_unwind().await;
        caught.unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    async fn remember_refusal(&self, key: &Key, error: &Error) {
        let reply = &self.refusal(error);
        let noted = self.ctx.db.write(|tx| async move {
            match key.claim(&tx).await? {
                Claim::Mine(mark) => key.remember(&tx, &mark, reply).await,
                _ => Ok(()),
            }
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a refusal could not be remembered");
        }
    }

    fn refusal(&self, error: &Error) -> Reply {
        let place = Place { base_url: &self.base_url, path: &self.path, request_id: &self.ctx.request_id };
        Reply::of_problem(&Problem::from(error), &place)
    }
}

impl From<Claim> for Ended {
    fn from(claim: Claim) -> Self {
        match claim {
            Claim::Replay(reply) => Self::Replayed(reply),
            Claim::Gone => Self::Gone,
            Claim::Reused => Self::Reused,
            Claim::Mine(_) | Claim::Busy => Self::Busy,
        }
    }
}

/// Whether an error answers the request, as opposed to saying that it could not be answered now.
fn is_verdict(error: &Error) -> bool {
    matches!(error.status(), 404 | 409 | 412 | 422)
}

/// A panic as a fault of ours, with its message for the log.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().map(|t| (*t).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    Error::internal(format!("a handler panicked: {}", text.unwrap_or_else(|| "no message".into())))
}
