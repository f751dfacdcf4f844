//! One task compiled: slots instead of minutes, indices instead of ids.

use super::{Board, Pieces};
use crate::calendar::ANY_HOURS;
use crate::id::PersonId;
use crate::time::{Range, Slot, slots_of};
use crate::world::Task;

/// Whether a task takes part in planning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is to be placed.
    Active,
    /// It is finished or was removed: it holds nobody up.
    Over,
    /// Nobody may do it.
    NoCandidate,
    /// Its pins lie in several calendars.
    PinsDisagree,
    /// It waits for itself.
    OnCycle,
}

/// Who may do a task, and how many slots it takes that person besides the fixed pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub person: u32,
    pub need: u32,
    /// The hours it is restricted to, by this person's clock.
    pub hours: u32,
}

/// The rules of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobRules {
    pub standing: Standing,
    pub weight: i64,
    pub hard: bool,
    pub due: Option<Slot>,
    pub release: Slot,
    pub pieces: Pieces,
    pub choices: Vec<Choice>,
    /// Fixed pieces from now on.
    pub fixed: Vec<Range>,
    pub estimate_is_default: bool,
}

impl JobRules {
    /// The choice of this person.
    pub fn choice(&self, person: u32) -> Option<Choice> {
        self.choices.iter().copied().find(|choice| choice.person == person)
    }

    /// Slots of work in all, by the first candidate.
    pub fn nominal(&self) -> u32 {
        self.choices.first().map_or(0, |choice| choice.need) + crate::time::total(&self.fixed)
    }
}

impl Board {
    /// Compiles one task.
    pub fn compile_task(&mut self, task: &Task) -> JobRules {
        let estimate = task.remaining.unwrap_or(self.settings.default_estimate);
        let min = slots_of(i64::from(task.min_chunk)).max(1);
        let max = task.max_chunk.map_or(u32::MAX, |max| slots_of(i64::from(max)).max(1));
        let fixed = self.fixed_pieces(task);
        let mut rules = JobRules {
            standing: Standing::Active,
            weight: i64::from(task.weight.max(1)),
            hard: task.due.is_some_and(|due| due.hard),
            due: task.due.map(|due| self.grid.floor(due.at)),
            release: task.earliest_start.map_or(0, |start| self.grid.ceil(start)),
            pieces: Pieces { min: min.min(max), max, splittable: task.splittable },
            choices: self.choices(task, estimate, crate::time::total(&fixed)),
            fixed,
            estimate_is_default: task.remaining.is_none(),
        };
        rules.standing = standing(task, &rules);
        rules
    }

    /// Fixed pieces that are not over, cut at now, in order, overlaps made one.
    fn fixed_pieces(&self, task: &Task) -> Vec<Range> {
        let pieces = task.fixed.iter().map(|fixed| self.grid.outward(fixed.span));
        let mut pieces: Vec<Range> =
            pieces.map(|piece| Range::new(piece.start.max(self.now), piece.end)).filter(|piece| piece.start < piece.end).collect();
        pieces.sort_unstable();
        pieces.dedup_by(|next, kept| {
            let overlap = next.start < kept.end;
            if overlap {
                kept.end = kept.end.max(next.end);
            }
            overlap
        });
        pieces
    }

    /// Who may do the task. Fixed pieces decide the person.
    fn choices(&mut self, task: &Task, estimate: u32, fixed: u32) -> Vec<Choice> {
        let pinned_to: Vec<PersonId> = task.fixed.first().map(|fixed| fixed.person).into_iter().collect();
        let candidates = if pinned_to.is_empty() { &task.candidates } else { &pinned_to };
        let mut choices: Vec<Choice> = Vec::with_capacity(candidates.len());
        for id in candidates {
            let Some(index) = self.person_index.get(id).copied() else { continue };
            let person = &self.people[index as usize];
            let skill =
                if pinned_to.is_empty() { task.skill } else { task.skill.filter(|skill| person.skills.iter().any(|one| one.id == *skill)) };
            let Some(minutes) = person.minutes_for(estimate, skill) else { continue };
            if choices.iter().all(|choice| choice.person != index) {
                let hours = match &task.hours {
                    None => ANY_HOURS,
                    Some(hours) => self.restrictions.index_of(hours, &person.zone, &mut self.zones, self.grid),
                };
                choices.push(Choice { person: index, need: slots_of(minutes).saturating_sub(fixed), hours });
            }
        }
        choices
    }
}

fn standing(task: &Task, rules: &JobRules) -> Standing {
    let one_person = task.fixed.windows(2).all(|pair| pair[0].person == pair[1].person);
    if task.done {
        Standing::Over
    } else if !one_person {
        Standing::PinsDisagree
    } else if rules.choices.is_empty() {
        Standing::NoCandidate
    } else {
        Standing::Active
    }
}
