//! The order in which tasks are placed: latest starts by working time, propagated back from due dates.

use super::{Board, Job, JobRules, Standing};
use crate::calendar::RankedBitmap;
use crate::plan::Rule;
use crate::world::{Lag, Link};

/// Slots of a day.
const DAY: i64 = 288;

/// How many times the mean weight a hard deadline, or the greatest weight, counts as in the order.
const HARD: i64 = 16;

impl Board {
    /// Latest finishes and keys of all tasks by the board's rule.
    pub fn rank_all(&mut self) {
        let active = self.active().count().max(1) as i64;
        self.mean_need = (self.active().map(|job| i64::from(self.jobs[job as usize].nominal())).sum::<i64>() / active).max(1);
        let weights = self.active().map(|job| self.jobs[job as usize].weight).sum::<i64>();
        self.weights = (weights.max(1), active);
        for place in (0..self.graph.topological.len()).rev() {
            let job = self.graph.topological[place];
            let late_finish = self.latest_finish(job);
            self.late_finish[job as usize] = late_finish;
            self.late_start[job as usize] = self.before_finish(&self.jobs[job as usize], late_finish);
        }
        self.key_all();
    }

    /// Keys of all tasks by the board's rule, from latest finishes that are known.
    pub fn key_all(&mut self) {
        for place in (0..self.graph.topological.len()).rev() {
            let job = self.graph.topological[place];
            self.keys[job as usize] = self.key(job, self.late_finish[job as usize], self.late_start[job as usize]);
        }
    }

    /// Latest finishes and keys after a change of this task; what it waits for is visited as far as anything changes.
    pub fn rank_again(&mut self, job: Job) {
        self.rank_all_again(&[job]);
    }

    /// The same for several tasks at once.
    pub fn rank_all_again(&mut self, jobs: &[Job]) {
        let place = |job: Job| (self.graph.position[job as usize], job);
        // What the task waits for is visited in any case: it may have ignored the task until now.
        let direct = jobs.iter().flat_map(|job| self.graph.before(*job)).map(|edge| place(edge.other));
        let mut heap: std::collections::BinaryHeap<(u32, Job)> = direct.chain(jobs.iter().map(|job| place(*job))).collect();
        let mut last = None;
        while let Some((place, job)) = heap.pop() {
            if last == Some(place) {
                continue;
            }
            last = Some(place);
            let late_finish = self.latest_finish(job);
            let late_start = self.before_finish(&self.jobs[job as usize], late_finish);
            let key = self.key(job, late_finish, late_start);
            let old = (self.keys[job as usize], self.late_finish[job as usize], self.late_start[job as usize]);
            if old != (key, late_finish, late_start) {
                self.journal.rank(job, old);
                self.set_rank(job, (key, late_finish, late_start));
                heap.extend(self.graph.before(job).iter().map(|edge| (self.graph.position[edge.other as usize], edge.other)));
            }
        }
    }

    /// Sets key, latest finish and latest start.
    pub fn set_rank(&mut self, job: Job, (key, late_finish, late_start): (i64, i64, i64)) {
        (self.keys[job as usize], self.late_finish[job as usize], self.late_start[job as usize]) = (key, late_finish, late_start);
    }

    /// The slot by which a task must finish so that neither it nor what waits for it is late.
    fn latest_finish(&self, job: Job) -> i64 {
        let rules = &self.jobs[job as usize];
        let mut latest = i64::from(rules.due.unwrap_or(self.grid.slots));
        for edge in self.graph.after(job) {
            let after = &self.jobs[edge.other as usize];
            if !matches!(after.standing, Standing::Active) {
                continue;
            }
            let mut finish = self.late_finish[edge.other as usize];
            let mut start = self.late_start[edge.other as usize];
            if let Some(fixed) = after.fixed.first() {
                finish = finish.min(i64::from(fixed.start) + i64::from(after.nominal()));
                start = start.min(i64::from(fixed.start));
            }
            let lag = match edge.lag {
                Lag::Elapsed(minutes) => minutes / 5,
                Lag::Working(minutes) => i64::from(minutes) / 5 * 3,
            };
            let own = i64::from(rules.nominal());
            latest = latest.min(match edge.link {
                Link::FinishStart => start - lag,
                Link::StartStart => start - lag + own,
                Link::FinishFinish => finish - lag,
                Link::StartFinish => finish - lag + own,
            });
        }
        latest
    }

    /// The latest start that still finishes by `finish`, by working time as far as the daily cap lets it be used.
    pub fn before_finish(&self, rules: &JobRules, finish: i64) -> i64 {
        let Some(choice) = rules.choices.first() else { return finish };
        let calendar = &self.calendars[choice.person as usize];
        let work = (i64::from(rules.nominal()) * 100 / i64::from(calendar.cap_percent.max(10))) as u32;
        if finish <= 0 {
            return finish - 4 * i64::from(work);
        }
        let slot = finish.min(i64::from(self.grid.slots)) as u32;
        let start = |time: &RankedBitmap, work: u32| time.sub(slot, work).map_or_else(|missing| -4 * i64::from(missing), i64::from);
        let by_work = start(&calendar.work, work);
        self.hours(*choice).map_or(by_work, |hours| by_work.min(start(hours, rules.nominal())))
    }

    /// The key by the board's rule, never after one of a task that waits for this one.
    fn key(&self, job: Job, late_finish: i64, start: i64) -> i64 {
        let rules = &self.jobs[job as usize];
        // Relative to the mean, in quarters, so that only the proportions of weights matter.
        let relative = (rules.weight * 4 * self.weights.1 / self.weights.0).min(4 * HARD);
        let weight = if rules.hard { 4 * HARD } else { relative };
        let own = match self.rule {
            Rule::LatestStart => start,
            Rule::WeightedLatestStart => start - weight * DAY / 2,
            Rule::StronglyWeightedLatestStart => start - weight * 2 * DAY,
            Rule::WeightedLatestFinish => late_finish - weight * DAY / 2,
            Rule::ApparentTardiness => {
                let slack = (start - i64::from(self.now)).max(0);
                i64::from(rules.nominal().max(1)) * (20 * self.mean_need + slack) * 4 / weight.max(1)
            }
        };
        let after = self.graph.after(job).iter().filter(|edge| self.jobs[edge.other as usize].standing == Standing::Active);
        after.map(|edge| self.keys[edge.other as usize]).fold(own, i64::min)
    }
}
