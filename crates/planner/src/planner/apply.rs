//! One event after the other: change the world, mark what it hit, sweep.

use super::Planner;
use crate::board::journal::Outcome;
use crate::plan::{Cause, Changes, Trigger};
use crate::sweep::{Manner, Sweep};
use crate::time::Minute;
use crate::world::{Due, Event, FixedChunk, FixedKind, Person, Task, WorldError};

/// Tasks hit by one event beyond which somebody has to give way in any case.
const MANY: usize = 5;

/// Moves from which a sweep is tried in another manner.
const FEW: usize = 3;

/// Moves beyond which a sweep of all that is hit is not tried tightly: it would take too long.
const LONG: usize = 120;

impl Planner {
    /// Applies one event and replans as little as it takes.
    ///
    /// # Errors
    /// When the event names a person or a task that is not in the world, or an unknown time zone; nothing changes then.
    pub fn apply(&mut self, event: &Event) -> Result<Changes, WorldError> {
        if let Event::TimePassed { now, frozen_until, remaining } = event {
            return self.pass_time(*now, frozen_until, remaining);
        }
        let before = self.board.score;
        let mut sweep = Sweep::default();
        self.hit_and_settle(event, &mut sweep)?;
        Ok(self.report(sweep, before))
    }

    /// Changes the world by one event and sweeps. Pulling forward goes on until nothing more is gained.
    pub(crate) fn hit_and_settle(&mut self, event: &Event, sweep: &mut Sweep) -> Result<(), WorldError> {
        self.hit(event, sweep)?;
        self.settle_calmly(sweep);
        let mut total = None;
        while matches!(event, Event::PullForward(_)) && total != Some(self.board.score) {
            total = Some(self.board.score);
            sweep.next_round();
            self.hit(event, sweep)?;
            self.settle_all(sweep);
        }
        Ok(())
    }

    /// Changes the world by one event and queues what it hit.
    pub(crate) fn hit(&mut self, event: &Event, sweep: &mut Sweep) -> Result<(), WorldError> {
        match event {
            Event::TaskChanged(task) => self.change_task((**task).clone(), sweep),
            Event::TaskRemoved(task) => self.remove_task(*task, sweep),
            Event::TaskDone(task) => self.edit_task(*task, sweep, |task| task.done = true),
            Event::Remaining { task, minutes } => self.edit_task(*task, sweep, |task| task.remaining = Some(*minutes)),
            Event::Unpinned(task) => self.edit_task(*task, sweep, |task| task.fixed.retain(|fixed| fixed.kind != FixedKind::Pinned)),
            Event::NotBefore { task, moment } => self.edit_task(*task, sweep, |task| task.earliest_start = Some(*moment)),
            Event::Pinned { task, person, span } | Event::MovedByHand { task, person, to: span } => {
                self.person(*person)?;
                let pin = FixedChunk { person: *person, span: *span, kind: FixedKind::Pinned };
                self.edit_task(*task, sweep, |task| pin_piece(task, pin))
            }
            Event::MeetingAdded { person, meeting } => self.edit_person(*person, sweep, |person| {
                person.meetings.retain(|old| old.id != meeting.id);
                person.meetings.push(*meeting);
            }),
            Event::MeetingRemoved { person, meeting } => {
                self.edit_person(*person, sweep, |person| person.meetings.retain(|old| old.id != *meeting))
            }
            Event::AbsenceAdded { person, span } => self.edit_person(*person, sweep, |person| {
                if !person.absences.contains(span) {
                    person.absences.push(*span);
                }
            }),
            Event::AbsenceRemoved { person, span } => {
                self.edit_person(*person, sweep, |person| person.absences.retain(|absence| absence != span))
            }
            Event::HoursChanged { person, hours } => self.edit_person(*person, sweep, |person| person.hours = hours.clone()),
            Event::PersonChanged(person) => self.change_person((**person).clone(), sweep),
            Event::PullForward(task) => self.pull_forward(*task, sweep),
            Event::TimePassed { .. } => Ok(()),
        }
    }

    /// Runs the sweep without taking time from anybody. When that hurts, the other manners are tried too; one is kept
    /// only if each further move brings at least the settings' calm minutes, by weight.
    pub(crate) fn settle_calmly(&mut self, sweep: &mut Sweep) {
        let seeds = sweep.again(Manner::Gentle);
        let mut best: Option<(i64, Outcome, Sweep)> = None;
        let many = seeds.hit() > MANY;
        let mut manner = Some(if many { Manner::LeastUrgent } else { Manner::Gentle });
        let mut calmest = usize::MAX;
        while let Some(current) = manner {
            let mut sweep = seeds.again(current);
            if current == Manner::Slide {
                sweep.patience = calmest;
            }
            self.board.open_journal();
            self.settle_all(&mut sweep);
            let moved = sweep.moved(&self.board);
            let cost = self.board.score.total() + i64::from(self.board.settings.calm_minutes) * 1000 * moved as i64;
            manner = match current {
                Manner::Gentle if sweep.hurt => Some(Manner::LeastUrgent),
                Manner::Gentle | Manner::LeastUrgent if (FEW..=LONG).contains(&moved) => Some(Manner::Tight),
                Manner::LeastUrgent | Manner::Tight if moved >= FEW && !many => Some(Manner::Slide),
                _ => None,
            };
            let outcome = self.board.set_aside();
            if !sweep.gave_up && best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                (calmest, best) = (moved, Some((cost, outcome, sweep)));
            }
        }
        if let Some((_, outcome, chosen)) = best {
            self.board.take_up(outcome);
            *sweep = chosen;
        }
    }

    /// Runs the sweep. Tasks without a place try again with every event, and again while one of them finds a place.
    pub(crate) fn settle_all(&mut self, sweep: &mut Sweep) {
        let cause = Cause::Event(Trigger::Time);
        let mut waiting = self.board.without_place();
        for round in 0.. {
            for job in &waiting {
                sweep.push(&self.board, *job, &cause);
            }
            sweep.run(&mut self.board);
            if sweep.gave_up {
                return;
            }
            let left = self.board.without_place();
            if left.is_empty() || (round > 0 && left == waiting) {
                return;
            }
            waiting = left;
            sweep.next_round();
        }
    }

    fn pull_forward(&mut self, task: crate::TaskId, sweep: &mut Sweep) -> Result<(), WorldError> {
        let job = self.job(task)?;
        sweep.push_pull(&self.board, job, &Cause::Event(Trigger::Task(task)));
        for before in self.board.graph.ancestors(job) {
            if self.board.jobs[before as usize].standing == crate::board::Standing::Active {
                sweep.push_pull(&self.board, before, &Cause::NeededBy(task));
            }
        }
        Ok(())
    }

    fn pass_time(
        &mut self,
        now: Minute,
        frozen_until: &[(crate::PersonId, Minute)],
        remaining: &[(crate::TaskId, u32)],
    ) -> Result<Changes, WorldError> {
        let plan = self.plan();
        let mut world = self.world();
        world.now = now.max(world.now);
        for (person, until) in frozen_until {
            world.people[self.person(*person)? as usize].frozen_until = Some(*until);
        }
        for (task, minutes) in remaining {
            let index = world.tasks.binary_search_by_key(task, |task| task.id).map_err(|_| WorldError::NoSuchTask(*task))?;
            world.tasks[index].remaining = Some(*minutes);
        }
        let (mut planner, changes) = Self::resume(world, &plan)?;
        planner.moved.extend(std::mem::take(&mut self.moved));
        for one in &changes.moves {
            planner.moved.insert(one.task, one.cause.clone());
        }
        *self = planner;
        Ok(changes)
    }

    /// Changes some fields of one task.
    fn edit_task(&mut self, task: crate::TaskId, sweep: &mut Sweep, edit: impl FnOnce(&mut Task)) -> Result<(), WorldError> {
        let mut task = Task::clone(&self.board.tasks[self.job(task)? as usize]);
        edit(&mut task);
        self.change_task(task, sweep)
    }

    fn edit_person(&mut self, person: crate::PersonId, sweep: &mut Sweep, edit: impl FnOnce(&mut Person)) -> Result<(), WorldError> {
        let mut person = Person::clone(&self.board.people[self.person(person)? as usize]);
        edit(&mut person);
        self.change_person(person, sweep)
    }

    pub(crate) fn person(&self, person: crate::PersonId) -> Result<u32, WorldError> {
        self.board.person_index.get(&person).copied().ok_or(WorldError::NoSuchPerson(person))
    }

    /// Whether the change makes the task more urgent than it was.
    pub(super) fn more_urgent(old: &Task, new: &Task) -> bool {
        let due = |task: &Task| task.due.map_or(i64::MAX, |due: Due| due.at);
        new.weight > old.weight || due(new) < due(old) || (new.due.is_some_and(|due| due.hard) && !old.due.is_some_and(|due| due.hard))
    }
}

/// Pins a piece; pins in another person's calendar give way to it.
fn pin_piece(task: &mut Task, pin: FixedChunk) {
    task.fixed.retain(|fixed| fixed.person == pin.person && (fixed.span.until <= pin.span.from || pin.span.until <= fixed.span.from));
    task.fixed.push(pin);
    task.fixed.sort_by_key(|fixed| fixed.span);
    if !task.candidates.contains(&pin.person) {
        task.candidates.push(pin.person);
    }
}
