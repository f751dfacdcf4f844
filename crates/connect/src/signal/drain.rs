//! Working signals off: fetch what changed, ahead of everything else, and land it at once.

use std::sync::Arc;
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, Outcome};
use atlas_kernel::{Result, Timestamp};
use atlas_store::{Tx, query};
use futures::stream::{FuturesUnordered, StreamExt};

use super::{DrainJob, SignalRow, claim, delay, is_old_news, put, settle};
use crate::connection::{Connection, by_id};
use crate::fetch;
use crate::land::{Landed, Planned, plan, plan_gone};
use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::sync::{is_about_one, unstorable};
use crate::{Answer, Connections, FailureClass, Hint, Landing, Object, Signal, What, raw, tally};

/// Signals looked at concurrently.
const AT_ONCE: usize = 16;
/// A signal that failed this often is left to the next sync.
const MOST_TRIES: i64 = 12;

/// Works off what is due for one connection.
pub(crate) async fn drain(conns: Connections, ctx: JobCtx, job: DrainJob) -> Result<Outcome, JobError> {
    let Some(connection) = by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    if !connection.works() {
        return Ok(Outcome::Done);
    }
    let line = conns.line(&connection)?;
    let drain = Arc::new(Drain { conns, ctx, connection, line });
    loop {
        let claimed = drain.claim().await?;
        if claimed.is_empty() {
            return Ok(drain.next_due().await?.map_or(Outcome::Done, Outcome::Again));
        }
        let mut work: FuturesUnordered<_> = claimed.into_iter().map(|row| drain.clone().settle_one(row)).collect();
        while let Some(done) = work.next().await {
            match done {
                // The connection ended, or its access did, while the provider was asked: what waits is taken up when it works again.
                Err(JobError::Fail(error)) if error.code() == "lease_lost" => return Ok(Outcome::Done),
                done => done?,
            }
        }
        if drain.line.halt().is_raised() || drain.ctx.stopping() {
            return Ok(Outcome::Again(Duration::from_millis(200)));
        }
    }
}

struct Drain {
    conns: Connections,
    ctx: JobCtx,
    connection: Connection,
    line: Line,
}

/// What is to be written for a signal.
#[derive(Clone, Default)]
struct Findings {
    /// Objects to land, in order.
    objects: Vec<Arc<Planned>>,
    /// Landing records that the signal itself proves.
    landings: Vec<(bool, Landing)>,
    /// Whether older copies of the object must go from the raw log.
    erase: bool,
}

impl Drain {
    async fn claim(&self) -> Result<Vec<SignalRow>> {
        let done = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            claim(&tx, &self.connection, AT_ONCE).await
        });
        done.await
    }

    /// How long until the next signal is due; none when there are none.
    async fn next_due(&self) -> Result<Option<Duration>> {
        let sql = "SELECT MIN(due_at), COUNT(*) FROM connect_signals WHERE workspace_id = $1 AND connection_id = $2";
        let row: Option<(Option<Timestamp>, i64)> =
            query(sql).bind(self.connection.workspace_id).bind(self.connection.id).first(&self.ctx.db).await?;
        let next = row.and_then(|(due, _)| due).map(|due| {
            let millis = due.as_millisecond() - self.ctx.db.clock().now().as_millisecond();
            Duration::from_millis(u64::try_from(millis).unwrap_or(0)).max(Duration::from_millis(20))
        });
        Ok(next)
    }

    async fn settle_one(self: Arc<Self>, row: SignalRow) -> Result<(), JobError> {
        let Some(object) = self.line.connector().objects.iter().find(|o| o.kind == row.object).copied() else {
            match row.hint() {
                Hint::Redacted { message } => self.redact(&row, &message).await?,
                _ => self.write(&row, &Findings::default()).await?,
            }
            return Ok(());
        };
        if row.hint() == Hint::Changed && is_old_news(&self.ctx.db, &self.connection, &row).await? {
            return Ok(self.write(&row, &Findings::default()).await?);
        }
        match self.find(object, &row).await {
            Ok(findings) => self.land(&row, findings).await?,
            Err(Trouble::Halted) => self.postpone(&row, Duration::ZERO, row.tries).await?,
            Err(Trouble::Failed(failure, _)) => {
                self.conns.heed(&self.connection, object.scope, &failure).await;
                match failure.class {
                    FailureClass::Auth => self.postpone(&row, Duration::ZERO, row.tries).await?,
                    // What a missing scope covers is read from where it stopped once the scope is there.
                    FailureClass::Scope | FailureClass::Plan | FailureClass::Input => self.write(&row, &Findings::default()).await?,
                    _ if row.tries >= MOST_TRIES => self.write(&row, &Findings::default()).await?,
                    _ => self.postpone(&row, crate::line::backoff(u32::try_from(row.tries).unwrap_or(0) + 3), row.tries + 1).await?,
                }
            }
        }
        Ok(())
    }

    /// A notice that names the message only: its words go at once, older copies of its conversation with them, and the
    /// conversation, found through the event that the message made, is looked at again.
    async fn redact(&self, row: &SignalRow, message: &str) -> Result<()> {
        let (workspace, id) = (self.connection.workspace_id, self.connection.id);
        let sql = "SELECT m.external_id FROM events e JOIN event_subjects s ON s.workspace_id = e.workspace_id AND s.event_id = e.id \
                   JOIN connect_mappings m ON m.workspace_id = s.workspace_id AND m.record = s.subject \
                   WHERE e.workspace_id = $1 AND e.connection_id = $2 AND e.source_id = $3 AND m.connection_id = $2 AND m.what = $4";
        let whole = query(sql).bind(workspace).bind(id).bind(message).bind(What::Conversation.as_str());
        let whole: Vec<String> = whole.values(&self.ctx.db).await?;
        let object = self.conns.object_of(self.line.connector().id, What::Conversation).map(|object| object.kind);
        let findings = Findings { landings: vec![(false, Landing::Redacted { external_id: message.to_owned() })], ..Findings::default() };
        let (findings, whole) = (&findings, &whole);
        self.conns
            .db()
            .write(|tx| async move {
                self.ctx.fence(&tx).await?;
                self.still_works(&tx).await?;
                self.land_all(&tx, row, findings).await?;
                for (external_id, kind) in whole.iter().zip(object.iter().cycle()) {
                    raw::erase(&tx, workspace, id, kind, external_id).await?;
                    let again = Signal { object: (*kind).to_owned(), id: external_id.clone(), hint: Hint::Changed };
                    put(&tx, workspace, id, &again, tx.now()).await?;
                }
                settle(&tx, &self.connection, row).await
            })
            .await
    }

    /// Looks at the provider for what a signal says.
    async fn find(&self, object: Object, row: &SignalRow) -> Result<Findings, Trouble> {
        let mut findings = Findings::default();
        match row.hint() {
            Hint::Changed => findings.objects = self.whole(object, &row.external_id).await?,
            Hint::Deleted => {
                let answer = Answer { status: 404, ..Answer::default() };
                findings.objects.push(self.gone(object, &row.external_id, (object.gone)(&row.external_id, &answer))?);
            }
            Hint::Merged { into } => {
                findings.objects = self.whole(object, &into).await?;
                let merged = Landing::Merged { from: row.external_id.clone(), into };
                findings.objects.push(self.gone(object, &row.external_id, vec![merged])?);
            }
            Hint::Redacted { message } => {
                findings.landings.push((false, Landing::Redacted { external_id: message }));
                findings.erase = true;
                findings.objects = self.whole(object, &row.external_id).await?;
            }
        }
        Ok(findings)
    }

    /// The object, after what it needs and has never been seen.
    async fn whole(&self, object: Object, id: &str) -> Result<Vec<Arc<Planned>>, Trouble> {
        let fetched = fetch::fetch(&self.line, Lane::People, object, id).await?;
        let planned = plan(&fetched, self.connection.live_since).map_err(|_| unstorable())?;
        let mut all = self.conns.fetch_needs(&self.line, Lane::People, &self.connection, &planned).await?;
        all.push(Arc::new(planned));
        Ok(all)
    }

    fn gone(&self, object: Object, id: &str, landings: Vec<Landing>) -> Result<Arc<Planned>, Trouble> {
        plan_gone(object, id, landings, self.line.now()).map(Arc::new).map_err(|_| unstorable())
    }

    /// Lands the findings; what no module takes is stored and marked, so that one record cannot block the rest.
    async fn land(&self, row: &SignalRow, findings: Findings) -> Result<()> {
        match self.write(row, &findings).await {
            Err(error) if is_about_one(&error) => {
                tracing::warn!(connection.id = %self.connection.id, object = row.object, code = error.code(), "a signal's object could not be landed");
                self.conns
                    .db()
                    .write(|tx| {
                        let objects = findings.objects.clone();
                        let code = error.code();
                        async move {
                            self.ctx.fence(&tx).await?;
                            for object in &objects {
                                self.conns.land_nothing(&tx, &self.connection, object, code).await?;
                            }
                            settle(&tx, &self.connection, row).await
                        }
                    })
                    .await
            }
            done => done,
        }
    }

    async fn write(&self, row: &SignalRow, findings: &Findings) -> Result<()> {
        let (calls, _, too_many) = self.line.take_counts();
        self.conns
            .db()
            .write(|tx| async move {
                self.ctx.fence(&tx).await?;
                self.still_works(&tx).await?;
                self.land_all(&tx, row, findings).await?;
                settle(&tx, &self.connection, row).await?;
                let (workspace, id) = (self.connection.workspace_id, self.connection.id);
                tally::add(&tx, workspace, id, tally::CALLS, calls).await?;
                tally::add(&tx, workspace, id, tally::TOO_MANY, too_many).await?;
                tally::add(&tx, workspace, id, tally::SIGNALS, 1).await?;
                if self.conns.may_touch(id) {
                    tx.touch(workspace, &self.connection.to_ref());
                }
                Ok(())
            })
            .await
    }

    async fn land_all(&self, tx: &Tx, row: &SignalRow, findings: &Findings) -> Result<()> {
        self.conns.apply(tx, &self.connection, &findings.landings).await?;
        if findings.erase {
            raw::erase(tx, self.connection.workspace_id, self.connection.id, &row.object, &row.external_id).await?;
        }
        for object in &findings.objects {
            let landed = self.conns.land(tx, &self.connection, object, false).await?;
            if landed == Landed::Held {
                self.conns.land_held(tx, &self.connection, object).await?;
            }
        }
        Ok(())
    }

    /// Nothing lands for a connection that was ended while the provider was being asked.
    async fn still_works(&self, tx: &Tx) -> Result<()> {
        match by_id(tx, self.connection.workspace_id, self.connection.id).await? {
            Some(connection) if connection.works() => Ok(()),
            _ => Err(atlas_kernel::Error::conflict("lease_lost", "the connection has ended; nothing was written")),
        }
    }

    async fn postpone(&self, row: &SignalRow, by: Duration, tries: i64) -> Result<()> {
        self.conns.db().write(|tx| async move { delay(&tx, &self.connection, row, by, tries).await }).await
    }
}
