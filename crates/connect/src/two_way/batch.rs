//! Batches: writing everything that differs, step by step; stopping that; and taking it back.

use atlas_jobs::{JobCtx, JobError, NewJob, Outcome, enqueue};
use atlas_kernel::{Actor, ConnectionId, Error, Result, Timestamp, WorkspaceId, text_enum};
use atlas_store::{Event, Executor, Tx, built_query, query, record_event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::preview::{AT_ONCE, Judge};
use super::push;
use crate::connection::{CONNECTIONS_READ, Connection, by_id, by_slug};
use crate::{Connections, activity};

atlas_kernel::kinds! {
    /// Many records written at once.
    Batch_ = "batch", BatchId;
}

text_enum! {
    /// What a batch does.
    pub enum BatchKind {
        /// Writes what differs.
        Write = "write",
        /// Takes another batch back.
        Undo = "undo",
    }
}
text_enum! {
    /// How a batch is.
    pub enum BatchState {
        /// Finding what is to be written.
        Preparing = "preparing",
        /// Writing it.
        Writing = "writing",
        /// Everything was written, refused or waits for a decision.
        Done = "done",
        /// Stopped by a person; what was written stays written.
        Stopped = "stopped",
    }
}
atlas_store::text_column!(BatchKind, BatchState);

/// The kind of job that prepares batches.
pub(crate) const JOB: &str = "connect.batch";

#[derive(Serialize, Deserialize)]
pub(crate) struct BatchJob {
    connection: ConnectionId,
    batch: BatchId,
}

atlas_store::row! {
    /// A batch as stored.
    #[derive(Clone, Debug)]
    pub(super) struct Batch {
        pub id: BatchId,
        pub kind: BatchKind,
        pub state: BatchState,
        pub undoes: Option<BatchId>,
        pub requested_by: String,
        pub cursor: String,
        pub records: i64,
        pub started_at: Timestamp,
        pub ended_at: Option<Timestamp>,
    }
}

const COLUMNS: &str = "id, kind, state, undoes, requested_by, cursor, records, started_at, ended_at";

/// A batch, as pages and REST show it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "WriteBatch")]
pub struct BatchView {
    /// The batch's id.
    pub id: BatchId,
    /// What it does.
    pub kind: BatchKind,
    /// How it is.
    pub state: BatchState,
    /// The batch that it takes back.
    pub undoes: Option<BatchId>,
    /// Who asked for it.
    pub requested_by: String,
    /// Records it is about.
    pub records: i64,
    /// Records that still wait.
    pub waiting: i64,
    /// Fields written.
    pub written: i64,
    /// Fields the provider refused.
    pub refused: i64,
    /// Fields taken back since.
    pub undone: i64,
    /// Fields that were not taken back, because somebody changed them since.
    pub kept: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

async fn find(on: &dyn Executor, workspace: WorkspaceId, connection: ConnectionId, id: BatchId) -> Result<Option<Batch>> {
    let sql = format!("SELECT {COLUMNS} FROM connect_batches WHERE workspace_id = $1 AND connection_id = $2 AND id = $3");
    built_query(sql).bind(workspace).bind(connection).bind(id).first(on).await
}

async fn view(on: &dyn Executor, workspace: WorkspaceId, batch: Batch) -> Result<BatchView> {
    let sql = "SELECT state, COUNT(*) FROM connect_writes WHERE workspace_id = $1 AND batch_id = $2 GROUP BY state";
    let counts: Vec<(String, i64)> = query(sql).bind(workspace).bind(batch.id).all(on).await?;
    let waiting = query("SELECT COUNT(*) FROM connect_pushes WHERE workspace_id = $1 AND batch_id = $2").bind(workspace).bind(batch.id);
    let of = |state: &str| counts.iter().find(|(known, _)| known == state).map_or(0, |(_, count)| *count);
    Ok(BatchView {
        id: batch.id,
        kind: batch.kind,
        state: batch.state,
        undoes: batch.undoes,
        requested_by: batch.requested_by,
        records: batch.records,
        waiting: waiting.value(on).await?,
        written: of("written") + of("undone") + of("kept"),
        refused: of("refused"),
        undone: of("undone"),
        kept: of("kept"),
        started_at: batch.started_at,
        ended_at: batch.ended_at,
    })
}

/// Prepares a batch, a page of records at a time.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, job: BatchJob) -> Result<Outcome, JobError> {
    let (conns, ctx) = (&conns, &ctx);
    let Some(connection) = &by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    while let Some(batch) = find(&ctx.db, ctx.workspace, job.connection, job.batch).await? {
        if batch.state != BatchState::Preparing {
            return Ok(Outcome::Done);
        }
        let (places, cursor) = match batch.undoes {
            None => differing(conns, connection, &batch).await?,
            Some(undone) => written(ctx, connection, &batch, undone).await?,
        };
        let (batch, places, cursor) = (&batch, &places, &cursor);
        ctx.db
            .write(|tx| async move {
                ctx.fence(&tx).await?;
                for (what, external_id) in places {
                    push::put(&tx, connection.workspace_id, connection.id, what, external_id, Some((batch.id, batch.undoes))).await?;
                }
                let state = if cursor.is_some() { BatchState::Preparing } else { BatchState::Writing };
                let sql = "UPDATE connect_batches SET state = $3, cursor = $4, records = records + $5 WHERE workspace_id = $1 AND id = $2 AND state = 'preparing'";
                let ask = query(sql).bind(connection.workspace_id).bind(batch.id).bind(state).bind(cursor.clone().unwrap_or_default());
                ask.bind(places.len()).run(&tx).await?;
                tx.touch(connection.workspace_id, &connection.to_ref());
                push::enqueue_send(&tx, connection.workspace_id, connection.id, std::time::Duration::ZERO).await
            })
            .await?;
    }
    Ok(Outcome::Done)
}

type Places = (Vec<(String, String)>, Option<String>);

/// The next records that differ, and where to go on; a cursor is the kind and the last id.
async fn differing(conns: &Connections, connection: &Connection, batch: &Batch) -> Result<Places> {
    let judge = Judge::new(conns, connection).await?;
    let (kind, after) = batch.cursor.split_once(' ').unwrap_or(("", ""));
    let kinds = judge.kinds();
    let at = kinds.iter().position(|what| what.as_str() == kind).unwrap_or(0);
    let Some(what) = kinds.get(at).copied() else { return Ok((vec![], None)) };
    let page = judge.page(conns, connection, what, after).await?;
    let cursor = match page.last() {
        Some((last, _)) if page.len() == AT_ONCE => Some(format!("{} {}", what.as_str(), last.external_id)),
        _ => kinds.get(at + 1).map(|next| format!("{} ", next.as_str())),
    };
    let differs = page.into_iter().filter(|(_, changes)| !changes.is_empty());
    Ok((differs.map(|(mapped, _)| (what.as_str().to_owned(), mapped.external_id)).collect(), cursor))
}

/// The next records that a batch wrote into.
async fn written(ctx: &JobCtx, connection: &Connection, batch: &Batch, undone: BatchId) -> Result<Places> {
    let (kind, after) = batch.cursor.split_once(' ').unwrap_or(("", ""));
    let sql = "SELECT DISTINCT what, external_id FROM connect_writes WHERE workspace_id = $1 AND connection_id = $2 AND batch_id = $3 \
         AND state = 'written' AND (what, external_id) > ($4, $5) ORDER BY what, external_id LIMIT $6";
    let ask = query(sql).bind(connection.workspace_id).bind(connection.id).bind(undone).bind(kind).bind(after).bind(AT_ONCE);
    let rows: Vec<(String, String)> = ask.all(&ctx.db).await?;
    let cursor = rows.last().filter(|_| rows.len() == AT_ONCE).map(|(what, id)| format!("{what} {id}"));
    Ok((rows, cursor))
}

/// Ends the batches of which nothing waits any more.
pub(super) async fn finish(ctx: &JobCtx, connection: &Connection) -> Result<()> {
    let (workspace, id) = (connection.workspace_id, connection.id);
    let sql = "SELECT id FROM connect_batches b WHERE workspace_id = $1 AND connection_id = $2 AND state = 'writing' AND NOT EXISTS \
         (SELECT 1 FROM connect_pushes p WHERE p.workspace_id = b.workspace_id AND p.batch_id = b.id)";
    let ended: Vec<BatchId> = query(sql).bind(workspace).bind(id).values(&ctx.db).await?;
    for batch in ended {
        ctx.db
            .write(|tx| async move {
                let sql =
                    "UPDATE connect_batches SET state = 'done', ended_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'writing'";
                if query(sql).bind(workspace).bind(batch).bind(tx.now()).run(&tx).await? > 0
                    && let Some(found) = find(&tx, workspace, id, batch).await?
                {
                    let done = view(&tx, workspace, found).await?;
                    let what = if done.kind == BatchKind::Undo { "Taking back ended" } else { "Writing ended" };
                    let detail = format!("{what}: {} fields written, {} refused, {} records", done.written, done.refused, done.records);
                    activity::note(&tx, workspace, id, activity::Level::Ok, "writes.finished", detail).await?;
                    tx.touch(workspace, &id.to_ref());
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}

async fn start(tx: &Tx, actor: &Actor, connection: &Connection, undoes: Option<BatchId>) -> Result<BatchId> {
    if !connection.works() {
        return Err(Error::conflict("not_connected", "There is no working access. Connect first; nothing was written."));
    }
    let sql = "SELECT COUNT(*) FROM connect_batches WHERE workspace_id = $1 AND connection_id = $2 AND state IN ('preparing', 'writing')";
    let running: i64 = query(sql).bind(connection.workspace_id).bind(connection.id).value(tx).await?;
    if running > 0 {
        return Err(Error::conflict("batch_running", "A batch is under way. Wait until it has ended, or stop it."));
    }
    let id = BatchId::new(tx.now());
    let kind = if undoes.is_some() { BatchKind::Undo } else { BatchKind::Write };
    query(
        "INSERT INTO connect_batches (workspace_id, id, connection_id, kind, state, undoes, requested_by, cursor, records, started_at) \
         VALUES ($1,$2,$3,$4,'preparing',$5,$6,'',0,$7)",
    )
    .bind(connection.workspace_id)
    .bind(id)
    .bind(connection.id)
    .bind(kind)
    .bind(undoes)
    .bind(&actor.name)
    .bind(tx.now())
    .run(tx)
    .await?;
    let job = NewJob::new(connection.workspace_id, JOB, BatchJob { connection: connection.id, batch: id }).unique(format!("batch:{id}"));
    enqueue(tx, job).await?;
    let verb = if undoes.is_some() { "began to take back writes of" } else { "began to write to" };
    let data = json!({ "verb": verb, "provider": connection.provider, "batch": id });
    record_event(tx, actor, Event::new(tx.now(), "connection.batch_started", "record", connection.to_ref(), data)).await?;
    activity::note(tx, connection.workspace_id, connection.id, activity::Level::Ok, "writes.started", format!("{} {verb} it", actor.name))
        .await?;
    tx.touch(connection.workspace_id, &connection.to_ref());
    Ok(id)
}

impl Connections {
    /// Writes everything that differs, as the preview says.
    ///
    /// # Errors
    /// Denied; not found; conflicts `not_connected`, `batch_running`, `nothing_goes_out`.
    pub async fn start_writes(&self, actor: &Actor, slug: &str) -> Result<BatchView> {
        let connector = self.connector(slug)?;
        let id = self
            .with_connection(actor, slug, move |tx, actor, connection| {
                let connector = connector.clone();
                async move {
                    if !super::rules::rules(&tx, &connector, connection.workspace_id, connection.id).await?.writes() {
                        let detail = "No field goes out. Choose a direction for a field first; nothing was written.";
                        return Err(Error::conflict("nothing_goes_out", detail));
                    }
                    start(&tx, &actor, &connection, None).await
                }
            })
            .await?;
        self.batch(actor, slug, id).await
    }

    /// Takes back what a batch wrote, where nobody has changed it since.
    ///
    /// # Errors
    /// Denied; not found; conflicts `not_connected`, `batch_running`.
    pub async fn undo_writes(&self, actor: &Actor, slug: &str, batch: BatchId) -> Result<BatchView> {
        let id = self
            .with_connection(actor, slug, move |tx, actor, connection| async move {
                let found = find(&tx, connection.workspace_id, connection.id, batch).await?;
                found.filter(|found| found.kind == BatchKind::Write).ok_or(Error::NotFound("batch"))?;
                start(&tx, &actor, &connection, Some(batch)).await
            })
            .await?;
        self.batch(actor, slug, id).await
    }

    /// Stops a batch: what was written stays written, nothing more is.
    ///
    /// # Errors
    /// Denied; not found.
    pub async fn stop_writes(&self, actor: &Actor, slug: &str, batch: BatchId) -> Result<BatchView> {
        self.with_connection(actor, slug, move |tx, actor, connection| async move {
            let workspace = connection.workspace_id;
            find(&tx, workspace, connection.id, batch).await?.ok_or(Error::NotFound("batch"))?;
            let sql =
                "UPDATE connect_batches SET state = 'stopped', ended_at = $3 WHERE workspace_id = $1 AND id = $2 AND ended_at IS NULL";
            if query(sql).bind(workspace).bind(batch).bind(tx.now()).run(&tx).await? > 0 {
                query("DELETE FROM connect_pushes WHERE workspace_id = $1 AND batch_id = $2").bind(workspace).bind(batch).run(&tx).await?;
                let detail = format!("{} stopped writing; what was written stays", actor.name);
                activity::note(&tx, workspace, connection.id, activity::Level::Warning, "writes.stopped", detail).await?;
                let data = json!({ "verb": "stopped writing to", "provider": connection.provider, "batch": batch });
                record_event(&tx, &actor, Event::new(tx.now(), "connection.batch_stopped", "record", connection.to_ref(), data)).await?;
                tx.touch(workspace, &connection.to_ref());
            }
            Ok(())
        })
        .await?;
        self.batch(actor, slug, batch).await
    }

    /// One batch.
    ///
    /// # Errors
    /// Denied; not found.
    pub async fn batch(&self, actor: &Actor, slug: &str, batch: BatchId) -> Result<BatchView> {
        actor.may(&CONNECTIONS_READ)?;
        let connection = by_slug(self.db(), actor.workspace, slug).await?.ok_or(Error::NotFound("connection"))?;
        let found = find(self.db(), actor.workspace, connection.id, batch).await?.ok_or(Error::NotFound("batch"))?;
        view(self.db(), actor.workspace, found).await
    }

    /// The newest batches.
    ///
    /// # Errors
    /// Denied; not found.
    pub async fn batches(&self, actor: &Actor, slug: &str) -> Result<Vec<BatchView>> {
        actor.may(&CONNECTIONS_READ)?;
        self.connector(slug)?;
        let Some(connection) = by_slug(self.db(), actor.workspace, slug).await? else { return Ok(vec![]) };
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_batches WHERE workspace_id = $1 AND connection_id = $2 ORDER BY started_at DESC, id DESC LIMIT 20"
        );
        let found: Vec<Batch> = built_query(sql).bind(actor.workspace).bind(connection.id).all(self.db()).await?;
        let mut views = vec![];
        for batch in found {
            views.push(view(self.db(), actor.workspace, batch).await?);
        }
        Ok(views)
    }
}
