//! The committer: the one writer of a sync. Short transactions, so that notices never wait long for theirs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use atlas_kernel::{Error, Result};
use atlas_store::{Executor, Tx, query};
use tokio::sync::mpsc;

use super::pass::Pass;
use super::piece::{HEAVY, How, Piece};
use super::progress::{StreamProgress, SyncProgress, window_ms, work_done};
use super::run::Run;
use super::streams::{self, StreamRow, StreamState};
use crate::land::{Hold, Landed, Lot, Planned};
use crate::signal::{self, Postponed};
use crate::stint::{Stint, Took};
use crate::versions::{self, ObjectState};
use crate::{audit, tally};

/// How far a sync is: what a transaction changes, and keeps only when it is committed.
#[derive(Clone)]
pub(crate) struct Standing {
    pub rows: HashMap<String, StreamRow>,
    pub progress: BTreeMap<String, StreamProgress>,
    pub speed: SyncProgress,
}

impl Standing {
    /// Records and messages made.
    fn landed(&self) -> i64 {
        self.progress.values().map(|done| done.created + done.messages).sum()
    }
}

/// A transaction under way.
struct Writing<'a> {
    tx: &'a Tx,
    lot: Lot<'a>,
    again: Postponed,
}

pub(crate) struct Committer {
    run: Arc<Run>,
    standing: Standing,
    calls: (i64, i64, i64),
    /// Calls made for each listing since the last commit.
    made: Vec<i64>,
    stint: Stint,
    /// Records and messages of the sync at which the database is to look at its tables anew.
    look_at: i64,
}

/// Records and messages after which the database looks at the tables that a sync fills for the first time.
const FIRST_LOOK: i64 = 1_000;
/// How many times as many until it looks again.
const LOOK_AGAIN: i64 = 8;

fn next_look(landed: i64) -> i64 {
    std::iter::successors(Some(FIRST_LOOK), |at| at.checked_mul(LOOK_AGAIN)).find(|at| *at > landed).unwrap_or(i64::MAX)
}

impl Committer {
    pub fn new(run: Arc<Run>, standing: Standing) -> Self {
        let (made, stint) = (vec![0; run.streams.len()], Stint::new(run.ctx.db.dialect()));
        let look_at = next_look(standing.landed());
        Self { run, standing, calls: (0, 0, 0), made, stint, look_at }
    }

    /// Commits until nobody sends any more.
    pub async fn work(mut self, mut inbox: mpsc::Receiver<Piece>) -> Result<BTreeMap<String, StreamProgress>> {
        while let Some(first) = inbox.recv().await {
            let mut batch = vec![first];
            let mut weight = batch[0].weight();
            while weight < self.stint.most() {
                let Ok(piece) = inbox.try_recv() else { break };
                weight += piece.weight();
                batch.push(piece);
            }
            self.commit(&mut batch).await?;
            self.refresh_statistics().await;
            for piece in batch {
                if let Piece::Flush(done) = piece {
                    let _ = done.send(());
                }
            }
        }
        self.write(&mut []).await?;
        Ok(self.standing.progress)
    }

    async fn commit(&mut self, batch: &mut [Piece]) -> Result<()> {
        for piece in batch.iter() {
            self.land_ahead(piece).await?;
        }
        let mut rest = batch;
        while !rest.is_empty() {
            match self.write(rest).await {
                Ok(done) => rest = &mut rest[done..],
                Err(error) if is_about_one(&error) => {
                    for piece in rest.iter_mut() {
                        self.commit_alone(piece).await?;
                    }
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Tables that were empty a moment ago are searched as such until the database has looked at them.
    async fn refresh_statistics(&mut self) {
        let landed = self.standing.landed();
        if landed >= self.look_at {
            self.look_at = next_look(landed);
            if let Err(error) = self.run.conns.db().refresh_statistics().await {
                tracing::warn!(%error, "the database did not look at its tables; the sync goes on, slower");
            }
        }
    }

    async fn commit_alone(&mut self, piece: &mut Piece) -> Result<()> {
        match self.write(std::slice::from_mut(piece)).await {
            Err(error) if is_about_one(&error) => self.give_up(piece, &error).await,
            done => done.map(|_| ()),
        }
    }

    /// An object that no module takes is stored and marked, and the rest goes on.
    async fn give_up(&mut self, piece: &mut Piece, error: &Error) -> Result<()> {
        let Piece::Object { stream, planned, .. } = piece else {
            return Err(Error::internal(format!("a sync's page could not be stored: {error}")));
        };
        tracing::warn!(connection.id = %self.run.connection.id, object = planned.object.kind, code = error.code(), "an object could not be landed");
        let (run, planned, code) = (self.run.clone(), planned.clone(), error.code());
        let done = self.run.conns.db().write(|tx| {
            let (run, planned) = (run.clone(), planned.clone());
            async move {
                run.fence(&tx).await?;
                run.conns.land_nothing(&tx, &run.connection, &planned, code).await
            }
        });
        done.await?;
        let name = self.run.streams[*stream].name;
        let progress = self.standing.progress.entry(name.to_owned()).or_default();
        progress.unreadable += 1;
        progress.done += 1;
        Ok(())
    }

    /// Lands all but the last part of a heavy object in transactions of their own.
    async fn land_ahead(&self, piece: &Piece) -> Result<()> {
        let Piece::Object { planned, how, .. } = piece else { return Ok(()) };
        if planned.weight() <= HEAVY || matches!(how, How::Listed { hold } if *hold != Hold::No) {
            return Ok(());
        }
        for part in 0..planned.landings.len().saturating_sub(1) {
            let run = self.run.clone();
            let ahead = self.run.conns.db().write(|tx| {
                let (run, planned) = (run.clone(), planned.clone());
                async move {
                    run.fence(&tx).await?;
                    if run.conns.lot(&tx, &run.connection, [(&*planned, Hold::No)]).await?.is_news(&planned) {
                        run.conns.apply(&tx, &run.connection, &planned.landings[part..=part]).await?;
                    }
                    Ok(())
                }
            });
            match ahead.await {
                Err(error) if is_about_one(&error) => return Ok(()),
                done => done?,
            }
        }
        Ok(())
    }

    /// One transaction with as much of the batch as it can take before somebody has waited for it long enough, at least a piece;
    /// what it counts is kept only when it is committed. Answers how many pieces.
    async fn write(&mut self, batch: &mut [Piece]) -> Result<usize> {
        let (calls, retries, too_many) = self.run.line.take_counts();
        self.calls = (self.calls.0 + calls, self.calls.1 + retries, self.calls.2 + too_many);
        for (stream, made) in self.made.iter_mut().enumerate() {
            *made += self.run.take_called(stream);
        }
        let (this, pieces) = (&*self, &*batch);
        let written = self.run.conns.db().write(|tx| async move {
            let after = this.write_in(&tx, pieces).await?;
            Ok((after, Took::of(&tx)))
        });
        let ((standing, done), took) = written.await?;
        self.standing = standing;
        self.calls = (0, 0, 0);
        self.made.fill(0);
        for piece in &mut batch[..done] {
            if let Piece::Object { slot, .. } = piece {
                *slot = None;
            }
        }
        self.stint.took(took);
        Ok(done)
    }

    /// How far the sync is after the pieces that fitted in, and how many did.
    async fn write_in(&self, tx: &Tx, batch: &[Piece]) -> Result<(Standing, usize)> {
        let run = &self.run;
        run.fence(tx).await?;
        if !batch.is_empty() {
            run.ctx.got_further(tx).await?;
        }
        let Standing { mut rows, mut progress, mut speed } = self.standing.clone();
        let mut changed: Vec<&str> = vec![];
        for (stream, made) in run.streams.iter().zip(&self.made) {
            progress.entry(stream.name.to_owned()).or_default().calls += made;
        }
        let lot = run.conns.lot(tx, &run.connection, batch.iter().filter_map(Piece::planned)).await?;
        let mut writing = Writing { tx, lot, again: Postponed::default() };
        let mut done = 0;
        for piece in batch {
            if done > 0 && Stint::is_long(tx) {
                break;
            }
            done += 1;
            let Some(stream) = piece.stream() else { continue };
            let name = run.streams[stream].name;
            let row = rows.entry(name.to_owned()).or_insert_with(|| StreamRow::new(name));
            self.settle(&mut writing, piece, row, progress.entry(name.to_owned()).or_default()).await?;
            changed.push(name);
        }
        writing.lot.finish().await?;
        changed.sort_unstable();
        changed.dedup();
        for name in changed {
            let (row, counts) = (rows.get_mut(name), progress.get(name));
            if let (Some(row), Some(counts)) = (row, counts) {
                (row.done, row.total) = (counts.done, counts.total.or(row.total));
                streams::put(tx, &run.connection, row).await?;
            }
        }
        let (gauge, now) = (run.line.pacer().gauge(), tx.now().as_millisecond());
        speed.sample(now, work_done(&progress), window_ms(&run.line.connector().limits), now + gauge.resets_in_ms.unwrap_or(-now));
        speed.gauge = Some(gauge);
        self.save(tx, &progress, &speed).await?;
        writing.again.enqueue(tx, &run.connection).await?;
        Ok((Standing { rows, progress, speed }, done))
    }

    async fn settle(&self, writing: &mut Writing<'_>, piece: &Piece, row: &mut StreamRow, done: &mut StreamProgress) -> Result<()> {
        let tx = writing.tx;
        match piece {
            Piece::Object { planned, how, .. } => return self.land(writing, planned, *how, done).await,
            Piece::Skipped { count, .. } => {
                done.done += count;
                done.skipped += count;
            }
            Piece::Postponed { object, id, .. } => {
                writing.again.put(tx, &self.run.connection, object, id, signal::NOT_NOW).await?;
                done.done += 1;
            }
            Piece::Page { stream, pass, total, named } => {
                audit::seen(tx, &self.run.connection, self.run.streams[*stream].object, named).await?;
                if pass.pages == 0 && pass.restarts > done.restarts {
                    (done.done, done.skipped) = (0, 0);
                }
                done.restarts = pass.restarts;
                done.total = total.or(done.total);
                done.state = "running".into();
                let pass = Pass { done_before: done.done, ..(**pass).clone() };
                row.pass = Some(serde_json::to_value(&pass).map_err(Error::internal)?);
                (row.state, row.code, row.message) = (StreamState::Ready, None, None);
            }
            Piece::Complete { stream, began, audit_from } => {
                if let Some(from) = audit_from {
                    audit::absent(tx, &self.run.connection, self.run.streams[*stream].object, *from).await?;
                }
                (row.pass, row.since, row.complete_at) = (None, Some(*began), Some(tx.now()));
                (row.state, row.code, row.message) = (StreamState::Ready, None, None);
                done.state = "done".into();
            }
            Piece::Broken { state, code, message, .. } => {
                (row.state, row.code, row.message, row.checked_at) = (*state, Some(code.clone()), Some(message.clone()), Some(tx.now()));
                done.state = state.as_str().to_owned();
                done.code = Some(code.clone());
            }
            Piece::Flush(_) => {}
        }
        Ok(())
    }

    async fn land(&self, writing: &mut Writing<'_>, planned: &Planned, how: How, done: &mut StreamProgress) -> Result<()> {
        let Writing { tx, lot, again } = writing;
        let hold = if let How::Listed { hold } = how { hold } else { Hold::No };
        let landed = match how {
            How::Release => lot.land_held(planned).await?,
            How::Listed { .. } | How::Needed => match lot.land(planned, hold).await? {
                // It was held before, and nothing stands against landing it now.
                Landed::Held if hold == Hold::No => lot.land_held(planned).await?,
                landed => landed,
            },
        };
        match landed {
            Landed::Applied(applied) => done.count(applied),
            Landed::Same => done.skipped += i64::from(matches!(how, How::Listed { .. })),
            Landed::Unreadable => done.unreadable += 1,
            Landed::Stale | Landed::Held => {}
        }
        // What changed in the second in which it was fetched may have changed again in it: that is looked at soon, not at the next look.
        let fresh = matches!(landed, Landed::Applied(_) | Landed::Held) && planned.state == ObjectState::Present;
        if fresh && !versions::is_sure(planned.version, planned.started) {
            again.put(tx, &self.run.connection, planned.object.kind, &planned.id, versions::SURE_AFTER).await?;
        }
        done.done += i64::from(matches!(how, How::Listed { .. }));
        Ok(())
    }

    /// Writes the sync's own line, and tells open pages at most twice a second.
    async fn save(&self, tx: &Tx, progress: &BTreeMap<String, StreamProgress>, speed: &SyncProgress) -> Result<()> {
        let run = &self.run;
        query("UPDATE connect_syncs SET streams = $3, progress = $4, calls = calls + $5, retries = retries + $6 WHERE workspace_id = $1 AND id = $2")
            .bind(run.connection.workspace_id)
            .bind(run.sync)
            .bind(serde_json::to_value(progress).map_err(Error::internal)?)
            .bind(serde_json::to_value(speed).map_err(Error::internal)?)
            .bind(self.calls.0)
            .bind(self.calls.1)
            .run(tx)
            .await?;
        let (workspace, id) = (run.connection.workspace_id, run.connection.id);
        tally::add(tx, workspace, id, tally::CALLS, self.calls.0).await?;
        tally::add(tx, workspace, id, tally::TOO_MANY, self.calls.2).await?;
        if run.conns.may_touch(id) {
            tx.touch(workspace, &run.connection.to_ref());
            tx.touch_topic(workspace, "connections");
        }
        Ok(())
    }
}

/// Whether an error is about one record, so that the others can go on; otherwise the database or the lease is gone.
pub(crate) fn is_about_one(error: &Error) -> bool {
    match error {
        Error::Unavailable(_) | Error::StorageFull => false,
        Error::Conflict { code, .. } => *code != "lease_lost",
        _ => true,
    }
}
