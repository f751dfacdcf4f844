//! One change tried out: journal, events, look, undo.

use std::collections::BTreeMap;

use super::{Action, Fix};
use crate::board::{Job, Spot};
use crate::planner::Planner;
use crate::sweep::Sweep;
use crate::time::minutes_of;
use crate::world::Event;

impl Planner {
    /// What the events would bring this task; `None` when it does not become less late.
    pub(super) fn simulate(&mut self, job: Job, action: Action, events: Vec<Event>) -> Option<Fix> {
        let (late_before, tardiness) = (self.board.spots[job as usize].late, self.board.score.tardiness);
        self.board.open_journal();
        let mut before: BTreeMap<Job, Spot> = BTreeMap::new();
        let applied = events.iter().all(|event| self.try_event(event, &mut before));
        let spot = &self.board.spots[job as usize];
        let helps = applied && spot.is_placed() && spot.late < late_before;
        let fix = helps.then(|| {
            let moved = |(job, old): &(&Job, &Spot)| {
                let new = &self.board.spots[**job as usize];
                (old.person, &old.chunks) != (new.person, &new.chunks)
            };
            let later = |(other, old): &(&Job, &Spot)| **other != job && self.board.spots[**other as usize].late > old.late;
            Fix {
                action,
                late_before: minutes_of(late_before) as u32,
                late_after: minutes_of(spot.late) as u32,
                finish: self.board.grid.minute(spot.finish),
                moved: before.iter().filter(moved).count(),
                tardiness_change: self.board.score.tardiness - tardiness,
                harmed: before.iter().filter(later).map(|(job, _)| self.board.tasks[*job as usize].id).collect(),
                events,
            }
        });
        self.board.undo();
        fix
    }

    fn try_event(&mut self, event: &Event, before: &mut BTreeMap<Job, Spot>) -> bool {
        let mut sweep = Sweep::default();
        if self.hit_and_settle(event, &mut sweep).is_err() {
            return false;
        }
        for (job, touched) in sweep.touched {
            before.entry(job).or_insert(touched.spot);
        }
        true
    }
}
