//! One run of a sync: claims it, reads all its listings at once, and leaves it done, waiting, paused or stopped.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use atlas_jobs::{JobCtx, JobError, Outcome};
use atlas_kernel::{Error, Result, Timestamp};
use atlas_store::{Tx, query};
use futures::future::join_all;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use super::commit::{Committer, Standing};
use super::finish;
use super::gates::Gates;
use super::pass::Pass;
use super::progress::{StreamProgress, SyncProgress};
use super::read::{End, read_stream};
use super::slots::Slots;
use super::streams::{self, StreamRow, StreamState};
use super::{Sync, SyncId, SyncJob, SyncKind, active, release};
use crate::connection::{Connection, by_id};
use crate::land::Hold;
use crate::line::Line;
use crate::needs::Met;
use crate::pacer::Lane;
use crate::{Connections, Stream, Window};

/// A run that stops giving signs of life this long may be taken over.
const LEASE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(8);
/// A run hands over to the next after this long, so that no job is endless.
const LONGEST: Duration = Duration::from_secs(40 * 60);
/// Pieces that wait for the committer, before those who read wait for it too.
const AHEAD: usize = 256;
/// Changes are read from this long before the last pass began: search indexes lag, clocks differ.
const OVERLAP_SECONDS: i64 = 300;
/// A listing that was switched off is tried again on the schedule this often.
const RECHECK_SECONDS: i64 = 600;

/// What a run works with.
pub(crate) struct Run {
    pub conns: Connections,
    pub ctx: JobCtx,
    pub connection: Connection,
    pub line: Line,
    pub sync: SyncId,
    pub kind: SyncKind,
    pub lane: Lane,
    /// The listings to read, each with where it stands.
    pub streams: Vec<Stream>,
    pub passes: Vec<Pass>,
    pub slots: Slots,
    pub gates: Gates,
    pub met: Met,
    /// For each listing: rung when an object was stored to be landed when there is time.
    pub put_off: Vec<Notify>,
    called: Vec<AtomicI64>,
}

/// How a run came to its end.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Every listing ended by itself.
    Ran(Vec<End>),
    /// The worker stops, or the run was long enough: the next one goes on.
    HandedOver,
}

/// Runs the connection's sync, if there is one to run.
pub(crate) async fn work(conns: Connections, ctx: JobCtx, job: SyncJob) -> Result<Outcome, JobError> {
    let Some(connection) = by_id(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    let Some(sync) = active(&ctx.db, ctx.workspace, job.connection).await? else { return Ok(Outcome::Done) };
    if !connection.works() || connection.paused {
        return Ok(Outcome::Done);
    }
    if !claim(&conns, &connection, sync.id, ctx.job.uuid()).await? {
        return Ok(Outcome::Again(Duration::from_secs(5)));
    }
    let line = conns.line(&connection)?;
    match finish::check_account(&conns, &ctx, &connection, &sync, &line).await? {
        finish::Checked::Good => {}
        finish::Checked::Ended(outcome) => return Ok(outcome),
    }
    let (run, rows) = Run::open(conns, ctx, connection, &sync, line).await?;
    let run = Arc::new(run);
    let (ended, progress) = run.clone().go(rows, &sync).await.map_err(retry)?;
    finish::finish(&run, &sync, ended, progress).await.map_err(retry)
}

/// A lost lease or database is no reason for a dead letter.
fn retry(error: Error) -> JobError {
    JobError::retry_after(error, Duration::from_secs(5))
}

/// Makes a job the one that runs the sync: one job at a time does, and only one worker runs a job.
async fn claim(conns: &Connections, connection: &Connection, sync: SyncId, job: Uuid) -> Result<bool> {
    let workspace = connection.workspace_id;
    let claimed = conns.db().write(|tx| async move {
        query(
            "UPDATE connect_syncs SET state = 'running', lease = $3, lease_until = $4 WHERE workspace_id = $1 AND id = $2 AND ended_at IS NULL \
             AND (lease IS NULL OR lease = $3 OR lease_until < $5)",
        )
        .bind(workspace)
        .bind(sync)
        .bind(job)
        .bind(after(tx.now(), LEASE))
        .bind(tx.now())
        .run(&tx)
        .await
    });
    Ok(claimed.await? > 0)
}

fn after(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(jiff::SignedDuration::try_from(by).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}

impl Run {
    async fn open(
        conns: Connections,
        ctx: JobCtx,
        connection: Connection,
        sync: &Sync,
        line: Line,
    ) -> Result<(Self, HashMap<String, StreamRow>)> {
        let rows = streams::rows(&ctx.db, &connection).await?;
        let now = line.provider_now();
        let connector = line.connector().clone();
        let mut chosen: Vec<(Stream, Pass)> = vec![];
        for stream in &connector.streams {
            let row = rows.get(stream.name).cloned().unwrap_or_else(|| StreamRow::new(stream.name));
            if let Some(pass) = next_pass(stream, &row, sync.kind, (now, line.now()), &connection) {
                chosen.push((*stream, pass));
            }
        }
        chosen.sort_by_key(|(stream, _)| stream.order);
        let (streams, passes): (Vec<_>, Vec<_>) = chosen.into_iter().unzip();
        let lane = if sync.kind == SyncKind::Incremental { Lane::Incremental } else { Lane::Bulk };
        let slots = Slots::default();
        let gates = Gates::new(&streams);
        let called = streams.iter().map(|_| AtomicI64::new(0)).collect();
        let put_off = streams.iter().map(|_| Notify::new()).collect();
        let (sync, kind) = (sync.id, sync.kind);
        let run =
            Self { conns, ctx, connection, line, sync, kind, lane, streams, passes, slots, gates, met: Met::default(), put_off, called };
        Ok((run, rows))
    }

    /// Whether an object that came now is landed at once. When the windows are what limits the sync, answers that come faster than
    /// they are landed are only stored, so that the calls go on; the rest of the window is time enough to land them.
    pub fn hold(&self, stream: usize) -> Hold {
        if !self.gates.open(self.streams[stream].order) {
            return Hold::ForNeeds;
        }
        if self.lane == Lane::Incremental || self.slots.is_calm() || !self.line.pacer().is_limiting() {
            return Hold::No;
        }
        self.put_off[stream].notify_one();
        Hold::ForNow
    }

    /// A call was made for a listing.
    pub fn called(&self, stream: usize) {
        self.called[stream].fetch_add(1, Ordering::Relaxed);
    }

    /// Calls made for a listing since this was asked last.
    pub fn take_called(&self, stream: usize) -> i64 {
        self.called[stream].swap(0, Ordering::Relaxed)
    }

    /// Makes sure, until the transaction ends, that this run still holds the sync; renews the lease on the way.
    pub async fn fence(&self, tx: &Tx) -> Result<()> {
        self.ctx.fence(tx).await?;
        let sql = "UPDATE connect_syncs SET lease_until = $4 WHERE workspace_id = $1 AND id = $2 AND lease = $3 AND ended_at IS NULL";
        let held = query(sql)
            .bind(self.connection.workspace_id)
            .bind(self.sync)
            .bind(self.ctx.job.uuid())
            .bind(after(tx.now(), LEASE))
            .run(tx)
            .await?;
        if held == 0 {
            return Err(Error::conflict("lease_lost", "this sync has ended or another worker has taken it over; nothing was written"));
        }
        Ok(())
    }

    async fn go(self: Arc<Self>, rows: HashMap<String, StreamRow>, sync: &Sync) -> Result<(Ended, BTreeMap<String, StreamProgress>)> {
        let (out, inbox) = mpsc::channel(AHEAD);
        let standing = self.standing_so_far(rows, sync);
        let mut committing = std::pin::pin!(Committer::new(self.clone(), standing).work(inbox));
        let run = self.clone();
        let mut reading = Some(Box::pin(async move {
            let ends = join_all((0..run.streams.len()).map(|stream| read_stream(&run, stream, out.clone()))).await;
            release::release_all(&run, &out).await;
            ends
        }));
        let mut ended = Ended::HandedOver;
        // Beside the committer, never in its way: on SQLite both want the one writer.
        let mut beating = std::pin::pin!(self.beat());
        let mut watching = std::pin::pin!(self.watch());
        let longest = tokio::time::sleep(LONGEST);
        tokio::pin!(longest);
        let progress = loop {
            let at_work = reading.is_some();
            let read_on = async { if let Some(reading) = reading.as_mut() { reading.await } else { std::future::pending().await } };
            tokio::select! {
                committed = &mut committing => break committed?,
                ends = read_on => {
                    ended = Ended::Ran(ends);
                    reading = None;
                }
                () = self.ctx.stop_requested(), if at_work => reading = None,
                () = &mut longest, if at_work => reading = None,
                lost = &mut beating => return Err(lost),
                () = &mut watching => {}
            }
        };
        Ok((ended, progress))
    }

    /// Keeps the lease; ends when it is lost.
    async fn beat(&self) -> Error {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if let Err(error) = self.conns.db().write(|tx| async move { self.fence(&tx).await }).await {
                return error;
            }
        }
    }

    /// Hears from any node that the connection was paused or ended, and stops this one's calls.
    async fn watch(&self) {
        let mut notices = self.ctx.db.subscribe();
        let topics = [self.connection.to_ref().to_string()];
        loop {
            match notices.recv().await {
                Ok(notice) if !notice.concerns(self.connection.workspace_id, &topics) => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return std::future::pending().await,
            }
            let now = by_id(&self.ctx.db, self.connection.workspace_id, self.connection.id).await;
            if now.is_ok_and(|c| c.is_none_or(|c| c.paused || !c.works())) {
                self.conns.halt(self.connection.id);
                return std::future::pending().await;
            }
        }
    }

    /// What the page showed when the last run ended; a first look starts from where the listings stand.
    fn standing_so_far(&self, rows: HashMap<String, StreamRow>, sync: &Sync) -> Standing {
        let mut progress: BTreeMap<String, StreamProgress> = serde_json::from_value(sync.streams.clone()).unwrap_or_default();
        let mut speed: SyncProgress = serde_json::from_value(sync.progress.clone()).unwrap_or_default();
        speed.restart();
        for (stream, pass) in self.streams.iter().zip(&self.passes) {
            let entry = progress.entry(stream.name.to_owned()).or_default();
            entry.label = stream.label.to_owned();
            entry.state = "waiting".into();
            entry.code = None;
            entry.done = pass.done_before;
            entry.total = entry.total.or(rows.get(stream.name).and_then(|row| row.total).filter(|_| pass.done_before > 0));
        }
        Standing { rows, progress, speed }
    }
}

/// The pass that a sync of this kind reads of a listing; none when there is nothing to read.
///
/// `now` is the present moment at the provider, and here.
fn next_pass(stream: &Stream, row: &StreamRow, kind: SyncKind, (now, here): (i64, Timestamp), connection: &Connection) -> Option<Pass> {
    let scheduled = kind == SyncKind::Incremental;
    let rested = row.checked_at.is_none_or(|at| now - at.as_second() >= RECHECK_SECONDS);
    if row.state == StreamState::Off && scheduled && !rested {
        return None;
    }
    let since = || row.since.or(connection.live_since.map(Timestamp::as_second)).unwrap_or(now) - OVERLAP_SECONDS;
    match row.open_pass() {
        Some(pass) => Some(pass.taken_up(stream)),
        None if stream.deletions && stream.incremental => Some(Pass::open(stream, Window::Since(since()), now)),
        None if stream.deletions => (kind == SyncKind::Reconcile).then(|| Pass::open(stream, Window::History, now)),
        None if kind == SyncKind::Reconcile && row.complete_at.is_some() => Some(Pass::audit(stream, now, here)),
        None if row.complete_at.is_none() => Some(Pass::open(stream, Window::History, now)),
        None if stream.incremental => Some(Pass::open(stream, Window::Since(since()), now)),
        None => (!scheduled).then(|| Pass::open(stream, Window::History, now)),
    }
}
