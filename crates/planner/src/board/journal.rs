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
    seen_spots: Vec<bool>,
    lines: Vec<(u32, Arc<Line>)>,
    seen_lines: Vec<bool>,
    jobs: Vec<(Job, Arc<JobRules>)>,
    tasks: Vec<(Job, Arc<Task>)>,
    people: Vec<(u32, Arc<Person>, Arc<Calendar>)>,
    ranks: Vec<(Job, (i64, i64, i64))>,
    graph: Option<Arc<Graph>>,
    score: Score,
    /// The trial that this one is part of.
    outer: Option<Box<Journal>>,
}

impl Journal {
    pub fn spot(&mut self, job: Job, old: &Spot) {
        if self.open && !self.seen_spots[job as usize] {
            self.seen_spots[job as usize] = true;
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

    pub fn rank(&mut self, job: Job, old: (i64, i64, i64)) {
        if self.open {
            self.ranks.push((job, old));
        }
    }

    pub fn graph(&mut self, old: &Arc<Graph>) {
        if self.open && self.graph.is_none() {
            self.graph = Some(Arc::clone(old));
        }
    }
}

/// A sweep's result set aside: where everything it touched would lie.
#[derive(Debug)]
pub(crate) struct Outcome {
    spots: Vec<(Job, Spot)>,
    lines: Vec<(u32, Arc<Line>)>,
    score: Score,
}

impl Board {
    /// Undoes a sweep, which changes nothing but places, and returns what it had come to.
    pub fn set_aside(&mut self) -> Outcome {
        let outcome = Outcome {
            spots: self.journal.spots.iter().map(|(job, _)| (*job, self.spots[*job as usize].clone())).collect(),
            lines: self.journal.lines.iter().map(|(person, _)| (*person, Arc::clone(&self.lines[*person as usize]))).collect(),
            score: self.score,
        };
        self.undo();
        outcome
    }

    /// Puts an outcome in place, on the board it was set aside from.
    pub fn take_up(&mut self, outcome: Outcome) {
        for (person, line) in outcome.lines {
            self.journal.line(person, &self.lines[person as usize]);
            self.lines[person as usize] = line;
        }
        for (job, spot) in outcome.spots {
            let old = std::mem::replace(&mut self.spots[job as usize], spot);
            self.journal.spot(job, &old);
        }
        self.score = outcome.score;
    }

    /// From here on, changes can be undone. Trials may nest; they let no time pass and add neither tasks nor people.
    pub fn open_journal(&mut self) {
        let outer = std::mem::take(&mut self.journal);
        self.journal.seen_lines.resize(self.lines.len(), false);
        self.journal.seen_spots = vec![false; self.spots.len()];
        self.journal.score = self.score;
        self.journal.open = true;
        self.journal.outer = outer.open.then(|| Box::new(outer));
    }

    /// Keeps what changed since the journal was opened. A trial around this one can still undo it.
    pub fn keep(&mut self) {
        let inner = std::mem::take(&mut self.journal);
        let Some(outer) = inner.outer else { return };
        self.journal = *outer;
        for (job, spot) in inner.spots {
            self.journal.spot(job, &spot);
        }
        self.journal.jobs.extend(inner.jobs);
        self.journal.tasks.extend(inner.tasks);
        self.journal.people.extend(inner.people);
        self.journal.ranks.extend(inner.ranks);
        self.journal.graph = self.journal.graph.take().or(inner.graph);
        for (person, line) in inner.lines {
            self.journal.line(person, &line);
        }
    }

    /// Undoes everything since the journal was opened.
    pub fn undo(&mut self) {
        let journal = std::mem::take(&mut self.journal);
        for (job, spot) in journal.spots {
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
        for (job, rank) in journal.ranks.into_iter().rev() {
            self.set_rank(job, rank);
        }
        if let Some(graph) = journal.graph {
            self.graph = graph;
        }
        self.score = journal.score;
        if let Some(outer) = journal.outer {
            self.journal = *outer;
        }
    }
}
