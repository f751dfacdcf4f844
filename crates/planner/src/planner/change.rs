//! Changing one task or one person on the board, and marking whom that hits.

use std::sync::Arc;

use super::Planner;
use crate::board::{Job, Spot, Standing};
use crate::calendar::{Within, open_time};
use crate::id::TaskId;
use crate::plan::{Cause, Trigger};
use crate::sweep::{Sweep, holds};
use crate::time::Range;
use crate::world::{Person, Task, WorldError};

impl Planner {
    /// Adds a task or replaces it.
    pub(super) fn change_task(&mut self, task: Task, sweep: &mut Sweep) -> Result<(), WorldError> {
        let (id, cause) = (task.id, Cause::Event(Trigger::Task(task.id)));
        match self.board.task_index.get(&id).copied() {
            None => self.new_task(task, sweep, &cause),
            Some(job) if *self.board.tasks[job as usize] == task => {}
            Some(job) => self.replace_task(job, task, sweep, &cause),
        }
        Ok(())
    }

    fn new_task(&mut self, task: Task, sweep: &mut Sweep, cause: &Cause) {
        let id = task.id;
        let (fixed, known) = (!task.fixed.is_empty(), self.is_waited_for(id) || !task.after.is_empty());
        self.clear_under_pins(&task, None, sweep, cause);
        let job = self.board.add_task(task);
        self.board.count_score(job);
        Arc::make_mut(&mut self.board.task_index).insert(id, job);
        self.reshape(sweep, cause);
        self.board.rank_again(job);
        sweep.push(&self.board, job, cause);
        if known {
            self.queue_followers(job, sweep);
        }
        if fixed {
            self.queue_broken_caps(job, sweep, cause);
        }
    }

    fn is_waited_for(&self, id: TaskId) -> bool {
        self.board.tasks.iter().any(|task| task.after.iter().any(|dependency| dependency.task == id))
    }

    fn replace_task(&mut self, job: Job, task: Task, sweep: &mut Sweep, cause: &Cause) {
        let old = Arc::clone(&self.board.tasks[job as usize]);
        sweep.remember(&self.board, job, cause);
        let spot = self.board.lift(job);
        self.board.release_fixed(job);
        self.clear_under_pins(&task, Some(job), sweep, cause);
        // A finished task holds nobody up as it is; the graph changes only when it lay on a cycle.
        let on_cycle = self.board.graph.on_cycle[job as usize];
        let reshaped = old.after != task.after || (old.done && !task.done) || (old.done != task.done && on_cycle);
        let urgent = Self::more_urgent(&old, &task);
        self.install(job, task);
        if reshaped {
            self.reshape(sweep, cause);
        }
        self.board.hold_fixed(job);
        self.board.rank_again(job);
        if reshaped {
            let waited_for: Vec<Job> =
                old.after.iter().filter_map(|dependency| self.board.task_index.get(&dependency.task).copied()).collect();
            waited_for.into_iter().for_each(|before| self.board.rank_again(before));
        }
        self.put_back(job, spot);
        self.queue_broken_caps(job, sweep, cause);
        if urgent {
            self.queue_urgent(job, sweep, cause);
        }
        sweep.push(&self.board, job, cause);
        self.queue_followers(job, sweep);
    }

    /// Builds the graph anew; tasks that came onto a cycle or left it are queued.
    fn reshape(&mut self, sweep: &mut Sweep, cause: &Cause) {
        for job in self.board.rebuild_graph() {
            self.board.rank_again(job);
            sweep.push(&self.board, job, cause);
        }
    }

    /// Replaces the task's rules and keeps the score right.
    fn install(&mut self, job: Job, task: Task) {
        let rules = self.board.compile_task(&task);
        self.board.forget_score(job);
        self.board.journal.task(job, &self.board.tasks[job as usize]);
        self.board.journal.job(job, &self.board.jobs[job as usize]);
        self.board.tasks[job as usize] = Arc::new(task);
        self.board.jobs[job as usize] = Arc::new(rules);
        self.board.count_score(job);
    }

    /// Puts old pieces back as far as they are still free; the sweep mends the rest.
    fn put_back(&mut self, job: Job, spot: Spot) {
        let rules = Arc::clone(&self.board.jobs[job as usize]);
        let Some(choice) = rules.choice(spot.person).filter(|_| spot.is_placed() && rules.standing == Standing::Active) else { return };
        let free = self.board.room(choice).free();
        let pieces: Vec<Range> = spot.chunks.iter().flat_map(|piece| free.parts(*piece)).collect();
        let spot = self.board.finished_spot(job, choice.person, &pieces);
        self.board.put(job, spot);
    }

    fn queue_urgent(&mut self, job: Job, sweep: &mut Sweep, cause: &Cause) {
        sweep.push_urgent(&self.board, job, cause);
        let needed = Cause::NeededBy(self.board.tasks[job as usize].id);
        for before in self.board.graph.ancestors(job) {
            if self.board.jobs[before as usize].standing == Standing::Active {
                sweep.push_urgent(&self.board, before, &needed);
            }
        }
    }

    fn queue_followers(&mut self, job: Job, sweep: &mut Sweep) {
        let cause = Cause::PushedBack(self.board.tasks[job as usize].id);
        let followers: Vec<Job> = self.board.graph.after(job).iter().map(|edge| edge.other).collect();
        for follower in followers {
            if self.board.jobs[follower as usize].standing == Standing::Active && !holds(&self.board, follower) {
                sweep.push(&self.board, follower, &cause);
            }
        }
    }

    /// Whoever lies where the task's pins will be is damaged first.
    fn clear_under_pins(&mut self, task: &Task, own: Option<Job>, sweep: &mut Sweep, cause: &Cause) {
        for pin in &task.fixed {
            let Some(person) = self.board.person_index.get(&pin.person).copied() else { continue };
            let range = self.board.grid.outward(pin.span);
            let line = &self.board.lines[person as usize];
            let hit = line.overlapping(range).map(|index| line.held[index]).filter(|hold| !hold.fixed && hold.range.overlaps(range));
            let hit: Vec<Job> = hit.map(|hold| hold.job).filter(|job| Some(*job) != own).collect();
            let taken = Cause::TimeTaken(task.id);
            for job in hit {
                sweep.damage(&mut self.board, job, range, if own.is_some() { &taken } else { cause });
            }
        }
    }

    fn queue_broken_caps(&mut self, job: Job, sweep: &mut Sweep, cause: &Cause) {
        let rules = Arc::clone(&self.board.jobs[job as usize]);
        let Some(choice) = rules.choices.first() else { return };
        let calendar = Arc::clone(&self.board.calendars[choice.person as usize]);
        for piece in &rules.fixed {
            let (first, last) = (calendar.day_of(piece.start), calendar.day_of(piece.end.saturating_sub(1)));
            sweep.respect_caps(&mut self.board, choice.person, first..last + 1, cause);
        }
    }

    /// Takes a task out of the world, if it is there. Its index stays, so that nothing else changes.
    pub(super) fn remove_task(&mut self, id: TaskId, sweep: &mut Sweep) -> Result<(), WorldError> {
        let Ok(job) = self.job(id) else { return Ok(()) };
        let mut gone = Task::clone(&self.board.tasks[job as usize]);
        gone.done = true;
        self.replace_task(job, gone, sweep, &Cause::Event(Trigger::Task(id)));
        Arc::make_mut(&mut self.board.task_index).remove(&id);
        Ok(())
    }

    /// Adds a person or replaces them.
    pub(super) fn change_person(&mut self, person: Person, sweep: &mut Sweep) -> Result<(), WorldError> {
        let Some(index) = self.board.person_index.get(&person.id).copied() else {
            let id = person.id;
            self.board.add_person(person)?;
            return self.refresh_candidates(id, sweep);
        };
        let old = Arc::clone(&self.board.people[index as usize]);
        if *old == person {
            return Ok(());
        }
        let same_work = old.hours == person.hours
            && old.absences == person.absences
            && old.zone == person.zone
            && old.daily_cap_percent == person.daily_cap_percent;
        // Tasks' own hours are read by the clock of whoever does them.
        let same_choices = old.speed_percent == person.speed_percent && old.skills == person.skills && old.zone == person.zone;
        let id = person.id;
        let calendar = if same_work { None } else { Some(Arc::new(self.board.compile_person(&person)?.0)) };
        let cause = Cause::Event(Trigger::Person(id));
        self.board.journal.person(index, &old, &self.board.calendars[index as usize]);
        self.board.people[index as usize] = Arc::new(person);
        let mine = self.reopen_line(index, calendar, sweep, &cause);
        if !same_work {
            self.reprice(index, &mine, sweep, &cause);
        }
        if same_choices { Ok(()) } else { self.refresh_candidates(id, sweep) }
    }

    /// Opens and closes the person's time as the rules now say; whoever lies on closed time is damaged.
    fn reopen_line(&mut self, person: u32, calendar: Option<Arc<crate::calendar::Calendar>>, sweep: &mut Sweep, cause: &Cause) -> Vec<Job> {
        let board = &mut self.board;
        let new_calendar = calendar.unwrap_or_else(|| Arc::clone(&board.calendars[person as usize]));
        let open = open_time(&board.people[person as usize], &new_calendar, board.grid, board.now);
        let held = board.lines[person as usize].held.clone();
        let mut mine: Vec<Job> = held.iter().map(|hold| hold.job).collect();
        mine.sort_unstable();
        mine.dedup();
        let hit: Vec<Job> = held.iter().filter(|hold| !hold.fixed && !open.all(hold.range)).map(|hold| hold.job).collect();
        let mut lifted: Vec<(Job, Spot)> = Vec::new();
        for job in hit {
            if !lifted.iter().any(|(done, _)| *done == job) {
                sweep.remember(board, job, cause);
                lifted.push((job, board.lift(job)));
            }
        }
        let (line, _) = board.line_mut(person);
        let mut left = new_calendar.cap.clone();
        let mut free = open.clone();
        for hold in &line.held {
            free.clear(hold.range);
            new_calendar.by_day(hold.range).for_each(|(day, slots)| left[day] -= slots as i32);
        }
        (line.open, line.free, line.left) = (Arc::new(open), free, left);
        let days = new_calendar.days();
        board.calendars[person as usize] = new_calendar;
        for (job, spot) in lifted {
            let free = Within::new(&board.lines[person as usize].free, None);
            let pieces = spot.chunks.iter().flat_map(|piece| free.parts(*piece)).collect();
            let spot = board.spot(job, person, pieces);
            board.put(job, spot);
            sweep.push(board, job, cause);
        }
        sweep.respect_caps(board, person, 0..days, cause);
        mine
    }

    /// Lateness and ranks depend on working time; tasks that wait by working time may no longer fit.
    fn reprice(&mut self, person: u32, mine: &[Job], sweep: &mut Sweep, cause: &Cause) {
        for job in mine.iter().copied() {
            if self.board.spots[job as usize].person == person {
                let fresh = self.board.finished_spot(job, person, &self.board.spots[job as usize].chunks);
                self.board.reprice(job, fresh);
            }
        }
        self.board.rank_all_again(mine);
        let waiting: Vec<Job> = (0..self.board.spots.len() as Job)
            .filter(|job| {
                self.board.spots[*job as usize].person == person
                    && self.board.jobs[*job as usize].standing == Standing::Active
                    && !holds(&self.board, *job)
            })
            .collect();
        for job in waiting {
            sweep.push(&self.board, job, cause);
        }
    }

    /// Compiles the tasks that this person may do anew.
    fn refresh_candidates(&mut self, person: crate::PersonId, sweep: &mut Sweep) -> Result<(), WorldError> {
        let cause = Cause::Event(Trigger::Person(person));
        let named = |task: &Task| task.candidates.contains(&person) || task.fixed.iter().any(|fixed| fixed.person == person);
        let jobs: Vec<Job> = (0..self.board.tasks.len() as Job).filter(|job| named(&self.board.tasks[*job as usize])).collect();
        for job in jobs {
            let task = Task::clone(&self.board.tasks[job as usize]);
            let on_cycle = self.board.graph.on_cycle[job as usize];
            let rules = self.board.compile_task(&task);
            if *self.board.jobs[job as usize] != rules && !on_cycle {
                self.replace_task(job, task, sweep, &cause);
            }
        }
        Ok(())
    }
}
