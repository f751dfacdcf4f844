//! What changed since a mark, so that a trial costs only what it touched and undoing it leaves no trace.

use std::sync::Arc;

use super::graph::Graph;
use super::{Board, Job, JobRules, Line, Spot};
use crate::calendar::Calendar;
use crate::plan::Score;
use crate::world::{Person, Task};

/// The first state of everything that changed since the journal was opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    open: bool,
    spots: Vec<(Job, Spot)>,
    lines: Vec<(u32, Arc<Line>)>,
    seen_lines: Vec<bool>,
    jobs: Vec<(Job, Arc<JobRules>)>,
    tasks: Vec<(Job, Arc<Task>)>,
    people: Vec<(u32, Arc<Person>, Arc<Calendar>)>,
    ranks: Vec<(Job, i64, i64)>,
    graph: Option<Arc<Graph>>,
    score: Score,
}

impl Journal {
    pub fn spot(&mut self, job: Job, old: &Spot) {
        if self.open {
            self.spots.push((job, old.clone()));
        }
    }

    pub fn line(&mut self, person: u32, old: &Arc<Line>) {
        if self.open && !self.seen_lines[person as usize] {
            self.seen_lines[person as usize] = true;
            self.lines.push((person, Arc::clone(old)));
        }
    }

    pub fn job(&mut self, job: Job, old: &Arc<JobRules>) {
        if self.open {
            self.jobs.push((job, Arc::clone(old)));
        }
    }

    pub fn task(&mut self, job: Job, old: &Arc<Task>) {
        if self.open {
            self.tasks.push((job, Arc::clone(old)));
        }
    }

    pub fn person(&mut self, person: u32, old: &Arc<Person>, calendar: &Arc<Calendar>) {
        if self.open {
            self.people.push((person, Arc::clone(old), Arc::clone(calendar)));
        }
    }

    pub fn rank(&mut self, job: Job, key: i64, late_finish: i64) {
        if self.open {
            self.ranks.push((job, key, late_finish));
        }
    }

    pub fn graph(&mut self, old: &Arc<Graph>) {
        if self.open && self.graph.is_none() {
            self.graph = Some(Arc::clone(old));
        }
    }
}

impl Board {
    /// From here on, changes can be undone. Trials do not nest, add no task or person, and let no time pass.
    pub fn open_journal(&mut self) {
        debug_assert!(!self.journal.open);
        self.journal.seen_lines.clear();
        self.journal.seen_lines.resize(self.lines.len(), false);
        self.journal.score = self.score;
        self.journal.open = true;
    }

    /// Keeps what changed since the journal was opened.
    pub fn keep(&mut self) {
        self.journal = Journal { seen_lines: std::mem::take(&mut self.journal.seen_lines), ..Journal::default() };
    }

    /// Undoes everything since the journal was opened.
    pub fn undo(&mut self) {
        let journal = std::mem::take(&mut self.journal);
        for (job, spot) in journal.spots.into_iter().rev() {
            self.spots[job as usize] = spot;
        }
        for (person, line) in journal.lines {
            self.lines[person as usize] = line;
        }
        for (job, rules) in journal.jobs.into_iter().rev() {
            self.jobs[job as usize] = rules;
        }
        for (job, task) in journal.tasks.into_iter().rev() {
            self.tasks[job as usize] = task;
        }
        for (index, person, calendar) in journal.people.into_iter().rev() {
            self.people[index as usize] = person;
            self.calendars[index as usize] = calendar;
        }
        for (job, key, late_finish) in journal.ranks.into_iter().rev() {
            self.keys[job as usize] = key;
            self.late_finish[job as usize] = late_finish;
        }
        if let Some(graph) = journal.graph {
            self.graph = graph;
        }
        self.score = journal.score;
        self.journal.seen_lines = journal.seen_lines;
    }
}
