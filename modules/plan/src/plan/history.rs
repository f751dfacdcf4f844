//! How estimates turned out: of each person, the minutes worked against those estimated of what they finished.

use std::collections::HashMap;

use atlas_kernel::{Result, UserId, WorkspaceId};
use atlas_planner::TaskId;
use atlas_planner::random::Random;
use atlas_store::Executor;

use super::store;
use crate::Planning;
use crate::facts::task_id;

/// So many finished tasks with worked time are enough to learn from.
const ENOUGH: usize = 10;
/// The latest finished tasks that are looked at.
const LATEST: usize = 400;
/// So often a person's past is drawn from for several tasks at once.
const DRAWS: usize = 400;

/// How finished tasks turned out.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Per cent of the estimate that they took, of each person, ascending.
    ratios: HashMap<UserId, Vec<i64>>,
    /// Who finished each of them.
    finished: Vec<Vec<UserId>>,
}

impl History {
    /// Reads it.
    ///
    /// # Errors
    /// Whatever the database answers.
    pub async fn read(planning: &Planning, on: &dyn Executor, workspace: WorkspaceId) -> Result<Self> {
        let (mut ratios, mut finished_by): (HashMap<UserId, Vec<i64>>, Vec<Vec<UserId>>) = Default::default();
        for source in planning.sources() {
            let finished = (source.finished)(on, workspace, LATEST).await?;
            let ids: Vec<TaskId> = finished.iter().map(|one| task_id(&one.record)).collect();
            let worked = store::worked_of(on, workspace, &ids).await?;
            for one in &finished {
                let Some(minutes) = worked.get(&task_id(&one.record)).filter(|minutes| **minutes > 0) else { continue };
                for person in &one.people {
                    ratios.entry(*person).or_default().push(minutes * 100 / one.estimate.max(1));
                }
                finished_by.push(one.people.clone());
            }
        }
        ratios.values_mut().for_each(|ratios| ratios.sort_unstable());
        Ok(Self { ratios, finished: finished_by })
    }

    /// How many finished tasks are of any of these people, each counted once.
    pub fn tasks_of<'a>(&self, people: impl Iterator<Item = &'a UserId> + Clone) -> usize {
        self.finished.iter().filter(|by| people.clone().any(|person| by.contains(person))).count()
    }

    /// A person's past; none while they have finished too little to learn from.
    pub fn of(&self, person: UserId) -> Option<Past<'_>> {
        self.ratios.get(&person).filter(|ratios| ratios.len() >= ENOUGH).map(|ratios| Past(ratios))
    }
}

/// What one person's finished tasks took, in per cent of their estimates.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a>(&'a [i64]);

impl Past<'_> {
    /// Finished tasks this is learned from.
    pub fn tasks(self) -> usize {
        self.0.len()
    }

    /// What so many per cent of the finished tasks kept to.
    pub fn kept_to(self, per_cent: usize) -> i64 {
        nearest_rank(self.0, per_cent)
    }

    /// What tasks of these minutes keep to together, so many times in a hundred: the more there are, the more what takes
    /// longer and what takes less make up for each other.
    pub fn kept_to_together(self, minutes: &[i64], per_cent: usize) -> i64 {
        let whole: i64 = minutes.iter().sum();
        if minutes.len() < 2 || whole == 0 {
            return self.kept_to(per_cent);
        }
        let mut random = Random::seeded(1);
        let mut draw = || self.0[usize::try_from(random.below(self.0.len() as u64)).unwrap_or(0)];
        let mut together: Vec<i64> = (0..DRAWS).map(|_| minutes.iter().map(|minutes| minutes * draw()).sum::<i64>() / whole).collect();
        together.sort_unstable();
        nearest_rank(&together, per_cent)
    }
}

/// The smallest of these ascending values that so many per cent of them do not exceed.
fn nearest_rank(values: &[i64], per_cent: usize) -> i64 {
    values.get((values.len() * per_cent).div_ceil(100).max(1) - 1).copied().unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_tasks_together_keep_closer_to_the_middle_than_one() {
        let ratios = [50, 60, 70, 80, 100, 120, 130, 140, 150, 300];
        let past = Past(&ratios);
        assert_eq!((past.kept_to(50), past.kept_to(90)), (100, 150));
        assert_eq!(past.kept_to_together(&[60], 90), 150, "one task alone is as it was");
        let (half, nine) = (past.kept_to_together(&[60; 20], 50), past.kept_to_together(&[60; 20], 90));
        assert!((100..=130).contains(&half) && half < nine && nine < 150, "{half} {nine}");
        assert_eq!(nine, past.kept_to_together(&[60; 20], 90), "asked again it says the same");
        assert_eq!(past.kept_to_together(&[0, 0], 50), 100);
    }
}
