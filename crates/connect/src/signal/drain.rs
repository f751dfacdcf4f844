//! Working signals off: fetch what changed, ahead of everything else, and land it at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, Outcome};
use atlas_kernel::{Error, Result, Timestamp};
use atlas_store::{Executor, Tx, query};
use tokio::task::{JoinError, JoinSet};

use super::turns::Turn;
use super::{Claimed, DrainJob, SignalRow, claim, delay, put, settle};
use crate::connection::{Connection, by_id};
use crate::fetch;
use crate::land::{Hold, Landed, Planned, plan, plan_gone};
use crate::line::{Line, Trouble};
use crate::pacer::Lane;
use crate::stint::{Stint, Took};
use crate::sync::{HEAVY, is_about_one, unstorable};
use crate::{Answer, Connections, FailureClass, Hint, Landing, Object, Signal, What, raw, tally};

/// Signals looked at concurrently,
const AT_ONCE: usize = 48;
/// and beside them those that nobody waits for.
const PATIENT: usize = 24;
/// A signal that failed this often is left to the next sync.
const MOST_TRIES: i64 = 12;

/// Works off what is due for one connection, unless another job of this node is at it.
pub(crate) async fn drain(conns: Connections, ctx: JobCtx, job: DrainJob) -> Result<Outcome, JobError> {
    let Some(connection) = by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    // What waits while the connection is paused is taken up when it is resumed.
    if !connection.works() || connection.paused {
        return Ok(Outcome::Done);
    }
    let Some(turn) = conns.turns().begin(connection.id) else { return Ok(Outcome::Done) };
    let line = conns.line(&connection)?;
    let drain = Arc::new(Drain { conns, ctx, connection, line, counts: Mutex::default() });
    match drain.work(turn).await {
        // The connection ended, or its access did, while the provider was asked: what waits is taken up when it works again.
        Err(JobError::Fail(error)) if error.code() == "lease_lost" => Ok(Outcome::Done),
        done => done,
    }
}

struct Drain {
    conns: Connections,
    ctx: JobCtx,
    connection: Connection,
    line: Line,
    /// Calls and "too many" answers that no transaction has written down yet.
    counts: Mutex<(i64, i64)>,
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

/// A signal that was looked at.
struct Found {
    row: SignalRow,
    findings: Findings,
}

/// Looks under way, each kind in places of its own: what waits for the provider's window must not be in a notice's way.
#[derive(Default)]
struct Looks {
    urgent: JoinSet<Result<Option<Found>>>,
    patient: JoinSet<Result<Option<Found>>>,
}

impl Looks {
    fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.patient.is_empty()
    }

    /// Free places, of each kind.
    fn room(&self) -> (usize, usize) {
        (AT_ONCE - self.urgent.len(), PATIENT - self.patient.len())
    }

    /// The next that ends; never when there are none.
    async fn next(&mut self) -> Result<Option<Found>> {
        tokio::select! {
            biased;
            Some(done) = self.urgent.join_next() => landable(done),
            Some(done) = self.patient.join_next() => landable(done),
            else => std::future::pending().await,
        }
    }

    /// One that has ended.
    fn try_next(&mut self) -> Option<Result<Option<Found>>> {
        self.urgent.try_join_next().or_else(|| self.patient.try_join_next()).map(landable)
    }
}

impl Found {
    /// How much work landing it is.
    fn weight(&self) -> usize {
        1 + self.findings.objects.iter().map(|object| object.weight().min(HEAVY)).sum::<usize>()
    }
}

impl Drain {
    /// Looks at many signals at once, and lands together what has been found meanwhile.
    async fn work(self: Arc<Self>, mut turn: Turn) -> Result<Outcome, JobError> {
        let (mut looks, mut stint) = (Looks::default(), Stint::new(self.ctx.db.dialect()));
        let mut more = (true, true);
        loop {
            let stopping = self.line.halt().is_raised() || self.ctx.stopping();
            // Half of the places at a time, so that a backlog is claimed in lots.
            let room = looks.room();
            let due = more.0 && room.0 >= AT_ONCE / 2 || more.1 && room.1 >= PATIENT / 2;
            if !stopping && (turn.take_word() || looks.is_empty() || due) {
                let (urgent, patient) = self.claim(room).await?;
                more = (urgent.more, patient.more);
                let old = urgent.old + patient.old;
                urgent.fresh.into_iter().for_each(|row| drop(looks.urgent.spawn(self.clone().look(row))));
                patient.fresh.into_iter().for_each(|row| drop(looks.patient.spawn(self.clone().look(row))));
                if looks.is_empty() && old > 0 {
                    continue;
                }
            }
            if looks.is_empty() {
                if stopping {
                    return Ok(Outcome::Again(Duration::from_millis(200)));
                }
                let next = self.next_due().await?;
                match turn.end() {
                    Ok(()) => return Ok(next.map_or(Outcome::Done, Outcome::Again)),
                    Err(mine) => turn = mine,
                }
                continue;
            }
            tokio::select! {
                found = looks.next() => {
                    let mut found = Vec::from_iter(found?);
                    let mut weight = found.iter().map(Found::weight).sum::<usize>();
                    while weight < stint.most() {
                        let Some(next) = looks.try_next() else { break };
                        let next = next?;
                        weight += next.as_ref().map_or(0, Found::weight);
                        found.extend(next);
                    }
                    self.land(found, &mut stint).await?;
                }
                () = turn.called(), if room.0 > 0 && !stopping => {}
            }
        }
    }

    /// Takes as many of each kind as there is room for.
    async fn claim(&self, room: (usize, usize)) -> Result<(Claimed, Claimed)> {
        let claimed = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            let urgent = claim(&tx, &self.connection, false, room.0).await?;
            let patient = claim(&tx, &self.connection, true, room.1).await?;
            let (workspace, id) = (self.connection.workspace_id, self.connection.id);
            tally::add(&tx, workspace, id, tally::SIGNALS, i64::try_from(urgent.old + patient.old).unwrap_or(0)).await?;
            Ok((urgent, patient))
        });
        claimed.await
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

    /// Looks at the provider for one signal; none when it was dealt with on the way.
    async fn look(self: Arc<Self>, row: SignalRow) -> Result<Option<Found>> {
        let Some(object) = self.line.connector().objects.iter().find(|o| o.kind == row.object).copied() else {
            if let Hint::Redacted { message } = row.hint() {
                return self.redact(&row, &message).await.map(|()| None);
            }
            return Ok(Some(Found { row, findings: Findings::default() }));
        };
        match self.find(object, &row).await {
            Ok(findings) => return Ok(Some(Found { row, findings })),
            Err(Trouble::Halted) => self.postpone(&row, Duration::ZERO, row.tries).await?,
            Err(Trouble::Failed(failure, _)) => {
                self.conns.heed(&self.connection, object.scope, &failure).await;
                match failure.class {
                    FailureClass::Auth => self.postpone(&row, Duration::ZERO, row.tries).await?,
                    // What a missing scope covers is read from where it stopped once the scope is there.
                    FailureClass::Scope | FailureClass::Plan | FailureClass::Input => {
                        return Ok(Some(Found { row, findings: Findings::default() }));
                    }
                    _ if row.tries >= MOST_TRIES => return Ok(Some(Found { row, findings: Findings::default() })),
                    _ => self.postpone(&row, crate::line::backoff(u32::try_from(row.tries).unwrap_or(0) + 3), row.tries + 1).await?,
                }
            }
        }
        Ok(None)
    }

    /// A notice that names the message only: its words go at once, older copies of its conversation with them, and the
    /// conversation, found through the event that the message made, is looked at again.
    async fn redact(&self, row: &SignalRow, message: &str) -> Result<()> {
        let (workspace, id) = (self.connection.workspace_id, self.connection.id);
        // CROSS JOIN: SQLite begins with the event, of which there is one.
        let sql = "SELECT m.external_id FROM events e CROSS JOIN event_subjects s CROSS JOIN connect_mappings m \
                   WHERE e.workspace_id = $1 AND e.connection_id = $2 AND e.source_id = $3 \
                   AND s.workspace_id = e.workspace_id AND s.event_id = e.id \
                   AND m.workspace_id = s.workspace_id AND m.record = s.subject AND m.connection_id = $2 AND m.what = $4";
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
                settle(&tx, &self.connection, std::slice::from_ref(row)).await
            })
            .await
    }

    /// Looks at the provider for what a signal says.
    async fn find(&self, object: Object, row: &SignalRow) -> Result<Findings, Trouble> {
        let mut findings = Findings::default();
        match row.hint() {
            Hint::Changed => findings.objects = self.whole(object, &row.external_id, row.lane()).await?,
            Hint::Deleted => {
                let answer = Answer { status: 404, ..Answer::default() };
                findings.objects.push(self.gone(object, &row.external_id, (object.gone)(&row.external_id, &answer))?);
            }
            Hint::Merged { into } => {
                findings.objects = self.whole(object, &into, row.lane()).await?;
                let merged = Landing::Merged { from: row.external_id.clone(), into };
                findings.objects.push(self.gone(object, &row.external_id, vec![merged])?);
            }
            Hint::Redacted { message } => {
                findings.landings.push((false, Landing::Redacted { external_id: message }));
                findings.erase = true;
                findings.objects = self.whole(object, &row.external_id, row.lane()).await?;
            }
        }
        Ok(findings)
    }

    /// The object, after what it needs and has never been seen.
    async fn whole(&self, object: Object, id: &str, lane: Lane) -> Result<Vec<Arc<Planned>>, Trouble> {
        let fetched = fetch::fetch(&self.line, lane, object, id).await?;
        let planned = plan(&fetched, self.connection.live_since).map_err(|_| unstorable())?;
        let mut all = self.conns.fetch_needs(&self.line, lane, &self.connection, &planned).await?;
        all.push(Arc::new(planned));
        Ok(all)
    }

    fn gone(&self, object: Object, id: &str, landings: Vec<Landing>) -> Result<Arc<Planned>, Trouble> {
        plan_gone(object, id, landings, self.line.now()).map(Arc::new).map_err(|_| unstorable())
    }

    /// Lands what was found, together; what no module takes is stored and marked, so that one record cannot block the rest.
    async fn land(&self, found: Vec<Found>, stint: &mut Stint) -> Result<()> {
        if found.is_empty() {
            return Ok(());
        }
        match self.write(&found).await {
            Err(error) if is_about_one(&error) => {
                for one in &found {
                    self.land_alone(one).await?;
                }
            }
            done => stint.took(done?),
        }
        Ok(())
    }

    async fn land_alone(&self, found: &Found) -> Result<()> {
        match self.write(std::slice::from_ref(found)).await {
            Err(error) if is_about_one(&error) => self.give_up(found, error.code()).await,
            done => done.map(|_| ()),
        }
    }

    async fn give_up(&self, found: &Found, code: &'static str) -> Result<()> {
        tracing::warn!(connection.id = %self.connection.id, object = found.row.object, code, "a signal's object could not be landed");
        let given_up = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            for object in &found.findings.objects {
                self.conns.land_nothing(&tx, &self.connection, object, code).await?;
            }
            settle(&tx, &self.connection, std::slice::from_ref(&found.row)).await
        });
        given_up.await
    }

    /// One transaction with everything that was found; what it counts is kept only when it is committed. Answers how long it took.
    async fn write(&self, found: &[Found]) -> Result<Took> {
        let (calls, too_many) = self.count();
        let rows: Vec<SignalRow> = found.iter().map(|one| one.row.clone()).collect();
        let rows = &rows;
        let written = self.conns.db().write(|tx| async move {
            self.ctx.fence(&tx).await?;
            self.still_works(&tx).await?;
            for one in found {
                self.land_all(&tx, &one.row, &one.findings).await?;
            }
            settle(&tx, &self.connection, rows).await?;
            let (workspace, id) = (self.connection.workspace_id, self.connection.id);
            tally::add(&tx, workspace, id, tally::CALLS, calls).await?;
            tally::add(&tx, workspace, id, tally::TOO_MANY, too_many).await?;
            tally::add(&tx, workspace, id, tally::SIGNALS, i64::try_from(rows.len()).unwrap_or(0)).await?;
            if self.conns.may_touch(id) {
                tx.touch(workspace, &self.connection.to_ref());
            }
            Ok(Took::of(&tx))
        });
        let took = written.await?;
        self.counted(calls, too_many);
        Ok(took)
    }

    /// Calls and "too many" answers that are to be written down.
    fn count(&self) -> (i64, i64) {
        let (calls, _, too_many) = self.line.take_counts();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = (counts.0 + calls, counts.1 + too_many);
        *counts
    }

    fn counted(&self, calls: i64, too_many: i64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts = (counts.0 - calls, counts.1 - too_many);
    }

    async fn land_all(&self, tx: &Tx, row: &SignalRow, findings: &Findings) -> Result<()> {
        self.conns.apply(tx, &self.connection, &findings.landings).await?;
        if findings.erase {
            raw::erase(tx, self.connection.workspace_id, self.connection.id, &row.object, &row.external_id).await?;
        }
        let mut lot = self.conns.lot(tx, &self.connection, findings.objects.iter().map(|object| (&**object, Hold::No))).await?;
        for object in &findings.objects {
            if lot.land(object, Hold::No).await? == Landed::Held {
                lot.land_held(object).await?;
            }
        }
        lot.finish().await
    }

    /// Nothing lands for a connection that was ended while the provider was being asked.
    async fn still_works(&self, tx: &Tx) -> Result<()> {
        match by_id(tx, self.connection.workspace_id, self.connection.id).await? {
            Some(connection) if connection.works() => Ok(()),
            _ => Err(Error::conflict("lease_lost", "the connection has ended; nothing was written")),
        }
    }

    async fn postpone(&self, row: &SignalRow, by: Duration, tries: i64) -> Result<()> {
        self.conns.db().write(|tx| async move { delay(&tx, &self.connection, row, by, tries).await }).await
    }
}

/// What a task found; a task that panicked is a failed try of the whole job.
fn landable(done: Result<Result<Option<Found>>, JoinError>) -> Result<Option<Found>> {
    done.map_err(|error| if error.is_panic() { Error::internal("a signal's look panicked") } else { Error::internal(error) })?
}
