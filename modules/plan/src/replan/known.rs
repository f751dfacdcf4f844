//! What this process knows of a workspace's plan: kept between requests for as long as the plan's own row says the same.
//!
//! Nothing here is the truth. A copy is used only while the row of the plan is the one it was read with, and its work
//! only while no change of work waits to be planned.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atlas_kernel::{Ref, Result, Timestamp, UserId, WorkspaceId};
use atlas_module::plannable::{self};
use atlas_planner::{Person, Planner};
use atlas_store::{Db, Executor, Tx};

use super::impossible;
use super::question::running;
use crate::Planning;
use crate::facts::{Facts, Works, frozen_until, present, task_id, user_id, world};
use crate::plan::{Bodies, State, store};

/// Plans of so many workspaces are kept.
const WORKSPACES: usize = 8;

/// What the plan's row must say for a copy to hold.
type Key = (i64, Option<Timestamp>, String);

/// Whether both rows are of the same plan.
pub(super) fn same(one: &State, other: &State) -> bool {
    key(one) == key(other)
}

fn key(state: &State) -> Key {
    (state.revision, state.planned_at, state.digest.clone())
}

/// A plan as it was read or written, with the work behind it.
#[derive(Debug)]
pub struct Known {
    /// The plan's own row.
    pub state: State,
    /// The tasks as they lie.
    pub bodies: Arc<Bodies>,
    people: Arc<BTreeMap<UserId, Person>>,
    work: Arc<Works>,
    planner: Mutex<Option<Arc<Planner>>>,
}

/// The plan's rows.
pub(super) struct Kept {
    pub bodies: Arc<Bodies>,
    pub people: Arc<BTreeMap<UserId, Person>>,
}

impl Kept {
    pub async fn read(on: &dyn Executor, workspace: WorkspaceId) -> Result<Self> {
        let bodies = Arc::new(store::bodies(on, workspace).await?);
        Ok(Self { bodies, people: Arc::new(store::people(on, workspace).await?) })
    }
}

impl Known {
    pub(super) fn new(state: State, bodies: &Arc<Bodies>, facts: &Facts) -> Self {
        let people = facts.people.iter().map(|person| (user_id(person.id), person.clone())).collect();
        Self { state, bodies: bodies.clone(), people: Arc::new(people), work: facts.work.clone(), planner: Mutex::default() }
    }

    pub(super) fn kept(&self) -> Kept {
        Kept { bodies: self.bodies.clone(), people: self.people.clone() }
    }

    /// The planner as it stands, to ask it why; none before the first plan.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn planner(&self, on: &dyn Executor, workspace: WorkspaceId) -> Result<Option<Arc<Planner>>> {
        let Some(at) = self.state.planned_at else { return Ok(None) };
        if let Some(planner) = &*held(&self.planner) {
            return Ok(Some(planner.clone()));
        }
        let now = present(at);
        let mut worked = store::worked_minutes(on, workspace, &[]).await?;
        running(&self.bodies, now).for_each(|(task, minutes)| *worked.entry(task).or_insert(0) += minutes);
        let frozen = frozen_until(self.people.values(), now);
        let world = world(now, &frozen, self.people.values(), self.bodies.values().map(|body| &body.facts), &worked);
        let (planner, _) = Planner::resume(world, &store::plan_of(self.state.rule, &self.bodies)).map_err(impossible)?;
        let planner = Arc::new(planner);
        *held(&self.planner) = Some(planner.clone());
        Ok(Some(planner))
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The plans this process knows, the one used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Vec<(WorkspaceId, Arc<Known>)>>);

impl Cache {
    /// What is known of the plan whose row says this.
    pub(super) fn of(&self, workspace: WorkspaceId, state: &State) -> Option<Arc<Known>> {
        let kept = held(&self.0);
        let (_, known) = kept.iter().find(|(of, _)| *of == workspace)?;
        (key(&known.state) == key(state)).then(|| known.clone())
    }

    pub(super) fn keep(&self, workspace: WorkspaceId, known: Arc<Known>) {
        let mut kept = held(&self.0);
        kept.retain(|(of, _)| *of != workspace);
        kept.push((workspace, known));
        if kept.len() > WORKSPACES {
            kept.remove(0);
        }
    }
}

/// The plan as it is, and the facts of now.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The plan.
    pub known: Arc<Known>,
    /// The facts.
    pub facts: Facts,
    settled: bool,
}

impl Planning {
    /// The plan as it is, with the facts of now: from memory where that still holds.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn look(&self, db: &Db, workspace: WorkspaceId, now: Timestamp) -> Result<Seen> {
        let seen = self.seen(db, workspace, now).await?;
        if seen.settled {
            self.cache().keep(workspace, seen.known.clone());
        }
        Ok(seen)
    }

    /// The same within a transaction, of which nothing is remembered: it may not be committed.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn seen(&self, on: &dyn Executor, workspace: WorkspaceId, now: Timestamp) -> Result<Seen> {
        let state = store::state(on, workspace).await?;
        let settled = !plannable::pending(on, workspace).await?;
        let known = self.cache().of(workspace, &state);
        let work = match &known {
            Some(known) if settled => known.work.clone(),
            _ => all_work(self, on, workspace).await?,
        };
        let facts = Facts::of_work(on, workspace, now, work.clone()).await?;
        let known = match known {
            Some(known) => known,
            None => {
                let Kept { bodies, people } = Kept::read(on, workspace).await?;
                Arc::new(Known { state, bodies, people, work, planner: Mutex::default() })
            }
        };
        Ok(Seen { known, facts, settled })
    }

    /// The tasks as they lie.
    pub(crate) async fn bodies(&self, on: &dyn Executor, workspace: WorkspaceId) -> Result<Arc<Bodies>> {
        let state = store::state(on, workspace).await?;
        match self.cache().of(workspace, &state) {
            Some(known) => Ok(known.bodies.clone()),
            None => Ok(Arc::new(store::bodies(on, workspace).await?)),
        }
    }
}

/// All open work.
pub(crate) async fn all_work(planning: &Planning, on: &dyn Executor, workspace: WorkspaceId) -> Result<Arc<Works>> {
    let mut all = HashMap::new();
    for source in planning.sources() {
        all.extend((source.open)(on, workspace).await?.into_iter().map(|work| (task_id(&work.record), Arc::new(work))));
    }
    Ok(Arc::new(all))
}

/// One verb's turn at the plan: whether the work known is all there is, but for what the verb itself changes.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    settled: bool,
    touched: Vec<Ref>,
}

impl Turn {
    /// Takes the plan's lock before anything is changed.
    pub async fn take(tx: &Tx, workspace: WorkspaceId) -> Result<Self> {
        store::lock(tx, workspace).await?;
        Ok(Self { settled: !plannable::pending(tx, workspace).await?, touched: vec![] })
    }

    /// The verb changes this work.
    pub fn touch(&mut self, record: &Ref) {
        self.touched.push(record.clone());
    }

    pub(super) async fn work(
        &self,
        planning: &Planning,
        on: &dyn Executor,
        workspace: WorkspaceId,
        known: Option<&Known>,
    ) -> Result<Arc<Works>> {
        let Some(known) = known.filter(|_| self.settled) else { return all_work(planning, on, workspace).await };
        if self.touched.is_empty() {
            return Ok(known.work.clone());
        }
        let mut all = HashMap::clone(&known.work);
        self.touched.iter().for_each(|record| drop(all.remove(&task_id(record))));
        for source in planning.sources() {
            let mine: Vec<Ref> = self.touched.iter().filter(|record| record.kind() == source.kind).cloned().collect();
            all.extend((source.these)(on, workspace, &mine).await?.into_iter().map(|work| (task_id(&work.record), Arc::new(work))));
        }
        Ok(Arc::new(all))
    }
}
