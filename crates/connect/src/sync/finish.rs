//! The end of a run: what the sync log says, and when the next look is.

use std::collections::BTreeMap;
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, Outcome};
use atlas_kernel::{Result, Timestamp};
use atlas_store::{Tx, query};

use super::obtain::ours;
use super::progress::StreamProgress;
use super::read::End;
use super::run::{Ended, Run};
use super::{Sync, SyncKind, SyncState, end_active};
use crate::connection::{Connection, by_id};
use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::{Connections, Failure, FailureClass, activity, audit, signal, tally};

/// What looking at the account came to.
pub(crate) enum Checked {
    /// The token is good, and of the workspace that it should be of.
    Good,
    /// The run ends here.
    Ended(Outcome),
}

/// Before reading much: is this token good, and of the provider workspace whose data is here?
pub(crate) async fn check_account(
    conns: &Connections,
    ctx: &JobCtx,
    connection: &Connection,
    sync: &Sync,
    line: &Line,
) -> Result<Checked, JobError> {
    if sync.kind == SyncKind::Incremental {
        return Ok(Checked::Good);
    }
    let whoami = line.connector().whoami;
    let account = match line.call(Lane::Incremental, &(whoami.request)()).await {
        Ok(good) => (whoami.read)(&good.value).ok(),
        Err(Trouble::Halted) => return Ok(Checked::Ended(Outcome::Again(Duration::from_secs(1)))),
        Err(Trouble::Failed(failure, _)) if failure.class == FailureClass::Auth => {
            conns.heed(connection, "", &failure).await;
            return Ok(Checked::Ended(Outcome::Done));
        }
        Err(Trouble::Failed(failure, _)) if is_passing(failure.class) => {
            return Ok(Checked::Ended(wait(conns, ctx, connection, sync, &failure).await?));
        }
        Err(Trouble::Failed(..)) => None,
    };
    let other = account.filter(|a| connection.account_id.as_ref().is_some_and(|known| *known != a.id));
    if other.is_some() {
        let mut failure = ours("other_workspace", "the token belongs to another workspace of the provider");
        failure.class = FailureClass::Auth;
        conns.heed(connection, "", &failure).await;
        return Ok(Checked::Ended(Outcome::Done));
    }
    Ok(Checked::Good)
}

/// Closes the run's line in the sync log, or leaves it open for the next run.
pub(crate) async fn finish(run: &Run, sync: &Sync, ended: Ended, progress: BTreeMap<String, StreamProgress>) -> Result<Outcome> {
    let ends = match ended {
        Ended::HandedOver => {
            release_lease(run).await?;
            return Ok(Outcome::Again(Duration::ZERO));
        }
        Ended::Ran(ends) => ends,
    };
    if ends.iter().any(|end| matches!(end, End::Halted)) {
        return after_halt(run).await;
    }
    let broken = |wanted: fn(FailureClass) -> bool| {
        ends.iter().find_map(|end| if let End::Broken(f) = end { wanted(f.class).then_some(f) } else { None })
    };
    if broken(|class| class == FailureClass::Auth).is_some() {
        return Ok(Outcome::Done);
    }
    if let Some(failure) = broken(is_passing) {
        if sync.kind != SyncKind::Incremental {
            return wait(&run.conns, &run.ctx, &run.connection, sync, failure).await;
        }
        return close(run, SyncState::Failed, Some(failure), &progress).await;
    }
    if let Some(failure) = broken(|class| class == FailureClass::Input) {
        return close(run, SyncState::Failed, Some(failure), &progress).await;
    }
    close(run, SyncState::Done, None, &progress).await
}

fn is_passing(class: FailureClass) -> bool {
    use FailureClass::{Conflict, Gone, Provider, Rate, Restart, Transient};
    matches!(class, Transient | Provider | Rate | Conflict | Restart | Gone)
}

async fn release_lease(run: &Run) -> Result<()> {
    run.conns
        .db()
        .write(|tx| async move {
            run.fence(&tx).await?;
            let sql = "UPDATE connect_syncs SET lease = NULL, lease_until = NULL WHERE workspace_id = $1 AND id = $2";
            query(sql).bind(run.connection.workspace_id).bind(run.sync).run(&tx).await.map(|_| ())
        })
        .await
}

/// Somebody stopped the connection: paused it, ended it, or changed what it works with.
async fn after_halt(run: &Run) -> Result<Outcome> {
    let now = by_id(&run.ctx.db, run.connection.workspace_id, run.connection.id).await?;
    let Some(connection) = now.filter(Connection::works) else { return Ok(Outcome::Done) };
    release_lease(run).await?;
    Ok(if connection.paused { Outcome::Done } else { Outcome::Again(Duration::from_millis(200)) })
}

/// Something did not answer: the sync stays open and is tried again, later each time.
async fn wait(conns: &Connections, ctx: &JobCtx, connection: &Connection, sync: &Sync, failure: &Failure) -> Result<Outcome> {
    let failures = sync.failures.clamp(0, 20);
    let pause = Duration::from_secs((15_u64 << failures.min(6)).min(600));
    conns
        .db()
        .write(|tx| async move {
            ctx.fence(&tx).await?;
            query(
                "UPDATE connect_syncs SET state = 'waiting', error_code = $3, failures = failures + 1, lease = NULL, lease_until = NULL \
                 WHERE workspace_id = $1 AND id = $2 AND ended_at IS NULL",
            )
            .bind(connection.workspace_id)
            .bind(sync.id)
            .bind(&failure.code)
            .run(&tx)
            .await?;
            let detail = format!("{}; tried again in {} s, going on where it stopped", failure.code, pause.as_secs());
            activity::note(&tx, connection.workspace_id, connection.id, activity::Level::Warning, "sync.waiting", detail).await?;
            tx.touch(connection.workspace_id, &connection.to_ref());
            Ok(())
        })
        .await?;
    Ok(Outcome::Again(pause))
}

async fn close(run: &Run, state: SyncState, failure: Option<&Failure>, progress: &BTreeMap<String, StreamProgress>) -> Result<Outcome> {
    let code = failure.map(|f| f.code.as_str());
    run.conns
        .db()
        .write(|tx| async move {
            run.fence(&tx).await?;
            end_active(&tx, &run.connection, state, code).await?;
            schedule_next(&tx, run, state).await?;
            let name = if state == SyncState::Done { tally::SYNC_OK } else { tally::SYNC_FAILED };
            tally::add(&tx, run.connection.workspace_id, run.connection.id, name, 1).await?;
            if run.kind == SyncKind::Reconcile {
                signal::retry_unreadable(&tx, &run.connection).await?;
                audit::enqueue_audit(&tx, &run.connection).await?;
            }
            note(&tx, run, state, code, progress).await
        })
        .await?;
    Ok(Outcome::Done)
}

async fn schedule_next(tx: &Tx, run: &Run, state: SyncState) -> Result<()> {
    let next = later(tx.now(), run.connection.poll_seconds);
    let audited = state == SyncState::Done && matches!(run.kind, SyncKind::First | SyncKind::Reconcile);
    query(
        "UPDATE connections SET next_poll_at = $3, last_sync_at = CASE WHEN $4 THEN $5 ELSE last_sync_at END, \
         last_audit_at = CASE WHEN $6 THEN $5 ELSE last_audit_at END WHERE workspace_id = $1 AND id = $2",
    )
    .bind(run.connection.workspace_id)
    .bind(run.connection.id)
    .bind(next)
    .bind(state == SyncState::Done)
    .bind(tx.now())
    .bind(audited)
    .run(tx)
    .await?;
    tx.touch(run.connection.workspace_id, &run.connection.to_ref());
    tx.touch_topic(run.connection.workspace_id, "connections");
    Ok(())
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// One line in the activity log, unless it was a look at the schedule that found nothing.
async fn note(tx: &Tx, run: &Run, state: SyncState, code: Option<&str>, progress: &BTreeMap<String, StreamProgress>) -> Result<()> {
    let sum = |of: fn(&StreamProgress) -> i64| progress.values().map(of).sum::<i64>();
    let (fresh, messages) = (sum(|p| p.created + p.updated + p.removed), sum(|p| p.messages));
    if run.kind == SyncKind::Incremental && state == SyncState::Done && fresh + messages == 0 {
        return Ok(());
    }
    let level = if state == SyncState::Done { activity::Level::Ok } else { activity::Level::Error };
    let end = code.map_or_else(String::new, |code| format!(", stopped by {code}"));
    let detail = format!("{} sync: {fresh} records written, {messages} messages added{end}", run.kind);
    activity::note(tx, run.connection.workspace_id, run.connection.id, level, &format!("sync.{state}"), detail).await
}
