//! The objective, kept up to date with each change of a task.

use super::{Board, Job, Standing};
use crate::plan::Score;
use crate::time::{SLOT_MINUTES, minutes_of};

impl Board {
    /// What one task adds to the score.
    pub fn contribution(&self, job: Job) -> Score {
        let (rules, spot) = (&self.jobs[job as usize], &self.spots[job as usize]);
        if rules.standing == Standing::Over {
            return Score::default();
        }
        if !spot.is_placed() || rules.standing != Standing::Active {
            return Score { unplaced: rules.weight, ..Score::default() };
        }
        let hours = i64::from(spot.finish.saturating_sub(self.now)) * SLOT_MINUTES / 60;
        Score {
            unplaced: 0,
            tardiness: minutes_of(spot.late) * rules.weight * if rules.hard { 1000 } else { 1 },
            weighted_finish: hours * rules.weight,
            chunks: (spot.chunks.len() + rules.fixed.len()) as i64 * rules.weight,
        }
    }

    /// Removes what the task adds, before it changes.
    pub fn forget_score(&mut self, job: Job) {
        self.add_score(self.contribution(job), -1);
    }

    /// Adds what the task adds, after it changed.
    pub fn count_score(&mut self, job: Job) {
        self.add_score(self.contribution(job), 1);
    }

    /// Sums the score anew.
    pub fn recount_score(&mut self) {
        self.score = Score::default();
        for job in 0..self.jobs.len() as Job {
            self.count_score(job);
        }
    }

    fn add_score(&mut self, part: Score, sign: i64) {
        self.score.unplaced += sign * part.unplaced;
        self.score.tardiness += sign * part.tardiness;
        self.score.weighted_finish += sign * part.weighted_finish;
        self.score.chunks += sign * part.chunks;
    }
}
