//! The jobs: one plans a workspace anew, one finds plans that have fallen behind the clock.

use std::time::{Duration, Instant};

use atlas_jobs::{JobCtx, JobKind, Outcome, Schedule};
use atlas_kernel::{Actor, Error, Result};
use atlas_store::{Db, Tx};
use futures::future::BoxFuture;

use super::known::same;
use super::{Question, Replanned, Took, Why, replan};
use crate::Planning;
use crate::facts::present;
use crate::plan::{notice, store};

/// A change can be taken back for so long.
const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);
/// A notice is shown for so long.
const TOLD: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);
/// So often a plan is made outside of a write before the lock is taken for it.
const TRIES: usize = 3;

/// The job that plans a workspace anew.
pub fn job(planning: &Planning, name: &'static str) -> JobKind {
    let planning = planning.clone();
    JobKind::new(name, move |ctx: JobCtx, (): ()| {
        let planning = planning.clone();
        async move {
            let fence = |tx: Tx| -> BoxFuture<'static, Result<()>> {
                let ctx = ctx.clone();
                Box::pin(async move {
                    ctx.fence(&tx).await?;
                    notice::forget_before(&tx, ctx.workspace, tx.now() - TOLD).await?;
                    store::forget_before(&tx, ctx.workspace, tx.now() - KEPT).await.map(|_| ())
                })
            };
            outside(&planning, &ctx.db, &Actor::system(ctx.workspace), &fence).await?;
            Ok(Outcome::Done)
        }
    })
    .queue("plan")
}

/// Plans the workspace anew without holding a write while it reads and plans; `first` begins the transaction that saves.
///
/// What is saved answers the facts as they were read. A change that came later has asked for a plan of its own; one of
/// the plan itself makes this one start over.
///
/// # Errors
/// Whatever the database answers.
pub async fn outside(
    planning: &Planning,
    db: &Db,
    actor: &Actor,
    first: &(dyn Fn(Tx) -> BoxFuture<'static, Result<()>> + Send + Sync),
) -> Result<Replanned> {
    for _ in 0..TRIES {
        let begun = Instant::now();
        let state = store::state(db, actor.workspace).await?;
        let (why, of) = (Why::default(), state.clone());
        let question = Question::read(planning, db, actor.workspace, db.clock().now(), state, &why).await?;
        let read = Instant::now();
        let answer = tokio::task::spawn_blocking(move || question.answer(why)).await.map_err(Error::internal)??;
        let planned = Instant::now();
        let (answer, of) = (&answer, &of);
        let saved = db
            .write(|tx| async move {
                first(tx.clone()).await?;
                let state = store::lock(&tx, actor.workspace).await?;
                if !same(&state, of) {
                    return Ok(None);
                }
                answer.save(planning, &tx, actor).await.map(Some)
            })
            .await?;
        if let Some(replanned) = saved {
            let took = Took { reading: read - begun, planning: planned - read, writing: planned.elapsed() };
            return Ok(Replanned { took, ..replanned });
        }
    }
    db.write(|tx| async move {
        first(tx.clone()).await?;
        replan(planning, &tx, actor, Why::default()).await
    })
    .await
}

/// The job that finds plans which have fallen behind the clock.
pub fn tick() -> JobKind {
    JobKind::new("plan.tick", |ctx: JobCtx, (): ()| async move {
        let ctx = &ctx;
        ctx.db
            .write(|tx| async move {
                for workspace in store::behind(&tx, present(tx.now())).await? {
                    atlas_module::plannable::changed(&tx, workspace).await?;
                }
                Ok(())
            })
            .await?;
        Ok(Outcome::Done)
    })
}

/// How often plans are held against the clock.
pub fn schedule() -> Schedule {
    Schedule::every("plan.tick", Duration::from_secs(900), "plan.tick")
}
