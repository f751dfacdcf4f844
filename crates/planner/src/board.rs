//! The planner's working state: the world compiled to slots and indices, and where each task lies.
//!
//! Invariants: a slot of `free` is open and held by nobody; `left` is the cap minus what is held; the score is the
//! sum over all tasks; keys never rank a task before one that it waits for.

pub(crate) mod fit;
pub(crate) mod graph;
pub(crate) mod job;
pub(crate) mod journal;
mod line;
pub(crate) mod load;
pub(crate) mod place;
pub(crate) mod rank;
mod score;
pub(crate) mod spot;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use fit::{Pieces, Room};
pub(crate) use graph::{Edge, Graph};
pub(crate) use job::{Choice, JobRules, Standing};
pub(crate) use journal::Journal;
pub(crate) use line::{Hold, Job, Line};
pub(crate) use spot::{NOBODY, Spot};

use crate::calendar::{Calendar, RankedBitmap, Restrictions, Zones};
use crate::id::{PersonId, TaskId};
use crate::plan::{Rule, Score};
use crate::time::{Grid, Slot};
use crate::world::{Person, Settings, Task};

/// The compiled world and the plan in it. Cloning shares calendars, lines and the graph until they change.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    pub grid: Grid,
    pub now: Slot,
    pub now_minute: i64,
    pub settings: Settings,
    pub rule: Rule,
    pub people: Vec<Arc<Person>>,
    pub calendars: Vec<Arc<Calendar>>,
    pub lines: Vec<Arc<Line>>,
    pub tasks: Vec<Arc<Task>>,
    pub jobs: Vec<Arc<JobRules>>,
    pub spots: Vec<Spot>,
    pub graph: Arc<Graph>,
    /// Rank of each task before its place in the topological order; smaller is more urgent.
    pub keys: Vec<i64>,
    /// Slot by which each task must finish so that nothing that waits for it is late, ignoring other work.
    pub late_finish: Vec<i64>,
    /// Slot by which each task must start for that.
    pub late_start: Vec<i64>,
    pub score: Score,
    pub journal: Journal,
    pub task_index: Arc<HashMap<TaskId, Job>>,
    pub person_index: Arc<HashMap<PersonId, u32>>,
    pub zones: Zones,
    /// The hours that tasks are restricted to.
    pub restrictions: Restrictions,
    /// Mean work of a task in slots, for rules that compare with it.
    pub mean_need: i64,
    /// Sum and number of the weights, for their mean.
    pub weights: (i64, i64),
}

impl Board {
    /// Rank of a task: precedence-consistent and total.
    pub fn rank(&self, job: Job) -> (i64, u32) {
        (self.keys[job as usize], self.graph.position[job as usize])
    }

    /// The person's line, to change it.
    pub fn line_mut(&mut self, person: u32) -> (&mut Line, &Calendar) {
        let line = &mut self.lines[person as usize];
        self.journal.line(person, line);
        (Arc::make_mut(line), &self.calendars[person as usize])
    }

    /// Where to look for room on this candidate's own line.
    pub fn room(&self, choice: Choice) -> Room<'_> {
        self.room_on(choice, &self.lines[choice.person as usize])
    }

    /// The same on another line of this candidate.
    pub fn room_on<'a>(&'a self, choice: Choice, line: &'a Line) -> Room<'a> {
        Room { line, calendar: &self.calendars[choice.person as usize], hours: self.hours(choice) }
    }

    /// The slot from which this person's work may move for another's; of nobody, the present.
    pub fn frozen(&self, person: u32) -> Slot {
        let until = self.people.get(person as usize).and_then(|person| person.frozen_until);
        until.map_or(self.now, |minute| self.grid.ceil(minute))
    }

    /// The hours that the task is restricted to when this candidate does it; `None` for any working time.
    pub fn hours(&self, choice: Choice) -> Option<&RankedBitmap> {
        self.restrictions.get(choice.hours)
    }

    /// Indices of tasks that take part in planning.
    pub fn active(&self) -> impl Iterator<Item = Job> + '_ {
        (0..self.jobs.len() as Job).filter(|job| self.jobs[*job as usize].standing == Standing::Active)
    }

    /// Tasks that take part and have no place. Usually there are none, and then the score says so at once.
    pub fn without_place(&self) -> Vec<Job> {
        let any = self.score.unplaced > 0;
        self.active().take_while(|_| any).filter(|job| !self.spots[*job as usize].is_placed()).collect()
    }

    /// Tasks that take part, most urgent first.
    pub fn by_rank(&self) -> Vec<Job> {
        let mut order: Vec<Job> = self.active().collect();
        order.sort_unstable_by_key(|job| self.rank(*job));
        order
    }
}
