//! The tick: what is due for any connection — looks for changes, audits, purges, and the broom.

use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, Outcome};
use atlas_kernel::{Result, Timestamp};
use atlas_store::{Tx, query};
use jiff::SignedDuration;

use crate::connection::{self, Connection, ConnectionState, set_state};
use crate::sync::{self, SyncKind};
use crate::webhook::write_down;
use crate::{Connections, activity, farewell, purge, signal, tally, two_way};

/// The kind of job that ticks.
pub(crate) const JOB: &str = "connect.tick";
/// How often.
pub(crate) const EVERY: Duration = Duration::from_secs(5);
/// How often the slower audit runs.
const AUDIT_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// Lines of looks that found nothing are kept this long.
const QUIET_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Our own writes are known this long when they come back.
const ECHOES_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Does what is due.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, (): ()) -> Result<Outcome, JobError> {
    let now = ctx.db.clock().now();
    for connection in connection::due_to_poll(&ctx.db, now).await? {
        let connection = &connection;
        ctx.db.write(|tx| async move { poll(&tx, connection).await }).await?;
    }
    for connection in connection::due_for_purge(&ctx.db, now).await? {
        let connection = &connection;
        ctx.db.write(|tx| async move { purge::resume(&tx, connection).await }).await?;
    }
    for connection in connection::stale_connecting(&ctx.db, now).await? {
        let connection = &connection;
        ctx.db.write(|tx| async move { set_state(&tx, connection, ConnectionState::Disconnected).await }).await?;
    }
    write_down(&conns).await?;
    if now.as_second() % 60 < EVERY.as_secs().cast_signed() {
        ctx.db.write(|tx| async move { sweep(&tx).await }).await?;
    }
    Ok(Outcome::Done)
}

/// Starts the next look at a connection, and makes sure that somebody works on what waits.
async fn poll(tx: &Tx, connection: &Connection) -> Result<()> {
    let next = after(tx.now(), SignedDuration::from_secs(connection.poll_seconds));
    let sql = "UPDATE connections SET next_poll_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'connected' AND NOT paused";
    if query(sql).bind(connection.workspace_id).bind(connection.id).bind(next).run(tx).await? == 0 {
        return Ok(());
    }
    match sync::active(tx, connection.workspace_id, connection.id).await? {
        // One is under way. Should its job have been lost, this one takes it up; otherwise it finds the lease held.
        Some(_) if !atlas_jobs::waiting(tx, connection.workspace_id, &format!("sync:{}", connection.id)).await? => {
            sync::enqueue_run(tx, connection, Duration::ZERO).await?;
        }
        Some(_) => {}
        None => {
            let audited = connection.last_audit_at.is_some_and(|at| after(at, AUDIT_EVERY) > tx.now());
            let kind = if audited { SyncKind::Incremental } else { SyncKind::Reconcile };
            sync::start(tx, connection, kind, None).await?;
        }
    }
    if signal::backlog(tx, connection.workspace_id, connection.id).await?.all() > 0 {
        signal::enqueue_drain(tx, connection.workspace_id, connection.id, Duration::ZERO).await?;
    }
    Ok(())
}

/// Deletes what is old, a little at a time.
async fn sweep(tx: &Tx) -> Result<()> {
    let days = |days: i64| before(tx.now(), SignedDuration::from_hours(24 * days));
    let old = days(activity::KEPT_DAYS);
    query("DELETE FROM connect_states WHERE expires_at < $1").bind(tx.now()).run(tx).await?;
    farewell::sweep(tx).await?;
    query(
        "DELETE FROM connect_activity WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM connect_activity WHERE at < $1 LIMIT 200)",
    )
    .bind(old)
    .run(tx)
    .await?;
    two_way::sweep(tx, before(tx.now(), ECHOES_KEPT)).await?;
    query("DELETE FROM connect_tallies WHERE hour < $1").bind(tally::hour(days(35))).run(tx).await?;
    query(
        "DELETE FROM connect_notices WHERE (workspace_id, connection_id, notice_id) IN \
         (SELECT workspace_id, connection_id, notice_id FROM connect_notices WHERE received_at < $1 LIMIT 200)",
    )
    .bind(old)
    .run(tx)
    .await?;
    query(
        "DELETE FROM connect_syncs WHERE (workspace_id, id) IN (SELECT workspace_id, id FROM connect_syncs WHERE ended_at < $1 \
         AND (ended_at < $2 OR (kind = 'incremental' AND state = 'done')) LIMIT 200)",
    )
    .bind(before(tx.now(), QUIET_KEPT))
    .bind(old)
    .run(tx)
    .await
    .map(|_| ())
}

fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
