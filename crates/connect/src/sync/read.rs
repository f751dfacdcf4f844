//! Reading one listing: page after page, its objects fetched concurrently, its place committed in order.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use atlas_kernel::Result;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::obtain::{Ready, obtain, ours};
use super::pass::{MOST_RESTARTS, Pass};
use super::piece::{How, Piece};
use super::release;
use super::run::Run;
use super::streams::StreamState;
use crate::line::Trouble;
use crate::pause::pause;
use crate::versions::{self, ObjectState};
use crate::{Failure, FailureClass, Listed, Listing, Object, Stream};

/// How the reading of a listing ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Read to its end.
    Complete,
    /// It cannot be read now; the class decides what becomes of it.
    Broken(Failure),
    /// The connection or the run was stopped.
    Halted,
}

/// So many objects in a row that could not be fetched mean that the provider is ill, not the objects.
const MOST_FAILURES: usize = 10;
/// So many empty pages in a row mean that a listing goes round in circles.
const MOST_EMPTY: usize = 10;
/// How long to wait when somebody else is at a listing of which there can be only one.
const CONFLICT_WAIT: Duration = Duration::from_secs(60);
const MOST_CONFLICTS: u32 = 15;

/// Reads the run's listing number `stream`.
pub(crate) async fn read_stream(run: &Arc<Run>, stream: usize, out: mpsc::Sender<Piece>) -> End {
    let mut reader = Reader::new(run.clone(), stream, out.clone());
    let order = run.streams[stream].order;
    let releasing = async {
        run.gates.opened(order).await;
        loop {
            release::release(run, stream, &out).await;
            run.put_off[stream].notified().await;
        }
    };
    let reading = async {
        let end = reader.read().await;
        if let End::Broken(failure) = &end {
            run.conns.heed(&run.connection, run.streams[stream].scope, failure).await;
        }
        end
    };
    let end = tokio::select! { end = reading => end, () = releasing => End::Halted };
    run.gates.opened(order).await;
    // What is still held; after this, all of this listing is committed and others may build on it.
    release::release(run, stream, &out).await;
    run.gates.done(&run.streams[stream]);
    if let End::Broken(failure) = &end {
        let off = matches!(failure.class, FailureClass::Scope | FailureClass::Plan);
        let state = if off { StreamState::Off } else { StreamState::Failed };
        if failure.class != FailureClass::Auth {
            let (code, message) = (run.conns.known_code(&run.connection, failure), failure.message.clone());
            let _ = out.send(Piece::Broken { stream, state, code, message }).await;
        }
    }
    end
}

struct Reader {
    run: Arc<Run>,
    index: usize,
    stream: Stream,
    object: Option<Object>,
    out: mpsc::Sender<Piece>,
    pass: Pass,
    // Tasks of their own: what is under way goes on, whatever this reader waits for.
    work: JoinSet<(String, Result<Ready, Trouble>)>,
    listing: JoinSet<Result<Listing, Trouble>>,
    outstanding: BTreeSet<String>,
    failures: usize,
    empty: usize,
    conflicts: u32,
}

impl Reader {
    fn new(run: Arc<Run>, index: usize, out: mpsc::Sender<Piece>) -> Self {
        let (stream, pass) = (run.streams[index], run.passes[index].clone());
        let object = run.line.connector().objects.iter().find(|o| o.kind == stream.object).copied();
        let (work, listing, outstanding) = (JoinSet::new(), JoinSet::new(), BTreeSet::new());
        Self { run, index, stream, object, out, pass, work, listing, outstanding, failures: 0, empty: 0, conflicts: 0 }
    }

    async fn read(&mut self) -> End {
        match self.read_to_the_end().await {
            Ok(()) => End::Complete,
            Err(end) => end,
        }
    }

    async fn read_to_the_end(&mut self) -> Result<(), End> {
        let Some(object) = self.object else {
            return Err(End::Broken(ours("stream_without_object", "this listing names no kind of object")));
        };
        self.take_up(object).await?;
        self.list(self.pass.clone());
        let mut next = None;
        loop {
            let (listing, working) = (!self.listing.is_empty(), !self.work.is_empty());
            // A page first: whatever its objects wait for, the next one is not to wait for it.
            tokio::select! {
                biased;
                Some(page) = self.listing.join_next(), if listing => match page.unwrap_or(Err(Trouble::Halted)) {
                    Ok(page) => {
                        // The next page is on its way while the objects of this one are handed over.
                        let ahead = page.next.clone().map(|request| self.pass.at(request));
                        let room = self.has_room();
                        if let Some(ahead) = ahead.as_ref().filter(|_| room) {
                            self.list(ahead.clone());
                        }
                        self.turn(object, page).await?;
                        match ahead {
                            Some(ahead) if room => self.pass = ahead,
                            later => next = later,
                        }
                    }
                    Err(trouble) => {
                        self.mend(trouble).await?;
                        self.list(self.pass.clone());
                    }
                },
                Some(done) = self.work.join_next(), if working => self.take(object, done).await?,
                else => {
                    if self.pass.gap {
                        self.restart(ours("listing_cut_off", "the listing was interrupted again and again"))?;
                        self.list(self.pass.clone());
                        continue;
                    }
                    let (began, audit_from) = (self.pass.began, self.pass.audit_from);
                    return self.send(Piece::Complete { stream: self.index, began, audit_from }).await;
                }
            }
            if self.has_room()
                && let Some(pass) = next.take()
            {
                self.pass = pass;
                self.list(self.pass.clone());
            }
        }
    }

    /// Whether the objects of another page would find calls to go out with.
    fn has_room(&self) -> bool {
        self.work.len() < self.run.line.pacer().sensible_in_flight()
    }

    /// The calls that were under way when the pass was left; those that were stored after all are not made again.
    async fn take_up(&mut self, object: Object) -> Result<(), End> {
        let leftovers = std::mem::take(&mut self.pass.leftovers);
        let (workspace, connection) = (self.run.connection.workspace_id, self.run.connection.id);
        let stored =
            versions::versions_of(&self.run.ctx.db, workspace, connection, object.kind, &leftovers).await.map_err(|_| End::Halted)?;
        let began = self.pass.began - 60;
        for id in leftovers {
            if stored.get(&id).is_some_and(|version| version.fetched_at.as_second() >= began) {
                self.send(Piece::Skipped { stream: self.index, count: 1 }).await?;
            } else {
                self.fetch_later(object, id, None);
            }
        }
        Ok(())
    }

    /// Calls for the page at which a pass is.
    fn list(&mut self, pass: Pass) {
        let (run, stream, index) = (self.run.clone(), self.stream, self.index);
        self.listing.spawn(async move {
            let good = run.line.call(run.lane.of_pages(), &pass.request).await?;
            run.called(index);
            (stream.read)(&pass.window, &pass.request, &good.value).map_err(|why| {
                let failure = Failure { class: FailureClass::Provider, code: "listing_unreadable".into(), message: why, scope: None };
                Trouble::Failed(failure, Box::default())
            })
        });
    }

    /// A page arrived: its place is committed, then its objects are fetched unless they are stored.
    async fn turn(&mut self, object: Object, page: Listing) -> Result<(), End> {
        self.conflicts = 0;
        self.empty = if page.items.is_empty() { self.empty + 1 } else { 0 };
        if self.empty > MOST_EMPTY && page.next.is_some() {
            return Err(End::Broken(ours("listing_never_ends", "the listing goes on without any items")));
        }
        self.pass.leftovers = self.outstanding.iter().cloned().collect();
        let total = page.total.filter(|_| matches!(self.pass.window, crate::Window::History));
        let ids: Vec<String> = page.items.iter().map(|item| item.id.clone()).collect();
        let named = if self.pass.audit_from.is_some() { ids.clone() } else { vec![] };
        self.send(Piece::Page { stream: self.index, pass: Box::new(self.pass.clone()), total, named }).await?;
        self.pass.leftovers.clear();
        let (workspace, connection) = (self.run.connection.workspace_id, self.run.connection.id);
        let stored = versions::versions_of(&self.run.ctx.db, workspace, connection, object.kind, &ids).await.map_err(|_| End::Halted)?;
        let (known, fresh) = self.sort(page.items, &stored);
        if known > 0 {
            self.send(Piece::Skipped { stream: self.index, count: known }).await?;
        }
        for item in fresh {
            // A listing may still show what is gone: only the object's own answer brings it back.
            let gone = stored.get(&item.id).is_some_and(|version| version.state == ObjectState::Gone);
            let id = item.id.clone();
            self.fetch_later(object, id, (!gone || self.stream.deletions).then_some(item));
        }
        Ok(())
    }

    fn sort(&self, items: Vec<Listed>, stored: &HashMap<String, versions::Version>) -> (i64, Vec<Listed>) {
        let is_known = |item: &Listed| match stored.get(&item.id) {
            Some(version) if self.stream.deletions => version.state == ObjectState::Gone,
            Some(version) => version.covers(item.version),
            // Deletions of what was never here are no news.
            None => self.stream.deletions,
        };
        let (known, fresh): (Vec<_>, Vec<_>) = items.into_iter().partition(is_known);
        let fresh = fresh.into_iter().filter(|item| !self.outstanding.contains(&item.id)).collect();
        (i64::try_from(known.len()).unwrap_or(0), fresh)
    }

    fn fetch_later(&mut self, object: Object, id: String, listed: Option<Listed>) {
        if !self.outstanding.insert(id.clone()) {
            return;
        }
        let (run, index, read) = (self.run.clone(), self.index, self.run.line.now());
        self.work.spawn(async move {
            let done = obtain(&run, index, object, &id, listed, read).await;
            (id, done)
        });
    }

    /// An object is there, or could not be had.
    async fn take(&mut self, object: Object, done: Result<(String, Result<Ready, Trouble>), tokio::task::JoinError>) -> Result<(), End> {
        let Ok((id, done)) = done else {
            return Err(End::Broken(ours("object_unreadable", "an object of this listing cannot be worked on")));
        };
        match done {
            Ok(ready) => {
                self.failures = 0;
                for needed in ready.needed {
                    self.send(Piece::Object { stream: self.index, planned: needed, how: How::Needed, slot: None }).await?;
                }
                let how = How::Listed { hold: ready.hold };
                self.send(Piece::Object { stream: self.index, planned: ready.object, how, slot: ready.slot }).await?;
            }
            Err(Trouble::Halted) => return Err(End::Halted),
            Err(Trouble::Failed(failure, _)) => {
                self.failures += 1;
                let stops = matches!(failure.class, FailureClass::Auth | FailureClass::Scope | FailureClass::Plan | FailureClass::Rate);
                if stops || self.failures >= MOST_FAILURES {
                    return Err(End::Broken(failure));
                }
                tracing::warn!(connection.id = %self.run.connection.id, object = object.kind, code = failure.code, "an object could not be fetched");
                self.send(Piece::Postponed { stream: self.index, object: object.kind, id: id.clone() }).await?;
            }
        }
        self.outstanding.remove(&id);
        Ok(())
    }

    /// A page did not arrive: the listing starts again, waits for its turn, or is given up for now.
    async fn mend(&mut self, trouble: Trouble) -> Result<(), End> {
        let Trouble::Failed(failure, _) = trouble else { return Err(End::Halted) };
        match failure.class {
            FailureClass::Restart => self.restart(failure)?,
            FailureClass::Conflict if self.conflicts < MOST_CONFLICTS => {
                self.conflicts += 1;
                let wait = self.stream.exclusive.unwrap_or(CONFLICT_WAIT);
                tokio::select! {
                    () = self.run.line.halt().raised() => return Err(End::Halted),
                    () = pause(self.run.ctx.db.clock(), wait) => {}
                }
            }
            _ => return Err(End::Broken(failure)),
        }
        Ok(())
    }

    /// From the first page again, or not any more.
    fn restart(&mut self, why: Failure) -> Result<(), End> {
        if self.pass.restarts >= MOST_RESTARTS {
            return Err(End::Broken(why));
        }
        self.pass.restart(&self.stream);
        Ok(())
    }

    async fn send(&mut self, piece: Piece) -> Result<(), End> {
        self.out.send(piece).await.map_err(|_| End::Halted)
    }
}
