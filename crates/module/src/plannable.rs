//! Plannable work: how the module that plans people's time learns of work that other modules own, and changes it.
//!
//! A module that owns such work registers a [`WorkSource`] and calls [`changed`] in the transaction of every change; it
//! never learns who plans, and the planner never learns whose work it is.

use atlas_jobs::{NewJob, enqueue};
use atlas_kernel::{Actor, EventId, Permission, Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_store::{Executor, Tx};
use futures::future::BoxFuture;
use jiff::civil::{Date, Time};

/// The kind of job that plans a workspace anew.
pub const REPLAN: &str = "plan.replan";

/// One piece of work, as far as planning it goes.
#[derive(Clone, Debug)]
pub struct Work {
    /// The record.
    pub record: Ref,
    /// What people call it, such as `ACME-12`.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// Where it opens.
    pub url: String,
    /// What it is part of, by id and name.
    pub project: (Ref, String),
    /// The glyph of its status and what that says.
    pub status: (&'static str, &'static str),
    /// How pressing it is: 0 for nothing said, 1 low, 2 medium, 3 high, 4 urgent.
    pub priority: i64,
    /// Whether somebody is at it.
    pub under_way: bool,
    /// Minutes of work; none when nobody has estimated it.
    pub estimate: Option<i64>,
    /// Not before this day.
    pub start: Option<Date>,
    /// By this day, and by this time of it.
    pub due: Option<(Date, Option<Time>)>,
    /// Whether the due date must be met.
    pub hard: bool,
    /// Whether it may be done in pieces.
    pub splittable: bool,
    /// The shortest and the longest piece, minutes.
    pub blocks: (Option<i64>, Option<i64>),
    /// Who may do it. With more than one the planner chooses.
    pub people: Vec<UserId>,
    /// What must be done before.
    pub after: Vec<Ref>,
}

/// What planning may change of a piece of work when somebody asks for it; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct WorkChange {
    /// It is done.
    pub done: bool,
    /// Minutes of work.
    pub estimate: Option<i64>,
    /// The due date.
    pub due: Option<(Date, Option<Time>)>,
    /// Who does it.
    pub person: Option<UserId>,
    /// How pressing it is, as in [`Work::priority`].
    pub priority: Option<i64>,
    /// Whether it may be done in pieces.
    pub splittable: Option<bool>,
    /// Why, for its history.
    pub reason: String,
}

/// A finished piece of work, for learning how estimates turn out.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The record.
    pub record: Ref,
    /// Who did it.
    pub people: Vec<UserId>,
    /// Minutes estimated.
    pub estimate: i64,
    /// When it was done.
    pub at: Timestamp,
}

/// A kind of record that is work for people, as registered by the module that owns it.
#[derive(Clone, Copy)]
pub struct WorkSource {
    /// The id prefix.
    pub kind: &'static str,
    /// What changing it needs.
    pub write: Permission,
    /// All work that is open and meant to be done.
    pub open: for<'a> fn(&'a dyn Executor, WorkspaceId) -> BoxFuture<'a, Result<Vec<Work>>>,
    /// Those of these records that are open and meant to be done.
    pub these: for<'a> fn(&'a dyn Executor, WorkspaceId, &'a [Ref]) -> BoxFuture<'a, Result<Vec<Work>>>,
    /// The record behind an id or key, whatever its state.
    pub find: for<'a> fn(&'a dyn Executor, WorkspaceId, &'a str) -> BoxFuture<'a, Result<Ref>>,
    /// Changes one; answers the event to undo it by, none when nothing differed.
    pub change: for<'a> fn(&'a Tx, &'a Actor, &'a Ref, &'a WorkChange) -> BoxFuture<'a, Result<Option<EventId>>>,
    /// Takes a change back.
    pub undo: for<'a> fn(&'a Tx, &'a Actor, EventId) -> BoxFuture<'a, Result<()>>,
    /// The latest finished ones with an estimate, newest first, at most this many.
    pub finished: for<'a> fn(&'a dyn Executor, WorkspaceId, usize) -> BoxFuture<'a, Result<Vec<Finished>>>,
}

/// Whether something changed that the plan does not answer yet: a job waits to plan it, or is at it.
///
/// # Errors
/// Whatever the database answers.
pub async fn pending(on: &dyn Executor, workspace: WorkspaceId) -> Result<bool> {
    atlas_jobs::waiting(on, workspace, REPLAN).await
}

/// Lets the workspace be planned anew once the caller has committed; asked several times it happens once.
///
/// # Errors
/// Whatever the database answers.
pub async fn changed(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    enqueue(tx, NewJob::new(workspace, REPLAN, ()).unique(REPLAN).priority(10)).await.map(|_| ())
}
