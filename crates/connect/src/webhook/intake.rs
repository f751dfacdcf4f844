//! Taking a verified notice in: once, as signals, in one short transaction.

use std::time::Duration;

use atlas_kernel::Result;
use atlas_store::{Tx, query};

use super::is_kept;
use crate::activity::ActivityId;
use crate::connection::Connection;
use crate::{Connections, HookNotice, signal, tally};

/// Notes the notice for the connections that it is about. For all others, and for pings, it is only acknowledged.
pub(crate) async fn take_in(conns: &Connections, verified: &[Connection], notice: &HookNotice) -> Result<()> {
    let mine = |connection: &&Connection| {
        is_kept(connection) && (notice.account.is_empty() || connection.account_id.as_deref() == Some(notice.account.as_str()))
    };
    for connection in verified.iter().filter(mine) {
        conns.db().write(|tx| async move { note(&tx, connection, notice).await }).await?;
    }
    Ok(())
}

async fn note(tx: &Tx, connection: &Connection, notice: &HookNotice) -> Result<()> {
    let (workspace, id) = (connection.workspace_id, connection.id);
    seen(tx, connection, &notice.topic).await?;
    tally::add(tx, workspace, id, &tally::topic(&notice.topic), 1).await?;
    let Some(notice_id) = &notice.id else { return tell(tx, connection) };
    if !is_new(tx, connection, notice, notice_id).await? {
        return tally::add(tx, workspace, id, tally::REPEATED, 1).await;
    }
    tally::add(tx, workspace, id, tally::ACCEPTED, 1).await?;
    for one in &notice.signals {
        signal::put(tx, workspace, id, one, tx.now()).await?;
    }
    if !notice.signals.is_empty() {
        signal::enqueue_drain(tx, workspace, id, Duration::ZERO).await?;
    }
    tell(tx, connection)
}

fn tell(tx: &Tx, connection: &Connection) -> Result<()> {
    tx.touch(connection.workspace_id, &connection.to_ref());
    Ok(())
}

/// Notes the notice's id; a repeated one is only counted.
async fn is_new(tx: &Tx, connection: &Connection, notice: &HookNotice, notice_id: &str) -> Result<bool> {
    let repeats: i64 = query(
        "INSERT INTO connect_notices (workspace_id, connection_id, notice_id, id, topic, at, received_at, signals, repeats, named) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,0,$9) ON CONFLICT (workspace_id, connection_id, notice_id) DO UPDATE SET \
         repeats = connect_notices.repeats + 1 RETURNING repeats",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(notice_id)
    .bind(ActivityId::new(tx.now()))
    .bind(&notice.topic)
    .bind(notice.at)
    .bind(tx.now())
    .bind(notice.signals.len())
    .bind(serde_json::to_value(&notice.signals).map_err(atlas_kernel::Error::internal)?)
    .value(tx)
    .await?;
    Ok(repeats == 0)
}

async fn seen(tx: &Tx, connection: &Connection, topic: &str) -> Result<()> {
    query(
        "INSERT INTO connect_topics (workspace_id, connection_id, topic, first_at, last_at, total) VALUES ($1,$2,$3,$4,$4,1) \
         ON CONFLICT (workspace_id, connection_id, topic) DO UPDATE SET last_at = excluded.last_at, total = connect_topics.total + 1",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(topic)
    .bind(tx.now())
    .run(tx)
    .await
    .map(|_| ())
}
