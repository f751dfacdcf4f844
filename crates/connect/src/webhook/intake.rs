//! Taking verified notices in: each once, as signals. Those that come while a transaction is under way go into the next together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use atlas_kernel::{Error, Result};
use atlas_store::{Tx, query};
use tokio::sync::oneshot;

use super::is_kept;
use crate::activity::ActivityId;
use crate::connection::Connection;
use crate::sync::is_about_one;
use crate::{Connections, HookNotice, signal, tally};

/// Notices in one transaction, at most.
const MOST: usize = 100;

/// Notices on their way into the database.
#[derive(Default)]
pub(crate) struct Arrivals {
    waiting: Mutex<Vec<Arrival>>,
    turn: tokio::sync::Mutex<()>,
}

/// A notice for one connection.
struct Arrival {
    connection: Connection,
    notice: HookNotice,
    stored: oneshot::Sender<Stored>,
}

/// Whether a notice is in the database; an error is of the transaction, which may have been about others too.
type Stored = Result<(), Arc<Error>>;

impl Arrivals {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Arrival>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<Arrival> {
        let mut waiting = self.waiting();
        let most = waiting.len().min(MOST);
        waiting.drain(..most).collect()
    }
}

/// Notes the notice for the connections that it is about. For all others, and for pings, it is only acknowledged.
///
/// It is stored though nobody waits for the answer any more.
pub(crate) async fn take_in(conns: &Connections, verified: Vec<Connection>, notice: &HookNotice) -> Stored {
    let mine = |connection: &Connection| {
        is_kept(connection) && (notice.account.is_empty() || connection.account_id.as_deref() == Some(notice.account.as_str()))
    };
    let mut told = vec![];
    for connection in verified.into_iter().filter(mine) {
        let (stored, tell) = oneshot::channel();
        conns.arrivals().waiting().push(Arrival { connection, notice: notice.clone(), stored });
        tokio::spawn(store_waiting(conns.clone()));
        told.push(tell);
    }
    for tell in told {
        tell.await.map_err(|_| Error::internal("the notice was not stored"))??;
    }
    Ok(())
}

/// Stores what waits when its turn has come: often another turn has taken it along.
async fn store_waiting(conns: Connections) {
    let _turn = conns.arrivals().turn.lock().await;
    let arrivals = conns.arrivals().take();
    if arrivals.is_empty() {
        return;
    }
    match store(&conns, &arrivals).await {
        // One that cannot be stored must not keep the others out.
        Err(error) if arrivals.len() > 1 && is_about_one(&error) => {
            for arrival in arrivals {
                let stored = store(&conns, std::slice::from_ref(&arrival)).await.map_err(Arc::new);
                let _ = arrival.stored.send(stored);
            }
        }
        stored => {
            let stored = stored.map_err(Arc::new);
            for arrival in arrivals {
                let _ = arrival.stored.send(stored.clone());
            }
        }
    }
}

async fn store(conns: &Connections, arrivals: &[Arrival]) -> Result<()> {
    let mut by_connection: BTreeMap<_, (&Connection, Vec<&HookNotice>)> = BTreeMap::new();
    for arrival in arrivals {
        by_connection.entry(arrival.connection.id).or_insert((&arrival.connection, vec![])).1.push(&arrival.notice);
    }
    let by_connection = &by_connection;
    let stored = conns.db().write_first(|tx| async move {
        for (connection, notices) in by_connection.values() {
            note(&tx, connection, notices).await?;
        }
        Ok(())
    });
    stored.await
}

/// What notices share comes last: its rows are locked until the commit, and other nodes' notices wait for them.
async fn note(tx: &Tx, connection: &Connection, notices: &[&HookNotice]) -> Result<()> {
    let (workspace, id) = (connection.workspace_id, connection.id);
    let (mut signals, mut topics, mut counts) = (vec![], BTreeMap::<&str, i64>::new(), BTreeMap::<String, i64>::new());
    let mut is_news = false;
    for notice in notices {
        *topics.entry(&notice.topic).or_default() += 1;
        *counts.entry(tally::topic(&notice.topic)).or_default() += 1;
        let Some(notice_id) = &notice.id else {
            is_news = true;
            continue;
        };
        let is_new = is_new(tx, connection, notice, notice_id).await?;
        *counts.entry(if is_new { tally::ACCEPTED } else { tally::REPEATED }.to_owned()).or_default() += 1;
        if is_new {
            is_news = true;
            signals.extend(&notice.signals);
        }
    }
    signal::put_all(tx, workspace, id, signals).await?;
    for (topic, count) in topics {
        seen(tx, connection, topic, count).await?;
    }
    tally::add_all(tx, workspace, id, counts).await?;
    if is_news {
        tx.touch(workspace, &connection.to_ref());
    }
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
    .bind(serde_json::to_value(&notice.signals).map_err(Error::internal)?)
    .value(tx)
    .await?;
    Ok(repeats == 0)
}

async fn seen(tx: &Tx, connection: &Connection, topic: &str, count: i64) -> Result<()> {
    query(
        "INSERT INTO connect_topics (workspace_id, connection_id, topic, first_at, last_at, total) VALUES ($1,$2,$3,$4,$4,$5) \
         ON CONFLICT (workspace_id, connection_id, topic) DO UPDATE SET last_at = excluded.last_at, \
         total = connect_topics.total + excluded.total",
    )
    .bind(connection.workspace_id)
    .bind(connection.id)
    .bind(topic)
    .bind(tx.now())
    .bind(count)
    .run(tx)
    .await
    .map(|_| ())
}
