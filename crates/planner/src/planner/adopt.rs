//! Taking up an earlier plan: what still holds is kept, the rest is swept.

use super::Planner;
use crate::board::{Job, Standing};
use crate::plan::{Cause, Changes, Place, Plan, Trigger};
use crate::sweep::{Sweep, holds};
use crate::time::Range;

impl Planner {
    /// Puts the plan's pieces back where they still hold, most urgent first, and sweeps what no longer does.
    pub(super) fn adopt(&mut self, plan: &Plan) -> Changes {
        let cause = Cause::Event(Trigger::Time);
        for job in self.board.by_rank() {
            let task = self.board.tasks[job as usize].id;
            if let Some(placement) = plan.placement(task) {
                let place = Place { person: placement.person, chunks: placement.chunks.clone() };
                self.adopt_one(job, &place);
            }
        }
        let before = self.board.score;
        let mut sweep = Sweep::default();
        for person in 0..self.board.lines.len() as u32 {
            let days = self.board.calendars[person as usize].days();
            sweep.respect_caps(&mut self.board, person, 0..days, &cause);
        }
        let unsettled: Vec<Job> = self.board.active().filter(|job| !holds(&self.board, *job)).collect();
        for job in unsettled {
            sweep.push(&self.board, job, &cause);
        }
        self.settle_calmly(&mut sweep);
        let mut changes = self.report(sweep, before);
        self.compare_with(plan, &mut changes);
        changes
    }

    /// Puts back as much of the old pieces as is free and not over.
    fn adopt_one(&mut self, job: Job, place: &Place) {
        let board = &mut self.board;
        let Some(person) = board.person_index.get(&place.person).copied() else { return };
        let rules = &board.jobs[job as usize];
        let Some(choice) = rules.choice(person).filter(|_| rules.standing == Standing::Active) else { return };
        let grid = board.grid;
        let free = board.room(choice).free();
        let mut pieces = Vec::new();
        for chunk in place.chunks.iter().filter(|chunk| !chunk.fixed && chunk.span.until > board.now_minute) {
            pieces.extend(free.parts(Range::new(grid.ceil(chunk.span.from).max(board.now), grid.floor(chunk.span.until))));
        }
        if !pieces.is_empty() || !rules.fixed.is_empty() || choice.need == 0 {
            let spot = board.finished_spot(job, person, &pieces);
            board.put(job, spot);
        }
    }

    /// Moves are told against the plan as it was given, not as far as it could be put back.
    fn compare_with(&mut self, plan: &Plan, changes: &mut Changes) {
        let now = self.board.now_minute;
        let current = self.plan();
        let touched: std::collections::HashMap<_, _> = changes.moves.drain(..).map(|one| (one.task, one.cause)).collect();
        let ids = plan.placements.iter().map(|old| old.task).chain(current.placements.iter().map(|new| new.task));
        let mut ids: Vec<_> = ids.filter(|id| self.board.task_index.contains_key(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let place = |plan: &Plan| {
                let placement = plan.placement(id)?;
                let ahead = |chunk: &&crate::Chunk| chunk.span.until > now;
                let mut chunks: Vec<_> = placement.chunks.iter().filter(ahead).copied().collect();
                chunks.iter_mut().for_each(|chunk| chunk.span.from = chunk.span.from.max(now));
                Some(Place { person: placement.person, chunks })
            };
            let (before, after) = (place(plan), place(&current));
            if before != after {
                let cause = touched.get(&id).cloned().unwrap_or(Cause::Event(Trigger::Time));
                changes.moves.push(crate::Move { task: id, before, after, cause });
            }
        }
    }
}
