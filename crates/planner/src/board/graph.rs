//! Who waits for whom, in compressed rows, with a topological order.

use super::Job;
use crate::world::{Lag, Link};

/// One dependency seen from one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The task at the other end.
    pub other: Job,
    pub link: Link,
    pub lag: Lag,
}

/// The dependencies of all tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    before_start: Vec<u32>,
    before: Vec<Edge>,
    after_start: Vec<u32>,
    after: Vec<Edge>,
    /// Tasks in an order in which everything follows what it waits for; those on cycles come last.
    pub topological: Vec<Job>,
    /// Place of each task in that order.
    pub position: Vec<u32>,
    /// Tasks that wait for themselves through others.
    pub on_cycle: Vec<bool>,
}

impl Graph {
    /// The graph of `count` tasks with these dependencies: the task that waits, and what it waits for.
    pub fn new(count: usize, edges: &[(Job, Edge)]) -> Self {
        let (before_start, before) = rows(count, edges.iter().map(|(job, edge)| (*job, *edge)));
        let turned = edges.iter().map(|(job, edge)| (edge.other, Edge { other: *job, ..*edge }));
        let (after_start, after) = rows(count, turned);
        let mut graph = Self { before_start, before, after_start, after, ..Self::default() };
        graph.sort(count);
        graph
    }

    /// What this task waits for.
    pub fn before(&self, job: Job) -> &[Edge] {
        &self.before[self.before_start[job as usize] as usize..self.before_start[job as usize + 1] as usize]
    }

    /// What waits for this task.
    pub fn after(&self, job: Job) -> &[Edge] {
        &self.after[self.after_start[job as usize] as usize..self.after_start[job as usize + 1] as usize]
    }

    /// Everything this task waits for, directly or not, in no particular order, without the task.
    pub fn ancestors(&self, job: Job) -> Vec<Job> {
        let (mut found, mut next) = (vec![job], 0);
        let mut seen = std::collections::HashSet::from([job]);
        while next < found.len() {
            for edge in self.before(found[next]) {
                if seen.insert(edge.other) {
                    found.push(edge.other);
                }
            }
            next += 1;
        }
        found.split_off(1)
    }

    /// Kahn's algorithm (1962), smallest index first in, first out.
    fn sort(&mut self, count: usize) {
        let mut waiting: Vec<u32> = (0..count).map(|job| self.before(job as Job).len() as u32).collect();
        let mut order: Vec<Job> = (0..count as Job).filter(|job| waiting[*job as usize] == 0).collect();
        let mut next = 0;
        while next < order.len() {
            for edge in &self.after[self.after_start[order[next] as usize] as usize..self.after_start[order[next] as usize + 1] as usize] {
                waiting[edge.other as usize] -= 1;
                if waiting[edge.other as usize] == 0 {
                    order.push(edge.other);
                }
            }
            next += 1;
        }
        self.on_cycle = self.cyclic(&waiting);
        order.extend((0..count as Job).filter(|job| waiting[*job as usize] > 0));
        self.position = vec![0; count];
        for (place, job) in order.iter().enumerate() {
            self.position[*job as usize] = place as u32;
        }
        self.topological = order;
    }

    /// Of the tasks that the sort never reached, those that can reach themselves.
    fn cyclic(&self, waiting: &[u32]) -> Vec<bool> {
        waiting.iter().enumerate().map(|(job, count)| *count > 0 && self.ancestors_include(job as Job)).collect()
    }

    fn ancestors_include(&self, job: Job) -> bool {
        self.before(job).iter().any(|edge| edge.other == job || self.ancestors(edge.other).contains(&job))
    }
}

fn rows(count: usize, edges: impl Iterator<Item = (Job, Edge)> + Clone) -> (Vec<u32>, Vec<Edge>) {
    let mut start = vec![0_u32; count + 1];
    let mut total = 0;
    for (job, _) in edges.clone() {
        start[job as usize + 1] += 1;
        total += 1;
    }
    for index in 0..count {
        start[index + 1] += start[index];
    }
    let mut next = start.clone();
    let empty = Edge { other: 0, link: Link::FinishStart, lag: Lag::Elapsed(0) };
    let mut row = vec![empty; total];
    for (job, edge) in edges {
        row[next[job as usize] as usize] = edge;
        next[job as usize] += 1;
    }
    (start, row)
}
