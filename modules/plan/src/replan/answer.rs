//! The plan that answers the facts of now: computed from the question alone, no database in sight.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use atlas_kernel::{Result, Timestamp, UserId};
use atlas_planner::{Person, Planner, TaskId};

use super::difference::{differences, happened};
use super::draft::Draft;
use super::{Moves, Question, Why, impossible};
use crate::facts::{Facts, frozen_until, world};
use crate::plan::notice::{self, Notice};
use crate::plan::{Bodies, State, Undo, store};

/// What is to be written.
pub struct Answer {
    pub(super) at: Timestamp,
    pub(super) state: State,
    pub(super) said: String,
    pub(super) digest_before: String,
    pub(super) people: Arc<BTreeMap<UserId, Person>>,
    pub(super) before: Arc<Bodies>,
    pub(super) bodies: Arc<Bodies>,
    pub(super) changed: Vec<TaskId>,
    pub(super) moves: Moves,
    pub(super) worked: Vec<store::Worked>,
    pub(super) undo: Vec<Undo>,
    pub(super) facts: Arc<Facts>,
    pub(super) notices: Vec<Notice>,
}

impl Question {
    /// Plans.
    pub fn answer(mut self, why: Why) -> Result<Answer> {
        let (planner, said) = self.plan(&why)?;
        let restored = self.earlier.take();
        let draft = Draft { number: self.state.revision + 1, at: self.at, now: self.now, said, restored };
        let (bodies, moves) = draft.bodies(&planner, &self.facts, &self.before, &self.worked, &why);
        let ids: HashSet<TaskId> = self.before.keys().chain(bodies.keys()).copied().collect();
        let mut changed: Vec<TaskId> = ids.into_iter().filter(|id| self.before.get(id) != bodies.get(id)).collect();
        changed.sort_unstable();
        let mut worked = self.ended;
        worked.extend(draft.broken_off(&self.before, &bodies));
        let both = |id: &TaskId| Some((self.before.get(id)?, bodies.get(id)?));
        let told = moves.iter().filter_map(|(id, moved)| {
            let (before, after) = both(id)?;
            Some(notice::of_move(*id, moved, before, after, &self.facts))
        });
        let notices = told.flatten().collect();
        let digest_before = std::mem::take(&mut self.state.digest);
        let change = !changed.is_empty() || digest_before != self.digest || !why.undo.is_empty();
        let state = State {
            revision: if change { draft.number } else { self.state.revision },
            planned_at: Some(self.at),
            rule: planner.plan().rule,
            digest: self.digest,
            alarms: planner.alarms(),
        };
        Ok(Answer {
            at: self.at,
            state,
            said: draft.said,
            digest_before,
            people: self.people,
            before: self.before,
            bodies: Arc::new(bodies),
            changed,
            moves,
            worked,
            undo: why.undo,
            facts: Arc::new(self.facts),
            notices,
        })
    }

    /// The planner with the new plan, and what happened in words.
    pub(super) fn plan(&self, why: &Why) -> Result<(Planner, String)> {
        let world_now = self.facts.world(self.now, &self.worked);
        let mut said = why.said.clone();
        let fallback = |said: String, other: &str| if said.is_empty() { other.to_owned() } else { said };
        if self.state.revision == 0 {
            return Ok((Planner::new(world_now).map_err(impossible)?, fallback(said, "Planned for the first time")));
        }
        if let Some(earlier) = &self.earlier {
            let (planner, _) = Planner::resume(world_now, &store::plan_of(self.state.rule, earlier)).map_err(impossible)?;
            return Ok((planner, fallback(said, "A change was taken back")));
        }
        if !why.places.is_empty() {
            let mut offered = store::plan_of(self.state.rule, &self.before);
            offered.placements.retain(|place| why.places.iter().all(|other| other.task != place.task));
            offered.placements.extend(why.places.iter().cloned());
            let (planner, _) = Planner::resume(world_now, &offered).map_err(impossible)?;
            return Ok((planner, said));
        }
        let frozen = frozen_until(&self.facts.people, self.now);
        let old = world(self.now, &frozen, self.people.values(), self.before.values().map(|body| &body.facts), &self.worked);
        let mut planner = Planner::resume(old, &store::plan_of(self.state.rule, &self.before)).map_err(impossible)?.0;
        for event in &why.events {
            planner.apply(event).map_err(impossible)?;
        }
        for event in differences(&planner.world(), &world_now) {
            if said.is_empty() {
                said = happened(&event, &self.facts, &self.before);
            }
            planner.apply(&event).map_err(impossible)?;
        }
        Ok((planner, fallback(said, "Time went by")))
    }
}

impl Answer {
    /// Whether anything differs.
    pub(super) fn is_change(&self) -> bool {
        !self.changed.is_empty() || self.digest_before != self.state.digest || !self.undo.is_empty()
    }
}
