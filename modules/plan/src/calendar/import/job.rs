//! The jobs: one reads a calendar, one finds those whose time has come.

use std::time::Duration;

use atlas_jobs::{JobCtx, JobKind, Outcome, Schedule};
use atlas_kernel::{Actor, Error, Result};
use atlas_store::Tx;
use url::Url;

use super::fetch::{Fetched, fetch};
use super::verbs::{READ, aad, keep, parse, soon, work_out};
use super::{Calendar, EVERY, Reach, Reading, store};
use crate::CalendarId;

/// The job that reads one calendar.
pub fn job(reach: Option<Reach>) -> JobKind {
    JobKind::new(READ, move |ctx: JobCtx, id: CalendarId| {
        let reach = reach.clone();
        async move {
            read(&ctx, reach.as_ref(), id).await?;
            Ok(Outcome::Done)
        }
    })
    .queue("plan")
    .longest(Duration::from_secs(180))
}

async fn read(ctx: &JobCtx, reach: Option<&Reach>, id: CalendarId) -> Result<()> {
    let fence = |tx: Tx| async move { ctx.fence(&tx).await };
    again(&ctx.db, ctx.workspace, reach, id, &fence).await
}

/// Reads a calendar's address, when it has one, and what it holds; without a change of either nothing is written but when.
///
/// # Errors
/// Whatever the database answers. What the host answers is kept with the calendar.
pub async fn again<F, Fut>(
    db: &atlas_store::Db,
    workspace: atlas_kernel::WorkspaceId,
    reach: Option<&Reach>,
    id: CalendarId,
    first: &F,
) -> Result<()>
where
    F: Fn(Tx) -> Fut + Sync,
    Fut: Future<Output = Result<()>> + Send,
{
    let Some(calendar) = store::one(db, workspace, id).await? else { return Ok(()) };
    let fetched = match (&calendar.address, reach) {
        (None, _) => Fetched::Unchanged,
        (Some(sealed), Some(reach)) => {
            let address = reach.vault.unseal(workspace, &aad(id), sealed)?;
            let url = Url::parse(&String::from_utf8_lossy(&address)).map_err(Error::internal)?;
            // Without the content that goes with it a version says nothing.
            let known = calendar.content.is_some();
            fetch(reach, &url, calendar.etag.as_deref().filter(|_| known), calendar.changed.as_deref().filter(|_| known)).await?
        }
        (Some(_), None) => return Err(Error::internal("calendars at addresses cannot be reached here")),
    };
    let content = match &fetched {
        Fetched::Failed(_) => None,
        Fetched::Unchanged => calendar.content.clone(),
        Fetched::New { content, .. } => Some(content.clone()),
    };
    let reading = match parse(content.unwrap_or_default()).await? {
        Some(text) => Some(work_out(db, workspace, &calendar, text, db.clock().now()).await?),
        None => None,
    };
    let (fetched, reading) = (&fetched, reading.as_ref());
    db.write(|tx| async move {
        first(tx.clone()).await?;
        crate::plan::store::lock(&tx, workspace).await?;
        let Some(calendar) = store::one(&tx, workspace, id).await? else { return Ok(()) };
        let actor = Actor::system(workspace);
        match fetched {
            Fetched::Failed(why) => failed(&tx, &actor, calendar, why).await,
            Fetched::Unchanged => kept(&tx, &actor, calendar, reading).await,
            Fetched::New { content, etag, changed } => {
                let (content, etag, changed) = (Some(content.clone()), etag.clone(), changed.clone());
                kept(&tx, &actor, Calendar { content, etag, changed, ..calendar }, reading).await
            }
        }
    })
    .await
}

async fn kept(tx: &Tx, actor: &Actor, mut calendar: Calendar, reading: Option<&Reading>) -> Result<()> {
    let Some(reading) = reading else {
        let before = store::one(tx, actor.workspace, calendar.id).await?.ok_or(Error::NotFound("calendar"))?;
        return failed(tx, actor, before, "What its host answers is no calendar.").await;
    };
    keep(tx, actor, &mut calendar, reading).await.map(|_| ())
}

async fn failed(tx: &Tx, actor: &Actor, calendar: Calendar, why: &str) -> Result<()> {
    let kept = match calendar.summary.meetings {
        0 => String::new(),
        1 => " The meeting read before is kept.".to_owned(),
        many => format!(" The {many} meetings read before are kept."),
    };
    let calendar = Calendar { problem: Some(format!("{why}{kept}")), tried_at: tx.now(), ..calendar };
    tx.touch_topic(actor.workspace, "calendars");
    store::put(tx, actor.workspace, &calendar).await
}

/// The job that finds calendars whose time has come.
pub fn tick() -> JobKind {
    JobKind::new("plan.calendars", |ctx: JobCtx, (): ()| async move {
        let ctx = &ctx;
        ctx.db
            .write(|tx| async move {
                for (workspace, id) in store::due(&tx, tx.now() - EVERY).await? {
                    soon(&tx, workspace, id).await?;
                }
                Ok(())
            })
            .await?;
        Ok(Outcome::Done)
    })
}

/// How often it looks.
pub fn schedule() -> Schedule {
    Schedule::every("plan.calendars", Duration::from_secs(600), "plan.calendars")
}
