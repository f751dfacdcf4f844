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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Due, Person, World};
    use crate::{Lag, Meeting, MeetingId, PersonId, Span, Task, TaskId};

    /// Everything a trial could leave a trace in, as text.
    fn bytes(planner: &Planner) -> String {
        let board = &planner.board;
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            board.spots,
            board.lines,
            board.jobs,
            board.tasks,
            board.people,
            board.calendars,
            board.keys,
            (&board.late_finish, &board.late_start),
            board.graph,
            board.score
        )
    }

    fn world() -> World {
        let monday = 29_540_580;
        let mut world = World::new(monday);
        world.settings.horizon_weeks = 4;
        for id in 0..2 {
            let mut person = Person::new(PersonId(id), "Europe/Madrid");
            person.meetings.push(Meeting { id: MeetingId(1), span: Span::new(monday + 200, monday + 320) });
            world.people.push(person);
        }
        for id in 0..14_u128 {
            let mut task = Task::new(TaskId(id), PersonId(id % 2), 200 + 30 * id as u32);
            task.candidates = vec![PersonId(id % 2), PersonId(1 - id % 2)];
            task.due = Some(Due { at: monday + 1440 * (1 + id as i64 / 4), hard: id == 9 });
            if id > 2 {
                task.after = vec![crate::Dependency { lag: Lag::Working(30), ..crate::Dependency::on(TaskId(id - 3)) }];
            }
            world.tasks.push(task);
        }
        world
    }

    #[test]
    fn undoing_a_trial_restores_every_byte() {
        let mut planner = Planner::new(world()).unwrap();
        let before = bytes(&planner);
        let mut tried = 0;
        for job in 0..14 {
            for (action, events) in planner.options(job) {
                planner.simulate(job, action, events);
                assert_eq!(bytes(&planner), before, "{action:?}");
                tried += 1;
            }
        }
        assert!(tried > 50);
    }

    #[test]
    fn a_trial_in_a_trial_is_kept_or_undone_with_it() {
        let mut planner = Planner::new(world()).unwrap();
        let before = bytes(&planner);
        planner.board.open_journal();
        planner.hit_and_settle(&Event::Remaining { task: TaskId(2), minutes: 900 }, &mut Sweep::default()).unwrap();
        planner.board.open_journal();
        planner.hit_and_settle(&Event::TaskDone(TaskId(5)), &mut Sweep::default()).unwrap();
        planner.board.keep();
        assert_ne!(bytes(&planner), before);
        planner.board.undo();
        assert_eq!(bytes(&planner), before);
    }
}
