//! From a world to an empty board.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Board, Edge, Graph, Job, Journal, Line, Spot, Standing};
use crate::calendar::{Restrictions, Zones, compile, open_time};
use crate::plan::{Rule, Score};
use crate::time::Grid;
use crate::world::{Person, Task, World, WorldError};

impl Board {
    /// Compiles the world; nothing is placed but fixed pieces.
    pub fn load(world: World, rule: Rule) -> Result<Self, WorldError> {
        let weeks = world.settings.horizon_weeks;
        if !(1..=520).contains(&weeks) {
            return Err(WorldError::Horizon(weeks));
        }
        let grid = Grid::starting(world.now, weeks);
        let mut board = Self {
            grid,
            now: grid.ceil(world.now),
            now_minute: world.now,
            settings: world.settings,
            rule,
            people: Vec::new(),
            calendars: Vec::new(),
            lines: Vec::new(),
            tasks: Vec::new(),
            jobs: Vec::new(),
            spots: Vec::new(),
            graph: Arc::default(),
            keys: Vec::new(),
            late_finish: Vec::new(),
            late_start: Vec::new(),
            score: Score::default(),
            journal: Journal::default(),
            task_index: Arc::default(),
            person_index: Arc::default(),
            zones: Zones::default(),
            restrictions: Restrictions::default(),
            mean_need: 1,
            weights: (1, 1),
        };
        board.load_people(world.people)?;
        board.load_tasks(world.tasks)?;
        board.rebuild_graph();
        board.rank_all();
        board.recount_score();
        Ok(board)
    }

    fn load_people(&mut self, mut people: Vec<Person>) -> Result<(), WorldError> {
        people.sort_by_key(|person| person.id);
        if let Some(pair) = people.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(WorldError::PersonTwice(pair[0].id));
        }
        for person in people {
            self.add_person(person)?;
        }
        Ok(())
    }

    /// Appends a person who is not on the board yet.
    pub fn add_person(&mut self, person: Person) -> Result<(), WorldError> {
        let (calendar, line) = self.compile_person(&person)?;
        Arc::make_mut(&mut self.person_index).insert(person.id, self.people.len() as u32);
        self.people.push(Arc::new(person));
        self.calendars.push(Arc::new(calendar));
        self.lines.push(Arc::new(line));
        Ok(())
    }

    /// The calendar and the empty line of this person.
    pub fn compile_person(&mut self, person: &Person) -> Result<(crate::calendar::Calendar, Line), WorldError> {
        let unknown = || WorldError::UnknownZone { person: person.id, zone: person.zone.clone() };
        let clock = self.zones.clock(&person.zone, self.grid.span()).ok_or_else(unknown)?;
        let calendar = compile(person, clock, self.grid);
        let line = Line::new(open_time(person, &calendar, self.grid, self.now), &calendar);
        Ok((calendar, line))
    }

    fn load_tasks(&mut self, mut tasks: Vec<Task>) -> Result<(), WorldError> {
        tasks.sort_by_key(|task| task.id);
        if let Some(pair) = tasks.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(WorldError::TaskTwice(pair[0].id));
        }
        let index: HashMap<_, _> = tasks.iter().enumerate().map(|(index, task)| (task.id, index as Job)).collect();
        self.task_index = Arc::new(index);
        for task in tasks {
            self.add_task(task);
        }
        Ok(())
    }

    /// Appends a task, with its fixed pieces on the line; graph, ranks and score follow separately.
    pub fn add_task(&mut self, task: Task) -> Job {
        let job = self.tasks.len() as Job;
        let rules = self.compile_task(&task);
        self.tasks.push(Arc::new(task));
        self.jobs.push(Arc::new(rules));
        self.spots.push(Spot::NONE);
        self.keys.push(0);
        self.late_finish.push(i64::from(self.grid.slots));
        self.late_start.push(i64::from(self.grid.slots));
        self.hold_fixed(job);
        job
    }

    /// Puts the fixed pieces of the task on their line.
    pub fn hold_fixed(&mut self, job: Job) {
        let rules = Arc::clone(&self.jobs[job as usize]);
        if rules.fixed.is_empty() || matches!(rules.standing, Standing::Over | Standing::PinsDisagree | Standing::NoCandidate) {
            return;
        }
        let (line, calendar) = self.line_mut(rules.choices[0].person);
        for piece in &rules.fixed {
            line.occupy(calendar, *piece, job, true);
        }
    }

    /// Takes the fixed pieces of the task off their line.
    pub fn release_fixed(&mut self, job: Job) {
        let rules = Arc::clone(&self.jobs[job as usize]);
        if rules.fixed.is_empty() || matches!(rules.standing, Standing::Over | Standing::PinsDisagree | Standing::NoCandidate) {
            return;
        }
        let (line, calendar) = self.line_mut(rules.choices[0].person);
        for piece in &rules.fixed {
            line.release(calendar, *piece, job);
        }
    }

    /// Builds the graph from the tasks' dependencies; tasks on cycles leave planning, others come back.
    ///
    /// Returns the tasks for which that changed; one that left still holds its time until it is settled.
    pub fn rebuild_graph(&mut self) -> Vec<Job> {
        let mut edges = Vec::new();
        for (job, task) in self.tasks.iter().enumerate() {
            for dependency in &task.after {
                if let Some(other) = self.task_index.get(&dependency.task).copied()
                    && self.jobs[other as usize].standing != Standing::Over
                    && self.jobs[job].standing != Standing::Over
                {
                    edges.push((job as Job, Edge { other, link: dependency.link, lag: dependency.lag }));
                }
            }
        }
        self.journal.graph(&self.graph);
        self.graph = Arc::new(Graph::new(self.tasks.len(), &edges));
        let mut changed = Vec::new();
        for job in 0..self.jobs.len() {
            let on_cycle = self.graph.on_cycle[job];
            let standing = self.jobs[job].standing;
            if on_cycle && standing == Standing::Active {
                self.set_standing(job as Job, Standing::OnCycle);
            } else if !on_cycle && standing == Standing::OnCycle {
                self.set_standing(job as Job, Standing::Active);
            } else {
                continue;
            }
            changed.push(job as Job);
        }
        changed
    }

    fn set_standing(&mut self, job: Job, standing: Standing) {
        self.forget_score(job);
        self.journal.job(job, &self.jobs[job as usize]);
        Arc::make_mut(&mut self.jobs[job as usize]).standing = standing;
        self.count_score(job);
    }
}
