//! The tasks as they lie after planning anew: what was accepted, what was begun, and how each moved.

use std::collections::HashMap;
use std::sync::Arc;

use atlas_kernel::Timestamp;
use atlas_planner::{Cause, Minute, Placement, Planner, Span, TaskId};

use super::Why;
use crate::facts::{Facts, moment, user_id};
use crate::plan::{Bodies, Body, Moved, store};

/// The tasks that moved.
pub type Moves = Vec<(TaskId, Moved)>;

/// One change of the plan in the making.
pub(super) struct Draft {
    pub number: i64,
    pub at: Timestamp,
    pub now: Minute,
    pub said: String,
    /// The plan that came back, when one did.
    pub restored: Option<Bodies>,
}

impl Draft {
    /// The tasks as they lie now, with what was accepted and how they moved.
    pub fn bodies(&self, planner: &Planner, facts: &Facts, before: &Bodies, worked: &HashMap<TaskId, i64>, why: &Why) -> (Bodies, Moves) {
        let plan = planner.plan();
        let mut places: HashMap<TaskId, Placement> = plan.placements.into_iter().map(|place| (place.task, place)).collect();
        let mut unplaced: HashMap<TaskId, _> = plan.unplaced.into_iter().map(|one| (one.task, one.reason)).collect();
        let mut moves = Vec::new();
        let mut bodies = Bodies::new();
        for (id, task) in &facts.tasks {
            let old = before.get(id);
            let base = self.restored.as_ref().unwrap_or(before).get(id);
            // A change taken back brings back how the task had moved before it; a task that comes back otherwise has moved.
            let undoes = why.back_to.is_some();
            let mut body = Body {
                facts: task.clone(),
                place: places.remove(id),
                unplaced: unplaced.remove(id),
                accepted: vec![],
                moved: if undoes { base } else { old }.and_then(|body| body.moved.clone()),
            };
            if let (Some(place), Some(old)) = (&mut body.place, old.and_then(|old| old.place.as_ref())) {
                self.keep_begun(place, old);
            }
            if worked.get(id).is_some_and(|minutes| *minutes > 0) && task.remaining.is_none() {
                body.place.iter_mut().for_each(|place| place.estimate_is_default = true);
            }
            let spans: Vec<Span> = body.place.iter().flat_map(|place| place.chunks.iter().map(|chunk| chunk.span)).collect();
            let wanted = why.accept.iter().filter(|(task, _)| task == id).flat_map(|(_, spans)| spans);
            let accepted: Vec<Span> = base.iter().flat_map(|base| &base.accepted).chain(wanted).copied().collect();
            body.accepted = spans.into_iter().filter(|span| accepted.contains(span)).collect();
            if let Some(old) = old
                && let Some(moved) = self.moved(planner, *id, old, &body)
            {
                if !undoes {
                    body.moved = Some(moved.clone());
                }
                moves.push((*id, moved));
            }
            let same = old.filter(|old| ***old == body).cloned();
            bodies.insert(*id, same.unwrap_or_else(|| Arc::new(body)));
        }
        (bodies, moves)
    }

    /// A block that runs right now keeps its beginning.
    fn keep_begun(&self, place: &mut Placement, old: &Placement) {
        if place.person != old.person {
            return;
        }
        let running = old.chunks.iter().find(|chunk| chunk.span.from < self.now && chunk.span.until > self.now);
        if let (Some(running), Some(first)) = (running, place.chunks.first_mut())
            && first.span.from == self.now
        {
            first.span.from = running.span.from;
        }
    }

    /// Blocks that ran until now and do not go on: what was worked of them stays worked.
    pub fn broken_off(&self, before: &Bodies, bodies: &Bodies) -> Vec<store::Worked> {
        let mut broken = Vec::new();
        for (task, old) in before {
            let Some(old) = &old.place else { continue };
            let Some(running) = old.chunks.iter().find(|chunk| chunk.span.from < self.now && chunk.span.until > self.now) else { continue };
            let goes_on = bodies
                .get(task)
                .and_then(|body| body.place.as_ref())
                .is_some_and(|place| place.person == old.person && place.chunks.iter().any(|chunk| chunk.span.from == running.span.from));
            if !goes_on && bodies.contains_key(task) {
                broken.push((*task, user_id(old.person), moment(running.span.from), moment(self.now)));
            }
        }
        broken
    }

    fn moved(&self, planner: &Planner, task: TaskId, old: &Body, new: &Body) -> Option<Moved> {
        let ahead = |body: &Body| {
            let place = body.place.as_ref()?;
            let spans = place.chunks.iter().map(|chunk| chunk.span).filter(|span| span.until > self.now);
            let spans: Vec<Span> = spans.map(|span| Span::new(span.from.max(self.now), span.until)).collect();
            Some((place.person, spans))
        };
        let (was, is) = (ahead(old), ahead(new));
        if was == is {
            return None;
        }
        let spot = |body: &Body| body.place.as_ref().and_then(|place| Some((user_id(place.person), moment(body.span()?.from))));
        let by = match planner.last_cause(task) {
            Some(Cause::TimeTaken(_) | Cause::PushedBack(_) | Cause::NeededBy(_)) => planner.who_moved(task).0,
            _ => vec![],
        };
        Some(Moved { revision: self.number, at: self.at, said: self.said.clone(), by, from: spot(old), to: spot(new) })
    }
}
